"""`statistics_references`: this project's statistics beside mlxtend's, baycomp's, statsmodels' and SciPy's.

Both sides get the same fixed arrays; the figure is the largest distance between their answers.
"""

from __future__ import annotations

import numpy as np

from benchmarks.results_file import Metric, Outcome
from benchmarks.sides import Options
from pipeline.evaluation.estimates import crossed_estimate, folds_estimate, holm, mcnemar_p_value

P_VALUES = (0.005, 0.04, 0.03, 0.2, 0.01, 0.5)
ONLY_ONE_RIGHT = ((9, 1), (15, 30), (4, 4), (120, 85))  # documents that only a, only b has right
# right(a) - right(b), five folds of 20 documents: how many only a has right, only b, neither or both
FOLDS = ((4, 1, 15), (3, 2, 15), (6, 0, 14), (2, 2, 16), (5, 1, 14))
ONE_SEED = (31, 12, 157)  # documents that only a, only b, neither or both have right


def measure(options: Options) -> Outcome:
    """Return the largest distance from each reference."""
    what = "largest distance of p-values from"
    found = {
        "mcnemar_from_mlxtend": (_mcnemar_mlxtend(), f"{what} mlxtend's exact McNemar test"),
        "mcnemar_from_statsmodels": (_mcnemar_statsmodels(), f"{what} statsmodels' exact McNemar test"),
        "holm_from_statsmodels": (_holm(), f"{what} statsmodels' Holm correction"),
        "one_seed_from_scipy": (_one_seed(), f"{what} SciPy's t-test of one seed's differences"),
        "folds_from_baycomp": (
            _folds(),
            "largest distance of a tail from baycomp's correlated t-test over folds",
        ),
    }
    return Outcome(
        [Metric(id, value, "", "lower", 1e-9, words, "unit", 1e-9) for id, (value, words) in found.items()]
    )


def differences(only_a: int, only_b: int, neither_or_both: int) -> np.ndarray:
    """Return right(a) - right(b) of each document; float64 (N,)."""
    return np.repeat([1.0, -1.0, 0.0], [only_a, only_b, neither_or_both])


def folds() -> tuple[np.ndarray, np.ndarray]:
    """Return the differences of `FOLDS`, float64 (1, N), and each document's fold, int32 (N,)."""
    parts = [differences(*counts) for counts in FOLDS]
    fold_of = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
    return np.concatenate(parts)[None], fold_of


def _mcnemar_mlxtend() -> float:
    from mlxtend.evaluate import mcnemar

    theirs = [mcnemar(np.array([[50, a], [b, 20]]), exact=True)[1] for a, b in ONLY_ONE_RIGHT]
    return _furthest([mcnemar_p_value(a, b) for a, b in ONLY_ONE_RIGHT], theirs)


def _mcnemar_statsmodels() -> float:
    from statsmodels.stats.contingency_tables import mcnemar

    theirs = [mcnemar([[50, a], [b, 20]], exact=True).pvalue for a, b in ONLY_ONE_RIGHT]
    return _furthest([mcnemar_p_value(a, b) for a, b in ONLY_ONE_RIGHT], theirs)


def _holm() -> float:
    from statsmodels.stats.multitest import multipletests

    return _furthest(holm(P_VALUES), multipletests(P_VALUES, method="holm")[1])


def _one_seed() -> float:
    from scipy.stats import ttest_1samp

    table = differences(*ONE_SEED)
    return _furthest([crossed_estimate(table[None]).p_value], [ttest_1samp(table, 0).pvalue])


def _folds() -> float:
    """Compare one tail: the correlated Bayesian t-test's posterior is the corrected t distribution."""
    from baycomp import CorrelatedTTest

    table, fold_of = folds()
    of_folds = np.array([table[0, fold_of == fold].mean() for fold in range(len(FOLDS))])
    worse = CorrelatedTTest.probs(of_folds, np.zeros(len(of_folds)), rope=0)[0]
    return _furthest([folds_estimate(table, fold_of, table.shape[1]).p_value / 2], [min(worse, 1 - worse)])


def _furthest(ours: list[float], theirs: object) -> float:
    return float(np.abs(np.array(ours) - np.array(theirs)).max())
