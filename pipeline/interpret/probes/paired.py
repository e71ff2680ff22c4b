"""Answers before and after a change of the same documents > differences with their chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from pipeline.core.values import Float32, Float64, IndexedCorpus, Int32
from pipeline.evaluation.estimates import CONFIDENCE, crossed_estimate

Probabilities = Callable[[IndexedCorpus], Float32]

_LEAST = 1e-12  # a probability of 0 would make the loss infinite


@dataclass(frozen=True, eq=False)
class Answered:
    """How one network did on N documents: each right (1.0) or wrong (0.0), and its loss in nats."""

    right: Float64  # (N,)
    losses: Float64  # (N,)

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float(self.right.mean())

    @property
    def log_loss(self) -> float:
        """The mean cross-entropy, in nats."""
        return float(self.losses.mean())


def answered(stated: Float32, labels: Int32) -> Answered:
    """Return how a network does on labelled documents, given what it states of them, (N, C)."""
    of_label = stated[np.arange(len(labels)), labels].astype(np.float64)  # (N,)
    right = (stated.argmax(axis=1) == labels).astype(np.float64)
    return Answered(right, -np.log(np.maximum(of_label, _LEAST)))


def accuracy_interval(differences: Float64) -> tuple[float, float]:
    """Return the 95 % interval of a mean of N paired differences in being right (from -1 to 1 each).

    It is that of a comparison of two models with one seed (`crossed_estimate`): it holds the chance of documents, and
    never less than one document for each side, so that no change on few documents does not count as none at all.
    """
    return crossed_estimate(differences[None]).interval


def loss_interval(differences: Float64) -> tuple[float, float]:
    """Return the 95 % interval of a mean of N paired differences in nats (Student's t); (mean, mean) for N = 1."""
    mean, n_docs = float(differences.mean()), len(differences)
    if n_docs < 2:
        return mean, mean
    half = float(stdtrit(n_docs - 1, (1 + CONFIDENCE) / 2)) * float(differences.std(ddof=1)) / n_docs**0.5
    return mean - half, mean + half


def majority_right(labels: Int32) -> Float64:
    """Return 1.0 for the documents that the most frequent label of `labels` is right on, else 0.0; (N,)."""
    right: Float64 = (labels == np.bincount(labels).argmax()).astype(np.float64)
    return right


def is_above(right: Float64, other: Float64) -> bool:
    """Return whether one is right more often than the other on the same documents, beyond chance (95 %)."""
    return accuracy_interval(right - other)[0] > 0


def ratio_interval(top: Float64, bottom: Float64) -> tuple[float, float] | None:
    """Return the 95 % interval of mean(top) / mean(bottom) over N documents; None where it has no two ends.

    `top` and `bottom` are what is right after and before a change, less something in common.

    Notes
    -----
    Fieller's [1]_: the ratios r for which mean(top - r bottom) is not told apart from 0 by Student's t. It has two ends
    if and only if mean(bottom) is told apart from 0, so that nothing is divided by what may be 0. The variance of
    mean(top - bottom) is never less than one document for each side gives, as in `crossed_estimate`: no change on few
    documents does not count as none at all.

    References
    ----------
    .. [1] Fieller (1954), Journal of the Royal Statistical Society B 16(2), 175-185.
    """
    n_docs = len(top)
    if n_docs < 2:
        return None
    covariance = np.cov(top, bottom) / n_docs  # (2, 2)
    of_difference = covariance[0, 0] - 2 * covariance[0, 1] + covariance[1, 1]
    covariance[0, 0] += max(2 / (n_docs + 2) ** 2 - of_difference, 0.0)
    squared_t = float(stdtrit(n_docs - 1, (1 + CONFIDENCE) / 2)) ** 2
    a = bottom.mean() ** 2 - squared_t * covariance[1, 1]
    b = top.mean() * bottom.mean() - squared_t * covariance[0, 1]
    c = top.mean() ** 2 - squared_t * covariance[0, 0]
    if a <= 0:
        return None
    root = float(np.sqrt(max(b**2 - a * c, 0.0)))
    return float((b - root) / a), float((b + root) / a)
