"""The records of training, validation and test files, with the classes that were asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.core.values import TEST
from pipeline.corpus.asked.classes import AskedClasses, ClassOptions, settle_classes
from pipeline.corpus.asked.columns import ChosenColumns
from pipeline.corpus.how_read import how_read, resting_on
from pipeline.corpus.part import Part, select_evaluation, select_training
from pipeline.corpus.plausible import check_labels, label_warnings, text_warnings
from pipeline.tasks.task import Task


def select_parts(
    first: ChosenColumns,
    others: Iterable[tuple[int, ChosenColumns]],
    options: ClassOptions,
    task: Task,
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
    task : Task
    allow_losses : bool
    """
    others = list(others)
    with resting_on(how_read(first.table, first.columns)):
        labels = [first.labels, *(one.labels for _, one in others)]
        wanted, told = settle_classes(options, labels, first.columns.label.column)
        training = select_training(
            _with_classes(first, wanted).table, first.columns, allow_losses=allow_losses
        )
        wanted.check_left(training.labels)
        check_labels(training, split=all(split != TEST for split, _ in others))
        names = task.names(training.labels, training.table.file)
        seen = (*label_warnings(training, names), *text_warnings(training))
    parts = [
        replace(training, assumptions=(*training.assumptions, *told), warnings=(*training.warnings, *seen))
    ]
    for split, one in others:
        with resting_on(how_read(one.table, one.columns)):
            parts.append(
                select_evaluation(
                    _with_classes(one, wanted).table,
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
