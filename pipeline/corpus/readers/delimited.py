"""CSV and TSV: delimiter, quoting and header found; Polars on the clean path, the csv module elsewhere."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.reading import NO_HEADER
from pipeline.core.values import Int8, Int64
from pipeline.corpus.readers.columns import is_known_name
from pipeline.corpus.readers.encodings import TextSource, read_source
from pipeline.corpus.readers.records import WRONG_FIELDS, RawTable, as_cells, no_problems

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
NO_DELIMITER = "\x1f"  # the unit separator: a file of one column
SAMPLE_BYTES, SAMPLE_RECORDS = 1 << 20, 2000
LONGEST_FIELD = 2**31 - 1
_ESCAPED = re.compile(rb'(?<!\\)((?:\\\\)*)\\"')  # a mark after an odd number of backslashes
_LONE_RETURN = re.compile(rb"\r(?!\n)")


@dataclass(frozen=True)
class Dialect:
    """How a file's lines become fields."""

    delimiter: str
    quoted: bool = True  # False: quotation marks are ordinary characters
    header: bool = True


@dataclass(frozen=True)
class Record:
    """One record as the csv module reads it, with the line where it starts (from 1)."""

    line: int
    fields: list[str]


def read_delimited(
    path: Path, wanted: Sequence[str] = (), *, preferred: str, header: bool | None = None
) -> RawTable:
    """Read fields between delimiters; `wanted` are column names the user gave, which mark a header.

    `preferred` are the delimiters that the file may have; of equally likely ones it is the first. `header` says
    whether there is one, where that is known from elsewhere.
    """
    source, dialect = _without_escapes(read_source(path), preferred, wanted)
    dialect = dialect if header is None else replace(dialect, header=header)
    clean = None if source.damaged else _read_clean(source, dialect)
    cells, problems = (
        _read_with_csv_module(source, dialect) if clean is None else (clean, no_problems(len(clean)))
    )
    return RawTable(
        file=source.file,
        cells=cells,
        problems=problems,
        assumptions=tuple(_assumptions(source, dialect, cells.columns)),
        warnings=source.warnings,
        encoding=source.encoding,
        header_line=1 if dialect.header else NO_HEADER,
        find_lines=lambda: _find_lines(source, dialect),
    )


def _assumptions(source: TextSource, dialect: Dialect, columns: list[str]) -> Iterator[str]:
    yield from source.assumptions
    if len(columns) == 1:
        yield f"{source.file}: one column"
    else:
        yield f"{source.file}: fields are separated by {DELIMITERS[dialect.delimiter]}"
    if not dialect.quoted:
        yield f"{source.file}: quotation marks are ordinary characters"
    if dialect.header:
        yield f"{source.file}: the first line is a header"
    else:
        yield f"{source.file}: there is no header; the columns are called {', '.join(columns)}"


def _without_escapes(source: TextSource, preferred: str, wanted: Sequence[str]) -> tuple[TextSource, Dialect]:
    """Return the source and its dialect; a mark inside a field is written twice, where it has a backslash before it."""
    dialect = find_dialect(source, preferred, wanted)
    if not _has_escapes(source.data) or (dialect.quoted and _is_well_quoted(source.data, dialect)):
        return source, dialect
    note = "a backslash before a quotation mark belongs to the mark"
    doubled = replace(source, data=_ESCAPED.sub(rb'\1""', source.data), notes=(*source.notes, note))
    its = find_dialect(doubled, preferred, wanted)
    if not its.quoted:
        return source, dialect
    better = _is_well_quoted(doubled.data, its) or _odd_records(doubled, its) < _odd_records(source, dialect)
    return (doubled, its) if better else (source, dialect)


def _has_escapes(data: bytes) -> bool:
    """Whether a backslash stands before a quotation mark; looked for byte by byte, which is many times quicker."""
    place = data.find(b"\\")
    while place >= 0 and data[place + 1 : place + 2] != b'"':
        place = data.find(b"\\", place + 1)
    return place >= 0


def _odd_records(source: TextSource, dialect: Dialect) -> int:
    """Return how many records have another number of fields than most."""
    widths = Counter(len(record.fields) for record in parse_records(source.text(), dialect))
    return widths.total() - widths.most_common(1)[0][1]


# --- the dialect -----------------------------------------------------------------------------------------


