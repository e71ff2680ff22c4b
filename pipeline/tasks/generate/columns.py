"""Answers of a language model as the columns of a file, a row a document, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.core.values import require
from pipeline.tasks.generate.answers import LanguageAnswers

COLUMNS = {
    "document": pl.Int64,
    "bits": pl.Float64,
    "bytes": pl.Int64,
    "symbols": pl.Int64,
    "unknown": pl.Int64,
    "spelled": pl.Float64,
}
NAMES = ("text",)  # the one class that documents have


def to_columns(answers: LanguageAnswers, names: Sequence[str]) -> pl.DataFrame:
    """Return `document`, `bits`, `bytes`, `symbols`, and of these the `unknown` ones with their bits, `spelled`."""
    values = {"document": answers.documents} | {
        name: getattr(answers, name) for name in COLUMNS if name != "document"
    }
    return pl.DataFrame({name: pl.Series(values[name], dtype=dtype) for name, dtype in COLUMNS.items()})


def from_columns(table: pl.DataFrame, hard: bool) -> tuple[LanguageAnswers, tuple[str, ...]]:
    """Return what `to_columns` wrote, unchanged to the last bit.

    Raises
    ------
    ValueError
        If a column is not what it has to be.
    """
    if dict(table.schema) != COLUMNS:
        found = ", ".join(f"{column} {dtype}" for column, dtype in table.schema.items())
        expected = ", ".join(f"{column} {dtype.__name__}" for column, dtype in COLUMNS.items())
        raise ValueError(f"expected {expected}; found {found}")
    with_nulls = [column.name for column in table if column.null_count()]
    require(not with_nulls, f"column {', '.join(with_nulls)} has empty cells")
    documents, bits, size, symbols, unknown, spelled = (
        np.ascontiguousarray(column.to_numpy()) for column in table
    )
    return LanguageAnswers(documents, bits, size, symbols, unknown, spelled, hard), NAMES
