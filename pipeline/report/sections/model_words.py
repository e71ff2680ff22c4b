"""What models are called and what they are, as the page says it."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.core.models import LAST
from pipeline.core.names import ModelName
from pipeline.core.wording import called
from pipeline.report.page.blocks import Cell
from pipeline.run_folder.metrics.rows import Decision
from pipeline.run_folder.reading import Run

KIND_CLASSES = {
    "baseline": "base",
    "network": "net",
    "control": "out",
    "outside": "out",
}  # of the style sheet
WHAT_THEY_ARE = {
    "majority": "always the most frequent class",
    "bow": "which words occur",
    "tfidf": "weighted counts of words",
    "nbsvm": "counts weighed by class",
    "mean": "vectors averaged, linear",
    "most-frequent": "the tag a word has most often",
    "window": "words around, shapes, affixes, linear",
    "crf": "the same, tags along a chain",
    "unigram": "how frequent each word is",
    "kneser-ney": "runs of words, counted",
    "kneser-ney-characters": "runs of characters, counted",
    "ann": "vectors averaged, no memory",
    "rnn": "in order, plain memory",
    "gru": "in order, two gates",
    "lstm": "in order, gated memory",
    "bilstm": "from both ends, gated",
}
HEADS = {"max": "every state", "mean": "every state", "max+mean": "every state"}
OPPOSITE: dict[str, Decision] = {"beats": "loses", "loses": "beats"}
DECISION_WORDS = {"beats": "better", "loses": "worse"}
CHIPS = {"better": "good", "worse": "bad", "cannot tell": "open", "withheld": "bad"}  # tone of a decision


def namer(run: Run) -> Callable[[str], str]:
    """Return how the page calls a model: as it is typed, its source only where another one is called so too."""
    short = called([row.name for row in run.metrics.summary])
    return lambda name: short.get(name, name)


def what_it_is(name: str) -> str:
    """Return in a few words what a model reads and how; empty for one that was made elsewhere.

    >>> what_it_is("lstm:max@word2vec"), what_it_is("tfidf")
    ('in order, gated memory, every state', 'weighted counts of words')
    """
    parsed = ModelName.parse(name)
    head = HEADS.get(parsed.head or LAST, "")
    shuffled = "its words shuffled" if parsed.shuffled_words else ""
    return ", ".join(text for text in (WHAT_THEY_ARE.get(parsed.model, ""), head, shuffled) if text)


def kind_of(run: Run) -> Callable[[str], str]:
    """Return the class of the style sheet by a model's name."""
    kinds = {row.name: KIND_CLASSES[row.kind] for row in run.metrics.summary}
    return lambda name: kinds.get(name, "net")


def decision_cell(decision: Decision | None) -> Cell:
    """Return a decision as a chip, with its word."""
    word = DECISION_WORDS.get(decision or "", decision or "")
    return Cell(word, chip=CHIPS.get(word, "plain") if word else "")


def stands(run: Run, name: str, against: str | None) -> Decision | None:
    """Return what was decided of a model against another one; None where the two were not compared."""
    for row in run.metrics.comparisons:
        if (row.a, row.b) == (name, against):
            return row.decision
        if (row.a, row.b) == (against, name):
            return OPPOSITE.get(row.decision, row.decision)
    return None


def reference_of(run: Run) -> str | None:
    """Return the model that the others stand beside: the one that is advised, else the one that decides."""
    return run.metrics.advice.model or run.metrics.verdict.b
