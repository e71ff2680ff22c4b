"""What an input is to a tagger, whatever its format: sentences of words, and what each output needs beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from pipeline.core.ragged import places_of
from pipeline.core.values import Int64, TokenizedCorpus, Words, require
from pipeline.corpus.readers.json_layouts import Object
from pipeline.text.ragged import select
from pipeline.text.tokenizer import as_given

Kind = Literal["columns", "conllu", "records", "texts"]
AT_ONCE = 2048  # sentences that are answered together, or fewer
NO_WORD = "there is no word"


@dataclass(frozen=True, eq=False)
class Sentences:
    """Some sentences of an input, in their order: N of M words.

    Attributes
    ----------
    words : as they are written, those of broken sentences too, (M,)
    offsets : int64 (N + 1,)
    broken : why a sentence cannot be answered, by its place among them
    right : the tags that stand there already, (M,); None where the input has none
    cells : what else stands beside each word, (M, K)
    lines : of a file of words its lines as they are, and of each word the place of its line among them, int64 (M,)
    records : of JSON the objects, None in the place of one that is broken; (N,)
    beside : of raw texts the columns beside them, (N, K), and the texts as they are read
    """

    words: Sequence[str]
    offsets: Int64
    broken: Mapping[int, str]
    right: Sequence[str | None] | None = None
    cells: pl.DataFrame = field(default_factory=pl.DataFrame)
    lines: tuple[Sequence[str], Int64] | None = None
    records: Sequence[Object | None] | None = None
    beside: tuple[pl.DataFrame, Sequence[str]] | None = None

    def __post_init__(self) -> None:
        require(int(self.offsets[-1]) == len(self.words), "offsets do not end at the number of words")

    @property
    def n(self) -> int:
        """How many there are, N."""
        return len(self.offsets) - 1

    @property
    def whole(self) -> Int64:
        """The places of those that can be answered."""
        return np.setdiff1d(np.arange(self.n), list(self.broken)).astype(np.int64)

    def to_answer(self) -> tuple[TokenizedCorpus, Int64]:
        """Return the words that can be answered, and where each stands among all words."""
        given = as_given(Words(pl.Series("word", self.words, dtype=pl.String), self.offsets))
        places, _ = places_of(self.offsets, self.whole)
        return select(given, self.whole), places


@dataclass(frozen=True, eq=False)
class Input:
    """An input that was opened: its sentences, which can be gone through once, what they are, and what was assumed.

    Attributes
    ----------
    unit : what a broken one is called and counted by, such as "line" with `numbers` from 1
    ended : what is to be said once all of it was read
    """

    name: str
    kind: Kind
    sentences: Iterator[Sentences]
    said: tuple[str, ...] = ()
    ended: Callable[[], Iterable[str]] = tuple


def offsets_of(lengths: Sequence[int]) -> Int64:
    """Return where sentences of these lengths begin and end; int64 (N + 1,).

    >>> offsets_of([2, 0, 3]).tolist()
    [0, 2, 2, 5]
    """
    return np.concatenate([[0], np.cumsum(np.array(lengths, dtype=np.int64))]).astype(np.int64)
