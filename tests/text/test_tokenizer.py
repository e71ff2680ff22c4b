"""Text to tokens: what is a word, what happens to blanks, and that pieces do not show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from builders import documents_of, tokens_of
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.values import TokenizedCorpus
from pipeline.settings.tables import TokenizerSettings
from pipeline.text import tokenizer
from pipeline.text.ragged import select
from pipeline.text.tokenizer import tokenize

WORDS = TokenizerSettings(unspaced="characters")
AS_WRITTEN = replace(WORDS, lowercase=False, html_breaks=False, normalization="none")
WHITESPACE = replace(AS_WRITTEN, name="whitespace")

# The characters of Unicode's property White_Space. Python's str.isspace also takes U+001C to U+001F.
BLANKS = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
LONG_TOKENS = 200_000


def tokens(text: str, settings: TokenizerSettings = WORDS) -> list[str]:
    return documents_of(tokenize(pl.Series([text]), settings))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A good film.", ["a", "good", "film", "."]),
        ("don't rock'n'roll", ["don't", "rock'n'roll"]),
        ("don\u2019t", ["don\u2019t"]),
        ("'tis the dogs' day", ["'", "tis", "the", "dogs", "'", "day"]),
        ("well-known, e.g. 3.5", ["well", "-", "known", ",", "e", ".", "g", ".", "3", ".", "5"]),
        ("snake_case #tag @me", ["snake", "_", "case", "#", "tag", "@", "me"]),
        ("B2B 2nd x\u00b2", ["b2b", "2nd", "x\u00b2"]),
        ("...", [".", ".", "."]),
    ],
)
def test_words_marks_and_inner_apostrophes(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u6771\u4eac2020\u5e74", ["\u6771", "\u4eac", "2020", "\u5e74"]),  # each ideograph is a token
        ("iPhone\u624b\u673a", ["iphone", "\u624b", "\u673a"]),
        ("\u30ab\u30bf\u30ab\u30ca \ud55c\uad6d\uc5b4", ["\u30ab\u30bf\u30ab\u30ca", "\ud55c\uad6d\uc5b4"]),
        ("\u0445\u043e\u0440\u043e\u0448\u0438\u0439", ["\u0445\u043e\u0440\u043e\u0448\u0438\u0439"]),
        ("x\u0301 au lait", ["x\u0301", "au", "lait"]),  # a combining accent stays on its letter
        ("\u0939\u093f\u0928\u094d\u0926\u0940", ["\u0939\u093f\u0928\u094d\u0926\u0940"]),  # vowel signs too
        ("I \u2764\ufe0f it", ["i", "\u2764\ufe0f", "it"]),  # a variation selector stays on its emoji
        ("good\U0001f600\U0001f600", ["good", "\U0001f600", "\U0001f600"]),
        ("$5, \u20ac3, \u00a52", ["$", "5", ",", "\u20ac", "3", ",", "\u00a5", "2"]),
    ],
)
def test_other_scripts_emoji_and_currency(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize("tag", ["<br>", "<br/>", "<br />", "<BR>", "<Br\n/>"])
def test_html_line_breaks_become_blanks(tag: str) -> None:
    assert tokens(f"good{tag}bad") == ["good", "bad"]


def test_html_line_breaks_are_kept_when_asked_and_other_tags_always() -> None:
    assert tokens("a<br>b", replace(WORDS, html_breaks=False)) == ["a", "<", "br", ">", "b"]
    assert tokens("<b>a</b>") == ["<", "b", ">", "a", "<", "/", "b", ">"]


def test_lower_casing_is_an_option() -> None:
    assert tokens("A Good \u00c9COLE") == ["a", "good", "\u00e9cole"]
    assert tokens("A Good \u00c9COLE", AS_WRITTEN) == ["A", "Good", "\u00c9COLE"]


def test_whitespace_takes_text_that_is_already_tokenised() -> None:
    assert tokens("<unk> don't  well-known\t!\n", WHITESPACE) == ["<unk>", "don't", "well-known", "!"]
    assert tokens("A B", replace(WHITESPACE, lowercase=True)) == ["a", "b"]


@pytest.mark.parametrize("settings", [WORDS, WHITESPACE])
@pytest.mark.parametrize("text", ["", "   ", BLANKS])
def test_a_text_without_tokens_is_an_empty_document(text: str, settings: TokenizerSettings) -> None:
    assert tokens(text, settings) == []


def test_nul_is_left_out_and_control_characters_are_tokens_and_end_nothing() -> None:
    assert tokens("a\0b\x1cc") == ["ab", "\x1c", "c"]


def test_a_text_of_one_megabyte_is_one_document() -> None:
    tokenized = tokenize(pl.Series(["word " * LONG_TOKENS, "end"]), WORDS)
    assert tokenized.offsets.tolist() == [0, LONG_TOKENS, LONG_TOKENS + 1]
    assert tokenized.types.to_list() == ["word", "end"]


def test_types_are_numbered_by_first_appearance_and_empty_documents_have_empty_spans() -> None:
    tokenized = tokenize(pl.Series(["b a", "", "a c b", ""]), WORDS)
    assert tokenized.types.to_list() == ["b", "a", "c"]
    assert tokenized.token_types.tolist() == [0, 1, 1, 2, 0]
    assert tokenized.offsets.tolist() == [0, 2, 2, 5, 5]
    assert (tokenized.token_types.dtype, tokenized.offsets.dtype) == (np.int32, np.int64)


def test_no_documents_and_documents_without_tokens() -> None:
    assert documents_of(tokenize(pl.Series([], dtype=pl.String), WORDS)) == []
    assert documents_of(tokenize(pl.Series(["", " "]), WORDS)) == [[], []]


def test_select_returns_documents_in_the_order_asked_for() -> None:
    tokenized = tokens_of([["a", "b"], [], ["c"]])
    assert documents_of(select(tokenized, np.array([2, 1, 0, 0]))) == [["c"], [], ["a", "b"], ["a", "b"]]
    assert documents_of(select(tokenized, np.array([], dtype=np.int64))) == []


@given(st.text(max_size=60))
def test_joined_tokens_are_the_text_without_its_blanks(text: str) -> None:
    expected = "".join(character for character in text if character not in BLANKS and character != "\0")
    assert "".join(tokens(text, AS_WRITTEN)) == expected
    assert "".join(tokens(text, WHITESPACE)) == expected


@given(st.text(max_size=60))
def test_no_token_is_empty_or_holds_a_blank(text: str) -> None:
    for token in tokens(text, AS_WRITTEN) + tokens(text, WHITESPACE):
        assert token
        assert not set(token) & set(BLANKS)


def same(first: TokenizedCorpus, second: TokenizedCorpus) -> bool:
    return (
        np.array_equal(first.token_types, second.token_types)
        and np.array_equal(first.offsets, second.offsets)
        and first.types.to_list() == second.types.to_list()
    )


@given(st.lists(st.text(alphabet="ab \u00e9\u6771", max_size=6), max_size=12), st.integers(1, 40))
def test_the_result_does_not_depend_on_the_size_of_pieces(texts: list[str], size: int) -> None:
    series = pl.Series(texts, dtype=pl.String)
    whole = tokenize(series, WORDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "_BYTES_PER_PIECE", size)
        assert same(tokenize(series, WORDS), whole)


def test_many_documents_over_many_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"document {number} of {number % 7}" for number in range(500)]
    monkeypatch.setattr(tokenizer, "_BYTES_PER_PIECE", 100)
    assert len(tokenizer._pieces(pl.Series(texts))) > 50
    assert documents_of(tokenize(pl.Series(texts), WORDS)) == [text.split() for text in texts]
