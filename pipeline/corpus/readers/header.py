"""Where a table begins: its header, what stands above it, and lines of it that are no records.

Judged on the first records as fields; nothing here knows how the fields were divided.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
import polars as pl

from pipeline.core.values import Bool
from pipeline.corpus.readers.column_facts import LOOKS, NUMBER
from pipeline.corpus.readers.column_names import is_known_name

ABOVE, AGAIN, BELOW = "line above the table", "header again", "line below the table"
SECOND = "second line of the header"
COMMENT, BLANK = "comment or rule", "blank record"
LOOKED_AT = 20  # first records among which the header is looked for
PADDING = 8  # bytes of blanks around a name, at most, in a header that is repeated
FIRST = 8  # columns by whose lengths most records are told from the header
LAST = 3  # records at the end that may stand below the table
FEW_EACH = 3  # records a value, at least, in a column of classes
SAME = 0.9  # of the cells of a column look alike
SENTENCE = 6  # words, at least, of a cell that may be a text
CERTAIN = "certain"
LONGEST_HEADING = 3  # words, where nothing but its length tells a header from a record

Row = Sequence[str]
_SEPARATOR = re.compile(r'"?sep=.?"?', re.I)
_COMMENT = re.compile(r"(#|//|--|%|;)\s*\S.*", re.S)
_RULE = re.compile(r"[-=+_*~\s]{3,}")
_BEGIN_APART = tuple("#/-%;=+*~_")  # characters, one of which begins each of these
MAY_BEGIN_APART = frozenset(("", " ", "\t", *_BEGIN_APART))  # how the first field does, with blanks before it
_FOOT = re.compile(
    r"\(?[0-9][0-9,. ]* (rows?|records?|lines?|results?)\b.*|((grand )?totals?|rows?|records?|count|sum|summe|gesamt"
    r"|anzahl)\b ?[:=]?[ 0-9,.]*|(end of|generated|exported|downloaded|fetched|elapsed|source|query|time)\b.*"
    r"|\(?end\)?|eof",
    re.I | re.S,
)
# What stands below the names of columns: SurveyMonkey's kinds of answers, types of columns as Orange and others write.
_KINDS_OF_ANSWERS = frozenset(
    ("response", "open-ended response", "open ended response", "other (please specify)")
)
_TYPES_OF_COLUMNS = frozenset((
    "string", "str", "text", "varchar", "char", "int", "integer", "float", "double", "number", "numeric", "bool",
    "boolean", "date", "datetime", "timestamp", "categorical", "category", "discrete", "continuous", "class", "meta",
    "object", "enum", "bigint", "json",
))  # fmt: skip
_TOTAL = re.compile(r"(grand )?totals?:?", re.I)
_KINDS = (NUMBER, *(look.pattern for name, look in LOOKS.items() if name != "tree"))


@dataclass(frozen=True)
class Beginning:
    """How many records stand above the table, and whether the next one is its header."""

    above: int = 0
    header: bool = True


def find_beginning(rows: Sequence[Row], wanted: Sequence[str] = ()) -> Beginning:
    """Return where the table begins that the first records of a file show; `wanted` are names that mark a header."""
    width = common_width(rows)
    for place, row in enumerate(rows[:LOOKED_AT]):
        below = _records_below(rows, place, width)
        if not _is_remark(row) and _names_columns(row, below, wanted, width, first=place == 0):
            return Beginning(place, True)
        titled = (
            len(row) != width
            and bool(below)
            and _names_columns(below[0], below[1:], wanted, width, first=False)
        )
        if not titled and not _stands_above(row, width, below):
            return Beginning(place, False)
    return Beginning(0, _may_name_columns(rows[0], rows[1:], wanted))


def _records_below(rows: Sequence[Row], place: int, width: int) -> list[Row]:
    """Return the records below a place, without those that repeat it and those that are none."""
    own = [*map(_as_name, rows[place])]
    later = rows[place + 1 :]
    below: list[Row] = [
        row for row in later if not _repeats(row, own) and not is_apart(row, width) and not is_second(row)
    ]
    ends = (number for number in range(len(below)) if not stands_below(below[-1 - number]))
    return below[: len(below) - min(next(ends, 0), LAST)]


def _repeats(row: Row, names: Sequence[str]) -> bool:
    """Whether a record holds the names of the columns again; the first field tells of nearly all that it does not."""
    return [*map(_as_name, row[:1])] == names[:1] and [*map(_as_name, row)] == names


def common_width(rows: Sequence[Row]) -> int:
    """Return the number of fields that most records have."""
    widths = Counter(map(len, rows))
    return max(widths, key=lambda width: (widths[width], width))


def names_separator(row: Row) -> bool:
    """Whether a record is the line by which Excel says what divides fields: `sep=;`."""
    cells = [cell for cell in row if cell]
    return len(cells) == 1 and _SEPARATOR.fullmatch(cells[0].strip()) is not None


def is_apart(row: Row, width: int) -> bool:
    """Whether a record is a comment or a rule of dashes, wherever it stands."""
    first = next(filter(None, map(str.strip, row)), "")
    if not first.startswith(_BEGIN_APART):  # as nearly all records
        return False
    cells = [cell.strip() for cell in row if cell.strip()]
    ruled = all(_RULE.fullmatch(cell) for cell in cells)
    return ruled or (len(row) < width and _COMMENT.fullmatch(cells[0]) is not None)


def stands_below(row: Row) -> bool:
    """Whether one of the last records is a line below the table: its number of records, a total, where it is from."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if len(cells) == 1:
        return _FOOT.fullmatch(cells[0]) is not None
    totals = cells and _TOTAL.fullmatch(cells[0]) is not None
    return bool(totals) and all(NUMBER.fullmatch(cell) for cell in cells[1:])


