"""Sections about which documents go wrong: confusion, classes, calibration."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Grid,
    Heat,
    Limits,
    Nothing,
    Paragraph,
    Reliability,
    ReliabilityBin,
    Table,
    numbers,
    row,
    short_table,
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, interval, mean, percent, points
from pipeline.report.sections.facts import ModelFacts, model_facts, status_sentence
from pipeline.report.sections.quality import HOW_TO_READ_ECE, if_calibrated
from pipeline.run_folder.details.documents import Bin, ClassScore, ModelScores
from pipeline.run_folder.reading import Run

SCORES_FILE = "details/scores.json"
HOW_TO_READ = (
    "Points on the dashed diagonal: of the answers given with 80 %, 80 % are right. Below it a model is too sure,"
    " above it not sure enough. The bars are the share of the answers in each bin; where there are few, a point"
    " means little."
)
Pair = tuple[int, int, int, int]  # documents, documents of the true class, true class, predicted class


def confusion(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return a heat table a model, or the most confused pairs where there are many classes."""
    models = _scored(run)
    if not models or run.details.scores is None:
        return (_no_scores(run),)
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


def _no_scores(run: Run) -> Nothing:
    return Nothing(status_sentence(run) or "No predictions were scored by class.")


def _heat(model: ModelScores, labels: Sequence[str]) -> Heat:
    return Heat(model.name, tuple(labels), model.confusion, _confusion_reading(model.confusion, labels))


def confused_pairs(counts: Sequence[Sequence[int]]) -> list[Pair]:
    """Return the confusions that occur, most frequent first.

    >>> confused_pairs([[8, 2], [1, 4]])
    [(2, 10, 0, 1), (1, 5, 1, 0)]
    """
    pairs = [
        (number, sum(line), true, predicted)
        for true, line in enumerate(counts)
        for predicted, number in enumerate(line)
        if true != predicted and number > 0
    ]
    return sorted(pairs, key=lambda pair: (-pair[0], pair[2], pair[3]))


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
    rows, _ = shorten(
        [
            row(labels[true], labels[predicted], count(number), count(total), percent(number / total))
            for number, total, true, predicted in pairs
        ],
        limits.pairs,
        SCORES_FILE,
    )
    columns = (*words("True class", "Predicted"), *numbers("Answers", "Of the class", "Share"))
    left_out = (
        f" The {len(rows)} most frequent of {len(pairs)} confused pairs; the matrix is in {SCORES_FILE}."
    )
    return Table(
        f"Most confused pairs: {model.name}",
        columns,
        rows,
        _confusion_reading(model.confusion, labels) + left_out,
        fold=True,
    )


