"""Whether a seed is added: documents that are copies are one unit, as they are when a run is scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.core.fits import Fit, FitResult
from pipeline.evaluation.seeds import SeedsFound
from pipeline.experiment.more_seeds import seeds_so_far
from pipeline.experiment.plan import plan_models
from pipeline.experiment.planned_run import PlannedRun
from pipeline.run_folder.documents import COLUMNS, write_documents
from pipeline.run_folder.folder import RunFolder
from pipeline.settings.tables import Config
from pipeline.tasks.answers import Predictions

TEXTS = 40
WRONG = {"bow": [range(12)], "lstm@learned": [range(20, 22), range(14, 26), range(24, 34)]}  # of each seed


def found_with(folder: Path, copies: int, groups: list[int] | None) -> SeedsFound:
    """Return the decision after three seeds on 40 texts, each of which stands in so many test documents.

    `groups`: one number for each document; None: the run said nothing of copies.
    """
    (folder / "details").mkdir(parents=True)
    run = RunFolder(path=folder, label_names=("bad", "good"))
    for name, seeds in WRONG.items():
        for seed, wrong in enumerate(seeds):
            right = np.array([number not in wrong for number in range(TEXTS)] * copies)
            probabilities = np.stack([1 - right, right], axis=1).astype(np.float32)
            answers = Predictions(np.arange(len(right)), np.ones(len(right), np.int32), probabilities)
            run.keep(FitResult(Fit(name, seed, 0, validation_accuracy=0.5), answers))
    if groups is not None:
        facts = {"document": range(len(groups)), "fold": [0] * len(groups), "group": groups}
        empty = {name: [None] * len(groups) for name in COLUMNS if name not in facts}
        write_documents(folder, pl.DataFrame(facts | empty))
    planned = plan_models(("bow", "lstm"), ("learned",))
    return seeds_so_far(PlannedRun(Config(), Any, planned, run))  # type: ignore[arg-type]


def test_copies_of_every_document_change_nothing(tmp_path: Path) -> None:
    """Were they documents of their own, there would be twice as many, and seeds would seem to matter twice as much."""
    once = found_with(tmp_path / "once", 1, None)
    twice = found_with(tmp_path / "twice", 2, [*range(TEXTS)] * 2)
    untold = found_with(tmp_path / "untold", 2, None)
    assert twice.steps[0].share == pytest.approx(once.steps[0].share)
    assert (once.more, twice.more, untold.more) == (False, False, True)


def test_where_each_document_is_a_unit_the_decision_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    once = found_with(tmp_path / "once", 1, None)
    alone = found_with(tmp_path / "alone", 1, [*range(TEXTS)])
    assert alone.steps == once.steps
