"""JSON in which the records lie deeper: at the end of a path, in parts, or each inside an object of an export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.errors import PipelineError
from pipeline.core.files import Json
from pipeline.corpus.readers.column_names import is_known_name, names_text
from pipeline.corpus.readers.entries import TRAIN, UNLABELLED, part_of
from pipeline.corpus.readers.json_layouts import Object

PART = "split"  # the column of parts that are keys
_DEEPEST = 5  # keys
_OF_TASKS = ("annotations", "completions")  # of Label Studio, now and before 2021
_COUNTED = ("choices", "rating", "taxonomy")


@dataclass(frozen=True)
class Nested:
    """Records that were found, and what is said of it."""

    records: list[Object]
    said: str


# --- where the records are


def find_parts(whole: Object) -> Nested | None:
    """Return the records of `{"train": [...], "val": [...], "test": [...]}`, their part as a column `split`."""
    lists = [(key, records) for key, value in whole.items() if (records := _records(value))]
    parts = {key: part_of(key) for key, _ in lists}
    if len(lists) < 2 or TRAIN not in parts.values() or {None, UNLABELLED} & {*parts.values()}:
        return None
    if any(PART in record for _, records in lists for record in records):
        return None
    found = [{**record, PART: parts[key]} for key, records in lists for record in records]
    keys = ", ".join(f'"{key}"' for key in parts)
    return Nested(found, f'the records are those of {keys}; column "{PART}" says which part each is of')


def find_below(whole: Object, file: str) -> Nested | None:
    """Return the only list of records below an object, wherever it lies.

    Raises
    ------
    PipelineError
        Several lists that could be the records.
    """
    if any(is_known_name(key) and isinstance(value, str) for key, value in whole.items()):
        return None  # the object is a record
    lists = {path: records for path, records in _lists(whole) if path}
    named = {path: records for path, records in lists.items() if _names_columns(records[0])}
    found = named or lists
    if len(found) > 1:
        places = ", ".join(f'"{".".join(path)}" ({len(records)})' for path, records in found.items())
        keys = "".join(f'["{key}"]' for key in max(found, key=lambda path: len(found[path])))
        what = f"several lists in the file could be the records: {places}"
        code = f'import json; json.dump(json.load(open("{file}")){keys}, open("records.json", "w"))'
        raise PipelineError(
            "corpus-ambiguous",
            f"{file}:1",
            what,
            f"write one of them to a file of its own: python -c '{code}'",
        )
    return next(
        (Nested(records, f'the records are the list "{".".join(path)}"') for path, records in found.items()),
        None,
    )


def _lists(value: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Object]]]:
    """Yield the lists of records in an object, each with the keys that lead to it."""
    if isinstance(value, dict) and len(path) < _DEEPEST:
        for key, inside in value.items():
            yield from _lists(inside, (*path, key))
    elif records := _records(value):
        yield path, records


def _records(value: Json) -> list[Object] | None:
    """Return a list of objects, or of arrays of as many values, as records."""
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(record, dict) for record in value):
        return value
    if not all(map(is_row, value)) or len({len(row) for row in value}) > 1:
        return None
    return [row_as_object(row) for row in value]


def is_row(value: Json) -> bool:
    """Whether an array is a record without names: a text or a label, and more beside it."""
    return _is_text_with_fields(value) or (
        isinstance(value, list)
        and len(value) > 1
        and any(isinstance(cell, str) for cell in value)
        and not any(isinstance(cell, list | dict) for cell in value)
    )


def _is_text_with_fields(value: Json) -> bool:
    """Whether an array is a text and an object beside it, as spaCy has them: `["a film", {"cats": {"POS": 1}}]`."""
    return isinstance(value, list) and list(map(type, value)) == [str, dict]


def row_as_object(row: Sequence[Json]) -> Object:
    """Return an array as an object with the columns 1, 2 and so on; the fields of an object in it are columns.

    >>> row_as_object(["a good film", "pos"])
    {'1': 'a good film', '2': 'pos'}
    """
    found: Object = {}
    for number, cell in enumerate(row, start=1):
        found |= cell if isinstance(cell, dict) else {str(number): cell}
    return found


def _names_columns(record: Object) -> bool:
    inside = [key for value in record.values() if isinstance(value, dict) for key in value]
    return any(map(is_known_name, (*record, *inside))) or "1" in record


# --- what each record is inside of


def unwrap(records: Sequence[Object]) -> tuple[Sequence[Object], list[str]]:
    """Return records without the object that an export puts each of them into, and what is said of it.

    Such are `_source` of Elasticsearch, `row` of the Hub's viewer, and `data` of Label Studio, whose labels lie in
    `annotations`.
    """
    said = []
    for find, take, words in _WRAPPINGS:
        if records and (key := find(records)):
            records = [take(record, key) for record in records]
            said.append(words(key, records))
    return records, said


def _wrapping_key(records: Sequence[Object]) -> str | None:
    """Return the key of the object in each record that holds its text."""
    first = records[0]
    if any(names_text(key) and isinstance(value, str) for key, value in first.items()):
        return None
    tasks = any(isinstance(first.get(name), list) for name in _OF_TASKS)
    keys = [
        key
        for key, inside in first.items()
        if isinstance(inside, dict)
        and (
            (tasks and key == "data")
            or any(names_text(name) and isinstance(inside[name], str) for name in inside)
        )
    ]
    if len(keys) != 1 or not all(isinstance(record.get(keys[0]), dict | None) for record in records):
        return None
    return keys[0]


def _without_wrapping(record: Object, key: str) -> Object:
    inside = record.get(key)
    inner = inside if isinstance(inside, dict) else {}
    found = dict(inner)
    for name, value in record.items():
        if name != key:
            found[f"{name} beside {key}" if name in inner else name] = value
    return found


def _annotations_key(records: Sequence[Object]) -> str | None:
    """Return the key of Label Studio's annotations, where they hold choices."""
    return next(
        (key for key in _OF_TASKS if any(map(len, (_answers(record, key) for record in records)))), None
    )