def find_dialect(source: TextSource, preferred: str, wanted: Sequence[str] = ()) -> Dialect:
    """Return delimiter, quoting and whether there is a header, judged on the head of the file."""
    sample = _sample(source.data)
    delimiter = max(preferred, key=lambda mark: _delimiter_score(sample, mark, wanted))
    rows = _sample_rows(sample, delimiter)
    if len(rows[0]) == 1:
        delimiter, rows = NO_DELIMITER, _sample_rows(sample, NO_DELIMITER)
    sound = delimiter != "\t" and _is_well_quoted(source.data, Dialect(delimiter))
    quoted = sound or b'"' not in source.data or _marks_quote_fields(source.text(), delimiter)
    return Dialect(delimiter, quoted, has_header(rows[0], rows[1:], wanted))


def _sample(data: bytes) -> str:
    """Return the head of the file up to a line's end; all of it if its first records are longer than that."""
    head = data[:SAMPLE_BYTES]
    if len(head) < len(data) and head.count(b"\n") > 2:
        data = head[: head.rindex(b"\n") + 1]
    return data.decode("utf-8", "surrogateescape")


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    records = parse_records(sample, Dialect(delimiter))
    return [record.fields for record in islice(records, SAMPLE_RECORDS)]


def _delimiter_score(sample: str, delimiter: str, wanted: Sequence[str]) -> tuple[int, float]:
    """Return how many names of the first record are known, and the share of records of its width."""
    rows = _sample_rows(sample, delimiter)
    width = len(rows[0])
    if width < 2:
        return (0, 0.0)
    known = sum(is_known_name(cell) or cell in wanted for cell in rows[0])
    return (known, sum(len(row) == width for row in rows) / len(rows))


def _marks_quote_fields(text: str, delimiter: str) -> bool:
    """Whether quotation marks enclose fields.

    They are ordinary characters where reading them so gives every line the same number of fields, and reading
    them as quotes leaves one open at the end or (tab-separated files, which are often written without
    quoting) joins lines or meets a mark that encloses nothing.
    """
    plain = list(parse_records(text, Dialect(delimiter, quoted=False)))
    if len({len(record.fields) for record in plain}) != 1 or len(plain[0].fields) == 1:
        return True
    quoted = list(parse_records(text, Dialect(delimiter)))
    if _open_quote(quoted, text, Dialect(delimiter)) is not None:
        return False
    return delimiter != "\t" or (len(quoted) == len(plain) and _is_strict(text, delimiter))


def _is_strict(text: str, delimiter: str) -> bool:
    with suppress(csv.Error):
        deque(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), maxlen=0)
        return True
    return False


def has_header(first: list[str], rows: list[list[str]], wanted: Sequence[str]) -> bool:
    """Whether the first record names columns: by a known name, else unless it looks like those below it."""
    if any(cell in wanted and not _is_number(cell) for cell in first):
        return True
    below = [{row[column] for row in rows if column < len(row)} for column in range(len(first))]
    recurs = [cell in seen for cell, seen in zip(first, below, strict=True)]
    if wanted and all(_is_number(name) for name in wanted):  # columns chosen by number
        return False
    known = [is_known_name(cell) for cell in first]
    if sum(known) > 1 or any(name and not again for name, again in zip(known, recurs, strict=True)):
        return True
    return not (any(recurs) or any(_is_number(cell) or len(cell.split()) > 3 for cell in first))


def _is_number(cell: str) -> bool:
    with suppress(ValueError):
        float(cell)
        return True
    return False


# --- the clean path --------------------------------------------------------------------------------------


def _read_clean(source: TextSource, dialect: Dialect) -> pl.DataFrame | None:
    """Return the records as Polars reads them, or None where anything is off."""
    # Polars 2.1 drops a last empty cell
    data = source.data if source.data.endswith(b"\n") else source.data + b"\n"
    if _LONE_RETURN.search(data) or not _is_well_quoted(data, dialect):
        return None
    try:
        rows = pl.read_csv(
            data,
            has_header=False,
            infer_schema=False,
            separator=dialect.delimiter,
            quote_char='"' if dialect.quoted else None,
            raise_if_empty=True,
        )
    except pl.exceptions.PolarsError:
        return None
    if rows.to_series(rows.width - 1).null_count():
        return None  # a short record, a blank line or an empty last cell: the csv module knows which
    first = [cell or "" for cell in rows.row(0)]
    names = column_names(first, dialect.header)
    return (
        rows[1 if dialect.header else 0 :].rename(dict(zip(rows.columns, names, strict=True))).fill_null("")
    )


