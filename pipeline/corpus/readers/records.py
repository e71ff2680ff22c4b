"""What every reader returns: one file's records as strings, each with its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from pipeline.core.values import Bool, Int8, Int64
from pipeline.corpus.readers.encodings import has_surrogates, without_surrogates

UNDECODABLE, WRONG_FIELDS = 1, 2  # bits of RawTable.problems


@dataclass(frozen=True, eq=False)
class RawTable:
    """All records of one file (or folder), before columns are chosen and records are dropped.

    Row i of `cells` is record i of the file, from 0 after any header. A cell that the record lacks is null.
    """

    file: str
    cells: pl.DataFrame  # string columns, (n_records, n_columns)
    problems: Int8  # (n_records,) bits: UNDECODABLE, WRONG_FIELDS
    assumptions: tuple[str, ...] = ()
    text_column: str | None = None  # where the format itself says which is the text, the label
    label_column: str | None = None
    find_lines: Callable[[], Int64] | None = None  # (n_records,) the line where each record starts, from 1
    files: tuple[str, ...] | None = None  # folders: the file of each record
    nested: frozenset[str] = field(default_factory=frozenset)  # columns that hold lists or objects
    warnings: tuple[str, ...] = ()
    unlabelled: pl.Series | None = None  # folders: the text of a folder for documents without a label
    together: Int64 | None = None  # (n_records,): records that share a number stay in one split
    left_out: Mapping[str, Bool] = field(
        default_factory=dict
    )  # by reason, (n_records,): what the user left out

    @cached_property
    def lines(self) -> Int64 | None:
        """The line of each record, int64 (n_records,); worked out only when it is asked for."""
        return None if self.find_lines is None else self.find_lines()

    def place(self, record: int) -> str:
        """Return `file:line` of a record, its own file in a folder, else `file:record N`."""
        if self.files is not None:
            return self.files[record]
        if self.lines is not None:
            return f"{self.file}:{self.lines[record]}"
        return f"{self.file}:record {record}"


def as_cells(columns: Mapping[str, Sequence[str | None]]) -> tuple[pl.DataFrame, Int8]:
    """Return the columns of a text file as cells, and which records are `UNDECODABLE`.

    Each byte that is not of the file's encoding, a lone surrogate, becomes U+FFFD.

    >>> cells, problems = as_cells({"text": ["good", "caf\\udce9"], "label": ["pos", None]})
    >>> cells["text"].to_list(), problems.tolist()
    (['good', 'caf�'], [0, 1])
    """
    records = zip(*columns.values(), strict=True)
    damaged = np.array([any(cell and has_surrogates(cell) for cell in record) for record in records], np.int8)
    if damaged.any():
        columns = {
            name: [cell and without_surrogates(cell) for cell in cells] for name, cells in columns.items()
        }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), UNDECODABLE * damaged


def no_problems(n_records: int) -> Int8:
    """Return the `problems` of a table in which every record is sound; int8 zeros, shape (n_records,)."""
    return np.zeros(n_records, dtype=np.int8)
