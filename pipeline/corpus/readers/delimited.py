"""CSV and TSV: delimiter, quoting and header found; Polars on the clean path, the csv module elsewhere."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.core.reading import NO_HEADER
from pipeline.core.values import Bool, Int64
from pipeline.corpus.readers.column_names import is_known_name
from pipeline.corpus.readers.encodings import TextSource, read_source
from pipeline.corpus.readers.header import LOOKED_AT, Beginning, common_width, find_beginning, left_out
from pipeline.corpus.readers.records import Damage, RawTable, as_cells, distinct, none_of
from pipeline.corpus.readers.searching import holds
from pipeline.corpus.readers.unusual import STANDS_FOR, Unusual, find_unusual

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
NO_DELIMITER = "\x1f"  # the unit separator: a file of one column
SAMPLE_BYTES, SAMPLE_RECORDS = 1 << 20, 2000
MISSING = "\\N"  # what databases write for a value that is not there
LONGEST_FIELD = 2**31 - 1
_SEPARATOR = re.compile(rb'"?sep=(\t|[^\s"])"?[^\S\n]*\n', re.I)  # as Excel begins a file
_ESCAPED = re.compile(rb'(?<!\\)((?:\\\\)*)\\"')  # a mark after an odd number of backslashes
_LONE_RETURN = re.compile(rb"\r(?!\n)")


@dataclass(frozen=True)
class Dialect:
    """How a file's lines become fields."""

    delimiter: str
    quoted: bool = True  # False: quotation marks are ordinary characters
    begins: Beginning = field(default_factory=Beginning)
    sound: bool = (
        False  # whether every quotation mark is known to enclose a whole field, or to stand doubled in one
    )
    unusual: Unusual | None = None  # what `delimiter` stands for


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
    source, dialect = _mended(read_source(path), preferred, wanted)
    dialect = dialect if header is None else replace(dialect, begins=replace(dialect.begins, header=header))
    clean = None if source.damaged else _read_clean(source, dialect)
    cells, wrong, undecodable = (
        _read_with_csv_module(source, dialect) if clean is None else (clean, none_of(len(clean)), {})
    )
    begins = dialect.begins
    apart = left_out(cells, begins.above, begins.header, wrong)
    for records in apart.values():
        wrong = wrong & ~records
        undecodable = {name: damaged & ~records for name, damaged in undecodable.items()}
    if dialect.unusual is not None and dialect.quoted:  # it may stand in a field between quotation marks
        written = dialect.unusual.written
        cells = cells.with_columns(pl.all().str.replace_all(STANDS_FOR, written, literal=True))
    if missing := _is_missing(source, cells):
        cells = cells.with_columns(pl.all().replace(MISSING, None))
    return RawTable(
        file=source.file,
        cells=cells,
        wrong_fields=wrong,
        undecodable=undecodable,
        left_out=apart,
        assumptions=(*_assumptions(source, dialect, cells.columns), *missing),
        warnings=source.warnings,
        encoding=source.encoding,
        divided=f"fields between {dialect.unusual.words}" if dialect.unusual else "",
        header_line=_first_records(source, dialect)[-1].line if begins.header else NO_HEADER,
        find_lines=lambda: _find_lines(source, dialect),
    )


def _is_missing(source: TextSource, cells: pl.DataFrame) -> tuple[str, ...]:
    """Return a sentence on cells that databases write for missing values; nothing where there are none."""
    if not holds(source.data, MISSING.encode()):
        return ()
    count = sum(int((column == MISSING).sum()) for column in cells)
    return (f"{source.file}: {plural(count, 'cell')} {MISSING} read as missing",) if count else ()


def _assumptions(source: TextSource, dialect: Dialect, columns: list[str]) -> Iterator[str]:
    yield from source.assumptions
    if len(columns) == 1:
        yield f"{source.file}: one column"
    else:
        mark = DELIMITERS.get(dialect.delimiter, f'"{dialect.delimiter}"')
        mark = mark if dialect.unusual is None else dialect.unusual.words
        yield f"{source.file}: fields are separated by {mark}"
    if not dialect.quoted:
        yield f"{source.file}: quotation marks are ordinary characters"
    if dialect.begins.header:
        line = _first_records(source, dialect)[-1].line
        yield f"{source.file}: the {'first line' if line == 1 else f'line {line}'} is a header"
    else:
        yield f"{source.file}: there is no header; the columns are called {', '.join(columns)}"


