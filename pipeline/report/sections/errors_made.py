"""Sections about which documents go wrong: confusion, classes, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.report.page.blocks import Block, Cell, Chart, Grid, Heat, Limits, Nothing, Paragraph, Table
from pipeline.report.page.figures import Reliability, ReliabilityBin
from pipeline.report.page.formats import MISSING, count, decimal, interval, mean, percent, points
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.facts import ModelFacts, model_facts, nothing
from pipeline.report.sections.quality import HOW_TO_READ_ECE, if_calibrated
from pipeline.run_folder.details.documents import Bin, ClassScore, ModelScores
from pipeline.run_folder.reading import Run, detail_file

SCORES_FILE = detail_file("scores")
HOW_TO_READ = (
    "Points on the dashed diagonal: of the answers given with 80 %, 80 % are right. Below it a model is too sure,"
    " above it not sure enough. The bars are the share of the answers in each bin; where there are few, a point"
    " means little."
)


class Pair(NamedTuple):
    """Documents of one class that were taken for another one, and how many the class has."""

    documents: int
    of_class: int
    true: int
    predicted: int


def confusion(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return a heat table a model, or the most confused pairs where there are many classes."""
    models = _scored(run)
    if not models or run.details.scores is None:
        return _no_scores(run)
    labels = run.details.scores.label_names
    intro = Paragraph(
        "Rows are the true class, columns the predicted one, summed over the runs of a model. Percentages are"
        " shares of the row, so the diagonal is the recall of the class.",
        "muted",
    )
    if len(labels) > limits.confusion_classes:
        return (intro, *(_pairs_table(model, labels, limits) for model in models))
    heats = tuple(_heat(model, labels) for model in models)
    return (intro, Grid(heats)) if len(labels) <= 8 else (intro, *heats)


def _scored(run: Run) -> tuple[ModelScores, ...]:
    return run.details.scores.models if run.details.scores else ()


def _no_scores(run: Run) -> tuple[Nothing]:
    return nothing(run, "No predictions were scored by class.")


def _heat(model: ModelScores, labels: Sequence[str]) -> Heat:
    return Heat(model.name, tuple(labels), model.confusion, _confusion_reading(model.confusion, labels))


def confused_pairs(counts: Sequence[Sequence[int]]) -> list[Pair]:
    """Return the confusions that occur, most frequent first.

    >>> confused_pairs([[8, 2], [1, 4]])
    [Pair(documents=2, of_class=10, true=0, predicted=1), Pair(documents=1, of_class=5, true=1, predicted=0)]
    """
    pairs = [
        Pair(number, sum(line), true, predicted)
        for true, line in enumerate(counts)
        for predicted, number in enumerate(line)
        if true != predicted and number > 0
    ]
    return sorted(pairs, key=lambda pair: (-pair.documents, pair.true, pair.predicted))


