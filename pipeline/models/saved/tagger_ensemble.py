"""Several seeds of one tagger as one: the mean of what they find each tag worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.values import Float32, TokenizedCorpus
from pipeline.models.saved.tagger import SavedTagger


@dataclass(frozen=True, eq=False)
class TaggerEnsemble(SavedTagger):
    """The fits of one tagger that differ in their seed alone.

    The logarithms of their shares are averaged, and the transitions of their chains with them: the mean of chains is a
    chain, so that shares and the best sequence are those of one model.
    """

    members: tuple[SavedTagger, ...]

    @classmethod
    def together(cls, members: Sequence[SavedTagger]) -> TaggerEnsemble:
        """Return the ensemble of several fits of one tagger, two at least."""
        first = members[0]
        common = first.name, first.task, first.label_names, first.tokenizer, first.column
        return cls(*common, tuple(members), writing=first.writing)

    @property
    def words(self) -> pl.Series:
        """Those of its members, which learned from the same sentences."""
        return self.members[0].words

    @property
    def transitions(self) -> Float32 | None:
        """The mean of its members'."""
        own = [one.transitions for one in self.members if one.transitions is not None]
        if not own:
            return None
        mean: Float32 = np.stack(own).mean(axis=0, dtype=np.float64).astype(np.float32)  # (C, C)
        return mean

    def scores(self, words: TokenizedCorpus) -> Float32:
        """Return the mean of its members' scores; of those without a chain as logarithms of shares."""
        total = np.zeros((len(words.token_types), len(self.label_names)))
        for member in self.members:
            own = member.scores(words).astype(np.float64)
            if member.transitions is None:
                own -= own.max(axis=1, keepdims=True)
                own -= np.log(np.exp(own).sum(axis=1, keepdims=True))
            total += own
        return (total / len(self.members)).astype(np.float32)
