"""A table of typed columns to strings, so that a label 1 is "1" and a label 1.0 is "1" too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.noise import silent_stderr
from pipeline.corpus.readers.records import RawTable, none_of

# What Polars says of columns of types that it does not know, by the name that they have in `_CALLED`.
_UNKNOWN_TYPE = re.compile(
    r"(?P<decimal>Int256|precision must be between)|(?P<interval>interval`)|(?P<union>Union)"
    r"|(?P<other>not supported by Polars|not yet implemented|cannot create series from)"
)
_CALLED = {
    "decimal": "decimals of more than 38 digits, decimal256",
    "interval": "intervals of months, days and nanoseconds",
    "union": "unions of several types",
    "other": "one that Polars does not know, such as run-end encoded values",
}


def as_table(file: str, frame: pl.DataFrame) -> RawTable:
    """Return the rows of `frame` as the records of `file`; lists and objects are named in `nested`.

    A column whose values cannot be written is empty, whatever its type: it may be one that is not used.
    """
    columns, undecodable, said = [], {}, []
    for column in map(_stored, frame):
        try:
            cells, damaged = as_strings(column)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            cells, damaged = _empty(column), None
            what = (
                f'column "{column.name}" ({column.dtype}) holds values that cannot be written, and is empty'
            )
            said.append(f"{file}: {what}")
        columns.append(cells)
        if damaged is not None and damaged.any():
            undecodable[column.name] = damaged.to_numpy()
    nested = frozenset(column.name for column in frame if column.dtype.is_nested())
    table = pl.DataFrame(columns)
    return RawTable(file, table, none_of(len(frame)), undecodable, assumptions=tuple(said), nested=nested)


def _stored(column: pl.Series) -> pl.Series:
    """Return a column of a type that others added to Arrow (`arrow.bool8`, `arrow.json`) as what it is stored as."""
    return column.ext.storage() if isinstance(column.dtype, pl.BaseExtension) else column


def as_strings(column: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    """Return the column as strings, and where its bytes are not UTF-8 (boolean, same length; None: nowhere)."""
    if column.dtype == pl.Binary:
        return _decoded(column)
    if column.dtype.is_nested() and _is_short(column):
        return _as_json(column), None
    if column.dtype.is_nested() or column.dtype == pl.Object:
        return _empty(column), None
    if column.dtype == pl.Duration:
        return column.dt.to_string("iso"), None
    if column.dtype.is_float():
        column = column.fill_nan(None)  # how pandas marks a missing number
        whole = (column == column.round()).fill_null(False) & column.is_finite().fill_null(False)
        integers = column.set(~whole, None).cast(pl.Int64, strict=False).cast(pl.String)
        return integers.zip_with(integers.is_not_null(), column.cast(pl.String)), None
    return column.cast(pl.String), None


def _empty(column: pl.Series) -> pl.Series:
    return pl.repeat(None, len(column), dtype=pl.String, eager=True).alias(column.name)


def _is_short(column: pl.Series) -> bool:
    """Whether lists or objects may be labels or words: lists of strings or of one item, and objects; no vectors."""
    kind = column.dtype
    if isinstance(kind, pl.Struct):
        return not any(one.is_nested() and not _is_of_strings(one) for one in kind.to_schema().values())
    if not isinstance(kind, pl.List) or _is_of_strings(kind):
        return isinstance(kind, pl.List)
    most = column.list.len().max()
    return not kind.inner.is_nested() and isinstance(most, int) and most <= 1


def _is_of_strings(kind: object) -> bool:
    return isinstance(kind, pl.List) and kind.inner == pl.String


def _as_json(column: pl.Series) -> pl.Series:
    """Return each list or object as JSON writes it, bytes that are no text as null; null stays null."""
    if isinstance(column.dtype, pl.Struct):
        written = _without_bytes(column).struct.json_encode()
    else:
        boxed = pl.DataFrame({"": _without_bytes(column)}).to_struct().struct.json_encode()
        written = boxed.str.strip_prefix('{"":').str.head(-1)
    return pl.select(pl.when(column.is_not_null()).then(written)).to_series().alias(column.name)


def _without_bytes(column: pl.Series) -> pl.Series:
    """Return a column with strings in the place of bytes, which JSON has not; of objects those of each key."""
    kind = column.dtype
    if isinstance(kind, pl.Struct) and kind.fields:
        return pl.DataFrame([_without_bytes(one) for one in column.struct.unnest()]).to_struct(column.name)
    if isinstance(kind, pl.List):
        return column.cast(pl.List(pl.String)) if kind.inner == pl.Binary else column
    if kind != pl.Binary:
        return column
    cells, damaged = _decoded(column)
    return cells.set(damaged, None)


def _decoded(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return a column of bytes as strings, U+FFFD in place of what is not UTF-8, and where that is."""
    with suppress(pl.exceptions.ComputeError):  # of any cell that is not UTF-8
        return column.cast(pl.String), pl.repeat(False, len(column), eager=True)
    replaced = [None if cell is None else cell.decode("utf-8", "replace") for cell in column]
    text = pl.Series(column.name, replaced, dtype=pl.String)
    return text, (text.cast(pl.Binary) != column).fill_null(False)


@contextmanager
def damage_explained(path: Path, format_name: str) -> Iterator[None]:
    """Turn a failure of Polars into a PipelineError; it panics on some damaged files."""
    try:
        with silent_stderr():
            yield
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        ValueError,
        OverflowError,
    ) as error:
        if unknown := _UNKNOWN_TYPE.search(str(error)):
            what = f"the file has a column of a type that is not read ({_CALLED[str(unknown.lastgroup)]})"
            raise PipelineError(
                "format-not-read", str(path), what, "write it without that column, or that column as text"
            ) from None
        fix = "write it again, or give it the ending of what it is (.csv, .jsonl, .txt)"
        raise PipelineError(
            "file-damaged", str(path), f"the file is not whole {format_name} data", fix
        ) from None
