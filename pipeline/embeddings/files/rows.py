"""What the reader of a format returns, and the walk through rows of equal length that some readers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.values import Float32, Int64
from pipeline.core.warned import Warned, warning
from pipeline.embeddings.files.packing import FETCH_AGAIN

BLOCK_BYTES = 4 << 20
LARGEST_DIMENSION = 1 << 20  # more is a damaged header


@dataclass(frozen=True, eq=False)
class Read:
    """The vectors of a selection's words, in the same order."""

    vectors: Float32  # (W, D)
    dimension: int
    notes: tuple[Warned, ...] = ()
    subwords: Callable[[pl.Series], Float32] | None = None
    of_pieces: bool = (
        False  # `subwords` makes the vector of every word that is not kept, before other forms of it
    )


@dataclass(frozen=True)
class Table:
    """An array of rows of equal length that follow one another in a stream."""

    where: str  # the file, and the member where there is one
    dtype: np.dtype
    rows: int
    dimension: int
    offset: int  # bytes before the first row

    @property
    def row_bytes(self) -> int:
        """The length of a row."""
        return self.dtype.itemsize * self.dimension

    def error(self, row: int, what: str) -> PipelineError:
        """Return an error about a row; the place is the byte where it starts, from 0, in the unpacked file."""
        return PipelineError(
            "vector-file-damaged",
            f"{self.where}:byte {self.offset + row * self.row_bytes}",
            what,
            FETCH_AGAIN,
        )


def stack(pieces: list[Float32], dimension: int) -> Float32:
    """Return the pieces one below the other; float32 (W, D), also of no pieces."""
    return np.concatenate([np.zeros((0, dimension), dtype=np.float32), *pieces])


def count_notes(promised: int | None, rows: int, cut: int) -> list[Warned]:
    """Return a note where a header promises another number of words, unless the `cut` last row explains it."""
    missing = 0 if promised is None else promised - rows
    if missing in (0, cut):
        return []
    told = f"line 1: the header promises {promised} words, the file holds {rows}"
    return [warning("vector-header-wrong", told)]


def read_bytes(stream: IO[bytes], count: int) -> bytes:
    """Return `count` bytes, or as many as there are; no wrong header reserves the memory that it promises."""
    if count <= BLOCK_BYTES:
        return stream.read(count)
    pieces = []
    while count > 0 and (data := stream.read(min(count, BLOCK_BYTES))):
        pieces.append(data)
        count -= len(data)
    return b"".join(pieces)


def pick_rows(
    stream: IO[bytes],
    table: Table,
    places: Int64,
    words: Sequence[str],
    to_float: Callable[[np.ndarray], np.ndarray] = lambda values: values,
) -> Float32:
    """Return the rows at `places` (ascending), float32 (W, D), from a stream that stands at the first row.

    Raises
    ------
    PipelineError
        If the stream ends early, or a picked row is not finite.
    """
    pieces: list[Float32] = []
    at_once = max(BLOCK_BYTES // max(table.row_bytes, 1), 1)
    for first in range(0, table.rows, at_once):
        count = min(at_once, table.rows - first)
        data = read_bytes(stream, count * table.row_bytes)
        if len(data) < count * table.row_bytes:
            cut = first + len(data) // table.row_bytes
            raise table.error(cut, f"the file ends after {cut} of {table.rows} rows")
        low, high = np.searchsorted(places, [first, first + count])
        block = np.frombuffer(data, table.dtype).reshape(count, table.dimension)
        with np.errstate(over="ignore"):  # what float32 cannot hold is found below
            pieces.append(to_float(block[places[low:high] - first]).astype(np.float32))  # (W', D)
    vectors = stack(pieces, table.dimension)
    check_finite(vectors, places, words, table)
    return vectors


def check_finite(vectors: Float32, places: Int64, words: Sequence[str], table: Table) -> None:
    """Raise PipelineError that names the first word whose vector holds NaN or an infinity."""
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        what = f'the vector of "{words[bad[0]]}" holds a value that is not finite'
        raise table.error(int(places[bad[0]]), what)
