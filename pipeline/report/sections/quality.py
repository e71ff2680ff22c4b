"""Sections about how well the models do: comparison, failures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.core.clean import plural
from pipeline.core.models import LAST
from pipeline.core.names import ModelName
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Dot,
    DotPlot,
    Limits,
    Nothing,
    Paragraph,
    Table,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import (
    MISSING,
    count,
    decimal,
    interval,
    percent,
    seconds,
    spread,
)
from pipeline.report.sections.facts import (
    KIND_NAMES,
    ModelFacts,
    model_facts,
    status_sentence,
    what_times_hold,
)
from pipeline.report.sections.metric import metric_of
from pipeline.report.sections.rule import beside_words
from pipeline.run_folder.metrics.models import Result
from pipeline.run_folder.reading import METRICS, Run

# title, field of ModelFacts, whether the highest is the best, how it is shown
SCORES: tuple[tuple[str, str, bool], ...] = (
    ("Accuracy", "accuracy", True),
    ("Macro F1", "macro_f1", True),
    ("Log loss", "log_loss", False),
    ("ECE", "ece", False),
)


HOW_BUDGETS_COMPARE = (
    "Looks: how often a training was judged on validation documents, which keep the best of its states as they keep the"
    " best of a linear model's strengths."
)
HOW_TO_READ_ECE = (
    "ECE if calibrated: the mean, and up to which 95 of 100 lie, of what a model that is right exactly as often as it"
    " says would show by chance on as many documents; an ECE up to that is no sign of bad calibration, and never bold."
)


def no_results(run: Run) -> Nothing:
    """Return why there is no result to show."""
    return Nothing(status_sentence(run) or "No model was fitted, so there are no results.")


def comparison(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the table of all models and their accuracies as dots with intervals."""
    models = model_facts(run)
    if not models:
        return (no_results(run),)
    return (
        _comparison_table(run, models, limits),
        _accuracy_chart(models, run.places, limits),
        *_budgets_table(run, limits),
        _fits_table(run, limits),
    )


def _comparison_table(run: Run, models: Sequence[ModelFacts], limits: Limits) -> Table:
    best = {field: _best(models, field, highest) for _, field, highest in SCORES}
    beside = beside_words(run)
    columns = (
        *words("Model"),
        *numbers("Accuracy", "95 % interval", "Macro F1", *(("95 % interval of F1",) if beside else ())),
        *numbers("Log loss", "ECE", "ECE if calibrated"),
        *numbers("Training seconds", "Documents/s", "Parameters", "Peak memory, MiB", "Runs"),
        *words("Kind", "Notes"),
    )
    lines = [_comparison_row(model, best, run.places, bool(beside)) for model in models]
    decides = f"The answer is decided by {metric_of(run).name}. " if beside else ""
    note = decides + (
        "Bold: the best of its column. Accuracy and macro F1: higher is better; log loss and expected"
        f" calibration error (ECE): lower is better. {HOW_TO_READ_ECE} Training seconds and documents per second are"
        f" means over the runs; peak memory is the highest of them and counts the whole program. {what_times_hold(run)}"
    )
    heads = heads_note(model.name for model in models if model.kind == KIND_NAMES["network"])
    title = "All models, highest accuracy first"
    return short_table(title, columns, lines, limits.rows, METRICS, f"{note} {heads}".strip())


def heads_note(names: Iterable[str]) -> str:
    """Return what recurrent networks without a head in their name read; empty where there are none.

    >>> heads_note(["tfidf", "lstm:max@word2vec", "lstm@word2vec"])
    'lstm without a head reads the state after the last word; :max, :mean and :max+mean read those after every word.'
    """
    networks = (name for name in map(ModelName.parse, names) if name.own_head == LAST)
    plain = list(dict.fromkeys(name.model for name in networks))
    if not plain:
        return ""
    what = "without a head reads" if len(plain) == 1 else "without a head read"
    return (
        f"{' and '.join(plain)} {what} the state after the last word; :max, :mean and :max+mean read those after every"
        " word."
    )


def _best(models: Sequence[ModelFacts], field: str, highest: bool) -> float | None:
    values = [getattr(model, field) for model in models if getattr(model, field) is not None]
    return (max if highest else min)(values, default=None)


def _comparison_row(
    model: ModelFacts, best: dict[str, float | None], places: int, beside: bool
) -> tuple[Cell, ...]:
    def score(field: str, show: Callable[[float | None], str]) -> Cell:
        value = getattr(model, field)
        by_chance = field == "ece" and model.ece_within_chance
        return Cell(show(value), best=value is not None and value == best[field] and not by_chance)

    top = model.accuracy == best["accuracy"]
    return row(
        Cell(model.name, best=top, tags=("highest",) if top else ()),  # "best" is what validation chose
        score("accuracy", lambda value: percent(value, places)),
        interval(model.accuracy_ci95, percent, places),
        score("macro_f1", decimal),
        *((interval(model.macro_f1_ci95, _fraction),) if beside else ()),
        score("log_loss", decimal),
        score("ece", decimal),
        if_calibrated(model, decimal),
        seconds(model.fit_seconds),
        count(model.documents_per_second),
        spread(model.parameters),
        count(model.peak_rss_mib),
        count(model.runs),
        model.kind,
        Cell("; ".join(_notes(model))),
    )


def _fraction(value: float | None, places: int) -> str:
    return decimal(value)


def if_calibrated(model: ModelFacts, show: Callable[[float | None], str]) -> str:
    """Return the ECE that the model would have if it were calibrated: its mean, and what it stays below."""
    if model.ece_if_calibrated is None or model.ece_if_calibrated_95 is None:
        return MISSING
    return f"{show(model.ece_if_calibrated)}, up to {show(model.ece_if_calibrated_95)}"


