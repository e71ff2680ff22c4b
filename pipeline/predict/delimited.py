"""CSV and TSV > rows, record by record: one that is broken is a row with its reason, and ends nothing."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import polars as pl

from pipeline.corpus.readers.column_facts import NUMBER
from pipeline.corpus.readers.column_names import normalised_name
from pipeline.corpus.readers.delimited import (
    DELIMITERS,
    MISSING,
    column_names,
    with_row_names,
    without_blank_fields,
)
from pipeline.corpus.readers.dialects import (
    LONGEST_FIELD,
    SAMPLE_BYTES,
    SAMPLE_RECORDS,
    Dialect,
    find_mended,
    parse_records,
)
from pipeline.corpus.readers.encodings import TextSource
from pipeline.corpus.readers.header import (
    BELOW,
    COMMENT,
    LAST,
    MAY_BEGIN_APART,
    SECOND,
    common_width,
    is_apart,
    is_second,
    stands_below,
)
from pipeline.corpus.readers.records import RawTable, as_cells, none_of
from pipeline.corpus.readers.unusual import STANDS_FOR
from pipeline.predict.blocks import TextBlocks
from pipeline.predict.rows import BLANK, Input, Rows, in_portions

LONGEST_RECORD = (
    64 << 20
)  # characters: a quotation mark that opens before more than these is taken for a stray one
OPEN = "a quotation mark opens in it and never closes"
AGAIN = "the header again"
MOST_HEADERS = 3  # lines of a header, at most
Record = tuple[list[str], str]  # fields, and why it cannot be answered; empty where it can


class _Feed:
    """Hands lines to the csv module, and knows which of them belong to the record under way."""

    def __init__(self, blocks: Iterable[str]) -> None:
        self._blocks = iter(blocks)
        self._lines: deque[str] = deque()  # that have come and were not handed out
        self.taken: list[str] = []
        self._size = 0
        self.ended_inside = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._next_line()
        if self.taken and (line is None or self._size > LONGEST_RECORD):
            self.ended_inside = True
            if line is not None:
                self._lines.appendleft(line)
        if line is None or self.ended_inside:
            raise StopIteration
        self.taken.append(line)
        self._size += len(line)
        return line

    def _next_line(self) -> str | None:
        while not self._lines:
            block = next(self._blocks, None)
            if block is None:
                return None
            self._lines.extend(io.StringIO(block, newline=""))
        return self._lines.popleft()

    def waits(self) -> bool:
        """Whether all lines that have come are handed out."""
        return not self._lines

    def begin_record(self) -> None:
        """Forget the lines of the record that has ended."""
        self.taken, self._size = [], 0

    def first_alone(self) -> str:
        """Return the first line of the record that does not end; the others are handed out again."""
        first, *others = self.taken
        self._lines.extendleft(reversed(others))
        self.ended_inside = False
        self.begin_record()
        return first


def records(feed: _Feed, dialect: Dialect) -> Iterator[Record]:
    """Yield the records of lines that keep their ends; a blank line has no fields."""
    csv.field_size_limit(LONGEST_FIELD)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    while True:
        for fields in csv.reader(feed, delimiter=dialect.delimiter, quoting=quoting):
            if feed.ended_inside:
                break
            feed.begin_record()
            yield fields, ""
        if not feed.ended_inside:
            return
        yield feed.first_alone().rstrip("\r\n").split(dialect.delimiter), OPEN


@dataclass
class _Columns:
    """The columns of a table, and how a record becomes one cell for each."""

    names: list[str]
    header: list[str] | None
    seen: int = 0  # records so far

    def fitted(self, record: Record) -> Record:
        """Return as many cells as there are columns, and why the record cannot be answered."""
        fields, reason = record
        width = len(self.names)
        fields = without_blank_fields(fields, width)
        reason = reason or self._why_not(fields, width)
        self.seen += 1
        return (fields + [""] * width)[:width], reason

    def _why_not(self, fields: list[str], width: int) -> str:
        if not fields:
            return BLANK if width > 1 else ""  # an empty text where there is no other column
        if fields[0][:1] in MAY_BEGIN_APART and is_apart(fields, width):
            return COMMENT
        if len(fields) != width:
            return f"the record has {len(fields)} fields, expected {width}"
        if fields == self.header:
            return AGAIN
        return SECOND if self.header and self.seen < MOST_HEADERS and is_second(fields) else ""


def told_below(portions: Iterable[list[Record]], of_documents: Sequence[int]) -> Iterator[list[Record]]:
    """Yield portions of records; lines below the table, such as a total, have that as their reason.

    They are the last ones, which nobody knows before the end: what may be such a line is held until another comes.
    """
    held: list[Record] = []
    for portion in portions:
        some = [*held, *portion]
        sure = len(some) - _may_be_below(some, of_documents)
        held = some[sure:]
        if sure:
            yield some[:sure]
    if held:
        yield [(fields, reason if reason == BLANK else BELOW) for fields, reason in held]


def _may_be_below(some: list[Record], of_documents: Sequence[int]) -> int:
    """Return how many of the last records may stand below the table: those without a text that is no number."""
    for number, (fields, reason) in enumerate(reversed(some[-LAST:])):
        texts = (fields[place].strip() for place in of_documents)
        is_document = any(text and not NUMBER.fullmatch(text) for text in texts)
        if reason != BLANK and (is_document or not stands_below(fields)):
            return number
    return min(len(some), LAST)


def open_delimited(blocks: TextBlocks, wanted: Sequence[str], preferred: str) -> Input:
    """Return the rows of a CSV or TSV file, its dialect and header found on its first megabyte as a run finds them."""
    head = _head(blocks.first)
    source = TextSource(blocks.name, head.encode("utf-8", "surrogateescape"), blocks.encoding)
    mended, dialect = find_mended(source, preferred, wanted)
    begins = dialect.begins
    sample = list(islice(parse_records(mended.text(), dialect), SAMPLE_RECORDS))
    above, table = sample[: begins.above + begins.header], sample[begins.above + begins.header :]
    heads = (
        with_row_names(above[-1].fields, table)
        if begins.header
        else [""] * common_width([one.fields for one in table])
    )
    columns = _Columns(column_names(heads, begins.header), heads if begins.header else None)
    feed = _Feed(_mended(blocks, dialect))
    below = _below(records(feed, dialect), len(above))
    said = (*blocks.said(), *(f"{blocks.name}: {note}" for note in mended.notes), _said(dialect, blocks))
    portions = in_portions(map(columns.fitted, below), lambda record: sum(map(len, record[0])), feed.waits)
    if len(columns.names) > 1:  # of a single column all is text
        asked = {*map(normalised_name, wanted)}
        of_documents = [at for at, name in enumerate(columns.names) if normalised_name(name) in asked]
        portions = told_below(portions, of_documents)
    rows = _rows(blocks.name, portions, columns.names, dialect)
    return Input(blocks.name, rows, said, blocks.ended)


def _head(first: str) -> str:
    """Return the beginning of a file as whole records, so far as quotation marks tell where these end."""
    head = first[:SAMPLE_BYTES]
    whole = head[: head.rfind("\n") + 1]
    return head[: _end_outside_marks(whole)] or whole or head


def _end_outside_marks(text: str) -> int:
    """Return where the last line ends before which every quotation mark that opens is closed; 0 where none does."""
    end, open_marks = len(text), text.count('"') % 2
    while open_marks and end:
        start = text.rfind("\n", 0, end - 1) + 1
        open_marks = (open_marks + text.count('"', start, end)) % 2
        end = start
    return end


def _below(found: Iterator[Record], above: int) -> Iterator[Record]:
    """Yield the records below the header; blank lines above it are none."""
    while above and (record := next(found, None)) is not None:
        above -= bool(record[0])
    yield from found


def _mended(blocks: TextBlocks, dialect: Dialect) -> Iterator[str]:
    """Yield the text as its fields can be read, as the beginning was mended."""
    if dialect == replace(dialect, unusual=None, tight="", escaped=False):
        yield from blocks
        return
    whole = _whole_fields(blocks) if dialect.tight else blocks
    for text in whole:
        yield dialect.mended(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _whole_fields(blocks: Iterable[str]) -> Iterator[str]:
    """Yield text that ends outside quotation marks, unless that takes too long to come."""
    held = ""
    for block in blocks:
        text = held + block
        end = _end_outside_marks(text) if len(text) <= LONGEST_RECORD else len(text)
        held = text[end:]
        if end:
            yield text[:end]
    if held:
        yield held


def _rows(name: str, portions: Iterator[list[Record]], names: list[str], dialect: Dialect) -> Iterator[Rows]:
    for some in portions:
        by_column = zip(*(fields for fields, _ in some), strict=True)
        cells, damage = as_cells(dict(zip(names, map(list, by_column), strict=True)))
        cells = cells.with_columns(pl.all().replace(MISSING, None))
        if dialect.unusual is not None and dialect.quoted:  # it may stand in a field between quotation marks
            written = dialect.unusual.written
            cells = cells.with_columns(pl.all().str.replace_all(STANDS_FOR, written, literal=True))
        broken = {place: reason for place, (_, reason) in enumerate(some) if reason}
        yield Rows(RawTable(name, cells, none_of(len(cells)), damage), broken)


def _said(dialect: Dialect, blocks: TextBlocks) -> str:
    mark = DELIMITERS.get(dialect.delimiter, "nothing: one column")
    mark = mark if dialect.unusual is None else dialect.unusual.words
    header = "a header" if dialect.begins.header else "no header"
    return f"{blocks.name}: fields separated by {mark}, {header}"
