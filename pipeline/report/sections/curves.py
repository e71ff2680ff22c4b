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
from pipeline.report.page.formats import MISSING, count, decimal, is_number, percent, seconds
from pipeline.report.sections.facts import status_sentence
from pipeline.run_folder.reading import Record, Run

HISTORIES_FILE = "details/histories.json"
SERIES = (("training", "loss"), ("validation", "validation_loss"))
STOPPED = {
    "early": "validation loss stopped improving",
    "budget": "updates ran out",
}


def training_curves(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return a chart of loss by updates a network, the weights kept of each fit, and every evaluation."""
    histories = [history for history in run.details.histories if _evaluations(history)]
    if not histories:
        return (Nothing(status_sentence(run) or "No network was trained, so there are no training curves."),)
    names = list(dict.fromkeys(str(history.get("name")) for history in histories))
    top = max((point.value for history in histories for point in _points(history)), default=0.0) or 1.0
    charts = [_chart(name, [h for h in histories if str(h.get("name")) == name], top) for name in names]
    tables = (_kept_table(histories, limits), _evaluation_table(histories, limits))
    return (Grid(tuple(charts)), *tables)


def _evaluations(history: Record) -> list[Record]:
    return [one for one in history.get("evaluations") or () if isinstance(one, dict)]


def _points(history: Record) -> Iterator[CurvePoint]:
    run = f"seed {history.get('seed')}, fold {history.get('fold')}"
    for one in _evaluations(history):
        for series, key in SERIES:
            if is_number(one.get("updates")) and is_number(one.get(key)):
                best = series == "validation" and one.get("updates") == history.get("best_updates")
                yield CurvePoint(run, series, int(one["updates"]), float(one[key]), best)


def _chart(name: str, histories: Sequence[Record], top: float) -> Chart:
    points = tuple(point for history in histories for point in _points(history))
    return Chart(name, _reading(histories), Curves(points, top))


def _reading(histories: Sequence[Record]) -> str:
    last = [_evaluations(history)[-1].get("updates") or 0 for history in histories]
    best = [history.get("best_updates") or 0 for history in histories]
    still = sum(
        history.get("stopped") != "early" and kept == end
        for history, kept, end in zip(histories, best, last, strict=True)
    )
    kept = f"Lowest validation loss after {median(best):,g} of {median(last):,g} updates"
    several = f" (medians of {plural(len(histories), 'fit')})" if len(histories) > 1 else ""
    if not still:
        return f"{kept}{several}; training stopped because it no longer fell."
    return (
        f"{kept}{several}; it was still falling at the end of {plural(still, 'fit')}: more updates may help."
    )


def _kept_table(histories: Sequence[Record], limits: Limits) -> Table:
    rows = [_kept_row(history) for history in histories]
    columns = (
        *words("Model"),
        *numbers("Seed", "Fold", "Batch", "Learning rate", "Updates", "Epochs", "Kept after"),
        *numbers("Training loss", "Validation loss", "Validation accuracy"),
        *words("Stopped because"),
    )
    note = "Batch: documents of one update. Kept after: updates that led to the weights kept."
    return short_table("The weights kept of each fit", columns, rows, limits.rows, HISTORIES_FILE, note)


def _kept_row(history: Record) -> tuple[Cell, ...]:
    evaluations = _evaluations(history)
    last = evaluations[-1]
    kept = next((e for e in evaluations if e.get("updates") == history.get("best_updates")), last)
    stopped, rate = history.get("stopped"), history.get("learning_rate")
    return row(
        str(history.get("name")),
        str(history.get("seed")),
        str(history.get("fold")),
        count(history.get("batch_size")),
        f"{rate:g}" if is_number(rate) else MISSING,
        count(last.get("updates")),
        decimal(last.get("epochs"), 1),
        count(history.get("best_updates")),
        decimal(kept.get("loss")),
        decimal(kept.get("validation_loss")),
        percent(kept.get("validation_accuracy")),
        STOPPED.get(str(stopped), str(stopped)),
    )


def _evaluation_table(histories: Sequence[Record], limits: Limits) -> Table:
    every = [_evaluation_row(history, one) for history in histories for one in _evaluations(history)]
    columns = (
        *words("Model"),
        *numbers("Seed", "Fold", "Updates", "Epochs", "Training loss", "Training accuracy"),
        *numbers("Validation loss", "Validation accuracy", "Seconds"),
    )
    note = "Training loss and accuracy, and seconds: since the line above."
    return short_table("Every evaluation", columns, every, 2 * limits.rows, HISTORIES_FILE, note, fold=True)


def _evaluation_row(history: Record, one: Record) -> tuple[Cell, ...]:
    return row(
        str(history.get("name")),
        str(history.get("seed")),
        str(history.get("fold")),
        count(one.get("updates")),
        decimal(one.get("epochs"), 1),
        decimal(one.get("loss")),
        percent(one.get("accuracy")),
        decimal(one.get("validation_loss")),
        percent(one.get("validation_accuracy")),
        seconds(one.get("seconds")),
    )
