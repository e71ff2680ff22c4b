"""Answers > one number, and what each document adds to it: what a metric is, whatever the task.

Every metric is a mean of one value a document, its influence values, so that one estimator serves them all:

    METRICS[name]                      those of every task: accuracy, macro-f1, span-f1 and so on
    Metric.value(answers)              float
    Metric.influence(answers)          float64 (N,), mean `value`; its variance / N is the variance of `value`
    Metric.higher_is_better            False for log loss
    PooledRun.unit_scores(metric)      the influence values of one run
    estimate_difference(a, b, n_docs, chosen, metric=name)    an Estimate, above 0 where a is better
    seeds_share(a, b, metric=name)     float, the seeds' share of the variance of that difference
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from pipeline.core.values import Float64
from pipeline.tasks.answers import Answers

A = TypeVar("A", bound=Answers)  # those of a task


@dataclass(frozen=True)
class Slope(Generic[A]):
    """How a metric of counts changes with what is counted: its gradient, K numbers."""

    gradient: Callable[[A], Float64]  # (K,)
    scores: Callable[[A, Float64], Float64]  # N times each document's counts, times a gradient: (N,)


@dataclass(frozen=True)
class Metric(Generic[A]):
    """An entry of a task's table. `largest` is the largest difference that two models can have."""

    name: str
    words: str
    higher_is_better: bool
    value: Callable[[A], float]
    influence: Callable[[A], Float64]  # (N,)
    slope: Slope[A] | None  # None: not a function of right and wrong answers
    largest: float = 1.0
    told_by_training: bool = (
        False  # every fit tells it of its validation documents, whatever the run is judged by
    )
    is_share_of_right: bool = False  # the mean of 0 and 1 of each document, with the chance of such a share

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.higher_is_better else -1.0

    def known_of(self, answers: A) -> bool:
        """Whether the metric can be computed: log loss needs probabilities, not answers alone."""
        return self.slope is not None or not answers.hard


def mean_gradient(gradients: Sequence[Float64]) -> Float64:
    """Return the mean of some gradients, (K,)."""
    mean: Float64 = np.mean(gradients, axis=0)
    return mean


def by_slope(value: Callable[[A], float], slope: Slope[A]) -> Callable[[A], Float64]:
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

    def influence(answers: A) -> Float64:
        return value(answers) + slope.scores(answers, slope.gradient(answers))

    return influence
