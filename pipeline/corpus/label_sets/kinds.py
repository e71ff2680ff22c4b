"""Which files have several labels for a document: told by the first of their records, where it is certain."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.files import Json
from pipeline.corpus.label_sets.cells import NO, YES
from pipeline.corpus.readers.column_names import names_label, names_text
from pipeline.corpus.readers.head import read_head
from pipeline.corpus.readers.packing import inner_name

LINES, WHOLE, TABLES, PARQUET = (".jsonl", ".ndjson"), (".json",), (".csv", ".tsv"), (".parquet",)
_ROWS = 1_000  # of a Parquet file
Record = Mapping[str, Json]


def has_label_sets(path: Path, label: str | None = None) -> bool:
    """Whether documents of a file have several labels, for certain: a column `label`, else one that is called so.

    Lists of names of which one has two at least, under a label's name; or columns of 0 and 1 of which a record has two
    1s, where no column is called a label.
    """
    ending = inner_name(path).suffix.lower()
    try:
        if ending in PARQUET:
            return _are_sets(_of_parquet(path), label)
        if ending in LINES + WHOLE:
            return _are_sets(_of_json(read_head(path).start), label)
        if ending in TABLES:
            return label is None and _are_answers(_of_table(read_head(path).lines))
    except (PipelineError, OSError, ValueError, RecursionError, csv.Error):  # told where it is read
        return False
    return False


def _of_parquet(path: Path) -> Sequence[Record]:
    import polars as pl

    with path.open("rb") as file:
        return pl.read_parquet(file, n_rows=_ROWS).to_dicts()


def _of_json(start: str) -> Sequence[Record]:
    """Return the objects that a file of lines, or an array, begins with; the last may be cut off."""
    decoder, place = json.JSONDecoder(), 1 if start.startswith("[") else 0
    found: list[Record] = []
    while True:
        while place < len(start) and start[place] in " \t\r\n,":
            place += 1
        try:
            value, place = decoder.raw_decode(start, place)
        except ValueError:
            return found
        if not isinstance(value, dict):
            return []
        found.append(value)


def _are_sets(records: Sequence[Record], label: str | None) -> bool:
    if not records:
        return False
    names = {name for record in records for name in record}
    called = [name for name in names if (name == label if label else names_label(name))]
    for name in called:
        values = [value for record in records if (value := record.get(name)) is not None]
        lists = [value for value in values if isinstance(value, list)]
        plain = all(isinstance(item, str | int) for value in lists for item in value)
        if lists and len(lists) == len(values) and plain and any(len(value) > 1 for value in lists):
            return True
    return label is None and not called and _are_answers(records)


def _of_table(lines: Sequence[str]) -> Sequence[Record]:
    delimiter = "\t" if lines and "\t" in lines[0] else ","
    return [*csv.DictReader(lines, delimiter=delimiter)]


def _are_answers(records: Sequence[Record]) -> bool:
    """Whether several columns say yes or no, and some record yes twice; none is called a label, and one is a text."""
    names = [name for name in records[0] if isinstance(name, str)] if records else []
    texts = [name for name in names if names_text(name)]
    if any(map(names_label, names)) or not texts:
        return False
    answers = [name for name in names if name not in texts and _is_answer(records, name)]
    others = len(names) - len(texts) - len(answers)
    yes = [sum(str(record.get(name)).strip().lower() in YES for name in answers) for record in records]
    return len(answers) > 2 and others <= 1 and max(yes, default=0) > 1  # an identifier may stand beside


def _is_answer(records: Sequence[Record], name: str) -> bool:
    words = {str(record.get(name)).strip().lower() for record in records}
    return bool(words & {*YES}) and words <= {*YES, *NO}
