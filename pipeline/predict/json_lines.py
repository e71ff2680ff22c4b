"""JSON Lines > rows: an object a line; a line that is none is a row with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.encodings import without_surrogates
from pipeline.corpus.readers.json_records import as_string
from pipeline.corpus.readers.records import RawTable, as_cells, none_of
from pipeline.predict.blocks import TextBlocks
from pipeline.predict.rows import Input, Rows, in_portions

Object = dict[str, object]
Found = tuple[Object | None, str]  # the record, or why it is none


def open_json_lines(blocks: TextBlocks) -> Input:
    """Return the rows of a .jsonl file."""
    lines = (line for text in blocks for line in text.split("\n") if line.strip())
    return Input(blocks.name, _rows(blocks.name, lines))


def _object(line: str) -> Found:
    try:
        value = json.loads(line, strict=False, parse_constant=lambda constant: None)
    except json.JSONDecodeError as error:
        return None, f"this is no JSON ({error.msg}, character {error.pos + 1})"
    except (ValueError, RecursionError):  # a number of thousands of digits, lists within lists within lists
        return None, "this is no JSON that can be read"
    return (value, "") if isinstance(value, dict) else (None, "this is JSON, but no object with a text")


def _rows(name: str, lines: Iterator[str]) -> Iterator[Rows]:
    names: list[str] = []  # of all records so far, so that no later table has fewer columns
    for portion in in_portions(lines, len):
        some = [*map(_object, portion)]
        names = list(dict.fromkeys((*names, *(key for record, _ in some for key in record or ()))))
        if not names:
            what = f"none of its first {plural(len(some), 'line')} is a JSON object: {some[0][1]}"
            raise PipelineError(name, what, "give one object a line, or a file with the ending of what it is")
        records = [record or {} for record, _ in some]
        columns = {key: [as_string(record.get(key)) for record in records] for key in names}  # type: ignore[arg-type]
        cells, damage = as_cells(columns)
        broken = {place: reason for place, (_, reason) in enumerate(some) if reason}
        nested = frozenset(
            key for key in names if any(isinstance(record.get(key), list | dict) for record in records)
        )
        table = RawTable(name, cells, none_of(len(cells)), damage, nested=nested)
        yield Rows(table, broken, objects=[one for one, _ in some])


def readable(record: Object) -> Object:
    """Return a record whose names and texts can be written: without the marks of bytes that were not read."""
    cleaned = {key: without_surrogates(one) if isinstance(one, str) else one for key, one in record.items()}
    return {without_surrogates(key): one for key, one in cleaned.items()}
