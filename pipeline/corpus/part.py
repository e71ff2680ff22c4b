"""The records of one file: which are used as documents, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, first_places
from pipeline.core.reading import PartRead
from pipeline.core.values import SPLIT_NAMES, UNASSIGNED, Bool, Dropped, Int64
from pipeline.core.warned import Warned, warning
from pipeline.core.wording import quoted
from pipeline.corpus.asked.cut import cut_of_numbers
from pipeline.corpus.how_read import how_read
from pipeline.corpus.losses import (
    NO_LABEL,
    NO_TEXT,
    UNDECODABLE_BYTES,
    WRONG_NUMBER,
    by_reason,
    check_losses,
)
from pipeline.corpus.readers.columns import Columns
from pipeline.corpus.readers.records import RawTable, is_blank
from pipeline.tasks.answers import Answers
from pipeline.tasks.classification.targets import LABELS_SHOWN, as_map, counterparts
from pipeline.tasks.table import OF_CLASSES
from pipeline.tasks.task import DocumentTask

UNKNOWN_CLASS = "of a class that training does not have (--only-known-classes)"


@dataclass(frozen=True, eq=False)
class Part:
    """The records of one file that are used, and those that are not."""

    table: RawTable
    columns: Columns
    split: int
    texts: pl.Series  # string (n_used,)
    labels: pl.Series  # string (n_used,)
    records: Int64  # (n_used,)
    dropped: tuple[Dropped, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[Warned, ...] = ()

    def reading(self) -> PartRead:
        """Return how it was read."""
        left_out = tuple((reason, count) for reason, count, _ in by_reason(self.dropped))
        return replace(
            how_read(self.table, self.columns),
            part=SPLIT_NAMES.get(self.split, ""),
            used=len(self.texts),
            left_out=left_out,
        )


def select_training(table: RawTable, columns: Columns, *, allow_losses: bool) -> Part:
    """Keep the records with text and label; the others go to the ledger with the first reason that holds."""
    texts, labels = table.cells[columns.text.column], table.cells[columns.label.column]
    reasons = {
        UNDECODABLE_BYTES: table.is_undecodable(columns.text.column, columns.label.column),
        WRONG_NUMBER: table.wrong_fields,
        **table.left_out,
        NO_TEXT: is_blank(texts).to_numpy(),
        NO_LABEL: is_blank(labels).to_numpy(),
    }
    part = _split_off(table, columns, UNASSIGNED, texts, labels, reasons)
    if len(part.texts) == 0:
        what = f"none of the {len(table.cells)} records has both text and label: {_reasons(part)}"
        names = quoted([columns.text.column, columns.label.column])
        fix = f"check the columns {names} (--text, --label)"
        told_by_name = bool(table.encoding) and any(
            entry.reason == UNDECODABLE_BYTES for entry in part.dropped
        )
        raise PipelineError(
            "no-record-usable",
            table.file,
            what,
            f"name the encoding with --encoding, or {fix}" if told_by_name else fix,
        )
    losses = check_losses(table.file, len(table.cells), part.dropped, allowed=allow_losses)
    return replace(part, warnings=table.warnings + losses)


def select_evaluation(
    table: RawTable,
    columns: Columns,
    *,
    split: int,
    classes: tuple[str, ...],
    task: DocumentTask[Answers] = OF_CLASSES,
    allow_losses: bool = False,
    only_known: bool = False,
) -> Part:
    """Keep every test record whose label can be read, so that no denominator shrinks.

    A text that is missing becomes empty, undecodable bytes stay as U+FFFD; both are counted in a warning.
    """
    texts, labels = table.cells[columns.text.column], table.cells[columns.label.column]
    unknown = ~labels.is_in(list(classes)).fill_null(False).to_numpy()
    undecodable, wrong = table.is_undecodable(columns.text.column, columns.label.column), table.wrong_fields
    reasons = {
        **table.left_out,
        NO_LABEL: is_blank(labels).to_numpy() & ~wrong,
        UNDECODABLE_BYTES: undecodable & unknown,
        WRONG_NUMBER: wrong & (unknown | texts.is_null().to_numpy()),
    }
    if only_known:
        reasons[UNKNOWN_CLASS] = unknown & ~np.logical_or.reduce(list(reasons.values()))
    used = ~np.logical_or.reduce(list(reasons.values()))
    _check_labels(table, columns.label.column, np.flatnonzero(unknown & used).tolist(), classes, task)
    part = _split_off(table, columns, split, texts.fill_null(""), labels, reasons)
    _check_tested(part)
    kept = np.isin(np.arange(len(texts)), part.records)
    notes = {
        "without text, kept as empty": kept & is_blank(texts).to_numpy(),
        "with undecodable bytes, kept with U+FFFD in their place": kept & undecodable,
        "with a wrong number of fields, kept": kept & wrong,
    }
    warnings = tuple(_note(table, note, rows) for note, rows in notes.items() if rows.any())
    if only_known and reasons[UNKNOWN_CLASS].any():
        warnings += (_unknown_note(table, labels, reasons[UNKNOWN_CLASS]),)
    losses = check_losses(table.file, len(table.cells), part.dropped, allowed=allow_losses)
    return replace(part, warnings=table.warnings + warnings + losses)


def _note(table: RawTable, note: str, rows: Bool) -> Warned:
    places = [table.place(record) for record in np.flatnonzero(rows).tolist()]
    told = f"{table.file}: {plural(len(places), 'record')} {note} ({first_places(places)})"
    return warning("damaged-test-records-kept", told)


def _unknown_note(table: RawTable, labels: pl.Series, rows: Bool) -> Warned:
    counts = labels.filter(pl.Series(rows)).value_counts(sort=True).rows()
    classes = first_places([f'"{name}" ({count:,})' for name, count in counts], LABELS_SHOWN)
    return warning(
        "unknown-classes-left-out",
        f"{table.file}: {int(rows.sum()):,} of {plural(len(labels), 'record')} left out (--only-known-classes), of "
        f"{'a class' if len(counts) == 1 else 'classes'} that training does not have: {classes}",
    )


def _check_tested(part: Part) -> None:
    """Refuse a test or validation file of which no record can be used, or none has a text."""
    file, option = part.table.file, f"--{SPLIT_NAMES[part.split]}"
    if len(part.texts) == 0:
        what = f"none of the {plural(len(part.table.cells), 'record')} can be used: {_reasons(part)}"
        raise PipelineError(
            "no-record-usable",
            file,
            what,
            f"give a file of documents with their labels, or leave out {option}",
        )
    if is_blank(part.texts).all():
        what = f'none of the {plural(len(part.texts), "record")} has a text in column "{part.columns.text.column}"'
        raise PipelineError("texts-empty", file, what, "name the column with --text, or correct the file")


def _reasons(part: Part) -> str:
    """Return in words why records are left out, with the number and the first places of each reason."""
    return ", ".join(f"{count:,} {reason} ({where})" for reason, count, where in by_reason(part.dropped))


def _split_off(
    table: RawTable,
    columns: Columns,
    split: int,
    texts: pl.Series,
    labels: pl.Series,
    reasons: dict[str, Bool],
) -> Part:
    used = np.ones(len(texts), dtype=bool)
    dropped: list[Dropped] = []
    for reason, holds in reasons.items():
        dropped.extend(_dropped(table, reason, np.flatnonzero(holds & used)))
        used &= ~holds
    mask = pl.Series(used)
    records = np.flatnonzero(used).astype(np.int64)
    return Part(
        table,
        columns,
        split,
        texts.filter(mask),
        labels.filter(mask),
        records,
        tuple(dropped),
        (*table.assumptions, *columns.assumptions, *_undecodable_elsewhere(table, columns)),
    )


def _undecodable_elsewhere(table: RawTable, columns: Columns) -> Iterator[str]:
    """Yield a sentence on bytes that are no text in columns that are not used."""
    used = (columns.text.column, columns.label.column)
    counts = {name: int(damaged.sum()) for name, damaged in table.undecodable.items() if name not in used}
    told = [f'{count:,} in "{name}"' for name, count in counts.items() if count]
    if told:
        yield f"{table.file}: undecodable bytes in unused columns lose no record ({first_places(told)})"


def _dropped(table: RawTable, reason: str, rows: Int64) -> list[Dropped]:
    """Return ledger entries for `rows`: one for each file, which is the only one or one of several."""
    return [Dropped(reason, file, numbers, lines) for file, numbers, lines in table.by_file(rows)]


def _check_labels(
    table: RawTable, column: str, unknown: list[int], names: tuple[str, ...], task: DocumentTask[Answers]
) -> None:
    """Raise PipelineError that names the first of the records whose labels are unknown, and where the others are."""
    if not unknown:
        return
    label = table.cells[column][unknown[0]]
    fix = "correct the row, or leave it out with --only-known-classes"
    if len(unknown) > 1:
        places = [table.place(row).removeprefix(f"{table.file}:") for row in unknown]
        rows = f"{len(unknown):,} rows with such labels ({first_places(places)})"
        fix = f"correct the {rows}, or leave them out with --only-known-classes"
    if alike := counterparts(table.cells[column].gather(unknown).unique().sort().to_list(), names):
        which = "it with the label" if len(alike) == 1 else "them with the labels"
        fix = f'--map "{as_map(alike)}" joins {which} of the corpus; else {fix}'
    if cut := cut_of_numbers(names, column):
        fix += f"; if these are numbers to be predicted, cut them in two classes: {cut}"
    what = f'column `{column}` is "{label}"; {task.unknown(label, names)}'
    raise PipelineError("label-not-in-training", table.place(unknown[0]), what, fix)
