"""What the cells of a column say about it: how many are filled, how many differ, what they look like.

How many are filled and differ is counted over the whole column; what they look like is judged on a sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl

SAMPLED = 2000  # cells
NEARLY_ALL = 0.9
FEW = 20  # filled cells: of fewer nothing is concluded from how many differ
MOST_GRADES = 20  # different decimals that may well be classes, such as stars with halves
ENOUGH_TO_SPLIT = 3  # documents of a class: one each to train, validate and test
MEASURED = "numbers with many different values"
EMPTY, SAME_IN_ALL = "empty", "the same in all records"
CERTAINLY_CLASSES = 30  # distinct values that are classes however few records each has
MOST_CLASSES, RECORDS_A_CLASS = 1000, 10  # where there are more
LONG_LABEL, LONGEST_LABEL = 8.0, 60.0  # words, characters: the means of a column of labels are less


@dataclass(frozen=True)
class Look:
    """What a cell can look like: a word for it, and the pattern of the whole cell."""

    words: str
    pattern: re.Pattern[str]


_CLOCK = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?[AaPp][Mm])?"
_ZONE = r"( ?(Z|UTC|GMT|[A-Z]{3,4}|[+-][0-9]{2}:?[0-9]{2}))?"
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = r"((mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?"
LOOKS = {
    "link": Look("addresses", re.compile(r"(https?://|www\.|ftp://)\S+", re.I)),
    "mail": Look("e-mail addresses", re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.I)),
    "handle": Look("user names", re.compile(r"@\w+")),
    "date": Look(
        "dates or times",
        re.compile(
            rf"[\[(]?({_DAY}([0-9]{{4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}|[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.][0-9]{{2,4}}"
            rf"|{_MONTH} [0-9]{{1,2}}(st|nd|rd|th)?,?( [0-9]{{4}})?|[0-9]{{1,2}}[- ]{_MONTH}[- ,]*[0-9]{{2,4}})"
            rf"([T ,]+(at )?{_CLOCK}{_ZONE})?( [0-9]{{4}})?|{_CLOCK})[\])]?",
            re.I,
        ),
    ),
    "hexadecimal": Look(
        "hexadecimal numbers",
        re.compile(r"(?=.*[0-9])([0-9a-f]{8,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.I),
    ),
    "point": Look("coordinates", re.compile(r"[\[(]?-?[0-9]+\.[0-9]+, ?-?[0-9]+\.[0-9]+[\])]?")),
    "tree": Look("parse trees", re.compile(r"\( ?.*\)", re.S)),
    "file": Look("names of files", re.compile(r"\S+\.(jpe?g|png|gif|pdf|txt|html?|wav|mp3|mp4|zip)", re.I)),
}
NUMBER = re.compile(r"[-+]?([0-9]+([.,][0-9]+)?|\.[0-9]+)([eE][-+]?[0-9]+)?%?")
CODE = re.compile(r"(?=\S*[0-9])(?=\S*[A-Za-z])[A-Za-z0-9_:.-]{8,}")
WHOLE = re.compile(r"[-+]?[0-9]+(\.0+)?")


@dataclass(frozen=True, eq=False)
class ColumnFacts:
    """What the cells of one column say; null and blank cells are not filled."""

    name: str
    cells: pl.Series  # string (n_records,)

    @cached_property
    def filled(self) -> pl.Series:
        """The cells that hold more than blanks."""
        if (
            len(self.cells) <= SAMPLED
        ):  # of thousands of short columns each step in Polars costs more than this
            full = [cell for cell in self.cells.to_list() if cell is not None and cell.strip()]
            return pl.Series(self.name, full, dtype=pl.String)
        empty = self.cells.is_null() | (self.cells == "")
        cells = self.cells.filter(~empty) if empty.any() else self.cells
        blank = cells.str.len_bytes() < SHORT_BLANK
        if not blank.any():
            return cells
        return cells.filter(cells.str.strip_chars() != "")

    @cached_property
    def share_filled(self) -> float:
        """The share of the records that have a value here."""
        return len(self.filled) / max(len(self.cells), 1)

    @cached_property
    def n_distinct(self) -> int:
        """How many values differ; where a sample holds more than a thousand, so many at least."""
        seen = len({*self.sample})
        return seen if seen > MOST_CLASSES or len(self.filled) <= SAMPLED else self.filled.n_unique()

    @cached_property
    def share_distinct(self) -> float:
        """How many values differ, as a share of the filled cells, or of a sample where more than a thousand do."""
        whole = len(self.sample) if self.n_distinct > MOST_CLASSES else len(self.filled)
        return self.n_distinct / max(whole, 1)

    @cached_property
    def sample(self) -> list[str]:
        """Up to some thousand filled cells, drawn from the whole column."""
        if len(self.filled) <= SAMPLED:
            return self.filled.to_list()
        drawn = np.random.default_rng(0).integers(
            len(self.filled), size=SAMPLED
        )  # no step: cells may come in turns
        return self.filled.gather(np.unique(drawn)).to_list()

    @cached_property
    def mean_length(self) -> float:
        """Characters of a filled cell."""
        return sum(map(len, self.sample)) / max(len(self.sample), 1)

    def has_more_words(self, than: float) -> bool:
        """Whether a filled cell has more words than that in the mean, as blanks divide them."""
        bound = than * len(self.sample)
        if sum(len(cell.split(None, WORDS_GLANCED_AT)) for cell in self.sample) > bound:
            return True  # long texts are not cut up as a whole
        return sum(len(cell.split()) for cell in self.sample) > bound

    @cached_property
    def look(self) -> Look | None:
        """What nearly all cells look like, None for nothing of `LOOKS`."""
        return next((look for look in LOOKS.values() if self.share_of(look.pattern) >= NEARLY_ALL), None)

    @cached_property
    def is_numeric(self) -> bool:
        """Whether nearly all cells are numbers."""
        return self.share_of(NUMBER) >= NEARLY_ALL

    @cached_property
    def is_whole(self) -> bool:
        """Whether nearly all cells are whole numbers."""
        return self.share_of(WHOLE) >= NEARLY_ALL

    @cached_property
    def is_marked_up(self) -> bool:
        """Whether most cells are HTML."""
        return (
            sum(cell.lstrip().startswith("<") and "</" in cell for cell in self.sample) > len(self.sample) / 2
        )

    def share_of(self, pattern: re.Pattern[str]) -> float:
        """Return the share of the sample that is of a pattern, blanks around a cell set aside."""
        for cells in (self.sample[:GLANCED_AT], self.sample):
            share = sum(pattern.fullmatch(cell.strip()) is not None for cell in cells) / max(len(cells), 1)
            if share < 0.5:
                return share
        return share

    @cached_property
    def is_running_number(self) -> bool:
        """Whether the column numbers the records: whole numbers in steps of one."""
        head = [cell.strip() for cell in self.cells.head(SAMPLED).to_list() if cell]
        if len(head) < 3 or not all(WHOLE.fullmatch(cell) and len(cell) < LONGEST_NUMBER for cell in head):
            return False
        numbers = [int(float(cell)) for cell in head]
        return all(after == before + 1 for before, after in pairwise(numbers))

    def examples(self, most: int = 3) -> list[str]:
        """Return the first few values that differ, shortened."""
        shown = list(dict.fromkeys(self.sample))[:most]
        return [" ".join(cell.split())[:LONGEST_EXAMPLE] for cell in shown]


GLANCED_AT = 20  # cells
WORDS_GLANCED_AT = 16  # of a cell
SHORT_BLANK = 8  # bytes: what is longer is taken for filled
LONGEST_NUMBER = 18
LONGEST_EXAMPLE = 40


# --- why a column is not what is looked for: the first reason that holds

Reason = Callable[[ColumnFacts], bool]


def _is_empty(facts: ColumnFacts) -> bool:
    return not len(facts.filled)


def _is_constant(facts: ColumnFacts) -> bool:
    return len(facts.filled) > 1 and len({*facts.sample}) == 1 and facts.n_distinct == 1


def _is_identifier(facts: ColumnFacts) -> bool:
    """Whether nearly every record has a short value of its own."""
    head = "".join(facts.sample[:50])
    if (
        len(facts.filled) < FEW
        or facts.has_more_words(1.5)
        or not (head.isascii() and any(map(str.isdigit, head)))
    ):
        return False
    return facts.share_distinct > NEARLY_ALL


def _is_measured(facts: ColumnFacts) -> bool:
    """Whether the column holds numbers that measure something: decimals, or too many whole ones for classes."""
    if not facts.is_numeric:
        return False
    if not facts.is_whole:
        return facts.n_distinct > MOST_GRADES
    return _has_many_classes(facts)


def _has_many_classes(facts: ColumnFacts) -> bool:
    few_each = facts.n_distinct * RECORDS_A_CLASS > len(facts.filled)
    return facts.n_distinct > MOST_CLASSES or (facts.n_distinct > CERTAINLY_CLASSES and few_each)


def is_mostly_empty(facts: ColumnFacts) -> bool:
    """Whether most records have no value in the column."""
    return 2 * len(facts.filled) < len(facts.cells)


def _differs_nearly_always(facts: ColumnFacts) -> bool:
    return len(facts.filled) >= FEW and 2 * facts.share_distinct > 1


def _is_long(facts: ColumnFacts) -> bool:
    return facts.has_more_words(LONG_LABEL) or facts.mean_length > LONGEST_LABEL


NEITHER: tuple[tuple[str, Reason], ...] = (
    (EMPTY, _is_empty),
    (SAME_IN_ALL, _is_constant),
    ("a running number", lambda facts: facts.is_running_number),
    (MEASURED, _is_measured),
    ("a value of its own for each record", _is_identifier),
)
UNLESS_NAMED: tuple[tuple[str, Reason], ...] = (
    ("long texts", _is_long),
    ("few records for each value", _has_many_classes),
)
NO_LABEL: tuple[tuple[str, Reason], ...] = (
    *NEITHER,
    ("mostly empty", is_mostly_empty),
    *UNLESS_NAMED,
    ("as many different values as a text has", _differs_nearly_always),
)
NO_TEXT: tuple[tuple[str, Reason], ...] = (
    *NEITHER,
    ("numbers", lambda facts: facts.is_numeric),
    ("codes", lambda facts: facts.share_of(CODE) >= NEARLY_ALL),
)


def why_no_label(facts: ColumnFacts, *, named: bool = False) -> str:
    """Return in words why a column holds no labels, empty where it may.

    Labels of a column that is `named` a label may be long, and many; numbers, where each has its records.
    """
    if not named:
        return _first_reason(facts, NO_LABEL)
    may_be_codes = facts.n_distinct <= MOST_CLASSES and ENOUGH_TO_SPLIT * facts.n_distinct <= len(
        facts.filled
    )
    reasons = [
        one for one in NO_LABEL if one not in UNLESS_NAMED and not (may_be_codes and one[0] == MEASURED)
    ]
    return _first_reason(facts, reasons)


def why_no_text(facts: ColumnFacts) -> str:
    """Return in words why a column holds no texts, empty where it may."""
    return _first_reason(facts, NO_TEXT)


def _first_reason(facts: ColumnFacts, reasons: Sequence[tuple[str, Reason]]) -> str:
    found = next((words for words, holds in reasons if holds(facts)), "")
    return found or (facts.look.words if facts.look else "")
