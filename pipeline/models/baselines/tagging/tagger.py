"""A fitted linear tagger: a weight for each feature and tag, and for tags behind each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float32, Float64, Int32
from pipeline.core.warned import Warned
from pipeline.models.baselines.tagging.features import FeatureSpace
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.models.baselines.tagging.weights import SparseWeights
from pipeline.models.equations.sentences import Tagged, sequence_losses, tag_words


@dataclass(frozen=True, eq=False)
class LinearTagger:
    """A tagger of C tags over F features.

    Attributes
    ----------
    space : what it looks for around a word
    weights : (F, C), sparse: most features have a weight for few tags
    intercepts : float32 (C,), what each tag is worth whatever stands there
    transitions : float32 (C, C), what it is worth behind another tag; None where each word is tagged for itself
    """

    space: FeatureSpace
    weights: SparseWeights
    intercepts: Float32
    transitions: Float32 | None = None
    warnings: tuple[Warned, ...] = ()

    @property
    def parameters(self) -> int:
        """How many weights were fitted."""
        of_chain = 0 if self.transitions is None else self.transitions.size
        return len(self.weights.values) + int(np.count_nonzero(self.intercepts)) + of_chain

    def scores(self, sentences: Sentences) -> Float32:
        """Return what each tag of each word is worth by its features; float32 (M, C)."""
        summed: Float32 = self.weights.sums(self.space.columns(sentences)) + self.intercepts
        return summed

    def tag(self, sentences: Sentences) -> Tagged:
        """Return shares, float32 (M, C), and the best sequences, int32 (M,)."""
        return tag_words(self.scores(sentences), sentences.words.offsets, self.transitions)

    def losses(self, sentences: Sentences, tags: Int32) -> Float64:
        """Return -ln p(tags) of each sentence in nats; (N,)."""
        return sequence_losses(self.scores(sentences), sentences.words.offsets, self.transitions, tags)
