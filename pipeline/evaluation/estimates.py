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
    """A difference in accuracy, its standard error, and the degrees of freedom of that."""

    difference: float
    standard_error: float
    degrees_of_freedom: float

    @property
    def _t(self) -> float:
        """The quantile of Student's t that the interval reaches to."""
        return float(stdtrit(self.degrees_of_freedom, (1 + CONFIDENCE) / 2))

    @property
    def interval(self) -> list[float]:
        """The 95 % interval [lo, hi], within [-1, 1]."""
        half = self._t * self.standard_error
        return [max(-1.0, float(self.difference - half)), min(1.0, float(self.difference + half))]

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
    """Return the mean difference, with a standard error that holds both sources of chance: documents, seeds.

    Parameters
    ----------
    differences : float64 array, shape (S, N)
        -1, 0 or 1 for each seed and document.

    Notes
    -----
    Documents and seeds are crossed, and both are drawn from more that could have been: the design of a study
    in which several readers judge the same cases. It is analysed as there [1]_, with seeds for readers. The
    table of S x N differences gives three variances of its mean: `documents` (of the means over seeds, / N:
    what a bootstrap of documents gives, without the bootstrap's own noise), `seeds` (of the means over
    documents, / S) and `both` (of what neither explains, / SN). `documents` and `seeds` each contain `both`,
    so the variance is

        seeds + max(documents - both, 0),

    the form whose degrees of freedom keep the level where there are few readers [2]_: documents, of which
    there are many, tell well how much of their part is `both`; a few seeds do not. The degrees of freedom are
    Satterthwaite's [3]_, near S - 1 where seeds rule, near N - 1 where documents do, and never fewer than the
    fewer of the two: his formula gives no less but for the difference that is cut at 0. With one seed only
    `documents` is left: the interval then speaks of this fitted model alone.

    The variance is never less than one document for each side gives (after [4]_), so that two models that
    agree on ten documents are not called equal for all that could come.

    docs/statistics.md has the simulated coverage: 93 to 97 % with five seeds or more.

    References
    ----------
    .. [1] Dorfman, Berbaum, Metz (1992), Investigative Radiology 27(9), 723-731.
    .. [2] Hillis (2007), Statistics in Medicine 26(3), 596-619.
    .. [3] Satterthwaite (1946), Biometrics Bulletin 2(6), 110-114.
    .. [4] Bonett, Price (2012), Journal of Educational and Behavioral Statistics 37(4), 479-488.
    """
    n_seeds, n_docs = differences.shape
    of_documents, of_seeds = differences.mean(axis=0), differences.mean(axis=1)  # (N,), (S,)
    mean, least = float(of_seeds.mean()), 2 / (n_docs + 2) ** 2
    documents = _variance(of_documents) / n_docs
    if n_seeds == 1:
        return Estimate(mean, float(np.sqrt(max(documents, least))), max(n_docs - 1, 1))
    seeds = _variance(of_seeds) / n_seeds
    rest = differences - of_documents - of_seeds[:, None] + mean  # (S, N)
    both = (rest**2).sum() / ((n_seeds - 1) * max(n_docs - 1, 1)) / (n_seeds * n_docs)
    variance = max(seeds + max(documents - both, 0.0), least)
    chance = documents**2 / max(n_docs - 1, 1) + seeds**2 / (n_seeds - 1)
    fewer, more = sorted((max(n_docs - 1, 1), n_seeds - 1))
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
