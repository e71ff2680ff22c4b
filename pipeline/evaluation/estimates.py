"""Right or wrong by seed, fold and document > a difference in accuracy with its chance: the estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import nctdtrinc, stdtr, stdtrit
from scipy.stats import binomtest

from pipeline.core.values import Bool, Float64, Int32, Int64
from pipeline.evaluation.few_documents import SignFlips

CONFIDENCE = 0.95
POWER = 0.8
UNSEEN = 0.25  # of the documents' part: what one degree of freedom of seeds may hold and not show


@dataclass(frozen=True)
class Estimate:
    """A difference, its standard error, and the degrees of freedom of that.

    `largest` is what a difference can be at most. `few` is the exact test where few units tell the models apart:
    then the more cautious of the two speaks, for the interval as for the p-value, so that the two agree.
    """

    difference: float
    standard_error: float
    degrees_of_freedom: float
    largest: float = 1.0
    few: SignFlips | None = None

    @property
    def _t(self) -> float:
        """The quantile of Student's t that the interval reaches to."""
        return float(stdtrit(self.degrees_of_freedom, (1 + CONFIDENCE) / 2))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval (lo, hi), within what a difference can be."""
        half = self._t * self.standard_error
        low, high = float(self.difference - half), float(self.difference + half)
        if self.few is not None:
            exact = self.few.interval(CONFIDENCE)
            low, high = min(low, exact[0]), max(high, exact[1])
        return max(-self.largest, low), min(self.largest, high)

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference."""
        by_t = float(2 * stdtr(self.degrees_of_freedom, -abs(self.difference) / self.standard_error))
        return by_t if self.few is None else max(by_t, self.few.p_value)

    @property
    def minimum_detectable_difference(self) -> float | None:
        """The true difference that a test at 5 %, before correction, would find with 80 % power.

        The test's statistic then follows a noncentral t; the other direction, which it finds almost never, is
        left out. Smaller differences are found too, less often; a value above 1 is none that accuracy can have.
        None where few units tell the models apart: how much they vary is not known then.
        """
        if self.few is not None:
            return None
        return float(nctdtrinc(self.degrees_of_freedom, 1 - POWER, self._t) * self.standard_error)


def crossed_estimate(differences: Float64, groups: Int64 | None = None) -> Estimate:
    """Return the mean over seeds and documents with its chance: `unpaired_estimate` less a model that is always 0.

    Parameters
    ----------
    differences : float64 array, shape (S, N)
        A value for each seed and document.
    groups : int64 array, shape (N,), optional
        Documents with one number are one unit; each is alone if absent.
    """
    return unpaired_estimate(differences, np.zeros((1, differences.shape[1])), groups)


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
    documents = _variance(a.mean(axis=0) - b.mean(axis=0)) / a.shape[1]
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


def unit_means(scores: Float64, groups: Int64 | None) -> Float64:
    """Return a score for each seed and unit, whose mean is that over documents; float64 (S, G).

    Parameters
    ----------
    scores : float64 array, shape (S, N)
    groups : int64 array, shape (N,), or None
        Documents with one number are one unit; each is alone if absent.

    Notes
    -----
    A mean over documents is a ratio, the sum over units of their sums by the sum of their sizes. For unit g of size
    m_g with the sum y_g the value is mean + (G / N) (y_g - m_g mean): the ratio's linear approximation [1]_. Where
    units are of one size it is the mean of the unit.

    References
    ----------
    .. [1] Cochran (1977), Sampling Techniques, 3rd edition, sec. 9A (clusters of unequal size) and 6.3.
    """
    if groups is None:
        return scores
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(sizes) == len(groups):
        return scores
    sums = np.stack([np.bincount(numbers, weights=row) for row in scores])  # (S, G)
    mean = scores.mean()
    return mean + len(sizes) / len(groups) * (sums - sizes * mean)  # (S, G)


