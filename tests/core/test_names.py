"""Names of models, taken apart and put together again; a name made elsewhere is left whole."""

from __future__ import annotations

import pytest

from pipeline.core.names import ModelName, SourceName


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bow", ModelName("bow")),
        ("lstm@word2vec", ModelName("lstm", source=SourceName("word2vec"))),
        ("lstm:max+mean@learned", ModelName("lstm", "max+mean", source=SourceName("learned"))),
        ("gru:shuffled-words@random", ModelName("gru", shuffled_words=True, source=SourceName("random"))),
        (
            "rnn:max:shuffled-words@a.vec+word2vec:shuffled-rows:tuned",
            ModelName("rnn", "max", True, SourceName("a.vec+word2vec", ("shuffled-rows", "tuned"))),
        ),
        ("lstm@my@vectors:1.txt:tuned", ModelName("lstm", source=SourceName("my@vectors:1.txt", ("tuned",)))),
        ("bert@v2", ModelName("bert@v2", made_elsewhere=True)),
        ("a:max@glove:tuned", ModelName("a:max@glove:tuned", made_elsewhere=True)),
        ("lstmx@v2", ModelName("lstmx@v2", made_elsewhere=True)),
    ],
)
def test_a_name_is_taken_apart_and_put_together_again(text: str, expected: ModelName) -> None:
    assert ModelName.parse(text) == expected
    assert (str(ModelName.parse(text)), str(expected)) == (text, text)


def test_a_name_is_put_together_as_it_was_written() -> None:
    name = ModelName.parse("lstm:shuffled-words:max@random")
    assert (name.head, name.shuffled_words) == ("max", True)
    assert str(name) == "lstm:shuffled-words:max@random"


def test_a_name_of_no_model_that_is_known_was_made_elsewhere() -> None:
    assert ModelName.parse("lstm@v2", known=()) == ModelName("lstm@v2", made_elsewhere=True)
    assert ModelName.parse("lstm@v2", known=()).entry is None


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (ModelName.parse("lstm:max@random").on_shuffled_words(), "lstm:max:shuffled-words@random"),
        (ModelName.parse("lstm:max:shuffled-words@random").in_order(), "lstm:max@random"),
        (ModelName.parse("lstm:max@random:tuned").with_model("rnn"), "rnn:max@random:tuned"),
        (ModelName.parse("lstm@random").with_head("mean"), "lstm:mean@random"),
    ],
)
def test_a_name_of_a_model_that_is_the_same_but_for_one_thing(changed: ModelName, expected: str) -> None:
    assert str(changed) == expected


@pytest.mark.parametrize(
    ("text", "parts", "training", "shuffled_rows"),
    [
        ("word2vec", ("word2vec",), "", False),
        ("word2vec+learned:frozen", ("word2vec", "learned"), "frozen", False),
        ("a:b.vec:shuffled-rows:frozen-then-tuned", ("a:b.vec",), "frozen-then-tuned", True),
    ],
)
def test_what_a_source_is(text: str, parts: tuple[str, ...], training: str, shuffled_rows: bool) -> None:
    source = SourceName.parse(text)
    assert (source.parts, source.training, source.shuffled_rows) == (parts, training, shuffled_rows)
    assert str(source) == text
