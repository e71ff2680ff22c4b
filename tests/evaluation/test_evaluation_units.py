"""Units, unpaired seeds and few documents: second methods, brute force and numbers by hand."""

from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.core.values import Units
from pipeline.evaluation.comparisons import compare
from pipeline.evaluation.differences import estimate_difference
from pipeline.evaluation.estimates import crossed_estimate, unit_means, unpaired_estimate
from pipeline.evaluation.few_documents import SignFlips, sign_flips
from pipeline.evaluation.pooling import pool_folds
from pipeline.evaluation.summary import bootstrap_accuracy, bootstrap_scores, summarise
from pipeline.run_folder.documents import COLUMNS, documents_path, read_documents, units_of, write_documents
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Predictions
from pipeline.tasks.classification.metrics import METRICS


def saved(name, labels, predicted, seed=0, units=None, fold=0, documents=None):
    """Return predictions of documents 0, 1, 2 .. unless told."""
    probabilities = np.full((len(labels), 2), 0.2, np.float32)
    probabilities[np.arange(len(labels)), predicted] = 0.8
    documents = np.arange(len(labels)) if documents is None else np.array(documents)
    predictions = Predictions(documents, np.array(labels, np.int32), probabilities)
    return SavedPredictions(name, seed, fold, "h", ("no", "yes"), predictions, units)


def units(groups):
    return Units(np.arange(len(groups)), np.array(groups))


# --- units


def test_documents_of_one_number_are_one_unit_and_unknown_ones_alone():
    groups = Units(np.array([3, 4, 9]), np.array([7, 0, 7])).of(np.array([9, 5, 4, 6, 3]))
    assert groups[0] == groups[4]
    assert len(set(groups.tolist())) == 4
    assert Units(np.array([], np.int64), np.array([], np.int64)).of(np.array([2, 1])).tolist() == [0, 1]


def test_units_are_found_by_document_in_every_fold():
    entries = [
        saved("a", [1, 1], [1, 0], fold=1, documents=[5, 1], units=units([0, 3, 2, 2, 4, 3])),
        saved("a", [1, 1], [1, 1], documents=[2, 3], units=units([0, 3, 2, 2, 4, 3])),
    ]
    (run,) = pool_folds(entries)["a"]
    assert run.predictions.documents.tolist() == [1, 2, 3, 5]
    assert run.groups.tolist() == [1, 0, 0, 1]


def test_a_copied_test_says_as_much_as_the_test():
    generator = np.random.default_rng(5)
    a, b = generator.random((3, 120)) < 0.9, generator.random((1, 120)) < 0.8
    once = unpaired_estimate(a.astype(float), b.astype(float))
    groups = np.tile(np.arange(120), 4)
    copied = unpaired_estimate(*(np.tile(x, 4).astype(float) for x in (a, b)), groups)
    assert copied.difference == pytest.approx(once.difference)
    assert copied.interval == pytest.approx(once.interval)
    assert (
        unpaired_estimate(*(np.tile(x, 4).astype(float) for x in (a, b))).standard_error < once.standard_error
    )


def test_the_mean_is_over_documents_whatever_the_units():
    scores = np.array([[1.0, 0, 0, 0, 1], [1, 1, 0, 0, 0]])
    groups = np.array([4, 4, 4, 2, 9])
    # sizes 3, 1, 1 (in the order of their numbers: 2, 4, 9); mean 2/5; 3/5 (sum - size 2/5) + 2/5
    expected = np.array([[0 - 0.4, 1 - 1.2, 1 - 0.4], [0 - 0.4, 2 - 1.2, 0 - 0.4]]) * 3 / 5 + 0.4
    assert unit_means(scores, groups) == pytest.approx(expected)
    assert unit_means(scores, groups).mean() == pytest.approx(scores.mean())
    assert crossed_estimate(scores, groups).difference == pytest.approx(0.4)


