"""The section that crosses models with embedding sources, and says where the gain comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.core.names import ModelName
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Dot,
    DotPlot,
    Limits,
    Nothing,
    Points,
    Table,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import MISSING, interval, percent
from pipeline.report.sections.answer import detectable
from pipeline.report.sections.facts import ModelFacts, model_facts, status_sentence
from pipeline.report.sections.metric import ReportMetric, metric_of
from pipeline.run_folder.metrics.comparisons import Effect, Gains
from pipeline.run_folder.reading import METRICS, Run

Crossed = dict[tuple[str, str], ModelFacts]  # (model with its head, source with its mode) > facts


def grid(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return where the gain comes from, then accuracy by source and model as a table and as dots."""
    crossed = _crossed(run)
    sources = list(dict.fromkeys(source for _, source in crossed))
    models = list(dict.fromkeys(model for model, _ in crossed))
    if len(sources) < 2:
        return (Nothing(_why_nothing(run, sources)),)
    return (
        *_gains(run, limits),
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


def _why_nothing(run: Run, sources: Sequence[str]) -> str:
    if not sources:
        return status_sentence(run) or "No network was fitted, so no embedding source was used."
    alone = f"Every model with vectors reads {sources[0]}: name several sources to compare them."
    return status_sentence(run) or alone


def _table(
    crossed: Crossed, models: Sequence[str], sources: Sequence[str], places: int, limits: Limits
) -> Table:
    shown = models[: limits.rows]
    best = {model: max(one.accuracy for (own, _), one in crossed.items() if own == model) for model in shown}
    lines = [
        row(source, *(_cell(crossed.get((model, source)), best[model], places) for model in shown))
        for source in sources
    ]
    note = "Accuracy on the test documents (95 % interval). Bold: the best source of a model."
    columns = (*words("Source"), *numbers(*shown))
    return short_table("Accuracy by source and model", columns, lines, limits.rows, METRICS, note)


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


# --- where the gain comes from: read from paired comparisons, never from overlapping intervals


OUTCOMES = {
    "beats": "a gain",
    "loses": "a loss",
    "equal": "no difference that matters",
    "cannot tell": "cannot be told from none",
    "withheld": "withheld, since one of the two did not train",
}
ONE_SEED = " This is about these fitted models only: they were trained with one seed."
EFFECTS = {
    "pretraining": "compare a source of trained vectors with random",
    "fine-tuning": "add a source with :tuned",
}


def _gains(run: Run, limits: Limits) -> tuple[Points, ...]:
    """Return a line for each model; none where no pair of sources answers the question."""
    seeds = _seeds(run)
    lines = [
        gain_sentence(entry, metric_of(run), run.places) + (ONE_SEED if _one_seed(entry, seeds) else "")
        for entry in run.metrics.gains
    ]
    return (Points(tuple(lines[: limits.rows]), "Where the gain comes from"),) if lines else ()


def _seeds(run: Run) -> dict[str, set[int]]:
    """Return the seeds of each model."""
    found: dict[str, set[int]] = {}
    for entry in run.metrics.results:
        found.setdefault(entry.name, set()).add(entry.seed)
    return found


def _one_seed(gain: Gains, seeds: dict[str, set[int]]) -> bool:
    """Return whether a comparison rests on one training of each side, whose luck no interval holds."""
    return any(
        len(seeds.get(effect.a, set()) & seeds.get(effect.b, set())) == 1
        for effect in gain.effects
        if effect.decision != "withheld"
    )


def gain_sentence(gain: Gains, metric: ReportMetric, places: int) -> str:
    """Return where one model's gain comes from: pretraining, fine-tuning, both or neither, with the figures."""
    effects: dict[str, Effect] = {effect.effect: effect for effect in gain.effects}
    shown = [_effect_sentence(effects[name], metric, places) for name in EFFECTS if name in effects]
    absent = [
        f"{name.capitalize()} was not tried: {advice}."
        for name, advice in EFFECTS.items()
        if name not in effects
    ]
    return " ".join([f"{gain.model}: {_conclusion(effects)}", *shown, *absent])


def _conclusion(effects: Mapping[str, Effect]) -> str:
    said = {name: effects[name].decision for name in EFFECTS if name in effects}
    sure = [name for name, decision in said.items() if decision == "beats"]
    if sure:
        return f"the gain comes from {' and from '.join(sure)}."
    tried = [name for name, decision in said.items() if decision != "withheld"]
    if not tried:
        return "where a gain comes from cannot be said."
    return f"neither {' nor '.join(tried)} shows a gain." if len(tried) > 1 else f"{tried[0]} shows no gain."


def _effect_sentence(effect: Effect, metric: ReportMetric, places: int) -> str:
    figures = (
        f"{metric.signed(effect.difference, places)} {metric.unit} (95 % interval"
        f" {interval(effect.ci95, metric.signed, places)})"
    )
    sources = " minus ".join(str(ModelName.parse(name).source or "") for name in (effect.a, effect.b))
    outcome, (low, high) = OUTCOMES[effect.decision], effect.ci95
    if effect.decision == "cannot tell" and (low > 0 or high < 0):
        outcome += ", once corrected for the number of side questions"
    smallest = effect.minimum_detectable_difference
    if effect.decision in ("equal", "cannot tell") and smallest is not None:
        figures = f"{detectable(smallest, metric, places).lower()}; {figures}"
    return f"{effect.effect.capitalize()}, {sources}: {figures}, {outcome}."