def _notes(model: ModelFacts) -> list[str]:
    notes = []
    if model.untrained_runs:
        notes.append(f"did not train: {model.untrained_runs} of {model.runs}")
    if model.warnings:
        notes.append(plural(len(model.warnings), "warning"))
    return notes or ["not trained in this run" if model.kind == KIND_NAMES["outside"] else "trained"]


def _accuracy_chart(models: Sequence[ModelFacts], places: int, limits: Limits) -> Chart:
    scored = models[: limits.rows]
    drawn = near_the_best(scored)
    figure = DotPlot(tuple(_accuracy_dot(model) for model in drawn), "Accuracy on the test documents, %")
    parts = [_accuracy_reading(scored, places), "Thin ticks are single runs."]
    lowest = min(model.accuracy_ci95[0] for model in drawn)
    outside = sum(run < lowest for model in drawn for run in model.run_accuracies if model.runs > 1)
    if outside:
        parts.append(f"{plural(outside, 'single run')} below this scale: see the scores of every fit.")
    if len(drawn) < len(scored):
        far = ", ".join(f"{model.name} ({percent(model.accuracy, places)})" for model in scored[len(drawn) :])
        parts.append(f"Too far below to be drawn on this scale: {far}.")
    return Chart("Accuracy with 95 % intervals", " ".join(parts), figure)


def _accuracy_dot(model: ModelFacts) -> Dot:
    return Dot(model.name, model.accuracy, *model.accuracy_ci95, model.kind, model.run_accuracies)


def near_the_best(models: Sequence[ModelFacts]) -> Sequence[ModelFacts]:
    """Return the models to draw: the lowest ones are left out while one triples the width of the scale.

    `models` are sorted, highest accuracy first. Without this, a majority baseline makes the rest one blot.
    """
    lows = [model.accuracy_ci95[0] for model in models]
    highest = models[0].accuracy_ci95[1]
    kept = len(models)
    while kept > 2 and highest - lows[kept - 1] > 3 * (highest - min(lows[: kept - 1])):
        kept -= 1
    return models[:kept]


def _accuracy_reading(models: Sequence[ModelFacts], places: int) -> str:
    first, others = models[0], models[1:]
    start = f"Highest accuracy: {first.name} with {percent(first.accuracy, places)}."
    if not others:
        return start
    overlap = sum(model.accuracy_ci95[1] >= first.accuracy_ci95[0] for model in others)
    return (
        f"{start} The intervals of {overlap} of the {plural(len(others), 'other model')} overlap with its"
        " own; whether two models differ is decided by their paired difference, not by overlap."
    )


def _budgets_table(run: Run, limits: Limits) -> tuple[Table, ...]:
    """Return how many settings each model tried; nothing for a run that did not count them."""
    entries = run.metrics.budgets
    if not entries:
        return ()
    lines = [
        row(
            entry.name,
            count(entry.settings_tried),
            entry.chosen_by,
            count(entry.looks),
            count(entry.trainings),
        )
        for entry in entries
    ]
    columns = (
        *words("Model"),
        *numbers("Settings tried"),
        *words("Chosen by"),
        *numbers("Looks of a training", "Trainings"),
    )
    note = f"{budget_words(entry.settings_tried for entry in entries)} {HOW_BUDGETS_COMPARE}"
    title = "What each model could choose from"
    return (short_table(title, columns, lines, limits.rows, METRICS, note),)


def budget_words(settings_tried: Iterable[int]) -> str:
    """Return whether all models tried as many settings."""
    tried = sorted(set(settings_tried))
    if len(tried) < 2:
        return "Every model tried as many settings."
    few, many = tried[0], tried[-1]
    return (
        f"The budgets are not equal: models tried between {few} and {many} settings (--tune N gives each N)."
    )


def _fits_table(run: Run, limits: Limits) -> Table:
    lines = [_fit_row(entry, run.places) for entry in run.metrics.results]
    columns = (
        *words("Model"),
        *numbers("Seed", "Fold", "Accuracy", "Macro F1", "Log loss", "ECE", "Parameters"),
        *words("Trained", "Head", "Vectors"),
    )
    note = "Head and vectors: as they were trained, where --tune drew them too."
    return short_table("Scores of every fit", columns, lines, limits.rows, METRICS, note, fold=True)


def _fit_row(entry: Result, places: int) -> tuple[Cell, ...]:
    return row(
        entry.name,
        str(entry.seed),
        str(entry.fold),
        percent(entry.accuracy, places),
        *map(decimal, (entry.macro_f1, entry.log_loss, entry.ece)),
        count(entry.parameters),
        "elsewhere" if entry.kind == "outside" else "yes" if entry.trained else "no",
        entry.head or MISSING,
        entry.vectors or MISSING,
    )


def failures(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the fits that did not train, with the reason for each."""
    results = run.metrics.results
    if not results:
        return (no_results(run),)
    failed = [entry for entry in results if not entry.trained]
    if not failed:
        return (Paragraph(f"Every model trained ({plural(len(results), 'fit')})."),)
    lines = [_failure_row(entry) for entry in failed]
    columns = (*words("Model"), *numbers("Seed", "Fold"), *words("Why"))
    note = "A model that did not train says nothing about its kind: it is a failed measurement, not a loss."
    title = "Fits that did not train"
    return (short_table(title, columns, lines, limits.rows, METRICS, note),)


def _failure_row(entry: Result) -> tuple[Cell, ...]:
    return row(entry.name, str(entry.seed), str(entry.fold), entry.why_not or MISSING)
