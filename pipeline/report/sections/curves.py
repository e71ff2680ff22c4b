"""Section about training: loss by updates for each network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from pipeline.core.clean import plural
from pipeline.core.wording import in_words
from pipeline.report.page.blocks import Block, Chart, Fold, Grid, Limits, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.figures import CurvePoint, Curves
from pipeline.report.page.formats import MISSING, count, decimal, percent, seconds
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.report.sections.facts import nothing
from pipeline.report.sections.model_words import namer
from pipeline.run_folder.details.fitting import Evaluation, History
from pipeline.run_folder.names import detail_file
from pipeline.run_folder.reading import Run

HISTORIES_FILE = detail_file("histories")
STOPPED = {
    "early": "validation loss stopped improving",
    "budget": "updates ran out",
}


HOW_TO_READ = (
    "Loss by updates: dashed on training documents, solid on validation documents, a line a training. The marked state"
    " was kept."
)


def training_curves(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return a chart of loss by updates a network, the weights kept of each fit, and every evaluation."""
    histories = [history for history in run.details.histories if history.evaluations]
    if not histories:
        return nothing(run, "No network was trained, so there are no training curves.")
    names = list(dict.fromkeys(history.name for history in histories))
    top = max((point.value for history in histories for point in _points(history)), default=0.0) or 1.0
    called = namer(run)
    charts = [_chart(called(name), [h for h in histories if h.name == name], top) for name in names]
    tables = (_kept_table(histories, limits), _evaluation_table(histories, limits))
    return (
        Seen(
            _seen(histories),
            HOW_TO_READ,
        ),
        Grid(tuple(charts)),
        Fold("Every training: epoch kept, why it ended, every evaluation", tables),
    )


def _seen(histories: Sequence[History]) -> str:
    """Return how many trainings were still learning when they ended."""
    still = sum(
        one.stopped != "early" and one.best_updates == one.evaluations[-1].updates for one in histories
    )
    n = len(histories)
    if not still:
        all_of = "Every training" if n > 1 else "The training"
        barely = any(one.best_updates == one.evaluations[-1].updates for one in histories)
        return f"{all_of} had {'almost ' if barely else ''}stopped getting better"
    return f"{still} of {plural(n, 'training')} {'was' if still == 1 else 'were'} still learning at the end"


def _points(history: History) -> Iterator[CurvePoint]:
    run = f"seed {history.seed}, fold {history.fold}"
    for one in history.evaluations:
        for series, loss in (("training", one.loss), ("validation", one.validation_loss)):
            if loss is not None:
                best = series == "validation" and one.updates == history.best_updates
                yield CurvePoint(run, series, one.updates, loss, best)


def _chart(name: str, histories: Sequence[History], top: float) -> Chart:
    points = tuple(point for history in histories for point in _points(history))
    return Chart(name, _reading(histories), Curves(points, top), group="net")


def _reading(histories: Sequence[History]) -> str:
    last = [history.evaluations[-1].updates for history in histories]
    best = [history.best_updates for history in histories]
    still = sum(
        history.stopped != "early" and kept == end
        for history, kept, end in zip(histories, best, last, strict=True)
    )
    kept = f"The validation loss was lowest after {median(best):,g} of {median(last):,g} updates"
    n = len(histories)
    several = f", the middle of {in_words(n)} trainings" if n > 1 else ""
    if not still:
        return f"{kept}{several}. {_why_it_ended(histories)}"
    at_the_end = "at the end" if n == 1 else f"at the end of {in_words(still)}"
    return f"{kept}{several}. It was still falling {at_the_end}: more updates may help."


def _why_it_ended(histories: Sequence[History]) -> str:
    """Return why trainings ended of which none was still learning when its updates ran out."""
    if any(history.stopped != "early" for history in histories):
        return "Training ended when its updates ran out, or when it no longer fell."
    at_the_end = any(history.best_updates == history.evaluations[-1].updates for history in histories)
    return f"Training stopped because it {'hardly fell any more' if at_the_end else 'no longer fell'}."


At = tuple[History, Evaluation]  # an evaluation, and the training that it is of
FIT: Columns[At] = (
    text("Model", lambda one: one[0].name),
    number("Seed", lambda one: one[0].seed),
    number("Fold", lambda one: one[0].fold),
)
VALIDATION: Columns[At] = (
    number("Validation loss", lambda one: decimal(one[1].validation_loss)),
    number("Validation accuracy", lambda one: percent(one[1].validation_accuracy)),
)


def _kept_table(histories: Sequence[History], limits: Limits) -> Table:
    columns: Columns[At] = (
        *FIT,
        number("Batch", lambda one: count(one[0].batch_size)),
        number("Learning rate", lambda one: _rate(one[0])),
        number("Updates", lambda one: count(one[0].evaluations[-1].updates)),
        number("Epochs", lambda one: decimal(one[0].evaluations[-1].epochs, 1)),
        number("Kept after", lambda one: count(one[0].best_updates)),
        number("Training loss", lambda one: decimal(one[1].loss)),
        *VALIDATION,
        text("Stopped because", lambda one: STOPPED.get(one[0].stopped, one[0].stopped)),
    )
    kept = [(history, _kept(history)) for history in histories]
    note = "Batch: documents of one update. Kept after: updates that led to the weights kept."
    return table_of("The weights kept of each fit", kept, columns, limits.rows, HISTORIES_FILE, note)


def _kept(history: History) -> Evaluation:
    every = history.evaluations
    return next((one for one in every if one.updates == history.best_updates), every[-1])


def _rate(history: History) -> str:
    return MISSING if history.learning_rate is None else f"{history.learning_rate:g}"


def _evaluation_table(histories: Sequence[History], limits: Limits) -> Table:
    columns: Columns[At] = (
        *FIT,
        number("Updates", lambda one: count(one[1].updates)),
        number("Epochs", lambda one: decimal(one[1].epochs, 1)),
        number("Training loss", lambda one: decimal(one[1].loss)),
        number("Training accuracy", lambda one: percent(one[1].accuracy)),
        *VALIDATION,
        number("Seconds", lambda one: seconds(one[1].seconds)),
    )
    every = [(history, one) for history in histories for one in history.evaluations]
    note = "Training loss and accuracy, and seconds: since the line above."
    return table_of("Every evaluation", every, columns, limits.rows, HISTORIES_FILE, note, fold=True)
