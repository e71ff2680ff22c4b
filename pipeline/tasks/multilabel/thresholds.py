"""From which probability on a label is given: chosen on validation documents by the metric of the run.

Three ways are compared: one half for all labels, one threshold for all, and one for each label. Thresholds of single
labels fit chance where a label is rare, so the way is chosen by cross-validation within the validation documents: of
ways whose scores lie within a standard error of the best the one with the fewest thresholds is taken (decision 0058).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.core.values import Bool, Float32, Float64, Int32
from pipeline.tasks.multilabel.answers import LabelAnswers
from pipeline.tasks.multilabel.metrics import METRICS

FIRST = "micro-f1"
PARTS = 5  # of the validation documents
PRIOR = 5.0  # documents on which a label's own threshold is as good as that of all, before it is believed


def choose_thresholds(labels: Int32, probabilities: Float32, metric: str = FIRST) -> Float32:
    """Return from which probability on each label is given; float32 (C,).

    Parameters
    ----------
    labels : int32 array, shape (N, C)
        1 where a validation document has a label.
    probabilities : float32 array, shape (N, C)
    metric : str
        What the run is judged by; where thresholds play no part in that, micro F1.
    """
    right = labels > 0
    way, _ = _choose(right, probabilities, metric)
    return way(right, probabilities)


def given_crossed(labels: Int32, probabilities: Float32, metric: str = FIRST) -> Bool:
    """Return which labels are given to validation documents, each part by thresholds of the others; bool (N, C).

    So what models are chosen by is not what their thresholds were fitted to.
    """
    return _choose(labels > 0, probabilities, metric)[1]


Way = Callable[[Bool, Float32], Float32]  # (what is right (N, C), probabilities (N, C)) > thresholds (C,)


def half(right: Bool, probabilities: Float32) -> Float32:
    """Return one half for each label."""
    return np.full(right.shape[1], 0.5, dtype=np.float32)


def common(right: Bool, probabilities: Float32) -> Float32:
    """Return the one threshold with which micro F1 is highest, for each label."""
    best = _best_cuts(right.reshape(-1, 1), probabilities.reshape(-1, 1))
    return np.full(right.shape[1], best[0], dtype=np.float32)


def own(right: Bool, probabilities: Float32) -> Float32:
    """Return for each label the threshold with which its F1 is highest, drawn to the common one where it is rare."""
    of_all = common(right, probabilities)  # (C,)
    found = np.where(right.any(axis=0), _best_cuts(right, probabilities), of_all)  # (C,)
    n_right = right.sum(axis=0)  # (C,)
    trust = n_right / (n_right + PRIOR)
    drawn = _logistic(trust * _logit(found) + (1 - trust) * _logit(of_all.astype(np.float64)))
    return drawn.astype(np.float32)


WAYS: tuple[Way, ...] = (half, common, own)  # fewest thresholds first


def _choose(right: Bool, probabilities: Float32, metric: str) -> tuple[Way, Bool]:
    """Return the way that validation documents choose, and what is given to them by it, each part by the others."""
    if len(right) < 2 * PARTS or right.all() or not right.any():  # nothing to tell apart
        return half, probabilities >= half(right, probabilities)
    measure = METRICS[metric]
    measure = METRICS[FIRST] if measure.slope is None else measure  # of ranks: they know no thresholds
    given = [crossed(way, right, probabilities) for way in WAYS]
    numbers = np.arange(len(right), dtype=np.int64)
    answers = [LabelAnswers(numbers, right, one, probabilities) for one in given]
    values = [measure.sign * measure.value(one) for one in answers]
    best = int(np.argmax(values))
    least = values[best] - float(measure.influence(answers[best]).std() / np.sqrt(len(right)))
    chosen = next(place for place, value in enumerate(values) if value >= least)
    return WAYS[chosen], given[chosen]


def crossed(way: Way, right: Bool, probabilities: Float32) -> Bool:
    """Return what is given to each part of the documents by thresholds that a way finds in the others; bool (N, C)."""
    given = np.zeros(right.shape, dtype=np.bool_)
    part = np.arange(len(right)) % PARTS
    for number in range(PARTS):
        inside = part == number
        given[inside] = probabilities[inside] >= way(right[~inside], probabilities[~inside])
    return given


def _best_cuts(right: Bool, probabilities: Float32) -> Float64:
    """Return from which probability on to say yes so that F1 is highest, column by column; (N, K) both, float64 (K,).

    It is the middle between the lowest that is given and the highest that is not.
    """
    order = np.argsort(-probabilities, axis=0, kind="stable")  # (N, K)
    falling = np.take_along_axis(probabilities, order, axis=0).astype(np.float64)
    hits = np.cumsum(np.take_along_axis(right, order, axis=0), axis=0)  # (N, K), of the first 1, 2 .. N
    f1 = 2.0 * hits / (np.arange(1, len(order) + 1)[:, None] + hits[-1])
    below = np.vstack([falling[1:], np.zeros((1, falling.shape[1]))])
    ends = falling > below  # equal probabilities are given together
    ends[-1] = True
    best = np.where(ends, f1, -1.0).argmax(axis=0)[None]  # (1, K)
    cuts: Float64 = (np.take_along_axis(falling, best, axis=0) + np.take_along_axis(below, best, axis=0))[
        0
    ] / 2
    return cuts


def _logit(shares: Float64) -> Float64:
    bounded = shares.clip(1e-6, 1 - 1e-6)
    logits: Float64 = np.log(bounded) - np.log1p(-bounded)
    return logits


def _logistic(numbers: Float64) -> Float64:
    shares: Float64 = 1 / (1 + np.exp(-numbers))
    return shares
