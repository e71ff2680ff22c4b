"""Unicode: one form of what reads the same, without the characters that nobody sees."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from pipeline.settings.tables import TokenizerSettings

# Soft hyphen, zero-width space, word joiner, byte order mark; joiners of graphemes and marks of direction.
_INVISIBLE = (
    r"\u{00AD}\u{034F}\u{061C}\u{180E}\u{200B}\u{200E}\u{200F}\u{202A}-\u{202E}"
    r"\u{2060}\u{2066}-\u{2069}\u{FEFF}"
)
INVISIBLE = f"[{_INVISIBLE}]"
NON_JOINER = "\u200c"  # inside a word it belongs to it: Persian writes prefixes and endings with it
_LETTER = rf"\p{{L}}\p{{M}}\p{{N}}{NON_JOINER}"
LOOSE_NON_JOINERS = (  # those that do not stand between two letters; what is kept is the group
    rf"(^|[^{_LETTER}]){NON_JOINER}+",
    rf"{NON_JOINER}+($|[^{_LETTER}])",
)
# What NFC may change: marks, letters of Korean syllables, and characters that stand for others (units such as ohm).
_MAY_CHANGE = (
    r"\p{M}\u{0374}\u{037E}\u{0387}\u{0958}-\u{095F}\u{09DC}-\u{09DF}\u{0A33}-\u{0A5E}\u{0B5C}\u{0B5D}"
    r"\u{0F43}-\u{0F69}\u{1161}-\u{11C2}\u{1F71}-\u{1FFD}\u{2000}\u{2001}\u{2126}\u{212A}\u{212B}"
    r"\u{2329}\u{232A}\u{2ADC}\u{F900}-\u{FAD9}\u{FB1D}-\u{FB4E}\u{1D15E}-\u{1D1C0}\u{2F800}-\u{2FA1D}"
)
_NOT_SURELY_AS_IT_IS = f"[{_MAY_CHANGE}{_INVISIBLE}{NON_JOINER}]"
# Of Arabic (with tatweel, which only makes a word longer) and of Hebrew; readers mostly leave them out.
VOWEL_SIGNS = (
    r"[\u{0591}-\u{05BD}\u{05BF}\u{05C1}\u{05C2}\u{05C4}\u{05C5}\u{05C7}\u{0610}-\u{061A}\u{0640}\u{064B}-\u{065F}"
    r"\u{0670}\u{06D6}-\u{06DC}\u{06DF}-\u{06E8}\u{06EA}-\u{06ED}\u{08D3}-\u{08FF}]"
)
ARABIC_LETTERS, PERSIAN_LETTERS = ["ي", "ك"], ["ی", "ک"]  # yeh and kaf
DOTTED_CAPITAL_I = "İ"  # Unicode lower-cases it to two characters, an i and a dot above


def one_form(texts: pl.Series, settings: TokenizerSettings) -> pl.Series:
    """Return the texts in the Unicode form that is cut into tokens; string Series of the same length.

    Texts of ASCII alone are told by their size and stay as they are, at no cost, and so do those of NFC without
    anything that is left out.

    >>> one_form(pl.Series(["cafe\\u0301", "in\\u00adter\\u200bnet"]), TokenizerSettings()).to_list()
    ['café', 'internet']
    """
    others = np.flatnonzero((texts.str.len_bytes() != texts.str.len_chars()).to_numpy())
    some = texts.gather(others)
    if settings.normalization == "nfc" and settings.vowel_signs and settings.letter_variants:
        unsure = some.str.contains(_NOT_SURELY_AS_IT_IS)
        others, some = others[unsure.to_numpy()], some.filter(unsure)
    return texts.clone().scatter(others, _in_form(some, settings)) if len(others) else texts


def lower_case(texts: pl.Series) -> pl.Series:
    """Return the texts in lower case; a capital I with a dot becomes an i, not an i with a second dot."""
    if texts.str.contains(DOTTED_CAPITAL_I, literal=True).any():  # which costs a fifth of replacing it
        texts = texts.str.replace_all(DOTTED_CAPITAL_I, "i", literal=True)
    return texts.str.to_lowercase()


def _in_form(texts: pl.Series, settings: TokenizerSettings) -> pl.Series:
    if settings.normalization != "none":
        form: Literal["NFC", "NFKC"] = "NFC" if settings.normalization == "nfc" else "NFKC"
        texts = _without_loose_non_joiners(texts.str.normalize(form).str.replace_all(INVISIBLE, ""))
    if not settings.vowel_signs:
        texts = without_vowel_signs(texts)
    return texts if settings.letter_variants else with_persian_letters(texts)


def _without_loose_non_joiners(texts: pl.Series) -> pl.Series:
    """Return the texts without the non-joiners that do not stand between two letters."""
    if not texts.str.contains(NON_JOINER, literal=True).any():
        return texts
    for loose in LOOSE_NON_JOINERS:
        texts = texts.str.replace_all(loose, "$1")
    return texts


def without_vowel_signs(texts: pl.Series) -> pl.Series:
    """Return the texts without the vowel signs of Arabic and Hebrew, and without tatweel."""
    return texts.str.replace_all(VOWEL_SIGNS, "")


def with_persian_letters(texts: pl.Series) -> pl.Series:
    """Return the texts with the Persian yeh and kaf in place of the Arabic ones."""
    return texts.str.replace_many(ARABIC_LETTERS, PERSIAN_LETTERS)
