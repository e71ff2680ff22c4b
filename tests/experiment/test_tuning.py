"""Trials drawn at random, the choice among them, and the expected best of n."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from pipeline.core.files import plain
from pipeline.core.fits import Score, Trial
from pipeline.experiment.tuning import (
    choose,
    describe_families,
    describe_space,
    draw_trials,
    expected_best,
    in_order,
    search_space,
)
from pipeline.settings.reading import load_config
from pipeline.settings.setting import Value
from pipeline.settings.tables import Config, settled, with_values


def tuned(trials: int, **changed: Value) -> Config:
    """Return the defaults with a number of trials; changes as `run_seed=1` for `run.seed`."""
    values = {key.replace("_", ".", 1): value for key, value in changed.items()}
    return with_values(Config(), {"run.tune": trials, **values})


# --- what is drawn ---------------------------------------------------------------------------------------


def test_the_first_trial_has_the_settings_as_they_are() -> None:
    assert draw_trials("tfidf", tuned(1)) == [
        {
            "baselines.ngram_max": 2,
            "baselines.min_df": 0,
            "baselines.sublinear_tf": True,
            "baselines.tfidf_strengths": (10.0,),  # of 0.3, 1, 3, 10, 30, 100, 300 the middle
        }
    ]
    first = draw_trials("lstm", settled(tuned(3, networks_dropout=0.45), "lstm", n_train=9_000))[0]
    assert (first["networks.dropout"], first["networks.learning_rate"], first["networks.batch_size"]) == (
        0.45,
        0.004,  # of a network with gates on so many documents
        64,
    )


def test_the_same_seed_draws_the_same_trials_and_more_trials_begin_with_the_fewer() -> None:
    trials = draw_trials("lstm", tuned(12))
    assert trials == draw_trials("lstm", tuned(12))
    assert trials[:5] == draw_trials("lstm", tuned(5))
    assert trials[1:] != draw_trials("lstm", tuned(12, run_seed=1))[1:]
    assert trials[1:] != draw_trials("rnn", tuned(12))[1:]


def test_no_two_trials_are_the_same_and_a_small_space_ends() -> None:
    fixed = ("baselines.ngram_max", "baselines.min_df", "baselines.bow_strengths")
    config = tuned(9, run_tune_fixed=fixed, baselines_bow_strengths=(0.5,))
    assert [trial["baselines.bow_binary"] for trial in draw_trials("bow", config)] == [True, False]


def test_a_model_without_a_setting_to_draw_has_one_trial() -> None:
    keys = tuple(search_space("lstm", Config()))
    assert draw_trials("lstm", tuned(4, run_tune_fixed=keys)) == [{}]


def test_a_fixed_key_is_not_drawn_and_of_a_fixed_list_one_value_is() -> None:
    config = load_config(
        None, ["networks.units=96", "baselines.tfidf_strengths=2,4"], {"run.tune": 20, "run.quick": False}
    )
    assert all("networks.units" not in trial for trial in draw_trials("lstm", config))
    drawn = {trial["baselines.tfidf_strengths"] for trial in draw_trials("tfidf", config)}
    assert drawn == {(2.0,), (4.0,)}


def test_quick_keeps_its_smaller_networks() -> None:
    assert "networks.units" in search_space("lstm", tuned(2))
    assert "networks.units" not in search_space("lstm", tuned(2, run_quick=True))


def test_the_longest_n_gram_is_never_shorter_than_the_shortest() -> None:
    trials = draw_trials("bow", tuned(30, baselines_ngram_min=2))
    assert {trial["baselines.ngram_max"] for trial in trials} == {2, 3}


def test_trials_that_count_the_same_n_grams_follow_each_other_the_defaults_first() -> None:
    trials = draw_trials("bow", tuned(20))
    ordered = in_order(trials)
    assert ordered[0] == (1, trials[0])
    assert sorted(number for number, _ in ordered) == list(range(1, 21))
    assert all(trials[number - 1] == settings for number, settings in ordered)
    counts = [(settings["baselines.ngram_max"], settings["baselines.min_df"]) for _, settings in ordered]
    assert len(list(itertools.groupby(counts))) == len(set(counts))


def test_a_log_uniform_number_is_as_likely_in_each_power_of_ten() -> None:
    space = search_space("nbsvm", Config())["baselines.nbsvm_strengths"]  # 0.01 to 100: four powers of ten
    generator = np.random.default_rng(5)
    drawn = np.array([space.draw(generator) for _ in range(4000)], dtype=float)
    shares = np.histogram(np.log10(drawn), bins=[-2, -1, 0, 1, 2])[0] / 4000
    np.testing.assert_allclose(shares, 0.25, atol=0.03)  # more than four standard errors
    assert all(float(f"{value:.3g}") == value for value in drawn)


# --- what is chosen --------------------------------------------------------------------------------------


def trial(
    number: int, accuracy: float | None, log_loss: float | None = 0.5, why_not: str | None = None
) -> Trial:
    return Trial(number, {"networks.units": number}, Score(accuracy, log_loss, why_not), 2.0)


@pytest.mark.parametrize(
    ("trials", "chosen"),
    [
        ([trial(1, 0.9, 0.4), trial(2, 0.8, 0.3), trial(3, 0.85, 0.35)], 2),
        ([trial(1, 0.8, 0.3), trial(2, 0.9, 0.3)], 2),
        ([trial(2, 0.9, 0.3), trial(1, 0.9, 0.3)], 1),
        ([trial(1, 0.9, math.nan), trial(2, 0.9, 7.0)], 2),
        ([trial(1, 0.6, 0.9), trial(2, 0.9, 0.1, "it did not train")], 1),
        ([trial(1, 0.6, why_not="it did not train"), trial(2, None, None, "no n-gram")], 1),
    ],
)
def test_log_loss_chooses_then_accuracy_then_order(trials: list[Trial], chosen: int) -> None:
    assert choose(trials).number == chosen


def judged(number: int, by_metric: float | None, log_loss: float, why_not: str | None = None) -> Trial:
    return Trial(number, {"networks.units": number}, Score(0.9, log_loss, why_not, by_metric, 0.04), 2.0)


@pytest.mark.parametrize(
    ("trials", "chosen"),
    [
        ([judged(1, 0.80, 0.5), judged(2, 0.75, 0.3)], 1),
        ([judged(1, 0.80, 0.5), judged(2, 0.77, 0.3)], 2),
        ([judged(1, 0.80, 0.5, "it did not train"), judged(2, 0.70, 0.6)], 2),
        ([judged(1, None, 0.5), judged(2, None, 0.3)], 2),
    ],
)
def test_another_metric_than_accuracy_chooses_and_log_loss_among_those_that_are_level(
    trials: list[Trial], chosen: int
) -> None:
    assert choose(trials).number == chosen


# --- the expected best -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scores", [[0.5], [0.5, 1.0], [0.7, 0.6, 0.9], [0.8, 0.6, 0.8, 0.1], [0.3] * 4])
def test_the_expected_best_is_the_mean_over_all_draws_with_replacement(scores: list[float]) -> None:
    slow = [
        np.mean([max(drawn) for drawn in itertools.product(scores, repeat=n)])
        for n in range(1, len(scores) + 1)
    ]
    assert expected_best(scores) == pytest.approx(slow)


def test_nothing_tried_has_no_expectation() -> None:
    assert expected_best([]) == []


# --- what is kept ----------------------------------------------------------------------------------------


def test_a_family_is_described_in_the_order_of_its_trials() -> None:
    tried = {
        ("lstm@word2vec", "lstm", 0): [trial(1, 0.5), trial(3, 1.0, 0.1), trial(2, None, None, "no fit")]
    }
    (family,) = describe_families(tried, tuned(3))
    assert [entry.trial for entry in family.trials] == [1, 2, 3]
    assert (family.name, family.fold, family.chosen, family.seconds) == (
        "lstm@word2vec",
        0,
        3,
        6.0,
    )
    assert family.expected_validation_accuracy == pytest.approx(tuple(expected_best([0.5, 0.0, 1.0])))
    assert plain(family.trials[1]) == {
        "trial": 2,
        "settings": {"networks.units": 2},
        "validation_accuracy": None,
        "validation_log_loss": None,
        "validation_score": None,
        "why_not": "no fit",
        "seconds": 2.0,
    }


def test_the_score_that_chose_stands_beside_each_trial() -> None:
    tried = {("bow", "bow", 0): [judged(1, 0.80, 0.5), judged(2, 0.77, 0.3)]}
    (family,) = describe_families(tried, tuned(2))
    assert family.chosen == 2
    assert [entry.validation_score for entry in family.trials] == [0.80, 0.77]


def test_a_family_that_was_stopped_has_chosen_nothing() -> None:
    (family,) = describe_families({("lstm@word2vec", "lstm", 1): [trial(1, 0.5)]}, tuned(3))
    assert (family.chosen, family.asked) == (None, 3)


def test_the_space_says_what_is_drawn_and_what_is_kept() -> None:
    config = load_config(
        None, ["networks.dropout=0.1", "baselines.bow_strengths=3,0.5,1"], {"run.tune": 2, "run.quick": True}
    )
    rows = {
        (row.model, row.key): row
        for row in describe_space(["majority", "bow", "lstm"], config, n_train=40).space
    }
    assert {model for model, _ in rows} == {"bow", "lstm"}
    kept = ("first", "distribution", "fixed_by")
    shown = {key: tuple(getattr(row, name) for name in kept) for key, row in rows.items()}
    assert shown["bow", "baselines.ngram_max"] == (2, "one of 1, 2, 3", None)
    assert shown["bow", "baselines.bow_binary"] == (True, "one of true, false", None)
    assert shown["bow", "baselines.bow_strengths"] == ((1.0,), "one of 3, 0.5, 1", "given")
    assert shown["lstm", "networks.dropout"] == (0.1, None, "given")
    assert shown["lstm", "networks.units"] == (64, None, "--quick")
    assert shown["lstm", "networks.batch_size"][0] == 16
    assert shown["lstm", "networks.embedding_dropout"] == (0.2, "uniform from 0 to 0.5", None)
