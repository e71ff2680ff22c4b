"""Cards of the answer: what to use, how sure that is, what to try next, how to use the winner."""

from __future__ import annotations

import shlex

from pipeline.core.models import MODELS
from pipeline.core.names import ModelName
from pipeline.core.wording import FIRST_METRIC
from pipeline.report.page.blocks import Block, Fold, Limits, Nothing, Paragraph
from pipeline.report.page.cards import Attempts, Choice, Interval, Marked, Seen, Ways
from pipeline.report.page.formats import MINUS
from pipeline.report.page.plots import Span
from pipeline.report.page.scale import scale_of, short
from pipeline.report.sections.answer import decided_words
from pipeline.report.sections.facts import verdict_comparison
from pipeline.report.sections.metric import metric_of
from pipeline.report.sections.model_words import kind_of, namer
from pipeline.report.words.answer import speak
from pipeline.report.words.task import task_of
from pipeline.run_folder.reading import Run

NEEDS = {  # by the family of a model
    "n-grams": "no GPU, no TensorFlow, no word vectors",
    "vectors": "no GPU, no TensorFlow",
    "averages": "no GPU; TensorFlow to train, not to answer",
    "recurrent": "no GPU; TensorFlow to train, not to answer",
    "windows": "no GPU, no TensorFlow, no word vectors",
    "language": "no GPU, no TensorFlow, no word vectors",
}


def what_to_use(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the advice: the verb on its ladder, the model, what to expect of it and what it costs."""
    said, advice, name = speak(run), run.metrics.advice, namer(run)
    facts = (
        ("Expect", said.expect),
        ("Costs", said.costs),
        ("Needs", _needs(advice.model)),
        ("Weakest on", _weakest(run)),
        ("Its rival", said.instead),
        ("Try next", said.next[0].sentence if said.next else ""),
    )
    model = advice.model or ""
    kept = tuple((term, text) for term, text in facts if text)
    return (Choice(advice.verb, name(model), kind_of(run)(model), advice.because, kept),)


def _needs(model: str | None) -> str:
    parsed = ModelName.parse(model) if model else None
    entry = MODELS.get(parsed.model) if parsed and not parsed.made_elsewhere else None
    return NEEDS[entry.family] if entry else ""


def _weakest(run: Run) -> str:
    """Return the class that the advised model finds least often."""
    scores = run.details.scores
    found = [one for one in scores.models if one.name == run.metrics.advice.model] if scores else []
    classes = [one for one in found[0].per_class if one.support] if found else []
    if len(classes) < 2:
        return ""
    least = min(classes, key=lambda one: one.recall)
    return f"{least.label}: {100 * least.recall:.0f} of 100 found"


# --- how sure that is


def how_sure(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the difference with its interval and a tick for each training, what is sure, open and too small to see."""
    entry, said = verdict_comparison(run), speak(run)
    if entry is None:
        return (Nothing("Nothing was compared: a network or a model that counts words is missing."),)
    marked = (
        *(("sure", "Sure", text) for text in said.sure),
        *(("open", "Open", text) for text in said.open),
        *((("small", "Too small to see here", said.too_small),) if said.too_small else ()),
    )
    return (
        Seen("How sure is that?", "What is called sure is wrong in at most 5 of 100 such runs."),
        _picture(run),
        *((Marked(marked),) if marked else ()),
        Fold(
            "In statisticians' words",
            (Paragraph(run.metrics.verdict.sentence), Paragraph(decided_words(run))),
        ),
    )


def _picture(run: Run) -> Interval:
    entry, name, kind = verdict_comparison(run), namer(run), kind_of(run)
    assert entry is not None
    metric, verdict = metric_of(run), run.metrics.verdict
    per = 1 if metric.name == "log loss" else 100
    ticks = _each_training(run) if verdict.metric == FIRST_METRIC else ()
    span = Span.of(entry.difference, entry.ci95, ticks, kind(entry.a))
    scale = scale_of(
        (*entry.ci95, 0.0, *ticks), lambda value: _side(round(per * value, 6)), band=verdict.rope, most=5
    )
    unit = "in 100" if metric.unit == "points" else metric.unit
    says = f"{name(entry.a)} minus {name(entry.b)}: {metric.signed(entry.difference, run.places)} {unit}."
    return Interval(span, scale, f"{name(entry.b)} better", f"{name(entry.a)} better", says)


def _each_training(run: Run) -> tuple[float, ...]:
    """Return the difference of each training of the network from the mean of its opponent."""
    verdict = run.metrics.verdict
    counted = task_of(run).count(run)
    own, theirs = counted.get(verdict.a or ""), counted.get(verdict.b or "")
    if own is None or theirs is None or run.metrics.corpus.folds >= 2:
        return ()
    return tuple(score - theirs.score for score in own.each)


def _side(value: float) -> str:
    return "equal" if value == 0 else f"{'+' if value > 0 else MINUS}{short(abs(value))}"


# --- what to do with it


def what_next(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return up to three commands, each from a fact of this run."""
    steps = speak(run).next
    if not steps:
        return (Nothing("This run shows nothing that another setting would be likely to change."),)
    n = len(steps)
    text = "The likeliest first. Minutes are for this machine." if n > 1 else "Minutes are for this machine."
    items = tuple((step.sentence, step.command) for step in steps)
    return (Seen("What could change the answer", text), Attempts(items))


def how_to_use(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the commands and the lines of Python that use the model that is advised."""
    model = run.metrics.advice.model
    if model is None:
        return (Nothing("No model is advised yet."),)
    folder = run.folder.as_posix()
    name, quoted = namer(run), shlex.quote(folder)
    other = next((row.name for row in run.metrics.summary if row.name != model), "")
    more = f" `--model {other}` takes another model of this run." if other else ""
    task = task_of(run)
    python = "\n".join(
        [
            "from pipeline import read_run",
            "",
            f"model = read_run({folder!r}).best",
            "model.predict(['a text of your own'])",
        ]
    )
    return (
        Seen(f"Use {name(model)}", f"{task.reads}{more}"),
        Ways(
            (
                ("On a file of your own", f"python -m pipeline predict {quoted} {task.new}"),
                ("In Python", python),
                ("As a service, with a page to type a text at", f"python -m pipeline serve {quoted}"),
            )
        ),
    )
