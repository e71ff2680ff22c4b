"""Parquet: tables with a type for each column."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipeline.corpus.readers.frames import as_table, damage_explained
from pipeline.corpus.readers.hugging_face import names_in_metadata, with_class_names
from pipeline.corpus.readers.packing import open_content
from pipeline.corpus.readers.records import RawTable

PARQUET_MAGIC = b"PAR1"


def read_parquet(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a .parquet file; integers, whole floats and booleans become strings ("1", "true").

    Classes get the names that the metadata of `datasets` gives their numbers.
    """
    with open_content(path) as content:
        data = path if content.plain else io.BytesIO(content.stream.read())
    with damage_explained(path, "Parquet"):
        table, metadata = as_table(str(path), pl.read_parquet(data)), pl.read_parquet_metadata(data)
    return with_class_names(table, names_in_metadata(metadata))
