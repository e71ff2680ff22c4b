"""How a text of vectors lays out a line: what separates its fields, where the word stands, whether there is one."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

BLANK, NEWLINE = 32, 10
_MOST = 0.9  # share of the lines that have to agree
_LOOKED_AT = 200  # lines
_DELIMITERS = ",;\t"
_FEWEST_RUNNING = 5  # 1 2 3 may be a vector
_NAMES = ("", "word", "words", "token", "term", "key")  # of the column of words
_WHOLE = re.compile(rb"[+-]?\d+")


@dataclass(frozen=True)
class Layout:
    """What a line holds. Its numbers are its last D fields.

    Attributes
    ----------
    separator : what separates fields; empty: runs of blanks, tabs and other control characters
    header : whether the first line names the columns
    columns_before : fields before the word, such as a running number
    has_words : whether a line begins with a word; else the words lie in another file
    """

    separator: bytes = b""
    header: bool = False
    columns_before: int = 0
    has_words: bool = True

    @cached_property
    def _blanks(self) -> bytes:
        """A table for `bytes.translate`: whatever separates fields is a blank, quotation marks too."""
        also = self.separator + b'"' if self.separator else b""
        return bytes(BLANK if byte <= BLANK or byte in also else byte for byte in range(256))

    @cached_property
    def to_newlines(self) -> bytes:
        """A table for `bytes.translate`: a number stands on each line."""
        return self._blanks.replace(b" ", b"\n")

    def split(self, line: bytes) -> list[bytes]:
        """Return the fields of a line of numbers, or of one whose words hold no separator."""
        return line.translate(self._blanks).split()

    def starts(self, line: bytes) -> list[int]:
        """Return the byte at which each field of a line begins, from 0."""
        spaced = b" " + line.translate(self._blanks)
        return [at for at in range(len(line)) if spaced[at] == BLANK and spaced[at + 1] != BLANK]

    def word(self, text: bytes) -> bytes:
        """Return the word in what stands before a line's numbers."""
        if not self.separator:
            return text
        for _ in range(self.columns_before):
            text = text.partition(self.separator)[2]
        text = text.strip()
        is_quoted = len(text) > 1 and text.startswith(b'"') and text.endswith(b'"')
        return text[1:-1].replace(b'""', b'"') if is_quoted else text


BLANKS = Layout()


def is_number(field: bytes | str) -> bool:
    """Whether Python reads the field as a number; NaN and infinities are numbers here.

    >>> is_number(b"-1.5e-3"), is_number(b"."), is_number(b"1_0")
    (True, False, False)
    """
    try:
        float(field)
    except ValueError:
        return False
    return (b"_" if isinstance(field, bytes) else "_") not in field  # type: ignore[operator]


def column(line: bytes, byte: int) -> int:
    """Return the column of a byte of a line: characters, from 1."""
    return len(line[:byte].decode("utf-8", "replace")) + 1


def find_delimited(lines: Sequence[bytes]) -> tuple[Layout, int] | None:
    """Return the layout and dimension of lines whose fields one character separates; None where blanks do.

    Tabs are left to `BLANKS`, which reads them too, unless something stands before the word.
    """
    for delimiter in _DELIMITERS:
        rows = _parsed(lines, delimiter)
        found = _layout_of(rows, delimiter)
        if found is not None and (delimiter != "\t" or found[0].columns_before):
            return found
    return None


def _parsed(lines: Sequence[bytes], delimiter: str) -> list[list[str]]:
    """Return the fields of the lines that hold the delimiter; each is read alone, so no open quotation mark spreads."""
    texts = [
        line.decode("utf-8", "replace").replace("\0", "") for line in lines if delimiter.encode() in line
    ]
    try:
        rows = [row for text in texts[:_LOOKED_AT] for row in csv.reader([text], delimiter=delimiter)]
    except csv.Error:  # a field beyond the reader's limit
        return []
    return [[field.strip() for field in row] for row in rows]


def _layout_of(rows: list[list[str]], delimiter: str) -> tuple[Layout, int] | None:
    """Return the layout of rows of words and numbers, and how many numbers; None where these are none."""
    if not rows:
        return None
    width = Counter(map(len, rows)).most_common(1)[0][0]
    typical = [row for row in rows if len(row) == width]
    numeric = [_is_numeric([row[place] for row in typical]) for place in range(width)]
    first = next((place for place in range(width) if all(numeric[place:])), width)
    n_numbers = width - first
    if n_numbers < 2 or len(typical) < _MOST * len(rows) * 0.5:
        return None
    header = len(rows[0]) == width and _names_columns(rows[0][first:], rows[0][first - 1] if first else "-")
    before = first - 1 if first > 1 and numeric[0] else 0
    if first > 2 or (first == 2 and not before):
        return None
    return Layout(delimiter.encode(), header, before, first > 0), n_numbers


def _is_numeric(column: Sequence[str]) -> bool:
    return sum(map(is_number, column)) >= min(_MOST * len(column), max(len(column) - 1, 1))


def names_columns(fields: Sequence[bytes]) -> bool:
    """Whether a line names columns: where numbers are expected stands `d0 d1 d2`, or `0 1 2`."""
    first, *others = [field.decode("utf-8", "replace") for field in fields]
    return _names_columns(others, first)


def _names_columns(fields: Sequence[str], word: str) -> bool:
    running = [[str(number) for number in range(start, start + len(fields))] for start in (0, 1)]
    numbered = list(fields) in running and (len(fields) >= _FEWEST_RUNNING or word.lower() in _NAMES)
    return numbered or not any(map(is_number, fields))


def has_no_words(lines: Sequence[bytes]) -> bool:
    """Whether lines hold numbers alone: all fields are some, the first ones no whole numbers, as words may be."""
    split = [BLANKS.split(line) for line in lines]
    least = _MOST * len(split)
    if sum(is_number(fields[0]) and _WHOLE.fullmatch(fields[0]) is None for fields in split) < least:
        return False
    return sum(all(map(is_number, fields)) for fields in split) >= least
