"""Several seeds of one model as one: the mean of their probabilities, and of their thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.values import Float32, TokenizedCorpus
from pipeline.models.saved.model import Contributions, Places, SavedModel


@dataclass(frozen=True, eq=False)
class Ensemble(SavedModel):
    """The fits of one model that differ in their seed alone."""

    members: tuple[SavedModel, ...]

    @classmethod
    def of(cls, members: Sequence[SavedModel]) -> Ensemble:
        """Return the ensemble of several fits of one model, two at least."""
        first = members[0]
        common = first.name, first.task, first.label_names, first.tokenizer
        own = [one.thresholds for one in members]
        known = [one for one in own if one is not None]
        thresholds = np.mean(known, axis=0).astype(np.float32) if len(known) == len(own) else None
        return cls(*common, tuple(members), writing=first.writing, thresholds=thresholds)

    @property
    def method(self) -> str | None:
        """None: each member may have another word to thank for its answer."""
        return None

    @property
    def words(self) -> pl.Series:
        """Those of its members, which learned from the same documents."""
        return self.members[0].words

    def answer_tokens(self, tokenized: TokenizedCorpus) -> Float32:
        """Return the mean of the members' distributions over the classes; float32 (N, C)."""
        total = np.zeros((len(tokenized.offsets) - 1, len(self.label_names)))
        for member in self.members:
            total += member.answer_tokens(tokenized)
        return (total / len(self.members)).astype(np.float32)

    def contributions(
        self, tokenized: TokenizedCorpus, places: Places = None, most_work: float = math.inf
    ) -> list[Contributions]:
        """Raise ValueError: of several networks together no word's share is known."""
        raise ValueError(f"what a word adds is known of a single seed of {self.name}, not of all together")
