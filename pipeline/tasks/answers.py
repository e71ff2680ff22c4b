"""What the answers of every task can be asked, whatever an answer is: so that statistics know documents and scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from pipeline.core.values import Bool, Float32, Int32, Int64, require


class Answers(ABC):
    """One fitted model's answers to N documents.

    A document may be answered once (its class) or many times (a tag for each word): `single` has each answer alone, and
    `document_of` says to which document it belongs. Chance is that of documents.
    """

    task: ClassVar[str]  # an entry of the table of tasks
    documents: Int64  # (N,) record numbers
    probabilities: Float32  # (M, C), a distribution for each single answer
    hard: bool  # only the answers are known, not how sure they are

    @abstractmethod
    def only(self, chosen: Bool | slice | Int64) -> Self:
        """Return the answers to the chosen documents, in the order in which they are chosen."""

    @classmethod
    @abstractmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the documents of all parts one after the other; they have the same names."""

    @abstractmethod
    def differs(self, other: Self) -> Bool:
        """Return for which documents, the same ones in both, something else is right; bool (N,)."""

    @property
    @abstractmethod
    def single(self) -> Predictions:
        """Each single answer, M of them; `documents` names the same one as often as it is answered."""

    def single_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return what a single answer may be, where all answers may be one of `names`."""
        return tuple(names)

    @property
    @abstractmethod
    def document_of(self) -> Int64:
        """The place of each single answer's document; int64 (M,)."""


@dataclass(frozen=True, eq=False)
class Predictions(Answers):
    """One fitted model's answers: which documents, their labels, and a distribution over C classes for each.

    `hard`: only the answers are known, so each distribution is 1 for the answer and 0 elsewhere, and says
    nothing about confidence. `said`: the answers, where they need not be the most probable ones, as the tags of a best
    sequence.
    """

    task: ClassVar = "classify"
    documents: Int64  # (N,) record numbers
    labels: Int32  # (N,)
    probabilities: Float32  # (N, C)
    hard: bool = False
    said: Int32 | None = None  # (N,)

    def __post_init__(self) -> None:
        n_docs = len(self.documents)
        require(self.labels.shape == (n_docs,), "labels has not one entry a document")
        require(
            self.probabilities.ndim == 2 and len(self.probabilities) == n_docs, "probabilities are not (N, C)"
        )
        sums = self.probabilities.sum(axis=1)
        require(bool(np.allclose(sums, 1.0, atol=1e-4)), "a document's probabilities do not sum to 1")

    @classmethod
    def joined(cls, parts: Sequence[Predictions]) -> Predictions:
        """Return the documents of all parts one after the other; they have the same classes."""
        return cls(
            np.concatenate([part.documents for part in parts]),  # (N,)
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.probabilities for part in parts]),  # (N, C)
            any(part.hard for part in parts),
            None
            if any(part.said is None for part in parts)
            else np.concatenate([part.predicted for part in parts]),  # (N,)
        )

    def only(self, chosen: Bool | slice | Int64) -> Predictions:
        """Return the chosen documents; bool (N,), a slice, or their places."""
        said = None if self.said is None else self.said[chosen]
        return Predictions(
            self.documents[chosen], self.labels[chosen], self.probabilities[chosen], self.hard, said
        )

    def differs(self, other: Predictions) -> Bool:
        """Return which documents, the same ones in both, have another label; bool (N,)."""
        found: Bool = self.labels != other.labels
        return found

    @property
    def single(self) -> Predictions:
        """These answers: each document has one."""
        return self

    @property
    def document_of(self) -> Int64:
        """The place of each answer's document, which is its own; int64 (N,)."""
        return np.arange(len(self.documents), dtype=np.int64)

    @property
    def predicted(self) -> Int32:
        """The answer to each document, the most probable class unless another one is said; int32, shape (N,)."""
        if self.said is not None:
            return self.said
        answers: Int32 = self.probabilities.argmax(axis=1).astype(np.int32)
        return answers
