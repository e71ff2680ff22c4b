"""The verdict: who is compared, chosen how, and the whole sentence."""

import numpy as np
import pytest

from pipeline.evaluation import best_baseline, best_network, decide_verdict
from pipeline.prediction_files import SavedPredictions
from pipeline.values import Predictions

KINDS = {
    "majority": "control",
    "bow": "baseline",
    "tfidf": "baseline",
    "rnn@w": "network",
    "lstm@w": "network",
}
VALIDATION = {"majority": 0.99, "bow": 0.90, "tfidf": 0.97, "rnn@w": 0.80, "lstm@w": 0.95}
TRAINED = dict.fromkeys(KINDS, True)


def saved(name, n_right, seed=0, fold=0, documents=range(1000)):
    documents = np.array(documents)
    right = (np.arange(len(documents)) < n_right).astype(np.float32)
    predictions = Predictions(documents, np.ones(len(right), np.int32), np.stack([1 - right, right], axis=1))
    return SavedPredictions(name, seed, fold, "h", ("no", "yes"), predictions)


SAVED = [saved("lstm@w", 951), saved("lstm@w", 955, seed=1), saved("tfidf", 971), saved("rnn@w", 400)]


def compared(decision, difference=-0.018, low=-0.031, high=-0.004, p_adjusted=0.001):
    row = {"a": "lstm@w", "b": "tfidf", "metric": "accuracy", "difference": difference, "ci95": [low, high]}
    row |= {"p_value": p_adjusted / 2, "p_adjusted": p_adjusted, "decision": decision}
    return [{"a": "rnn@w", "b": "tfidf"}, row | {"minimum_detectable_difference": 0.0231}]


def verdict_of(comparisons, saved_predictions=SAVED, trained=TRAINED, rope=0.01):
    return decide_verdict(KINDS, VALIDATION, trained, comparisons, saved_predictions, rope=rope)


def test_the_verdict_names_the_best_of_each_kind():
    assert verdict_of(compared("loses")) == {
        "a": "lstm@w",
        "b": "tfidf",
        "decision": "loses",
        "rope": 0.01,
        "minimum_detectable_difference": 0.0231,
        "sentence": (
            "On these 1,000 test documents lstm@w loses to tfidf: 95.3 % against 97.1 %, "
            "a difference of -1.8 points (95 % interval -3.1 to -0.4)."
        ),
    }


@pytest.mark.parametrize(
    ("comparisons", "sentence"),
    [
        (
            compared("beats", 0.018, 0.004, 0.031),
            "On these 1,000 test documents lstm@w beats tfidf: 95.3 % against 97.1 %, "
            "a difference of +1.8 points (95 % interval +0.4 to +3.1).",
        ),
        (
            compared("equal", -0.0001, -0.009, 0.008, p_adjusted=0.9),
            "On these 1,000 test documents a true difference of 2.3 points would be found four times out of "
            "five, and lstm@w and tfidf are equal within 1 point: 95.3 % against 97.1 %, "
            "a difference of +0.0 points (95 % interval -0.9 to +0.8).",
        ),
        (
            compared("equal", 0.005, 0.001, 0.009),
            "On these 1,000 test documents a true difference of 2.3 points would be found four times out of "
            "five, and lstm@w and tfidf are equal within 1 point: 95.3 % against 97.1 %, "
            "a difference of +0.5 points (95 % interval +0.1 to +0.9). "
            "The difference is not zero, but too small to matter.",
        ),
        (
            compared("cannot tell", -0.011, -0.027, 0.005, p_adjusted=0.4),
            "On these 1,000 test documents a true difference of 2.3 points would be found four times out of "
            "five, and it cannot be told whether lstm@w or tfidf is better: "
            "95.3 % against 97.1 %, a difference of -1.1 points (95 % interval -2.7 to +0.5).",
        ),
        (
            compared("cannot tell", p_adjusted=0.062),
            "On these 1,000 test documents a true difference of 2.3 points would be found four times out of "
            "five, and it cannot be told whether lstm@w or tfidf is better: "
            "95.3 % against 97.1 %, a difference of -1.8 points (95 % interval -3.1 to -0.4). "
            "Corrected for the 2 comparisons of this run the p-value is 0.06, not below 0.05.",
        ),
    ],
)
def test_sentences(comparisons, sentence):
    assert verdict_of(comparisons)["sentence"] == sentence


