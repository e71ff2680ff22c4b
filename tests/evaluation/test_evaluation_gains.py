"""Where the gain comes from: which pairs of sources are compared, and which of them an effect is read from."""

from __future__ import annotations

import pytest
from filled import typed

from pipeline.core.names import SourceName
from pipeline.evaluation.contrasts import find_gains, source_pairs
from pipeline.run_folder.metrics.comparisons import Comparison


@pytest.mark.parametrize(
    ("source", "base", "modes", "pretrained", "tuned"),
    [
        ("word2vec", "word2vec", (), True, False),
        ("word2vec:tuned", "word2vec", ("tuned",), True, True),
        ("a:b.vec:frozen-then-tuned", "a:b.vec", ("frozen-then-tuned",), True, True),
        ("word2vec:shuffled-rows:tuned", "word2vec", ("shuffled-rows", "tuned"), False, True),
        ("word2vec+learned", "word2vec+learned", (), True, True),
        ("word2vec+learned:frozen", "word2vec+learned", ("frozen",), True, False),
        ("random+learned", "random+learned", (), False, True),
        ("learned:shuffled-rows", "learned", ("shuffled-rows",), False, True),
        ("random", "random", (), False, False),
        ("learned", "learned", (), False, True),
        ("learned:frozen", "learned", ("frozen",), False, False),
    ],
)
def test_a_source_is_taken_apart(
    source: str, base: str, modes: tuple[str, ...], pretrained: bool, tuned: bool
) -> None:
    named = SourceName.parse(source)
    assert named == SourceName(base, modes)
    assert (named.pretrained, named.tuned) == (pretrained, tuned)


def test_the_pairs_of_a_grid() -> None:
    sources = ("word2vec", "word2vec:tuned", "word2vec:shuffled-rows", "glove", "learned", "random")
    names = ["bow", *(f"lstm:max@{source}" for source in sources), "rnn@word2vec", "rnn@random"]
    pairs = [
        ("word2vec", "random"),
        ("word2vec", "word2vec:shuffled-rows"),
        ("glove", "random"),
        ("rnn@word2vec", "rnn@random"),  # each network with itself only
        ("word2vec:tuned", "word2vec"),
        ("learned", "random"),
        ("word2vec", "learned"),
        ("word2vec:tuned", "learned"),
        ("glove", "learned"),
    ]
    assert source_pairs(names) == [
        (a, b) if "@" in a else (f"lstm:max@{a}", f"lstm:max@{b}") for a, b in pairs
    ]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        # a part that learns makes the whole tuned: what it adds is not pretraining alone
        (("word2vec+learned", "random", "word2vec"), [("word2vec", "random")]),
        (("word2vec+learned", "word2vec+learned:frozen"), [("word2vec+learned", "word2vec+learned:frozen")]),
        # the rows' order is the same on both sides, or two things differ
        (("word2vec:shuffled-rows:tuned", "word2vec"), []),
        (
            ("word2vec:tuned:shuffled-rows", "word2vec:shuffled-rows"),
            [("word2vec:tuned:shuffled-rows", "word2vec:shuffled-rows")],
        ),
        # a mode may be written where it changes nothing
        (
            ("word2vec:frozen", "random:frozen", "word2vec:shuffled-rows:frozen"),
            [("word2vec:frozen", "random:frozen"), ("word2vec:frozen", "word2vec:shuffled-rows:frozen")],
        ),
        (("learned:tuned", "random"), [("learned:tuned", "random")]),
        (("random", "random:shuffled-rows"), []),
    ],
)
def test_a_pair_differs_in_what_the_effect_asks_about_alone(
    sources: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    pairs = source_pairs(f"lstm@{source}" for source in sources)
    assert pairs == [(f"lstm@{a}", f"lstm@{b}") for a, b in expected]


def test_baselines_have_no_sources() -> None:
    assert source_pairs(["bow", "tfidf", "lstm@random"]) == []


def compared(a: str, b: str, difference: float = 0.02, decision: str = "beats") -> Comparison:
    return typed(Comparison, {"a": a, "b": b, "difference": difference, "decision": decision})


def test_the_source_of_the_best_validation_accuracy_is_asked_and_random_before_shuffled_rows() -> None:
    rows = [
        compared("lstm@word2vec", "lstm@random", 0.05),
        compared("lstm@glove", "lstm@glove:shuffled-rows", 0.04),
        compared("lstm@glove", "lstm@random", 0.03),
        compared("lstm@word2vec:tuned", "lstm@word2vec", -0.02, "loses"),
        compared("lstm@glove", "lstm@learned", 0.09),
    ]
    validation = {"lstm@word2vec": 0.8, "lstm@glove": 0.9, "lstm@word2vec:tuned": 0.7}
    (gain,) = find_gains(rows, validation, {})
    assert gain.model == "lstm"
    assert [(effect.effect, effect.a, effect.b, effect.difference) for effect in gain.effects] == [
        ("pretraining", "lstm@glove", "lstm@random", 0.03),
        ("fine-tuning", "lstm@word2vec:tuned", "lstm@word2vec", -0.02),
    ]
    assert gain.effects[1].decision == "loses"


def test_without_random_the_shuffled_rows_answer_and_without_a_tuned_source_learned_does() -> None:
    rows = [
        compared("rnn@glove", "rnn@glove:shuffled-rows", 0.04),
        compared("rnn@learned", "rnn@random", 0.01, "cannot tell"),
    ]
    (gain,) = find_gains(rows, {}, {})
    assert [(effect.effect, effect.b) for effect in gain.effects] == [
        ("pretraining", "rnn@glove:shuffled-rows"),
        ("fine-tuning", "rnn@random"),
    ]


def test_a_pair_that_did_not_train_gives_way_to_one_that_did_or_withholds_the_effect() -> None:
    rows = [
        compared("lstm@word2vec", "lstm@random"),
        compared("lstm@word2vec", "lstm@word2vec:shuffled-rows", 0.07),
        compared("rnn@word2vec", "rnn@random"),
    ]
    lstm, rnn = find_gains(rows, {}, {"lstm@random": False, "rnn@word2vec": False})
    assert [(effect.b, effect.decision) for effect in lstm.effects] == [
        ("lstm@word2vec:shuffled-rows", "beats")
    ]
    assert [(effect.b, effect.decision) for effect in rnn.effects] == [("rnn@random", "withheld")]


def test_other_pairs_are_no_effects() -> None:
    rows = [
        compared("lstm@word2vec", "bow"),
        compared("lstm@word2vec", "rnn@word2vec"),
        compared("lstm@word2vec", "lstm@learned"),
    ]
    assert find_gains(rows, {}, {}) == []
