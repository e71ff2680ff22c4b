"""The convolution over the letters of words, as a network computes it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.core.values import Int32
from pipeline.models.equations.product import product
from pipeline.models.equations.values import Array
from pipeline.models.networks.letters import FILTERS, FIRST, LETTER_DIM, PADDING, WIDTH


def letter_vectors(weights: Mapping[str, Array], letters: Int32) -> Array:
    """Return what the filters find in each word; (U, FILTERS).

    Parameters
    ----------
    weights : mapping
        Of the whole network, in the names of a saved one.
    letters : int32 array, shape (U, L)
        Numbers of letters, padded on the right.

    Notes
    -----
    f_k = max over t of (x_(t-1) W_1 + x_t W_2 + x_(t+1) W_3 + b)_k, where x is 0 outside of the word.
    """
    real = letters != PADDING  # (U, L)
    embedded = np.where(real[:, :, None], weights["letters/embeddings"][letters], 0)  # (U, L, E)
    beyond = WIDTH // 2
    wide = np.pad(embedded, ((0, 0), (beyond, beyond), (0, 0)))
    steps = letters.shape[1]
    seen = np.concatenate(
        [wide[:, step : step + steps] for step in range(WIDTH)], axis=2
    )  # (U, L, WIDTH * E)
    kernel = weights["spelling/kernel"].reshape(-1, FILTERS)
    found = product(seen.reshape(-1, len(kernel)), kernel) + weights["spelling/bias"]  # (U * L, FILTERS)
    largest: Array = np.where(real[:, :, None], found.reshape(*letters.shape, -1), -np.inf).max(axis=1)
    return largest.astype(embedded.dtype)


def letter_shapes(n_letters: int) -> dict[str, tuple[int, ...]]:
    """Return the name and the shape of every weight that reads letters."""
    return {
        "letters/embeddings": (n_letters + FIRST, LETTER_DIM),
        "spelling/kernel": (WIDTH, LETTER_DIM, FILTERS),
        "spelling/bias": (FILTERS,),
    }