def test_units_of_unequal_sizes_against_resampled_units():
    generator = np.random.default_rng(8)
    sizes = generator.choice([1, 1, 1, 2, 6], 300)
    groups = np.repeat(np.arange(300), sizes)
    of_unit = generator.choice([-1.0, 0, 1], 300, p=[0.1, 0.75, 0.15])
    differences = np.where(generator.random(len(groups)) < 0.9, of_unit[groups], 0)
    resampled = []
    for _ in range(3000):
        drawn = generator.integers(0, 300, 300)
        sums = np.bincount(groups, weights=differences)[drawn]
        resampled.append(sums.sum() / sizes[drawn].sum())
    estimate = crossed_estimate(differences[None], groups)
    assert estimate.difference == pytest.approx(differences.mean())
    assert estimate.standard_error == pytest.approx(np.std(resampled), rel=0.06)  # known to 1.3 %
    assert crossed_estimate(differences[None]).standard_error < 0.7 * estimate.standard_error


def test_equal_models_on_copies_are_called_different_in_about_5_percent():
    generator = np.random.default_rng(3)
    groups = np.concatenate([np.arange(345), np.repeat(345 + np.arange(20), 10)])
    called = {"units": [], "documents": []}
    for _ in range(800):
        difference = (generator.choice([-1.0, 0, 1], 365, p=[0.08, 0.84, 0.08]))[groups][None]
        called["units"].append(crossed_estimate(difference, groups).p_value < 0.05)
        called["documents"].append(crossed_estimate(difference).p_value < 0.05)
    assert np.mean(called["units"]) < 0.07
    assert np.mean(called["documents"]) > 0.12


def test_twins_give_a_model_that_is_blind_to_order_exactly_half():
    labels, twins = [0, 1] * 200, units(np.repeat(np.arange(200), 2))
    bow = saved("bow", labels, np.repeat([0, 1] * 100, 2), units=twins)
    network = [saved("rnn", labels, labels, seed, twins) for seed in range(3)]
    row = {row.name: row for row in summarise([bow, *network], np.random.default_rng(0))}["bow"]
    assert (row.accuracy, row.accuracy_ci95) == (0.5, (0.5, 0.5))
    alone = saved("bow", labels, np.repeat([0, 1] * 100, 2))
    assert summarise([alone], np.random.default_rng(0))[0].accuracy_ci95[0] < 0.46
    (found,) = compare([bow, *network], [("rnn", "bow")], 0.01)
    assert found.difference == 0.5
    # no chance is left but that of two units that were not met: 200 twins, 1.97 sqrt(2) / 202
    assert found.ci95 == pytest.approx([0.5 - 0.0138, 0.5 + 0.0138], abs=2e-4)


@pytest.mark.longer
def test_resampled_units_agree_with_a_slow_bootstrap():
    generator = np.random.default_rng(2)
    groups = np.repeat(np.arange(150), generator.choice([1, 1, 2, 5], 150))
    labels = generator.integers(0, 2, 150)[groups]
    by_seed = [np.where(generator.random(150)[groups] < right, labels, 1 - labels) for right in (0.9, 0.75)]
    entries = [saved("a", labels, predicted, seed, units(groups)) for seed, predicted in enumerate(by_seed)]
    (runs,) = pool_folds(entries).values()
    slow = []
    for _ in range(1500):
        documents = np.concatenate([np.flatnonzero(groups == g) for g in generator.integers(0, 150, 150)])
        seeds = generator.integers(0, 2, 2)
        slow.append(np.mean([(by_seed[seed] == labels)[documents].mean() for seed in seeds]))
    fast, _ = bootstrap_scores(runs, 4000, np.random.default_rng(0))
    assert fast.mean() == pytest.approx(np.mean(slow), abs=0.01)
    assert fast.std() == pytest.approx(np.std(slow), rel=0.1)
    chosen = groups < 100
    some = bootstrap_accuracy(runs, 4000, np.random.default_rng(0), chosen)
    expected = np.mean([(predicted == labels)[chosen].mean() for predicted in by_seed])
    assert some.mean() == pytest.approx(expected, abs=0.01)


def test_a_run_folder_says_which_documents_are_one_unit(tmp_path: Path):
    plain = {name: [None] * 4 for name in COLUMNS}
    facts = pl.DataFrame(plain | {"document": [8, 2, 5, 2], "group": [1, 0, 1, 0]}, schema=COLUMNS)
    write_documents(tmp_path, facts)
    found = units_of(read_documents(tmp_path))
    assert (found.documents.tolist(), found.groups.tolist()) == ([2, 5, 8], [0, 1, 1])
    facts.drop("group").write_parquet(documents_path(tmp_path))  # as an older version wrote it
    assert read_documents(tmp_path)["group"].to_list() == [None] * 4
    assert units_of(read_documents(tmp_path)) is None
    assert units_of(None) is None


