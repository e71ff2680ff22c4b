"""Labels that are written in several ways: what nobody sees is set right, and so is what all of them have.

A way of writing is a line of `SPELLINGS`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipeline.core.errors import first_places
from pipeline.corpus.missing import spells_missing
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.unicode import one_form

_BLANKS = r"[\s\p{Z}]+"
_JOINERS = "\u200c\u200d"  # zero-width; between letters they belong to the word
_QUOTED = r"""\A(?:"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|„[^“”]*[“”]|‘[^’]*’|«[^»]*»)\z"""


def seen_alike(labels: pl.Series) -> pl.Series:
    """Return labels in one form of what looks the same; string Series of the same length.

    Their characters are in NFC, those without width left out, blanks of every kind one blank, none at the ends.

    >>> seen_alike(pl.Series(["cafe\\u0301 ", "pos\\u200b", "very\\u00a0 good", None])).to_list()
    ['café', 'pos', 'very good', None]
    """
    formed = one_form(labels, TokenizerSettings())
    return formed.str.replace_all(_BLANKS, " ").str.strip_chars(f" {_JOINERS}")


@dataclass(frozen=True)
class Spelling:
    """A way of writing labels that is set right in all of them or in none."""

    words: str
    fits: Callable[[pl.Series], bool]  # the labels that differ, without those that are missing
    right: Callable[[pl.Series], pl.Series]


SPELLINGS = (
    Spelling(
        "the quotation marks around each label are left out",
        lambda labels: bool(labels.str.contains(_QUOTED).all()),
        lambda labels: labels.str.replace(r"(?s)\A.(.*).\z", "$1").str.strip_chars(),
    ),
    Spelling(
        "whole numbers such as {example} are read without the zero",
        lambda labels: (
            bool(labels.str.contains(r"\A-?[0-9]+(\.0+)?\z").all())
            and bool(labels.str.contains(".", literal=True).any())
        ),
        lambda labels: labels.str.replace(r"\.0+\z", ""),
    ),
)


def spelled_alike(labels: pl.Series) -> tuple[pl.Series, tuple[str, ...]]:
    """Return labels without what only their writing has, and what was set right.

    >>> labels, told = spelled_alike(pl.Series(["1.0", "2.0", None]))
    >>> labels.to_list(), told
    (['1', '2', None], ('whole numbers such as 1.0 are read without the zero',))
    """
    labels, told = _with_one_form(labels)
    for spelling in SPELLINGS:
        names = labels.drop_nulls().unique()
        names = names.filter((names != "") & ~spells_missing(names))
        if len(names) and spelling.fits(names):
            told.append(
                spelling.words.format(example=next((name for name in names.sort() if "." in name), ""))
            )
            labels = spelling.right(labels)
    return labels, tuple(told)


def _with_one_form(labels: pl.Series) -> tuple[pl.Series, list[str]]:
    names = labels.drop_nulls().unique().sort()
    formed = seen_alike(names)
    changed = names != formed
    if not changed.any():
        return labels, []
    before, after = names.filter(changed), formed.filter(changed)
    of_all = [name for name in formed.unique().sort() if name in after and name]
    shown = first_places([f'"{_with_codes(name)}"' for name in before])
    read_as = first_places([f'"{name}"' for name in of_all])
    told = (
        f"labels such as {shown} are read as {read_as}: they differ in what nobody sees (blanks, characters "
    )
    return labels.replace(before, after), [told + "without width, two forms of a letter)"] if of_all else []


def _with_codes(name: str) -> str:
    """Return a label with the code of each character that cannot be seen.

    >>> _with_codes("pos\\u200b"), _with_codes("cafe\\u0301 ")
    ('pos‹U+200B›', 'cafe‹U+0301› ')
    """
    return "".join(
        character if character == " " or unicodedata.category(character)[0] not in "CMZ" else _code(character)
        for character in name
    )


def _code(character: str) -> str:
    return f"‹U+{ord(character):04X}›"
