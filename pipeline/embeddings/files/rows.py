"""What the reader of a format returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.values import Float32


@dataclass(frozen=True, eq=False)
class Read:
    """The vectors of a selection's words, in the same order."""

    vectors: Float32  # (W, D)
    dimension: int
    notes: tuple[str, ...] = ()
    subwords: Callable[[pl.Series], Float32] | None = None


def stack(pieces: list[Float32], dimension: int) -> Float32:
    """Return the pieces one below the other; float32 (W, D), also of no pieces."""
    return np.concatenate([np.zeros((0, dimension), dtype=np.float32), *pieces])
