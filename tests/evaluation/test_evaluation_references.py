"""The statistics on fixed arrays, beside what other implementations answer.

The figures are those of statsmodels 0.15, mlxtend 0.25 and baycomp 1.0.3, by the calls that stand beside them;
`python -m benchmarks statistics_references` asks those packages again.
"""

import numpy as np
import pytest
from scipy import stats

from benchmarks.statistics_references import FOLDS, ONE_SEED, ONLY_ONE_RIGHT, P_VALUES, differences, folds
from pipeline.evaluation.estimates import crossed_estimate, folds_estimate, holm, mcnemar_p_value


def test_holm_is_that_of_statsmodels():
    # statsmodels.stats.multitest.multipletests(P_VALUES, method="holm")[1]
    assert holm(P_VALUES) == pytest.approx([0.03, 0.12, 0.12, 0.4, 0.05, 0.5])


def test_mcnemar_is_that_of_mlxtend_and_statsmodels():
    # mlxtend.evaluate.mcnemar(table, exact=True)[1]; statsmodels' mcnemar(table, exact=True).pvalue
    theirs = [0.021484375, 0.035697803555194696, 1.0, 0.017351090463147357]
    assert [mcnemar_p_value(*counts) for counts in ONLY_ONE_RIGHT] == pytest.approx(theirs, rel=1e-12)


def test_the_corrected_test_over_folds_is_that_of_baycomp():
    # CorrelatedTTest.probs(means of the folds, zeros, rope=0): its posterior is the corrected t distribution
    table, fold_of = folds()
    better, worse = 0.9223372455623651, 0.07766275443763493
    estimate = folds_estimate(table, fold_of, table.shape[1])
    assert estimate.difference == pytest.approx(np.mean([0.15, 0.05, 0.3, 0.0, 0.2]))
    assert estimate.p_value / 2 == pytest.approx(worse, rel=1e-12)
    assert 1 - estimate.p_value / 2 == pytest.approx(better, rel=1e-12)
    assert len(FOLDS) == 5


def test_one_seed_is_scipys_t_test():
    table = differences(*ONE_SEED)
    interval = stats.ttest_1samp(table, 0).confidence_interval()
    assert crossed_estimate(table[None]).interval == pytest.approx([interval.low, interval.high])
    assert crossed_estimate(table[None]).p_value == pytest.approx(stats.ttest_1samp(table, 0).pvalue)
