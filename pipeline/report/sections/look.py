"""A few documents to look at first: one of each kind of mistake."""

from __future__ import annotations

from pipeline.core.clean import clean, clip
from pipeline.report.page.blocks import Block, Limits, Nothing
from pipeline.report.page.cards import Peeks, Seen
from pipeline.report.sections.documents import document_texts
from pipeline.run_folder.metrics.documents import ListedDocument
from pipeline.run_folder.reading import Run

MOST = 4
BEGINNING = 60  # characters of a document
ALL_WRONG = "all wrong"
KINDS = {
    ALL_WRONG: "every model wrong",
    "only networks right": "right for the networks only",
    "only baselines right": "right for the counts only",
    "only one right": "one model alone is right",
    "sure mistakes": "one of the surest mistakes",
}


def look(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return up to four documents, the first of each list, then the second ones."""
    found = run.metrics.hard_documents
    if found is None:
        return (Nothing("No documents were looked at."),)
    wrong = found.counts.get(ALL_WRONG, 0)
    seen: dict[int, tuple[str, ListedDocument]] = {}
    for rank in range(MOST):
        for kind in KINDS:
            listed = found.lists.get(kind, ())
            if rank < len(listed) and len(seen) < MOST:
                seen.setdefault(listed[rank].document, (kind, listed[rank]))
    if not seen:
        return (Nothing("Every model is right on every document."),)
    texts = document_texts(run)
    items = tuple(
        _item(kind, entry, texts.get(("test", entry.document), "")) for kind, entry in seen.values()
    )
    text = f"All models are wrong on {wrong:,} of {found.documents:,} test documents."
    return (Seen("What do mistakes look like?", text), Peeks(items))


def _item(kind: str, entry: ListedDocument, text: str) -> tuple[str, str, str]:
    """Return how a document begins, its class, and what became of it."""
    answers = {answer.predicted for answer in entry.answers if answer.predicted != entry.label}
    taken = f", taken for {clean(min(answers))}" if len(answers) == 1 else ""
    title = clip(clean(text), BEGINNING) or f"Document {entry.document}"
    return title, clean(entry.label), f"{taken.removeprefix(', ')}{': ' if taken else ''}{KINDS[kind]}"
