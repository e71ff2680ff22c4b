"""fastText .bin: words, character n-grams and the rows of both, read at the places that are needed."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.values import Float32
from pipeline.embeddings.files.packing import FETCH_AGAIN, Content
from pipeline.embeddings.files.rows import Read, Table, check_finite
from pipeline.embeddings.files.selection import Selection
from pipeline.embeddings.files.sniffing import Sniffed

_HEADER = struct.Struct("<14id")  # magic, version, twelve settings, the sampling threshold
_DICTIONARY = struct.Struct("<3i2q")  # entries, words, labels, tokens, pruned n-grams
_MATRIX = struct.Struct("<?2q")  # quantised, rows, columns
_ENTRY = struct.Struct("<qb")  # count, kind: after each word and its zero byte
_SUPERVISED, _WORD, _END_OF_SENTENCE = 3, 0, "</s>"
_WORDS_AT_ONCE = 1000  # so that the pages of the file that are in memory stay few


@dataclass(frozen=True)
class Settings:
    """What the header says."""

    dimension: int
    buckets: int
    shortest: int  # characters of an n-gram
    longest: int

    @property
    def has_ngrams(self) -> bool:
        """Whether words have vectors of their n-grams, too."""
        return self.longest > 0 and self.buckets > 0


@dataclass(frozen=True, eq=False)
class Model:
    """Rows on disk: a row a word, then a row a bucket of n-grams."""

    data: mmap.mmap
    table: Table
    n_words: int
    settings: Settings

    def vectors(self, words: Sequence[str], rows: Sequence[tuple[int, ...]]) -> Float32:
        """Return the mean of each word's rows, float32 (W, D): those of `rows`, its own or none, and its n-grams'."""
        means = np.zeros((len(words), self.settings.dimension), dtype=np.float32)
        for first in range(0, len(words), _WORDS_AT_ONCE):
            batch = slice(first, first + _WORDS_AT_ONCE)
            both = zip(rows[batch], words[batch], strict=True)
            groups = [[*own, *self._ngram_rows(word)] for own, word in both]
            self._fill(means[batch], groups)
        return means

    def subwords(self, words: pl.Series) -> Float32:
        """Return vectors from character n-grams alone; float32 (W, D), zeros for a word without any."""
        return self.vectors(words.to_list(), [()] * len(words))

    def _fill(self, means: Float32, groups: list[list[int]]) -> None:
        lengths = np.array([len(group) for group in groups], dtype=np.int64)
        if not lengths.any():
            return
        table = self.table
        matrix = np.frombuffer(self.data, table.dtype, table.rows * table.dimension, table.offset)
        rows = matrix.reshape(table.rows, table.dimension)[
            np.concatenate([np.array(group, dtype=np.int64) for group in groups])
        ]
        starts = (np.cumsum(lengths) - lengths)[lengths > 0]
        means[lengths > 0] = np.add.reduceat(rows, starts) / lengths[lengths > 0, None]
        if hasattr(self.data, "madvise"):
            self.data.madvise(mmap.MADV_DONTNEED)  # give the pages back

    def _ngram_rows(self, word: str) -> list[int]:
        """Return the rows of a word's character n-grams, in the order fastText meets them [1]_.

        References
        ----------
        .. [1] Bojanowski, Grave, Joulin, Mikolov (2017), arXiv:1607.04606, section 3.2.
        """
        from gensim.models.fasttext import ft_ngram_hashes

        settings = self.settings
        if not settings.has_ngrams or word == _END_OF_SENTENCE:
            return []
        hashes = ft_ngram_hashes(word, settings.shortest, settings.longest, settings.buckets)
        return [self.n_words + place for place in hashes]


def read_fasttext_binary(content: Content, sniffed: Sniffed, selection: Selection) -> Read:
    """Return the vectors of the chosen words of a fastText .bin, and a function for words that are not in it.

    The rows stay on disk; a packed file is unpacked to a temporary one.

    Raises
    ------
    PipelineError
        If the file ends early or is quantised (.ftz), or a chosen vector is not finite.
    """
    with content.open_seekable() as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # outlives the file object
    try:
        settings = _read_settings(data)
        words, place = _read_words(data)
        table = _find_matrix(data, place, settings, len(words), content)
    except struct.error:
        what = f"the file ends inside the header or the words, after {len(data)} bytes"
        raise PipelineError(
            "vector-file-damaged", f"{content.path}:byte {len(data)}", what, FETCH_AGAIN
        ) from None
    rows = selection.choose(words)
    model = Model(data, table, len(words), settings)
    vectors = model.vectors(selection.words, [(row,) for row in rows])
    check_finite(vectors, np.array(rows, dtype=np.int64), selection.words, table)
    return Read(vectors, settings.dimension, (), model.subwords if settings.has_ngrams else None)


def _read_settings(data: mmap.mmap) -> Settings:
    """Return the settings that vectors depend on."""
    _, version, dimension, *rest = _HEADER.unpack_from(data)
    model, buckets, shortest, longest = rest[6:10]
    old_classifier = version == 11 and model == _SUPERVISED  # had no n-grams, whatever its header says
    return Settings(dimension, buckets, shortest, 0 if old_classifier else longest)


def _read_words(data: mmap.mmap) -> tuple[list[bytes], int]:
    """Return the words, without a classifier's labels, and the place after them."""
    entries, _, _, _, pruned = _DICTIONARY.unpack_from(data, _HEADER.size)
    place = _HEADER.size + _DICTIONARY.size
    words: list[bytes] = []
    for _ in range(entries):
        end = data.find(b"\0", place)
        if end < 0:
            raise struct.error("a word does not end")
        _, kind = _ENTRY.unpack_from(data, end + 1)
        if kind == _WORD:
            words.append(data[place:end])
        place = end + 1 + _ENTRY.size
    place += 8 * max(pruned, 0)
    if place > len(data):
        raise struct.error("there is nothing behind the words")
    return words, place


def _find_matrix(data: mmap.mmap, place: int, settings: Settings, n_words: int, content: Content) -> Table:
    """Return where the rows stand."""
    quantised, rows, dimension = _MATRIX.unpack_from(data, place)
    if quantised:
        what = "the vectors are quantised (.ftz)"
        raise PipelineError(
            "vectors-quantised", f"{content.path}:byte {place}", what, "give the .bin that it was made from"
        )
    least = n_words + (settings.buckets if settings.has_ngrams else 0)
    if dimension != settings.dimension or dimension <= 0 or rows < least:
        what = f"{rows} rows of {dimension} numbers; the header says {least} or more of {settings.dimension}"
        raise PipelineError("vector-file-damaged", f"{content.path}:byte {place}", what, FETCH_AGAIN)
    table = Table(str(content.path), np.dtype("<f4"), rows, dimension, place + _MATRIX.size)
    whole = (len(data) - table.offset) // max(table.row_bytes, 1)
    if whole < rows:
        raise table.error(whole, f"the file ends after {whole} of {rows} rows")
    return table
