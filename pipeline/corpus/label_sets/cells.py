"""Cells > labels: a list, labels with a sign between them, or yes and no in a column a label."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.files import Json
from pipeline.core.values import Bool
from pipeline.corpus.readers.forms import parsed
from pipeline.tasks.multilabel.targets import as_cell

SIGNS = (";", "|", ",")  # between labels; the first of those that as many cells have
NULL_IN_LIST = "null among the labels of a list"
NESTED, BLANK = "a list or an object among the labels of a list", "a label without a name in a list"
NO_ANSWER = "neither 0 nor 1"
YES = ("1", "1.0", "true", "yes")
NO = ("0", "0.0", "false", "no")


@dataclass(frozen=True, eq=False)
class Sets:
    """The labels of each record as one cell, null where there are none to be had, and why; what is told of all."""

    cells: pl.Series  # string (n_records,), see `tasks.multilabel.targets`
    left_out: dict[str, Bool]
    told: tuple[str, ...] = ()


def of_lists(cells: pl.Series) -> Sets:
    """Return the labels of cells that are lists, as JSON and Python write them; a plain word is one label.

    Objects that answer yes or no to each name (`{"art": 1, "war": 0}`) are lists of the names with yes.
    """
    found: list[str | None] = []
    why: dict[str, list[int]] = {}
    repeated = plain = 0
    for record, cell in enumerate(cells.to_list()):
        value = _value_of(cell)
        labels = _names_in(value)
        if isinstance(labels, str):
            why.setdefault(labels, []).append(record)
            found.append(None)
            continue
        plain += not isinstance(value, list | dict) and value is not None
        repeated += labels is not None and len({*labels}) < len(labels)
        found.append(None if labels is None else as_cell(labels))
    told = []
    if repeated:
        told.append(f"{plural(repeated, 'record')} with a label that stands twice: it counts once")
    if plain:
        told.append(f"{plural(plain, 'record')} with a plain value instead of a list: it is one label")
    return Sets(pl.Series(cells.name, found, dtype=pl.String), _masks(why, len(cells)), tuple(told))


def _value_of(cell: str | None) -> Json:
    if cell is None or not cell.strip():
        return None
    if not cell.lstrip().startswith(("[", "{")):
        return cell
    try:
        return parsed(cell)
    except ValueError:
        return cell


def _names_in(value: Json) -> list[str] | str | None:
    """Return the labels that a value names, why they cannot be told, or None where it is missing."""
    if isinstance(value, dict):
        told = all(isinstance(answer, int | float) and answer in (0, 1) for answer in value.values())
        return [name.strip() for name, answer in value.items() if answer] if told else NESTED
    if isinstance(value, list):
        return _items(value)
    return None if value is None else [str(value).strip()]


def _items(value: Sequence[Json]) -> list[str] | str:
    if any(item is None for item in value):
        return NULL_IN_LIST
    if any(isinstance(item, list | dict) for item in value):
        return NESTED
    names = [item.strip() if isinstance(item, str) else json.dumps(item) for item in value]
    return names if all(names) else BLANK


# --- signs between labels


def sign_between(cells: Sequence[str | None]) -> str | None:
    """Return the sign that stands between the labels of a column: that of most cells; None where there is none.

    >>> sign_between(["art;war", "food, drink;art", "war"]), sign_between(["art", "war"])
    (';', None)
    """
    filled = [cell for cell in cells if cell]
    counts = {sign: sum(sign in cell for cell in filled) for sign in SIGNS}
    best = max(SIGNS, key=lambda sign: counts[sign])
    return best if counts[best] else None


def of_words(cells: pl.Series, sign: str) -> Sets:
    """Return the labels of cells such as `art;war`, without blanks around them."""
    found: list[str | None] = []
    repeated = 0
    inside = {other: 0 for other in SIGNS if other != sign}
    for cell in cells.to_list():
        if cell is None or not cell.strip():
            found.append(None)
            continue
        labels = [label for part in cell.split(sign) if (label := part.strip())]
        repeated += len({*labels}) < len(labels)
        for other in inside:
            inside[other] += other in cell
        found.append(as_cell(labels))
    told = [f'labels are divided by "{sign}"']
    if repeated:
        told.append(f"{plural(repeated, 'record')} with a label that stands twice: it counts once")
    told += [
        f'"{other}" in {plural(count, "record")} is part of a label'
        for other, count in inside.items()
        if count
    ]
    return Sets(pl.Series(cells.name, found, dtype=pl.String), {}, tuple(told))


# --- a column a label


def is_yes_or_no(cells: pl.Series) -> bool:
    """Whether every value of a column is yes or no, and both are met."""
    words = {str(cell) for cell in _answers(cells).drop_nulls().unique().to_list()} - {""}
    return bool(words & {*YES}) and bool(words & {*NO}) and words <= {*YES, *NO}


def of_columns(table: pl.DataFrame, names: Sequence[str]) -> Sets:
    """Return the labels of columns that answer yes (1) or no (0) each; records with another answer are left out."""
    given = np.zeros((len(table), len(names)), dtype=np.bool_)
    blank = np.zeros((len(table), len(names)), dtype=np.bool_)
    left_out: dict[str, Bool] = {}
    for place, name in enumerate(names):
        words = _answers(table[name])
        given[:, place] = words.is_in(list(YES)).fill_null(False).to_numpy()
        blank[:, place] = (words.fill_null("") == "").to_numpy()
        other = ~(words.is_in([*YES, *NO]).fill_null(False).to_numpy()) & ~blank[:, place]
        if other.any():
            left_out[f'{NO_ANSWER} in column "{name}"'] = other
    missing = blank.sum(axis=1) > 0  # (n_records,)
    cells = [
        None if absent else as_cell([names[place] for place in np.flatnonzero(row).tolist()])
        for row, absent in zip(given, missing.tolist(), strict=True)
    ]
    return Sets(pl.Series("labels", cells, dtype=pl.String), left_out)


def _answers(cells: pl.Series) -> pl.Series:
    return cells.str.strip_chars().str.to_lowercase()


def _masks(why: dict[str, list[int]], n_records: int) -> dict[str, Bool]:
    return {reason: np.isin(np.arange(n_records), records) for reason, records in why.items()}
