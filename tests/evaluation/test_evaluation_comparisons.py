"""Paired comparisons: hand-worked standard errors, loops the slow way, and simulated A/A comparisons."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from builders import answered
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from pipeline.evaluation.comparisons import compare, withhold
from pipeline.evaluation.estimates import Estimate, crossed_estimate, folds_estimate, holm, mcnemar_p_value
from pipeline.evaluation.pairs import planned_pairs
from pipeline.run_folder.metrics.comparisons import McNemar


def detectable(standard_error, freedom):
    """Return the difference found with 80 % power, by searching the noncentral t distribution."""
    t = stats.t.ppf(0.975, freedom)
    shift = optimize.brentq(lambda shift: stats.nct.sf(t, freedom, shift) - 0.8, 0, 100)
    return shift * standard_error


def one_row(entries, rope=0.01):
    (row,) = compare(entries, [("a", "b")], rope)
    return row


def test_one_seed_by_hand():
    a = answered("a", [1, 1, 1, 0, 1, 1, 1, 1, 1, 0] * 3)
    b = answered("b", [0, 0, 0, 1, 1, 1, 1, 1, 1, 0] * 3)
    row = one_row([a, b])
    # differences: nine of 1, three of -1, eighteen of 0; the squares around 0.2 add up to 10.8
    standard_error = np.sqrt(10.8 / 29 / 30)
    t = stats.t.ppf(0.975, 29)
    assert (row.a, row.b, row.metric, row.decision) == ("a", "b", "accuracy", "cannot tell")
    assert row.difference == pytest.approx(0.2)
    assert row.ci95 == pytest.approx([0.2 - t * standard_error, 0.2 + t * standard_error])
    assert row.p_value == row.p_adjusted == pytest.approx(2 * stats.t.sf(0.2 / standard_error, 29))
    assert row.minimum_detectable_difference == pytest.approx(detectable(standard_error, 29))
    assert (row.seeds, row.method) == ((0,), "documents")
    # of twelve that only one has right, three or fewer are b's, or a's: 2 x (1 + 12 + 66 + 220) / 2^12
    assert row.mcnemar == McNemar(0, 9, 3, pytest.approx(598 / 4096))


def test_seeds_that_agree_leave_the_variance_of_documents():
    table = np.array([[1.0, 0, 0, 0], [1, 0, 0, 0]])
    estimate = crossed_estimate(table)
    assert estimate.difference == 0.25
    assert estimate.standard_error == pytest.approx(np.sqrt(0.25 / 4))  # of 1, 0, 0, 0
    # a quarter of it might be chance of seeds, of which there is one degree of freedom
    assert estimate.degrees_of_freedom == pytest.approx(1 / (1 / 3 + (1 / 4) ** 2))


def test_what_neither_documents_nor_seeds_explain_is_counted_once():
    estimate = crossed_estimate(np.array([[1.0, 0, 0], [0, 0, 1]]))
    # seeds: both 1/3, no variance. Documents 1/2, 0, 1/2: variance 1/12, / 3. Both: 1 / 2, / 6, more than these
    assert estimate.difference == pytest.approx(1 / 3)
    assert estimate.standard_error == pytest.approx(np.sqrt(2 / 5**2))  # a document for each side
    assert estimate.degrees_of_freedom == pytest.approx(2)


def test_what_neither_explains_is_taken_off_the_documents():
    estimate = crossed_estimate(np.array([[1.0, 1, 0, -1, -1], [1, 0, 1, -1, -1]]))
    # seeds: both 0. Documents 1, 1/2, 1/2, -1, -1: 3.5 / 4 / 5. Both: four of 1/2, 1 / 4 / 10
    assert estimate.standard_error == pytest.approx(np.sqrt(0.175 - 0.025))
    assert estimate.degrees_of_freedom == pytest.approx(0.15**2 / (0.175**2 / 4 + (0.15 / 4) ** 2))


def test_seeds_that_differ_on_all_documents_are_the_variance_of_seeds():
    estimate = crossed_estimate(np.array([[1.0] * 4, [0] * 4]))
    assert estimate.difference == 0.5
    assert estimate.standard_error == pytest.approx(np.sqrt(0.5 / 2))
    assert estimate.degrees_of_freedom == pytest.approx(1)


def test_crossed_variance_agrees_with_mean_squares_by_loops():
    table = np.array([[1.0, 1, 0, 0, -1], [1, 0, -1, 0, -1], [1, 1, 0, 1, -1]])
    n_seeds, n_docs = 3, 5
    grand = sum(table[s, i] for s in range(n_seeds) for i in range(n_docs)) / (n_seeds * n_docs)
    rows = [sum(table[s]) / n_docs for s in range(n_seeds)]
    columns = [sum(table[:, i]) / n_seeds for i in range(n_docs)]
    ms_seeds = n_docs * sum((row - grand) ** 2 for row in rows) / (n_seeds - 1)
    ms_documents = n_seeds * sum((column - grand) ** 2 for column in columns) / (n_docs - 1)
    squares = [
        (table[s, i] - rows[s] - columns[i] + grand) ** 2 for s in range(n_seeds) for i in range(n_docs)
    ]
    ms_both = sum(squares) / ((n_seeds - 1) * (n_docs - 1))
    assert ms_documents > ms_both  # else documents would count for nothing
    variance = (ms_seeds + ms_documents - ms_both) / (n_seeds * n_docs)
    unseen = (ms_documents - ms_both) / 4 / 2  # with two degrees of freedom of seeds
    freedom = (ms_documents + ms_seeds - ms_both) ** 2 / (ms_documents**2 / 4 + (ms_seeds + unseen) ** 2 / 2)
    assert variance > 2 / (n_docs + 2) ** 2
    estimate = crossed_estimate(table)
    assert estimate.standard_error == pytest.approx(np.sqrt(variance))
    assert estimate.degrees_of_freedom == pytest.approx(min(freedom, 4))


def test_what_is_cut_at_zero_takes_no_degree_of_freedom():
    """Seeds agree on the mean and on no document: Satterthwaite's formula alone would give 0.02."""
    generator = np.random.default_rng(0)
    table = np.stack([generator.permutation([1.0, -1.0] * 20 + [0.0] * 160) for _ in range(3)])
    table = np.concatenate([table, -table[:, ::-1]])
    estimate = crossed_estimate(table)
    assert estimate.degrees_of_freedom >= 5
    assert np.isfinite([*estimate.interval, estimate.minimum_detectable_difference]).all()


