"""Sections about how well the models do: comparison, failures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.core.clean import plural
from pipeline.core.models import LAST
from pipeline.core.names import ModelName
from pipeline.core.wording import in_words
from pipeline.report.page.blocks import Block, Cell, Fold, Limits, Nothing, Paragraph, Shut, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.formats import MISSING, count, decimal, interval, mean, percent, seconds, spread
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.report.sections.costs import costs
from pipeline.report.sections.facts import ModelFacts, model_facts, nothing, what_times_hold
from pipeline.report.sections.metric import metric_of
from pipeline.report.sections.model_words import namer
from pipeline.report.sections.models_table import models_table
from pipeline.report.sections.rule import beside_words
from pipeline.report.words.task import Task, task_of
from pipeline.run_folder.metrics.models import Budget, Result, Timing
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

HOW_BUDGETS_COMPARE = (
    "Looks: how often a training was judged on validation documents, which keep the best of its states as they keep the"
    " best of a linear model's strengths."
)
HOW_TO_READ_ECE = (
    "ECE if calibrated: the mean, and up to which 95 of 100 lie, of what a model that is right exactly as often as it"
    " says would show by chance on as many documents; an ECE up to that is no sign of bad calibration, and never bold."
)


def no_results(run: Run) -> tuple[Nothing]:
    """Return why there is no result to show."""
    return nothing(run, "No model was fitted, so there are no results.")


MEASURES = "More measures: macro F1, log loss, calibration, parameters, memory, documents a second"


def comparison(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return a row a model, its interval as a picture; other measures, every training and budgets shut."""
    models = model_facts(run)
    if not models:
        return no_results(run)
    shown = models[: limits.rows]
    task = task_of(run)
    order = "Lowest" if task.lower_is_better else "Highest"
    text = (
        f"{task.counted}, the range that chance allows (95 %), and a tick for each training. {order} first."
    )
    more: tuple[Shut, ...] = (
        _comparison_table(run, models, limits),
        Paragraph(_accuracy_reading(models, run.places), "muted"),
        *_budgets_table(run, limits),
    )
    return (
        Seen(_seen(models, namer(run), task), text),
        models_table(run, shown),
        *([Fold(MEASURES, more)] if task.has_right_answers else []),
        *_folded("What each model costs, and what was expected", costs(run, limits)),
        Fold(
            f"Every training ({len(run.metrics.results)})",
            (*_failures(run, limits), _fits_table(run, limits)),
        ),
    )


def _folded(summary: str, blocks: Sequence[Block]) -> tuple[Fold, ...]:
    """Return tables and sentences shut; nothing where there is nothing to show."""
    kept = tuple(block for block in blocks if isinstance(block, Table | Paragraph))
    return (Fold(summary, kept),) if kept else ()


def _seen(models: Sequence[ModelFacts], name: Callable[[str], str], task: Task) -> str:
    """Return how many of 100 the models get right, those that get as many together."""
    groups: dict[str, list[str]] = {}
    for model in models:
        groups.setdefault(f"{100 * model.counted.score:.0f}", []).append(name(model.name))
    (most, first), *others = groups.items()
    several = f"{in_words(len(first)).capitalize()} models"
    is_right = task.several_are if len(first) > 1 else task.one_is
    said = [is_right.format(names=several if len(first) > 1 else first[0], score=most)]
    rest = [
        task.other_is.format(names=names[0] if len(names) == 1 else in_words(len(names)), score=number)
        for number, names in others
    ]
    if len(others) > 1:
        lowest = list(groups)[-1]
        rest = [task.other_is.format(names="the others", score=f"{lowest} to {others[0][0]}")]
    return ", ".join([*said, *rest])


def _comparison_table(run: Run, models: Sequence[ModelFacts], limits: Limits) -> Table:
    beside, places = bool(beside_words(run)), run.places
    highest = max(model.accuracy for model in models)
    f1 = max(model.macro_f1 for model in models)
    loss, ece = (
        min((value for value in values if value is not None), default=None)
        for values in ([model.log_loss for model in models], [model.ece for model in models])
    )
    columns: Columns[ModelFacts] = (
        text("Model", lambda one: _name(one, highest)),
        number("Accuracy", lambda one: Cell(percent(one.accuracy, places), best=one.accuracy == highest)),
        number("95 % interval", lambda one: interval(one.accuracy_ci95, percent, places)),
        number("Macro F1", lambda one: Cell(decimal(one.macro_f1), best=one.macro_f1 == f1)),
        number("95 % interval of F1", lambda one: interval(one.macro_f1_ci95, decimal, 3)),
        number(
            "Log loss",
            lambda one: Cell(decimal(one.log_loss), best=_least(one.log_loss, loss)),
        ),
        number(
            "ECE",
            lambda one: Cell(decimal(one.ece), best=_least(one.ece, ece) and not one.ece_within_chance),
        ),
        number("ECE if calibrated", lambda one: if_calibrated(one, decimal)),
        number("Training seconds", lambda one: seconds(mean([fit.fit_seconds for fit in one.fits]))),
        number("Documents/s", lambda one: _speed(one.fits)),
        number(
            "Parameters",
            lambda one: spread([fit.parameters for fit in one.results if fit.parameters is not None]),
        ),
        number(
            "Peak memory, MiB", lambda one: count(max((fit.peak_rss_mib for fit in one.fits), default=None))
        ),
        number("Runs", lambda one: count(one.runs)),
        text("Kind", lambda one: one.kind_name),
        text("Notes", lambda one: "; ".join(_notes(one))),
    )
    decides = f"The answer is decided by {metric_of(run).name}. " if beside else ""
    note = decides + (
        "Bold: the best of its column. Accuracy and macro F1: higher is better; log loss and expected"
        f" calibration error (ECE): lower is better. {HOW_TO_READ_ECE} Training seconds and documents per second are"
        f" means over the runs; peak memory is the highest of them and counts the whole program. {what_times_hold(run)}"
    )
    heads = heads_note(model.name for model in models if model.kind == "network")
    title = "All models, highest accuracy first"
    shown = columns if beside else (*columns[:4], *columns[5:])
    return table_of(title, models, shown, limits.rows, METRICS, f"{note} {heads}".strip())


