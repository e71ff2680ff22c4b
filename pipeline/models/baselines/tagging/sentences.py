"""Sentences as taggers are given them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Int64, TokenizedCorpus, require
from pipeline.text.ragged import select


@dataclass(frozen=True, eq=False)
class Sentences:
    """N sentences of M words, as they are written: what the words alone tell is enough for every tagger."""

    words: TokenizedCorpus

    def __post_init__(self) -> None:
        require(bool((np.diff(self.words.offsets) > 0).all()), "a sentence has no word")

    @property
    def n_words(self) -> int:
        """How many words all sentences have, M."""
        return len(self.words.token_types)

    def take(self, sentences: Int64) -> Sentences:
        """Return some sentences (positions, int64), in that order."""
        return Sentences(select(self.words, sentences))