def test_one_document_gives_an_interval_that_says_nothing():
    row = one_row([answered("a", [1]), answered("b", [1])])
    assert (row.difference, row.ci95, row.p_value) == (0.0, (-1.0, 1.0), 1.0)


def test_models_that_agree_everywhere_are_equal_only_with_enough_documents():
    few, many = (one_row([answered("a", [1] * n), answered("b", [1] * n)]) for n in (10, 1000))
    assert (few.decision, many.decision) == ("cannot tell", "equal")
    assert many.ci95 == pytest.approx([-0.00277, 0.00277], abs=1e-5)  # 1.962 x sqrt(2) / 1002


def test_documents_are_matched_by_number():
    a = answered("a", [1, 0, 0, 1], documents=[3, 2, 1, 0])
    b = answered("b", [1, 0, 0, 0], documents=[0, 1, 2, 3])
    row = one_row([a, b])
    # only document 3 differs: mean 1/4, variance 1/4, and 1/4 + 3.18 / 4 is more than a difference can be
    assert row.difference == 0.25
    assert row.ci95 == pytest.approx([0.25 - stats.t.ppf(0.975, 3) / 4, 1.0])


def test_the_numbers_of_seeds_pair_nothing():
    # seed by seed the two models are right on the same documents, which two trainings have no reason to be
    right = {0: [1] * 40 + [0] * 10, 1: [1] * 20 + [0] * 30}
    rows = [
        one_row([answered(name, right[number % 2], seed) for number, (name, seed) in enumerate(order)])
        for order in ([("a", 0), ("a", 1), ("b", 0), ("b", 1)], [("a", 0), ("a", 1), ("b", 5), ("b", 2)])
    ]
    # 0.8 and 0.4: variance 0.08, / 2, of each model; documents tie on average
    freedom, standard_error = 2, np.sqrt(0.08)
    assert rows[0].p_value == 1.0
    assert rows[0].ci95[1] == pytest.approx(min(1.0, stats.t.ppf(0.975, freedom) * standard_error))
    assert (rows[1].difference, rows[1].ci95) == (rows[0].difference, rows[0].ci95)


