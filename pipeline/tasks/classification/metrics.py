"""Predictions > one number, and what each document adds to it: the metrics that models can be compared by.

Every metric is a mean of one value a document, its influence values, so that one estimator serves them all:

    METRICS[name]                      accuracy, macro-f1, balanced-accuracy, log-loss
    Metric.value(predictions)          float
    Metric.influence(predictions)      float64 (N,), mean `value`; its variance / N is the variance of `value`
    Metric.higher_is_better            False for log loss
    PooledRun.unit_scores(metric)      the influence values of one run
    estimate_difference(a, b, n_docs, chosen, metric=name)    an Estimate, above 0 where a is better
    seeds_share(a, b, metric=name)     float, the seeds' share of the variance of that difference
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float64, Int64
from pipeline.core.wording import Metric as MetricName
from pipeline.tasks.classification.answers import Predictions
from pipeline.tasks.classification.scores import Counts, balanced_accuracy, count, losses, macro_f1


@dataclass(frozen=True, eq=False)
class Gradient:
    """How a metric of counts changes with each of them; float64 (C,) each."""

    hits: Float64
    support: Float64
    predicted: Float64


def mean_gradient(gradients: Sequence[Gradient]) -> Gradient:
    """Return the mean of some gradients."""
    return Gradient(
        *(
            np.mean([getattr(one, name) for one in gradients], axis=0)
            for name in ("hits", "support", "predicted")
        )
    )


@dataclass(frozen=True)
class Metric:
    """An entry of the table. `largest` is the largest difference that two models can have."""

    name: str
    words: str
    higher_is_better: bool
    value: Callable[[Predictions], float]
    influence: Callable[[Predictions], Float64]  # (N,)
    gradient: Callable[[Counts], Gradient] | None  # None: not a function of right and wrong answers
    largest: float = 1.0
    told_by_training: bool = (
        False  # every fit tells it of its validation documents, whatever the run is judged by
    )

    @property
    def is_share_of_right(self) -> bool:
        """Whether it is the share of right answers: the mean of 0 and 1, with the chance of such a share."""
        return self.influence is _right

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.higher_is_better else -1.0

    def known_of(self, predictions: Predictions) -> bool:
        """Whether the metric can be computed: log loss needs probabilities, not answers alone."""
        return self.gradient is not None or not predictions.hard


def answer_scores(predictions: Predictions, gradient: Gradient) -> Float64:
    """Return N (g_hits[label] right + g_support[label] + g_predicted[answer]) for each document; float64 (N,)."""
    right = predictions.predicted == predictions.labels
    of_label = gradient.hits[predictions.labels] * right + gradient.support[predictions.labels]  # (N,)
    values: Float64 = (of_label + gradient.predicted[predictions.predicted]) * len(right)  # (N,)
    return values


def _by_gradient(
    value: Callable[[Predictions], float], gradient: Callable[[Counts], Gradient]
) -> Callable[[Predictions], Float64]:
    """Return the influence values of a metric of counts.

    Notes
    -----
    A metric m of counts that does not change when every document stands there twice has, by Euler's theorem,
    gradient . counts = 0, so that the values below have the mean m. They are the metric's linear approximation
    around the counts met (the infinitesimal jackknife [1]_): the variance of their mean is that of m but for
    terms of order 1 / N.

    References
    ----------
    .. [1] Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, ch. 6.
    """

    def influence(predictions: Predictions) -> Float64:
        return value(predictions) + answer_scores(predictions, gradient(count(predictions)))

    return influence


# --- the metrics


def _accuracy(predictions: Predictions) -> float:
    return float(_right(predictions).mean())


def _right(predictions: Predictions) -> Float64:
    """Return 1 where the answer is right, else 0: for accuracy the influence values themselves; float64 (N,)."""
    right: Float64 = (predictions.predicted == predictions.labels).astype(np.float64)
    return right


def _accuracy_gradient(counts: Counts) -> Gradient:
    """Return the gradient of sum(hits) / sum(support)."""
    n_docs, ones = counts.support.sum(), np.ones(len(counts.support))
    return Gradient(ones / n_docs, -ones * counts.hits.sum() / n_docs**2, 0 * ones)


def _macro_f1(predictions: Predictions) -> float:
    counts = count(predictions)
    return float(macro_f1(counts.hits, counts.support, counts.predicted))


def _macro_f1_gradient(counts: Counts) -> Gradient:
    """Return the gradient of the mean of 2 hits / (support + predicted) over the classes met; 0 for others."""
    both = counts.support + counts.predicted  # (C,)
    share = _inverse(both) / (both > 0).sum()
    f1 = 2 * counts.hits * _inverse(both)
    return Gradient(2 * share, -f1 * share, -f1 * share)


def _balanced_accuracy(predictions: Predictions) -> float:
    counts = count(predictions)
    return float(balanced_accuracy(counts.hits, counts.support))


def _balanced_accuracy_gradient(counts: Counts) -> Gradient:
    """Return the gradient of the mean of hits / support over the classes that have a document; 0 for others."""
    share = _inverse(counts.support) / (counts.support > 0).sum()
    recall = counts.hits * _inverse(counts.support)
    return Gradient(share, -recall * share, 0 * share)


def _inverse(counts: Int64) -> Float64:
    """Return 1 / counts, and 0 where there is nothing."""
    return np.divide(1.0, counts, out=np.zeros(len(counts)), where=counts > 0)


def _log_loss(predictions: Predictions) -> float:
    return float(_losses(predictions).mean())


def _losses(predictions: Predictions) -> Float64:
    """Return -ln p(label) of each document, NaN where only answers are known; float64 (N,), nats."""
    return np.full(len(predictions.labels), np.nan) if predictions.hard else losses(predictions)


# Beside the metric that decides, where the largest class holds more than this share of the documents.
SKEWED = 0.6
SIDE_BY_SIDE: tuple[MetricName, ...] = ("accuracy", "macro-f1")

METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy", True, _accuracy, _right, _accuracy_gradient, told_by_training=True),
        Metric(
            "macro-f1",
            "macro F1",
            True,
            _macro_f1,
            _by_gradient(_macro_f1, _macro_f1_gradient),
            _macro_f1_gradient,
        ),
        Metric(
            "balanced-accuracy",
            "balanced accuracy",
            True,
            _balanced_accuracy,
            _by_gradient(_balanced_accuracy, _balanced_accuracy_gradient),
            _balanced_accuracy_gradient,
        ),
        Metric("log-loss", "log loss", False, _log_loss, _losses, None, float("inf"), told_by_training=True),
    )
}
