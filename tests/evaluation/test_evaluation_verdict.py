"""The verdict: who is compared, chosen how, and the whole sentence."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import answered
from filled import typed

from pipeline.core.files import plain
from pipeline.core.fits import Fit
from pipeline.core.wording import METRIC_NAMES, METRIC_WORDS, with_head
from pipeline.evaluation.choices import merits_by_fold
from pipeline.evaluation.claims import MORE, PERHAPS_LESS, Against, Claim
from pipeline.evaluation.pairs import (
    ChosenNetwork,
    baselines_of,
    best_baseline,
    best_network,
    by_loss_where_level,
    choose_network,
    merits_to_choose_by,
)
from pipeline.evaluation.pooling import pool_folds
from pipeline.evaluation.verdict import Question, agreement, ask, count_trainings, decide_verdict, no_verdict
from pipeline.run_folder.metrics.comparisons import Comparison, Trainings, Verdict
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.settings.tables import Config, with_values
from pipeline.tasks.answers import Predictions
from pipeline.tasks.table import METRICS

KINDS = {
    "majority": "control",
    "bow": "baseline",
    "tfidf": "baseline",
    "rnn@w": "network",
    "lstm@w": "network",
}
MERITS = {"majority": 0.99, "bow": 0.90, "tfidf": 0.97, "rnn@w": 0.80, "lstm@w": 0.95}


def saved(name, n_right, seed=0, fold=0, documents=range(1000)):
    return answered(name, np.arange(len(documents)) < n_right, seed, fold, documents)


SAVED = [
    saved("lstm@w", 951),
    saved("lstm@w", 955, seed=1),
    saved("tfidf", 971),
    saved("bow", 930),
    saved("nbsvm", 920),
]


def row(
    b: str, difference: float, low: float, high: float, p: float, claim: Claim, minimum: float | None = 0.0231
) -> Comparison:
    given = {"a": "lstm@w", "b": b, "difference": difference, "ci95": [low, high], "p_value": p}
    given |= {"p_adjusted": min(1.0, 2 * p), "decision": claim.decision, "by": claim.by}
    return typed(Comparison, given | {"minimum_detectable_difference": minimum})


def verdict_of(
    decision: str,
    by: str | None = None,
    difference: float = -0.018,
    low: float = -0.031,
    high: float = -0.004,
    p: float = 0.001,
    *,
    others: tuple[str, ...] = (),
    entries: list[SavedPredictions] = SAVED,
    trained: bool = True,
    rope: float = 0.01,
    metric: str = "accuracy",
    minimum: float | None = 0.0231,
) -> Verdict:
    claim = Claim(decision, by)
    rows = [row("tfidf", difference, low, high, p, claim, minimum)]
    rows += [row(name, 0.02, 0.01, 0.03, 0.001, Claim("beats", PERHAPS_LESS)) for name in others]
    against = Against(claim, "tfidf", {one.b: claim for one in rows}, {})
    question = Question(ChosenNetwork({0: "lstm@w"}), pool_folds(entries), rows, against, trained)
    return decide_verdict(question, rope=rope, metric=metric)


def test_the_verdict_has_the_row_that_decides_and_those_of_all_baselines() -> None:
    verdict = verdict_of("loses", PERHAPS_LESS, others=("bow",))
    assert [one.b for one in verdict.against] == ["tfidf", "bow"]
    assert plain(replace(verdict, against=())) == {
        "against": [],
        "a": "lstm@w",
        "b": "tfidf",
        "decision": "loses",
        "by": "perhaps less",
        "rope": 0.01,
        "minimum_detectable_difference": 0.0231,
        "metric": "accuracy",
        # alone, 20 and 16 more of 1,000 are wrong, none more right
        "trainings": {"n": 2, "better": 0, "worse": 2, "clearly_better": 0, "clearly_worse": 2},
        "beside": [],
        "sentence": (
            "On these 1,000 test documents lstm@w (last state) loses to tfidf, one of 2 baselines, "
            "perhaps by less than 1 point: 95.3 % against 97.1 %, "
            "a difference of -1.8 points (95 % interval -3.1 to -0.4)."
        ),
    }


ON_THESE = "On these 1,000 test documents "
FOUND = "On these 1,000 test documents a true difference of 2.3 points would be found four times out of five, and "


@pytest.mark.parametrize(
    ("claim", "others", "sentence"),
    [
        (
            ("beats", MORE, 0.018, 0.011, 0.025),
            (),
            ON_THESE + "lstm@w (last state) beats tfidf, by more than 1 point: 95.3 % against 97.1 %, "
            "a difference of +1.8 points (95 % interval +1.1 to +2.5).",
        ),
        (
            ("beats", PERHAPS_LESS, 0.018, 0.004, 0.031),
            ("bow", "nbsvm"),
            ON_THESE + "lstm@w (last state) beats every baseline (3 of them), perhaps by less than 1 point; "
            "the closest is tfidf: 95.3 % against 97.1 %, "
            "a difference of +1.8 points (95 % interval +0.4 to +3.1).",
        ),
        (
            ("loses", MORE, -0.018, -0.025, -0.011),
            ("bow", "nbsvm"),
            ON_THESE + "lstm@w (last state) loses to tfidf, one of 3 baselines, by more than 1 point: "
            "95.3 % against 97.1 %, a difference of -1.8 points (95 % interval -2.5 to -1.1).",
        ),
        (
            ("equal", None, -0.0001, -0.009, 0.008, 0.9),
            (),
            FOUND + "lstm@w (last state) and tfidf are equal within 1 point: 95.3 % against 97.1 %, "
            "a difference of +0.0 points (95 % interval -0.9 to +0.8).",
        ),
        (
            ("equal", None, 0.005, 0.001, 0.009),
            ("bow",),
            FOUND + "lstm@w (last state) and tfidf, one of 2 baselines, are equal within 1 point: "
            "95.3 % against 97.1 %, a difference of +0.5 points (95 % interval +0.1 to +0.9). "
            "The difference is not zero, but too small to matter. "
            "Against the other baseline it is at most 1 point worse, if it is worse at all.",
        ),
        (
            ("equal", None, 0.0, -0.009, 0.009, 0.9),
            ("bow", "nbsvm"),
            FOUND + "lstm@w (last state) and tfidf, one of 3 baselines, are equal within 1 point: "
            "95.3 % against 97.1 %, a difference of +0.0 points (95 % interval -0.9 to +0.9). "
            "Against each of the other 2 baselines it is at most 1 point worse, if it is worse at all.",
        ),
        (
            ("cannot tell", None, -0.018, -0.031, -0.004, 0.031),
            ("bow",),
            FOUND + "it cannot be told whether lstm@w (last state) or tfidf, one of 2 baselines, is better: "
            "95.3 % against 97.1 %, a difference of -1.8 points (95 % interval -3.1 to -0.4). "
            "Corrected for the 2 baselines the p-value is 0.06, not below 0.05. "
            "Both trainings are worse than tfidf, each beyond the chance of documents; "
            "by how much such networks are worse cannot be told.",
        ),
    ],
)
def test_sentences(claim: tuple[Any, ...], others: tuple[str, ...], sentence: str) -> None:
    assert verdict_of(*claim, others=others).sentence == sentence


def test_without_a_region_no_size_is_said() -> None:
    assert verdict_of("loses", MORE, rope=0.0).sentence == (
        ON_THESE + "lstm@w (last state) loses to tfidf: 95.3 % against 97.1 %, "
        "a difference of -1.8 points (95 % interval -3.1 to -0.4)."
    )


def test_a_difference_that_accuracy_cannot_have_is_not_named() -> None:
    sentence = verdict_of("cannot tell", None, -0.2, -0.9, 0.5, 0.4, minimum=1.04).sentence
    assert sentence.startswith(
        ON_THESE + "no true difference that accuracy can have would be found four times "
        "out of five, and it cannot be told whether lstm@w (last state) or tfidf is better: "
        "95.3 % against 97.1 %, a difference of -20.0 points (95 % interval -90.0 to +50.0)."
    )


def test_few_documents_have_no_smallest_difference() -> None:
    verdict = verdict_of("cannot tell", None, -0.004, -0.009, 0.001, 0.2, rope=0.001, minimum=None)
    assert verdict.minimum_detectable_difference is None
    assert verdict.sentence.startswith(
        ON_THESE + "fewer than ten documents tell the two apart, and it cannot be told whether"
    )


def test_one_seed_speaks_of_this_fitted_model_only() -> None:
    sentence = verdict_of("loses", MORE, entries=[SAVED[0], SAVED[2]]).sentence
    assert sentence.endswith(" This is about this fitted model only: it was trained with one seed.")
    assert "trainings" not in verdict_of("cannot tell", p=0.4, entries=[SAVED[0], SAVED[2]]).sentence


@pytest.mark.parametrize(
    ("trainings", "said"),
    [
        (Trainings(3, 0, 3, 0, 3), ("each beyond chance", "worse")),
        (Trainings(3, 0, 3, 0, 2), ("same direction", "worse")),
        (Trainings(3, 3, 0, 3, 0), ("each beyond chance", "better")),
        (Trainings(3, 1, 2, 0, 2), None),
        (Trainings(3, 0, 2, 0, 2), None),  # one is neither
        (Trainings(1, 0, 1, 0, 1), None),
    ],
)
def test_what_all_trainings_say(trainings: Trainings, said: tuple[str, str] | None) -> None:
    assert agreement(trainings) == said


def test_trainings_are_compared_one_by_one() -> None:
    pooled = pool_folds([saved("a", 950), saved("a", 899, seed=1), saved("a", 900, seed=2), saved("b", 900)])
    assert count_trainings(pooled["a"], pooled["b"]) == Trainings(3, 1, 1, 1, 0)


def test_one_collapsed_training_leaves_the_size_open_and_not_the_direction() -> None:
    """Three trainings below, one of them far: together nothing is told, and the sentence says what is known."""
    entries = [saved("lstm@w", right, seed) for seed, right in enumerate((944, 946, 880))]
    question = ask([*entries, saved("tfidf", 970)], ChosenNetwork({0: "lstm@w"}), ["tfidf"], 0.01)
    verdict = decide_verdict(question, rope=0.01)
    assert verdict.decision == "cannot tell"
    assert verdict.sentence.endswith(
        " All 3 trainings are worse than tfidf, each beyond the chance of documents; "
        "by how much such networks are worse cannot be told."
    )


def test_folds_test_every_document_once() -> None:
    folds = [
        saved(name, 480, seed, fold, range(500 * fold, 500 * fold + 500))
        for name in ("lstm@w", "tfidf")
        for seed in (0, 1)
        for fold in (0, 1)
    ]
    sentence = verdict_of("equal", None, 0.0, -0.005, 0.005, 0.9, entries=folds, rope=0.005).sentence
    assert sentence == (
        "On these 1,000 documents, each tested once, a true difference of 2.3 points would be found four "
        "times out of five, and lstm@w (last state) and tfidf are equal within 0.5 points: "
        "96.0 % against 96.0 %, a difference of +0.0 points (95 % interval -0.5 to +0.5)."
    )


def test_a_network_that_did_not_train_has_no_verdict() -> None:
    verdict = verdict_of("loses", MORE, trained=False)
    assert (verdict.decision, verdict.by) == ("withheld", None)
    assert verdict.sentence == (
        ON_THESE
        + "at least one of the 2 fits of lstm@w (last state) did not train, so the verdict is withheld: "
        "95.3 % against 97.1 % for tfidf says nothing of what such a network can do here."
    )


@pytest.mark.parametrize(
    ("a", "baselines", "sentence"),
    [
        ("lstm@w", [], "There is no verdict: no baseline was run."),
        (None, ["bow"], "There is no verdict: no network was run."),
        (None, [], "There is no verdict: no network and no baseline was run."),
    ],
)
def test_nothing_to_compare(a: str | None, baselines: list[str], sentence: str) -> None:
    verdict = no_verdict(a, baselines, rope=0.01)
    assert (verdict.a, verdict.b, verdict.decision, verdict.against) == (a, None, None, ())
    assert verdict.sentence == sentence


def test_a_network_that_was_planned_and_has_no_fit_is_said_to_lack_one() -> None:
    verdict = no_verdict(None, [], rope=0.01, planned={"network"})
    assert verdict.sentence == "There is no verdict: no baseline was run and no network has finished."


def test_the_question_is_put_to_every_baseline_whatever_else_was_run() -> None:
    alone = ask(SAVED, ChosenNetwork({0: "lstm@w"}), ["bow", "tfidf"], 0.01)
    more = ask([*SAVED, saved("rnn@w", 400)], ChosenNetwork({0: "lstm@w"}), ["bow", "tfidf"], 0.01)
    assert [(one.a, one.b, one.family) for one in alone.rows] == [
        ("lstm@w", "bow", "verdict"),
        ("lstm@w", "tfidf", "verdict"),
    ]
    assert more.rows == alone.rows
    assert alone.against.claim.decision == "loses"


# --- by another metric


def answers(name: str, *rows: tuple[int, int, int], seed: int = 0) -> SavedPredictions:
    """Return predictions of (documents, label, answer), sure at 0.8."""
    labels = np.repeat([label for _, label, _ in rows], [n for n, _, _ in rows]).astype(np.int32)
    said = np.repeat([answer for _, _, answer in rows], [n for n, _, _ in rows])
    probabilities = np.full((len(labels), 2), 0.2, np.float32)
    probabilities[np.arange(len(labels)), said] = 0.8
    return SavedPredictions(
        name, seed, 0, "h", ("no", "yes"), Predictions(np.arange(len(labels)), labels, probabilities)
    )


# 90 of "no", 10 of "yes". The network has 5 of each wrong, the baseline all 10 of "yes".
RARE = [
    answers("lstm@w", (85, 0, 0), (5, 0, 1), (5, 1, 0), (5, 1, 1)),
    answers("tfidf", (90, 0, 0), (10, 1, 0)),
]


def of_metric(metric: str, rope: float = 0.01) -> dict[str, Any]:
    question = ask(RARE, ChosenNetwork({0: "lstm@w"}), ["tfidf"], rope, metric=metric)
    return decide_verdict(question, rope=rope, metric=metric, skewed=True)


def test_macro_f1_decides_where_it_was_asked_for() -> None:
    """F1 of the network: 170 / 180 and 10 / 20, 72.2; of the baseline: 180 / 190 and 0, 47.4."""
    verdict = of_metric("macro-f1")
    assert (verdict.metric, verdict.decision) == ("macro-f1", "beats")
    assert "macro F1 72.2 against 47.4, a difference of +24.9 points (95 % interval +" in verdict.sentence
    (accuracy,) = verdict.beside
    assert (accuracy.metric, accuracy.a, accuracy.b) == ("accuracy", 0.9, 0.9)
    assert accuracy.difference == pytest.approx(0.0)
    assert [one.metric for one in of_metric("accuracy").beside] == ["macro-f1"]
    assert [one.metric for one in of_metric("balanced-accuracy").beside] == ["accuracy", "macro-f1"]


def test_one_test_document_is_called_one() -> None:
    one = [answers("lstm@w", (1, 0, 0)), answers("tfidf", (1, 0, 0))]
    question = ask(one, ChosenNetwork({0: "lstm@w"}), ["tfidf"], 0.01, metric="accuracy")
    verdict = decide_verdict(question, rope=0.01, metric="accuracy", skewed=False)
    assert verdict.sentence.startswith(
        "On this one test document fewer than ten documents tell the two apart"
    )


def test_log_loss_is_said_so_that_nobody_takes_less_for_worse() -> None:
    """The network is 10 times wrong with 0.2 and 90 times right with 0.8; so is the baseline: both 0.3618."""
    assert "log loss 0.362 against 0.362 (lower is better)" in of_metric("log-loss").sentence
    words = METRIC_WORDS["log-loss"]
    assert words.figures(0.312, 0.345, 0.033, [0.01, 0.056]) == (
        "log loss 0.312 against 0.345 (lower is better), better by 0.033 nats (95 % interval 0.010 to 0.056 better)"
    )
    assert words.figures(0.345, 0.312, -0.033, [-0.056, -0.01]).endswith(
        "worse by 0.033 nats (95 % interval 0.010 to 0.056 worse)"
    )
    assert words.exact(0.01) == "0.01 nats"


def test_each_metric_has_its_setting_and_its_words() -> None:
    assert set(METRIC_NAMES) == set(METRICS) == set(METRIC_WORDS)
    assert {name: METRICS[name].words for name in METRICS} == {n: METRIC_WORDS[n].name for n in METRICS}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rnn@word2vec", "rnn@word2vec (last state)"),
        ("bilstm@random", "bilstm@random (max+mean)"),
        ("lstm:last@random", "lstm:last@random"),
        ("gru:shuffled-words@random", "gru:shuffled-words@random"),
        ("ann@random", "ann@random"),
        ("bert@v2", "bert@v2"),
    ],
)
def test_a_sentence_adds_the_head_that_a_network_has_where_its_name_says_none(name: str, said: str) -> None:
    assert with_head(name) == said


# --- who is compared


def test_every_baseline_is_met_and_a_control_only_where_there_is_no_other() -> None:
    assert baselines_of(KINDS) == ["bow", "tfidf"]
    assert best_baseline(KINDS, MERITS) == "tfidf"
    alone = {"lstm:shuffled-words@w": "control", "majority": "control", "lstm@w": "network"}
    assert baselines_of(alone) == ["majority"]
    assert best_network(alone, MERITS) == "lstm@w"
    assert baselines_of({"lstm:shuffled-words@w": "control"}) == []
    assert best_baseline({"lstm:shuffled-words@w": "control"}, {"lstm:shuffled-words@w": 1.0}) is None


def test_the_first_of_equals_is_chosen() -> None:
    assert best_baseline({"tfidf": "baseline", "bow": "baseline"}, {"tfidf": 0.9, "bow": 0.9}) == "tfidf"


@pytest.mark.parametrize(
    ("losses", "error", "chosen"),
    [
        ({"lstm@w": 0.05, "rnn@w": 0.04}, 0.02, "rnn@w"),
        ({"lstm@w": 0.05, "rnn@w": 0.04}, 0.01, "lstm@w"),  # they are not level
        ({"lstm@w": 0.03, "rnn@w": 0.04}, 0.02, "lstm@w"),
        ({"lstm@w": 0.05}, 0.02, "lstm@w"),  # a training of rnn did not train
        ({"lstm@w": 0.05, "rnn@w": math.inf}, 0.02, "lstm@w"),
        ({"lstm@w": math.nan, "rnn@w": math.nan}, 0.02, "lstm@w"),
        ({}, 0.02, "lstm@w"),
        ({"lstm@w": 0.05, "rnn@w": 0.04}, 0.0, "lstm@w"),  # fits of earlier versions have no error
    ],
)
def test_of_networks_that_are_level_the_lowest_loss_is_chosen(
    losses: dict[str, float], error: float, chosen: str
) -> None:
    merits = {"lstm@w": 0.96, "rnn@w": 0.945, "bow": 0.5}
    moved = by_loss_where_level(merits, losses, {"lstm@w": error, "rnn@w": 0.5}, ["lstm@w", "rnn@w"])
    assert best_network({"lstm@w": "network", "rnn@w": "network"}, moved) == chosen
    assert moved["bow"] == 0.5
    assert max(moved.values()) == pytest.approx(0.96, abs=1e-12)


@pytest.mark.parametrize(("metric", "chosen"), [("accuracy", "rnn@w"), ("log-loss", "lstm@w")])
def test_where_log_loss_is_the_metric_no_other_loss_chooses(metric: str, chosen: str) -> None:
    """The loss of a training may weigh classes, and is then not the log loss that was asked for."""
    scores = {"accuracy": (0.96, 0.95), "log-loss": (0.30, 0.31)}[metric]
    fits = [
        Fit(name, 0, 0, validation_score=score, validation_loss=loss, validation_error=0.05)
        for name, score, loss in zip(("lstm@w", "rnn@w"), scores, (0.5, 0.4), strict=True)
    ]
    kinds = {"lstm@w": "network", "rnn@w": "network"}
    merits = merits_by_fold(fits, with_values(Config(), {"run.metric": metric}), kinds)[0]
    assert best_network(kinds, merits) == chosen


FOLDS = {0: MERITS, 1: MERITS | {"rnn@w": 0.99}, 2: MERITS | {"rnn@w": 0.94}}


def test_each_fold_chooses_by_its_own_validation_documents() -> None:
    chosen = choose_network(KINDS, FOLDS)
    assert chosen is not None
    assert dict(chosen.of_fold) == {0: "lstm@w", 1: "rnn@w", 2: "lstm@w"}
    assert chosen.name == "lstm@w in 2 folds, rnn@w in 1"
    assert chosen.spoken == (
        "the network chosen in each fold (lstm@w (last state) in 2 folds, rnn@w (last state) in 1)"
    )
    assert choose_network({"bow": "baseline"}, FOLDS) is None


def test_what_was_chosen_answers_each_fold_with_its_network() -> None:
    """The mean over folds would choose lstm, which fold 1 did not; a seed that one network lacks is left out."""
    entries = [
        saved(name, n_right, seed, fold, range(10 * fold, 10 * fold + 10))
        for name, n_right, seeds in (("lstm@w", 7, 3), ("rnn@w", 4, 2))
        for seed in range(seeds)
        for fold in range(3)
    ]
    chosen = choose_network(KINDS, FOLDS)
    assert chosen is not None
    found = pool_folds(chosen.entries(entries))
    (runs,) = found.values()
    assert list(found) == ["lstm@w in 2 folds, rnn@w in 1"]
    assert [(run.seed, run.right.reshape(3, 10).sum(axis=1).tolist()) for run in runs] == [
        (0, [7, 4, 7]),
        (1, [7, 4, 7]),
    ]
    assert ChosenNetwork({0: "lstm@w", 1: "lstm@w"}).entries(entries) == []  # it is a model of the run


def test_with_folds_nothing_is_chosen_for_the_whole_run() -> None:
    assert merits_to_choose_by({0: MERITS}, list(KINDS)) == MERITS
    assert merits_to_choose_by(FOLDS, ["bow", "tfidf"]) == {"bow": 0.0, "tfidf": 0.0}