def _is_well_quoted(data: bytes, dialect: Dialect) -> bool:
    """Whether every quotation mark encloses a whole field or stands doubled inside one.

    Parsers disagree about all other marks; the csv module decides there.
    """
    if not dialect.quoted or b'"' not in data:
        return True
    edge = rb"[\r\n" + re.escape(dialect.delimiter.encode()) + rb"]"
    field = rb"(?:(?<=" + edge + rb')|\A)"(?:[^"]++|"")*+"(?:(?=' + edge + rb")|\Z)"
    return re.fullmatch(rb'(?:[^"]*+' + field + rb')*+[^"]*+', data) is not None


def column_names(first: list[str], header: bool) -> list[str]:
    """Return the header's names, made distinct; 1, 2, 3 where there is no header.

    >>> column_names(["text", "label", "label"], True)
    ['text', 'label', 'label (2)']
    """
    if not header:
        return [str(number) for number in range(1, len(first) + 1)]
    taken = set(first)
    names: list[str] = []
    for name in first:
        numbered = (f"{name} ({number})" for number in count(2))
        names.append(next(new for new in numbered if new not in taken) if name in names else name)
        taken.add(names[-1])
    return names


# --- the csv module's pass -------------------------------------------------------------------------------


def parse_records(text: str, dialect: Dialect) -> Iterator[Record]:
    """Yield the records of `text` and the line where each starts; blank lines are no records."""
    csv.field_size_limit(LONGEST_FIELD)
    lines = io.StringIO(text, newline="")
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=dialect.delimiter, quoting=quoting)
    line = 1
    for fields in reader:
        if fields:
            yield Record(line, fields)
        line = reader.line_num + 1


def _read_with_csv_module(source: TextSource, dialect: Dialect) -> tuple[pl.DataFrame, Int8]:
    text = source.text()
    records = list(parse_records(text, dialect))
    if dialect.quoted and (last := _open_quote(records, text, dialect)) is not None:
        what = "a quotation mark opens here and never closes"
        fix = 'close it, or write it twice ("") inside a quoted field'
        raise PipelineError(f"{source.file}:{last.line}", what, fix)
    first, body = records[0], records[1 if dialect.header else 0 :]
    widths = Counter(len(record.fields) for record in body)
    width = len(first.fields) if dialect.header else widths.most_common(1)[0][0]
    _check_widths(source.file, body, width, dialect)
    names = column_names(first.fields[:width], dialect.header)
    rows = [record.fields + [None] * (width - len(record.fields)) for record in body]
    cells, undecodable = as_cells({name: [row[at] for row in rows] for at, name in enumerate(names)})
    wrong = np.array([len(record.fields) != width for record in body], np.int8)
    return cells, undecodable | WRONG_FIELDS * wrong


def _check_widths(file: str, body: list[Record], width: int, dialect: Dialect) -> None:
    wrong = [record for record in body if len(record.fields) != width]
    if 2 * len(wrong) > len(body):
        expected = f"the header has {width}" if dialect.header else f"expected {width}"
        found = len(wrong[0].fields)
        what = f"the record has {found} fields, {expected}, as in {len(wrong)} of {len(body)} records"
        fix = 'enclose fields that hold the delimiter in quotation marks ("), or correct the header'
        raise PipelineError(f"{file}:{wrong[0].line}", what, fix)


def _open_quote(records: list[Record], text: str, dialect: Dialect) -> Record | None:
    """Return the last record if it takes in a line put after it: a quotation mark in it never closes."""
    if text.count('"') % 2 == 0 or not records:
        return None
    last = "".join(islice(io.StringIO(text, newline=""), records[-1].line - 1, None))
    return records[-1] if len(list(parse_records(f"{last}\nend", dialect))) == 1 else None


def _find_lines(source: TextSource, dialect: Dialect) -> Int64:
    lines = [record.line for record in parse_records(source.text(), dialect)]
    return np.array(lines[1 if dialect.header else 0 :], dtype=np.int64)
