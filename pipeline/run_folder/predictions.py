"""Predictions as files, the record that every figure of the report is computed from.

One Parquet file for each fitted model, seed and fold: `predictions/<slug>.s<seed>.f<fold>.parquet`, with
columns `document`, `label`, `predicted` and `p(<label>)` for each class; model, seed, fold and corpus hash
are file metadata. Where only labels are known, not probabilities, `probabilities` is "false" there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.names import slug
from pipeline.core.values import Predictions, Units

FOLDER = "predictions"
FIXED_COLUMNS = {"document": pl.Int64, "label": pl.String, "predicted": pl.String}
METADATA_KEYS = ("model", "seed", "fold", "corpus_hash")
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
    predictions: Predictions
    units: Units | None = None

    def __post_init__(self) -> None:
        n_classes = self.predictions.probabilities.shape[1]
        if n_classes != len(self.label_names):
            raise ValueError(
                f"{self.name}: {n_classes} probabilities a document, {len(self.label_names)} labels"
            )


def prediction_path(run: Path, name: str, seed: int, fold: int) -> Path:
    """Return where a run folder keeps the predictions of one fitted model."""
    return Path(run) / FOLDER / f"{slug(name)}.s{seed}.f{fold}.parquet"


def write_predictions(
    path: Path,
    predictions: Predictions,
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
    predictions : Predictions
        N documents, C classes.
    label_names : sequence of str, length C
        All different.
    name, seed, fold, corpus_hash
        Which fitted model, and the corpus it was tested on. Fold 0 where there are none.
    """
    saved = SavedPredictions(name, seed, fold, corpus_hash, tuple(label_names), predictions)
    metadata = {"model": name, "seed": str(seed), "fold": str(fold), "corpus_hash": corpus_hash}
    metadata |= {HARD: "false"} if predictions.hard else {}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    try:
        _table(saved).write_parquet(unfinished, metadata=metadata)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _table(saved: SavedPredictions) -> pl.DataFrame:
    """Return the columns of the file; shape (N, 3 + C)."""
    names, predictions = pl.Series(saved.label_names, dtype=pl.String), saved.predictions
    columns = {
        "document": pl.Series(predictions.documents, dtype=pl.Int64),
        "label": names.gather(predictions.labels),
        "predicted": names.gather(predictions.predicted),
    }
    probabilities = {
        f"p({label})": pl.Series(predictions.probabilities[:, number], dtype=pl.Float32)
        for number, label in enumerate(saved.label_names)
    }
    return pl.DataFrame(columns | probabilities)


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
            str(path), "expected a Parquet file of predictions, found none", REWRITE
        ) from error
    _check_columns(path, table, metadata)
    label_names = tuple(column[2:-1] for column in table.columns if column not in FIXED_COLUMNS)
    try:
        predictions = Predictions(
            documents=table["document"].to_numpy().astype(np.int64),
            labels=_label_numbers(path, table["label"], label_names),
            probabilities=table.drop(FIXED_COLUMNS).to_numpy(order="c").astype(np.float32),
            hard=metadata.get(HARD) == "false",
        )
    except ValueError as error:
        raise PipelineError(str(path), str(error), REWRITE) from error
    _check_predicted(path, table["predicted"], predictions, label_names)
    seed, fold = int(metadata["seed"]), int(metadata["fold"])
    return SavedPredictions(metadata["model"], seed, fold, metadata["corpus_hash"], label_names, predictions)


def _check_columns(path: Path, table: pl.DataFrame, metadata: dict[str, str]) -> None:
    absent_keys = [key for key in METADATA_KEYS if key not in metadata]
    if absent_keys:
        raise PipelineError(str(path), f"the file metadata lacks {', '.join(absent_keys)}", REWRITE)
    expected = dict(FIXED_COLUMNS)
    expected |= {
        column: pl.Float32 for column in table.columns if re.fullmatch(r"p\(.*\)", column, re.DOTALL)
    }
    if dict(table.schema) != expected:
        found = ", ".join(f"{column} {dtype}" for column, dtype in table.schema.items())
        what = (
            f"expected document Int64, label String, predicted String and p(<label>) Float32; found {found}"
        )
        raise PipelineError(str(path), what, REWRITE)
    with_nulls = [column.name for column in table if column.null_count()]
    if with_nulls:
        raise PipelineError(str(path), f"column {with_nulls[0]} has empty cells", REWRITE)


def _label_numbers(path: Path, labels: pl.Series, label_names: Sequence[str]) -> np.ndarray:
    """Return each label's number; int32 (N,)."""
    known = {label: number for number, label in enumerate(label_names)}
    unknown = [label for label in labels.unique(maintain_order=True) if label not in known]
    if unknown:
        raise PipelineError(str(path), f'label "{unknown[0]}" has no column p({unknown[0]})', REWRITE)
    return labels.replace_strict(known, return_dtype=pl.Int32).to_numpy().astype(np.int32)


def _check_predicted(
    path: Path, predicted: pl.Series, predictions: Predictions, label_names: Sequence[str]
) -> None:
    most_probable = pl.Series(label_names, dtype=pl.String).gather(predictions.predicted)
    wrong = int((predicted != most_probable).sum())
    if wrong:
        raise PipelineError(str(path), f"in {wrong} rows `predicted` is not the most probable label", REWRITE)


def read_run_predictions(run: Path) -> list[SavedPredictions]:
    """Return all predictions saved in a run folder, ordered by model name, seed and fold."""
    saved = [read_predictions(path) for path in (Path(run) / FOLDER).glob("*.parquet")]
    return sorted(saved, key=lambda entry: (entry.name, entry.seed, entry.fold))
