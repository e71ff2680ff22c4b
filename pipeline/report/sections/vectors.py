"""Section on the word vectors: how much of the text they cover, which words are near, how well they fit."""

from __future__ import annotations

from pipeline.report.page.blocks import Block, Fold, Limits, Nothing, Paragraph, Points, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.formats import percent
from pipeline.report.sections.fit_audit import fit_audit
from pipeline.report.sections.inputs import coverage, neighbours
from pipeline.run_folder.reading import Run


def vectors(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return what the vectors cover; nearest neighbours and the audit of their fit shut."""
    covered = coverage(run, limits)
    if any(isinstance(block, Nothing) for block in covered):
        return covered
    return (
        Seen(_seen(run)),
        *covered,
        *_shut("Nearest neighbours of characteristic words", neighbours(run, limits)),
        *_shut("How well the vectors fit this corpus", fit_audit(run, limits)),
    )


def _seen(run: Run) -> str:
    """Return how many words of the text have a vector, of the source that covers least."""
    least = min(run.metrics.embeddings, key=lambda entry: entry.token_coverage)
    return f"{least.source} has a vector for {percent(least.token_coverage, 0)} of all words"


def _shut(summary: str, blocks: tuple[Block, ...]) -> tuple[Fold, ...]:
    told = [Paragraph(block.reason, "muted") if isinstance(block, Nothing) else block for block in blocks]
    kept = tuple(block for block in told if isinstance(block, Table | Paragraph | Points))
    return (Fold(summary, kept),) if kept else ()
