"""Scripts without blanks between words: what is a token of them, and words cut by ICU's dictionaries, an extra."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.values import Int64
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import TokenizerSettings

PACKAGE = "icu4py"
INSTALL = "`pip install 'embedseq[scripts]'`"

Ranges = tuple[tuple[int, int], ...]
_HIRAGANA: Ranges = ((0x3041, 0x309F),)
_KATAKANA: Ranges = ((0x30A0, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))
_HAN: Ranges = ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
_SYLLABLES: dict[str, Ranges] = {  # by language, in the order of Unicode
    "Thai": ((0x0E00, 0x0E7F),),
    "Lao": ((0x0E80, 0x0EFF),),
    "Burmese": ((0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
    "Khmer": ((0x1780, 0x17FF),),
}
LANGUAGES: dict[str, Ranges] = {**_SYLLABLES, "Japanese": _HIRAGANA + _KATAKANA, "Chinese": _HAN}


def _rust_class(ranges: Ranges) -> str:
    """Return the inside of a class of characters, as Polars' regular expressions have it."""
    return "".join(rf"\u{{{first:X}}}-\u{{{last:X}}}" for first, last in ranges)


def _joined(tables: dict[str, Ranges]) -> Ranges:
    return tuple(pair for ranges in tables.values() for pair in ranges)


_ONE_BY_ONE = _rust_class(_joined(_SYLLABLES) + _HIRAGANA)
_LETTER = rf"[\p{{L}}&&[{_ONE_BY_ONE}]]"
# Letters that are no part of a longer word: ideographs carry meaning one by one, of the others no word's end shows.
LONE_LETTERS = rf"\p{{Han}}{_LETTER}"
# A letter with its marks, with the vowel that Thai and Lao write before it, and with the letters written below it.
CHARACTER = (
    rf"[\u{{E40}}-\u{{E44}}\u{{EC0}}-\u{{EC4}}]?{_LETTER}(?:[\u{{1039}}\u{{17D2}}]{_LETTER}|[\p{{M}}ー])*"
)
_ANY = f"[{_rust_class(_joined(LANGUAGES))}]"
_RUN = re.compile("[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in _joined(LANGUAGES)) + "]+")


def is_installed() -> bool:
    """Whether words can be cut."""
    return find_spec(PACKAGE) is not None


def word_breaker() -> str:
    """Return what cuts words here, with its version: another one may cut otherwise.

    Raises
    ------
    PipelineError
        If the extra is not installed.
    """
    _check_installed("words cannot be cut")
    from icu4py import icu_version

    return f"ICU {icu_version}"


def check_word_breaker(where: str, name: str | None) -> None:
    """Raise PipelineError unless words are cut here by what a model was trained with; None: it needs nothing."""
    if name is not None and (here := word_breaker()) != name:
        fix = f"install the {PACKAGE} that the model was trained with, or train it again"
        raise PipelineError(
            "word-breaker-differs", where, f"its words were cut by {name}, and here it is {here}", fix
        )


def languages_of(texts: pl.Series) -> dict[str, int]:
    """Return how many of the texts hold a letter of each script without blanks, by language, those of none left out.

    Ideographs beside Japanese letters are Japanese.
    """
    some = texts.gather(_holding(texts))
    counts = {
        name: int(some.str.contains(f"[{_rust_class(ranges)}]").sum()) for name, ranges in LANGUAGES.items()
    }
    if 2 * counts["Japanese"] >= counts["Chinese"]:
        counts["Japanese"] = max(counts["Japanese"], counts.pop("Chinese"))
    return {name: count for name, count in counts.items() if count}


def settle(settings: TokenizerSettings, texts: pl.Series) -> tuple[TokenizerSettings, str | None]:
    """Return the settings with what `unspaced` stands for in these texts, and a sentence where it matters.

    Raises
    ------
    PipelineError
        If words are asked for and nothing here can cut them.
    """
    found = languages_of(texts) if settings.name == "words" else {}
    if not found:
        return replace(settings, unspaced="characters"), None
    languages = " and ".join(found)
    if settings.unspaced == "words":
        _check_installed(f"{languages} cannot be cut into words")
    cut = settings.unspaced == "words" or (settings.unspaced == AUTO and is_installed())
    documents = f"{max(found.values()):,} of {len(texts):,} documents"
    if cut:
        how = f"{word_breaker()} cuts {documents} into words"
    else:
        how = f"each character of it is a token, in {documents}"
        how += "" if settings.unspaced == "characters" else f"; {INSTALL} installs what cuts words"
    told = f"{languages} {'is' if len(found) == 1 else 'are'} written without blanks between words: {how}"
    return replace(settings, unspaced="words" if cut else "characters"), told


def cut_words(texts: pl.Series) -> pl.Series:
    """Return the texts with blanks between the words of scripts that have none; string Series of the same length.

    Raises
    ------
    PipelineError
        If a text holds such a script and the extra is not installed.
    """
    places = _holding(texts)
    if not len(places):
        return texts
    spaced = pl.Series([_spaced(text) for text in texts.gather(places)], dtype=pl.String)
    return texts.clone().scatter(places, spaced)  # which changes the series that it is called on


def _holding(texts: pl.Series) -> Int64:
    """Return the places of the texts that hold a letter of these scripts; int64, ascending."""
    others = np.flatnonzero((texts.str.len_bytes() != texts.str.len_chars()).to_numpy())
    held = texts.gather(others).str.contains(_ANY).to_numpy()
    places: Int64 = others[held].astype(np.int64)
    return places


def _spaced(text: str) -> str:
    return _RUN.sub(lambda run: f" {_words_of(run[0])} ", text)


def _words_of(run: str) -> str:
    _check_installed("the text cannot be cut into words")
    from icu4py.breakers import WordBreaker

    return " ".join(WordBreaker(run, "und"))


def _check_installed(what: str) -> None:
    if not is_installed():
        fix = f"run {INSTALL}, or set it to characters where the model is trained"
        raise PipelineError(
            "package-missing", "tokenizer.unspaced", f"{what} without the package {PACKAGE}", fix
        )
