"""Any vector file > the vectors of wanted words."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipeline.core.files import file_hash
from pipeline.core.values import Float32
from pipeline.embeddings.files.arrays import read_npz
from pipeline.embeddings.files.fasttext_binary import read_fasttext_binary
from pipeline.embeddings.files.packing import Content, find_content
from pipeline.embeddings.files.rows import Read
from pipeline.embeddings.files.safetensors import read_safetensors
from pipeline.embeddings.files.selection import Selection
from pipeline.embeddings.files.sniffing import Sniffed, sniff
from pipeline.embeddings.files.text import read_text
from pipeline.embeddings.files.word2vec_binary import read_word2vec_binary

FORMATS: dict[str, Callable[[Content, Sniffed, Selection], Read]] = {
    "word2vec text": read_text,
    "fastText .vec": read_text,
    "GloVe text": read_text,
    "word2vec binary": read_word2vec_binary,
    "fastText .bin": read_fasttext_binary,
    "npz": read_npz,
    "safetensors": read_safetensors,
}


@dataclass(frozen=True, eq=False)
class VectorFile:
    """The wanted rows of a vector file, and what was found on the way."""

    words: pl.Series  # string (W,), distinct, in file order
    vectors: Float32  # (W, D)
    format: str  # a key of FORMATS
    compression: str | None  # None, "gzip", "zstd" or "zip"
    dimension: int
    rows: int  # rows in the file
    repeated: int  # rows passed over because a kept word came again
    replaced: int  # words with bytes that are not UTF-8, each read as U+FFFD
    notes: tuple[str, ...]  # wrong header, cut last row; by line or byte, without the file's name
    sha256: str  # of the file as it lies on disk
    # fastText .bin alone: words (W',) > float32 (W', D) from character n-grams, zeros for a word without any
    subwords: Callable[[pl.Series], Float32] | None = field(default=None, repr=False)


def read_vector_file(path: str | Path, wanted: pl.Series | None) -> VectorFile:
    """Return the vectors of wanted words; the format is told from the content.

    The file is streamed: memory is bounded by the wanted rows, whatever the file's size.

    Parameters
    ----------
    path : str or Path
        word2vec text or binary, GloVe text, fastText .vec or .bin, .npz or .safetensors with a vocabulary;
        plain, gzip, zstd, or the one file of a .zip.
    wanted : string Series (distinct) or None
        A word is kept if it or its lower-case form is wanted; None keeps all.

    Raises
    ------
    PipelineError
        If it is no vector file, is damaged, or is a pickle.
    """
    path = Path(path)
    content = find_content(path)
    sniffed = sniff(content)
    selection = Selection(wanted)
    with ThreadPoolExecutor(max_workers=1) as pool:
        checksum = pool.submit(file_hash, path)  # hashing leaves the interpreter free
        read = FORMATS[sniffed.format](content, sniffed, selection)
    return VectorFile(
        words=pl.Series("word", selection.words, dtype=pl.String),
        vectors=read.vectors,
        format=sniffed.format,
        compression=content.compression,
        dimension=read.dimension,
        rows=selection.rows,
        repeated=selection.repeated,
        replaced=selection.replaced,
        notes=read.notes,
        sha256=checksum.result(),
        subwords=read.subwords,
    )
