"""Predictions as files, the record that every figure of the report is computed from.

One Parquet file for each fitted model, seed and fold: `predictions/<slug>.s<seed>.f<fold>.parquet`, with
columns `document`, `label`, `predicted` and `p(<label>)` for each class, or those of another task. Task, model,
seed, fold and corpus hash are file metadata; where only labels are known, not probabilities, `probabilities` is
"false" there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import unfinished
from pipeline.core.names import slug
from pipeline.core.values import Units
from pipeline.tasks.answers import Answers
from pipeline.tasks.table import CLASSIFY, TASKS

FOLDER = "predictions"
VALIDATION = "validation"  # the folder of those of validation documents
METADATA_KEYS = ("model", "seed", "fold", "corpus_hash")
TASK = "task"  # metadata: an entry of TASKS; a file that names none is of the first one
HARD = "probabilities"  # metadata: "false" where the columns p(<label>) say no more than `predicted`
REWRITE = "predict again, or take this file out of the folder"


@dataclass(frozen=True, eq=False)
class SavedPredictions:
    """One fitted model's predictions and what their file says of them: model, seed, fold, corpus, classes.

    `units` is not of the file: which documents are one unit, as the run says; without it each is alone.
    """

    name: str
    seed: int
    fold: int
    corpus_hash: str
    label_names: tuple[str, ...]  # (C,)
    predictions: Answers
    units: Units | None = None

    @property
    def single_names(self) -> tuple[str, ...]:
        """What a single answer may be: the labels themselves, or of several labels each given or not."""
        return self.predictions.single_names(self.label_names)

    def __post_init__(self) -> None:
        n_classes = self.predictions.probabilities.shape[1]
        if n_classes != len(self.label_names):
            raise ValueError(
                f"{self.name}: {n_classes} probabilities a document, {len(self.label_names)} labels"
            )


def prediction_path(run: Path, name: str, seed: int, fold: int) -> Path:
    """Return where a run folder keeps the predictions of one fitted model."""
    return Path(run) / FOLDER / f"{slug(name)}.s{seed}.f{fold}.parquet"


def validation_path(run: Path, name: str, seed: int, fold: int) -> Path:
    """Return where a run folder keeps the same of validation documents: no score comes from them."""
    return Path(run) / VALIDATION / prediction_path(run, name, seed, fold).name


def write_predictions(
    path: Path,
    predictions: Answers,
    label_names: Sequence[str],
    *,
    name: str,
    seed: int,
    fold: int,
    corpus_hash: str,
) -> None:
    """Write one fitted model's predictions; at any moment `path` is the old file, the new one, or absent.

    Parameters
    ----------
    path : Path
        Usually `prediction_path(...)`; its folder is made.
    predictions : Answers
        To N documents; C classes.
    label_names : sequence of str, length C
        All different.
    name, seed, fold, corpus_hash
        Which fitted model, and the corpus it was tested on. Fold 0 where there are none.
    """
    saved = SavedPredictions(name, seed, fold, corpus_hash, tuple(label_names), predictions)
    metadata = {"model": name, "seed": str(seed), "fold": str(fold), "corpus_hash": corpus_hash}
    metadata |= {TASK: predictions.task}
    metadata |= {HARD: "false"} if predictions.hard else {}
    with unfinished(Path(path)) as file:
        table = TASKS[predictions.task].columns(predictions, saved.label_names)
        table.write_parquet(file, metadata=metadata)


def read_predictions(path: Path) -> SavedPredictions:
    """Return what `write_predictions` wrote, unchanged to the last bit.

    Raises
    ------
    PipelineError
        If the file is not Parquet, or a column, a metadata key or a label in it is not what it has to be.
    """
    path = Path(path)
    try:
        metadata = pl.read_parquet_metadata(path)
        table = pl.read_parquet(path, use_pyarrow=False, hive_partitioning=False, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise PipelineError(
            "run-file-damaged", str(path), "expected a Parquet file of predictions, found none", REWRITE
        ) from error
    task = metadata.get(TASK, CLASSIFY.name)
    if task not in TASKS:
        raise PipelineError(
            "other-version", str(path), f'the file is of the task "{task}", which is not known', REWRITE
        )
    absent = [key for key in METADATA_KEYS if key not in metadata]
    if absent:
        raise PipelineError(
            "run-file-damaged", str(path), f"the file metadata lacks {', '.join(absent)}", REWRITE
        )
    try:
        predictions, label_names = TASKS[task].from_columns(table, metadata.get(HARD) == "false")
    except ValueError as error:
        raise PipelineError("run-file-damaged", str(path), str(error), REWRITE) from error
    seed, fold = int(metadata["seed"]), int(metadata["fold"])
    return SavedPredictions(metadata["model"], seed, fold, metadata["corpus_hash"], label_names, predictions)


def read_run_predictions(run: Path) -> list[SavedPredictions]:
    """Return all predictions saved in a run folder, ordered by model name, seed and fold."""
    saved = [read_predictions(path) for path in (Path(run) / FOLDER).glob("*.parquet")]
    return sorted(saved, key=lambda entry: (entry.name, entry.seed, entry.fold))