def left_out(cells: pl.DataFrame, above: int, header: bool, wrong: Bool | None = None) -> dict[str, Bool]:
    """Return which records of a table are none, by reason; boolean arrays of shape (n_records,).

    Parameters
    ----------
    cells : DataFrame
        Every record but the header, with the names of its columns.
    above : int
        How many of the first stand above the table.
    header : bool
        Whether the columns are named by a header.
    wrong : boolean array, shape (n_records,), optional
        Which records have another number of fields than the table.
    """
    n_records = len(cells)
    found = {
        ABOVE: np.arange(n_records) < above,
        AGAIN: _equal_to_names(cells) if header else np.zeros(n_records, bool),
        SECOND: np.zeros(n_records, bool),
        BLANK: _blank(cells),
        COMMENT: np.zeros(n_records, bool),
        BELOW: np.zeros(n_records, bool),
    }
    found[SECOND][above : above + (_second_headers(cells, above) if header else 0)] = True
    for record in {*_marked(cells, wrong), *range(above, min(above + LAST, n_records))}:
        found[COMMENT][record] = is_apart(_fields(cells, record), cells.width)
    for record in range(n_records - 1, max(n_records - 1 - LAST, above - 1), -1):
        if not found[BLANK][record] and not stands_below(_fields(cells, record)):
            break
        found[BELOW][record] = not found[BLANK][record]
    return {reason: records for reason, records in found.items() if records.any()}


def _second_headers(cells: pl.DataFrame, above: int) -> int:
    """Return how many of the first records say more of the header: Qualtrics has two, SurveyMonkey and Orange one."""
    rows = [_fields(cells, record) for record in range(above, min(above + LAST, len(cells)))]
    for number, row in enumerate(rows):
        filled = [cell for cell in row if cell]
        if filled and all(cell.startswith('{"ImportId"') for cell in filled):
            return number + 1
    return next((number for number, row in enumerate(rows) if not is_second(row)), len(rows))


def is_second(row: Row) -> bool:
    """Whether a record says of what kind the answers, or the values, below each name are.

    Beside kinds of answers SurveyMonkey writes the choices of a question; what identifies a respondent is blank.
    """
    if len(row) < 2:
        return False
    first = _as_name(row[0])
    if first and first not in _KINDS_OF_ANSWERS and first not in _TYPES_OF_COLUMNS:  # as nearly all records
        return False
    filled = {cell for cell in map(_as_name, row) if cell}
    if filled & _KINDS_OF_ANSWERS:
        return filled <= _KINDS_OF_ANSWERS or not row[0].strip()
    return len(filled) > 1 and filled <= _TYPES_OF_COLUMNS and all(map(str.strip, row))


