"""Tables of typed rows: a column is its title and what it shows of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.report.page.blocks import Column, Table, row, short_table

R = TypeVar("R")


@dataclass(frozen=True)
class ColumnOf(Generic[R]):
    """A column of a table whose rows are of one type; `show` returns a cell, or its text."""

    title: str
    show: Callable[[R], object]
    number: bool = True


Columns = Sequence[ColumnOf[R]]


def text(title: str, show: Callable[[R], object]) -> ColumnOf[R]:
    """Return a column of text."""
    return ColumnOf(title, show, number=False)


def number(title: str, show: Callable[[R], object]) -> ColumnOf[R]:
    """Return a column of numbers, aligned right."""
    return ColumnOf(title, show)


def table_of(
    caption: str,
    rows: Sequence[R],
    columns: Columns[R],
    limit: int,
    source: str,
    note: str = "",
    *,
    fold: bool = False,
) -> Table:
    """Return a table of the first `limit` rows; its note ends with what was left out and where it is.

    >>> table_of("Words", ["an", "odd", "film"], (text("Word", str), number("Letters", len)), 2, "words.txt").note
    'The first 2 of 3 rows; all are in words.txt.'
    """
    heads = tuple(Column(column.title, column.number) for column in columns)
    lines = [row(*(column.show(one) for column in columns)) for one in rows]
    return short_table(caption, heads, lines, limit, source, note, fold=fold)
