"""Products of matrices in which no row depends on the others: a document alone gives what it gives among many."""

from __future__ import annotations

from functools import cache

import numpy as np

from pipeline.core.resources import one_blas_thread
from pipeline.models.equations.values import Array

_SIZES = (8, 4, 1)  # rows that BLAS is given at once: more are no faster with matrices of this size
_TRIED_ROWS = 16  # by which it is found out how many; one output of two shows another order of its sum


def product(rows: Array, matrix: Array) -> Array:
    """Return `rows` (N, K) times `matrix` (K, M), each row to the last bit as if it stood alone; (N, M).

    Notes
    -----
    BLAS adds up the K products of a sum in an order that depends on how many rows it is given and on the place of the
    row among them, so the last bits do too. It is given blocks of always the same number of rows here, the last one
    filled up with zeros, and in blocks of so many it treats all places alike (`_block`).
    """
    n, (inputs, outputs) = len(rows), matrix.shape
    size = _block(inputs, outputs, np.result_type(rows, matrix))
    if n % size:
        rows = np.concatenate([rows, np.zeros((-n % size, inputs), rows.dtype)])
    blocks = np.ascontiguousarray(rows).reshape(len(rows) // size, size, inputs) @ np.ascontiguousarray(
        matrix
    )
    summed: Array = blocks.reshape(-1, outputs)[:n]  # (N, M)
    return summed


@cache
def _block(inputs: int, outputs: int, dtype: np.dtype[np.floating]) -> int:
    """Return the largest number of rows in which this computer's BLAS gives a row the same bits in every place."""
    generator = np.random.default_rng(0)
    tried = generator.standard_normal((_TRIED_ROWS, 1, inputs)).astype(dtype)
    matrix = generator.standard_normal((inputs, outputs)).astype(dtype)
    with one_blas_thread():
        for size in _SIZES:
            found = (
                np.repeat(tried, size, axis=1) @ matrix
            )  # (R, size, M): every place of a block has the same row
            if (found == found[:, :1]).all():
                return size
    raise AssertionError("one row has one place")
