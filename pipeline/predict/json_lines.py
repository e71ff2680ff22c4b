"""JSON Lines > rows: an object a line; a line that is none is a row with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pipeline.core.clean import plural, without_surrogates
from pipeline.core.errors import PipelineError
from pipeline.core.files import Json
from pipeline.corpus.readers.json_layouts import Object
from pipeline.corpus.readers.json_nested import is_row, row_as_object, unwrap
from pipeline.corpus.readers.json_records import Decoder, as_string, values_of_line
from pipeline.corpus.readers.records import RawTable, as_cells, none_of
from pipeline.predict.blocks import TextBlocks
from pipeline.predict.rows import BLANK, Input, Rows, in_portions
from pipeline.predict.text_lines import lines_of

Found = tuple[Object | None, str]  # the record, or why it is none


def open_json_lines(blocks: TextBlocks) -> Input:
    """Return the rows of a .jsonl file."""
    return Input(blocks.name, _rows(blocks), tuple(blocks.said()), blocks.ended)


def objects_of_line(line: str, decoder: Decoder) -> list[Found]:
    """Return the records of a line: one, or several that follow each other."""
    if not line.strip():
        return [(None, BLANK)]
    try:
        return [*map(_object, values_of_line(line, decoder))]
    except json.JSONDecodeError as error:
        return [(None, f"this is no JSON ({error.msg}, character {error.pos + 1})")]
    except (ValueError, RecursionError):  # lists within lists within lists
        return [(None, "this is no JSON that can be read")]


def _object(value: Json) -> Found:
    if is_row(value):
        return row_as_object(value), ""  # type: ignore[arg-type]
    return (value, "") if isinstance(value, dict) else (None, "this is JSON, but no object with a text")


def _rows(blocks: TextBlocks) -> Iterator[Rows]:
    names: list[str] = []  # of all records so far, so that no later table has fewer columns
    waiting: list[Found] = []
    decoder = Decoder()
    for portion in (portion for text in blocks for portion in in_portions(lines_of(text), len)):
        some = waiting + [found for line in portion for found in objects_of_line(line, decoder)]
        waiting = some if not names and all(reason == BLANK for _, reason in some) else []
        if waiting:
            continue
        own, _ = unwrap([record for record, _ in some if record is not None])
        names = list(dict.fromkeys((*names, *(key for record in own for key in record))))
        if not names:
            what = f"none of its first {plural(len(some), 'line')} is a JSON object: {_first_reason(some)}"
            raise PipelineError(
                "json-invalid",
                blocks.name,
                what,
                "give one object a line, or a file with the ending of what it is",
            )
        yield _rows_of(blocks.name, some, iter(own), names)


def _first_reason(some: list[Found]) -> str:
    return next(reason for _, reason in some if reason != BLANK)


def _rows_of(name: str, some: list[Found], own: Iterator[Object], names: list[str]) -> Rows:
    """Return some records as rows; `own` are those that are whole, without what an export puts them into."""
    records: list[Object] = [{} if record is None else next(own) for record, _ in some]
    columns = {key: [as_string(record.get(key)) for record in records] for key in names}
    cells, damage = as_cells(columns)
    broken = {place: reason for place, (_, reason) in enumerate(some) if reason}
    nested = frozenset(key for key in names if any(isinstance(one.get(key), list | dict) for one in records))
    table = RawTable(name, cells, none_of(len(cells)), damage, nested=nested)
    return Rows(table, broken, objects=[one for one, _ in some])


def readable(record: Object) -> Object:
    """Return a record whose names and texts can be written: without the marks of bytes that were not read."""
    cleaned = {key: without_surrogates(one) if isinstance(one, str) else one for key, one in record.items()}
    return {without_surrogates(key): one for key, one in cleaned.items()}