def _mended(source: TextSource, preferred: str, wanted: Sequence[str]) -> tuple[TextSource, Dialect]:
    """Return the source as its fields can be read, and its dialect.

    An unusual delimiter gives way to a character, blanks around quoted fields are left out, and a mark with a
    backslash before it is written twice.
    """
    unusual = None if _SEPARATOR.match(source.data) else find_unusual(_sample(source.data))
    if unusual is not None:
        divided = replace(source, data=unusual.replaced(source.data))
        return divided, replace(find_dialect(divided, STANDS_FOR, wanted), unusual=unusual)
    dialect = find_dialect(source, preferred, wanted)
    if not dialect.sound and (tight := _without_blanks(source.data, preferred)) is not None:
        note = "blanks around quoted fields are left out"
        source = replace(source, data=tight, notes=(*source.notes, note))
        dialect = find_dialect(source, preferred, wanted)
    return _without_escapes(source, dialect, preferred, wanted)


def _without_blanks(data: bytes, preferred: str) -> bytes | None:
    """Return the bytes without the blanks around quoted fields; None where not all of these have one.

    >>> _without_blanks(b'pos, "good, film"\\n', ",")
    b'pos,"good, film"\\n'
    """
    for mark in map(str.encode, preferred):
        if not holds(data, mark + b' "'):
            continue
        edge = rb"(?=[\r\n" + re.escape(mark) + rb"]|\Z)"
        begins = rb"(?:\A *+|(?<=[\r\n]) *+|(?<=" + re.escape(mark) + rb") ++)"
        quoted = begins + rb'("(?:[^"]++|"")*+") *+' + edge
        if b'"' not in re.sub(quoted, b"", data):
            return re.sub(quoted, rb"\1", data)
    return None


def _without_escapes(
    source: TextSource, dialect: Dialect, preferred: str, wanted: Sequence[str]
) -> tuple[TextSource, Dialect]:
    """Return the source and its dialect; a mark inside a field is written twice, where it has a backslash before it."""
    if not holds(source.data, b'\\"') or (dialect.quoted and _is_well_quoted(source.data, dialect)):
        return source, dialect
    note = "a backslash before a quotation mark belongs to the mark"
    doubled = replace(source, data=_ESCAPED.sub(rb'\1""', source.data), notes=(*source.notes, note))
    its = find_dialect(doubled, preferred, wanted)
    if not its.quoted:
        return source, dialect
    better = _is_well_quoted(doubled.data, its) or _odd_records(doubled, its) < _odd_records(source, dialect)
    return (doubled, its) if better else (source, dialect)


def _odd_records(source: TextSource, dialect: Dialect) -> int:
    """Return how many records have another number of fields than most."""
    widths = Counter(len(record.fields) for record in parse_records(source.text(), dialect))
    return widths.total() - widths.most_common(1)[0][1]


# --- the dialect -----------------------------------------------------------------------------------------


def find_dialect(source: TextSource, preferred: str, wanted: Sequence[str] = ()) -> Dialect:
    """Return delimiter, quoting and whether there is a header, judged on the head of the file."""
    sample = _sample(source.data)
    named = _SEPARATOR.match(source.data)
    preferred = named[1].decode() if named else preferred
    delimiter = max(preferred, key=lambda mark: _delimiter_score(sample, mark, wanted))
    rows = _sample_rows(sample, delimiter)
    if not _divides(rows):
        delimiter, rows = NO_DELIMITER, _sample_rows(sample, NO_DELIMITER)
    sound = delimiter != "\t" and _is_well_quoted(source.data, Dialect(delimiter))
    quoted = sound or b'"' not in source.data or _marks_quote_fields(source.text(), delimiter)
    return Dialect(delimiter, quoted, find_beginning(rows, wanted), sound)


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
    """Return how many names one of the first records has that are known, and the share of records of its width."""
    rows = _sample_rows(sample, delimiter)
    width = common_width(rows)
    if width < 2:
        return (0, 0.0)
    heads = [row for row in rows[:LOOKED_AT] if len(row) == width or row is rows[0]]
    known = [sum(is_known_name(cell) or cell in wanted for cell in row) for row in heads]
    return (max(known) if max(known) > 1 else known[0], sum(len(row) == width for row in rows) / len(rows))