def _confusion_reading(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    pairs = confused_pairs(counts)
    if not pairs:
        return "No document is confused."
    number, total, true, predicted = pairs[0]
    return (
        f"Most often confused: “{labels[true]}” taken for “{labels[predicted]}”,"
        f" {count(number)} of {count(total)} answers ({percent(number / total)})."
    )


def _pairs_table(model: ModelScores, labels: Sequence[str], limits: Limits) -> Table:
    pairs = confused_pairs(model.confusion)
    shown = pairs[: limits.pairs]
    columns: Columns[Pair] = (
        text("True class", lambda pair: labels[pair.true]),
        text("Predicted", lambda pair: labels[pair.predicted]),
        number("Answers", lambda pair: count(pair.documents)),
        number("Of the class", lambda pair: count(pair.of_class)),
        number("Share", lambda pair: percent(pair.documents / pair.of_class)),
    )
    note = (
        f"{_confusion_reading(model.confusion, labels)} The {len(shown)} most frequent of {len(pairs)} confused pairs;"
        f" the matrix is in {SCORES_FILE}."
    )
    title = f"Most confused pairs: {model.name}"
    return table_of(title, shown, columns, limits.pairs, SCORES_FILE, note, fold=True)


def classes(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return F1 of each class by model, then precision, recall and F1 a model."""
    models = _scored(run)
    if not models:
        return _no_scores(run)
    return (_f1_table(models, limits), *(_class_table(model, limits) for model in models))


def _f1_table(models: Sequence[ModelScores], limits: Limits) -> Table:
    f1 = {model.name: {one.label: one.f1 for one in model.per_class} for model in models}
    hardest = sorted(
        models[0].per_class, key=lambda one: mean([scores[one.label] for scores in f1.values()]) or 0.0
    )

    def column(name: str) -> ColumnOf[ClassScore]:
        return number(name, lambda one: _f1_cell(f1[name][one.label], [f1[other][one.label] for other in f1]))

    columns: Columns[ClassScore] = (
        text("Class", lambda one: one.label),
        number("Documents", lambda one: count(one.support)),
        *map(column, f1),
    )
    ends = f"Hardest class on average: “{hardest[0].label}”; easiest: “{hardest[-1].label}”."
    title, note = "F1 of each class, the hardest first", f"{ends} Bold: the best of its row."
    return table_of(title, hardest, columns, limits.rows, SCORES_FILE, note)


def _f1_cell(value: float, row: Sequence[float]) -> Cell:
    return Cell(decimal(value), best=value == max(row))


def _class_table(model: ModelScores, limits: Limits) -> Table:
    columns: Columns[ClassScore] = (
        text("Class", lambda one: one.label),
        number("Precision", lambda one: decimal(one.precision)),
        number("Recall", lambda one: decimal(one.recall)),
        number("F1", lambda one: decimal(one.f1)),
        number("Documents", lambda one: count(one.support)),
    )
    title = f"Precision, recall, F1: {model.name}"
    return table_of(title, model.per_class, columns, limits.rows, SCORES_FILE, fold=True)


def calibration(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how far each model's stated probability is from its share of right answers, with diagrams."""
    facts = {model.name: model for model in model_facts(run)}
    filled = [[one for one in model.calibration if one.count > 0] for model in _scored(run)]
    models = [
        _Sureness(facts[model.name], bins) for model, bins in zip(_scored(run), filled, strict=True) if bins
    ]
    if not models:
        return _no_scores(run)
    drawn = models[: limits.rows]
    return (
        _confidence_table(models, limits),
        Paragraph(HOW_TO_READ, "muted"),
        Grid(tuple(_reliability(model) for model in drawn)),
        *(_calibration_table(model) for model in drawn),
    )


class _Sureness(NamedTuple):
    """A model, and its answers by the probability that it states; every bin has some."""

    of: ModelFacts
    bins: list[Bin]

    @property
    def answers(self) -> int:
        """How many answers there are."""
        return sum(one.count for one in self.bins)

    @property
    def confidence(self) -> float:
        """Mean stated probability."""
        return sum(one.count * (one.confidence or 0.0) for one in self.bins) / self.answers

    @property
    def right(self) -> float:
        """Share of right answers."""
        return sum(one.count * (one.accuracy or 0.0) for one in self.bins) / self.answers


def _confidence_table(models: Sequence[_Sureness], limits: Limits) -> Table:
    columns: Columns[_Sureness] = (
        text("Model", lambda one: one.of.name),
        number("Mean confidence", lambda one: percent(one.confidence)),
        number("Right", lambda one: percent(one.right)),
        number("Gap, points", lambda one: points(one.confidence - one.right)),
        number("ECE, points", lambda one: _points_of_ece(one.of.ece)),
        number("95 % interval of ECE", lambda one: interval(one.of.ece_ci95, _points_of_ece)),
        number("ECE if calibrated", lambda one: if_calibrated(one.of, _points_of_ece)),
        number("Log loss", lambda one: decimal(one.of.log_loss)),
        number("95 % interval of log loss", lambda one: interval(one.of.log_loss_ci95, decimal, 3)),
    )
    note = (
        "Gap above zero: the model promises more than it keeps. ECE (expected calibration error): the mean distance"
        " of stated probability and share right over 15 bins, weighted by answers; mean over the runs."
        f" {HOW_TO_READ_ECE} The interval of an ECE leaves that chance out, and begins at 0 where chance explains it"
        " all."
    )
    return table_of("Confidence against right answers", models, columns, limits.rows, SCORES_FILE, note)


def _reliability(model: _Sureness) -> Chart:
    bins = tuple(
        ReliabilityBin(one.lo, one.hi, one.confidence or 0.0, one.accuracy or 0.0, one.count / model.answers)
        for one in model.bins
    )
    return Chart(model.of.name, _reliability_reading(model), Reliability(bins))


def _reliability_reading(model: _Sureness) -> str:
    """Return how sure the model is and how right, and whether chance alone would show an error as large."""
    says, facts = _says(model.confidence - model.right), model.of
    measured = (
        f"{percent(model.confidence)} stated, {percent(model.right)} right, {count(model.answers)} answers"
    )
    if facts.ece is not None:
        measured += f"; ECE {_points_of_ece(facts.ece)} points"
    if facts.ece is None or facts.ece_if_calibrated_95 is None:
        return f"{says}: {measured}."
    by_chance = _points_of_ece(facts.ece_if_calibrated_95)
    if facts.ece_within_chance:
        return f"No sign of bad calibration: {measured}, by chance up to {by_chance} if it is calibrated."
    return f"{says}: {measured}, above the {by_chance} that chance explains."


def _says(gap: float) -> str:
    return "On the whole " + (
        "as right as it says" if abs(gap) < 0.005 else "too sure" if gap > 0 else "not sure enough"
    )


def _points_of_ece(value: float | None, places: int = 1) -> str:
    return MISSING if value is None else decimal(100 * value, places)


def _calibration_table(model: _Sureness) -> Table:
    columns: Columns[Bin] = (
        text("Stated probability", lambda one: f"{decimal(one.lo, 2)} to {decimal(one.hi, 2)}"),
        number("Answers", lambda one: count(one.count)),
        number("Mean confidence", lambda one: percent(one.confidence)),
        number("Right", lambda one: percent(one.accuracy)),
    )
    title = f"Calibration: {model.of.name}"
    return table_of(title, model.bins, columns, len(model.bins), SCORES_FILE, fold=True)
