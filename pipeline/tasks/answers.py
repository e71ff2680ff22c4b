"""What the answers of every task can be asked, whatever an answer is: so that statistics know documents and scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from pipeline.core.values import Bool, Float32, Int64

if TYPE_CHECKING:
    from pipeline.tasks.classification.answers import Predictions


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

    @property
    @abstractmethod
    def document_of(self) -> Int64:
        """The place of each single answer's document; int64 (M,)."""