def test_a_difference_that_accuracy_cannot_have_is_not_named():
    rows = [
        row | {"minimum_detectable_difference": 1.04}
        for row in compared("cannot tell", -0.2, -0.9, 0.5, p_adjusted=0.4)
    ]
    assert verdict_of(rows)["sentence"] == (
        "On these 1,000 test documents no true difference that accuracy can have would be found four times "
        "out of five, and it cannot be told whether lstm@w or tfidf is better: "
        "95.3 % against 97.1 %, a difference of -20.0 points (95 % interval -90.0 to +50.0)."
    )


def test_one_seed_speaks_of_this_fitted_model_only():
    sentence = verdict_of(compared("loses"), [SAVED[0], SAVED[2]])["sentence"]
    assert sentence == (
        "On these 1,000 test documents lstm@w loses to tfidf: 95.1 % against 97.1 %, "
        "a difference of -1.8 points (95 % interval -3.1 to -0.4). "
        "This is about this fitted model only: it was trained with one seed."
    )


def test_folds_test_every_document_once():
    folds = [
        saved(name, 480, seed, fold, range(500 * fold, 500 * fold + 500))
        for name in ("lstm@w", "tfidf")
        for seed in (0, 1)
        for fold in (0, 1)
    ]
    sentence = verdict_of(compared("equal", 0, -0.005, 0.005), folds, rope=0.005)["sentence"]
    assert sentence == (
        "On these 1,000 documents, each tested once, a true difference of 2.3 points would be found four "
        "times out of five, and lstm@w and tfidf are equal within 0.5 points: "
        "96.0 % against 96.0 %, a difference of +0.0 points (95 % interval -0.5 to +0.5)."
    )


def test_a_network_that_did_not_train_has_no_verdict():
    verdict = verdict_of(compared("loses"), trained=TRAINED | {"lstm@w": False})
    assert verdict["decision"] == "withheld"
    assert verdict["sentence"] == (
        "On these 1,000 test documents at least one of the 2 fits of lstm@w did not train, so the verdict is withheld: "
        "95.3 % against 97.1 % for tfidf says nothing of what such a network can do here."
    )


def test_another_network_that_did_not_train_does_not_matter():
    assert verdict_of(compared("loses"), trained={"rnn@w": False})["decision"] == "loses"


@pytest.mark.parametrize(
    ("kinds", "a", "b", "sentence"),
    [
        ({"lstm@w": "network"}, "lstm@w", None, "There is no verdict: no baseline was run."),
        ({"bow": "baseline"}, None, "bow", "There is no verdict: no network was run."),
        ({}, None, None, "There is no verdict: no network and no baseline was run."),
    ],
)
def test_nothing_to_compare(kinds, a, b, sentence):
    assert decide_verdict(kinds, VALIDATION, TRAINED, [], [], rope=0.01) == {
        "a": a,
        "b": b,
        "decision": None,
        "rope": 0.01,
        "minimum_detectable_difference": None,
        "sentence": sentence,
    }


def test_the_pair_must_have_been_compared():
    with pytest.raises(ValueError, match=r"^lstm@w and tfidf were not compared$"):
        verdict_of([])


def test_a_control_is_the_baseline_only_where_there_is_no_other():
    assert best_baseline(KINDS, VALIDATION) == "tfidf"
    alone = {"lstm:shuffled-words@w": "control", "majority": "control", "lstm@w": "network"}
    assert best_baseline(alone, VALIDATION | {"lstm:shuffled-words@w": 1.0}) == "majority"
    assert best_baseline({"lstm:shuffled-words@w": "control"}, {"lstm:shuffled-words@w": 1.0}) is None
    assert best_network(alone, VALIDATION) == "lstm@w"


def test_the_first_of_equals_is_chosen():
    assert best_baseline({"tfidf": "baseline", "bow": "baseline"}, {"tfidf": 0.9, "bow": 0.9}) == "tfidf"
