"""Right or wrong by seed, fold and document > a difference in accuracy with its chance: the estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import nctdtrinc, stdtr, stdtrit
from scipy.stats import binomtest

from pipeline.values import Bool, Float64, Int32

CONFIDENCE = 0.95
POWER = 0.8


@dataclass(frozen=True)
class Estimate:
    """A difference, its standard error, and the degrees of freedom of that; `largest` is what it can be at most."""

    difference: float
    standard_error: float
    degrees_of_freedom: float
    largest: float = 1.0

    @property
    def _t(self) -> float:
        """The quantile of Student's t that the interval reaches to."""
        return float(stdtrit(self.degrees_of_freedom, (1 + CONFIDENCE) / 2))

    @property
    def interval(self) -> list[float]:
        """The 95 % interval [lo, hi], within what a difference can be."""
        half = self._t * self.standard_error
        low, high = float(self.difference - half), float(self.difference + half)
        return [max(-self.largest, low), min(self.largest, high)]

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference."""
        return float(2 * stdtr(self.degrees_of_freedom, -abs(self.difference) / self.standard_error))

    @property
    def minimum_detectable_difference(self) -> float:
        """The true difference that a test at 5 %, before correction, would find with 80 % power.

        The test's statistic then follows a noncentral t; the other direction, which it finds almost never, is
        left out. Smaller differences are found too, less often; a value above 1 is none that accuracy can have.
        """
        return float(nctdtrinc(self.degrees_of_freedom, 1 - POWER, self._t) * self.standard_error)


def crossed_estimate(differences: Float64) -> Estimate:
    """Return the mean over seeds and documents with its chance: `unpaired_estimate` less a model that is always 0.

    Parameters
    ----------
    differences : float64 array, shape (S, N)
        A value for each seed and document.
    """
    return unpaired_estimate(differences, np.zeros((1, differences.shape[1])))


@dataclass(frozen=True)
class Parts:
    """The variance of a mean difference by source. `seeds` is of a, of b; each holds what `both` holds of it."""

    documents: float
    seeds: tuple[float, float]
    both: tuple[float, float]  # of seed and document together, which neither explains

    @property
    def of_documents(self) -> float:
        """What documents add to the seeds' part, which holds `both` already."""
        return max(self.documents - sum(self.both), 0.0)

    @property
    def total(self) -> float:
        """The variance of the mean difference."""
        return sum(self.seeds) + self.of_documents


def split_variance(a: Float64, b: Float64) -> Parts:
    """Return the variance of the difference of two means by source (see `unpaired_estimate`)."""
    n_docs = a.shape[1]
    documents = _variance(a.mean(axis=0) - b.mean(axis=0)) / n_docs
    seeds_a, both_a = _seeds_and_both(a)
    seeds_b, both_b = _seeds_and_both(b)
    return Parts(documents, (seeds_a, seeds_b), (both_a, both_b))


def _seeds_and_both(scores: Float64) -> tuple[float, float]:
    """Return the variance of a model's mean that its seeds give, and what of it neither seed nor document explains."""
    n_seeds, n_docs = scores.shape
    if n_seeds == 1:
        return 0.0, 0.0
    of_seeds = scores.mean(axis=1)  # (S,)
    rest = scores - scores.mean(axis=0) - of_seeds[:, None] + scores.mean()  # (S, N)
    both = (rest**2).sum() / ((n_seeds - 1) * max(n_docs - 1, 1)) / (n_seeds * n_docs)
    return _variance(of_seeds) / n_seeds, float(both)


def unpaired_estimate(a: Float64, b: Float64) -> Estimate:
    """Return mean a less mean b, with a standard error that holds both sources of chance: documents, seeds.

    Parameters
    ----------
    a, b : float64 arrays, shapes (S_a, N), (S_b, N)
        A score for each seed and document; the same documents, in the same order.

    Notes
    -----
    TODO
    """
    parts, n_docs = split_variance(a, b), a.shape[1]
    mean, least = float((a.mean(axis=0) - b.mean(axis=0)).mean()), 2 / (n_docs + 2) ** 2
    variance = max(parts.total, least)
    freedoms = [max(n_docs - 1, 1)] + [
        len(scores) - 1 for scores, part in zip((a, b), parts.seeds, strict=True) if len(scores) > 1
    ]
    chance = parts.documents**2 / freedoms[0] + sum(
        part**2 / max(len(scores) - 1, 1) for scores, part in zip((a, b), parts.seeds, strict=True)
    )
    fewer, more = min(freedoms), max(freedoms)
    freedom = min(max(variance**2 / chance, fewer), more) if chance else more
    return Estimate(mean, float(np.sqrt(variance)), float(freedom))


def folds_estimate(
    differences: Float64, fold_of: Int32, n_docs: int, chosen: Bool | slice = slice(None)
) -> Estimate:
    """Return the mean difference over folds, with the variance corrected for training sets that overlap.

    Parameters
    ----------
    differences : float64 array, shape (S, N)
        -1, 0 or 1 for each seed and document; N documents, each tested in one fold.
    fold_of : int32 array, shape (N,)
        The fold in which each document was tested; two folds or more.
    n_docs : int
        Documents of the corpus; those that a fold does not test, it trains on. Validation documents are
        counted with them: they choose what is kept, and the folds share them in the same way.
    chosen : bool array, shape (N,), optional
        The documents whose differences count; a fold without one of them is left out.

    Notes
    -----
    Each of the K folds gives one difference, its mean over seeds and documents; their variance s^2 holds the
    chance of documents, of training sets and of seeds. Folds share most of their training documents, so that
    s^2 / K is too small. The correction [1]_ takes

        (1 / K + n_test / n_train) s^2,    Student's t with K - 1 degrees of freedom.

    The mean is taken over documents, not over folds, so that it is the difference of the two accuracies as
    they are reported.

    References
    ----------
    .. [1] Nadeau, Bengio (2003), Machine Learning 52(3), 239-281, sec. 3 (corrected resampled t-test).
    """
    tested = np.bincount(fold_of)[np.unique(fold_of[chosen])]  # (K,), documents
    of_documents = differences.mean(axis=0)[chosen]  # (M,)
    _, numbers = np.unique(fold_of[chosen], return_inverse=True)
    of_folds = np.bincount(numbers, weights=of_documents) / np.bincount(numbers)  # (K,)
    mean, n_folds = float(of_documents.mean()), len(of_folds)
    variance = (1 / n_folds + float((tested / (n_docs - tested)).mean())) * _variance(of_folds)
    least = 2 / (len(of_documents) + 2) ** 2
    return Estimate(mean, float(np.sqrt(max(variance, least))), n_folds - 1)


def mcnemar_p_value(only_a: int, only_b: int) -> float:
    """Return the exact two-sided p-value of McNemar's test (1947, Psychometrika 12(2), 153-157).

    Parameters
    ----------
    only_a, only_b : int
        Documents that only one of two fitted models has right. Without any, the p-value is 1.

    >>> mcnemar_p_value(9, 1)
    0.021484375
    """
    return float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for how many there are (Holm 1979, Scandinavian Journal of Statistics 6(2)).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    ascending = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.minimum(np.maximum.accumulate(np.asarray(p_values)[ascending] * factors), 1.0)
    result = np.empty(len(p_values))
    result[ascending] = corrected
    return [float(value) for value in result]


def _variance(values: Float64) -> float:
    """Return the unbiased variance; 0 for a single value."""
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0
