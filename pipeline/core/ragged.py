"""What lies one after the other in one flat array, documents of unequal length: where the parts of some are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_Int64 = NDArray[np.int64]


def span_positions(starts: _Int64, lengths: _Int64) -> _Int64:
    """Return the flat positions of spans, one after the other; int64, shape (lengths.sum(),).

    >>> span_positions(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    shift = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)  # (total,)
    return shift + np.arange(len(shift), dtype=np.int64)


def places_of(offsets: _Int64, documents: _Int64) -> tuple[_Int64, _Int64]:
    """Return the flat positions of the chosen documents' spans, and the offsets (n + 1,) that these then have."""
    lengths = np.diff(offsets)[documents]
    new_offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return span_positions(offsets[documents], lengths), new_offsets
