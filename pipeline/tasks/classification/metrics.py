"""The metrics of classification: accuracy, macro F1, balanced accuracy, log loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.core.values import Float64, Int64
from pipeline.core.wording import Metric as MetricName
from pipeline.tasks.answers import Predictions
from pipeline.tasks.classification.scores import Counts, balanced_accuracy, count, losses, macro_f1
from pipeline.tasks.metric import Metric, Slope, by_slope


def answer_scores(predictions: Predictions, gradient: Float64) -> Float64:
    """Return N (g_hits[label] right + g_support[label] + g_predicted[answer]) for each document; float64 (N,).

    The gradient has those three after each other, (3 C,).
    """
    hits, support, predicted = np.split(gradient, 3)  # (C,) each
    right = predictions.predicted == predictions.labels
    of_label = hits[predictions.labels] * right + support[predictions.labels]  # (N,)
    values: Float64 = (of_label + predicted[predictions.predicted]) * len(right)  # (N,)
    return values


def _slope(gradient: Callable[[Counts], tuple[Float64, Float64, Float64]]) -> Slope[Predictions]:
    """Return the slope of a metric by its gradient in hits, support and predictions of each class."""
    return Slope(lambda predictions: np.concatenate(gradient(count(predictions))), answer_scores)


# --- the metrics


def _accuracy(predictions: Predictions) -> float:
    return float(_right(predictions).mean())


def _right(predictions: Predictions) -> Float64:
    """Return 1 where the answer is right, else 0: for accuracy the influence values themselves; float64 (N,)."""
    right: Float64 = (predictions.predicted == predictions.labels).astype(np.float64)
    return right


def _accuracy_gradient(counts: Counts) -> tuple[Float64, Float64, Float64]:
    """Return the gradient of sum(hits) / sum(support)."""
    n_docs, ones = counts.support.sum(), np.ones(len(counts.support))
    return ones / n_docs, -ones * counts.hits.sum() / n_docs**2, 0 * ones


def _macro_f1(predictions: Predictions) -> float:
    counts = count(predictions)
    return float(macro_f1(counts.hits, counts.support, counts.predicted))


def _macro_f1_gradient(counts: Counts) -> tuple[Float64, Float64, Float64]:
    """Return the gradient of the mean of 2 hits / (support + predicted) over the classes met; 0 for others."""
    both = counts.support + counts.predicted  # (C,)
    share = _inverse(both) / (both > 0).sum()
    f1 = 2 * counts.hits * _inverse(both)
    return 2 * share, -f1 * share, -f1 * share


def _balanced_accuracy(predictions: Predictions) -> float:
    counts = count(predictions)
    return float(balanced_accuracy(counts.hits, counts.support))


def _balanced_accuracy_gradient(counts: Counts) -> tuple[Float64, Float64, Float64]:
    """Return the gradient of the mean of hits / support over the classes that have a document; 0 for others."""
    share = _inverse(counts.support) / (counts.support > 0).sum()
    recall = counts.hits * _inverse(counts.support)
    return share, -recall * share, 0 * share


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

_ACCURACY, _MACRO_F1, _BALANCED = map(
    _slope, (_accuracy_gradient, _macro_f1_gradient, _balanced_accuracy_gradient)
)
METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "accuracy",
            "accuracy",
            True,
            _accuracy,
            _right,
            _ACCURACY,
            told_by_training=True,
            is_share_of_right=True,
        ),
        Metric("macro-f1", "macro F1", True, _macro_f1, by_slope(_macro_f1, _MACRO_F1), _MACRO_F1),
        Metric(
            "balanced-accuracy",
            "balanced accuracy",
            True,
            _balanced_accuracy,
            by_slope(_balanced_accuracy, _BALANCED),
            _BALANCED,
        ),
        Metric(
            "log-loss",
            "log loss",
            False,
            _log_loss,
            _losses,
            None,
            float("inf"),
            told_by_training=True,
        ),
    )
}
