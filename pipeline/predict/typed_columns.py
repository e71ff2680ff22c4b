"""Columns with types, written where a format has fewer of them: nothing of them is lost, and nothing stops for them."""

from __future__ import annotations

import polars as pl
from polars.datatypes import DataTypeClass

from pipeline.corpus.readers.frames import as_strings

Type = pl.DataType | DataTypeClass


def for_csv(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose columns CSV can hold: lists and objects as JSON, durations as ISO 8601, bytes as text.

    >>> for_csv(pl.DataFrame({"tags": [["a", "b"], None]}))["tags"].to_list()
    ['["a","b"]', None]
    """
    return frame.with_columns([_for_csv(column) for column in frame])


def for_json(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose columns JSON can hold as they are: bytes as text, wherever they are."""
    return frame.with_columns([_without_bytes(column) for column in frame])


def _for_csv(column: pl.Series) -> pl.Series:
    if column.dtype.is_nested():
        return _as_json(_without_bytes(column))
    if column.dtype in (pl.Binary, pl.Duration, pl.Object):
        return as_strings(column)[0]
    return column


def _as_json(column: pl.Series) -> pl.Series:
    """Return each value as JSON writes it; null stays null."""
    lines = column.alias("").to_frame().write_ndjson().splitlines()
    values = pl.Series(column.name, lines, dtype=pl.String).str.strip_prefix('{"":').str.head(-1)
    return values.set(column.is_null(), None)


def _without_bytes(column: pl.Series) -> pl.Series:
    """Return a column with text in the place of bytes, U+FFFD where they are none, in lists and objects too."""
    if not _holds_bytes(column.dtype):
        return column
    if column.dtype == pl.Binary:
        return as_strings(column)[0]
    return pl.Series(column.name, [*map(_readable, column.to_list())], dtype=_as_text(column.dtype))


def _inner(dtype: Type) -> list[Type]:
    if isinstance(dtype, pl.Struct):
        return [*dtype.to_schema().values()]
    return [dtype.inner] if isinstance(dtype, pl.List | pl.Array) else []


def _holds_bytes(dtype: Type) -> bool:
    return dtype == pl.Binary or any(map(_holds_bytes, _inner(dtype)))


def _as_text(dtype: Type) -> Type:
    """Return the type with strings in the place of bytes; arrays are lists."""
    if isinstance(dtype, pl.Struct):
        return pl.Struct({name: _as_text(one) for name, one in dtype.to_schema().items()})
    if inner := _inner(dtype):
        return pl.List(_as_text(inner[0]))
    return pl.String() if dtype == pl.Binary else dtype


def _readable(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {key: _readable(one) for key, one in value.items()}
    return [*map(_readable, value)] if isinstance(value, list) else value
