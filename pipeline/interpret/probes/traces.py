"""What the last recurrent layer of a network computes on its way through documents: states and gates, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.core.resources import one_blas_thread
from pipeline.core.values import Float32, IndexedCorpus, Int32
from pipeline.interpret.probes.subject import Subject
from pipeline.models.equations import CellWeights, Trace
from pipeline.models.equations.network import cell_weights, run_network
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


def readings(subject: Subject, documents: IndexedCorpus) -> list[Reading]:
    """Return what the last recurrent layer computes for documents, one entry a direction.

    A network that reads pieces begins anew in each, so that of every document the first piece is read.
    """
    spec, entry, weights = replace(subject.spec, piece_tokens=0), subject.entry, subject.weights
    batch = pad(first_tokens(documents, subject.spec.piece_tokens), np.arange(documents.n_docs))
    with one_blas_thread():
        run = run_network(spec, weights, subject.vectors[batch.rows], batch.lengths)
    last = zip(entry.directions, run.layers[-1], strict=True)
    return [
        Reading(
            entry.cell,
            direction,
            cell_weights(weights, f"recurrent_{spec.layers - 1}{direction}"),
            trace,
            batch.lengths,
        )
        for direction, trace in last
    ]


def first_tokens(documents: IndexedCorpus, most: int) -> IndexedCorpus:
    """Return the first `most` rows of each document; all of them where it is 0."""
    return visible(documents, max_tokens=most, keep="first").indexed if most else documents


def title(reading: Reading) -> str:
    """Return in words which way a direction reads."""
    return "from the last word to the first" if reading.direction else "from the first word to the last"
