"""The sections of the report, in their order: an entry is an anchor, a title and a function."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from pipeline.report.page.blocks import Block, Chart, Grid, Limits, Section
from pipeline.report.sections import (
    causes,
    conduct,
    contamination,
    costs,
    curves,
    differences,
    documents,
    errors_made,
    fit_audit,
    grid,
    inputs,
    learning_curve,
    probes,
    quality,
    slices,
    tuning,
)
from pipeline.run_folder.reading import CHARTS, Run

B = TypeVar("B", bound=Block)

SECTIONS: tuple[tuple[str, str, Callable[[Run, Limits], tuple[Block, ...]]], ...] = (
    ("comparison", "Comparison of all models", quality.comparison),
    ("differences", "Paired differences", differences.differences),
    ("grid", "Models by embedding source", grid.grid),
    ("causes", "Where a difference comes from", causes.causes),
    ("learning-curve", "Learning curves", learning_curve.learning_curve),
    ("costs", "What it costs", costs.costs),
    ("limits", "Limits of this report", conduct.report_limits),
    ("failures", "Models that did not train", quality.failures),
    ("warnings", "Warnings and assumptions", conduct.assumptions),
    ("slices", "Where models win and lose", slices.slices),
    ("calibration", "Calibration", errors_made.calibration),
    ("confusion", "Confused classes", errors_made.confusion),
    ("classes", "Precision, recall and F1", errors_made.classes),
    ("documents", "Documents to look at", documents.documents),
    ("memory", "What the network remembers", probes.probes),
    ("corpus", "Corpus, splits, row ledger", inputs.corpus),
    ("contamination", "Contamination", contamination.contamination),
    ("tokens", "Tokens", inputs.tokens),
    ("coverage", "Embedding coverage", inputs.coverage),
    ("audit", "Embedding fit audit", fit_audit.fit_audit),
    ("neighbours", "Nearest neighbours", inputs.neighbours),
    ("curves", "Training curves", curves.training_curves),
    ("choices", "Choices on validation documents", inputs.choices),
    ("tuning", "Tuning", tuning.tuning),
    ("timing", "Timing", conduct.timing),
    ("environment", "Environment", conduct.environment),
    ("repeat", "How to repeat this run", conduct.repeat),
)
PARTS = {  # of the contents: the section that a part begins with, and the part's title
    "comparison": "The answer and how far it reaches",
    "slices": "What models do with the documents",
    "corpus": "What went in",
    "curves": "How it was trained, how to repeat it",
}


def build_sections(run: Run, limits: Limits) -> list[Section]:
    """Return every section of the report; one with nothing to show says why."""
    sections: list[Section] = []
    starts = list(PARTS)
    part = ""
    for anchor, title, build in SECTIONS:
        part = anchor if anchor in PARTS else part
        blocks = _with_files(anchor, build(run, limits))
        number = starts.index(part) if part else 0
        sections.append(Section(anchor, title, blocks, PARTS.get(part, ""), number))
    return sections


def charts_of(sections: Sequence[Section]) -> list[Chart]:
    """Return every chart of the report, in its order."""
    return [chart for section in sections for block in section.blocks for chart in _charts_in(block)]


def _charts_in(block: Block) -> list[Chart]:
    if isinstance(block, Grid):
        return [inner for inner in block.blocks if isinstance(inner, Chart)]
    return [block] if isinstance(block, Chart) else []


def _with_files(anchor: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks with a file name for each chart, numbered within the section."""
    numbers = itertools.count(1)

    def named(block: B) -> B:
        if isinstance(block, Chart):
            return replace(block, file=f"{CHARTS}/{anchor}-{next(numbers)}.png")
        return replace(block, blocks=tuple(map(named, block.blocks))) if isinstance(block, Grid) else block

    return tuple(map(named, blocks))
