"""CSV and TSV > rows, record by record: one that is broken is a row with its reason, and ends nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

import polars as pl

from pipeline.corpus.readers.delimited import (
    DELIMITERS,
    LONGEST_FIELD,
    MISSING,
    SAMPLE_BYTES,
    SAMPLE_RECORDS,
    Dialect,
    column_names,
    find_dialect,
    parse_records,
)
from pipeline.corpus.readers.encodings import TextSource
from pipeline.corpus.readers.header import common_width
from pipeline.corpus.readers.records import RawTable, as_cells, none_of
from pipeline.predict.blocks import TextBlocks
from pipeline.predict.rows import Input, Rows, in_portions

LONGEST_RECORD = (
    64 << 20
)  # characters: a quotation mark that opens before more than these is taken for a stray one
OPEN = "a quotation mark opens in it and never closes"
AGAIN = "the header again"
Record = tuple[list[str], str]  # fields, and why it cannot be answered; empty where it can


class _Feed:
    """Hands lines to the csv module, and knows which of them belong to the record under way."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.taken: list[str] = []
        self._size = 0
        self.ended_inside = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if self.taken and (line is None or self._size > LONGEST_RECORD):
            self.ended_inside = True
            self._lines = self._lines if line is None else chain([line], self._lines)
        if line is None or self.ended_inside:
            raise StopIteration
        self.taken.append(line)
        self._size += len(line)
        return line

    def begin_record(self) -> None:
        """Forget the lines of the record that has ended."""
        self.taken, self._size = [], 0

    def first_alone(self) -> str:
        """Return the first line of the record that does not end; the others are handed out again."""
        first, *others = self.taken
        self._lines = chain(others, self._lines)
        self.ended_inside = False
        self.begin_record()
        return first


def records(lines: Iterator[str], dialect: Dialect) -> Iterator[Record]:
    """Yield the records of lines that keep their ends; blank lines are none."""
    csv.field_size_limit(LONGEST_FIELD)
    feed = _Feed(lines)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    while True:
        for fields in csv.reader(feed, delimiter=dialect.delimiter, quoting=quoting):
            if feed.ended_inside:
                break
            feed.begin_record()
            if fields:
                yield fields, ""
        if not feed.ended_inside:
            return
        yield feed.first_alone().rstrip("\r\n").split(dialect.delimiter), OPEN


@dataclass(frozen=True)
class _Columns:
    """The columns of a table, and how a record becomes one cell for each."""

    names: list[str]
    header: list[str] | None

    def fitted(self, record: Record) -> Record:
        """Return as many cells as there are columns, and why the record cannot be answered."""
        fields, reason = record
        width = len(self.names)
        if len(fields) > width and not any(map(str.strip, fields[width:])):
            fields = fields[:width]
        if not reason and len(fields) != width:
            reason = f"the record has {len(fields)} fields, expected {width}"
        if not reason and fields == self.header:
            reason = AGAIN
        return (fields + [""] * width)[:width], reason


def open_delimited(blocks: TextBlocks, wanted: Sequence[str], preferred: str) -> Input:
    """Return the rows of a CSV or TSV file, its dialect and header found on its first megabyte."""
    first = blocks.first
    head = first[:SAMPLE_BYTES]
    head = head[: head.rindex("\n") + 1] if len(head) < len(first) and "\n" in head else head
    source = TextSource(blocks.name, head.encode("utf-8", "surrogateescape"), blocks.encoding)
    dialect = find_dialect(source, preferred, wanted)
    begins = dialect.begins
    sample = [record.fields for record in islice(parse_records(head, dialect), SAMPLE_RECORDS)]
    width = common_width(sample[begins.above :])
    heads = sample[begins.above] if begins.header else [""] * width
    if begins.header and len(heads) + 1 == width:  # as R writes row names
        heads = ["", *heads]
    columns = _Columns(column_names(heads, begins.header), heads if begins.header else None)
    lines = chain.from_iterable(io.StringIO(text, newline="") for text in blocks)
    below = islice(records(lines, dialect), begins.above + begins.header, None)
    return Input(
        blocks.name, _rows(blocks.name, map(columns.fitted, below), columns.names), _said(dialect, blocks)
    )


def _rows(name: str, found: Iterator[Record], names: list[str]) -> Iterator[Rows]:
    for some in in_portions(found, lambda record: sum(map(len, record[0]))):
        by_column = zip(*(fields for fields, _ in some), strict=True)
        cells, damage = as_cells(dict(zip(names, map(list, by_column), strict=True)))
        cells = cells.with_columns(pl.all().replace(MISSING, None))
        broken = {place: reason for place, (_, reason) in enumerate(some) if reason}
        yield Rows(RawTable(name, cells, none_of(len(cells)), damage), broken)


def _said(dialect: Dialect, blocks: TextBlocks) -> tuple[str, ...]:
    mark = DELIMITERS.get(dialect.delimiter, "nothing: one column")
    header = "a header" if dialect.begins.header else "no header"
    return (f"{blocks.name}: fields separated by {mark}, {header}, {blocks.encoding}",)