def test_all_seeds_of_either_model_count():
    entries = [
        answered("a", [1, 1], 0),
        answered("a", [1, 1], 1),
        answered("a", [0, 0], 2),
        answered("b", [1, 1], 0),
    ]
    row = one_row([*entries, answered("b", [1, 1], 1)])
    assert (row.difference, row.seeds) == (pytest.approx(-1 / 3), (0, 1, 2))


def test_a_model_with_one_run_is_paired_with_every_seed():
    network = [
        answered("a", [1, 1, 1, 1], 0),
        answered("a", [1, 1, 0, 0], 1),
        answered("a", [1, 1, 1, 0], 2),
    ]
    row = one_row([*network, answered("b", [1, 0, 1, 0], 0)])
    assert row.difference == pytest.approx((2 / 4 + 0 + 1 / 4) / 3)
    assert one_row([answered("b", [1, 0, 1, 0], 0), *network]).difference == row.difference


def test_p_values_are_corrected_for_all_pairs():
    generator = np.random.default_rng(0)
    entries = [
        answered(name, generator.random(300) < share) for name, share in (("a", 0.9), ("b", 0.8), ("c", 0.85))
    ]
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    rows = compare(entries, pairs, 0.01)
    assert [(row.a, row.b) for row in rows] == pairs
    assert [row.p_adjusted for row in rows] == holm([row.p_value for row in rows])
    assert one_row(entries).p_adjusted == rows[0].p_value


def test_no_pairs_no_rows():
    assert compare([answered("a", [1])], [], 0.01) == []


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            answered("b", [1, 1], documents=[0, 9]),
            "only one of a (seed 0) and b (seed 0) was tested on documents 1, 9",
        ),
        (answered("b", [1]), "only one of a (seed 0) and b (seed 0) was tested on documents 1"),
    ],
)
def test_other_documents_are_refused(other, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        one_row([answered("a", [1, 1]), other])


def test_a_model_that_did_not_train_has_lost_nothing():
    entries = [answered("a", [0] * 400), answered("b", [1] * 400), answered("c", [1] * 400)]
    rows = compare(entries, [("a", "b"), ("c", "a"), ("c", "b")], 0.01)
    assert [row.decision for row in rows] == ["loses", "beats", "equal"]
    told = withhold(rows, {"a": False, "b": True})
    assert [row.decision for row in told] == ["withheld", "withheld", "equal"]
    assert [row.decision for row in rows] == ["loses", "beats", "equal"]
    assert replace(told[0], decision="loses", by="more than the rope") == rows[0]


def test_holm_by_hand():
    # ascending 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1; the last may not fall below the one before
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_lies_between_none_and_bonferroni(p_values):
    corrected = holm(p_values)
    for p, adjusted in zip(p_values, corrected, strict=True):
        assert p <= adjusted <= min(1.0, p * len(p_values))
    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(np.array(corrected)[order]) >= 0)


@pytest.mark.parametrize(
    ("right", "decision", "by"),
    [
        ([1] * 700 + [0] * 300, "beats", "more than the rope"),  # against 600: 10.0 points, 8.1 to 11.9
        ([1] * 640 + [0] * 360, "beats", "perhaps less"),  # 4.0 points, 2.8 to 5.2
        ([1] * 600 + [0] * 400, "equal", None),
        ([1] * 603 + [0] * 397, "cannot tell", None),  # 0.3 points: 3 of 1,000
        ([1] * 560 + [0] * 440, "loses", "perhaps less"),
        ([1] * 500 + [0] * 500, "loses", "more than the rope"),
    ],
)
def test_a_row_says_by_how_much(right, decision, by):
    rope = 0.002 if decision == "cannot tell" else 0.05
    row = one_row([answered("a", right), answered("b", [1] * 600 + [0] * 400)], rope)
    assert (row.decision, row.by, row.family) == (decision, by, "side")


def folds_of(name, right, sizes, seed=0):
    """Return one prediction file a fold: `right` in runs of `sizes` documents."""
    ends = np.cumsum([0, *sizes])
    return [
        answered(name, right[start:end], seed, fold, range(start, end))
        for fold, (start, end) in enumerate(pairwise(ends))
    ]


