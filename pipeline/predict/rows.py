"""What an input is, whatever its format: rows in their order, each with its cells, and why some are broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from pipeline.corpus.readers.records import RawTable

if TYPE_CHECKING:
    from pipeline.corpus.readers.json_layouts import Object

AT_ONCE = 8192  # rows that are answered together, or fewer
MOST_AT_ONCE = 8 << 20  # characters of them
GIVE = "give a file with a document a record, a text file with a document a line, or - for standard input"
T = TypeVar("T")
WRONG_NUMBER = "a wrong number of fields"
BLANK = "the line is blank"


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of an input, in their order.

    Attributes
    ----------
    table : their cells as strings, (N, K)
    broken : why a row cannot be answered, by its place among them
    typed : the columns as the input has them, where it has types
    objects : the records of JSON as they stand; None in the place of one that is broken
    """

    table: RawTable
    broken: Mapping[int, str] = field(default_factory=dict)
    typed: pl.DataFrame | None = None
    objects: Sequence[Object | None] | None = None

    @property
    def n_rows(self) -> int:
        """How many there are."""
        return len(self.table.cells)

    @property
    def columns(self) -> pl.DataFrame:
        """The columns as they are written; lists and objects as JSON."""
        return self.table.cells if self.typed is None else self.typed


@dataclass(frozen=True, eq=False)
class Input:
    """An input that was opened: its rows, which can be gone through once, and what was assumed.

    `ended` yields what is to be said when they have been.
    """

    name: str
    rows: Iterator[Rows]
    said: tuple[str, ...] = ()
    ended: Callable[[], Iterable[str]] = tuple


def in_portions(
    items: Iterable[T], size: Callable[[T], int], ends: Callable[[], bool] = lambda: False
) -> Iterator[list[T]]:
    """Yield items in lists of at most `AT_ONCE`, and of `MOST_AT_ONCE` characters unless one item alone has more.

    `ends` says of the last item whether no other is there yet.

    >>> [len(portion) for portion in in_portions(["a" * (5 << 20), "b" * (4 << 20), "c"], len)]
    [2, 1]
    """
    portion: list[T] = []
    characters = 0
    for item in items:
        portion.append(item)
        characters += size(item)
        if len(portion) == AT_ONCE or characters >= MOST_AT_ONCE or ends():
            yield portion
            portion, characters = [], 0
    if portion:
        yield portion


def of_table(
    table: RawTable, typed: pl.DataFrame | None = None, objects: Sequence[Object | None] | None = None
) -> Iterator[Rows]:
    """Yield the records of a table that was read whole, a few thousand at a time.

    Parameters
    ----------
    typed, objects : the records as the input has them, where it has types, or is JSON
    """
    for start in range(0, len(table.cells), AT_ONCE):
        own = slice(start, start + AT_ONCE)
        wrong, cells = table.wrong_fields[own], table.cells[own]
        damage = {name: rows[own] for name, rows in table.undecodable.items()}
        broken = dict.fromkeys(wrong.nonzero()[0].tolist(), WRONG_NUMBER)
        for reason, records in table.left_out.items():  # such as a title above the table
            broken |= dict.fromkeys(records[own].nonzero()[0].tolist(), reason)
        some = RawTable(table.file, cells, wrong, damage, nested=table.nested)
        own_typed, own_objects = (
            None if typed is None else typed[own],
            None if objects is None else objects[own],
        )
        yield Rows(some, broken, own_typed, own_objects)
