"""The sections of the report, in their order: an entry is an anchor, a title and a function."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pipeline.core.tasks import TASKS
from pipeline.report.page.blocks import (
    Answer,
    Block,
    Chart,
    Fold,
    Grid,
    Limits,
    Nothing,
    Offer,
    Part,
    Points,
    Section,
    Table,
    row,
    words,
)
from pipeline.report.page.cards import Mistakes, Seen
from pipeline.report.sections import (
    advice,
    causes,
    conduct,
    contamination,
    curves,
    differences,
    documents,
    errors_made,
    grid,
    inputs,
    labels,
    language,
    learning_curve,
    look,
    memory,
    probes,
    quality,
    slices,
    spans,
    tuning,
    vectors,
    way,
    why,
)
from pipeline.report.words.task import name_of_task
from pipeline.run_folder.names import CHARTS
from pipeline.run_folder.reading import Run

B = TypeVar("B", bound=Block)


@dataclass(frozen=True)
class Line:
    """A section of the report.

    Attributes
    ----------
    id : its anchor
    title : its name in the contents
    build : what it says of a run
    part : the part that it stands in, a key of `PARTS`
    span : columns of the twelve that its card takes on a wide page
    """

    id: str
    title: str
    build: Callable[[Run, Limits], tuple[Block, ...]]
    part: str
    span: int = 12


# Parts of the page, in their order: the title, what stands there, and its name where there is little room.
PARTS: dict[str, tuple[str, str, str]] = {
    "answer": ("The answer", "", ""),
    "evidence": (
        "The evidence",
        "Every model was trained on the same documents and asked about the same others.",
        "",
    ),
    "documents": (
        "The documents",
        "",
        "",
    ),
    "memory": (
        "What the network remembers",
        "The same trained networks, looked into while they read test documents.",
        "Memory",
    ),
    "made": ("How it was made", "From files to answers, and what could have gone wrong on the way.", ""),
    "check": (
        "Check it",
        "For a reviewer: what was fixed before, what the numbers are computed from, and how to get them again.",
        "",
    ),
    "more": (
        "Not asked for in this run",
        "Add any of these to the command; it gets its own place above.",
        "More",
    ),
}

SECTIONS: tuple[Line, ...] = (
    Line("do", "What to use", advice.what_to_use, "answer", 5),
    Line("sure", "How sure", advice.how_sure, "answer", 4),
    Line("why", "Why", why.why, "answer", 4),
    Line("look", "What mistakes look like", look.look, "answer", 4),
    Line("next", "What could change it", advice.what_next, "answer"),
    Line("use", "Use the winner", advice.how_to_use, "answer"),
    Line("models", "All models", quality.comparison, "evidence"),
    Line("differences", "Differences", differences.differences, "evidence"),
    Line("ladder", "What each step adds", causes.causes, "evidence"),
    Line("grid", "Which vectors help?", grid.grid, "evidence"),
    Line("learning-curve", "How many documents are enough?", learning_curve.learning_curve, "evidence"),
    Line("tuning", "Would other settings turn the answer?", tuning.tuning, "evidence"),
    Line("spans", "What is found, by type", spans.spans, "evidence"),
    Line("labels", "What is found, label by label", labels.labels, "evidence"),
    Line("language", "How many bits it takes", language.language, "evidence"),
    Line("slices", "Where they differ", slices.slices, "evidence"),
    Line("confused", "Which classes are confused", errors_made.confusion, "evidence", 6),
    Line("trust", "Can its percentages be believed?", errors_made.calibration, "evidence", 6),
    Line("looked-at", "Documents to look at", documents.documents, "documents"),
    Line("reading", "It reads word by word", memory.reading, "memory"),
    Line("reach", "How far back learning reaches", memory.reach, "memory", 6),
    Line("needed", "How much text it needs", memory.needed, "memory", 6),
    Line("order", "Whether order matters", memory.order, "memory", 6),
    Line("units", "How long units hold", memory.units, "memory", 6),
    Line("probes", "How it was looked into", probes.probes, "memory"),
    Line("way", "From text to answer", way.way, "made"),
    Line("corpus", "Documents", inputs.corpus, "made", 6),
    Line("timing", "Where the time went", conduct.timing, "made", 6),
    Line("curves", "Training", curves.training_curves, "made"),
    Line("contamination", "Could something leak?", contamination.contamination, "made", 4),
    Line("vectors", "Do the word vectors fit?", vectors.vectors, "made", 4),
    Line("choices", "What validation documents chose", inputs.choices, "made", 4),
    Line("rule", "Fixed before the first test result", conduct.fixed_before, "check", 6),
    Line("repeat", "The same numbers again", conduct.repeat, "check", 6),
    Line("limits", "What this report cannot say", conduct.report_limits, "check", 6),
    Line("warnings", "Warnings and assumptions", conduct.assumptions, "check", 6),
)
MOST_SEEN = 3  # rows of a table that is not shut


def build_sections(run: Run, limits: Limits) -> list[Section]:
    """Return every section of the report, in its order; one with nothing to show says why."""
    parts = list(PARTS)
    return [
        Section(
            line.id,
            line.title,
            _with_files(line.id, map(_shut_if_long, line.build(run, limits))),
            PARTS[line.part][0],
            parts.index(line.part),
            line.span,
        )
        for line in SECTIONS
        if line.id not in TASKS[name_of_task(run)].without
    ]


def _shut_if_long(block: Block) -> Block:
    """Return the block; a table of more than a few rows without pictures is shut until it is opened."""
    if not isinstance(block, Table) or block.pictured or len(block.rows) <= MOST_SEEN:
        return block
    return (
        block
        if any(cell.bar is not None for line in block.rows for cell in line)
        else replace(block, fold=True)
    )


def parts_of(answer: Answer, sections: Sequence[Section]) -> list[Part]:
    """Return the parts of the page with their sections; those with nothing to show are a list at the end."""
    found = []
    for number, (anchor, (title, text, short)) in enumerate(PARTS.items()):
        there = tuple(one for one in sections if one.part_number == number and not one.empty)
        if anchor == "answer" and answer.picture:
            there = (_picture(answer.picture), *there)
        if anchor == "more":
            there = not_asked_for(answer.offers, sections)
        if there:
            found.append(Part(anchor, title, text, tuple(_filled(there)), short))
    return found


WIDE = 12  # columns


def _filled(sections: Sequence[Section]) -> Iterator[Section]:
    """Yield the sections; narrow ones that stand in a row without their neighbours share its whole width."""
    row_of: list[Section] = []
    for section in (*sections, None):
        if (
            section is not None
            and section.span < WIDE
            and sum(one.span for one in row_of) + section.span <= WIDE
        ):
            row_of.append(section)
            continue
        spans = _shared([one.span for one in row_of])
        yield from (replace(one, span=span) for one, span in zip(row_of, spans, strict=True))
        row_of = []
        if section is not None and section.span < WIDE:
            row_of.append(section)
        elif section is not None:
            yield section


def _shared(spans: Sequence[int]) -> list[int]:
    """Return widths that fill the row.

    >>> _shared([4, 4]), _shared([7, 5]), _shared([6])
    ([6, 6], [7, 5], [12])
    """
    return list(spans) if sum(spans) == WIDE else [WIDE // len(spans) for _ in spans]


def _picture(mistakes: Mistakes) -> Section:
    return Section("picture", "Mistakes", (Seen(mistakes.title, mistakes.text), mistakes), span=7)


def not_asked_for(offers: Sequence[Offer], sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return the list of what was not asked for, then what else has nothing to show, and why."""
    filled = {offer.section for offer in offers}
    columns = words("Question", "Add to the command", "Time")
    asked = tuple(row(offer.question, offer.option, offer.minutes) for offer in offers)
    empty = [one for one in sections if one.empty and one.id not in filled]
    why_not = tuple(
        f"{one.title}: {block.reason}" for one in empty for block in one.blocks if isinstance(block, Nothing)
    )
    blocks: tuple[Block, ...] = (Table("Not asked for", columns, asked),) if asked else ()
    blocks += (Fold("What else has nothing to show, and why", (Points(why_not),)),) if why_not else ()
    return (
        (Section("asked", "Not asked for", (Seen("Questions that this run leaves open"), *blocks)),)
        if blocks
        else ()
    )


def charts_of(sections: Sequence[Section]) -> list[Chart]:
    """Return every chart of the report, in its order."""
    return [chart for section in sections for block in section.blocks for chart in _charts_in(block)]


def _charts_in(block: Block) -> list[Chart]:
    if isinstance(block, Grid | Fold):
        return [chart for inner in block.blocks for chart in _charts_in(inner)]
    return [block] if isinstance(block, Chart) else []


def _with_files(anchor: str, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return the blocks with a file name for each chart, numbered within the section."""
    numbers = itertools.count(1)

    def named(block: B) -> B:
        if isinstance(block, Chart):
            return replace(block, file=f"{CHARTS}/{anchor}-{next(numbers)}.png")
        if isinstance(block, Fold):
            return replace(block, blocks=tuple(map(named, block.blocks)))
        return replace(block, blocks=tuple(map(named, block.blocks))) if isinstance(block, Grid) else block

    return tuple(map(named, blocks))
