"""The sections of the report, in their order: an entry is an anchor, a title and a function."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.report import (
    causes,
    conduct,
    contamination,
    costs,
    curves,
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
from pipeline.report.blocks import Block, Limits, Section
from pipeline.report.run_folder import Run

SECTIONS: tuple[tuple[str, str, Callable[[Run, Limits], tuple[Block, ...]]], ...] = (
    ("comparison", "Comparison of all models", quality.comparison),
    ("differences", "Paired differences", quality.differences),
    ("causes", "Where a difference comes from", causes.causes),
    ("grid", "Models by embedding source", grid.grid),
    ("learning-curve", "Learning curves", learning_curve.learning_curve),
    ("memory", "What the network remembers", probes.probes),
    ("costs", "What it costs", costs.costs),
    ("limits", "Limits of this report", conduct.report_limits),
    ("failures", "Models that did not train", quality.failures),
    ("warnings", "Warnings and assumptions", conduct.assumptions),
    ("curves", "Training curves", curves.training_curves),
    ("confusion", "Confused classes", errors_made.confusion),
    ("classes", "Precision, recall and F1", errors_made.classes),
    ("calibration", "Calibration", errors_made.calibration),
    ("slices", "Where models win and lose", slices.slices),
    ("documents", "Documents to look at", documents.documents),
    ("contamination", "Contamination", contamination.contamination),
    ("neighbours", "Nearest neighbours", inputs.neighbours),
    ("coverage", "Embedding coverage", inputs.coverage),
    ("audit", "Embedding fit audit", fit_audit.fit_audit),
    ("corpus", "Corpus, splits, row ledger", inputs.corpus),
    ("tokens", "Tokens", inputs.tokens),
    ("choices", "Choices on validation documents", inputs.choices),
    ("tuning", "Tuning", tuning.tuning),
    ("timing", "Timing", conduct.timing),
    ("environment", "Environment", conduct.environment),
    ("repeat", "How to repeat this run", conduct.repeat),
)


def build_sections(run: Run, limits: Limits) -> list[Section]:
    """Return every section of the report; one with nothing to show says why."""
    return [Section(anchor, title, build(run, limits)) for anchor, title, build in SECTIONS]