# --- seeds of two models


def test_without_chance_of_documents_it_is_welchs_test():
    of_a, of_b = np.array([0.81, 0.86, 0.83, 0.9]), np.array([0.8, 0.79, 0.81])
    estimate = unpaired_estimate(*(np.repeat(x[:, None], 5000, axis=1) for x in (of_a, of_b)))
    welch = stats.ttest_ind(of_a, of_b, equal_var=False)
    assert estimate.difference == pytest.approx(of_a.mean() - of_b.mean())
    low, high = welch.confidence_interval()
    # the floor of one document for each side is far below the seeds' variance
    assert estimate.degrees_of_freedom == pytest.approx(welch.df)
    assert estimate.p_value == pytest.approx(welch.pvalue)
    assert estimate.interval == pytest.approx([low, high])


def test_unpaired_variance_by_loops():
    generator = np.random.default_rng(0)
    a = (generator.random((3, 40)) < generator.random(40)).astype(float)
    b = (generator.random((2, 40)) < generator.random(40)).astype(float)
    means = [np.mean([a[s, i] for s in range(3)]) - np.mean([b[s, i] for s in range(2)]) for i in range(40)]
    documents = sum((value - np.mean(means)) ** 2 for value in means) / 39 / 40
    seeds, both = [], []
    for scores in (a, b):
        n_seeds = len(scores)
        grand, rows, columns = scores.mean(), scores.mean(axis=1), scores.mean(axis=0)
        seeds.append(sum((row - grand) ** 2 for row in rows) / (n_seeds - 1) / n_seeds)
        squares = sum(
            (scores[s, i] - rows[s] - columns[i] + grand) ** 2 for s, i in product(range(n_seeds), range(40))
        )
        both.append(squares / (n_seeds - 1) / 39 / n_seeds / 40)
    assert documents > sum(both)
    estimate = unpaired_estimate(a, b)
    assert estimate.standard_error**2 == pytest.approx(sum(seeds) + documents - sum(both))
    unseen = (documents - sum(both)) / 4 / 3
    chance = documents**2 / 39 + (seeds[0] + unseen) ** 2 / 2 + (seeds[1] + unseen) ** 2
    assert estimate.degrees_of_freedom == pytest.approx(min(estimate.standard_error**4 / chance, 39))


def test_the_variance_is_right_on_average():
    """The mean of the estimated variances is the variance of the differences themselves, over many studies."""
    generator = np.random.default_rng(1)
    found = []
    for _ in range(3000):
        difficulty = generator.normal(1, 1, 60)
        a = (
            difficulty
            + generator.normal(0, 0.7, 60)
            + generator.normal(0, 0.3, (3, 1))
            + generator.normal(0, 0.5, (3, 60))
        )
        b = (
            difficulty
            + generator.normal(0, 0.7, 60)
            + generator.normal(0, 0.1, (2, 1))
            + generator.normal(0, 0.9, (2, 60))
        )
        estimate = unpaired_estimate(a, b)
        found.append((estimate.difference, estimate.standard_error**2))
    differences, variances = np.array(found).T
    # the variance of 3,000 differences is known to 2.6 %
    assert variances.mean() == pytest.approx(differences.var(), rel=0.07)
    # documents: (0.49 + 0.49) / 60; seeds: 0.09 / 3 + 0.01 / 2; both: 0.25 / 180 + 0.81 / 120
    assert variances.mean() == pytest.approx(0.98 / 60 + 0.035 + 0.25 / 180 + 0.81 / 120, rel=0.03)


# --- few documents


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=9))
def test_with_one_seed_it_is_the_sign_test(differences):
    found = sign_flips(np.array(differences), np.arange(len(differences)))
    only_a, only_b = differences.count(1), differences.count(-1)
    if only_a + only_b == 0:
        assert (found.p_value, found.interval(0.95)) == (1.0, [0.0, 0.0])
        return
    exact = stats.binomtest(only_a, only_a + only_b)
    assert found.p_value == pytest.approx(exact.pvalue)
    share = (only_a + only_b) / len(differences)
    interval = exact.proportion_ci(0.95)  # Clopper and Pearson
    assert found.interval(0.95) == pytest.approx(
        [(2 * interval.low - 1) * share, (2 * interval.high - 1) * share]
    )


