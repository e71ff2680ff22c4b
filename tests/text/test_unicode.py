"""One Unicode form: what reads the same is the same word, and what nobody sees splits none."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import polars as pl
import pytest
from builders import documents_of

from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import tokenize
from pipeline.text.unicode import _NOT_SURELY_AS_IT_IS, one_form

WORDS = TokenizerSettings()
AS_WRITTEN = replace(WORDS, normalization="none")


def tokens(text: str, settings: TokenizerSettings = WORDS) -> list[str]:
    return documents_of(tokenize(pl.Series([text]), settings))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cafe\u0301 au lait", ["caf\u00e9", "au", "lait"]),
        ("fore\u0302t", ["for\u00eat"]),
        ("\u212bngstr\u00f6m 5 \u2126", ["\u00e5ngstr\u00f6m", "5", "\u03c9"]),  # the units: angstrom, ohm
        ("Vie\u0323\u0302t", ["vi\u1ec7t"]),  # two marks on one letter, in either order
        ("Vie\u0302\u0323t", ["vi\u1ec7t"]),
        ("\u1112\u1161\u11ab", ["\ud55c"]),  # Korean letters make a syllable
    ],
)
def test_letters_and_their_marks_are_the_same_word_in_either_form(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in\u00adter\u00adnet", ["internet"]),  # soft hyphens
        ("zero\u200bwidth word\u2060joiner \ufeffmark", ["zerowidth", "wordjoiner", "mark"]),
        ("\u202bשלום\u200f \u200fעולם\u202c", ["שלום", "עולם"]),  # marks of direction
        ("می\u200cخواهم کتاب\u200cها", ["می\u200cخواهم", "کتاب\u200cها"]),  # the non-joiner is spelling
        ("کتاب\u200c \u200cها\u200c.", ["کتاب", "ها", "."]),  # and no spelling at a word's end
        ("ക\u0d4d\u200dഷ", ["ക\u0d4d\u200dഷ"]),  # so is the joiner of Malayalam
    ],
)
def test_characters_that_nobody_sees_split_no_word(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("👨\u200d👩\u200d👧 home", ["👨\u200d👩\u200d👧", "home"]),
        ("👍🏽👍", ["👍🏽", "👍"]),  # with its skin tone
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("❤\ufe0f\u200d🔥ok", ["❤\ufe0f\u200d🔥", "ok"]),
        (
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f!",
            ["🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "!"],
        ),
        ("1\ufe0f\u20e3 #\ufe0f\u20e3", ["1\ufe0f\u20e3", "#\ufe0f\u20e3"]),
        ("😀😀", ["😀", "😀"]),
    ],
)
def test_an_emoji_is_one_token_with_all_that_belongs_to_it(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_a_dotted_capital_i_is_an_i_in_lower_case() -> None:
    assert tokens("İYİ Işık") == ["iyi", "işık"]
    assert tokens("I\u0307YI") == ["iyi"]  # the dot stands apart
    assert tokens("İYİ", replace(WORDS, lowercase=False)) == ["İYİ"]


def test_marks_of_indian_scripts_stay_on_their_letters() -> None:
    assert tokens("\u0939\u093f\u0928\u094d\u0926\u0940 \u0958") == [
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "\u0915\u093c",
    ]


def test_vowel_signs_and_tatweel_are_kept_unless_told() -> None:
    without = replace(WORDS, vowel_signs=False)
    assert tokens("كِتَابٌ كتـــاب") == ["كِتَابٌ", "كتـــاب"]
    assert tokens("كِتَابٌ كتـــاب", without) == ["كتاب", "كتاب"]
    assert tokens("שָׁלוֹם", without) == ["שלום"]


def test_arabic_and_persian_letters_are_two_words_unless_told() -> None:
    assert tokens("ايراني ایرانی كتاب کتاب") == ["ايراني", "ایرانی", "كتاب", "کتاب"]
    one = replace(WORDS, letter_variants=False)
    assert tokens("ايراني ایرانی كتاب کتاب", one) == ["ایرانی", "ایرانی", "کتاب", "کتاب"]


def test_compatibility_forms_are_a_choice() -> None:
    assert tokens("ﬁlm x² Ｆｕｌｌ") == ["ﬁlm", "x²", "ｆｕｌｌ"]
    assert tokens("ﬁlm x² Ｆｕｌｌ", replace(WORDS, normalization="nfkc")) == ["film", "x2", "full"]


def test_without_a_form_the_text_stays_as_it_is() -> None:
    assert tokens("cafe\u0301 a\u00adb", AS_WRITTEN) == ["cafe\u0301", "a", "\u00ad", "b"]


def test_every_character_that_nfc_changes_is_looked_at() -> None:
    codes = [code for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000]
    changed = [chr(code) for code in codes if unicodedata.normalize("NFC", chr(code)) != chr(code)]
    marks = [chr(code) for code in codes if unicodedata.category(chr(code)).startswith("M")]
    assert len(changed) > 1000
    assert pl.Series(changed + marks).str.contains(_NOT_SURELY_AS_IT_IS).all()


def test_texts_keep_their_order_and_ascii_its_letters() -> None:
    texts = pl.Series("text", ["plain", "e\u0301", "naïve", "", "a\u00adb"])
    assert one_form(texts, WORDS).to_list() == ["plain", "é", "naïve", "", "ab"]
    assert one_form(texts, WORDS).name == "text"
    assert texts.to_list() == ["plain", "e\u0301", "naïve", "", "a\u00adb"]
