"""What a tagger says: for each word of a sentence a distribution over the tags, and the best sequence of tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.ragged import places_of
from pipeline.core.values import Bool, Float32, Int32, Int64, require
from pipeline.tasks.answers import Answers, Predictions
from pipeline.tasks.tag.schemes import TagSet


@dataclass(frozen=True, eq=False)
class TagAnswers(Answers):
    """One fitted tagger's answers to N sentences of M words; C tags.

    `hard`: only the tags are known, so each distribution is 1 for the tag and 0 elsewhere.
    """

    task: ClassVar = "tag"
    documents: Int64  # (N,) record numbers of the sentences
    offsets: Int64  # (N + 1,): sentence i has the words offsets[i] to offsets[i + 1]
    labels: Int32  # (M,) what is right
    predicted: Int32  # (M,) the best sequence, which need not be the most probable tag of each word
    probabilities: Float32  # (M, C)
    names: tuple[str, ...]  # (C,)
    hard: bool = False

    def __post_init__(self) -> None:
        n_words = int(self.offsets[-1])
        require(
            len(self.offsets) == len(self.documents) + 1, "offsets has not one entry a sentence and one more"
        )
        for name in ("labels", "predicted"):
            require(getattr(self, name).shape == (n_words,), f"{name} has not one entry a word")
        require(self.probabilities.shape == (n_words, len(self.names)), "probabilities are not (M, C)")
        sums = self.probabilities.sum(axis=1)
        require(bool(np.allclose(sums, 1.0, atol=1e-4)), "a word's probabilities do not sum to 1")

    @property
    def tagset(self) -> TagSet:
        """The tags with what their letters mean."""
        return TagSet.of(self.names)

    @property
    def single(self) -> Predictions:
        """The answers word by word."""
        documents = self.documents[self.document_of]  # (M,)
        return Predictions(documents, self.labels, self.probabilities, self.hard, self.predicted)

    def differs(self, other: TagAnswers) -> Bool:
        """Return in which sentences, the same ones in both, another word or tag stands; bool (N,)."""
        if not np.array_equal(self.offsets, other.offsets):
            found: Bool = np.diff(self.offsets) != np.diff(other.offsets)
            return found
        return np.bincount(self.document_of, self.labels != other.labels, len(self.documents)) > 0

    @property
    def document_of(self) -> Int64:
        """The place of each word's sentence among `documents`; int64 (M,)."""
        return np.repeat(np.arange(len(self.documents), dtype=np.int64), np.diff(self.offsets))

    def only(self, chosen: Bool | slice | Int64) -> TagAnswers:
        """Return the chosen sentences, in the order in which they are chosen."""
        places = np.arange(len(self.documents), dtype=np.int64)[chosen]
        words, offsets = places_of(self.offsets, places)
        return TagAnswers(
            self.documents[places],
            offsets,
            self.labels[words],
            self.predicted[words],
            self.probabilities[words],
            self.names,
            self.hard,
        )

    @classmethod
    def joined(cls, parts: Sequence[TagAnswers]) -> TagAnswers:
        """Return the sentences of all parts one after the other; they have the same tags."""
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        return cls(
            np.concatenate([part.documents for part in parts]),  # (N,)
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.concatenate([part.labels for part in parts]),  # (M,)
            np.concatenate([part.predicted for part in parts]),
            np.concatenate([part.probabilities for part in parts]),  # (M, C)
            parts[0].names,
            any(part.hard for part in parts),
        )
