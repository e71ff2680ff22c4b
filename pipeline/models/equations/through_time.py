"""A cell over whole sequences: forward, and back through time, all the way or the last K steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.core.values import Int32
from pipeline.models.equations.gru import GRU
from pipeline.models.equations.lstm import LSTM
from pipeline.models.equations.product import product
from pipeline.models.equations.simple import LINEAR, TANH, simple_cell
from pipeline.models.equations.values import Array, Cell, CellWeights, Gradients, Lengths, State, Trace

FromInputs = Iterator[Array]  # x_t W of each timestep, (N, G * H)

CELLS: dict[str, Cell] = {
    "rnn": simple_cell(TANH, "SimpleRNN"),
    "gru": GRU,
    "lstm": LSTM,
    "linear": simple_cell(LINEAR),  # of no network: its Jacobians are known without any calculus
}


def forward(cell: str, weights: CellWeights, inputs: Array, start: State | None = None) -> Trace:
    """Return every state and gate of a cell that reads `inputs`.

    Parameters
    ----------
    cell : str
        A name in `CELLS`.
    weights : CellWeights
        In Keras' own layout.
    inputs : float array, shape (N, T, D)
        Padding, if any, on the right: states up to a sequence's last real timestep do not depend on it.
    start : tuple of float arrays, shape (N, H) each, optional
        h_0, for an LSTM (h_0, c_0); zeros by default.

    Returns
    -------
    Trace
        float32 or float64, whichever comes in.
    """
    equations = CELLS[cell]
    (n, timesteps, _), units = inputs.shape, weights.units
    dtype = np.result_type(inputs, weights.kernel)
    parts = [np.zeros((timesteps + 1, n, units), dtype).swapaxes(0, 1) for _ in range(equations.parts)]
    gates = {name: np.zeros((timesteps, n, units), dtype).swapaxes(0, 1) for name in equations.gates}
    for part, first in zip(parts, start or (), strict=False):
        part[:, 0] = first
    state: State = tuple(part[:, 0] for part in parts)  # (N, H) each
    for t, from_input in enumerate(of_vectors(weights, inputs), start=1):
        state, at_t = equations.step(weights, from_input, state)
        for part, value in zip(parts, state, strict=True):
            part[:, t] = value
        for name, value in at_t.items():
            gates[name][:, t - 1] = value
    return Trace(parts[0], gates, parts[1] if equations.parts == 2 else None)


def forward_states(cell: str, weights: CellWeights, from_inputs: FromInputs, shape: tuple[int, int]) -> Array:
    """Return h_1 .. h_T of a cell that starts at zeros, (N, T, H), and keep nothing else: what an answer needs.

    Parameters
    ----------
    cell, weights
        What `forward` takes.
    from_inputs : iterator of arrays
        x_t W of each timestep, from `of_vectors` or `of_rows`.
    shape : tuple
        N and T.
    """
    n, timesteps = shape
    states = np.empty((timesteps, n, weights.units), weights.kernel.dtype)
    state: State = (np.zeros_like(states, shape=(n, weights.units)),) * CELLS[cell].parts
    for t, from_input in enumerate(from_inputs):
        state, _ = CELLS[cell].step(weights, from_input, state)
        states[t] = state[0]
    return states.swapaxes(0, 1)


def of_vectors(weights: CellWeights, inputs: Array) -> FromInputs:
    """Yield x_t W for each timestep of vectors (N, T, D); (N, G * H)."""
    for x in np.ascontiguousarray(inputs.swapaxes(0, 1)):
        yield product(x, weights.kernel)


def of_rows(weights: CellWeights, table: Array, rows: Int32) -> FromInputs:
    """Yield the same for the vectors of rows (N, T) in a table (V, D): each row that occurs is multiplied once."""
    occurring, places = np.unique(rows, return_inverse=True)
    from_input = product(table[occurring], weights.kernel)  # (U, G * H)
    for at_t in np.ascontiguousarray(places.reshape(rows.shape).T):
        yield from_input[at_t]


def backward(
    cell: str,
    weights: CellWeights,
    inputs: Array,
    trace: Trace,
    d_states: Array,
    steps: int | None = None,
    lengths: Lengths | None = None,
) -> Gradients:
    """Return how a loss depends on a layer's weights, inputs and states: backpropagation through time.

    Parameters
    ----------
    cell, weights, inputs
        What `forward` was given.
    trace : Trace
        What `forward` returned.
    d_states : float array, shape (N, T, H)
        How the loss depends on h_1 .. h_T directly: what the layer above, or the head, passes down.
    steps : int, optional
        Go back so many timesteps from each sequence's end; all states before are taken as constants, in what
        `d_states` says of them too. None: all the way.
    lengths : int array, shape (N,), optional
        Each sequence's end in real timesteps, for `steps`; T by default.

    Returns
    -------
    Gradients
        Summed over sequences and timesteps for the weights. `states` and `cells` hold 0 for constants.

    Raises
    ------
    ValueError
        If `steps` is below 1.

    Notes
    -----
    Backpropagation through time [1]_, from t = T down to 1, where sum_t = x_t W + h_(t-1) U + b:

        dL/dh_t     = d_states_t + (dL/dsum_(t+1)) U^T + what the cell carries past U
        dL/dW       = sum over t of x_t^T (dL/dsum_t)
        dL/dU       = sum over t of h_(t-1)^T (dL/dsum_t)
        dL/dx_t     = (dL/dsum_t) W^T

    Truncated [2]_: one pass over the last K steps, as if the state before them had been given. With K >= T it is
    the whole.

    References
    ----------
    .. [1] Werbos (1990), Backpropagation through time, Proceedings of the IEEE 78(10).
    .. [2] Williams, Peng (1990), An efficient gradient-based algorithm for on-line training of recurrent network
       trajectories, Neural Computation 2(4), there BPTT(h).
    """
    if steps is not None and steps < 1:
        raise ValueError(f"steps is {steps}; it takes 1 at least")
    equations, dtype = CELLS[cell], trace.states.dtype
    ends = np.full(len(inputs), trace.timesteps) if lengths is None else lengths  # (N,)
    # (N,), constants up to here
    first = np.zeros_like(ends) if steps is None else np.maximum(ends - steps, 0)
    d_parts = [np.zeros_like(trace.states) for _ in range(equations.parts)]  # (N, T + 1, H)
    d_inputs = np.zeros(inputs.shape, dtype)
    d_kernel, d_recurrent = np.zeros_like(weights.kernel), np.zeros_like(weights.recurrent_kernel)
    d_bias = np.zeros((2, *weights.bias.shape[-1:]), dtype)  # with the input, with the state
    d_state: State = tuple(np.zeros_like(part[:, 0]) for part in d_parts)  # (N, H) each
    for t in range(trace.timesteps, 0, -1):
        live = (t > first)[:, None]  # (N, 1)
        d_state = (d_state[0] + d_states[:, t - 1], *d_state[1:])
        d_state = tuple(np.where(live, part, 0) for part in d_state)
        for kept, part in zip(d_parts, d_state, strict=True):
            kept[:, t] = part
        step = trace.step(t)
        back = equations.gradient(weights, step, d_state)
        d_kernel += inputs[:, t - 1].T @ back.from_input
        d_recurrent += step.before[0].T @ back.from_state
        d_bias += np.stack([back.from_input.sum(axis=0), back.from_state.sum(axis=0)])
        d_inputs[:, t - 1] = back.from_input @ weights.kernel.T
        d_state = back.of_state_before(weights)
    for kept, part in zip(d_parts, d_state, strict=True):
        kept[:, 0] = part
    bias = d_bias if weights.bias.ndim == 2 else d_bias[0]
    cells = d_parts[1] if equations.parts == 2 else None
    return Gradients(d_kernel, d_recurrent, bias, d_inputs, d_parts[0], cells)
