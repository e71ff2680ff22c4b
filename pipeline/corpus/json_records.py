"""JSON Lines and JSON: one object a record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..errors import PipelineError
from .records import UNDECODABLE, RawTable
from .sources import TextSource, has_surrogates, read_source, without_surrogates

_BLANKS = re.compile(r"[ \t\r\n]*")
_ENCLOSING_KEYS = ("data", "records", "rows", "documents", "examples")
Place = tuple[int, dict[str, Any]]  # the line where an object starts, the object


def read_jsonl(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a .jsonl or .ndjson file: one object a line."""
    source = read_source(path)
    return _table(source, list(_line_objects(source)))


def read_json(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a .json file: an array of objects, an object of arrays, or one object a line."""
    source = read_source(path)
    text = source.text()
    start = _skip_blanks(text, 0)
    if text[start] == "[":
        return _table(source, list(_array_objects(source, text, start)))
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _table(source, list(_line_objects(source)))
        raise _invalid(source.file, error.lineno, error) from None
    return _table(source, list(_enclosed_objects(source, whole)))


def _line_objects(source: TextSource) -> Iterator[Place]:
    for number, line in enumerate(source.text().split("\n"), start=1):
        if line.strip():
            try:
                yield number, _object(source.file, number, json.loads(line))
            except json.JSONDecodeError as error:
                raise _invalid(source.file, number, error) from None


def _array_objects(source: TextSource, text: str, start: int) -> Iterator[Place]:
    """Yield each object of a JSON array with the line where it starts."""
    decoder = json.JSONDecoder()
    place, counted, line = _skip_blanks(text, start + 1), 0, 1
    while text[place : place + 1] != "]":
        line, counted = line + text.count("\n", counted, place), place
        try:
            value, end = decoder.raw_decode(text, place)
            place = _after_comma(text, _skip_blanks(text, end))
        except json.JSONDecodeError as error:
            raise _invalid(source.file, error.lineno, error) from None
        yield line, _object(source.file, line, value)


def _after_comma(text: str, place: int) -> int:
    mark = text[place : place + 1]
    if mark == "]":
        return place
    if mark != ",":
        raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
    return _skip_blanks(text, place + 1)


def _skip_blanks(text: str, place: int) -> int:
    match = _BLANKS.match(text, place)
    return match.end() if match else place


def _enclosed_objects(source: TextSource, whole: Any) -> Iterator[Place]:
    """Yield the records of an object of arrays, or of the array under a key such as "data"."""
    for key in _ENCLOSING_KEYS:
        if isinstance(whole, dict) and isinstance(whole.get(key), list) and _all_objects(whole[key]):
            yield from ((0, record) for record in whole[key])
            return
    columns = {k: v for k, v in whole.items() if isinstance(v, list)} if isinstance(whole, dict) else {}
    if not columns or len({len(values) for values in columns.values()}) != 1:
        if isinstance(whole, dict):
            yield 1, whole
            return
        what = "expected an array of objects, an object of arrays of one length, or one object a line"
        raise PipelineError(f"{source.file}:1", what, "convert it to one of these")
    names = list(columns)
    yield from ((0, dict(zip(names, values, strict=True))) for values in zip(*columns.values(), strict=True))


def _all_objects(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, dict) for value in values)


def _object(file: str, line: int, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        what = f'the record is {_kind(value)}, expected an object such as {{"text": "...", "label": "..."}}'
        raise PipelineError(f"{file}:{line}", what, "correct the record")
    return value


def _kind(value: Any) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _invalid(file: str, line: int, error: json.JSONDecodeError) -> PipelineError:
    return PipelineError(f"{file}:{line}:{error.colno}", f"invalid JSON ({error.msg})", "correct the line")


def _table(source: TextSource, places: list[Place]) -> RawTable:
    names = list(dict.fromkeys(name for _, record in places for name in record))
    columns = {name: [as_string(record.get(name)) for _, record in places] for name in names}
    problems = np.zeros(len(places), dtype=np.int8)
    for name, cells in columns.items():
        for row, cell in enumerate(cells):
            if cell is not None and has_surrogates(cell):
                cells[row] = without_surrogates(cell)
                problems[row] |= UNDECODABLE
        columns[name] = cells
    lines = np.array([line for line, _ in places], dtype=np.int64)
    return RawTable(
        file=source.file,
        cells=pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)),
        problems=problems,
        assumptions=(f"{source.file}: the encoding is {source.encoding}",),
        find_lines=None if not lines.all() else lambda: lines,
        nested=frozenset(n for n in names if any(isinstance(r.get(n), list | dict) for _, r in places)),
    )


def as_string(value: Any) -> str | None:
    """Return a JSON value as the string that a CSV file would hold; null is None.

    >>> [as_string(value) for value in ("007", 1, 1.0, 0.5, True, None)]
    ['007', '1', '1', '0.5', 'true', None]
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
