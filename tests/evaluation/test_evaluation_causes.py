"""The ladder read as causes: which pairs show which cause, in which words, and by document length."""

import numpy as np
import pytest
from builders import answered
from filled import typed

from pipeline.evaluation.comparisons import compare
from pipeline.evaluation.contrasts import find_causes, find_gains
from pipeline.evaluation.differences import estimate_difference, paired_runs
from pipeline.evaluation.pairs import planned_pairs
from pipeline.evaluation.pooling import pool_folds
from pipeline.run_folder.metrics.comparisons import Cause, Comparison, Gains

LADDER = {
    "tfidf": "baseline",
    "mean@word2vec": "control",
    "mean@random": "control",
    "ann@word2vec": "network",
    "rnn@word2vec": "network",
    "lstm@word2vec": "network",
    "lstm@word2vec:tuned": "network",
    "lstm:max@word2vec": "network",
    "rnn:max@word2vec": "network",
    "lstm:shuffled-words@word2vec": "control",
}


def row(a, b, decision="beats", difference=0.02, low=0.01, high=0.03, method="documents and seeds"):
    given = {"a": a, "b": b, "difference": difference, "ci95": [low, high], "p_adjusted": 0.01}
    given |= {"decision": decision, "minimum_detectable_difference": 0.023, "method": method}
    return typed(Comparison, given)


def gain(effect, a, b):
    return typed(Gains, {"model": "lstm", "effects": [{"effect": effect, "a": a, "b": b}]})


def causes_of(rows, gains=(), trained=None):
    return find_causes(rows, gains, trained or {}, [])


def test_every_cause_of_a_whole_ladder():
    validation = dict.fromkeys(LADDER, 0.5)
    everything = [answered(name, [1, 0, 1, 1]) for name in LADDER]
    comparisons = compare(everything, planned_pairs(LADDER, validation), 0.01)
    gains = find_gains(comparisons, validation, {})
    found = find_causes(comparisons, gains, {}, everything)
    assert [(entry.cause, entry.a, entry.b) for entry in found] == [
        ("representation", "mean@word2vec", "tfidf"),
        ("pretraining", "mean@word2vec", "mean@random"),
        ("fine-tuning", "lstm@word2vec:tuned", "lstm@word2vec"),
        ("capacity", "ann@word2vec", "mean@word2vec"),
        ("order", "lstm@word2vec", "lstm:shuffled-words@word2vec"),
        ("last state against pooled", "lstm:max@word2vec", "lstm@word2vec"),
        ("last state against pooled", "rnn:max@word2vec", "rnn@word2vec"),
        ("gates", "lstm@word2vec", "rnn@word2vec"),
        ("gates", "lstm:max@word2vec", "rnn:max@word2vec"),
    ]
    by_pair = {(entry.a, entry.b): entry for entry in comparisons}
    for entry in found:
        source = by_pair[entry.a, entry.b]
        for key in ("difference", "ci95", "p_adjusted", "decision"):
            assert getattr(entry, key) == getattr(source, key)


@pytest.mark.parametrize(
    ("entry", "gains", "sentence"),
    [
        (
            row("mean@w", "tfidf"),
            (),
            "Averaging w vectors instead of weighting n-grams by TF-IDF, with the same classifier, adds "
            "+2.0 points (95 % interval +1.0 to +3.0).",
        ),
        (
            row("lstm@w", "lstm@random", "loses", -0.02, -0.03, -0.01),
            [gain("pretraining", "lstm@w", "lstm@random")],
            "W instead of random in lstm costs accuracy: -2.0 points (95 % interval -3.0 to -1.0).",
        ),
        (
            row("ann@w", "mean@w", "equal", 0.001, -0.003, 0.005),
            (),
            "A true difference of 2.3 points would be found four times out of five, and a network on the "
            "averaged w vectors (ann@w) instead of a linear classifier (mean@w) makes no difference that "
            "matters: +0.1 points (95 % interval -0.3 to +0.5).",
        ),
        (
            row("gru@w", "rnn@w", "cannot tell", 0.01, -0.003, 0.02, method="documents"),
            (),
            "A true difference of 2.3 points would be found four times out of five, and whether gates (gru@w) "
            "instead of plain recurrence (rnn@w) makes a difference cannot be told: +1.0 points (95 % interval "
            "-0.3 to +2.0). This is about these fitted models only.",
        ),
        (
            row("lstm@w", "lstm:shuffled-words@w", "cannot tell", 0.012, 0.001, 0.023),
            (),
            "A true difference of 2.3 points would be found four times out of five, and whether the order of the "
            "words, read by lstm@w, makes a difference cannot be told once corrected for the number of "
            "comparisons: +1.2 points (95 % interval +0.1 to +2.3).",
        ),
    ],
)
def test_sentences(entry, gains, sentence):
    (found,) = [cause for cause in causes_of([entry], gains) if cause.a]
    assert found.sentence == sentence