def _marked(cells: pl.DataFrame, wrong: Bool | None) -> list[int]:
    """Return the records with a wrong number of fields that begin as a comment or a rule does."""
    if wrong is None or not wrong.any():
        return []
    begins = cells.to_series(0).str.strip_chars_start().str.slice(0, 1).is_in(_BEGIN_APART).fill_null(False)
    return np.flatnonzero(wrong & begins.to_numpy()).tolist()


def _fields(cells: pl.DataFrame, record: int) -> list[str]:
    return [cell for cell in cells.row(record) if cell is not None]


def _equal_to_names(cells: pl.DataFrame) -> Bool:
    """Return the records that repeat the header, but for capitals and blanks around names.

    Files that were joined may each begin with a byte order mark.
    """
    if cells.width == 1:
        return _all(cells, lambda name: pl.col(name).str.strip_prefix("\ufeff") == name)
    lengths = [pl.col(name).str.len_bytes() <= len(name.encode()) + PADDING for name in cells.columns[:FIRST]]
    short = pl.all_horizontal(lengths)
    where = cells.select(short).to_series().fill_null(False).arg_true().to_numpy()  # most texts are longer
    result = np.zeros(len(cells), bool)
    result[where] = _all(
        cells[where],
        lambda name: pl.col(name).str.strip_chars("\ufeff \t\r\n").str.to_lowercase() == _as_name(name),
    )
    return result


def _as_name(cell: str) -> str:
    """Return a cell as names of columns are compared with it."""
    return cell.strip("\ufeff \t\r\n").lower()


def _blank(cells: pl.DataFrame) -> Bool:
    if cells.width == 1:
        return np.zeros(len(cells), bool)
    return _all(cells, lambda name: (pl.col(name) == "").fill_null(True))


def _all(cells: pl.DataFrame, holds: Callable[[str], pl.Expr]) -> Bool:
    """Return the records for which every column holds; the later columns are looked at where the first one does."""
    first, *others = cells.columns
    where = cells.select(holds(first)).to_series().fill_null(False).arg_true()
    result = np.zeros(len(cells), bool)
    if len(where):
        rows = cells[where.to_numpy()]
        every = rows.select(pl.all_horizontal([holds(name) for name in (first, *others)])).to_series()
        result[where.to_numpy()[every.fill_null(False).to_numpy()]] = True
    return result


# --- is it a header?


def _names_columns(row: Row, below: Sequence[Row], wanted: Sequence[str], width: int, *, first: bool) -> bool:
    """Whether a record names the columns: by a wanted or known name, else because it is unlike those below it."""
    if any(cell in wanted and not _is_number(cell) for cell in row):
        return True
    if first and _is_one_short(row, below, width):
        return True
    alone = len(row) > 1 and sum(bool(cell.strip()) for cell in row) < 2
    if alone or (len(row) != width and not (first and sum(map(is_known_name, row)) > 1)):
        return False
    seen = _values(below, len(row))
    recurs = [cell in values for cell, values in zip(row, seen, strict=True)]
    known = [is_known_name(cell) for cell in row]
    if (sum(known) > 1 and len({*row}) > 1) or any(
        name and not again for name, again in zip(known, recurs, strict=True)
    ):
        return True
    told = _contrast(row, below, seen)
    if told is None:
        return _may_name_columns(row, below, wanted) and not _stands_above(row, width, below)
    return told


def _is_one_short(row: Row, below: Sequence[Row], width: int) -> bool:
    """Whether a header has one field less than the records, which begin with their number or end with a delimiter."""
    whole = [other for other in below if len(other) == width]
    if width < 3 or len(row) != width - 1 or len(whole) < SAME * len(below):
        return False
    numbers = {other[0] for other in whole}
    numbered = len(numbers) == len(whole) and all(map(str.isdigit, numbers)) and not _is_number(row[0])
    return numbered or not any(other[-1].strip() for other in whole)


