"""Any vector file > the vectors of wanted words."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipeline.core.files import file_hash
from pipeline.core.values import Float32
from pipeline.core.warned import Warned
from pipeline.embeddings.files.arrays import read_npy, read_npz
from pipeline.embeddings.files.fasttext_binary import read_fasttext_binary
from pipeline.embeddings.files.folders import find_file
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
    "delimited text": read_text,
    "numbers without words": read_text,
    "word2vec binary": read_word2vec_binary,
    "fastText .bin": read_fasttext_binary,
    "npz": read_npz,
    "npy": read_npy,
    "safetensors": read_safetensors,
}


@dataclass(frozen=True, eq=False)
class VectorFile:
    """The wanted rows of a vector file, and what was found on the way."""

    words: pl.Series  # string (W,), distinct, in file order
    vectors: Float32  # (W, D)
    format: str  # a key of FORMATS
    compression: str | None  # None, or a value of `packing.PACKED`
    dimension: int
    rows: int  # rows in the file
    repeated: int  # rows passed over because a kept word came again
    replaced: int  # words with bytes that are not text, each read as U+FFFD
    notes: tuple[Warned, ...]  # wrong header, cut last row, how words are written; without the file's name
    sha256: str  # of the file as it lies on disk
    sample: tuple[str, ...] = ()  # words as the file writes them, from all of it
    # words (W',) > float32 (W', D) of character n-grams or of a tokenizer's pieces, zeros for a word without any
    subwords: Callable[[pl.Series], Float32] | None = field(default=None, repr=False)
    of_pieces: bool = (
        False  # `subwords` makes every word that is not in `words`, before other forms of it are looked for
    )


def read_vector_file(path: str | Path, wanted: pl.Series | None, language: str = "") -> VectorFile:
    """Return the vectors of wanted words; the format is told from the content.

    The file is streamed: memory is bounded by the wanted rows, whatever the file's size.

    Parameters
    ----------
    path : str or Path
        word2vec text or binary, GloVe text, fastText .vec or .bin, .npz, .npy or .safetensors with a vocabulary
        or a tokenizer; plain, gzip, bzip2, xz, zstd, or the one file of a .zip; or the folder of such a file.
    wanted : string Series (distinct) or None
        A word is kept if it or its lower-case form is wanted; None keeps all.
    language : str
        Of a file with words of several languages the one that is read; empty: the one with most wanted words.

    Raises
    ------
    PipelineError
        If it is no vector file, is damaged, or is a pickle.
    """
    content = find_content(find_file(Path(path)))
    sniffed = sniff(content)
    selection = Selection(wanted, language)
    with ThreadPoolExecutor(max_workers=1) as pool:
        checksum = pool.submit(file_hash, content.path)  # hashing leaves the interpreter free
        read = FORMATS[sniffed.format](content, sniffed, selection)
    words, places = selection.settle()
    return VectorFile(
        words=pl.Series("word", words, dtype=pl.String),
        vectors=read.vectors if len(places) == len(read.vectors) else read.vectors[places],
        format=sniffed.format,
        compression=content.compression,
        dimension=read.dimension,
        rows=selection.rows,
        repeated=selection.repeated,
        replaced=selection.replaced,
        notes=(*read.notes, *selection.notes()),
        sha256=checksum.result(),
        sample=tuple(selection.sample.words),
        subwords=read.subwords,
        of_pieces=read.of_pieces,
    )
