"""The section that crosses models with embedding sources."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.report.page.blocks import Block, Cell, Chart, Limits, Table
from pipeline.report.page.figures import Dot, DotPlot
from pipeline.report.page.formats import MISSING, interval, percent
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.causes import gains
from pipeline.report.sections.facts import ModelFacts, model_facts, nothing
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

Crossed = dict[tuple[str, str], ModelFacts]  # (model with its head, source with its mode) > facts


def grid(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return where the gain comes from, then accuracy by source and model as a table and as dots."""
    crossed = _crossed(run)
    sources = list(dict.fromkeys(source for _, source in crossed))
    models = list(dict.fromkeys(model for model, _ in crossed))
    if not sources:
        return nothing(run, "No network was fitted, so no embedding source was used.")
    if len(sources) < 2:
        alone = f"Every model with vectors reads {sources[0]}: name several sources to compare them."
        return nothing(run, alone)
    return (
        *gains(run, limits),
        _table(crossed, models, sources, run.places, limits),
        _chart(crossed, models, sources, run.places, limits),
    )


def _crossed(run: Run) -> Crossed:
    """Return the models of this run that read vectors, in the order in which they were asked for.

    A model's own rows say what it reads. Its name does not: one that was made elsewhere is called as its file is.
    """
    facts = {model.name: model for model in model_facts(run)}
    found: Crossed = {}
    for entry in run.metrics.summary:
        if entry.embedding:
            found[entry.name.removesuffix(f"@{entry.embedding}"), entry.embedding] = facts[entry.name]
    return found


def _table(
    crossed: Crossed, models: Sequence[str], sources: Sequence[str], places: int, limits: Limits
) -> Table:
    def accuracy(model: str) -> ColumnOf[str]:
        best = max(one.accuracy for (own, _), one in crossed.items() if own == model)
        return number(model, lambda source: _cell(crossed.get((model, source)), best, places))

    columns: Columns[str] = (text("Source", str), *map(accuracy, models[: limits.rows]))
    note = "Accuracy on the test documents (95 % interval). Bold: the best source of a model."
    return table_of("Accuracy by source and model", sources, columns, limits.rows, METRICS, note)


def _cell(model: ModelFacts | None, best: float, places: int) -> Cell:
    if model is None:
        return Cell(MISSING)
    ends = interval(model.accuracy_ci95, percent, places).removesuffix(" %")
    text = f"{percent(model.accuracy, places)} ({ends})"
    failed = f"; did not train: {model.untrained_runs} of {model.runs}" if model.untrained_runs else ""
    return Cell(text + failed, best=model.accuracy == best)


def _chart(
    crossed: Crossed, models: Sequence[str], sources: Sequence[str], places: int, limits: Limits
) -> Chart:
    ordered = [(model, source) for model in models for source in sources if (model, source) in crossed]
    drawn = ordered[: limits.rows]
    figure = DotPlot(
        tuple(_dot(crossed[pair], pair[0]) for pair in drawn),
        "Accuracy on the test documents, %",
        own_groups=True,
    )
    return Chart("Accuracy by source", _reading(crossed, models, drawn, places), figure)


def _dot(model: ModelFacts, group: str) -> Dot:
    return Dot(model.name, model.accuracy, *model.accuracy_ci95, group, model.run_accuracies)


def _reading(crossed: Crossed, models: Sequence[str], drawn: Sequence[tuple[str, str]], places: int) -> str:
    """Return for each model its best and worst source."""
    parts = []
    for model in models:
        scored = [(crossed[pair].accuracy, pair[1]) for pair in drawn if pair[0] == model]
        if len(scored) < 2:
            continue
        (high, best), (low, worst) = max(scored), min(scored)
        parts.append(
            f"{model}: from {percent(low, places)} with {worst} to {percent(high, places)} with {best}."
        )
    return " ".join([*parts, "Thin ticks are single runs."])
