"""The names of classes that the library `datasets` writes beside records, where a label is a number.

Source: huggingface/datasets, `Features.arrow_schema` (the key "huggingface" of a schema's metadata) and
`DatasetInfo.write_to_directory` (dataset_info.json).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipeline.core.files import Json
from pipeline.core.wording import quoted
from pipeline.corpus.readers.records import RawTable

INFO, METADATA_KEY = "dataset_info.json", "huggingface"
NO_CLASS = "-1"  # the label of a record that has none
Names = dict[str, list[str]]  # the classes of a column, by their numbers


def names_in_metadata(metadata: Mapping[str, str]) -> Names:
    """Return the names of classes that a schema's metadata holds.

    >>> text = '{"info": {"features": {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}'
    >>> names_in_metadata({"huggingface": text})
    {'label': ['neg', 'pos']}
    """
    with suppress(json.JSONDecodeError):
        told = json.loads(metadata.get(METADATA_KEY, "null"))
        return _names_of(told.get("info")) if isinstance(told, dict) else {}
    return {}


def names_beside(path: Path) -> Names:
    """Return the names of classes in the dataset_info.json that lies beside a file."""
    return _names_of(_object(path.parent / INFO))


def _names_of(info: Json) -> Names:
    features = info.get("features") if isinstance(info, dict) else None
    found: Names = {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
            names = feature.get("names")
            if isinstance(names, list) and all(isinstance(name, str) for name in names):
                found[column] = [str(name) for name in names]
    return found


def with_class_names(table: RawTable, names: Names) -> RawTable:
    """Return a table whose numbers of classes have become their names; -1, no class, becomes an empty cell."""
    for column, classes in names.items():
        if column not in table.cells.columns:
            continue
        called: dict[str, str | None] = {str(number): name for number, name in enumerate(classes)}
        cells = table.cells[column]
        if not cells.drop_nulls().is_in([*called, NO_CLASS]).all():
            continue  # it holds names already
        named = cells.replace({**called, NO_CLASS: None})
        shown = quoted(classes[:4]) + (" .." if len(classes) > 4 else "")
        note = f'{table.file}: the numbers in column "{column}" are classes, from 0: {shown}'
        table = replace(table, cells=table.cells.with_columns(named), assumptions=(*table.assumptions, note))
    return table


def _object(path: Path) -> Json:
    """Return the JSON in a small file, None where there is none."""
    with suppress(OSError, ValueError):
        told: Json = json.loads(path.read_bytes())
        return told
    return None
