"""What a model says of documents that have several labels: of each label how likely it is, and whether it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.values import Bool, Float32, Int64, require
from pipeline.tasks.answers import Answers, Predictions

SINGLE_NAMES = ("not given", "given")  # what a label of a document may be


@dataclass(frozen=True, eq=False)
class LabelAnswers(Answers):
    """One fitted model's answers to N documents, each of which may have any of C labels.

    `hard`: only the labels are known, so that each probability is 1 or 0 and says nothing about confidence.
    """

    task: ClassVar = "multilabel"
    documents: Int64  # (N,) record numbers
    labels: Bool  # (N, C) what is right
    said: Bool  # (N, C) what is given: the labels whose probability reaches their threshold
    probabilities: Float32  # (N, C), of each label by itself
    hard: bool = False

    def __post_init__(self) -> None:
        shape = self.labels.shape
        require(
            self.labels.ndim == 2 and len(self.labels) == len(self.documents),
            "labels have not one row a document",
        )
        for name in ("said", "probabilities"):
            require(getattr(self, name).shape == shape, f"{name} are not (N, C), as the labels are")
        within = (self.probabilities >= 0) & (self.probabilities <= 1)
        require(bool(within.all()), "a probability is not from 0 to 1")

    def only(self, chosen: Bool | slice | Int64) -> LabelAnswers:
        """Return the chosen documents, in the order in which they are chosen."""
        return LabelAnswers(
            self.documents[chosen],
            self.labels[chosen],
            self.said[chosen],
            self.probabilities[chosen],
            self.hard,
        )

    @classmethod
    def joined(cls, parts: Sequence[LabelAnswers]) -> LabelAnswers:
        """Return the documents of all parts one after the other; they have the same labels."""
        return cls(
            np.concatenate([part.documents for part in parts]),  # (N,)
            np.concatenate([part.labels for part in parts]),  # (N, C)
            np.concatenate([part.said for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
            any(part.hard for part in parts),
        )

    def differs(self, other: LabelAnswers) -> Bool:
        """Return which documents, the same ones in both, have other labels; bool (N,)."""
        found: Bool = (self.labels != other.labels).any(axis=1)
        return found

    @property
    def single(self) -> Predictions:
        """Each label of each document as an answer of its own, document after document: given, or not."""
        yes = self.probabilities.reshape(-1)  # (N * C,)
        return Predictions(
            np.repeat(self.documents, self.labels.shape[1]),
            self.labels.reshape(-1).astype(np.int32),
            np.stack([1 - yes, yes], axis=1),  # (N * C, 2)
            self.hard,
            self.said.reshape(-1).astype(np.int32),
        )

    def single_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return what a single answer may be."""
        return SINGLE_NAMES

    @property
    def document_of(self) -> Int64:
        """The place of each single answer's document; int64 (N * C,)."""
        return np.repeat(np.arange(len(self.documents), dtype=np.int64), self.labels.shape[1])
