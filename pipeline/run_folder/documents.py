"""Facts about the test documents, what slices and contamination are computed from: a row for each and each fold."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import REWRITE, unfinished
from pipeline.core.values import Units

COLUMNS = {
    "document": pl.Int64,  # as in the predictions
    "fold": pl.Int32,
    "tokens": pl.Int32,
    "unknown_share": pl.Float32,  # of its tokens; null without tokens
    "frequency": pl.Float32,  # geometric mean of 1 + count in training documents, less 1; null without tokens
    "near_duplicate_of": pl.Int64,  # record number of the most similar one; null where none is similar enough
    "near_duplicate_in": pl.String,  # train or validation
    "similarity": pl.Float32,
    "same_label": pl.Boolean,
    "giveaway": pl.Boolean,  # it holds a token that gives a label away
    "group": pl.Int64,  # documents with one number are one unit: copies, or kept together by the corpus; null: alone
}
_LATER = ("group",)  # columns that runs of older versions do not have


def documents_path(run: Path) -> Path:
    """Return where a run folder keeps the facts about its test documents."""
    return Path(run) / "details" / "documents.parquet"


def write_documents(run: Path, facts: pl.DataFrame) -> None:
    """Write the facts (`COLUMNS`); at any moment the file is the old one, the new one, or absent."""
    with unfinished(documents_path(run)) as file:
        facts.select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items()).write_parquet(file)


def read_documents(run: Path) -> pl.DataFrame | None:
    """Return the facts about the test documents; None where the run wrote none.

    Raises
    ------
    PipelineError
        If the file is not Parquet, or its columns are not `COLUMNS`.
    """
    path = documents_path(run)
    if not path.exists():
        return None
    try:
        facts = pl.read_parquet(path, use_pyarrow=False, hive_partitioning=False, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        what = "expected a Parquet file of facts about documents, found none"
        raise PipelineError("run-file-damaged", str(path), what, REWRITE) from error
    absent = [name for name in _LATER if name not in facts.columns]
    facts = facts.with_columns(pl.lit(None, COLUMNS[name]).alias(name) for name in absent)
    if dict(facts.schema) != COLUMNS:
        found = ", ".join(f"{name} {dtype}" for name, dtype in facts.schema.items())
        raise PipelineError(
            "run-file-damaged", str(path), f"the columns are not those of a run; found {found}", REWRITE
        )
    return facts


def units_of(facts: pl.DataFrame | None) -> Units | None:
    """Return which test documents are one unit; None where the run did not say, so that each is alone."""
    if facts is None or facts["group"].null_count() == len(facts):
        return None
    known = facts.drop_nulls("group").unique("document", keep="first").sort("document")
    return Units(known["document"].to_numpy(), known["group"].to_numpy())