def _values(below: Sequence[Row], width: int) -> list[Counter[str]]:
    return [Counter(row[column] for row in below if column < len(row)) for column in range(width)]


def _contrast(row: Row, below: Sequence[Row], seen: Sequence[Counter[str]]) -> bool | None:
    """Return whether a record is unlike those below it, False where it is like them, None where that cannot be told.

    Alike are numbers, dates and addresses below each other, and the values of a column that has few of them.
    """
    if _counts_columns(row) and any(_kind_of(values) is not NUMBER for values in seen):
        return True
    votes = [_vote(cell.strip(), values) for cell, values in zip(row, seen, strict=True)]
    if False in votes:
        return False
    sure = CERTAIN in votes or not any(map(_is_prose, row, seen))
    return True if sure and any(votes) else None


def _vote(cell: str, values: Counter[str]) -> bool | str | None:
    """Return whether a cell is unlike those below it; `CERTAIN` where a rare class cannot be the reason."""
    values = Counter({value: count for value, count in values.items() if value.strip()})
    total = values.total()
    if not cell or total < FEW_EACH:
        return None
    kind = _kind_of(values)
    if kind is not None:
        return CERTAIN if kind.fullmatch(cell) is None else False
    if len(values) * FEW_EACH > total:
        return None
    if cell in values:
        return False
    if min(values.values()) == 1:
        return None
    longest = max(len(value.split()) for value in values)
    return CERTAIN if len(cell.split()) > longest + LONGEST_HEADING - 1 else True


def _is_prose(cell: str, values: Counter[str]) -> bool:
    """Whether a cell is as long as the texts below it: it would be a long name of a column."""
    words = len(cell.split())
    below = sum(len(value.split()) * count for value, count in values.items()) / max(values.total(), 1)
    return words >= SENTENCE and below / 2 <= words <= 2 * below


def _kind_of(values: Counter[str]) -> re.Pattern[str] | None:
    """Return what nearly all of these cells look like."""
    cells = [value.strip() for value in islice(values, LOOKED_AT) if value.strip()]
    if not cells:
        return None
    return next(
        (kind for kind in _KINDS if sum(map(bool, map(kind.fullmatch, cells))) >= SAME * len(cells)), None
    )


def _counts_columns(row: Row) -> bool:
    """Whether a record numbers the columns, 0, 1, 2, as pandas writes a frame whose columns have no names."""
    cells = [cell for cell in row if cell.strip()]
    if len(cells) < 2 or not all(cell.isascii() and cell.isdigit() and len(cell) < 4 for cell in cells):
        return False
    return all(int(after) == int(before) + 1 for before, after in pairwise(cells)) and int(cells[0]) in (0, 1)


def _may_name_columns(row: Row, below: Sequence[Row], wanted: Sequence[str]) -> bool:
    """Whether a record of which nothing else is known is taken for a header: its cells are short, and none recurs."""
    if wanted and all(_is_number(name) for name in wanted):  # columns chosen by number
        return False
    seen = _values(below, len(row))
    recurs = any(cell in values for cell, values in zip(row, seen, strict=True))
    return not (recurs or any(_is_number(cell) or len(cell.split()) > LONGEST_HEADING for cell in row))


def _stands_above(row: Row, width: int, below: Sequence[Row]) -> bool:
    """Whether a record is a title, a comment or a rule above a table: it fills fewer fields than those below it."""
    if width < 2:
        return False
    filled = sum(bool(cell.strip()) for cell in row)
    if _is_remark(row) or is_apart(row, width) or not filled:
        return True
    usual = Counter(sum(bool(cell.strip()) for cell in other) for other in below[:LOOKED_AT])
    return filled == 1 and bool(usual) and usual.most_common(1)[0][0] > 1


def _is_remark(row: Row) -> bool:
    """Whether a first record is a comment, however many fields it seems to have, or names the separator."""
    return names_separator(row) or re.match(r"(#|//)\s", row[0]) is not None


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell.strip()) is not None
