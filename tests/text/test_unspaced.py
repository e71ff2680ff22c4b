"""Scripts without blanks between words: characters, or words where the extra is installed; the settings say which."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from builders import documents_of

from pipeline.core.errors import PipelineError
from pipeline.settings.tables import TokenizerSettings
from pipeline.text import unspaced
from pipeline.text.tokenizer import tokenize
from pipeline.text.unspaced import check_word_breaker, languages_of, settle, word_breaker

AUTO = TokenizerSettings()
CHARACTERS, WORDS = replace(AUTO, unspaced="characters"), replace(AUTO, unspaced="words")
THAI = "เรือใบอยู่ที่ท่าเรือ"  # a sailing boat is at the harbour


@pytest.fixture
def _absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unspaced, "find_spec", lambda name: None)


def tokens(text: str, settings: TokenizerSettings) -> list[str]:
    return documents_of(tokenize(pl.Series([text]), settings))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (THAI, ["เรื", "อ", "ใบ", "อ", "ยู่", "ที่", "ท่", "า", "เรื", "อ"]),  # with vowels and tones
        ("ខ្ញុំ", ["ខ្ញុំ"]),  # the second letter is written below the first
        ("ထမင်း", ["ထ", "မ", "င်း"]),
        ("みなとラーメン港", ["み", "な", "と", "ラーメン", "港"]),
        ("2020ปี ๒๐ iPhone手机", ["2020", "ปี", "๒๐", "iphone", "手", "机"]),
    ],
)
def test_each_character_is_a_token(text: str, expected: list[str]) -> None:
    assert tokens(text, CHARACTERS) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (THAI, ["เรือ", "ใบ", "อยู่", "ที่", "ท่าเรือ"]),
        ("ຂ້ອຍມັກກິນເຂົ້າ", ["ຂ້ອຍ", "ມັກ", "ກິນເຂົ້າ"]),
        ("ខ្ញុំចូលចិត្ត", ["ខ្ញុំ", "ចូលចិត្ត"]),
        ("このレストランの料理は", ["この", "レストラン", "の", "料理", "は"]),
        ("iPhone手机，但是don't", ["iphone", "手机", "，", "但是", "don't"]),
    ],
)
def test_words_are_cut_by_the_extra(text: str, expected: list[str]) -> None:
    pytest.importorskip("icu4py")
    assert tokens(text, WORDS) == expected


def test_other_scripts_are_cut_the_same_either_way() -> None:
    pytest.importorskip("icu4py")
    text = "Naïve don't 3.5 \u0445\u043e\u0440\u043e\u0448\u0438\u0439 \ud55c\uad6d\uc5b4 😀"
    assert tokens(text, WORDS) == tokens(text, CHARACTERS)


def test_the_languages_of_texts_are_counted() -> None:
    texts = pl.Series([THAI, THAI + " 手机", "plain", "naïve"])
    assert languages_of(texts) == {"Thai": 2, "Chinese": 1}
    assert languages_of(pl.Series(["港みなと", "港"])) == {"Japanese": 2}  # ideographs among Japanese letters
    assert languages_of(pl.Series(["naïve", "한국어"])) == {}


def test_what_auto_stands_for_is_settled_once_and_said() -> None:
    pytest.importorskip("icu4py")
    settled, told = settle(AUTO, pl.Series([THAI, "plain"]))
    assert settled.unspaced == "words"
    assert told == (
        f"Thai is written without blanks between words: {word_breaker()} cuts 1 of 2 documents into words"
    )


@pytest.mark.usefixtures("_absent")
def test_without_the_extra_characters_are_tokens_and_it_is_said_how_to_get_words() -> None:
    settled, told = settle(AUTO, pl.Series([THAI, "港"]))
    assert settled.unspaced == "characters"
    assert told == (
        "Thai and Chinese are written without blanks between words: each character of it is a token, in 1 of 2 "
        "documents; `pip install 'embedseq[scripts]'` installs what cuts words"
    )
    assert tokens(THAI, AUTO) == tokens(THAI, CHARACTERS)


@pytest.mark.parametrize("settings", [AUTO, WORDS, CHARACTERS])
def test_texts_of_other_scripts_need_nothing_and_say_nothing(settings: TokenizerSettings) -> None:
    assert settle(settings, pl.Series(["plain", "naïve"])) == (CHARACTERS, None)


@pytest.mark.usefixtures("_absent")
def test_words_that_nothing_can_cut_are_refused() -> None:
    with pytest.raises(PipelineError) as error:
        settle(WORDS, pl.Series([THAI]))
    assert str(error.value) == (
        "tokenizer.unspaced: Thai cannot be cut into words without the package icu4py; run `pip install "
        "'embedseq[scripts]'`, or set it to characters where the model is trained"
    )


def test_a_model_is_not_read_where_its_words_would_be_cut_otherwise() -> None:
    pytest.importorskip("icu4py")
    check_word_breaker("model.json", None)
    check_word_breaker("model.json", word_breaker())
    with pytest.raises(PipelineError) as error:
        check_word_breaker("model.json", "ICU 1.0")
    assert str(error.value) == (
        f"model.json: its words were cut by ICU 1.0, and here it is {word_breaker()}; install the icu4py that the "
        "model was trained with, or train it again"
    )
