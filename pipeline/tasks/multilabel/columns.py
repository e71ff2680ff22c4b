"""Answers of several labels as the columns of a file, a row a document, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.core.values import Bool, require
from pipeline.tasks.columns import check_columns, share_columns, shares_in
from pipeline.tasks.multilabel.answers import LabelAnswers

FIXED_COLUMNS = {"document": pl.Int64, "labels": pl.String, "predicted": pl.String}


def to_columns(answers: LabelAnswers, names: Sequence[str]) -> pl.DataFrame:
    """Return `document`, `labels` and `predicted` (lists of names, as JSON) and `p(<label>)`."""
    columns = {
        "document": pl.Series(answers.documents, dtype=pl.Int64),
        "labels": pl.Series(as_lists(answers.labels, names), dtype=pl.String),
        "predicted": pl.Series(as_lists(answers.said, names), dtype=pl.String),
    }
    return pl.DataFrame(columns | share_columns(answers.probabilities, names))


def as_lists(given: Bool, names: Sequence[str]) -> list[str]:
    """Return the names of each row (N, C) as a JSON list.

    >>> as_lists(np.array([[True, True], [False, False]]), ("art", "war"))
    ['["art", "war"]', '[]']
    """
    every = np.array(names, dtype=object)
    return [json.dumps(every[row].tolist(), ensure_ascii=False) for row in given]


def from_columns(table: pl.DataFrame, hard: bool) -> tuple[LabelAnswers, tuple[str, ...]]:
    """Return what `to_columns` wrote, unchanged to the last bit, and the labels' names.

    Raises
    ------
    ValueError
        If a column or a label is not what it has to be.
    """
    check_columns(table, FIXED_COLUMNS, "label")
    shares, names = shares_in(table, FIXED_COLUMNS)
    answers = LabelAnswers(
        documents=table["document"].to_numpy().astype(np.int64),
        labels=_from_lists(table["labels"], names),
        said=_from_lists(table["predicted"], names),
        probabilities=shares,
        hard=hard,
    )
    return answers, names


def _from_lists(cells: pl.Series, names: Sequence[str]) -> Bool:
    """Return which names stand in each JSON list; bool (N, C)."""
    places = {name: place for place, name in enumerate(names)}
    given = np.zeros((len(cells), len(names)), dtype=np.bool_)
    for row, cell in enumerate(cells.to_list()):
        found = json.loads(cell)
        require(isinstance(found, list), f"row {row} of `{cells.name}` is no list")
        for name in found:
            require(name in places, f'label "{name}" has no column p({name})')
            given[row, places[name]] = True
    return given
