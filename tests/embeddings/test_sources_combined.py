"""Sources laid on the vocabulary: the cascade's steps, side by side, shuffled rows, the unknown vector."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from builders import request_of, tokens_of

from pipeline.core.values import Float32, TokenizedCorpus
from pipeline.embeddings import table
from pipeline.embeddings.cascade import STEPS
from pipeline.embeddings.request import Source, WordVectors
from pipeline.embeddings.table import Embedded, embed
from pipeline.text.ragged import select

CORPUS = tokens_of([["Good", "film"], ["film", "ﬁne", "1984"], ["plot", "Actor"]])
TRAIN = select(CORPUS, np.array([0, 1]))  # "plot" and "Actor" stand in the test document alone
# rows of the vocabulary: <pad> <unk> film 1984 Good ﬁne


def source(monkeypatch: pytest.MonkeyPatch, name: str, words: dict[str, list[float]], **more: object) -> None:
    """Put a source of these words into the table."""
    vectors = np.array(list(words.values()), dtype=np.float32)
    found = WordVectors(pl.Series(list(words), dtype=pl.String), vectors, **more)  # type: ignore[arg-type]
    monkeypatch.setitem(table.SOURCES, name, Source(lambda request: found))


def laid(asked: str, train: TokenizedCorpus = TRAIN, scale: float = 0.0, seed: int = 0) -> Embedded:
    return embed(asked, request_of(train, scale=scale, seed=seed))


def row(embedded: Embedded, word: str) -> Float32:
    return embedded.matrix.vectors[embedded.vocabulary.tokens.to_list().index(word)]


def steps(embedded: Embedded) -> dict[str, str]:
    found = [STEPS[step] for step in embedded.steps]
    return dict(zip(embedded.vocabulary.tokens.to_list(), found, strict=True))


def test_each_row_says_by_which_step_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    words: dict[str, list[float]] = {
        "film": [1, 0],
        "good": [2, 0],
        "fine": [3, 0],
        "0000": [4, 0],
        "plot": [5, 0],
    }
    source(monkeypatch, "by-hand", words, from_subwords=1)
    embedded = laid("by-hand")
    assert steps(embedded) == {
        "<pad>": "unknown",
        "<unk>": "unknown",
        "film": "exact",
        "1984": "digits",
        "Good": "lower-case",
        "ﬁne": "normalised",
        "plot": "subword",
    }
    assert [row(embedded, word)[0] for word in ("film", "1984", "Good", "ﬁne", "plot")] == [1, 4, 2, 3, 5]
    assert embedded.matrix.covered.tolist() == [False, False, True, True, True, True, True]


def test_words_of_test_documents_have_rows_if_any_part_knows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    source(monkeypatch, "one", {"film": [1, 1], "plot": [1, 2]})
    source(monkeypatch, "two", {"film": [2, 1], "actor": [2, 2], "elsewhere": [3, 3]})
    embedded = laid("one+two")
    vocabulary = embedded.vocabulary
    assert vocabulary.tokens[vocabulary.n_learned :].to_list() == ["plot", "Actor"]
    assert vocabulary.counts[vocabulary.n_learned :].tolist() == [0, 0]
    assert steps(embedded)["Actor"] == "lower-case"
    assert laid("one").vocabulary.rows_from_source == 1


def test_sources_without_a_cascade_know_the_word_itself_alone() -> None:
    corpus = tokens_of([["good", "film", "0000"], ["Good", "1984", "film"]])
    train = select(corpus, np.array([0]))
    for name in ("random", "learned"):
        assert laid(name, train).vocabulary.rows_from_source == 0


def test_parts_stand_side_by_side_at_unit_mean_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    source(monkeypatch, "one", {"film": [3, 4], "good": [0, 15]})  # norms 5 and 15: mean 10
    source(monkeypatch, "two", {"film": [0.2, 0, 0], "fine": [0, 0, 0.2]})  # norm 0.2
    embedded = laid("one+two")
    np.testing.assert_allclose(row(embedded, "film"), [0.3, 0.4, 1, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(row(embedded, "Good")[:2], [0, 1.5], rtol=1e-6)
    np.testing.assert_allclose(row(embedded, "ﬁne")[2:], [0, 0, 1], rtol=1e-6)
    unknown = row(embedded, "<unk>")
    np.testing.assert_array_equal(
        row(embedded, "Good")[2:], unknown[2:]
    )  # what "two" holds for unknown words
    np.testing.assert_array_equal(row(embedded, "ﬁne")[:2], unknown[:2])
    np.testing.assert_array_equal(row(embedded, "1984"), unknown)
    assert embedded.matrix.covered.tolist() == [False, False, True, False, True, True]
    assert (embedded.parts, embedded.source) == (("one", "two"), "one+two")


def test_a_row_of_two_parts_was_found_by_the_earlier_step(monkeypatch: pytest.MonkeyPatch) -> None:
    source(monkeypatch, "one", {"good": [1, 1], "film": [1, 2]})
    source(monkeypatch, "two", {"Good": [2, 1]})
    assert steps(laid("one+two"))["Good"] == "exact"
    assert steps(laid("one+two"))["film"] == "exact"


def test_a_joined_source_is_scaled_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    source(monkeypatch, "one", {"film": [3, 4], "good": [0, 15]})
    source(monkeypatch, "two", {"film": [0.2, 0, 0], "fine": [0, 0, 0.2]})
    unscaled, scaled = laid("one+two").matrix, laid("one+two", scale=0.25).matrix
    assert scaled.vectors[scaled.covered].std() == pytest.approx(0.25)
    np.testing.assert_allclose(scaled.vectors / scaled.vectors[2, 2], unscaled.vectors, rtol=1e-5, atol=1e-6)


def test_settings_and_notes_of_parts_are_kept_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    source(monkeypatch, "one", {"film": [1]}, settings={"a": 1}, notes=("first",), file={"rows": 7})
    source(monkeypatch, "two", {"film": [2]}, settings={"b": 2}, notes=("second",))
    embedded = laid("one+two")
    assert embedded.settings == {"one": {"a": 1}, "two": {"b": 2}}
    assert (embedded.notes, embedded.files) == (("first", "second"), ({"rows": 7},))
    assert (laid("two").settings, laid("two").files) == ({"b": 2}, ())


WORDS = tokens_of([[f"w{number}" for number in range(60)] * 2 + ["rare"]])


def test_shuffled_rows_are_the_same_rows_on_other_words() -> None:
    plain, shuffled = laid("learned", WORDS), laid("learned:shuffled-rows", WORDS)
    covered = plain.matrix.covered
    assert covered.tolist() == shuffled.matrix.covered.tolist()
    before, after = plain.matrix.vectors, shuffled.matrix.vectors
    assert sorted(before[covered].tolist()) == sorted(after[covered].tolist())
    assert (before[covered] == after[covered]).all(axis=1).sum() < 10  # one word in sixty stays, on average
    np.testing.assert_array_equal(before[~covered], after[~covered])
    np.testing.assert_array_equal(after, laid("learned:shuffled-rows", WORDS).matrix.vectors)


def test_a_source_is_the_same_in_every_mode() -> None:
    modes = [laid(f"random{mode}", WORDS) for mode in ("", ":tuned", ":frozen-then-tuned", ":frozen")]
    assert [one.training for one in modes] == ["frozen", "tuned", "frozen-then-tuned", "frozen"]
    for one in modes:
        np.testing.assert_array_equal(one.matrix.vectors, modes[0].matrix.vectors)


def test_the_unknown_vector_has_the_mean_and_variance_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    spread = np.repeat([0.5, 4.0], 2_000)  # the second half of the dimensions is wider, and lies around 10
    vectors = generator.standard_normal((50, 4_000)) * spread + np.repeat([0.0, 10.0], 2_000)
    source(monkeypatch, "wide", {f"w{number}": vector.tolist() for number, vector in enumerate(vectors)})
    train = tokens_of([[f"w{number}" for number in range(50)] + ["absent"]])
    unknown = row(laid("wide", train), "absent")
    assert unknown[:2_000].mean() == pytest.approx(0.0, abs=0.1)
    assert unknown[2_000:].mean() == pytest.approx(10.0, abs=0.5)
    assert unknown[:2_000].std() == pytest.approx(0.5, rel=0.1)
    assert unknown[2_000:].std() == pytest.approx(4.0, rel=0.1)
