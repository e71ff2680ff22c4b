"""The metrics of several labels: F1 of all of them, precision of the likeliest, exact sets. Documents are the units.

F1 and Hamming loss are ratios of sums over documents; their influence values follow from the gradient of the ratio.
The others are means over documents as they stand.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.core.values import Bool, Float64, Int64
from pipeline.tasks.classification.scores import macro_f1
from pipeline.tasks.metric import Metric, Slope, by_slope, ratio_metric
from pipeline.tasks.multilabel.answers import LabelAnswers

RANKS = (1, 3, 5)


def found_and_both(answers: LabelAnswers) -> Float64:
    """Return twice the labels that are given and right, and those given and those right, of each document; (N, 2)."""
    hits = 2.0 * (answers.labels & answers.said).sum(axis=1)
    return np.stack([hits, answers.labels.sum(axis=1) + answers.said.sum(axis=1)], axis=1)


def _wrong_labels(answers: LabelAnswers) -> Float64:
    """Return the labels that were missed or invented, and all that were asked for, of each document; (N, 2)."""
    wrong = wrong_labels(answers)
    return np.stack([wrong, np.full(len(wrong), answers.labels.shape[1])], axis=1).astype(np.float64)


def _exact_sets(answers: LabelAnswers) -> Float64:
    """Return 1 where exactly the right labels are given, else 0, and 1; (N, 2)."""
    return np.stack([wrong_labels(answers) == 0, np.ones(len(answers.documents))], axis=1).astype(np.float64)


def wrong_labels(answers: LabelAnswers) -> Int64:
    """Return how many labels of each document were missed or invented; int64 (N,)."""
    wrong: Int64 = (answers.labels != answers.said).sum(axis=1).astype(np.int64)
    return wrong


# --- macro F1


def counts_by_label(labels: Bool, said: Bool) -> tuple[Int64, Int64, Int64]:
    """Return the documents of which each label is right and given, right, given; three int64 (C,)."""
    hits, there, given = ((labels & said).sum(axis=0), labels.sum(axis=0), said.sum(axis=0))
    return hits.astype(np.int64), there.astype(np.int64), given.astype(np.int64)


def _macro_f1(answers: LabelAnswers) -> float:
    """Return the mean F1 of the labels that are right or given somewhere; 0 where there are none."""
    counts = counts_by_label(answers.labels, answers.said)
    return float(macro_f1(*counts)) if (counts[1] + counts[2]).any() else 0.0


def _macro_gradient(answers: LabelAnswers) -> Float64:
    """Return how that mean changes with hits, labels that are right and labels that are given; (3 C,)."""
    hits, there, given = counts_by_label(answers.labels, answers.said)
    both = (there + given).astype(np.float64)  # (C,)
    met = both > 0
    share = np.divide(1.0, both, out=np.zeros_like(both), where=met) / max(int(met.sum()), 1)
    f1 = np.divide(2.0 * hits, both, out=np.zeros_like(both), where=met)
    return np.concatenate([2 * share, -f1 * share, -f1 * share])


def _macro_scores(answers: LabelAnswers, gradient: Float64) -> Float64:
    """Return N times each document's counts times the gradient; float64 (N,)."""
    hits, there, given = np.split(gradient, 3)  # (C,) each
    values = (answers.labels & answers.said) @ hits + answers.labels @ there + answers.said @ given
    scores: Float64 = len(answers.documents) * values
    return scores


# --- the likeliest labels


def _precision_at(rank: int) -> Metric[LabelAnswers]:
    """Return the share of the `rank` likeliest labels that are right; of fewer labels all."""

    def influence(answers: LabelAnswers) -> Float64:
        if answers.hard:
            return np.full(len(answers.documents), np.nan)
        return precision_at(answers, rank)

    def value(answers: LabelAnswers) -> float:
        return float(influence(answers).mean())

    return Metric(f"precision-at-{rank}", f"precision at {rank}", True, value, influence, None)


def precision_at(answers: LabelAnswers, rank: int) -> Float64:
    """Return which share of each document's `rank` likeliest labels is right; float64 (N,).

    Labels of equal probability count in the order of the corpus. With fewer labels in the corpus than `rank` those
    that there are are divided by.
    """
    rank = min(rank, answers.labels.shape[1])
    first = np.argsort(-answers.probabilities, axis=1, kind="stable")[:, :rank]  # (N, rank)
    share: Float64 = np.take_along_axis(answers.labels, first, axis=1).mean(axis=1)
    return share


_SLOPE: Slope[LabelAnswers] = Slope(_macro_gradient, _macro_scores)
_RATIOS: tuple[tuple[str, str, Callable[[LabelAnswers], Float64]], ...] = (
    ("micro-f1", "micro F1", found_and_both),
    ("subset-accuracy", "exact sets", _exact_sets),
    ("hamming-loss", "Hamming loss", _wrong_labels),
)
_MICRO, _EXACT, _HAMMING = (ratio_metric(*one, higher_is_better=one[0] != "hamming-loss") for one in _RATIOS)
METRICS = {
    metric.name: metric
    for metric in (
        _MICRO,
        Metric("macro-f1", "macro F1", True, _macro_f1, by_slope(_macro_f1, _SLOPE), _SLOPE),
        *map(_precision_at, RANKS),
        _EXACT,
        _HAMMING,
    )
}