def test_folds_by_hand():
    a = folds_of("a", [1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1], [4, 4, 4])
    b = folds_of("b", [0, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1], [4, 4, 4])
    row = one_row([*a, *b])
    # differences of the folds 2/4, 0/4, 3/4, mean 5/12: variance 7/48; each tests 4 and trains on 8
    variance = (1 / 3 + 4 / 8) * 7 / 48
    assert row.difference == pytest.approx(5 / 12)
    assert row.p_value == pytest.approx(2 * stats.t.sf(5 / 12 / np.sqrt(variance), 2))
    assert (row.method, row.mcnemar) == ("folds", None)


def test_a_fold_trains_on_all_documents_that_it_does_not_test():
    folds = [*folds_of("a", [1, 1, 1, 0], [2, 2]), *folds_of("b", [0, 0, 1, 0], [2, 2])]
    (row,) = compare(folds, [("a", "b")], 0.01, n_docs=10)  # five folds, three of which did not end
    # differences 1 and 0, variance 1/2; tested 2, trained on 8
    assert row.p_value == pytest.approx(2 * stats.t.sf(0.5 / np.sqrt((1 / 2 + 2 / 8) / 2), 1))


def test_seeds_are_averaged_within_folds():
    linear = folds_of("b", [0, 0, 1, 1, 0, 0], [2, 2, 2])
    seeds = [[1, 1, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1]]
    network = [entry for seed, right in enumerate(seeds) for entry in folds_of("a", right, [2, 2, 2], seed)]
    row = one_row([*network, *linear])
    # folds: seed 0: 1, 0, 1/2; seed 1: 0, 0, 1; means 1/2, 0, 3/4, their variance 7/48
    assert row.difference == pytest.approx(5 / 12)
    variance = (1 / 3 + 2 / 4) * 7 / 48
    assert row.p_value == pytest.approx(2 * stats.t.sf(5 / 12 / np.sqrt(variance), 2))
    assert row.seeds == (0, 1)


def test_one_fold_alone_is_a_split():
    a, b = [1, 1, 0, 1, 1], [0, 1, 1, 0, 0]
    only = one_row([answered("a", a, fold=2), answered("b", b, fold=2)])
    assert only == one_row([answered("a", a), answered("b", b)])


def test_chosen_documents_of_folds_count_where_they_were_tested():
    table = np.array([[1.0, 0, 1, 0, -1, 0]])
    chosen = np.array([True, True, False, True, True, False])
    fold_of = np.array([0, 0, 1, 1, 2, 2], np.int32)
    estimate = folds_estimate(table, fold_of, 6, chosen)
    # folds 1/2, 0, -1: variance 7/12 around -1/6; the mean over the four documents is 0
    assert estimate.difference == 0.0
    assert estimate.standard_error == pytest.approx(np.sqrt((1 / 3 + 2 / 4) * 7 / 12))
    assert estimate.degrees_of_freedom == 2


def test_mcnemar_is_shown_of_the_first_seed():
    entries = [
        answered("a", [1, 1, 1, 0], 4),
        answered("a", [0, 0, 1, 0], 5),
        answered("b", [0, 0, 0, 1]),
    ]
    row = one_row(entries)
    assert row.mcnemar == McNemar(4, 3, 1, pytest.approx(10 / 16))
    assert row.method == "documents and seeds"


def test_mcnemar_without_a_document_to_decide():
    assert mcnemar_p_value(0, 0) == 1.0


def test_planned_pairs():
    kinds = {
        "majority": "control",
        "bow": "baseline",
        "tfidf": "baseline",
        "ann@word2vec": "network",
        "rnn@word2vec": "network",
        "rnn:max@word2vec": "network",
        "lstm@word2vec": "network",
        "lstm:max@word2vec": "network",
        "lstm@learned": "network",
    }
    validation = dict.fromkeys(kinds, 0.5) | {"bow": 0.9, "tfidf": 0.8, "majority": 1.0}
    networks = [name for name, kind in kinds.items() if kind == "network"]
    assert planned_pairs(kinds, validation) == [
        *((network, "bow") for network in networks),
        ("lstm@word2vec", "rnn@word2vec"),
        ("lstm:max@word2vec", "rnn:max@word2vec"),
        ("lstm@word2vec", "ann@word2vec"),
        ("tfidf", "bow"),
        ("rnn:max@word2vec", "rnn@word2vec"),
        ("lstm:max@word2vec", "lstm@word2vec"),
        ("lstm@word2vec", "lstm@learned"),
    ]
    every = planned_pairs(kinds, validation, every_baseline=True)  # with folds none is chosen
    assert every[: 2 * len(networks)] == [(network, b) for network in networks for b in ("bow", "tfidf")]


