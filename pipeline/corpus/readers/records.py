"""What every reader returns: one file's records as strings, each with its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count

import numpy as np
import polars as pl

from pipeline.core.clean import has_surrogates, without_surrogates
from pipeline.core.values import Bool, Int64
from pipeline.core.warned import Warned
from pipeline.corpus.readers.column_facts import ColumnFacts

Damage = Mapping[str, Bool]  # by column, (n_records,): which of its cells have bytes that are no text


@dataclass(frozen=True, eq=False)
class RawTable:
    """All records of one file (or folder), before columns are chosen and records are dropped.

    Row i of `cells` is record i of the file, from 0 after any header. A cell that the record lacks is null.
    """

    file: str
    cells: pl.DataFrame  # string columns, (n_records, n_columns)
    wrong_fields: Bool  # (n_records,): records that have another number of fields than the table
    undecodable: Damage = field(default_factory=dict)  # of the columns that hold bytes which are no text
    assumptions: tuple[str, ...] = ()
    encoding: str = ""  # in words; empty where the format has its own
    divided: str = ""  # in words, where the delimiter is an unusual one
    header_line: int | None = None  # from 1; NO_HEADER, or None where the format knows of none
    text_column: str | None = None  # where the format itself says which is the text, the label
    label_column: str | None = None
    find_lines: Callable[[], Int64] | None = None  # (n_records,) the line where each record starts, from 1
    files: tuple[str, ...] | None = None  # folders: the file of each record
    nested: frozenset[str] = field(default_factory=frozenset)  # columns that hold lists or objects
    warnings: tuple[Warned, ...] = ()
    unlabelled: pl.Series | None = None  # folders: the text of a folder for documents without a label
    together: Int64 | None = None  # (n_records,): records that share a number stay in one split
    left_out: Mapping[str, Bool] = field(default_factory=dict)  # by reason, (n_records,): what is not read on
    pieces: tuple[
        RawTable, ...
    ] = ()  # several files read as one: the table of each, in the order of the records
    taken_from: tuple[RawTable, Int64] | None = (
        None  # the whole file, and the number in it of each record here
    )
    _facts: dict[str, ColumnFacts] = field(default_factory=dict, init=False, repr=False)  # by column

    def facts(self, name: str) -> ColumnFacts:
        """Return what the cells of a column say, those set aside left out of it; worked out once."""
        if name not in self._facts:
            cells, sound = self.cells[name], ~(self.wrong_fields | self.is_undecodable(name))
            for left_out in self.left_out.values():
                sound &= ~left_out
            told = cells if sound.all() or not sound.any() else cells.filter(pl.Series(sound))
            self._facts[name] = ColumnFacts(name, told)
        return self._facts[name]

    def is_undecodable(self, *names: str) -> Bool:
        """Return which records have bytes in one of these columns that are no text; (n_records,)."""
        damaged = [self.undecodable[name] for name in names if name in self.undecodable]
        found: Bool = np.logical_or.reduce([none_of(len(self.cells)), *damaged])
        return found

    @cached_property
    def lines(self) -> Int64 | None:
        """The line of each record, int64 (n_records,); worked out only when it is asked for."""
        return None if self.find_lines is None else self.find_lines()

    def taken(self, rows: Bool) -> RawTable:
        """Return some records as a table of their own, in which each keeps its place in the file.

        Parameters
        ----------
        rows : boolean array, shape (n_records,)
        """
        numbers = np.flatnonzero(rows).astype(np.int64)
        return replace(
            self,
            cells=self.cells[numbers],
            wrong_fields=self.wrong_fields[rows],
            undecodable={name: damaged[rows] for name, damaged in self.undecodable.items()},
            left_out={reason: left_out[rows] for reason, left_out in self.left_out.items()},
            together=None if self.together is None else self.together[rows],
            taken_from=(self if self.taken_from is None else self.taken_from[0], self.numbers(numbers)),
        )

    def numbers(self, records: Int64) -> Int64:
        """Return the numbers in the file of some records of the table."""
        return records if self.taken_from is None else self.taken_from[1][records]

    def place(self, record: int) -> str:
        """Return `file:line` of a record, its own file in a folder, else `file:record N`."""
        if self.taken_from is not None:
            whole, numbers = self.taken_from
            return whole.place(int(numbers[record]))
        if self.pieces:
            piece, start = self._piece_of(record)
            return piece.place(record - start)
        if self.files is not None:
            return self.files[record]
        if self.lines is not None:
            return f"{self.file}:{self.lines[record]}"
        return f"{self.file}:record {record}"

    def _piece_of(self, record: int) -> tuple[RawTable, int]:
        """Return the piece in which a record lies, and the number of the first record of it."""
        starts = np.cumsum([0, *(len(piece.cells) for piece in self.pieces)])
        at = int(np.searchsorted(starts, record, side="right")) - 1
        return self.pieces[at], int(starts[at])

    def by_file(self, records: Int64) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
        """Yield the file of some records, their numbers in it and the lines where they start, file by file.

        In a folder each document has a file of its own, and keeps its number in the whole.
        """
        if self.taken_from is not None:
            yield from self.taken_from[0].by_file(self.numbers(records))
        elif self.files is not None:
            yield from ((self.files[record], (record,), ()) for record in records.tolist())
        elif self.pieces:
            start = 0
            for piece in self.pieces:
                own = records[(records >= start) & (records < start + len(piece.cells))] - start
                yield from piece.by_file(own)
                start += len(piece.cells)
        elif len(records):
            lines = () if self.lines is None else tuple(self.lines[records].tolist())
            yield self.file, tuple(records.tolist()), lines


def distinct(names: Sequence[str]) -> list[str]:
    """Return names of which none is there twice: the second "label" becomes "label (2)"."""
    taken = set(names)
    found: dict[str, None] = {}
    for name in names:
        numbered = (f"{name} ({number})" for number in count(2))
        new = next(new for new in numbered if new not in taken) if name in found else name
        taken.add(new)
        found[new] = None
    return [*found]


def as_cells(columns: Mapping[str, Sequence[str | None]]) -> tuple[pl.DataFrame, Damage]:
    """Return the columns of a text file as cells, and which of them are undecodable.

    Each byte that is not of the file's encoding, a lone surrogate, becomes U+FFFD, in names of columns too.

    >>> cells, undecodable = as_cells({"text": ["good", "caf\\udce9"], "label": ["pos", None]})
    >>> cells["text"].to_list(), undecodable["text"].tolist(), [*undecodable]
    (['good', 'caf�'], [False, True], ['text'])
    """
    with suppress(UnicodeEncodeError):  # of lone surrogates
        return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), {}
    names = [*columns]
    if any(map(has_surrogates, names)):
        names = distinct([*map(without_surrogates, names)])
    undecodable, decoded = {}, {}
    for name, cells in zip(names, columns.values(), strict=True):
        damaged = np.array([cell is not None and has_surrogates(cell) for cell in cells], dtype=np.bool_)
        if damaged.any():
            undecodable[name] = damaged
        decoded[name] = [cell and without_surrogates(cell) for cell in cells] if damaged.any() else cells
    return pl.DataFrame(decoded, schema=dict.fromkeys(names, pl.String)), undecodable


def is_blank(cells: pl.Series) -> pl.Series:
    """Return which cells are missing or hold nothing but blanks; boolean Series of the same length."""
    return cells.is_null() | (cells.str.strip_chars().str.len_bytes() == 0).fill_null(False)


def none_of(n_records: int) -> Bool:
    """Return a mask of records that holds for none, (n_records,)."""
    return np.zeros(n_records, dtype=np.bool_)
