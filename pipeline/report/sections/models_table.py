"""All models below each other: what each is, how many it gets right, its interval as a picture, what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.core.clean import cell_text
from pipeline.report.page.blocks import Cell, Column, Table, row
from pipeline.report.page.formats import MISSING, decimal, duration, interval, percent
from pipeline.report.page.plots import Span
from pipeline.report.page.scale import Scale, scale_of, short
from pipeline.report.sections.facts import ModelFacts
from pipeline.report.sections.model_words import (
    KIND_CLASSES,
    decision_cell,
    namer,
    reference_of,
    stands,
    what_it_is,
)
from pipeline.report.words.task import Task, task_of
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

THE_CHOICE = "the choice"
THE_OTHER = "the one compared with"


def models_table(run: Run, models: Sequence[ModelFacts]) -> Table:
    """Return a row a model."""
    parts, task = _Parts(run), task_of(run)
    scale = _scale(models, task)
    beside = BESIDE.get(run.metrics.verdict.metric)
    against = parts.reference
    columns = (
        Column("Model", number=False),
        Column(task.right),
        *((Column(beside[0]),) if beside else ()),
        Column("", scale=scale),
        Column("95 % interval"),
        *((Column(f"Against {parts.name(against)}", number=False),) if against else ()),
        Column("Training"),
        Column(f"One {task_of(run).unit}"),
        Column("Size"),
    )
    rows = tuple(parts.row(one, scale, beside[1] if beside else None) for one in models)
    first = "the fewest bits" if task.lower_is_better else "highest accuracy"
    return Table(f"All models, {first} first", columns, rows, _note(run, models, scale))


BESIDE: dict[
    str, tuple[str, Callable[[ModelFacts], str]]
] = {  # the metric that decides, where it is not accuracy
    "macro-f1": ("Macro F1", lambda one: decimal(one.macro_f1)),
    "log-loss": ("Log loss", lambda one: decimal(one.log_loss)),
}


class _Parts:
    """What rows are made of."""

    def __init__(self, run: Run) -> None:
        self.run, self.name, self.reference = run, namer(run), reference_of(run)
        self.costs = {cost.name: cost for cost in run.metrics.costs}

    def row(
        self, one: ModelFacts, scale: Scale, beside: Callable[[ModelFacts], str] | None
    ) -> tuple[Cell, ...]:
        """Return a model's row."""
        kind, places = KIND_CLASSES[one.kind], self.run.places
        ends = " to ".join(percent(end, places) for end in one.counted.ci95)
        says = f"{one.name}: {percent(one.counted.score, places)} ({ends})"
        span = replace(Span.of(one.counted.score, one.counted.ci95, one.counted.each, kind), says=says)
        below = "; ".join(text for text in (what_it_is(one.name), self._failed(one)) if text)
        return row(
            Cell(self.name(one.name), kind=kind, below=below),
            Cell(decimal(100 * one.counted.score, places), best=True),
            *((beside(one),) if beside else ()),
            Cell("", span=span if _is_drawn(one, scale) else None),
            interval(one.counted.ci95, percent, places).removesuffix(" %"),
            *((self._decision(one),) if self.reference else ()),
            *self._costs(one.name),
        )

    def _failed(self, one: ModelFacts) -> str:
        failed = f"{one.untrained_runs} of {one.runs} trainings learned nothing" if one.untrained_runs else ""
        always = f"always answers {cell_text(one.always)}, so nothing varies" if one.always else ""
        return "; ".join(text for text in (failed or one.few_vectors, always) if text)

    def _decision(self, one: ModelFacts) -> Cell:
        if one.name == self.reference:
            chosen = self.run.metrics.advice.model == one.name
            return Cell(THE_CHOICE, chip="good") if chosen else Cell(THE_OTHER)
        decision = stands(self.run, one.name, self.reference)
        return decision_cell(decision) if decision else Cell(MISSING)

    def _costs(self, name: str) -> tuple[str, str, str]:
        cost = self.costs.get(name)
        if cost is None:
            return MISSING, MISSING, MISSING
        latency = MISSING if cost.latency_ms_p50 is None else f"{decimal(cost.latency_ms_p50, 1)} ms"
        size = MISSING if cost.size_bytes is None else _megabytes(cost.size_bytes)
        return duration(cost.train_seconds), latency, size


def _megabytes(size: int) -> str:
    """Return a size with a digit that says something.

    >>> _megabytes(5_300_000), _megabytes(21_400)
    ('5.3 MB', '0.02 MB')
    """
    megabytes = size / 1e6
    return f"{megabytes:.1f} MB" if megabytes >= 0.1 else f"{megabytes:.1g} MB"


def _is_drawn(one: ModelFacts, scale: Scale) -> bool:
    """Whether a model lies on the axis."""
    low, high = one.counted.ci95
    return high >= scale.lo and low <= scale.hi


def _scale(models: Sequence[ModelFacts], task: Task) -> Scale:
    """Return an axis that holds every model but those far from the best, or the rest would be one blot."""
    drawn = near_the_best(models, task.lower_is_better)
    ends = [end for one in drawn for end in (*one.counted.ci95, *(one.counted.each if one.runs > 1 else ()))]
    within = (0.0, math.inf) if task.lower_is_better else (-1.0, 1.01)
    return scale_of(ends, lambda value: short(round(100 * value, 6)), within=within, most=5)


def near_the_best(models: Sequence[ModelFacts], lower_is_better: bool = False) -> Sequence[ModelFacts]:
    """Return the models to draw: the worst ones are left out while one triples the width of the scale.

    `models` are sorted, the best first.
    """
    worst, best, sign = (1, 0, -1) if lower_is_better else (0, 1, 1)
    lows = [sign * model.counted.ci95[worst] for model in models]
    highest = sign * models[0].counted.ci95[best]
    kept = len(models)
    while kept > 2 and highest - lows[kept - 1] > 3 * (highest - min(lows[: kept - 1])):
        kept -= 1
    return models[:kept]


def _note(run: Run, models: Sequence[ModelFacts], scale: Scale) -> str:
    """Return what the picture leaves out, and how many rows the table does."""
    far = [one.name for one in models if not _is_drawn(one, scale)]
    left = f"Too far below to be drawn: {', '.join(map(namer(run), far))}." if far else ""
    rest = len(run.metrics.summary) - len(models)
    more = (
        f"The first {len(models):,} of {len(run.metrics.summary):,} rows; all are in {METRICS}."
        if rest > 0
        else ""
    )
    return " ".join(text for text in (left, more) if text)
