"""Why the answer came out so: one cause with its picture, by the first of a list of rules that holds.

A cause "seems" to be one unless a comparison decided it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.core.wording import LOW_COVERAGE
from pipeline.report.page.blocks import Block, Chart, Limits, Nothing, Paragraph
from pipeline.report.page.cards import Seen
from pipeline.report.page.figures import Dot, DotPlot
from pipeline.report.page.formats import count, percent
from pipeline.report.sections.model_words import namer
from pipeline.report.words.task import task_of
from pipeline.run_folder.details.probes import WordOrder
from pipeline.run_folder.reading import Run

KEPT = 0.9  # of what a network knows, that survives shuffled words: from here on order hardly matters
NEEDED = 0.5  # below it order is most of what it knows
CUT = 0.2  # of the documents: from here on what is not read may be a cause
FAR = 0.03  # a training this far below the best one stands apart
FEW = 1_000  # training documents


@dataclass(frozen=True)
class Reason:
    """A cause: its title, the sentence that it is seen by, and a picture of two to four values."""

    title: str
    text: str
    dots: tuple[tuple[str, float], ...] = ()


def why(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the first cause that this run shows."""
    if run.metrics.verdict.decision == "withheld":
        return (Nothing("A training learned nothing, so that no cause can be told."),)
    won = run.metrics.verdict.decision == "beats"
    reason = next((found for rule in RULES if (found := rule(run))), None)
    if reason is None or run.metrics.verdict.a is None:
        return (Nothing("No cause stands out in this run."),)
    title = "Why does the network win?" if won else "Why does the network not win?"
    dots = tuple(Dot(label, value, None, None, "Network") for label, value in reason.dots)
    picture = (Chart("Right of 100", reason.text, DotPlot(dots, "Right of 100, %")),) if dots else ()
    return (Seen(title, reason.title), *picture, *(() if dots else (Paragraph(reason.text),)))


def _order(run: Run) -> Reason | None:
    """Return what shuffled words leave of what the network knows."""
    found = _word_order(run)
    if found is None or found.share is None:
        return None
    name = namer(run)(run.metrics.verdict.a or "")
    kept = found.share
    if kept >= KEPT:
        title = "Single words seem to be enough: their order adds almost nothing."
    elif kept <= NEEDED:
        title = "The order of the words seems to be most of what it reads."
    else:
        return None
    text = (
        f"With the words of each document shuffled, {name} has {100 * found.shuffled_accuracy:.0f} of 100 right,"
        f" {100 * found.accuracy:.0f} before."
    )
    dots = (
        ("words in order", found.accuracy),
        ("words shuffled", found.shuffled_accuracy),
        ("always the same class", found.majority),
    )
    return Reason(title, text, dots)


def _word_order(run: Run) -> WordOrder | None:
    for entry in run.details.probes:
        found = entry.probes.word_order
        if entry.name == run.metrics.verdict.a and isinstance(found, WordOrder):
            return found
    return None


def _coverage(run: Run) -> Reason | None:
    """Return that many words have no vector."""
    source = next((row.embedding for row in run.metrics.summary if row.name == run.metrics.verdict.a), None)
    covered = {entry.source: entry.token_coverage for entry in run.metrics.embeddings}.get(source or "")
    if covered is None or covered >= LOW_COVERAGE:
        return None
    text = f"Only {percent(covered, 0)} of the words of this text have a vector in {source}."
    return Reason("Most words have no vector.", text)


def _unread(run: Run) -> Reason | None:
    """Return that the networks do not read long documents to their end."""
    facts = run.details.tokens
    if facts is None or not facts.cut_documents or facts.cut_documents < CUT * facts.documents:
        return None
    share = percent(facts.cut_documents / facts.documents, 0)
    text = (
        f"{share} of the documents are longer than the {count(facts.max_tokens)} words that a network reads."
    )
    return Reason("It seems to miss what it does not read.", text)


def _one_training(run: Run) -> Reason | None:
    """Return that one training lies far below the others."""
    reached = sorted(row.accuracy for row in run.metrics.results if row.name == run.metrics.verdict.a)
    if len(reached) < 2 or reached[1] - reached[0] < FAR:
        return None
    text = f"One of {len(reached)} trainings has {100 * reached[0]:.0f} of 100 right, the best {100 * reached[-1]:.0f}."
    return Reason("One training seems to have stopped early.", text)


def _few(run: Run) -> Reason | None:
    """Return that there is little to learn from."""
    train = run.metrics.corpus.splits.train
    if train >= FEW:
        return None
    return Reason(
        "It seems to have too little to learn from.",
        f"It was trained on {count(train)} {task_of(run).unit}s.",
    )


RULES: tuple[Callable[[Run], Reason | None], ...] = (_order, _coverage, _unread, _one_training, _few)
