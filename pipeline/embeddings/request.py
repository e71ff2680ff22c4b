"""What every embedding source is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from pipeline.core.files import Json
from pipeline.core.store import Cache
from pipeline.core.values import Float32, TokenizedCorpus, Vocabulary
from pipeline.core.warned import Warned
from pipeline.settings.tables import EmbeddingSettings, FastTextSettings, Word2VecSettings


@dataclass(frozen=True, eq=False)
class EmbeddingRequest:
    """What a source may look at. `corpus_types` names words (of any split) that a source may bring a row for."""

    vocabulary: Vocabulary
    train: TokenizedCorpus
    corpus_types: pl.Series
    unlabelled: TokenizedCorpus | None
    word2vec: Word2VecSettings
    embeddings: EmbeddingSettings
    seed: int
    deterministic: bool
    on_epoch: Callable[[int, int], None]  # (epochs done, epochs in all)
    fasttext: FastTextSettings = field(default_factory=FastTextSettings)
    cache: Cache | None = None

    @property
    def types(self) -> pl.Series:
        """Every word that may get a row: the learned ones, then the corpus's other words; string (T,)."""
        learned = self.vocabulary.tokens[2:]
        return pl.concat([learned, self.corpus_types.alias(learned.name)]).unique(maintain_order=True)


@dataclass(frozen=True, eq=False)
class WordVectors:
    """What a source returns: vectors for some words, in any order, before they are laid on the vocabulary."""

    words: pl.Series  # string (W,), distinct
    vectors: Float32  # (W, D)
    settings: dict[str, Json] = field(default_factory=dict)
    notes: tuple[Warned, ...] = ()
    from_subwords: int = 0  # so many of the last words were put together from n-grams or pieces
    file: dict[str, Json] | None = None  # facts of the file or package that was read, for the report
    seconds: float = 0.0  # making them took so long, in this run or in the one that `cached` stands for
    cached: bool = False  # kept from an earlier run
    sample: tuple[str, ...] = ()  # words as the file writes them


@dataclass(frozen=True)
class Source:
    """An entry of the table: how to make the vectors, and how they are used unless told otherwise."""

    vectors: Callable[[EmbeddingRequest], WordVectors]
    tuned: bool = False
    scaled: bool = True  # covered rows are brought to one standard deviation, see `[embeddings] scale`
    cascade: bool = True  # a word that is missing may take the vector of another form of it
