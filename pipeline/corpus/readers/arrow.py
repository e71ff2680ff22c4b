"""Arrow: tables as Feather files and `datasets` keep them, in the layout of a file or of a stream."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.warned import warning
from pipeline.corpus.readers.arrow_messages import FILE_MAGIC, check_messages
from pipeline.corpus.readers.frames import as_table, damage_explained
from pipeline.corpus.readers.hugging_face import names_beside, with_class_names
from pipeline.corpus.readers.packing import read_bytes
from pipeline.corpus.readers.records import RawTable

STREAM_MAGIC = b"\xff\xff\xff\xff"  # then the length of the first message, below 2**24 for a schema
OLD_FEATHER_MAGIC = b"FEA1"
_STREAM_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def read_arrow(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a .feather or .arrow file; classes get the names that a dataset_info.json beside it tells."""
    return read_arrow_frame(path)[0]


def read_arrow_frame(path: Path) -> tuple[RawTable, pl.DataFrame]:
    """Return what `read_arrow` does, and the columns with their types."""
    data = read_bytes(path)
    if data.startswith(OLD_FEATHER_MAGIC):
        fix = "write it again as Parquet, or with a newer to_feather"
        raise PipelineError(
            "format-not-read", str(path), "this is Feather of the first version, which is not read", fix
        )
    is_file = data.startswith(FILE_MAGIC)
    with damage_explained(path, "Arrow"):
        check_messages(data)
        frame = (pl.read_ipc if is_file else pl.read_ipc_stream)(io.BytesIO(data))
        table = as_table(str(path), frame)
    table = with_class_names(table, names_beside(path))
    if is_file or data.endswith(_STREAM_END):
        return table, frame
    cut = f"{path}: the stream of records has no end mark, so it may have been cut short"
    return replace(table, warnings=(*table.warnings, warning("stream-without-end", cut))), frame


def is_arrow_stream(data: bytes) -> bool:
    """Whether the content begins with the schema of a stream of records."""
    return data.startswith(STREAM_MAGIC) and len(data) > 7 and data[7] == 0 and data[4:7] != bytes(3)