thirds = st.sampled_from([-1.0, -2 / 3, -1 / 3, 1 / 3, 2 / 3, 1.0])


@given(st.lists(thirds, min_size=1, max_size=7))
def test_with_several_seeds_all_signs_are_tried(contributions):
    values = np.array(contributions) / 20
    ways = [np.dot(signs, np.abs(values)) for signs in product([-1, 1], repeat=len(values))]
    as_far = [np.mean([sign * (way - values.sum()) >= -1e-12 for way in ways]) for sign in (1, -1)]
    assert SignFlips(values).p_value == pytest.approx(min(1, 2 * min(as_far)))


@given(st.lists(thirds, min_size=1, max_size=9))
def test_interval_and_p_value_never_contradict_each_other(contributions):
    found = SignFlips(np.array(contributions) / 30)
    low, high = found.interval(0.95)
    assert low - 1e-9 <= found.contributions.sum() <= high + 1e-9
    assert (low > 0 or high < 0) == (found.p_value < 0.05)


def test_ten_units_that_tell_are_enough():
    assert sign_flips(np.array([1.0] * 10 + [0]), np.arange(11)) is None
    copies = np.array([0, 0, *range(1, 10)])  # ten documents, nine of them by their text
    assert sign_flips(np.array([1.0] * 10 + [0]), copies).p_value == pytest.approx(2 / 2**9)
    assert sign_flips(np.array([1.0, -1.0, 0]), np.array([3, 3, 4])).p_value == 1.0  # one text, once for each


@pytest.mark.parametrize("n_right", [5, 6])
def test_five_of_twenty_against_none_decide_nothing(n_right):
    a, b = saved("a", [1] * 20, [1] * 20), saved("b", [1] * 20, [0] * n_right + [1] * (20 - n_right))
    (row,) = compare([a, b], [("a", "b")], 0.01)
    assert row.minimum_detectable_difference is None
    # 2 / 2^5 and 2 / 2^6; by Student's t five of twenty would have p = .021
    assert row.p_value == pytest.approx(2 / 2**n_right)
    assert row.decision == ("beats" if n_right == 6 else "cannot tell")
    assert (row.ci95[0] > 0) == (n_right == 6)


@pytest.mark.parametrize("metric", ["macro-f1", "balanced-accuracy"])
def test_few_documents_by_any_metric_of_answers(metric):
    labels = [1] * 30 + [0] * 10
    runs = {
        "a": pool_folds([saved("a", labels, labels)])["a"],
        "b": pool_folds([saved("b", labels, [*labels[:34], 1, 1, 1, 1, 1, 1])])["b"],
    }
    estimate = estimate_difference(runs["a"], runs["b"], metric=metric)
    values = [METRICS[metric].value(runs[name][0].predictions) for name in "ab"]
    assert estimate.difference == pytest.approx(values[0] - values[1])
    assert estimate.few.contributions.sum() == pytest.approx(values[0] - values[1], rel=0.1)
    assert len(estimate.few.contributions) == 6
    assert estimate.p_value == pytest.approx(2 / 2**6)
    assert estimate.minimum_detectable_difference is None


@pytest.mark.parametrize("n_docs", [1, 2, 5, 6])
def test_by_log_loss_too_five_documents_or_fewer_tell_nothing(n_docs):
    """Each costs b ln 4 nats more: without spread, Student's t would call one document enough."""
    labels = [1] * n_docs
    rows = compare(
        [saved("a", labels, labels), saved("b", labels, [0] * n_docs)], [("a", "b")], 0.01, metric="log-loss"
    )
    assert rows[0].difference == pytest.approx(np.log(4), rel=1e-5)
    assert rows[0].p_value == pytest.approx(2 / 2**n_docs)
    assert rows[0].decision == ("beats" if n_docs == 6 else "cannot tell")
    assert (rows[0].ci95[0] > 0) == (n_docs == 6)
    assert rows[0].minimum_detectable_difference is None
