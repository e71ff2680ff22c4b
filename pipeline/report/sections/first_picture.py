"""The first picture: how many test documents each training gets wrong, models below each other."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.report.page.cards import Mistakes, MistakesOf
from pipeline.report.sections.facts import ModelFacts, model_facts
from pipeline.report.sections.model_words import KIND_CLASSES, namer
from pipeline.report.words.task import Task, task_of
from pipeline.run_folder.reading import Run

MOST = 7  # models of the picture


def mistakes(run: Run) -> Mistakes | None:
    """Return the picture; None where no model has results."""
    models = _drawn(run)
    if not models:
        return None
    name = namer(run)
    rows = tuple(
        MistakesOf(name(one.name), KIND_CLASSES[one.kind], counts, _note(one)) for one, counts in models
    )
    task = task_of(run)
    documents = plural(run.metrics.corpus.tested, f"test {task.unit}")
    text = f"{task.wrong.format(documents=documents)} One mark is one training."
    return Mistakes(_title(run, rows, task), text, rows, task.mistakes)


def _drawn(run: Run) -> list[tuple[ModelFacts, tuple[int, ...]]]:
    """Return at most seven models: the two compared, the choice, the best of each kind, then the highest."""
    models = model_facts(run)
    verdict, advice = run.metrics.verdict, run.metrics.advice
    best = {model.kind: model.name for model in reversed(models)}
    first = [name for name in (verdict.a, verdict.b, advice.model, *best.values()) if name]
    ordered = list(dict.fromkeys([*first, *(model.name for model in models)]))[:MOST]
    counted = [(model, model.counted.wrong) for model in models if model.name in ordered]
    return [(model, counts) for model, counts in counted if counts]


def _note(model: ModelFacts) -> str:
    """Return what sets a training apart."""
    return f"{plural(model.untrained_runs, 'training')} learned nothing" if model.untrained_runs else ""


def _title(run: Run, rows: Sequence[MistakesOf], task: Task) -> str:
    """Return the mistakes of what is advised, and of the network that was compared."""
    counts = {one.name: one.counts for one in rows}
    verdict, advice = run.metrics.verdict, run.metrics.advice
    other = verdict.b if advice.model == verdict.a else verdict.a
    name = namer(run)
    asked = [name(one) for one in (advice.model or verdict.b, other) if one]
    named = [one for one in dict.fromkeys(asked) if one in counts]
    if not named:
        return f"{rows[0].name} makes {_listed(rows[0].counts, task)}"
    first, *rest = named
    said = f"{first} makes {_listed(counts[first], task)}"
    return "; ".join([said, *(f"{one} {_numbers(counts[one])}" for one in rest)])


def _listed(counts: Sequence[int], task: Task) -> str:
    return plural(counts[0], task.mistake) if len(counts) == 1 else f"{_numbers(counts)} {task.mistakes}"


def _numbers(counts: Sequence[int]) -> str:
    *first, last = (f"{number:,}" for number in sorted(counts))
    return f"{', '.join(first)} and {last}" if first else last
