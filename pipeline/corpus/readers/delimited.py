"""CSV and TSV: delimiter, quoting and header found; Polars on the clean path, the csv module elsewhere."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.core.reading import NO_HEADER
from pipeline.core.values import Bool, Int64
from pipeline.corpus.readers.dialects import (
    Dialect,
    Record,
    find_mended,
    first_records,
    is_well_quoted,
    open_quote,
    parse_records,
)
from pipeline.corpus.readers.encodings import TextSource, read_source
from pipeline.corpus.readers.header import left_out
from pipeline.corpus.readers.records import Damage, RawTable, as_cells, distinct, none_of
from pipeline.corpus.readers.searching import holds
from pipeline.corpus.readers.unusual import STANDS_FOR

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MISSING = "\\N"  # what databases write for a value that is not there
_LONE_RETURN = re.compile(rb"\r(?!\n)")


def read_delimited(
    path: Path, wanted: Sequence[str] = (), *, preferred: str, header: bool | None = None
) -> RawTable:
    """Read fields between delimiters; `wanted` are column names the user gave, which mark a header.

    `preferred` are the delimiters that the file may have; of equally likely ones it is the first. `header` says
    whether there is one, where that is known from elsewhere.
    """
    source, dialect = find_mended(read_source(path), preferred, wanted)
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
        header_line=first_records(source, dialect)[-1].line if begins.header else NO_HEADER,
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
        line = first_records(source, dialect)[-1].line
        yield f"{source.file}: the {'first line' if line == 1 else f'line {line}'} is a header"
    else:
        yield f"{source.file}: there is no header; the columns are called {', '.join(columns)}"


# --- the clean path --------------------------------------------------------------------------------------


def _read_clean(source: TextSource, dialect: Dialect) -> pl.DataFrame | None:
    """Return the records as Polars reads them, or None where anything is off."""
    *above, first = first_records(source, dialect)
    data = _from_line(source.data, first.line) if above else source.data
    data = data if data.endswith(b"\n") else data + b"\n"  # Polars 2.1 drops a last empty cell
    if b"\r" in data and _LONE_RETURN.search(data):
        return None
    if (above or not dialect.sound) and not is_well_quoted(data, dialect):
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


def _from_line(data: bytes, line: int) -> bytes:
    """Return the bytes from the beginning of a line on, counted from 1."""
    return b"".join(io.BytesIO(data).readlines()[line - 1 :]) if line > 1 else data


def column_names(first: list[str], header: bool) -> list[str]:
    """Return the header's names, made distinct; 1, 2, 3 where there is no header.

    >>> column_names(["text", "label", "label"], True)
    ['text', 'label', 'label (2)']
    """
    if not header:
        return [str(number) for number in range(1, len(first) + 1)]
    return distinct(first)


# --- the csv module's pass -------------------------------------------------------------------------------


def _read_with_csv_module(source: TextSource, dialect: Dialect) -> tuple[pl.DataFrame, Bool, Damage]:
    text = source.text()
    records = list(parse_records(text, dialect))
    if dialect.quoted and (last := open_quote(records, text, dialect)) is not None:
        what = "a quotation mark opens here and never closes"
        fix = 'close it, or write it twice ("") inside a quoted field'
        raise PipelineError("quote-never-closed", f"{source.file}:{last.line}", what, fix)
    above, header = dialect.begins.above, dialect.begins.header
    first, table = records[above], records[above + header :]
    widths = Counter(len(record.fields) for record in table)
    heads = with_row_names(first.fields, table) if header else first.fields
    width = len(heads) if header else widths.most_common(1)[0][0]
    table = [replace(record, fields=without_blank_fields(record.fields, width)) for record in table]
    _check_widths(source.file, table, width, header)
    body = records[:above] + table
    names = column_names(heads[:width], header)
    rows = [record.fields[:width] + [None] * (width - len(record.fields)) for record in body]
    cells, undecodable = as_cells({name: [row[at] for row in rows] for at, name in enumerate(names)})
    wrong = np.array([len(record.fields) != width for record in body], np.bool_)
    return cells, wrong, undecodable


def with_row_names(heads: list[str], table: Sequence[Record]) -> list[str]:
    """Return the header with a blank name before it where most records begin with their number, as R writes them."""
    numbered = [record.fields[0] for record in table if len(record.fields) == len(heads) + 1]
    if (
        2 * len(numbered) > len(table)
        and len({*numbered}) == len(numbered)
        and all(map(str.isdigit, numbered))
    ):
        return ["", *heads]
    return heads


def without_blank_fields(fields: list[str], width: int) -> list[str]:
    """Return the fields without those beyond the width of the table, where all of these are blank."""
    return fields[:width] if len(fields) > width and not any(map(str.strip, fields[width:])) else fields


def _check_widths(file: str, body: list[Record], width: int, header: bool) -> None:
    wrong = [record for record in body if len(record.fields) != width]
    if 2 * len(wrong) > len(body):
        expected = f"the header has {width}" if header else f"expected {width}"
        found = len(wrong[0].fields)
        what = f"the record has {found} fields, {expected}, as in {len(wrong)} of {len(body)} records"
        fix = 'enclose fields that hold the delimiter in quotation marks ("), or correct the header'
        raise PipelineError("fields-differ", f"{file}:{wrong[0].line}", what, fix)


def _find_lines(source: TextSource, dialect: Dialect) -> Int64:
    lines = [record.line for record in parse_records(source.text(), dialect)]
    above, header = dialect.begins.above, dialect.begins.header
    return np.array(lines[:above] + lines[above + header :], dtype=np.int64)
