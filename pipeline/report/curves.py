"""Section about training: loss by epoch for each network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from pipeline.report.blocks import (
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
    shorten,
    words,
)
from pipeline.report.facts import status_sentence
from pipeline.report.formats import count, decimal, is_number, percent, seconds
from pipeline.report.run_folder import Record, Run
from pipeline.report.text import plural

HISTORIES_FILE = "details/histories.json"
SERIES = (("training", "loss"), ("validation", "validation_loss"))
STOPPED = {
    "early": "validation loss stopped improving",
    "max_epochs": "epochs ran out",
}


def training_curves(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return a chart of loss by epoch a network, the epoch kept of each fit, and every epoch."""
    histories = [history for history in run.details.histories if _epochs(history)]
    if not histories:
        return (Nothing(status_sentence(run) or "No network was trained, so there are no training curves."),)
    names = list(dict.fromkeys(str(history.get("name")) for history in histories))
    top = max((point.value for history in histories for point in _points(history)), default=0.0) or 1.0
    charts = [_chart(name, [h for h in histories if str(h.get("name")) == name], top) for name in names]
    return (Grid(tuple(charts)), _kept_table(histories, limits), _epoch_table(histories, limits))


def _epochs(history: Record) -> list[Record]:
    return [epoch for epoch in history.get("epochs") or () if isinstance(epoch, dict)]


def _points(history: Record) -> Iterator[CurvePoint]:
    run = f"seed {history.get('seed')}, fold {history.get('fold')}"
    for epoch in _epochs(history):
        for series, key in SERIES:
            if is_number(epoch.get("epoch")) and is_number(epoch.get(key)):
                best = series == "validation" and epoch.get("epoch") == history.get("best_epoch")
                yield CurvePoint(run, series, int(epoch["epoch"]), float(epoch[key]), best)


def _chart(name: str, histories: Sequence[Record], top: float) -> Chart:
    points = tuple(point for history in histories for point in _points(history))
    return Chart(name, _reading(histories), Curves(points, top))


def _reading(histories: Sequence[Record]) -> str:
    last = [_epochs(history)[-1].get("epoch") or 0 for history in histories]
    best = [history.get("best_epoch") or 0 for history in histories]
    still = sum(
        history.get("stopped") != "early" and kept == end
        for history, kept, end in zip(histories, best, last, strict=True)
    )
    kept = f"Lowest validation loss after epoch {median(best):g} of {median(last):g}"
    several = f" (medians of {plural(len(histories), 'fit')})" if len(histories) > 1 else ""
    if not still:
        return f"{kept}{several}; training stopped because it no longer fell."
    return (
        f"{kept}{several}; it was still falling at the end of {plural(still, 'fit')}: more epochs may help."
    )


def _kept_table(histories: Sequence[Record], limits: Limits) -> Table:
    rows, left_out = shorten([_kept_row(history) for history in histories], limits.rows, HISTORIES_FILE)
    columns = (
        *words("Model"),
        *numbers("Seed", "Fold", "Epochs", "Kept epoch"),
        *numbers("Training loss", "Validation loss", "Validation accuracy"),
        *words("Stopped because"),
    )
    return Table("The epoch kept of each fit", columns, rows, left_out)


def _kept_row(history: Record) -> tuple[Cell, ...]:
    epochs = _epochs(history)
    kept = next((e for e in epochs if e.get("epoch") == history.get("best_epoch")), epochs[-1])
    stopped = history.get("stopped")
    return row(
        str(history.get("name")),
        str(history.get("seed")),
        str(history.get("fold")),
        count(len(epochs)),
        count(history.get("best_epoch")),
        decimal(kept.get("loss")),
        decimal(kept.get("validation_loss")),
        percent(kept.get("validation_accuracy")),
        STOPPED.get(str(stopped), str(stopped)),
    )


def _epoch_table(histories: Sequence[Record], limits: Limits) -> Table:
    every = [_epoch_row(history, epoch) for history in histories for epoch in _epochs(history)]
    rows, left_out = shorten(every, 2 * limits.rows, HISTORIES_FILE)
    columns = (
        *words("Model"),
        *numbers("Seed", "Fold", "Epoch", "Training loss", "Training accuracy"),
        *numbers("Validation loss", "Validation accuracy", "Seconds"),
    )
    return Table("Every epoch", columns, rows, left_out, fold=True)


def _epoch_row(history: Record, epoch: Record) -> tuple[Cell, ...]:
    return row(
        str(history.get("name")),
        str(history.get("seed")),
        str(history.get("fold")),
        count(epoch.get("epoch")),
        decimal(epoch.get("loss")),
        percent(epoch.get("accuracy")),
        decimal(epoch.get("validation_loss")),
        percent(epoch.get("validation_accuracy")),
        seconds(epoch.get("seconds")),
    )