def test_each_step_of_the_ladder_is_planned():
    names = ("tfidf", "mean@w", "mean@random", "ann@w", "rnn@w", "gru@w")
    pairs = planned_pairs(dict.fromkeys(names, "control"), {"tfidf": 0.5})
    assert pairs == [("gru@w", "rnn@w"), ("ann@w", "mean@w"), ("mean@w", "tfidf"), ("mean@w", "mean@random")]


def test_a_network_is_compared_with_itself_on_shuffled_words():
    heads = ("lstm", "lstm:max", "bilstm:last", "ann")
    kinds = {f"{head}@{source}": "network" for head in heads for source in ("learned", "word2vec")}
    asked = (
        "lstm:shuffled-words@learned",
        "lstm:shuffled-words:max@word2vec",
        "bilstm:last:shuffled-words@learned",
    )
    controls = dict.fromkeys((*asked, "gru:shuffled-words@learned"), "control")
    pairs = planned_pairs(kinds | controls, {})
    assert [pair for pair in pairs if "shuffled-words" in "".join(pair)] == [
        ("lstm@learned", "lstm:shuffled-words@learned"),
        ("lstm:max@word2vec", "lstm:shuffled-words:max@word2vec"),
        ("bilstm:last@learned", "bilstm:last:shuffled-words@learned"),
    ]


def test_planned_pairs_without_a_baseline():
    assert planned_pairs({"rnn@random": "network", "ann@random": "network"}, {}) == []


def simulated(generator, *, n_seeds, n_docs, seed_noise, fixed):
    """Return right(a) - right(b) of two models that are equal over all documents and seeds; (S, N)."""
    difficulty = generator.normal(2.2, 1.6, n_docs)

    def model(n_runs, noise):
        own = difficulty + generator.normal(0, 1.5, n_docs)  # what all its seeds have in common
        luck = generator.normal(0, noise, (n_runs, 1)) + generator.normal(0, 0.7, (n_runs, n_docs))
        return (own + luck > 0).astype(float)

    return model(n_seeds, seed_noise) - model(1 if fixed else n_seeds, 0 if fixed else seed_noise)


def share_called(tables):
    return float(np.mean([crossed_estimate(table).p_value < 0.05 for table in tables]))


@pytest.mark.parametrize("n_seeds", [3, 5])
@pytest.mark.parametrize("fixed", [True, False], ids=["against a linear model", "against a network"])
@pytest.mark.parametrize("seed_noise", [0.0, 0.15], ids=["steady seeds", "varied seeds"])
def test_equal_models_are_called_different_in_about_5_percent(n_seeds, fixed, seed_noise):
    generator = np.random.default_rng(11)
    how = {"n_seeds": n_seeds, "n_docs": 400, "seed_noise": seed_noise, "fixed": fixed}
    rate = share_called([simulated(generator, **how) for _ in range(1500)])
    assert 0.03 <= rate <= 0.07


def test_documents_alone_would_call_equal_networks_different_too_often():
    generator = np.random.default_rng(6)
    how = {"n_seeds": 3, "n_docs": 1500, "seed_noise": 0.3, "fixed": False}
    tables = [simulated(generator, **how) for _ in range(1000)]
    assert share_called([table.mean(axis=0, keepdims=True) for table in tables]) > 0.3
    assert share_called(tables) < 0.1


def test_the_minimum_detectable_difference_is_found_four_times_out_of_five():
    true, freedom = Estimate(0.0, 0.01, 9).minimum_detectable_difference, 9
    generator = np.random.default_rng(2)
    observed = generator.normal(true, 0.01, 4000)
    errors = 0.01 * np.sqrt(generator.chisquare(freedom, 4000) / freedom)
    pairs = zip(observed, errors, strict=True)
    found = [Estimate(mean, error, freedom).p_value < 0.05 for mean, error in pairs]
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)
