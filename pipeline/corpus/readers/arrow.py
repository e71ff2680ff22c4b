"""Arrow: tables as Feather files and `datasets` keep them, in either layout."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.encodings import read_bytes
from pipeline.corpus.readers.frames import as_table
from pipeline.corpus.readers.hugging_face import names_beside, with_class_names
from pipeline.corpus.readers.records import RawTable

_FILE_MAGIC = b"ARROW1"  # of the layout that can be read from anywhere; the other is a stream


def read_arrow(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read an .arrow or .feather file; classes get the names that a dataset_info.json beside it tells."""
    data = read_bytes(path)
    read = pl.read_ipc if data.startswith(_FILE_MAGIC) else pl.read_ipc_stream
    try:
        frame = read(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError):
        fix = "write it again, or give it the ending of what it is (.csv, .jsonl, .parquet)"
        raise PipelineError(str(path), "the file is not whole Arrow data", fix) from None
    return with_class_names(as_table(str(path), frame), names_beside(path))