def _divides(rows: list[list[str]]) -> bool:
    """Whether a delimiter divides most records into fields; one that is seldom in the first is a mark of prose."""
    width = common_width(rows)
    return width > 1 and (len(rows[0]) > 1 or 2 * sum(len(row) == width for row in rows) > len(rows))


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


# --- the clean path --------------------------------------------------------------------------------------


def _read_clean(source: TextSource, dialect: Dialect) -> pl.DataFrame | None:
    """Return the records as Polars reads them, or None where anything is off."""
    *above, first = _first_records(source, dialect)
    data = _from_line(source.data, first.line) if above else source.data
    data = data if data.endswith(b"\n") else data + b"\n"  # Polars 2.1 drops a last empty cell
    if b"\r" in data and _LONE_RETURN.search(data):
        return None
    if (above or not dialect.sound) and not _is_well_quoted(data, dialect):
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
    header = dialect.begins.header
    names = column_names([cell or "" for cell in rows.row(0)], header)
    rows = rows[1 if header else 0 :].rename(dict(zip(rows.columns, names, strict=True))).fill_null("")
    if not above:
        return rows
    titles = [(record.fields + [None] * len(names))[: len(names)] for record in above]
    return pl.concat([pl.DataFrame(titles, schema=rows.schema, orient="row"), rows])


def _first_records(source: TextSource, dialect: Dialect) -> list[Record]:
    """Return the records above the table, and the first one of it."""
    records = parse_records(_sample(source.data), dialect)
    return list(islice(records, dialect.begins.above + 1))


def _from_line(data: bytes, line: int) -> bytes:
    """Return the bytes from the beginning of a line on, counted from 1."""
    return b"".join(io.BytesIO(data).readlines()[line - 1 :]) if line > 1 else data


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
    return distinct(first)


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


def _read_with_csv_module(source: TextSource, dialect: Dialect) -> tuple[pl.DataFrame, Bool, Damage]:
    text = source.text()
    records = list(parse_records(text, dialect))
    if dialect.quoted and (last := _open_quote(records, text, dialect)) is not None:
        what = "a quotation mark opens here and never closes"
        fix = 'close it, or write it twice ("") inside a quoted field'
        raise PipelineError(f"{source.file}:{last.line}", what, fix)
    above, header = dialect.begins.above, dialect.begins.header
    first, table = records[above], records[above + header :]
    widths = Counter(len(record.fields) for record in table)
    heads = _with_row_names(first.fields, table) if header else first.fields
    width = len(heads) if header else widths.most_common(1)[0][0]
    table = [replace(record, fields=_without_blank_fields(record.fields, width)) for record in table]
    _check_widths(source.file, table, width, header)
    body = records[:above] + table
    names = column_names(heads[:width], header)
    rows = [record.fields[:width] + [None] * (width - len(record.fields)) for record in body]
    cells, undecodable = as_cells({name: [row[at] for row in rows] for at, name in enumerate(names)})
    wrong = np.array([len(record.fields) != width for record in body], np.bool_)
    return cells, wrong, undecodable


def _with_row_names(heads: list[str], table: list[Record]) -> list[str]:
    """Return the header with a blank name before it where most records begin with their number, as R writes them."""
    numbered = [record.fields[0] for record in table if len(record.fields) == len(heads) + 1]
    if (
        2 * len(numbered) > len(table)
        and len({*numbered}) == len(numbered)
        and all(map(str.isdigit, numbered))
    ):
        return ["", *heads]
    return heads


def _without_blank_fields(fields: list[str], width: int) -> list[str]:
    """Return the fields without those beyond the width of the table, where all of these are blank."""
    return fields[:width] if len(fields) > width and not any(map(str.strip, fields[width:])) else fields


def _check_widths(file: str, body: list[Record], width: int, header: bool) -> None:
    wrong = [record for record in body if len(record.fields) != width]
    if 2 * len(wrong) > len(body):
        expected = f"the header has {width}" if header else f"expected {width}"
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
    above, header = dialect.begins.above, dialect.begins.header
    return np.array(lines[:above] + lines[above + header :], dtype=np.int64)
