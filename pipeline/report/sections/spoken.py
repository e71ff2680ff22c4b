"""The answer in words, for the head of the page and its first cards."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.clean import clean
from pipeline.report.page.formats import decimal, duration
from pipeline.report.sections.facts import verdict_comparison
from pipeline.report.sections.metric import metric_of
from pipeline.report.sections.model_words import DECISION_WORDS, namer
from pipeline.run_folder.metrics.comparisons import Comparison
from pipeline.run_folder.reading import Run


@dataclass(frozen=True)
class SpokenStep:
    """What to try next: why, and what to add to the command."""

    sentence: str
    command: str


@dataclass(frozen=True)
class SpokenAnswer:
    """The answer in words; what has nothing to say is empty."""

    headline: str
    lead: str
    expect: str
    costs: str
    instead: str
    sure: tuple[str, ...]
    open: tuple[str, ...]
    too_small: str
    next: tuple[SpokenStep, ...]


def speak(run: Run) -> SpokenAnswer:
    """Return the answer of a run in words."""
    steps = (text.partition(": ") for text in run.metrics.advice.next)
    return SpokenAnswer(
        headline=_headline(run),
        lead=_lead(run),
        expect=_expect(run),
        costs=_costs(run),
        instead="",
        sure=tuple(_told(run, row) for row in run.metrics.comparisons if row.decision in ("beats", "loses"))[
            :2
        ],
        open=_open(run),
        too_small=_too_small(run),
        next=tuple(SpokenStep(f"{why[:1].upper()}{why[1:]}.", option) for option, _, why in steps),
    )


def _headline(run: Run) -> str:
    advice = run.metrics.advice
    if advice.model is None:
        return "Do not choose yet."
    return f"{advice.verb.removesuffix(' .. if')} {clean(namer(run)(advice.model))}."


def _lead(run: Run) -> str:
    """Return what the two models that were compared get right, or why that is advised."""
    entry, name = verdict_comparison(run), namer(run)
    scores = {row.name: row.accuracy for row in run.metrics.summary}
    if entry is None or entry.a not in scores or entry.b not in scores:
        return run.metrics.advice.because
    mine, theirs = (decimal(100 * scores[one], run.places) for one in (entry.a, entry.b))
    return (
        f"Of 100 test documents {clean(name(entry.b))} puts {theirs} into the right class, and {clean(name(entry.a))}"
        f" {mine}. {run.metrics.advice.because}"
    )


def _expect(run: Run) -> str:
    for row in run.metrics.summary:
        if row.name == run.metrics.advice.model:
            low, high = (f"{100 * end:.0f}" for end in row.accuracy_ci95)
            return f"{100 * row.accuracy:.0f} of 100 right on documents like these ({low} to {high})"
    return ""


def _costs(run: Run) -> str:
    for row in run.metrics.costs:
        if row.name == run.metrics.advice.model:
            latency = (
                "" if row.latency_ms_p50 is None else f", {decimal(row.latency_ms_p50, 1)} ms a document"
            )
            return f"{duration(row.train_seconds)} to train{latency}"
    return ""


def _told(run: Run, row: Comparison) -> str:
    name = namer(run)
    return f"{clean(name(row.a))} is {DECISION_WORDS[row.decision]} than {clean(name(row.b))}."


def _open(run: Run) -> tuple[str, ...]:
    entry, name = verdict_comparison(run), namer(run)
    if entry is None or entry.decision != "cannot tell":
        return ()
    return (f"whether {clean(name(entry.a))} or {clean(name(entry.b))} is better.",)


def _too_small(run: Run) -> str:
    smallest, metric = run.metrics.verdict.minimum_detectable_difference, metric_of(run)
    if smallest is None:
        return ""
    return f"a difference of less than {metric.size(smallest, run.places)} {metric.unit}."


def spoken_minutes(minutes: float) -> str:
    """Return how long something takes.

    >>> spoken_minutes(3.6), spoken_minutes(0.4), spoken_minutes(150)
    ('about 4 min', 'under a minute', 'about 2.5 h')
    """
    if minutes < 0.75:
        return "under a minute"
    return f"about {minutes:.0f} min" if minutes < 90 else f"about {minutes / 60:.2g} h"
