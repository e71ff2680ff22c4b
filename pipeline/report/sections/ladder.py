"""What each step adds: models from counts of words to memory with gates, one level a step, untried ones dashed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.names import ModelName
from pipeline.report.page.cards import Ladder, Step
from pipeline.report.page.formats import decimal
from pipeline.report.sections.facts import ModelFacts, model_facts
from pipeline.report.sections.metric import metric_of
from pipeline.report.sections.model_words import DECISION_WORDS, OPPOSITE, namer
from pipeline.run_folder.metrics.comparisons import Comparison
from pipeline.run_folder.reading import Run


@dataclass(frozen=True)
class Rung:
    """A step of the ladder: which models stand on it (the best of them is shown), and how to try it."""

    models: tuple[str, ...]
    head: str | None  # None: any
    what: str
    option: str
    against: tuple[str, ...] = ()  # rungs that it is compared with, the first that was tried


RUNGS: Mapping[str, Rung] = {
    "counts": Rung(("bow", "tfidf", "nbsvm"), None, "words counted", "--models tfidf,lstm"),
    "mean": Rung(("mean",), None, "vectors instead of counts", "--models tfidf,mean", ("counts",)),
    "ann": Rung(("ann",), None, "a hidden layer", "--models tfidf,ann", ("mean", "counts")),
    "rnn": Rung(("rnn",), "", "words in order, plain memory", "--models ann,rnn", ("ann", "counts")),
    "gated": Rung(("lstm", "gru"), "", "gates on the memory", "--models rnn,lstm", ("rnn", "ann", "counts")),
    "pooled": Rung(
        ("lstm", "gru", "rnn"),
        "pooled",
        "reads every state",
        "--models lstm,lstm:max",
        ("gated", "rnn", "counts"),
    ),
    "both": Rung(
        ("bilstm",), None, "read from both ends", "--models lstm,bilstm", ("pooled", "gated", "counts")
    ),
}
ROOM = 0.08  # of the axis, below the lowest level


def ladder(run: Run) -> Ladder | None:
    """Return the steps; None where fewer than two were tried."""
    found = {key: model for key, rung in RUNGS.items() if (model := _on(rung, model_facts(run)))}
    if len(found) < 2:
        return None
    name = namer(run)
    lowest = min(model.accuracy for model in found.values())
    floor = max(0.0, (lowest - max(ROOM, (1 - lowest) / 3)) // 0.1 * 0.1)
    steps = []
    for key, rung in RUNGS.items():
        model = found.get(key)
        if model is None:
            steps.append(
                Step(
                    rung.models[0] if rung.head != "pooled" else "lstm:max", "", rung.what, option=rung.option
                )
            )
            continue
        change, decision = _change(run, model, [found[one] for one in rung.against if one in found])
        share = (model.accuracy - floor) / (1 - floor)
        kind = "base" if model.kind == "baseline" else "out" if model.kind == "control" else "net"
        value = decimal(100 * model.accuracy, run.places)
        steps.append(Step(name(model.name), kind, rung.what, value, share, change, decision))
    return Ladder(tuple(steps), f"The scale begins at {100 * floor:.0f} of 100.")


def _on(rung: Rung, models: Sequence[ModelFacts]) -> ModelFacts | None:
    """Return the model of the highest accuracy that stands on a rung."""
    return next((model for model in models if _stands(rung, ModelName.parse(model.name))), None)


def _stands(rung: Rung, name: ModelName) -> bool:
    if name.made_elsewhere or name.shuffled_words or name.model not in rung.models:
        return False
    return rung.head is None or bool(name.head) == (rung.head == "pooled")


def _change(run: Run, model: ModelFacts, others: Sequence[ModelFacts]) -> tuple[str, str]:
    """Return the difference from the first other model that it was compared with, and the decision."""
    name, metric = namer(run), metric_of(run)
    for other in others:
        for row in run.metrics.comparisons:
            if {row.a, row.b} == {model.name, other.name}:
                difference, decision = _turned(row, model.name)
                word = DECISION_WORDS.get(decision, decision)
                return f"against {name(other.name)} {metric.signed(difference, run.places)}", word
    return "", ""


def _turned(row: Comparison, first: str) -> tuple[float, str]:
    if row.a == first:
        return row.difference, row.decision
    return -row.difference, OPPOSITE.get(row.decision, row.decision)
