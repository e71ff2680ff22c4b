"""Columns with types, written where a format has fewer of them: nothing of them is lost, and nothing stops for them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

import polars as pl
from polars.datatypes import DataTypeClass

from pipeline.corpus.readers.frames import as_strings
from pipeline.corpus.readers.json_layouts import Object

Type = pl.DataType | DataTypeClass
_EXACT = range(-(2**53), 2**53 + 1)  # integers, each of which a float64 holds
_INT64 = range(-(2**63), 2**63)
# Types of columns of JSON, each with the kinds of values that it holds without loss; all others are text.
_HOLD = {
    pl.Boolean: {"truth value"},
    pl.Int64: {"integer", "large integer"},
    pl.Float64: {"integer", "number"},
}


class JsonTypes:
    """The types that columns of JSON objects can have, told of some objects after the other."""

    def __init__(self) -> None:
        self._kinds: dict[str, set[str]] = {}
        self._told = False
        self._wrapped = (
            False  # what an export puts records into has values of its own, of the same names or not
        )

    def count(self, objects: Iterable[Object | None], columns: Collection[str]) -> None:
        """Take the values of some objects into account, of which the first columns of a table were made."""
        for key, value in ((key, value) for own in objects if own for key, value in own.items()):
            self._wrapped |= key not in columns and not self._told
            if value is not None:
                self._kinds.setdefault(key, set()).add(_kind(value))
        self._told = True

    def typed(self, columns: Iterable[str]) -> list[pl.Expr]:
        """Return those columns of strings as numbers or truth values of which every value is one."""
        found = {name: self._type(name) for name in columns}
        return [
            (pl.col(name) == "true") if dtype == pl.Boolean else pl.col(name).cast(dtype)
            for name, dtype in found.items()
            if dtype is not None
        ]

    def _type(self, name: str) -> DataTypeClass | None:
        kinds = None if self._wrapped else self._kinds.get(name)
        return next((dtype for dtype, held in _HOLD.items() if kinds and kinds <= held), None)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, int):
        return "integer" if value in _EXACT else "large integer" if value in _INT64 else "text"
    return "number" if isinstance(value, float) and math.isfinite(value) else "text"


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
