"""What a classifier says: one distribution over the classes for each document, and its columns in a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.core.values import Float32, Int32, Int64, require
from pipeline.tasks.answers import Predictions
from pipeline.tasks.columns import check_columns, numbers_in, share_columns, shares_in

FIXED_COLUMNS = {"document": pl.Int64, "label": pl.String, "predicted": pl.String}


def distributions(probabilities: Float32) -> Float32:
    """Return a model's answers, (N, C), as distributions: each row divided by its sum.

    A network that diverged gives no number: its answer becomes chance, and the report says it did not train.

    >>> distributions(np.array([[1.0, 3.0], [np.nan, 1.0]], dtype=np.float32)).tolist()
    [[0.25, 0.75], [0.5, 0.5]]
    """
    total = probabilities.sum(axis=1, keepdims=True)  # (N, 1)
    usable = np.isfinite(total) & (total > 0)
    chance = np.float32(1 / probabilities.shape[1])
    normal = np.where(usable, np.nan_to_num(probabilities) / np.where(usable, total, 1), chance)
    return normal.astype(np.float32)


def answers_of(
    documents: Int64, labels: Int32, outputs: Float32, thresholds: Float32 | None = None
) -> Predictions:
    """Return what a model says of documents: its outputs, (N, C), as distributions. The likeliest is the answer."""
    return Predictions(documents, labels, distributions(outputs))


def judged_predictions(labels: Int32, probabilities: Float32, metric: str) -> Predictions:
    """Return the answers to N validation documents, as models are chosen by them."""
    return answers_of(np.arange(len(labels), dtype=np.int64), labels, probabilities)


def to_columns(predictions: Predictions, label_names: Sequence[str]) -> pl.DataFrame:
    """Return the columns of a file: `document`, `label`, `predicted` and `p(<label>)`; shape (N, 3 + C)."""
    names = pl.Series(label_names, dtype=pl.String)
    columns = {
        "document": pl.Series(predictions.documents, dtype=pl.Int64),
        "label": names.gather(predictions.labels),
        "predicted": names.gather(predictions.predicted),
    }
    return pl.DataFrame(columns | share_columns(predictions.probabilities, label_names))


def from_columns(table: pl.DataFrame, hard: bool) -> tuple[Predictions, tuple[str, ...]]:
    """Return what `to_columns` wrote, unchanged to the last bit, and the labels' names.

    Raises
    ------
    ValueError
        If a column or a label is not what it has to be.
    """
    check_columns(table, FIXED_COLUMNS, "label")
    shares, label_names = shares_in(table, FIXED_COLUMNS)
    predictions = Predictions(
        documents=table["document"].to_numpy().astype(np.int64),
        labels=numbers_in(table["label"], label_names, "label"),
        probabilities=shares,
        hard=hard,
    )
    most_probable = pl.Series(label_names, dtype=pl.String).gather(predictions.predicted)
    wrong = int((table["predicted"] != most_probable).sum())
    require(wrong == 0, f"in {wrong} rows `predicted` is not the most probable label")
    return predictions, label_names