def classes(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return F1 of each class by model, then precision, recall and F1 a model."""
    models = _scored(run)
    if not models:
        return (_no_scores(run),)
    return (_f1_table(models, limits), *(_class_table(model, limits) for model in models))


def _f1_table(models: Sequence[ModelScores], limits: Limits) -> Table:
    f1 = {model.name: {one.label: one.f1 for one in model.per_class} for model in models}
    support = {one.label: one.support for one in models[0].per_class}
    by_mean = sorted(support, key=lambda label: mean([scores[label] for scores in f1.values()]) or 0.0)
    lines = [_f1_row(label, support[label], [scores[label] for scores in f1.values()]) for label in by_mean]
    note = f"Hardest class on average: “{by_mean[0]}”; easiest: “{by_mean[-1]}”. Bold: the best of its row."
    columns = (*words("Class"), *numbers("Documents", *f1))
    return short_table("F1 of each class, the hardest first", columns, lines, limits.rows, SCORES_FILE, note)


def _f1_row(label: str, support: int, values: Sequence[float]) -> tuple[Cell, ...]:
    return row(label, count(support), *(Cell(decimal(value), best=value == max(values)) for value in values))


def _class_table(model: ModelScores, limits: Limits) -> Table:
    lines = [_class_row(entry) for entry in model.per_class]
    columns = (*words("Class"), *numbers("Precision", "Recall", "F1", "Documents"))
    title = f"Precision, recall, F1: {model.name}"
    return short_table(title, columns, lines, limits.rows, SCORES_FILE, fold=True)


def _class_row(entry: ClassScore) -> tuple[Cell, ...]:
    shown = map(decimal, (entry.precision, entry.recall, entry.f1))
    return row(entry.label, *shown, count(entry.support))


def calibration(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how far each model's stated probability is from its share of right answers, with diagrams."""
    models = [model for model in _scored(run) if _filled_bins(model)]
    if not models:
        return (_no_scores(run),)
    facts = {model.name: model for model in model_facts(run)}
    lines = [_confidence_row(model, facts[model.name]) for model in models]
    columns = (
        *words("Model"),
        *numbers("Mean confidence", "Right", "Gap, points"),
        *numbers(
            "ECE, points",
            "95 % interval of ECE",
            "ECE if calibrated",
            "Log loss",
            "95 % interval of log loss",
        ),
    )
    note = (
        "Gap above zero: the model promises more than it keeps. ECE (expected calibration error): the mean distance"
        " of stated probability and share right over 15 bins, weighted by answers; mean over the runs."
        f" {HOW_TO_READ_ECE} The interval of an ECE leaves that chance out, and begins at 0 where chance explains it"
        " all."
    )
    title = "Confidence against right answers"
    summary = short_table(title, columns, lines, limits.rows, SCORES_FILE, note)
    drawn = models[: limits.rows]
    return (
        summary,
        Paragraph(HOW_TO_READ, "muted"),
        Grid(tuple(_reliability(model, facts[model.name]) for model in drawn)),
        *(_calibration_table(model) for model in drawn),
    )


def _reliability(model: ModelScores, facts: ModelFacts) -> Chart:
    bins = _filled_bins(model)
    total = sum(entry.count for entry in bins)
    filled = tuple(
        ReliabilityBin(one.lo, one.hi, one.confidence or 0.0, one.accuracy or 0.0, one.count / total)
        for one in bins
    )
    figure = Reliability(filled)
    return Chart(model.name, _reliability_reading(bins, total, facts), figure)


def _reliability_reading(bins: Sequence[Bin], total: int, facts: ModelFacts) -> str:
    """Return how sure the model is and how right, and whether chance alone would show an error as large."""
    confidence, right = _weighted(bins)
    measured = f"{percent(confidence)} stated, {percent(right)} right, {count(total)} answers"
    if facts.ece is None:
        return f"{_says(confidence - right)}: {measured}."
    measured += f"; ECE {_points_of_ece(facts.ece)} points"
    if facts.ece_if_calibrated_95 is None:
        return f"{_says(confidence - right)}: {measured}."
    by_chance = _points_of_ece(facts.ece_if_calibrated_95)
    if facts.ece_within_chance:
        return f"No sign of bad calibration: {measured}, by chance up to {by_chance} if it is calibrated."
    return f"{_says(confidence - right)}: {measured}, above the {by_chance} that chance explains."


def _says(gap: float) -> str:
    return "On the whole " + (
        "as right as it says" if abs(gap) < 0.005 else "too sure" if gap > 0 else "not sure enough"
    )


def _points_of_ece(value: float | None) -> str:
    return MISSING if value is None else decimal(100 * value, 1)


def _weighted(bins: Sequence[Bin]) -> tuple[float, float]:
    """Return mean confidence, and the share of right answers, over the bins."""
    total = sum(one.count for one in bins)
    confidence, right = (
        sum(one.count * (value or 0.0) for one, value in zip(bins, values, strict=True)) / total
        for values in ([one.confidence for one in bins], [one.accuracy for one in bins])
    )
    return confidence, right


def _filled_bins(model: ModelScores) -> list[Bin]:
    return [one for one in model.calibration if one.count > 0]


def _confidence_row(model: ModelScores, facts: ModelFacts) -> tuple[Cell, ...]:
    bins = _filled_bins(model)
    confidence, right = _weighted(bins)
    of_answers = (model.name, percent(confidence), percent(right), points(confidence - right))
    return row(
        *of_answers,
        _points_of_ece(facts.ece),
        interval(facts.ece_ci95, lambda value, _: _points_of_ece(value)),
        if_calibrated(facts, _points_of_ece),
        decimal(facts.log_loss),
        interval(facts.log_loss_ci95, lambda value, _: decimal(value)),
    )


def _calibration_table(model: ModelScores) -> Table:
    rows = tuple(
        row(
            f"{decimal(entry.lo, 2)} to {decimal(entry.hi, 2)}",
            count(entry.count),
            percent(entry.confidence),
            percent(entry.accuracy),
        )
        for entry in _filled_bins(model)
    )
    columns = (*words("Stated probability"), *numbers("Answers", "Mean confidence", "Right"))
    return Table(f"Calibration: {model.name}", columns, rows, fold=True)
