"""The first sentence of the answer: what to do."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.core.tasks import TASKS
from pipeline.core.wording import METRIC_WORDS, in_words
from pipeline.report.words.task import name_of_task
from pipeline.report.words.told import Told, accuracies, between, of_hundred, times_of
from pipeline.run_folder.metrics.comparisons import Comparison

COUNTING = ("bow", "tfidf", "nbsvm")  # models that count words


def headline(told: Told) -> str:
    """Return what to do, in at most two sentences."""
    decision = told.verdict.decision
    if decision is None:
        return _no_answer(told)
    if told.advice.model is None:
        return _not_yet(told)
    return f"{_verb(told)} {_shown(told)}"


def _verb(told: Told) -> str:
    model = told.call(told.advice.model)
    if told.advice.verb == "Use .. if":
        return f"Use {model} if {_little(told)} matters:"
    return f"{told.advice.verb} {model}."


def _little(told: Told) -> str:
    """Return the region of practical equivalence as a person counts it."""
    hundredths = 100 * told.verdict.rope
    if told.verdict.metric == "log-loss":
        return f"a log loss lower by {told.verdict.rope:g}"
    return told.task.little if hundredths == 1 else f"a difference of {hundredths:g} in 100"


def _shown(told: Told) -> str:
    """Return what was shown of the model that is advised."""
    decision, row = told.verdict.decision, told.row
    if decision == "cannot tell" or row is None:
        kinds = {entry.name: entry.kind for entry in told.metrics.summary}
        other = "other model" if kinds.get(told.advice.model or "") == "network" else "network"
        return f"No {other} was shown to do better on {told.corpus}."
    if not METRIC_WORDS[told.verdict.metric].counts:
        return _shown_by_score(told, row)
    said: dict[str, Callable[[Told, Comparison], str]] = {
        "beats": _better, "loses": _worse, "equal": _as_good
    }  # fmt: skip
    return said[decision or ""](told, row)


def _better(told: Told, row: Comparison) -> str:
    if told.advice.verb == "Use .. if":
        more = between(*row.ci95)
        return f"it gets {more.removesuffix(' more')} of 100 more right, {_for_how_much(told, row.b)}."
    mine, theirs = of_hundred(accuracies(told, row))
    return f"It gets {mine} of 100 right; {_counting(told, row.b)} gets {theirs}."


def _worse(told: Told, row: Comparison) -> str:
    mine, theirs = accuracies(told, row)
    fewer = f"{100 * (theirs - mine):.0f}" if theirs - mine >= 0.01 else f"{100 * (theirs - mine):.1f}"
    return f"{told.network} gets {fewer} of 100 fewer right."


def _as_good(told: Told, row: Comparison) -> str:
    other = row.b if told.advice.model != row.b else row.a
    mine, theirs = of_hundred(accuracies(told, row))
    named = told.network if other == row.a else told.call(other)
    if mine == theirs:
        return f"{named} is as good and no better: both get {mine} of 100 right."
    first, second = (mine, theirs) if other == row.a else (theirs, mine)
    own = told.call(told.advice.model)
    return f"{named} is as good and no better: it gets {first} of 100 right, {own} {second}."


def _shown_by_score(told: Told, row: Comparison) -> str:
    """Return both scores, where it is not documents that are counted."""
    words, other = METRIC_WORDS[told.verdict.metric], row.b if told.advice.model == told.verdict.a else row.a
    scores = {row.a: _score(told, row.a), row.b: _score(told, row.b)}
    mine = scores.get(told.advice.model or "")
    named = told.network if other == row.a else told.call(other)
    if mine is None or scores[other] is None:
        return f"{named} was compared by {words.name}."
    return f"Its {words.name} is {words.score(mine)}; that of {named} is {words.score(scores[other] or 0.0)}."


def _score(told: Told, name: str) -> float | None:
    """Return a model's mean score by the metric of the run, where the summary has it."""
    if told.verdict.metric == told.task.metric:
        return told.counted[name].score if name in told.counted else None
    summary = told.summaries.get(name)
    score: float | None = getattr(summary, told.verdict.metric.replace("-", "_"), None)
    return score


def _counting(told: Told, name: str) -> str:
    return "counting words" if name in COUNTING else told.call(name)


def _for_how_much(told: Told, other: str) -> str:
    times = times_of(told, told.advice.model, other, "train_seconds")
    return "for no more training" if times is None or times < 1.5 else f"for {times:.0f} times the training"


def _no_answer(told: Told) -> str:
    kinds = {row.kind for row in told.metrics.results}
    lacks = "a network" if "network" not in kinds else "a model that counts words"
    return (
        f"No answer yet: {lacks} is missing. Add `--models {','.join(TASKS[name_of_task(told.run)].needed)}`."
    )


def _not_yet(told: Told) -> str:
    start, decision = "Do not choose yet.", told.verdict.decision
    if decision == "withheld":
        return f"{start} {_failed(told)} of {told.network} learned nothing."
    if decision == "cannot tell":
        return (
            f"{start} {told.metrics.corpus.tested:,} test documents are too few to tell these models apart."
        )
    return f"{start} {told.advice.because}"


def _failed(told: Told) -> str:
    failed = sum(not row.trained for row in told.of_network)
    n = len(told.of_network)
    if n <= 1:
        return "The training"
    return f"{in_words(failed).capitalize()} of {in_words(n)} trainings"
