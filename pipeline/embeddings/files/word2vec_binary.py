"""word2vec binary: a header line, then each word, a blank and its D float32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.values import Float32
from pipeline.core.warned import Warned, warning
from pipeline.embeddings.files.packing import FETCH_AGAIN, Content
from pipeline.embeddings.files.rows import BLOCK_BYTES, Read, count_notes, stack
from pipeline.embeddings.files.selection import Selection
from pipeline.embeddings.files.sniffing import Sniffed

LONGEST_WORD = 10_000  # bytes; a longer one means that rows are not where the header says


def read_word2vec_binary(content: Content, sniffed: Sniffed, selection: Selection) -> Read:
    """Return the vectors of the chosen words of a word2vec binary file.

    A row cut off by the end of the file is left out with a note; so is a wrong number of words in the header.

    Raises
    ------
    PipelineError
        If no blank ends a word, or a chosen vector is not finite; the place is the byte where the row starts,
        from 0, in the unpacked file.
    """
    pieces: list[Float32] = []
    notes: list[Warned] = []
    with content.open() as stream:
        offset = len(stream.readline())
        for block, rows, base in _blocks(stream, 4 * sniffed.dimension, offset, content, notes):
            words = [block[start : value - 1].lstrip(b"\n") for start, value in rows]
            chosen = [rows[place] for place in selection.choose(words)]
            pieces.append(_vectors(block, chosen, base, sniffed.dimension, content))
    notes += count_notes(sniffed.promised, selection.rows, len(notes))
    return Read(stack(pieces, sniffed.dimension), sniffed.dimension, tuple(notes))


def _blocks(
    stream: IO[bytes], vector_bytes: int, offset: int, content: Content, notes: list[Warned]
) -> Iterator[tuple[bytes, list[tuple[int, int]], int]]:
    """Yield a block of bytes, where its rows and their numbers start, and the block's own place in the file."""
    rest = b""
    while piece := stream.read(BLOCK_BYTES):
        block = rest + piece
        rows, end = _find_rows(block, vector_bytes)
        yield block, rows, offset
        rest, offset = block[end:], offset + end
        if len(rest) > vector_bytes + LONGEST_WORD and b" " not in rest[:LONGEST_WORD]:
            what = f"no word ends within {LONGEST_WORD} bytes; the header's dimension or the data are wrong"
            raise PipelineError("vector-file-damaged", f"{content.path}:byte {offset}", what, FETCH_AGAIN)
    if rest.strip(b"\n"):
        told = f"byte {offset}: the file ends inside a row, which is left out"
        notes.append(warning("vector-file-cut", told))


def _find_rows(block: bytes, vector_bytes: int) -> tuple[list[tuple[int, int]], int]:
    """Return (start of the row, start of its numbers) for each whole row, and where the last one ends."""
    rows: list[tuple[int, int]] = []
    start = 0
    while True:
        value = block.find(b" ", start, start + LONGEST_WORD) + 1
        if value == 0 or value + vector_bytes > len(block):
            return rows, start
        rows.append((start, value))
        start = value + vector_bytes


def _vectors(
    block: bytes, chosen: list[tuple[int, int]], base: int, dimension: int, content: Content
) -> Float32:
    """Return the numbers of the chosen rows; float32 (W', D)."""
    numbers = b"".join([block[value : value + 4 * dimension] for _, value in chosen])
    vectors = np.frombuffer(numbers, dtype="<f4").reshape(-1, dimension).astype(np.float32)  # (W', D)
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        start, value = chosen[bad[0]]
        word = block[start : value - 1].lstrip(b"\n").decode("utf-8", "replace")
        what = f'the vector of "{word}" holds a value that is not finite'
        raise PipelineError("vector-file-damaged", f"{content.path}:byte {base + start}", what, FETCH_AGAIN)
    return vectors
