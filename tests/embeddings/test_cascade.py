"""The out-of-vocabulary cascade: which word of a source stands for a word of the corpus, and by which step."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.embeddings.cascade import STEPS, candidates, resolve


def strings(words: list[str]) -> pl.Series:
    return pl.Series(words, dtype=pl.String)


def found(asked: str, words: list[str]) -> tuple[str | None, str]:
    """Return the source's word that stands for `asked`, and the step's name."""
    resolution = resolve(strings([asked]), strings(words))
    place = int(resolution.places[0])
    return (words[place] if place >= 0 else None), STEPS[resolution.steps[0]]


@pytest.mark.parametrize(
    ("asked", "words", "expected"),
    [
        ("film", ["film", "Film"], ("film", "exact")),
        ("Film", ["film", "Film"], ("Film", "exact")),
        ("Film", ["film"], ("film", "lower-case")),
        ("FILM", ["Film", "film"], ("film", "lower-case")),  # the lower-case form itself comes first
        ("film", ["FILM"], ("FILM", "lower-case")),
        ("film", ["FILM", "Film"], ("FILM", "lower-case")),  # then the order of the file
        ("film", ["Film", "FILM"], ("Film", "lower-case")),
        ("ﬁlm", ["film"], ("film", "normalised")),  # the ligature fi
        ("２０", ["20"], ("20", "normalised")),  # full-width digits
        ("Ｆilm", ["FILM", "film"], ("film", "normalised")),  # a full-width F; then as in step 2
        ("caf\u00e9", ["cafe\u0301"], ("cafe\u0301", "normalised")),  # the file is decomposed
        ("cafe\u0301", ["Caf\u00e9"], ("Caf\u00e9", "normalised")),
        ("1984", ["0000", "####"], ("0000", "digits")),
        ("1984", ["####", "0000"], ("0000", "digits")),
        ("B52s", ["b##s"], ("b##s", "digits")),
        ("1984", ["1984", "0000"], ("1984", "exact")),
        ("1984", ["0", "000", "#"], (None, "unknown")),  # one sign a digit
        ("film", [], (None, "unknown")),
        ("film", ["films", "fil"], (None, "unknown")),
    ],
)
def test_the_first_step_that_finds_a_word_wins(
    asked: str, words: list[str], expected: tuple[str | None, str]
) -> None:
    assert found(asked, words) == expected


def test_types_keep_their_order() -> None:
    resolution = resolve(strings(["b", "zzz", "A", "7"]), strings(["0", "a", "b"]))
    assert resolution.places.tolist() == [2, -1, 1, 0]
    assert [STEPS[step] for step in resolution.steps] == ["exact", "unknown", "lower-case", "digits"]


def test_a_source_is_asked_for_every_form() -> None:
    asked = candidates(strings(["Ab1", "ﬁ", "é"])).to_list()
    assert set(asked) >= {"Ab1", "ab1", "Ab0", "ab0", "Ab#", "ab#", "ﬁ", "fi", "é", "e\u0301"}
    assert len(asked) == len(set(asked))


words_of_three_letters = st.lists(st.text("aA1１éﬁ", min_size=1, max_size=3), min_size=1, unique=True)


@pytest.mark.longer
@given(words_of_three_letters, words_of_three_letters)
def test_a_reader_that_keeps_only_the_candidates_loses_no_word(asked: list[str], words: list[str]) -> None:
    types, table = strings(asked), strings(words)
    wanted = set(candidates(types).to_list())
    kept = [word for word in words if word in wanted or strings([word]).str.to_lowercase()[0] in wanted]
    whole, part = resolve(types, table), resolve(types, strings(kept))
    assert part.steps.tolist() == whole.steps.tolist()
    assert [kept[place] if place >= 0 else None for place in part.places] == [
        words[place] if place >= 0 else None for place in whole.places
    ]
