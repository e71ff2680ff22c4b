"""What training works on and what it tells of its course."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float32, Float64, IndexedCorpus, Int32
from pipeline.text.ragged import take

_SAMPLED_DOCUMENTS = 2_000


@dataclass(frozen=True, eq=False)
class Labelled:
    """Documents as a network sees them, with their labels."""

    indexed: IndexedCorpus
    labels: Int32  # (N,)


@dataclass(frozen=True)
class Evaluation:
    """What is known of a training after some updates. Losses are mean cross-entropy in nats.

    `loss`, `accuracy` and `clipped` are means over the updates since the evaluation before, as the weights changed.
    """

    updates: int  # so far, over all phases
    epochs: float  # so far: passes over the training documents
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float  # since the evaluation before
    tuned: bool = False  # whether the word vectors were trained
    clipped: float | None = None  # share of updates whose gradients, all together, were longer than clip_norm


def sample_documents(indexed: IndexedCorpus) -> IndexedCorpus:
    """Return up to 2,000 documents spread evenly over all of them."""
    some = np.linspace(0, indexed.n_docs - 1, min(indexed.n_docs, _SAMPLED_DOCUMENTS)).astype(np.int64)
    return take(indexed, np.unique(some))


def document_weights(class_weights: Float32 | None, labels: Int32) -> Float64:
    """Return what each document counts in a loss; (N,)."""
    return np.ones(len(labels)) if class_weights is None else class_weights[labels].astype(np.float64)
