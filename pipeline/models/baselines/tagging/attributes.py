"""What is known of a word by its writing alone, and where around a word a tagger looks for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl

Attribute = Callable[[pl.Series], pl.Series]  # (words as they are written) > one string each
Template = tuple[tuple[str, int], ...]  # attributes and how far from the word they are read, taken together


def _as_written(words: pl.Series) -> pl.Series:
    return words


def _lower(words: pl.Series) -> pl.Series:
    return words.str.to_lowercase()


def _shape(words: pl.Series) -> pl.Series:
    """Return kinds of characters, one for each run of them: `Aa` of "Bonn", `A0-a` of "MP3-like"."""
    kinds = {r"\p{Ll}+": "a", r"\p{Lu}+": "A", r"\p{N}+": "0"}
    for run, kind in kinds.items():
        words = words.str.replace_all(run, kind)
    return words


def _prefix(length: int, words: pl.Series) -> pl.Series:
    return words.str.head(length)


def _suffix(length: int, words: pl.Series) -> pl.Series:
    return words.str.tail(length)


_LONGEST_AFFIX = 4  # letters
ATTRIBUTES: dict[str, Attribute] = {
    "written": _as_written,
    "word": _lower,
    "shape": _shape,
    **{f"prefix {length}": partial(_prefix, length) for length in range(1, _LONGEST_AFFIX + 1)},
    **{f"suffix {length}": partial(_suffix, length) for length in range(1, _LONGEST_AFFIX + 1)},
}


def _each(attribute: str, *places: int) -> tuple[Template, ...]:
    return tuple(((attribute, place),) for place in places)


def _pairs(attribute: str, *firsts: int) -> tuple[Template, ...]:
    return tuple(((attribute, first), (attribute, first + 1)) for first in firsts)


WORD_ALONE: tuple[Template, ...] = _each("written", 0)
WINDOW: tuple[Template, ...] = (
    *_each("word", -2, -1, 0, 1, 2),
    *_pairs("word", -1, 0),
    *_each("shape", -1, 0, 1),
    *_pairs("shape", -1, 0),
    *(
        template
        for length in range(1, _LONGEST_AFFIX + 1)
        for side in ("prefix", "suffix")
        for template in _each(f"{side} {length}", 0)
    ),
    *_each("suffix 3", -1, 1),
    *_each("suffix 2", -1, 1),
)
