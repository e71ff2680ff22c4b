"""Documents > windows of parallel streams: what an update reads, in the order in which states are carried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.core.ragged import places_of
from pipeline.core.values import Int32
from pipeline.models.baselines.language.symbols import Streams


@dataclass(frozen=True, eq=False)
class Window:
    """What one update reads, and what follows each symbol; B streams, K symbols of each."""

    symbols: Int32  # (B, K)
    following: Int32  # (B, K)
    first: bool  # of a pass: states begin anew


@dataclass(frozen=True)
class Cut:
    """How documents of S symbols are cut: `streams` beside each other, `steps` of each at a time."""

    streams: int
    steps: int
    windows: int  # in a pass

    @classmethod
    def of(cls, n_symbols: int, streams: int, steps: int) -> Cut:
        """Return the cut of S symbols; few symbols make fewer streams, and shorter ones than one window.

        >>> Cut.of(1001, 10, 20), Cut.of(60, 10, 20), Cut.of(5, 10, 20)
        (Cut(streams=10, steps=20, windows=5), Cut(streams=2, steps=20, windows=2), Cut(streams=1, steps=20, windows=1))
        """
        streams = min(streams, max(1, n_symbols // steps - 1))
        each = (n_symbols - 1) // streams
        return cls(streams, steps, max(1, -(-each // steps)))


def windows(train: Streams, cut: Cut, order: np.random.Generator) -> Iterator[Window]:
    """Yield the windows of pass after pass, without end; each pass has the documents in a new order.

    Up to one symbol a stream at the end of a pass is left out, so that all streams are of one length.
    """
    while True:
        places, _ = places_of(train.offsets, order.permutation(train.n_docs).astype(np.int64))
        each = (len(places) - 1) // cut.streams
        laid = train.symbols[places]
        symbols = laid[: each * cut.streams].reshape(cut.streams, each)
        following = laid[1 : each * cut.streams + 1].reshape(cut.streams, each)
        for start in range(0, each, cut.steps):
            part = np.s_[:, start : start + cut.steps]
            yield Window(symbols[part], following[part], first=start == 0)
