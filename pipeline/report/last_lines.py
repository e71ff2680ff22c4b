"""Run folder > the few lines that end a run at the terminal, and the same for a script, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.core.clean import clip
from pipeline.core.columns import aligned
from pipeline.core.files import json_text
from pipeline.core.tasks import TASKS
from pipeline.core.wording import lasting
from pipeline.report.page.formats import count, decimal
from pipeline.report.sections.circumstances import ordinal, protocol_sentence
from pipeline.report.sections.facts import ModelFacts, leak_warning, model_facts, status_sentence
from pipeline.report.words.answer import SpokenAnswer, speak
from pipeline.report.words.task import name_of_task, task_of
from pipeline.report.words.told import Told
from pipeline.run_folder.names import METRICS, PAGE
from pipeline.run_folder.reading import Run, read_run

SHOWN_MODELS = 12  # lines of the table
NAME = 40  # characters of a model's name in it
# What stands beside documents that are right, by the metric of the run.
BESIDE_ACCURACY: dict[str, tuple[str, Callable[[ModelFacts, int], str]]] = {
    "macro-f1": ("macro F1", lambda model, places: decimal(100 * model.macro_f1, places)),
    "log-loss": ("log loss", lambda model, places: decimal(model.log_loss)),
}
DECISIONS = {"beats": "better", "loses": "worse"}  # of a model against the one that is advised
OPPOSITE = {"beats": "loses", "loses": "beats"}


def summarise(run: Path) -> str:
    """Return the end of a run for the terminal: the answer, the models, what to try next, where the report is."""
    content = read_run(run)
    said = speak(content)
    parts = [
        said.headline,
        said.lead,
        *(f"warning: {text}" for text in _warnings(content)),
        _table(content),
        _next(said),
    ]
    paths = f"Report: {run / PAGE}"
    if content.metrics.advice.model and "use" not in TASKS[name_of_task(content)].without:
        paths += f"\nUse it: python -m pipeline predict {run} FILE"
    return "\n\n".join([*(part for part in parts if part), paths])


def as_json(run: Path) -> str:
    """Return what a script wants to know: advice and verdict as metrics.json has them, and where the report is."""
    metrics = read_run(run).metrics
    found = {"advice": metrics.advice, "verdict": metrics.verdict}
    return json_text({**found, "metrics": str(run / METRICS), "report": str(run / PAGE)})


def _warnings(run: Run) -> Iterator[str]:
    """Yield what a person has to know before anything is done with the answer."""
    reuse, protocol = run.metrics.reuse, run.metrics.protocol
    yield from (text for text in (status_sentence(run), leak_warning(run)) if text)
    if protocol is not None and not protocol.kept:
        yield protocol_sentence(run)
    if reuse is not None and (reuse.verdicts or 0) > 1:
        yield (
            f"This is the {ordinal(reuse.verdicts or 0)} verdict on these {count(reuse.documents)} test documents on"
            " this computer. Judge the last choice on documents that no run has tested."
        )


def _next(said: SpokenAnswer) -> str:
    """Return the first thing to try next."""
    return "".join(f"Try next: {step.sentence}\n  {step.command}" for step in said.next[:1])


def _table(run: Run) -> str:
    """Return a line a model: right of 100, interval, training, and how it stands to the one that is advised."""
    models = model_facts(run)
    if not models:
        return ""
    told, places = Told(run), run.places
    title, beside = BESIDE_ACCURACY.get(run.metrics.verdict.metric, ("", None))
    against = run.metrics.advice.model or run.metrics.verdict.b
    right = task_of(run).head
    heads = ["model", right, "95 % interval", *([title] if beside else []), "training"]
    grid = [[*heads, f"against {clip(told.call(against), NAME)}" if against else "", ""]]
    for model in models[:SHOWN_MODELS]:
        low, high = (decimal(100 * end, places) for end in model.counted.ci95)
        cost = told.costs.get(model.name)
        grid.append(
            [
                clip(told.call(model.name), NAME),
                decimal(100 * model.counted.score, places),
                f"{low} to {high}",
                *([beside(model, places)] if beside else []),
                lasting(cost.train_seconds) if cost else "",
                _stands(run, model.name, against),
                "did not train" if model.untrained_runs else model.few_vectors,
            ]
        )
    numbers = [head in (right, title, "training") for head in grid[0]]
    lines = [line.rstrip() for line in aligned(grid, numbers)]
    rest = len(models) - SHOWN_MODELS
    return "\n".join(lines + ([f"and {rest} more"] if rest > 0 else []))


def _stands(run: Run, name: str, against: str | None) -> str:
    """Return how a model stands to another one, where the two were compared."""
    if name == against:
        return "the choice" if run.metrics.advice.model == name else ""
    for row in run.metrics.comparisons:
        if (row.a, row.b) == (name, against):
            return DECISIONS.get(row.decision, row.decision)
        if (row.a, row.b) == (against, name):
            turned = OPPOSITE.get(row.decision, row.decision)
            return DECISIONS.get(turned, turned)
    return ""
