"""JSON Lines and JSON: one object a record."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.files import Json
from pipeline.corpus.readers.encodings import TextSource, read_source
from pipeline.corpus.readers.json_classes import phrases_key, records_by_class, with_one_phrase
from pipeline.corpus.readers.json_layouts import Object, records_of
from pipeline.corpus.readers.json_nested import find_below, find_parts, is_row, row_as_object, unwrap
from pipeline.corpus.readers.records import RawTable, as_cells, none_of

_BLANKS = re.compile(r"[ \t\r\n]*")
LONGEST_INTEGER = 4300  # digits that Python turns into an integer
Place = tuple[int, Object]  # the line where an object starts (0: not known), the object


def _integer(digits: str) -> int | str:
    """Return a JSON integer; the digits themselves where Python refuses to turn so many into a number."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else digits


class Decoder(json.JSONDecoder):
    """Decodes the values of one file; a bare NaN or Infinity, which Python writes for a missing number, is missing.

    With `watching` it gathers the keys that stand twice in one object; that takes longer.
    """

    def __init__(self, *, watching: bool = False) -> None:
        self.met_constants = False
        self.commas: list[int] = []  # the lines with a comma before the end of an array
        self.arrays = 0
        self.in_turn = False  # whether records stand one after the other, and not in an array
        self.rows = 0  # arrays in the place of objects
        self.notes: list[str] = []  # where in the file the records were found
        self.repeated: list[str] = []
        hook = self._watched if watching else None
        # `strict=False`: a tab or another control character in a string is that character.
        super().__init__(
            parse_int=_integer, parse_constant=self._missing, strict=False, object_pairs_hook=hook
        )

    def _missing(self, constant: str) -> None:
        self.met_constants = True

    def _watched(self, pairs: list[tuple[str, Json]]) -> Object:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            self.repeated += [name for name, count in counts.items() if count > 1]
        return found


Reading = Callable[[Decoder], Iterable[Place]]


