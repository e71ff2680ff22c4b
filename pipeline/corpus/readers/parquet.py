"""Parquet: tables with a type for each column."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.encodings import is_packed, read_bytes
from pipeline.corpus.readers.frames import as_table
from pipeline.corpus.readers.hugging_face import names_in_metadata, with_class_names
from pipeline.corpus.readers.records import RawTable


def read_parquet(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a .parquet file; integers, whole floats and booleans become strings ("1", "true").

    Classes get the names that the metadata of `datasets` gives their numbers.
    """
    try:
        data = io.BytesIO(read_bytes(path)) if is_packed(path) else path
        frame, metadata = pl.read_parquet(data), pl.read_parquet_metadata(data)
    except (pl.exceptions.PolarsError, OSError):
        fix = "write it again, or give it the ending of what it is (.csv, .jsonl, .txt)"
        raise PipelineError(str(path), "the file is not whole Parquet data", fix) from None
    return with_class_names(as_table(str(path), frame), names_in_metadata(metadata))
