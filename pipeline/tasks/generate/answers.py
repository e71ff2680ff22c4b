"""What a language model says: how many bits it takes for each document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from pipeline.core.values import Bool, Float32, Float64, Int64, require
from pipeline.tasks.answers import Answers, Predictions


@dataclass(frozen=True, eq=False)
class LanguageAnswers(Answers):
    """One fitted language model's answers to N documents.

    There is no class to be right about: `single` has one answer a document, always the same.
    """

    task: ClassVar = "generate"
    documents: Int64  # (N,) record numbers
    bits: Float64  # (N,), of the whole document, with what its unknown words or characters cost
    bytes: Int64  # (N,), of its text in UTF-8, and one for its end
    symbols: Int64  # (N,), words or characters that are said, the end among them
    unknown: Int64  # (N,), of these unknown to the model
    spelled: Float64  # (N,), bits of unknown ones, among `bits`
    hard: bool = False
    probabilities: Float32 = field(init=False)  # (N, 1): of one class, the text that stands there

    def __post_init__(self) -> None:
        for name in ("bits", "bytes", "symbols", "unknown", "spelled"):
            require(getattr(self, name).shape == self.documents.shape, f"{name} has not one entry a document")
        require(bool((self.bytes > 0).all()), "a document has no byte, not even of its end")
        require(bool(np.isfinite(self.bits).all()), "bits are not finite")
        object.__setattr__(self, "probabilities", np.ones((len(self.documents), 1), dtype=np.float32))

    @property
    def single(self) -> Predictions:
        """One answer a document, of one class."""
        labels = np.zeros(len(self.documents), dtype=np.int32)
        return Predictions(self.documents, labels, self.probabilities)

    @property
    def document_of(self) -> Int64:
        """The place of each answer's document, which is its own; int64 (N,)."""
        return np.arange(len(self.documents), dtype=np.int64)

    def differs(self, other: LanguageAnswers) -> Bool:
        """Return which documents, the same ones in both, have another text: as far as bytes tell; bool (N,)."""
        found: Bool = self.bytes != other.bytes
        return found

    def only(self, chosen: Bool | slice | Int64) -> LanguageAnswers:
        """Return the chosen documents, in the order in which they are chosen."""
        return LanguageAnswers(
            self.documents[chosen],
            self.bits[chosen],
            self.bytes[chosen],
            self.symbols[chosen],
            self.unknown[chosen],
            self.spelled[chosen],
            self.hard,
        )

    @classmethod
    def joined(cls, parts: Sequence[LanguageAnswers]) -> LanguageAnswers:
        """Return the documents of all parts one after the other."""
        return cls(
            np.concatenate([part.documents for part in parts]),  # (N,) each
            np.concatenate([part.bits for part in parts]),
            np.concatenate([part.bytes for part in parts]),
            np.concatenate([part.symbols for part in parts]),
            np.concatenate([part.unknown for part in parts]),
            np.concatenate([part.spelled for part in parts]),
            any(part.hard for part in parts),
        )