def read_jsonl(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a .jsonl or .ndjson file: one object a line."""
    source = read_source(path)
    return _table(source, partial(_line_objects, source))[0]


def read_json(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a .json file: an array of objects, objects in turn, an object of arrays (or of columns by row)."""
    return read_json_objects(path, wanted)[0]


def read_json_objects(path: Path, wanted: Sequence[str] = ()) -> tuple[RawTable, list[Object]]:
    """Return what `read_json` does, and each record as it stands in the file."""
    source = read_source(path)
    text = source.text()
    start = _skip_blanks(text, 0)
    if text[start] == "[":
        return _table(source, partial(_array_objects, source, text, start))
    return _table(source, partial(_other_objects, source, text, start, wanted))


def _other_objects(
    source: TextSource, text: str, start: int, wanted: Sequence[str], decoder: Decoder
) -> Iterable[Place]:
    """Return the records of an object, or of several in turn."""
    try:
        whole = decoder.decode(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _objects_in_turn(source, text, start, decoder)
        raise _invalid(source.file, error.lineno, error) from None
    except RecursionError:
        raise _too_deep(source.file, 1) from None
    return _enclosed_objects(source, whole, wanted, decoder)


def _line_objects(source: TextSource, decoder: Decoder) -> Iterator[Place]:
    decoder.in_turn = True
    for number, line in enumerate(source.text().split("\n"), start=1):
        if line.strip():
            try:
                for value in values_of_line(line, decoder):
                    yield number, _object(source.file, number, value, decoder)
            except json.JSONDecodeError as error:
                raise _invalid(source.file, number, error) from None
            except RecursionError:
                raise _too_deep(source.file, number) from None


def values_of_line(line: str, decoder: Decoder) -> list[Json]:
    """Return the value of a line; several objects, where one follows the other."""
    try:
        return [decoder.decode(line)]
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" or line[error.pos] != "{":
            raise
    values, place = [], _skip_blanks(line, 0)
    while place < len(line):
        value, end = decoder.raw_decode(line, place)
        values.append(value)
        place = _skip_blanks(line, end)
    return values


def _objects_in_turn(source: TextSource, text: str, place: int, decoder: Decoder) -> Iterator[Place]:
    """Yield objects that follow each other, one a line or each over several, with the line where each starts."""
    decoder.in_turn = True
    counted, line = 0, 1
    while place < len(text):
        line, counted = line + text.count("\n", counted, place), place
        value, place = _value_at(source, text, place, line, decoder)
        yield line, _object(source.file, line, value, decoder)
        place = _skip_blanks(text, place)


def _value_at(source: TextSource, text: str, place: int, line: int, decoder: Decoder) -> tuple[Json, int]:
    """Return the JSON value that starts at a place of a line, and where it ends."""
    try:
        value, end = decoder.raw_decode(text, place)
    except json.JSONDecodeError as error:
        raise _invalid(source.file, error.lineno, error) from None
    except RecursionError:
        raise _too_deep(source.file, line) from None
    return value, end


def _array_objects(source: TextSource, text: str, start: int, decoder: Decoder) -> Iterator[Place]:
    """Yield each object of a JSON array, or of several in turn, with the line where it starts."""
    place, counted, line = _skip_blanks(text, start + 1), 0, 1
    decoder.arrays = 1
    while place < len(text):
        if text[place] == "]":
            if text[:place].rstrip().endswith(","):
                decoder.commas.append(1 + text.count("\n", 0, place))
            place = _next_array(source, text, _skip_blanks(text, place + 1), decoder)
            continue
        line, counted = line + text.count("\n", counted, place), place
        value, end = _value_at(source, text, place, line, decoder)
        try:
            place = _after_comma(text, _skip_blanks(text, end))
        except json.JSONDecodeError as error:
            raise _invalid(source.file, error.lineno, error) from None
        yield line, _object(source.file, line, value, decoder)
        if place == len(text):
            raise _invalid(source.file, line, json.JSONDecodeError("Expecting value", text, place))


def _next_array(source: TextSource, text: str, place: int, decoder: Decoder) -> int:
    """Return where the first value of an array behind another one stands; the end of the text where none is."""
    if place == len(text):
        return place
    if text[place] != "[":
        error = json.JSONDecodeError("Extra data", text, place)
        raise _invalid(source.file, error.lineno, error)
    decoder.arrays += 1
    return _skip_blanks(text, place + 1)


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


def _enclosed_objects(
    source: TextSource, whole: Json, wanted: Sequence[str], decoder: Decoder
) -> list[Place]:
    """Return the records of an object that holds all of them, or is the only one."""
    if not isinstance(whole, dict):
        what = "expected an array of objects, an object of arrays of one length, or one object a line"
        raise PipelineError("json-shape-unknown", f"{source.file}:1", what, "convert it to one of these")
    nested = find_parts(whole)
    if nested is None and (by_class := records_by_class(whole, wanted)) is not None:
        decoder.notes.append("each key is a class, and the texts are those below it")
        return [(0, record) for record in by_class]
    if nested is None and (records := records_of(whole, wanted)) is not None:
        return [(0, record) for record in records]
    nested = nested or find_below(whole, source.file)
    if nested is not None:
        decoder.notes.append(nested.said)
        return [(0, record) for record in nested.records]
    if whole and all(isinstance(value, dict) for value in whole.values()):
        what = "the file is one object that holds neither records nor whole columns"
        fix = 'write one object a record, as pandas does with to_json(path, orient="records")'
        raise PipelineError("json-shape-unknown", f"{source.file}:1", what, fix)
    return [(1, whole)]


def _object(file: str, line: int, value: Json, decoder: Decoder) -> Object:
    if is_row(value):
        decoder.rows += 1
        return row_as_object(value)  # type: ignore[arg-type]
    if not isinstance(value, dict):
        what = f'the record is {_kind(value)}, expected an object such as {{"text": "...", "label": "..."}}'
        raise PipelineError("json-invalid", f"{file}:{line}", what, "correct the record")
    return value


def _kind(value: Json) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


# What stands where JSON goes wrong, after what, what that means and what to do about it.
_NOT_JSON = (
    (
        re.compile(r"'|None\b|True\b|False\b"),
        "",
        "this is Python's notation, not JSON",
        'write it with json.dumps, or as pandas does with to_json(path, orient="records", lines=True)',
    ),
    (
        re.compile(r"\s*,"),
        "}",
        "a comma follows the record; objects in turn have none",
        "take the commas out",
    ),
    (re.compile(r"[}\]]"), ",", "invalid JSON (a comma before a closing bracket)", "take the comma out"),
)


def _invalid(file: str, line: int, error: json.JSONDecodeError) -> PipelineError:
    place = f"{file}:{line}:{error.colno}"
    before = error.doc[: error.pos].rstrip()
    for here, last, what, fix in _NOT_JSON:
        if here.match(error.doc, error.pos) and before.endswith(last):
            return PipelineError("json-invalid", place, what, fix)
    return PipelineError("json-invalid", place, f"invalid JSON ({error.msg})", "correct the line")


def _too_deep(file: str, line: int) -> PipelineError:
    what = "the JSON holds lists or objects within each other more deeply than can be read"
    return PipelineError(
        "json-invalid", f"{file}:{line}", what, "give one object a record, with a text and a label"
    )


def _table(source: TextSource, read: Reading) -> tuple[RawTable, list[Object]]:
    decoder = Decoder()
    found = [*read(decoder)]
    records, unwrapped = unwrap([record for _, record in found])
    places = (
        [(line, record) for (line, _), record in zip(found, records, strict=True)] if unwrapped else found
    )
    decoder.notes += unwrapped
    if (key := phrases_key(records)) is not None:
        places = [(line, one) for line, record in places for one in with_one_phrase(record, key)]
        decoder.notes.append(f'each text in the list "{key}" is a record')
    names = list(dict.fromkeys(name for _, record in places for name in record))
    columns = {name: [record.get(name) for _, record in places] for name in names}
    kinds = {name: {*map(type, values)} for name, values in columns.items()}
    cells, undecodable = as_cells({name: [*map(as_string, values)] for name, values in columns.items()})
    said = (*_said(decoder, places), *_repeated_keys(source, read, places, names))
    lines = np.array([line for line, _ in places], dtype=np.int64)
    table = RawTable(
        file=source.file,
        cells=cells,
        wrong_fields=none_of(len(cells)),
        undecodable=undecodable,
        assumptions=(*source.assumptions, *(f"{source.file}: {words}" for words in said)),
        warnings=source.warnings,
        encoding=source.encoding,
        find_lines=None if not lines.all() else lambda: lines,
        nested=frozenset(name for name in names if kinds[name] & {list, dict}),
    )
    return table, [record for _, record in found]


def _said(decoder: Decoder, places: list[Place]) -> Iterator[str]:
    """Yield in words where the records were, and what JSON has not and was read all the same."""
    yield from decoder.notes
    if decoder.rows:
        yield "the records are arrays, whose values are columns called 1, 2 and so on"
    if decoder.met_constants:
        yield "bare NaN and Infinity are read as missing values"
    if decoder.commas:
        yield f"a comma before a closing bracket is passed over ({_lines(decoder.commas)})"
    if decoder.arrays > 1:
        yield f"{decoder.arrays} arrays follow each other, and are read as one"
    counts = Counter(line for line, _ in places) if decoder.in_turn else Counter[int]()
    several = [line for line, count in counts.items() if count > 1]
    if several:
        yield f"several records stand in one line, and are all read ({_lines(several)})"


def _repeated_keys(
    source: TextSource, read: Reading, places: list[Place], names: Sequence[str]
) -> Iterator[str]:
    """Yield a sentence on keys that stand twice in one object.

    All is read again for that, and only where the name of a column is there more often than records have it.
    """
    held = Counter(name for _, record in places for name in record)
    written = {name: json.dumps(name, ensure_ascii=False).encode("utf-8", "replace") for name in names}
    if all(source.data.count(written[name]) <= held[name] for name in names):
        return
    decoder = Decoder(watching=True)
    keys: dict[str, list[int]] = {}
    for line, _ in read(decoder):
        for name in decoder.repeated:
            keys.setdefault(name, []).append(line)
        decoder.repeated.clear()
    for name, lines in keys.items():
        where = f" ({_lines(lines)})" if all(lines) else ""
        yield f'the key "{name}" stands twice in an object; the last value counts{where}'


def _lines(numbers: Sequence[int]) -> str:
    different = [*dict.fromkeys(numbers)]
    return f"line {different[0]}" if len(different) == 1 else f"lines {first_places(different)}"


def as_string(value: Json) -> str | None:
    """Return a JSON value as the string that a CSV file would hold; null is None.

    >>> [as_string(value) for value in ("007", 1, 1.0, 0.5, True, None)]
    ['007', '1', '1', '0.5', 'true', None]
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
