"""Sets of labels as cells of a column, and as yes or no to each label.

Within the program a set is one cell: its labels as a JSON list, each once, in the order of their names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.values import Bool, Int32
from pipeline.tasks.classification.targets import known_labels


def as_cell(labels: Iterable[str]) -> str:
    """Return a set of labels as a cell.

    >>> as_cell(["war", "art", "war"])
    '["art", "war"]'
    """
    return json.dumps(sorted({*labels}), ensure_ascii=False)


def names_in_sets(sets: pl.Series, file: str) -> tuple[str, ...]:
    """Return the labels of training documents in order.

    Raises
    ------
    PipelineError
        If there is none, or no document is told from another one by its labels.
    """
    distinct = sets.unique().to_list()
    names = sorted({name for cell in distinct for name in json.loads(cell)})
    if not names:
        what = "no training document has a label: all sets are empty"
        raise PipelineError("one-class", file, what, "check --label, or add documents with labels")
    if len(distinct) == 1:
        what = f"every training document has the same labels, {distinct[0]}"
        raise PipelineError("one-class", file, what, "check --label, or add documents with other labels")
    return tuple(names)


def label_sets(sets: pl.Series, names: tuple[str, ...]) -> Int32:
    """Return yes (1) or no to each name of each set; int32 (N, C)."""
    distinct, which = distinct_sets(sets, names)
    return distinct[which].astype(np.int32)


def distinct_sets(sets: pl.Series, names: Sequence[str]) -> tuple[Bool, Int32]:
    """Return the sets that occur, bool (S, C) in the order of their names, and which each document has, int32 (N,)."""
    cells = sets.unique().to_list()
    places = {name: place for place, name in enumerate(names)}
    rows = sorted((sorted(places[name] for name in json.loads(cell)), cell) for cell in cells)
    found = np.zeros((len(rows), len(names)), dtype=np.bool_)
    for row, (own, _) in enumerate(rows):
        found[row, own] = True
    numbers = {cell: number for number, (_, cell) in enumerate(rows)}
    which = sets.replace_strict(numbers, return_dtype=pl.Int32).to_numpy().astype(np.int32)
    return found, which


def known_names(cell: str, names: tuple[str, ...]) -> str:
    """Return in words which labels there are, for a message about a set of which some are unknown."""
    unknown = next((name for name in json.loads(cell) if name not in names), cell)
    return known_labels(unknown, names)
