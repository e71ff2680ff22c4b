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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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


def ratio_metric(
    name: str, words: str, counts: Callable[[A], Float64], *, higher_is_better: bool = True
) -> Metric[A]:
    """Return the metric that is the ratio of two sums over documents, 0 where there is nothing to count.

    `counts` gives what each document adds to both, float64 (N, 2).
    """

    def value(answers: A) -> float:
        part, whole = counts(answers).sum(axis=0)
        return float(part / whole) if whole else 0.0

    def gradient(answers: A) -> Float64:
        part, whole = counts(answers).sum(axis=0)
        return np.array([1.0 / whole, -part / whole**2]) if whole else np.zeros(2)

    def scores(answers: A, gradient: Float64) -> Float64:
        found: Float64 = len(answers.documents) * (counts(answers) @ gradient)  # (N,)
        return found

    slope = Slope(gradient, scores)
    return Metric(name, words, higher_is_better, value, by_slope(value, slope), slope)


def shared(by_task: Mapping[str, Mapping[str, Metric[Answers]]]) -> dict[str, Metric[Answers]]:
    """Return the metrics of all tasks by name; one that several have is that of the task whose answers it is asked of.

    Such metrics agree in what they say of themselves: their words, their direction, whether they need probabilities.
    """
    owners: dict[str, list[str]] = {}
    for task, metrics in by_task.items():
        for name in metrics:
            owners.setdefault(name, []).append(task)
    return {
        name: by_task[tasks[0]][name]
        if len(tasks) == 1
        else _of_its_task({task: by_task[task][name] for task in tasks})
        for name, tasks in owners.items()
    }


def _of_its_task(own: Mapping[str, Metric[Answers]]) -> Metric[Answers]:
    first = next(iter(own.values()))

    def slope_of(answers: Answers) -> Slope[Answers]:
        slope = own[answers.task].slope
        assert slope is not None, "its namesakes have one"
        return slope

    slope = Slope[Answers](
        lambda answers: slope_of(answers).gradient(answers),
        lambda answers, gradient: slope_of(answers).scores(answers, gradient),
    )
    return replace(
        first,
        value=lambda answers: own[answers.task].value(answers),
        influence=lambda answers: own[answers.task].influence(answers),
        slope=slope if first.slope is not None else None,
    )


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
