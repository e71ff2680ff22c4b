"""How a state depends on the states before it: one-step Jacobians and their products."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.core.values import Float64, Int64
from pipeline.models.equations.through_time import CELLS
from pipeline.models.equations.values import Array, CellWeights, Lengths, Step, Trace


def step_jacobians(cell: str, weights: CellWeights, trace: Trace) -> Array:
    """Return J_t = d state_t / d state_(t-1) for every timestep.

    Returns
    -------
    float array, shape (N, T, S, S)
        Entry [n, t - 1, i, j] is the derivative of number i of state t by number j of state t - 1. S is H; for
        an LSTM 2H, the numbers of h before those of c. It needs N * T * S * S numbers: `jacobian_products`
        holds one timestep at a time.
    """
    timesteps = range(1, trace.timesteps + 1)
    each = [_jacobian(cell, weights, trace.step(t)) for t in timesteps]  # T of (N, S, S)
    return np.stack(each, axis=1)  # (N, T, S, S)


def jacobian_products(
    cell: str, weights: CellWeights, trace: Trace, lengths: Lengths | None = None
) -> Iterator[Array]:
    """Yield d state_L / d state_(L-k) for k = 1, 2, .. T, where L is each sequence's end.

    Parameters
    ----------
    cell, weights, trace
        What `forward` was given, and returned.
    lengths : int array, shape (N,), optional
        L, each sequence's real timesteps; T by default.

    Yields
    ------
    float array, shape (N, S, S)
        The product J_L J_(L-1) .. J_(L-k+1). NaN for sequences shorter than k.

    Notes
    -----
    Pascanu, Mikolov, Bengio (2013), arXiv:1211.5063, section 2: the factor that a gradient takes on its way back
    over k timesteps. If it shrinks, the gradient vanishes; if it grows, it explodes.
    """
    ends = _ends(trace, lengths)  # (N,)
    product: Array | None = None
    for lag in range(1, int(ends.max(initial=0)) + 1):
        there = np.maximum(ends - lag + 1, 1)  # (N,), the timestep whose Jacobian comes next
        factor = _jacobian(cell, weights, trace.step(there))  # (N, S, S)
        product = factor if product is None else product @ factor
        product[ends < lag] = np.nan
        yield product


def jacobian_norms(cell: str, weights: CellWeights, trace: Trace, lengths: Lengths | None = None) -> Float64:
    """Return how strongly the last hidden state depends on each earlier state.

    Returns
    -------
    float64 array, shape (N, T)
        Column k - 1 is the spectral norm (largest singular value) of dh_L / d state_(L-k), where the state is h, of
        an LSTM (h, c). Of a cell whose state is h alone it has no unit: 1.0 keeps a change's length. NaN where a
        sequence is shorter than k.

    Notes
    -----
    Of an LSTM's product (H + H rows) only the rows of h count: what is computed from the last state reads h_L, never
    c_L, and a change of c_L that tanh(c_L) is too flat to show is a change that nothing sees. All columns count:
    h_(L-k) and c_(L-k) both are handed on. c has no bound, h has: a change of c by 1 may be a small one, and of h a
    large one, so that the norm of an LSTM compares with that of a plain cell only as a rate of change.

    The norm bounds a gradient; it does not say that the gradient is useful.
    """
    ends, units = _ends(trace, lengths), weights.units  # (N,), H
    norms = np.full((len(ends), trace.timesteps), np.nan)  # (N, T)
    for lag, product in enumerate(jacobian_products(cell, weights, trace, lengths), start=1):
        long = ends >= lag
        norms[long, lag - 1] = np.linalg.norm(product[long, :units], ord=2, axis=(1, 2))
    return norms


def _jacobian(cell: str, weights: CellWeights, step: Step) -> Array:
    """Return d state_t / d state_(t-1), the chain rule from each number of state t; (N, S, S)."""
    numbers = np.eye(CELLS[cell].parts * weights.units, dtype=step.after[0].dtype)
    each = Step(
        tuple(part[:, None] for part in step.before),
        {name: gate[:, None] for name, gate in step.gates.items()},
        tuple(part[:, None] for part in step.after),
    )  # (N, 1, H) each, for all rows of a Jacobian
    return one_step_back(cell, weights, each, numbers)


def one_step_back(cell: str, weights: CellWeights, step: Step, rows: Array) -> Array:
    """Return rows (.., R, S) of d something / d state_t as rows of d something / d state_(t-1)."""
    equations = CELLS[cell]
    back = equations.gradient(weights, step, tuple(np.split(rows, equations.parts, axis=-1)))
    return np.concatenate(back.of_state_before(weights), axis=-1)


def _ends(trace: Trace, lengths: Lengths | None) -> Int64:
    if lengths is None:
        return np.full(len(trace.states), trace.timesteps, dtype=np.int64)
    return np.asarray(lengths, dtype=np.int64)
