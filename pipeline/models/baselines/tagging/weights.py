"""A weight for each feature and tag, of which most are none: kept feature after feature, added up word by word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.ragged import span_positions
from pipeline.core.values import Float32, Int32, Int64


@dataclass(frozen=True, eq=False)
class SparseWeights:
    """Weights of F features and C tags; feature f has those at starts[f] to starts[f + 1]."""

    starts: Int64  # (F + 1,)
    tags: Int32  # (W,), ascending within a feature
    values: Float32  # (W,)
    n_tags: int

    @classmethod
    def of(
        cls, rows: Int64, tags: Int64, values: NDArray[np.floating], shape: tuple[int, int]
    ) -> SparseWeights:
        """Return weights from a feature, a tag and a value each, in any order; none is named twice."""
        order = np.lexsort((tags, rows))
        starts = np.searchsorted(rows[order], np.arange(shape[0] + 1)).astype(np.int64)
        return cls(starts, tags[order].astype(np.int32), values[order].astype(np.float32), shape[1])

    @classmethod
    def dense(cls, weights: NDArray[np.floating]) -> SparseWeights:
        """Return those of a table (F, C); zeros are left out."""
        rows, tags = np.nonzero(weights)
        return cls.of(rows, tags, weights[rows, tags], (len(weights), weights.shape[1]))

    def sums(self, features: Int32) -> Float32:
        """Return what each tag of each word is worth by the word's features, -1 for none; (M, templates) > (M, C).

        Features are added in the order of their templates, so that no word depends on the words beside it.
        """
        summed = np.zeros(len(features) * self.n_tags, dtype=np.float32)
        for found in features.T:
            words = np.flatnonzero(found >= 0)
            starts = self.starts[found[words]]
            lengths = self.starts[found[words] + 1] - starts
            at = span_positions(starts, lengths)
            summed[np.repeat(words * self.n_tags, lengths) + self.tags[at]] += self.values[
                at
            ]  # each place once
        return summed.reshape(len(features), self.n_tags)
