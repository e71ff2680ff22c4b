"""Sections about which documents go wrong: confusion, classes, calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.report.page.blocks import Block, Cell, Chart, Fold, Grid, Heat, Limits, Nothing, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.figures import Reliability, ReliabilityBin
from pipeline.report.page.formats import MISSING, count, decimal, interval, mean, percent, points
from pipeline.report.page.marks import initials
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.facts import ModelFacts, model_facts, nothing
from pipeline.report.sections.model_words import KIND_CLASSES, kind_of, namer
from pipeline.report.sections.quality import HOW_TO_READ_ECE, if_calibrated
from pipeline.report.words.task import task_of
from pipeline.run_folder.details.documents import Bin, ClassScore, ModelScores
from pipeline.run_folder.names import detail_file
from pipeline.run_folder.reading import Run

SCORES_FILE = detail_file("scores")
HOW_TO_READ = (
    "Across: how sure the model said it was. Up: how often it was right. On the dashed line both agree; above it the"
    " model is right more often than it says. Large dots hold many answers."
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
    models = _ordered(run, models)
    labels = run.details.scores.label_names
    return (
        Seen(
            _confused(run, _without_controls(run, models), labels),
            _how_confusions_are_read(labels, limits, task_of(run).answering),
        ),
        *_matrices(models, labels, limits, run),
        Fold("Precision, recall and F1 of each class", _class_tables(models, limits)),
    )


def _confused(run: Run, models: Sequence[ModelScores], labels: Sequence[str]) -> str:
    """Return the largest share of a class that is taken for another, the true class first; small classes stand back."""
    largest = [
        (pair.documents / pair.of_class, model.name, pair)
        for model in models
        for pair in confused_pairs(model.confusion)
    ]
    largest = [one for one in largest if one[2].of_class >= ENOUGH] or largest
    if not largest:
        return "No class is taken for another one"
    share, model, pair = max(largest, key=lambda one: one[0])
    unit = task_of(run).answering
    said = f"{_hundred(share)} {labels[pair.true]} {unit}s taken for {labels[pair.predicted]}"
    return f"Most mixed up, by {namer(run)(model)}: {said}"


def _how_confusions_are_read(labels: Sequence[str], limits: Limits, unit: str) -> str:
    if len(labels) > limits.confusion_classes:
        return "The most frequent confusions of each model; there are too many classes for a picture."
    named = ", ".join(f"{short} {label}" for short, label in zip(initials(labels), labels, strict=True))
    return (
        f"Of 100 {unit}s of the class in the row, how many were put into the class of the column. Right answers stand"
        f" grey on the diagonal. {named}."
    )


ENOUGH = 5  # answers of a class, for its confusions to stand in the title
SIDE_BY_SIDE = 2  # models that half a page holds: those of the answer


def _side_by_side(blocks: Sequence[Chart | Heat]) -> tuple[Grid | Fold, ...]:
    """Return the first models beside each other; the others shut."""
    first, others = tuple(blocks[:SIDE_BY_SIDE]), tuple(blocks[SIDE_BY_SIDE:])
    shut = (Fold(f"The other models ({len(others)})", (Grid(others),)),) if others else ()
    return (Grid(first), *shut)


def _matrices(
    models: Sequence[ModelScores], labels: Sequence[str], limits: Limits, run: Run
) -> tuple[Block, ...]:
    """Return a matrix a model side by side; the most confused pairs where there are many classes."""
    if len(labels) > limits.confusion_classes:
        return tuple(_pairs_table(model, labels, limits) for model in models)
    name, kind = namer(run), kind_of(run)
    return _side_by_side(tuple(_heat(model, labels, name, kind(model.name)) for model in models))


def _scored(run: Run) -> tuple[ModelScores, ...]:
    return run.details.scores.models if run.details.scores else ()


def _without_controls(run: Run, models: Sequence[ModelScores]) -> list[ModelScores]:
    """Return the models but those that are only there to compare with, such as the most frequent class."""
    controls = {row.name for row in run.metrics.summary if row.kind == "control"}
    return [model for model in models if model.name not in controls]


def _ordered(run: Run, models: Sequence[ModelScores]) -> tuple[ModelScores, ...]:
    """Return the models, those of the answer first, then the highest accuracy."""
    verdict, advice = run.metrics.verdict, run.metrics.advice
    names = [advice.model, verdict.a, verdict.b, *(model.name for model in model_facts(run))]
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    return tuple(sorted(models, key=lambda model: places.get(model.name, len(names))))


def _no_scores(run: Run) -> tuple[Nothing]:
    return nothing(run, "No predictions were scored by class.")


def _heat(model: ModelScores, labels: Sequence[str], name: Callable[[str], str], kind: str) -> Heat:
    return Heat(
        name(model.name),
        tuple(labels),
        model.confusion,
        _confusion_reading(model.confusion, labels),
        kind,
    )


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
    return f"{labels[true]} taken for {labels[predicted]}: {_hundred(number / total)}"


def _hundred(share: float) -> str:
    """Return a share as so many of 100.

    >>> _hundred(0.087), _hundred(0.004)
    ('9 of 100', '0.4 of 100')
    """
    return f"{100 * share:.0f} of 100" if share >= 0.01 else f"{100 * share:.1g} of 100"


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


def _class_tables(models: Sequence[ModelScores], limits: Limits) -> tuple[Table, ...]:
    """Return F1 of each class by model, then precision, recall and F1 a model."""
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
    scored = _ordered(run, _scored(run))
    filled = [[one for one in model.calibration if one.count > 0] for model in scored]
    models = [_Sureness(facts[model.name], bins) for model, bins in zip(scored, filled, strict=True) if bins]
    if not models:
        return _no_scores(run)
    drawn, name = models[: limits.rows], namer(run)
    tables = (_confidence_table(models, limits), *(_calibration_table(model) for model in drawn))
    return (
        Seen(_believed(models, name), HOW_TO_READ),
        *_side_by_side(tuple(_reliability(model, name) for model in drawn)),
        Fold("Calibration in numbers: ECE, log loss, every bin", tables),
    )


def _believed(models: Sequence[_Sureness], name: Callable[[str], str]) -> str:
    """Return whether what the models say of themselves holds, of the one that is furthest off."""
    off = [one for one in models if one.of.ece is None or not one.of.ece_within_chance]
    if not off:
        return "Can its percentages be believed? No model shows a sign to the contrary"
    worst = max(off, key=lambda one: abs(one.confidence - one.right))
    gap = worst.confidence - worst.right
    word = "about right" if abs(gap) < 0.005 else "too sure" if gap > 0 else "too modest"
    return f"Can its percentages be believed? {name(worst.of.name)} is the furthest off: {word}"


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


def _reliability(model: _Sureness, name: Callable[[str], str]) -> Chart:
    bins = tuple(
        ReliabilityBin(one.lo, one.hi, one.confidence or 0.0, one.accuracy or 0.0, one.count / model.answers)
        for one in model.bins
    )
    return Chart(
        name(model.of.name),
        _reliability_reading(model),
        Reliability(bins, KIND_CLASSES[model.of.kind]),
        group=KIND_CLASSES[model.of.kind],
    )


def _reliability_reading(model: _Sureness) -> str:
    """Return how sure the model is and how right, and whether chance alone would show an error as large."""
    said = f"says {100 * model.confidence:.0f}, is right {100 * model.right:.0f}"
    return f"{said}: as chance allows" if model.of.ece_within_chance else said


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
