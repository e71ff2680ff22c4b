"""Labels and texts that only say that there is none: `nan`, `NULL`, `N/A`, `[deleted]`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from shlex import quote
from typing import NamedTuple

import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import first_places
from pipeline.core.lists import as_typed
from pipeline.core.warned import Warned, warning
from pipeline.corpus.readers.records import RawTable

MISSING_VALUE = "missing value"  # the reason in the ledger

_ALWAYS = (
    *("nan", "null", "n/a", "n.a.", "n.a", "nat", "not available", "#n/a", "#na", "<na>", "<null>", "(null)"),
    *(
        "[null]",
        "<none>",
        "[none]",
        "#null!",
        "#value!",
        "#ref!",
        "#div/0!",
        "#name?",
        "-nan",
        "1.#qnan",
        "\\n",
    ),
    *("(blank)", "(missing)", "<missing>", "[missing]", "missing value", "undefined"),
)  # whatever the other labels are
_MAYBE = ("none", "na", "nil", "not applicable")  # answers too: of stance, of regions
_MARKS = ("-", "--", "---", "–", "—", "?", ".", "..", "...")  # missing beside words and numbers, not beside +
_LETTER_OR_DIGIT = r"[\p{L}\p{N}]"
_LONGEST = 16  # bytes of what is compared
_FEWEST, _OF_THE_SMALLEST = 5, 0.25  # documents of a class that is called none; as a share of another class

_NO_TEXTS = (
    *_ALWAYS,
    *(
        "none",
        "na",
        "[deleted]",
        "[removed]",
        "(deleted)",
        "(removed)",
        "deleted",
        "removed",
        "[none]",
        "[empty]",
    ),
    *("-", "--", "no text", "[no text]", "no comment", "no content", "empty", "n\\a"),
)


def spells_missing(labels: pl.Series) -> pl.Series:
    """Return which labels say that there is none, whatever the others are; boolean Series of the same length."""
    return _in_small_letters(labels).is_in([*_ALWAYS])


def _in_small_letters(cells: pl.Series) -> pl.Series:
    return cells.str.strip_chars().str.to_lowercase()


class Found(NamedTuple):
    """Labels that say that there is none, and what is said of these and of those that are kept as classes."""

    missing: tuple[str, ...]
    told: tuple[str, ...] = ()


def missing_labels(labels: pl.Series, named: Collection[str]) -> Found:
    """Return which labels of training documents stand for a missing one.

    Parameters
    ----------
    labels : string Series
    named : collection of str
        Classes that options name: they are what they are called.

    >>> missing_labels(pl.Series(["pos", "neg", "nan", "-"]), ()).missing
    ('-', 'nan')
    """
    counts = {name: count for name, count in labels.drop_nulls().value_counts().rows() if name.strip()}
    could = [name for name in sorted(counts) if name not in named and _may_be_missing(name)]
    others = {name: count for name, count in counts.items() if name not in could}
    kept = [name for name in could if _is_class(name, counts[name], others)]
    missing = tuple(name for name in could if name not in kept)
    told = [
        f'class "{name}" ({counts[name]:,} documents) is kept: it may be an answer as well as a missing value; '
        f"--drop-class {quote(name)} leaves it out"
        for name in kept
    ]
    told += [
        f'label "{name}" ({plural(counts[name], "record")}) is read as a missing value; '
        f'--map "{as_typed(name)}={as_typed(name)}" keeps it as a class'
        for name in missing
    ]
    return Found(missing, tuple(told))


def _may_be_missing(name: str) -> bool:
    return name.strip().lower() in {*_ALWAYS, *_MAYBE, *_MARKS}


def _is_class(name: str, count: int, others: dict[str, int]) -> bool:
    """Whether a label that could say that there is none is a class: it is written as the others are, and as often."""
    if name in _MARKS:
        return not all(any(map(str.isalnum, other)) for other in others)
    if name.lower() not in _MAYBE or not others:
        return False
    alike = [_letter_case(other) == _letter_case(name) for other in others]
    often = count >= max(_FEWEST, _OF_THE_SMALLEST * min(others.values()))
    return often and 2 * sum(alike) >= len(alike)


def _letter_case(name: str) -> str:
    return "".join("A" if letter.isupper() else "a" for letter in name if letter.isalpha())[:2]


def without_missing(table: RawTable, column: str, missing: Collection[str]) -> RawTable:
    """Return the table with the records set aside whose label is one of those that say that there is none."""
    rows = table.cells[column].is_in([*missing]).fill_null(False).to_numpy()
    return replace(table, left_out={**table.left_out, MISSING_VALUE: rows}) if rows.any() else table


def missing_beside(labels: pl.Series, known: Collection[str]) -> tuple[str, ...]:
    """Return the labels of a test file that say that there is none, and are no class of training."""
    return tuple(name for name in labels.drop_nulls().unique() if name not in known and _may_be_missing(name))


def texts_without_text(texts: pl.Series, column: str) -> tuple[Warned, ...]:
    """Return a sentence that counts the texts which only say that there is none; they are kept."""
    short = texts.filter(texts.str.len_bytes() <= _LONGEST)
    says_none = short.filter(_in_small_letters(short).is_in([*_NO_TEXTS]))
    if says_none.is_empty():
        return ()
    counts = says_none.str.strip_chars().value_counts(sort=True).rows()
    examples = first_places(
        [f'"{name}" ({count:,})' for name, count in sorted(counts, key=lambda one: (-one[1], one[0]))]
    )
    kept = "is kept" if len(says_none) == 1 else "are kept"
    are = "1 text says" if len(says_none) == 1 else f"{len(says_none):,} texts say"
    told = f'{are} only that there is none ({examples}) in column "{column}", and {kept}'
    return (warning("texts-that-say-none", told),)
