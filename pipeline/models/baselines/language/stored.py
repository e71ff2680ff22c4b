"""Counted n-grams as arrays of a file, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.core.values import require
from pipeline.models.baselines.language.kneser_ney import KneserNey, of_counts

COUNTED, SPELLING = (
    "counted",
    "spelling",
)  # what arrays of the model itself, and of its speller, are called after


def sizes_of(model: KneserNey) -> list[int]:
    """Return how many n-grams of each order there are."""
    return [len(level.keys) for level in model.levels]


def arrays_of_counts(model: KneserNey, prefix: str) -> dict[str, NDArray[np.generic]]:
    """Return keys and counts of each order; the keys of symbols are their numbers, and left out."""
    counts = {f"{prefix}/counts_{k}": level.counts for k, level in enumerate(model.levels, start=1)}
    keys = {f"{prefix}/keys_{k}": level.keys for k, level in enumerate(model.levels, start=1) if k > 1}
    return {**counts, **keys}


def shapes_of_counts(sizes: Sequence[int], prefix: str) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of each of these arrays."""
    counts: dict[str, tuple[int, ...]] = {
        f"{prefix}/counts_{k}": (size,) for k, size in enumerate(sizes, start=1)
    }
    return counts | {f"{prefix}/keys_{k}": (size,) for k, size in enumerate(sizes, start=1) if k > 1}


def counts_in(arrays: Mapping[str, NDArray[np.generic]], sizes: Sequence[int], prefix: str) -> KneserNey:
    """Return the model of such arrays; ValueError if they are none."""
    ngrams = []
    for k, size in enumerate(sizes, start=1):
        keys = np.arange(size, dtype=np.int64) if k == 1 else arrays[f"{prefix}/keys_{k}"].astype(np.int64)
        counts = arrays[f"{prefix}/counts_{k}"].astype(np.int32)
        require(bool((np.diff(keys) > 0).all() and (counts >= 0).all()), "n-grams are not in their order")
        below = sizes[k - 2] if k > 1 else 1
        require(k == 1 or size == 0 or 0 <= keys[0] <= keys[-1] < below * sizes[0], "an n-gram has no begin")
        ngrams.append((keys, counts))
    return of_counts(ngrams, sizes[0])
