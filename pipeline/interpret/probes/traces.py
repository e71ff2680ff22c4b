"""What the last recurrent layer of a network computes on its way through documents: states and gates, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.resources import one_blas_thread
from pipeline.core.values import Float32, IndexedCorpus, Int32
from pipeline.interpret.probes.subject import Subject
from pipeline.models.equations import CellWeights, Trace, forward
from pipeline.models.networks.batches import pad, visible


@dataclass(frozen=True, eq=False)
class Reading:
    """One direction of the last recurrent layer over documents, padded on the right in the order it reads them."""

    cell: str  # a name in the equations' CELLS
    direction: str  # "", or "_backward"
    weights: CellWeights
    trace: Trace  # of (N, T) timesteps
    lengths: Int32  # (N,), real timesteps

    def real(self, values: Float32) -> Float32:
        """Return `values` (N, T, H) at real timesteps alone, (sum of lengths, H)."""
        return values[np.arange(values.shape[1]) < self.lengths[:, None]]

    def in_order(self, values: Float32) -> Float32:
        """Return `values` (N, T, H) in the order of the document."""
        return turned(values, self.lengths) if self.direction else values


def readings(subject: Subject, documents: IndexedCorpus) -> list[Reading]:
    """Return what the last recurrent layer computes for documents, one entry a direction.

    A network that reads pieces begins anew in each, so that of every document the first piece is read.
    """
    spec, entry = subject.spec, subject.entry
    batch = pad(first_tokens(documents, spec.piece_tokens), np.arange(documents.n_docs))
    sequences, lengths = subject.vectors[batch.rows], batch.lengths  # (N, T, D), (N,)
    found: list[Reading] = []
    for layer in range(spec.layers):
        found = [
            _read(subject, entry.cell, f"recurrent_{layer}", direction, sequences, lengths)
            for direction in entry.directions
        ]
        states = [one.in_order(one.trace.states[:, 1:]) for one in found]
        sequences = np.concatenate(states, axis=2)  # (N, T, H), or (N, T, 2H)
    return found


def _read(
    subject: Subject, cell: str, layer: str, direction: str, sequences: Float32, lengths: Int32
) -> Reading:
    weights = CellWeights(*subject.layer_weights(layer + direction))
    given = turned(sequences, lengths) if direction else sequences
    with one_blas_thread():
        return Reading(cell, direction, weights, forward(cell, weights, given), lengths)


def turned(sequences: Float32, lengths: Int32) -> Float32:
    """Return sequences (N, T, D) with their real timesteps in reverse order, padding where it was."""
    steps = np.arange(sequences.shape[1])
    place = np.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)  # (N, T)
    return np.take_along_axis(sequences, place[:, :, None], axis=1)


def first_tokens(documents: IndexedCorpus, most: int) -> IndexedCorpus:
    """Return the first `most` rows of each document; all of them where it is 0."""
    return visible(documents, max_tokens=most, keep="first").indexed if most else documents


def title(reading: Reading) -> str:
    """Return in words which way a direction reads."""
    return "from the last word to the first" if reading.direction else "from the first word to the last"
