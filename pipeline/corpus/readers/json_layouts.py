"""How one JSON object can hold all records: as arrays, as columns by row, or below a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.core.files import Json
from pipeline.corpus.readers.column_names import is_known_name, names_text

_ENCLOSING_KEYS = ("data", "records", "rows", "documents", "examples")
Object = dict[str, Json]


def records_of(whole: Object, wanted: Sequence[str]) -> list[Object] | None:
    """Return the records of an object by the first layout that fits, None where none does."""
    found = (layout(whole, wanted) for layout in LAYOUTS)
    return next((records for records in found if records is not None), None)


def _under_a_key(whole: Object, wanted: Sequence[str]) -> list[Object] | None:
    """Return the records of `{"data": [{"text": "good", ...}, ...]}`, or of another of `_ENCLOSING_KEYS`."""
    for key in _ENCLOSING_KEYS:
        values = whole.get(key)
        if isinstance(values, list) and values and all(isinstance(value, dict) for value in values):
            return values
    return None


def _by_row(whole: Object, wanted: Sequence[str]) -> list[Object] | None:
    """Return the records of `{"text": {"0": "good", ...}, ...}`, pandas' default."""
    columns = {name: column for name, column in whole.items() if isinstance(column, dict)}
    rows = next(iter(columns.values()), {}).keys()
    if not whole or len(columns) < len(whole) or any(column.keys() != rows for column in columns.values()):
        return None
    named = any(is_known_name(name) or name in wanted for name in whole)
    if not named and not all(row.isdigit() for row in rows):
        return None  # the outer names may be the rows
    return [{name: column[row] for name, column in columns.items()} for row in rows]


def _of_arrays(whole: Object, wanted: Sequence[str]) -> list[Object] | None:
    """Return the records of `{"text": ["good", ...], "label": [1, ...]}`; other keys are not of them."""
    columns = {name: values for name, values in whole.items() if isinstance(values, list)}
    if len({len(values) for values in columns.values()}) != 1 or _are_records(columns):
        return None
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _apart(whole: Object, wanted: Sequence[str]) -> list[Object] | None:
    """Return the records of `{"columns": ["text", ...], "data": [["good", ...], ...]}`, pandas' "split"."""
    names, rows = whole.get("columns"), whole.get("data")
    if not isinstance(names, list) or not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def _by_name(whole: Object, wanted: Sequence[str]) -> list[Object] | None:
    """Return the records of `{"id1": {"text": "good", ...}, ...}`, pandas' "index"."""
    records = [record for record in whole.values() if isinstance(record, dict)]
    if not records or len(records) < len(whole) or any(map(_holds_values, records)):
        return None
    names = {*records[0]}
    named = any(is_known_name(name) or name in wanted for name in names)
    return records if named and all(names == {*record} for record in records) else None


def _holds_values(record: Object) -> bool:
    return any(isinstance(value, list | dict) for value in record.values())


def _are_records(columns: Mapping[str, list[Json]]) -> bool:
    """Whether the only array holds records, and no column of one: objects, or arrays below no name of a text."""
    name, *others = columns
    nested = (dict,) if names_text(name) and name != "data" else (list, dict)
    return not others and all(isinstance(value, nested) for value in columns[name])


# How one object can hold all records, in the order in which they are tried: each gives the records, or None.
LAYOUTS: tuple[Callable[[Object, Sequence[str]], list[Object] | None], ...] = (
    _under_a_key,
    _apart,
    _by_row,
    _by_name,
    _of_arrays,
)
