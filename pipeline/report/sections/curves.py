"""Section about training: loss by updates for each network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from pipeline.core.clean import plural
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Chart,
    CurvePoint,
    Curves,
    Grid,
    Limits,
    Nothing,
    Table,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, percent, seconds
from pipeline.report.sections.facts import status_sentence
from pipeline.run_folder.details.fitting import Evaluation, History
from pipeline.run_folder.reading import Run

HISTORIES_FILE = "details/histories.json"
STOPPED = {
    "early": "validation loss stopped improving",
    "budget": "updates ran out",
}


def training_curves(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return a chart of loss by updates a network, the weights kept of each fit, and every evaluation."""
    histories = [history for history in run.details.histories if history.evaluations]
    if not histories:
        return (Nothing(status_sentence(run) or "No network was trained, so there are no training curves."),)
    names = list(dict.fromkeys(history.name for history in histories))
    top = max((point.value for history in histories for point in _points(history)), default=0.0) or 1.0
    charts = [_chart(name, [h for h in histories if h.name == name], top) for name in names]
    tables = (_kept_table(histories, limits), _evaluation_table(histories, limits))
    return (Grid(tuple(charts)), *tables)


def _points(history: History) -> Iterator[CurvePoint]:
    run = f"seed {history.seed}, fold {history.fold}"
    for one in history.evaluations:
        for series, loss in (("training", one.loss), ("validation", one.validation_loss)):
            if loss is not None:
                best = series == "validation" and one.updates == history.best_updates
                yield CurvePoint(run, series, one.updates, loss, best)


def _chart(name: str, histories: Sequence[History], top: float) -> Chart:
    points = tuple(point for history in histories for point in _points(history))
    return Chart(name, _reading(histories), Curves(points, top))


def _reading(histories: Sequence[History]) -> str:
    last = [history.evaluations[-1].updates for history in histories]
    best = [history.best_updates for history in histories]
    still = sum(
        history.stopped != "early" and kept == end
        for history, kept, end in zip(histories, best, last, strict=True)
    )
    kept = f"Lowest validation loss after {median(best):,g} of {median(last):,g} updates"
    several = f" (medians of {plural(len(histories), 'fit')})" if len(histories) > 1 else ""
    if not still:
        return f"{kept}{several}; training stopped because it no longer fell."
    return (
        f"{kept}{several}; it was still falling at the end of {plural(still, 'fit')}: more updates may help."
    )


def _kept_table(histories: Sequence[History], limits: Limits) -> Table:
    rows = [_kept_row(history) for history in histories]
    columns = (
        *words("Model"),
        *numbers("Seed", "Fold", "Batch", "Learning rate", "Updates", "Epochs", "Kept after"),
        *numbers("Training loss", "Validation loss", "Validation accuracy"),
        *words("Stopped because"),
    )
    note = "Batch: documents of one update. Kept after: updates that led to the weights kept."
    return short_table("The weights kept of each fit", columns, rows, limits.rows, HISTORIES_FILE, note)


def _kept_row(history: History) -> tuple[Cell, ...]:
    last = history.evaluations[-1]
    kept = next((one for one in history.evaluations if one.updates == history.best_updates), last)
    rate = history.learning_rate
    return row(
        history.name,
        str(history.seed),
        str(history.fold),
        count(history.batch_size),
        MISSING if rate is None else f"{rate:g}",
        count(last.updates),
        decimal(last.epochs, 1),
        count(history.best_updates),
        decimal(kept.loss),
        decimal(kept.validation_loss),
        percent(kept.validation_accuracy),
        STOPPED.get(history.stopped, history.stopped),
    )


def _evaluation_table(histories: Sequence[History], limits: Limits) -> Table:
    every = [_evaluation_row(history, one) for history in histories for one in history.evaluations]
    columns = (
        *words("Model"),
        *numbers("Seed", "Fold", "Updates", "Epochs", "Training loss", "Training accuracy"),
        *numbers("Validation loss", "Validation accuracy", "Seconds"),
    )
    note = "Training loss and accuracy, and seconds: since the line above."
    return short_table("Every evaluation", columns, every, 2 * limits.rows, HISTORIES_FILE, note, fold=True)


def _evaluation_row(history: History, one: Evaluation) -> tuple[Cell, ...]:
    return row(
        history.name,
        str(history.seed),
        str(history.fold),
        count(one.updates),
        decimal(one.epochs, 1),
        decimal(one.loss),
        percent(one.accuracy),
        decimal(one.validation_loss),
        percent(one.validation_accuracy),
        seconds(one.seconds),
    )
