"""What training works on and what it tells of its course."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.ragged import span_positions
from pipeline.core.values import Bool, Float32, Float64, IndexedCorpus, Int32, Int64
from pipeline.models.networks.batches import Batch
from pipeline.models.networks.letters import Spelling
from pipeline.text.ragged import take

_SAMPLED_DOCUMENTS = 2_000


@dataclass(frozen=True, eq=False)
class Labelled:
    """Documents as a network sees them, with their labels: one each, or one for each word."""

    indexed: IndexedCorpus
    labels: Int32  # (N,), yes or no to each label (N, C), or (M',) of words
    spelling: Spelling | None = None  # of the words, for a network that reads letters

    def take(self, documents: Int64) -> Labelled:
        """Return some documents (positions, int64), in that order."""
        chosen = take(self.indexed, documents)
        if len(self.labels) == self.indexed.n_docs and self.spelling is None:
            return Labelled(chosen, self.labels[documents])
        starts, lengths = self.indexed.offsets[documents], np.diff(chosen.offsets)
        words = span_positions(starts, lengths)
        spelling = self.spelling and Spelling(self.spelling.letters, self.spelling.words[words])
        return Labelled(chosen, self.labels[words], spelling)


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


def padded(values: Int32, offsets: Int64, batch: Batch) -> Int32:
    """Return the values of a batch's words, out of one a word of the corpus (M',); 0 in the padding, int32 (B, T)."""
    return np.where(_real(batch), values[_places(offsets, batch)], 0).astype(np.int32)


def inputs_of(batch: Batch, offsets: Int64, spelling: Spelling | None) -> tuple[Int32, ...]:
    """Return what a network is given of a batch: rows and lengths, and letters where there are some."""
    if spelling is None:
        return batch.rows, batch.lengths
    return batch.rows, batch.lengths, *spelling.batch(_places(offsets, batch))


def _real(batch: Batch) -> Bool:
    """Return which places are no padding; bool (B, T)."""
    return np.arange(batch.rows.shape[1]) < batch.lengths[:, None]


def _places(offsets: Int64, batch: Batch) -> Int64:
    """Return where in the corpus each word stands, in the padding where the last one does; int64 (B, T)."""
    steps = np.minimum(np.arange(batch.rows.shape[1]), batch.lengths[:, None] - 1)
    return offsets[batch.documents][:, None] + steps


def sample_documents(indexed: IndexedCorpus) -> Int64:
    """Return up to 2,000 documents (positions, int64) spread evenly over all of them."""
    some = np.linspace(0, indexed.n_docs - 1, min(indexed.n_docs, _SAMPLED_DOCUMENTS)).astype(np.int64)
    return np.unique(some)


def document_weights(class_weights: Float32 | None, labels: Int32) -> Float64:
    """Return what each document counts in a loss; (N,)."""
    return np.ones(len(labels)) if class_weights is None else class_weights[labels].astype(np.float64)
