"""What columns beside text and label say of records: which part each is of, and which an annotator rejected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from pipeline.core.values import SPLIT_NAMES, TEST, UNASSIGNED, VALIDATION, Bool, Int8
from pipeline.core.wording import quoted
from pipeline.corpus.asked.columns import ChosenColumns
from pipeline.corpus.readers import entries
from pipeline.corpus.readers.column_names import normalised_name
from pipeline.corpus.readers.records import RawTable, is_blank

PART_COLUMNS = frozenset(("split", "set", "fold", "partition", "data split", "dataset split"))
PERHAPS_PART_COLUMNS = frozenset(
    ("subset", "part", "dataset", "data set", "usage", "type", "phase", "train test")
)
VALUES_SHOWN = 4
ANSWER, ACCEPTED = "answer", "accept"  # of Prodigy
LEFT_OUT = {"reject": "rejected by the annotator", "ignore": "ignored by the annotator"}


def without_rejected(chosen: ChosenColumns) -> ChosenColumns:
    """Return a file whose records with the `answer` reject or ignore, as Prodigy writes it, are in `left_out`."""
    name = next((name for name in _beside(chosen) if normalised_name(name) == ANSWER), None)
    if name is None:
        return chosen
    answers = chosen.table.cells[name]
    found = {*answers.drop_nulls().unique().to_list()} - {""}
    if not {ACCEPTED} < found <= {ACCEPTED, *LEFT_OUT}:
        return chosen
    masks = {f'{words} (column "{name}")': _where(answers, answer) for answer, words in LEFT_OUT.items()}
    return _with(
        chosen,
        _leaving_out(chosen.table, masks),
        f'column "{name}" is Prodigy\'s: records that are no "{ACCEPTED}" there are left out',
    )


def by_part(chosen: ChosenColumns, *, named: bool) -> tuple[ChosenColumns, list[tuple[int, ChosenColumns]]]:
    """Return the training records of a file, and those of each other part that a column of it says, with its split.

    Test records without labels, as competitions have them, are left out of the training records.

    Parameters
    ----------
    chosen : ChosenColumns
        Of the training file.
    named : bool
        Whether other files are the test or validation part; then the column is not used, and that is said.
    """
    for name in _beside(chosen):
        normalised = normalised_name(name)
        if normalised not in PART_COLUMNS | PERHAPS_PART_COLUMNS:
            continue
        parts = _parts(chosen.table, name)
        if parts is not None and not named:
            return _divided(chosen, name, parts)
        if parts is not None or normalised in PART_COLUMNS:
            return _with(chosen, chosen.table, _not_used(chosen.table, name, named=named)), []
    return chosen, []


def _divided(
    chosen: ChosenColumns, name: str, parts: Int8
) -> tuple[ChosenColumns, list[tuple[int, ChosenColumns]]]:
    labelled = ~is_blank(chosen.labels).to_numpy()
    used = [split for split in (VALIDATION, TEST) if (labelled & (parts == split)).any()]
    table = chosen.table
    others = [
        (split, _with(chosen, replace(table.taken(parts == split), assumptions=(), warnings=())))
        for split in used
    ]
    others = [(split, replace(one, columns=replace(one.columns, assumptions=()))) for split, one in others]
    without = (parts != UNASSIGNED) & ~np.isin(parts, used)
    reason = f'in a part without labels (column "{name}")'
    training = _leaving_out(table, {reason: without}).taken(~np.isin(parts, used))
    which = " and ".join(SPLIT_NAMES[split] for split in used)
    said = (
        f'column "{name}" says which records are for {which}'
        if used
        else f'the parts of column "{name}" have no labels'
    )
    return _with(
        chosen, training, f"{said}; leave it out of the file to have test documents drawn at random"
    ), others


def _parts(table: RawTable, name: str) -> Int8 | None:
    """Return the split of each record, (n_records,), those that train UNASSIGNED; None where the column has others."""
    apart = np.logical_or.reduce([np.zeros(len(table.cells), bool), *table.left_out.values()])
    words = table.cells[name].str.strip_chars().str.to_lowercase()
    found = {*words.filter(pl.Series(~apart)).unique().to_list()}
    said = {word: entries.PART_WORDS.get(word or "", "") for word in found}
    if entries.TRAIN not in said.values() or not {*said.values()} <= {entries.TRAIN, *_splits(said)}:
        return None
    parts = np.full(len(words), UNASSIGNED, np.int8)
    for word, part in said.items():
        if part != entries.TRAIN:
            parts[_where(words, word) & ~apart] = _splits(said)[part]
    return parts if (parts != UNASSIGNED).any() else None


def _splits(said: Mapping[str, str]) -> dict[str, int]:
    """Return the split of each part; evaluation is the test part, or validation where another one is called test."""
    either = VALIDATION if entries.TEST in said.values() else TEST
    return {entries.TEST: TEST, entries.VALIDATION: VALIDATION, entries.EITHER: either}


def _not_used(table: RawTable, name: str, *, named: bool) -> str:
    if named:
        return f'column "{name}" is not used, since other files are the parts of the corpus'
    values = quoted(table.facts(name).examples(VALUES_SHOWN))
    how = "to test on some of its records, write them to a file of their own and name that with --test"
    return f'column "{name}" ({values}) seems to say which part a record is of, and is not used; {how}'


# --- tables with less in them


def _beside(chosen: ChosenColumns) -> Iterator[str]:
    columns = chosen.columns
    return (
        name for name in chosen.table.cells.columns if name not in (columns.text.column, columns.label.column)
    )


def _where(cells: pl.Series, value: str) -> Bool:
    return (cells == value).fill_null(False).to_numpy()


def _leaving_out(table: RawTable, masks: Mapping[str, Bool]) -> RawTable:
    return replace(
        table, left_out={**table.left_out, **{why: rows for why, rows in masks.items() if rows.any()}}
    )


def _with(chosen: ChosenColumns, table: RawTable, *said: str) -> ChosenColumns:
    """Return the columns of another table of the same file, and what is said of it."""
    notes = tuple(f"{table.file}: {words}" for words in said)
    columns = replace(chosen.columns, table=table, assumptions=(*chosen.columns.assumptions, *notes))
    return replace(chosen, table=table, columns=columns)