def _name(model: ModelFacts, highest: float) -> Cell:
    return Cell(model.name, best=model.accuracy == highest)


def _speed(fits: Sequence[Timing]) -> str:
    return count(mean([fit.predict_documents_per_second for fit in fits]))


def _least(value: float | None, least: float | None) -> bool:
    return value is not None and value == least


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


def if_calibrated(model: ModelFacts, show: Callable[[float | None], str]) -> str:
    """Return the ECE that the model would have if it were calibrated: its mean, and what it stays below."""
    if model.ece_if_calibrated is None or model.ece_if_calibrated_95 is None:
        return MISSING
    return f"{show(model.ece_if_calibrated)}, up to {show(model.ece_if_calibrated_95)}"


def _notes(model: ModelFacts) -> list[str]:
    notes = []
    if model.untrained_runs:
        notes.append(f"did not train: {model.untrained_runs} of {model.runs}")
    if model.few_vectors:
        notes.append(model.few_vectors)
    if model.warnings:
        notes.append(plural(len(model.warnings), "warning"))
    return notes or ["not trained in this run" if model.kind == "outside" else "trained"]


def _accuracy_reading(models: Sequence[ModelFacts], places: int) -> str:
    first, *others = sorted(models, key=lambda model: -model.accuracy)
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
    columns: Columns[Budget] = (
        text("Model", lambda one: one.name),
        number("Settings tried", lambda one: count(one.settings_tried)),
        text("Chosen by", lambda one: one.chosen_by),
        number("Looks of a training", lambda one: count(one.looks)),
        number("Trainings", lambda one: count(one.trainings)),
    )
    note = f"{budget_words(entry.settings_tried for entry in entries)} {HOW_BUDGETS_COMPARE}"
    table = table_of("What each model could choose from", entries, columns, limits.rows, METRICS, note)
    return (table,) if entries else ()


def budget_words(settings_tried: Iterable[int]) -> str:
    """Return whether all models tried as many settings."""
    tried = sorted(set(settings_tried))
    if len(tried) < 2:
        return "Every model tried as many settings."
    few, many = tried[0], tried[-1]
    return (
        f"The budgets are not equal: models tried between {few} and {many} settings (--tune N gives each N)."
    )


FIT: Columns[Result] = (
    text("Model", lambda fit: fit.name),
    number("Seed", lambda fit: fit.seed),
    number("Fold", lambda fit: fit.fold),
)


def _fits_table(run: Run, limits: Limits) -> Table:
    columns: Columns[Result] = (
        *FIT,
        number("Accuracy", lambda fit: percent(fit.accuracy, run.places)),
        number("Macro F1", lambda fit: decimal(fit.macro_f1)),
        number("Log loss", lambda fit: decimal(fit.log_loss)),
        number("ECE", lambda fit: decimal(fit.ece)),
        number("Parameters", lambda fit: count(fit.parameters)),
        text("Trained", lambda fit: "elsewhere" if fit.kind == "outside" else "yes" if fit.trained else "no"),
        text("Head", lambda fit: fit.head or MISSING),
        text("Vectors", lambda fit: fit.vectors or MISSING),
    )
    note = "Head and vectors: as they were trained, where --tune drew them too."
    return table_of(
        "Scores of every fit", run.metrics.results, columns, limits.rows, METRICS, note, fold=True
    )


def _failures(run: Run, limits: Limits) -> tuple[Table | Paragraph, ...]:
    """Return the trainings that learned nothing, with the reason for each."""
    failed = [fit for fit in run.metrics.results if not fit.trained]
    if not failed:
        return (Paragraph(f"Every model trained ({plural(len(run.metrics.results), 'training')}).", "muted"),)
    columns: Columns[Result] = (*FIT, text("Why", lambda fit: fit.why_not or MISSING))
    note = "A model that did not train says nothing about its kind: it is a failed measurement, not a loss."
    return (table_of("Fits that did not train", failed, columns, limits.rows, METRICS, note),)
