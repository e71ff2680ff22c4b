"""The records of training, validation and test files, with the classes that were asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.core.values import TEST
from pipeline.corpus.asked.classes import AskedClasses, ClassOptions, settle_classes
from pipeline.corpus.asked.columns import ChosenColumns
from pipeline.corpus.how_read import how_read, resting_on
from pipeline.corpus.missing import missing_beside, missing_labels, without_missing
from pipeline.corpus.part import Part, select_evaluation, select_training
from pipeline.corpus.plausible import check_labels, label_warnings, text_warnings
from pipeline.corpus.readers.records import RawTable
from pipeline.tasks.answers import Answers
from pipeline.tasks.task import DocumentTask


def select_parts(
    first: ChosenColumns,
    others: Iterable[tuple[int, ChosenColumns]],
    options: ClassOptions,
    task: DocumentTask[Answers],
    *,
    allow_losses: bool,
) -> tuple[list[Part], tuple[str, ...]]:
    """Return what is used of each file, the training file first, and the names of the classes.

    Parameters
    ----------
    first : ChosenColumns
        Of the training file.
    others : iterable of (int, ChosenColumns)
        Of validation and test files, each with its split.
    options : ClassOptions
    task : DocumentTask
    allow_losses : bool
    """
    others = list(others)
    with resting_on(how_read(first.table, first.columns)):
        labels = [first.labels, *(one.labels for _, one in others)]
        wanted, told = settle_classes(options, labels, first.columns.label.column)
        table, kept = _without_missing(_with_classes(first, wanted), options)
        training = select_training(table, first.columns, allow_losses=allow_losses)
        wanted.check_left(training.labels)
        check_labels(training, split=all(split != TEST for split, _ in others))
        names = task.names(training.labels, training.table.file)
        seen = (*label_warnings(training, names), *text_warnings(training))
    parts = [
        replace(
            training, assumptions=(*training.assumptions, *told, *kept), warnings=(*training.warnings, *seen)
        )
    ]
    for split, one in others:
        with resting_on(how_read(one.table, one.columns)):
            asked = _with_classes(one, wanted)
            parts.append(
                select_evaluation(
                    without_missing(
                        asked.table, asked.columns.label.column, missing_beside(asked.labels, names)
                    ),
                    one.columns,
                    split=split,
                    classes=names,
                    task=task,
                    allow_losses=allow_losses,
                    only_known=options.only_known,
                )
            )
    return parts, names


def _with_classes(chosen: ChosenColumns, wanted: AskedClasses) -> ChosenColumns:
    return replace(chosen, table=wanted.applied(chosen.table, chosen.columns.label.column))


def _without_missing(first: ChosenColumns, options: ClassOptions) -> tuple[RawTable, tuple[str, ...]]:
    """Return the training table without the records whose label says that there is none, and what is said of others."""
    named = {*options.rules, *options.rules.values(), *options.drop}
    found = missing_labels(first.labels, named)
    return without_missing(first.table, first.columns.label.column, found.missing), found.told
