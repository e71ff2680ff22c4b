"""How the lines of a table of text become fields: delimiter, quoting, and what is mended before they are read."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from typing import Literal

from pipeline.corpus.readers.column_names import is_known_name
from pipeline.corpus.readers.encodings import TextSource
from pipeline.corpus.readers.header import LOOKED_AT, Beginning, common_width, find_beginning
from pipeline.corpus.readers.searching import holds
from pipeline.corpus.readers.unusual import STANDS_FOR, Unusual, find_unusual

NO_DELIMITER = "\x1f"  # the unit separator: a file of one column
SAMPLE_BYTES, SAMPLE_RECORDS = 1 << 20, 2000
LONGEST_FIELD = 2**31 - 1
_SEPARATOR = re.compile(rb'"?sep=(\t|[^\s"])"?[^\S\n]*\n', re.I)  # as Excel begins a file
_ESCAPED = re.compile(rb'(?<!\\)((?:\\\\)*)\\"')  # a mark after an odd number of backslashes
_BLANKS_LEFT_OUT = "blanks around quoted fields are left out"
_MARKS_ESCAPED = "a backslash before a quotation mark belongs to the mark"


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
    tight: str = ""  # the delimiter beside whose quoted fields blanks are left out
    escaped: bool = False  # whether a mark inside a field has a backslash before it

    def mended(self, data: bytes) -> bytes:
        """Return bytes of whole records as their fields can be read: what `find_mended` did to those of a file."""
        if self.unusual is not None:
            return self.unusual.replaced(data)
        if self.tight:
            data = _quoted_between_blanks(self.tight).sub(rb"\1", data)
        return _ESCAPED.sub(rb'\1""', data) if self.escaped else data


@dataclass(frozen=True)
class Record:
    """One record as the csv module reads it, with the line where it starts (from 1)."""

    line: int
    fields: list[str]


def find_mended(source: TextSource, preferred: str, wanted: Sequence[str]) -> tuple[TextSource, Dialect]:
    """Return the source as its fields can be read, and its dialect.

    An unusual delimiter gives way to a character, blanks around quoted fields are left out, and a mark with a
    backslash before it is written twice.
    """
    unusual = None if _SEPARATOR.match(source.data) else find_unusual(_sample(source.data))
    if unusual is not None:
        divided = replace(source, data=unusual.replaced(source.data))
        return divided, replace(find_dialect(divided, STANDS_FOR, wanted), unusual=unusual)
    dialect = find_dialect(source, preferred, wanted)
    if not dialect.sound and (tight := _between_blanks(source.data, preferred)):
        data = _quoted_between_blanks(tight).sub(rb"\1", source.data)
        source = replace(source, data=data, notes=(*source.notes, _BLANKS_LEFT_OUT))
        dialect = replace(find_dialect(source, preferred, wanted), tight=tight)
    return _without_escapes(source, dialect, preferred, wanted)


def _between_blanks(data: bytes, preferred: str) -> str:
    """Return the delimiter that blanks separate from quoted fields; "" where not all fields with marks are such.

    >>> _between_blanks(b'pos, "good, film"\\n', ",;")
    ','
    """
    for mark in preferred:
        if holds(data, mark.encode() + b' "') and b'"' not in _quoted_between_blanks(mark).sub(b"", data):
            return mark
    return ""


@cache
def _quoted_between_blanks(delimiter: str) -> re.Pattern[bytes]:
    """Return the pattern of a quoted field with the blanks around it.

    >>> _quoted_between_blanks(",").sub(rb"\\1", b'pos, "good, film"\\n')
    b'pos,"good, film"\\n'
    """
    mark = re.escape(delimiter.encode())
    begins = rb"(?:\A *+|(?<=[\r\n]) *+|(?<=" + mark + rb") ++)"
    return re.compile(begins + rb'("(?:[^"]++|"")*+") *+(?=[\r\n' + mark + rb"]|\Z)")


def _without_escapes(
    source: TextSource, dialect: Dialect, preferred: str, wanted: Sequence[str]
) -> tuple[TextSource, Dialect]:
    """Return the source and its dialect; a mark inside a field is written twice, where it has a backslash before it."""
    if not holds(source.data, b'\\"') or (dialect.quoted and is_well_quoted(source.data, dialect)):
        return source, dialect
    doubled = replace(source, data=_ESCAPED.sub(rb'\1""', source.data), notes=(*source.notes, _MARKS_ESCAPED))
    its = replace(find_dialect(doubled, preferred, wanted), tight=dialect.tight, escaped=True)
    if not its.quoted:
        return source, dialect
    better = is_well_quoted(doubled.data, its) or _odd_records(doubled, its) < _odd_records(source, dialect)
    return (doubled, its) if better else (source, dialect)


def _odd_records(source: TextSource, dialect: Dialect) -> int:
    """Return how many records have another number of fields than most."""
    widths = Counter(len(record.fields) for record in parse_records(source.text(), dialect))
    return widths.total() - widths.most_common(1)[0][1]


def first_records(source: TextSource, dialect: Dialect) -> list[Record]:
    """Return the records above the table, and the first one of it."""
    records = parse_records(_sample(source.data), dialect)
    return list(islice(records, dialect.begins.above + 1))


def find_dialect(source: TextSource, preferred: str, wanted: Sequence[str] = ()) -> Dialect:
    """Return delimiter, quoting and whether there is a header, judged on the head of the file."""
    sample = _sample(source.data)
    named = _SEPARATOR.match(source.data)
    preferred = named[1].decode() if named else preferred
    delimiter = max(preferred, key=lambda mark: _delimiter_score(sample, mark, wanted))
    rows = _sample_rows(sample, delimiter)
    if not _divides(rows):
        delimiter, rows = NO_DELIMITER, _sample_rows(sample, NO_DELIMITER)
    sound = delimiter != "\t" and is_well_quoted(source.data, Dialect(delimiter))
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
    if open_quote(quoted, text, Dialect(delimiter)) is not None:
        return False
    return delimiter != "\t" or (len(quoted) == len(plain) and _is_strict(text, delimiter))


def _is_strict(text: str, delimiter: str) -> bool:
    with suppress(csv.Error):
        deque(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), maxlen=0)
        return True
    return False


def is_well_quoted(data: bytes, dialect: Dialect) -> bool:
    """Whether every quotation mark encloses a whole field or stands doubled inside one.

    Parsers disagree about all other marks; the csv module decides there.
    """
    if not dialect.quoted or b'"' not in data:
        return True
    edge = rb"[\r\n" + re.escape(dialect.delimiter.encode()) + rb"]"
    field = rb"(?:(?<=" + edge + rb')|\A)"(?:[^"]++|"")*+"(?:(?=' + edge + rb")|\Z)"
    return re.fullmatch(rb'(?:[^"]*+' + field + rb')*+[^"]*+', data) is not None


def open_quote(records: list[Record], text: str, dialect: Dialect) -> Record | None:
    """Return the last record if it takes in a line put after it: a quotation mark in it never closes."""
    if text.count('"') % 2 == 0 or not records:
        return None
    last = "".join(islice(io.StringIO(text, newline=""), records[-1].line - 1, None))
    return records[-1] if len(list(parse_records(f"{last}\nend", dialect))) == 1 else None


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
