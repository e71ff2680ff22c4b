"""What every embedding source is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from pipeline.config import EmbeddingSettings, Word2VecSettings
from pipeline.values import Float32, TokenizedCorpus, Vocabulary


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
    on_epoch: Callable[[str], None]


@dataclass(frozen=True, eq=False)
class WordVectors:
    """What a source returns: vectors for some words, in any order, before they are laid on the vocabulary."""

    words: pl.Series  # string (W,)
    vectors: Float32  # (W, D)
    settings: dict[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