def unpaired_estimate(a: Float64, b: Float64, groups: Int64 | None = None) -> Estimate:
    """Return mean a less mean b, with a standard error that holds both sources of chance: documents, seeds.

    Parameters
    ----------
    a, b : float64 arrays, shapes (S_a, N), (S_b, N)
        A score for each seed and document; the same documents, in the same order. A model without chance in its
        training has one seed.
    groups : int64 array, shape (N,), optional
        Documents with one number are one unit (`unit_means`); each is alone if absent. N is then the number of units.

    Notes
    -----
    Documents and seeds are both drawn from more that could have been: the design of a study in which several readers
    judge the same cases. It is analysed as there [1]_, with seeds for readers, but for this: the seeds of two models
    are two samples that share nothing, as the two arms of Welch's test [2]_, while documents are shared. The variance
    of the difference has these estimates:

    - `documents`: of the difference of the two means over seeds, document by document, / N. It is what a bootstrap of
      documents gives, without the bootstrap's own noise.
    - `seeds` of each model: of its means over documents, / S.
    - `both` of each model: of what neither its seeds nor the documents explain, / S N.

    `documents` holds `both` of either model, and each model's `seeds` holds its own, so that the variance is

        seeds_a + seeds_b + max(documents - both_a - both_b, 0),

    the form whose degrees of freedom keep the level where there are few readers [3]_: documents, of which
    there are many, tell well how much of their part is `both`; a few seeds do not. The degrees of freedom are
    Satterthwaite's [4]_,

        variance^2 / (documents^2 / (N - 1) + sum over the models of (seeds + q)^2 / (S - 1)),

    with q = max(documents - both_a - both_b, 0) / 4 / (S_a - 1 + S_b - 1). Satterthwaite's own formula has
    q = 0. But where two seeds stand against a model with one run, the seeds' part has one degree of freedom and is
    near 0 by chance in many studies in which it is large: the formula then takes nearly all for chance of documents,
    of which there are many, and calls 7 % of equal models different. A quarter of the documents' part for what such
    seeds may hide brings that below 6 %; with more seeds it is less and less felt (docs/decisions/0019). The degrees of
    freedom are never fewer than the fewest of N - 1, S_a - 1 and S_b - 1, nor more than the most. A model with one seed
    has no part of `seeds` and `both`; with one seed of each only `documents` is left, and the interval then speaks
    of these fitted models alone.

    The variance is never less than one document for each side gives (after [5]_), so that two models that
    agree on ten documents are not called equal for all that could come.

    docs/explanations/statistics.md has the simulated coverage.

    References
    ----------
    .. [1] Dorfman, Berbaum, Metz (1992), Investigative Radiology 27(9), 723-731.
    .. [2] Welch (1947), Biometrika 34(1/2), 28-35.
    .. [3] Hillis (2007), Statistics in Medicine 26(3), 596-619.
    .. [4] Satterthwaite (1946), Biometrics Bulletin 2(6), 110-114.
    .. [5] Bonett, Price (2012), Journal of Educational and Behavioral Statistics 37(4), 479-488.
    """
    mean = float((a.mean(axis=0) - b.mean(axis=0)).mean())
    a, b = unit_means(a, groups), unit_means(b, groups)  # (S_a, G), (S_b, G)
    parts, n_units = split_variance(a, b), a.shape[1]
    variance = max(parts.total, least_variance(n_units))
    freedom = _degrees_of_freedom(parts, variance, n_units, (len(a), len(b)))
    return Estimate(mean, float(np.sqrt(variance)), freedom)


def _degrees_of_freedom(parts: Parts, variance: float, n_units: int, n_seeds: tuple[int, int]) -> float:
    of_units, of_seeds = max(n_units - 1, 1), [number - 1 for number in n_seeds]
    unseen = UNSEEN * parts.of_documents / max(sum(of_seeds), 1)
    chance = parts.documents**2 / of_units + sum(
        (part + unseen) ** 2 / freedom for part, freedom in zip(parts.seeds, of_seeds, strict=True) if freedom
    )
    known = [of_units, *(freedom for freedom in of_seeds if freedom)]
    return float(min(max(variance**2 / chance, min(known)), max(known)) if chance else max(known))


def least_variance(n_units: int) -> float:
    """Return the variance of a mean difference that one unit for each side gives."""
    return 2 / (n_units + 2) ** 2


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
    return Estimate(mean, float(np.sqrt(max(variance, least_variance(len(of_documents))))), n_folds - 1)


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
