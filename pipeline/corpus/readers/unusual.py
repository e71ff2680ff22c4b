"""Delimiters that few files have, of several characters or a control character: found in the first lines.

Readers know delimiters of one character; another character is put in the place of such a one.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pipeline.corpus.readers.column_names import is_known_name
from pipeline.corpus.readers.header import common_width

STANDS_FOR = "\x1e"  # the record separator: what is put in the place of an unusual delimiter
USUAL = ",;\t|"
_HEAD = 1 << 16  # characters
_LINES, _FIRST = 1000, 3  # lines that have to be alike; those of which one has to hold the delimiter
_MOST = 0.9  # of the lines
_LONGEST_LABEL = 40  # characters
_FEW_VALUES = 2 / 3  # of the lines
_RUN = re.compile(r"[:|^~@#$%+=;>§¦¬*]{2,}|-{1,3}>")
_OF_PROSE = re.compile(r"=+|\++|\*+|>+|[:;][@|>*]|=[@|]|>:")  # rules, stars, quotations and faces
_CONTROLS = "\x01\x02\x03\x04\x1c\x1d\x1f"
# Marks that stand in texts, too: a column beside them has to look like labels.
_WEAK = ("^", "~", "@", "§", "¦", "¬", "\\t")


@dataclass(frozen=True)
class Unusual:
    """A delimiter as it is written, and whether a blank stands on either side of it."""

    mark: str
    between_blanks: bool = False

    @property
    def written(self) -> str:
        """The delimiter with the blanks that belong to it."""
        return f" {self.mark} " if self.between_blanks else self.mark

    @property
    def words(self) -> str:
        """What the delimiter is called."""
        return f"the character U+{ord(self.mark):04X}" if self.mark in _CONTROLS else f'"{self.written}"'

    def replaced(self, data: bytes) -> bytes:
        """Return UTF-8 bytes with `STANDS_FOR` in the place of the delimiter."""
        if not self.between_blanks:
            return data.replace(self.mark.encode(), STANDS_FOR.encode())
        return re.sub(rb" ?" + re.escape(self.mark.encode()) + rb" ?", STANDS_FOR.encode(), data)


def find_unusual(text: str) -> Unusual | None:
    """Return the unusual delimiter that divides nearly every line into as many fields, where no usual one does.

    >>> find_unusual("so, good ::: pos\\nbad ::: neg\\nfine ::: pos\\n")
    Unusual(mark=':::', between_blanks=True)
    """
    lines = _lines(text)
    marks = _candidates(lines[:_FIRST])
    if not marks or len(lines) < _FIRST or STANDS_FOR in text[:_HEAD]:
        return None
    for mark in marks:
        counts = [line.count(mark) for line in lines]
        blanks = sum(line.count(f" {mark} ") for line in lines) >= _MOST * sum(counts)
        found = Unusual(mark, blanks)
        if _is_alike(counts) and _divides(lines, found):
            return found
    return None


def _lines(text: str) -> list[str]:
    head = text[:_HEAD]
    lines = re.split(r"\r\n|\n|\r", head)
    if len(head) < len(text) and len(lines) > 1:
        lines.pop()
    return [line for line in lines if line.strip()][:_LINES]


def _candidates(lines: Sequence[str]) -> list[str]:
    """Return what may be a delimiter, the likeliest first: control characters, runs of marks, single marks."""
    runs = {run for line in lines for run in _RUN.findall(line) if not _OF_PROSE.fullmatch(run)}
    runs = {run for run in runs if not _is_empty_columns(run, lines)}
    single = [mark for mark in (*_CONTROLS, *_WEAK) if any(mark in line for line in lines)]
    return sorted([*runs, *single], key=lambda mark: (mark not in _CONTROLS, mark in _WEAK, -len(mark)))


def _is_empty_columns(run: str, lines: Sequence[str]) -> bool:
    """Whether a run ends the lines and is one usual delimiter again and again: `text;label;;;`, as sheets have it."""
    return {*run} <= {*USUAL} and len({*run}) == 1 and all(line.endswith(run) for line in lines)


def _is_alike(counts: Sequence[int]) -> bool:
    count, lines = Counter(counts).most_common(1)[0]
    return count > 0 and lines >= _MOST * len(counts)


def _divides(lines: Sequence[str], found: Unusual) -> bool:
    """Whether a delimiter that stands equally often in the lines divides them, rather than a usual delimiter does."""
    labels = _has_labels([line.split(found.written) for line in lines])
    if found.mark in _WEAK and not labels:
        return False
    return not any(_does_usual(lines, usual, labels) for usual in USUAL if usual not in found.mark)


def _has_labels(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a field of most rows is one of a few short values, as labels are."""
    width = common_width(rows)
    for place in range(width):
        values = [row[place] for row in rows[1:] if len(row) == width]  # the first may be a header
        if all(map(_may_be_label, values)) and 1 < len({*values}) <= _FEW_VALUES * len(values):
            return True
    return sum(map(is_known_name, rows[0])) > 1


def _may_be_label(value: str) -> bool:
    return 0 < len(value) <= _LONGEST_LABEL and "," not in value and value == value.strip()


def _does_usual(lines: Sequence[str], usual: str, labels: bool) -> bool:
    """Whether a usual delimiter divides the lines: names columns, or gives most of them as many fields."""
    rows = _rows(lines, usual)
    if not rows or common_width(rows) < 2:
        return False
    if sum(map(is_known_name, rows[0])) > 1:
        return True
    alike = Counter(map(len, rows)).most_common(1)[0][1] >= _MOST * len(rows)
    return alike and not (usual == "," and labels and _all(rows, lambda cell: cell.startswith(" ")))


def _rows(lines: Sequence[str], usual: str) -> list[list[str]]:
    with suppress(csv.Error):
        return [row for row in csv.reader([f"{line}\n" for line in lines], delimiter=usual) if row]
    return []


def _all(rows: Sequence[Sequence[str]], holds: Callable[[str], bool]) -> bool:
    """Whether a condition holds for every field behind a delimiter: after the commas of prose comes a blank."""
    return all(holds(cell) for row in rows for cell in row[1:])
