"""What taggers find: spans by type, and what is right and wrong word by word and sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Block, Cell, Fold, Limits, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.formats import count, decimal, percent
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.facts import nothing
from pipeline.report.sections.model_words import namer
from pipeline.run_folder.metrics.spans import SpanScores, SpansOfType
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

HOW_TO_READ = (
    "F1 by type of span, most frequent first. A span is right if its beginning, its end and its type are, as the"
    " official scorer of CoNLL counts."
)


def spans(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the F1 of each type by model, then what else is counted."""
    models = run.metrics.spans
    if not models:
        return nothing(run, "No words were tagged.")
    hardest, best, name = _hardest(models), max(models, key=lambda one: one.f1), namer(run)
    return (
        Seen(f"{hardest} is found least often" if hardest else "What is found, by type", HOW_TO_READ),
        _by_type(models, run, limits),
        Fold("Words, sentences, and tags that cannot follow", (_beside(models, run, limits),)),
        Fold(f"Precision and recall by type: {name(best.name)}", (_of_model(best, limits),)),
    )


def _hardest(models: Sequence[SpanScores]) -> str:
    """Return the frequent type that all models together find worst; empty where there is one type."""
    total = sum(one.there for one in models[0].types)
    frequent = [one.type for one in models[0].types if one.there >= 0.01 * total]
    f1 = {one: [kind.f1 for model in models for kind in model.types if kind.type == one] for one in frequent}
    return min(f1, key=lambda one: sum(f1[one])) if len(f1) > 1 else ""


def _by_type(models: Sequence[SpanScores], run: Run, limits: Limits) -> Table:
    found = {model.name: {one.type: one.f1 for one in model.types} for model in models}
    name = namer(run)

    def column(model: str) -> ColumnOf[str]:
        def cell(kind: str) -> Cell:
            best = max(of_model[kind] for of_model in found.values())
            return Cell(decimal(100 * found[model][kind], 1), best=found[model][kind] == best)

        return number(name(model), cell)

    there = {one.type: one.there for one in models[0].types}
    columns: Columns[str] = (
        text("Type", lambda kind: kind or "all"),
        number("Spans", lambda kind: count(there[kind])),
        *map(column, found),
    )
    ordered = sorted(there, key=lambda kind: -there[kind])
    return table_of("Span F1 by type", ordered, columns, limits.rows, METRICS, "Bold: the best of its row.")


def _beside(models: Sequence[SpanScores], run: Run, limits: Limits) -> Table:
    tested, name = run.metrics.corpus.tested, namer(run)
    columns: Columns[SpanScores] = (
        text("Model", lambda one: name(one.name)),
        number("Precision", lambda one: percent(one.precision)),
        number("Recall", lambda one: percent(one.recall)),
        number("Words right", lambda one: percent(one.token_accuracy, 2)),
        number("Sentences right", lambda one: percent(one.sentences_right)),
        number("With tags that cannot follow", lambda one: decimal(one.invalid, 1)),
    )
    note = f"Of {plural(tested, 'test sentence')}; means over the trainings."
    return table_of("Words and sentences", models, columns, limits.rows, METRICS, note)


def _of_model(model: SpanScores, limits: Limits) -> Table:
    columns: Columns[SpansOfType] = (
        text("Type", lambda one: one.type or "all"),
        number("Spans", lambda one: count(one.there)),
        number("Precision", lambda one: percent(one.precision)),
        number("Recall", lambda one: percent(one.recall)),
        number("F1", lambda one: decimal(100 * one.f1, 1)),
    )
    return table_of("Precision and recall by type", model.types, columns, limits.rows, METRICS)