def _with_answers(record: Object, key: str) -> Object:
    answers = _answers(record, key)
    others = {name: value for name, value in record.items() if name != key}
    return {**others, **(answers[0] if answers else {}), _DIFFER: len({*map(str, answers)}) > 1}


def _answers(record: Object, key: str) -> list[Object]:
    """Return what each annotation that was not cancelled chose, by the name of the question."""
    annotations = record.get(key)
    if not isinstance(annotations, list):
        return []
    kept = [one for one in annotations if isinstance(one, dict) and not one.get("was_cancelled")]
    return [answers for one in kept if (answers := dict(_choices(one.get("result"))))]


def _choices(results: Json) -> Iterator[tuple[str, Json]]:
    for result in results if isinstance(results, list) else ():
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(result, dict) or not isinstance(value, dict):
            continue
        for kind in (kind for kind in _COUNTED if kind in value):
            chosen = value[kind]
            only = chosen[0] if isinstance(chosen, list) and len(chosen) == 1 else chosen
            yield str(result.get("from_name") or kind), only


_DIFFER = "annotations differ"


def _words_on_wrapping(key: str, records: Sequence[Object]) -> str:
    return f'the fields of "{key}" in each record are columns'


def _words_on_answers(key: str, records: Sequence[Object]) -> str:
    differ = sum(record.pop(_DIFFER) is True for record in records)
    more = f"; in {differ:,} of the records another one says otherwise" if differ else ""
    return f'the labels are the choices of the first annotation in "{key}" that was not cancelled{more}'


_Find = Callable[[Sequence[Object]], str | None]
_WRAPPINGS: tuple[
    tuple[_Find, Callable[[Object, str], Object], Callable[[str, Sequence[Object]], str]], ...
] = (
    (_wrapping_key, _without_wrapping, _words_on_wrapping),
    (_annotations_key, _with_answers, _words_on_answers),
)