@pytest.mark.parametrize(
    ("b", "shown"), [("gru@w", True), ("gru:last@w", True), ("gru:mean@w", False), ("gru@v", False)]
)
def test_a_pooled_head_is_compared_with_the_last_state_alone(b: str, shown: bool) -> None:
    found = [cause for cause in causes_of([row("gru:max@w", b)]) if cause.a]
    assert [(one.cause, one.a, one.b) for one in found] == (
        [("last state against pooled", "gru:max@w", b)] if shown else []
    )


def test_a_pooled_head_in_words():
    (found,) = [cause for cause in causes_of([row("lstm:max@w", "lstm@w")]) if cause.a]
    start = "Pooling the states after every word (lstm:max@w) instead of reading the last one (lstm@w) adds "
    assert found.sentence.startswith(start)


def test_a_model_that_did_not_train_shows_no_cause():
    pair = "lstm@w", "lstm:shuffled-words@w"
    (found,) = [cause for cause in causes_of([row(*pair)], trained={"lstm@w": False}) if cause.a]
    assert found.decision == "withheld"
    assert found.sentence == (
        "What the order of the words, read by lstm@w, adds is withheld, since one of the two did not train."
    )


def test_a_cause_that_was_not_tried_says_what_to_ask_for():
    found = causes_of([])
    assert [entry.cause for entry in found] == [
        *("representation", "pretraining", "fine-tuning", "capacity", "order"),
        *("last state against pooled", "gates"),
    ]
    sentence = "Order: not tried; shown by --models lstm,lstm:shuffled-words --embeddings word2vec"
    assert found[4] == Cause("order", None, None, None, None, None, None, None, None, sentence, None)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("mean@random", "tfidf"),  # vectors that mean nothing
        ("mean@w", "bow"),
        ("ann@w", "mean@v"),
        ("lstm:max@w", "rnn@w"),
        ("lstm@w", "rnn@v"),
        ("lstm@w", "lstm:max@w"),
        ("lstm@w", "tfidf"),
    ],
)
def test_two_changes_at_once_are_no_cause(a, b):
    assert not [cause for cause in causes_of([row(a, b)]) if cause.a]


def test_gates_by_length():
    lstm, rnn = [1, 1, 1, 0, 1, 1, 1, 1, 1], [1, 1, 0, 1, 1, 0, 0, 0, 1]
    both = [answered("lstm@w", lstm), answered("rnn@w", rnn)]
    comparisons = compare(both, [("lstm@w", "rnn@w")], 0.01)
    lengths = dict(enumerate([5, 6, 7, 20, 21, 22, 300, 301, 302]))
    found = find_causes(comparisons, [], {}, both, lengths=lengths)[-1]
    thirds = found.by_length
    assert [(third.tokens, third.documents) for third in thirds] == [
        *(((5, 7), 3), ((20, 22), 3), ((300, 302), 3))
    ]
    assert [third.difference for third in thirds] == pytest.approx([1 / 3, 0, 2 / 3])
    pooled = pool_folds(both)
    runs = paired_runs(pooled["lstm@w"], pooled["rnn@w"])
    longest = np.arange(9) >= 6
    assert thirds[2].ci95 == estimate_difference(*runs, chosen=longest).interval


def test_documents_of_one_length_stay_together():
    both = [answered("lstm@w", [1, 1, 0, 1]), answered("rnn@w", [1, 0, 1, 0])]
    comparisons = compare(both, [("lstm@w", "rnn@w")], 0.01)
    found = find_causes(comparisons, [], {}, both, lengths=dict.fromkeys(range(4), 8))[-1]
    assert [(third.tokens, third.documents) for third in found.by_length] == [((8, 8), 4)]


def test_a_length_on_an_edge_belongs_to_the_shorter_third():
    both = [answered("lstm@w", [1] * 7), answered("rnn@w", [0] * 7)]
    comparisons = compare(both, [("lstm@w", "rnn@w")], 0.01)
    lengths = dict(enumerate(range(1, 8)))  # thirds end at 3 and at 5
    found = find_causes(comparisons, [], {}, both, lengths=lengths)[-1]
    assert [third.tokens for third in found.by_length] == [(1, 3), (4, 5), (6, 7)]
