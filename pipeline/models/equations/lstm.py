"""Long short-term memory with a forget gate, without peepholes, as Keras computes it."""

from __future__ import annotations

import numpy as np

from pipeline.models.equations.product import product
from pipeline.models.equations.values import Array, Cell, CellWeights, State, Step, StepGradient, sigmoid


def _step(weights: CellWeights, from_input: Array, state: State) -> tuple[State, dict[str, Array]]:
    """Return (h_t, c_t) and the gates, given x_t W.

    Notes
    -----
    The columns of the kernels are i, f, g, o, in Keras' order.

        i_t = sigmoid(x_t W_i + h_(t-1) U_i + b_i)                  input gate, [1]_
        f_t = sigmoid(x_t W_f + h_(t-1) U_f + b_f)                  forget gate, [2]_
        g_t = tanh(x_t W_g + h_(t-1) U_g + b_g)                     candidate
        o_t = sigmoid(x_t W_o + h_(t-1) U_o + b_o)                  output gate, [1]_
        c_t = f_t * c_(t-1) + i_t * g_t                             cell, [2]_; in [1]_ f_t is 1
        h_t = o_t * tanh(c_t)

    References
    ----------
    .. [1] Hochreiter, Schmidhuber (1997), Long short-term memory, Neural Computation 9(8).
    .. [2] Gers, Schmidhuber, Cummins (2000), Learning to forget, Neural Computation 12(10).
    """
    h, c = state
    sums = product(h, weights.recurrent_kernel)  # (N, 4H)
    sums += from_input
    sums += weights.bias
    units = weights.units
    opened = sigmoid(sums[:, : 2 * units])  # i and f at once
    i, f = opened[:, :units], opened[:, units:]  # (N, H) each
    g, o = np.tanh(sums[:, 2 * units : 3 * units]), sigmoid(sums[:, 3 * units :])
    c = f * c + i * g
    return (o * np.tanh(c), c), {"i": i, "f": f, "g": g, "o": o}


def _gradient(weights: CellWeights, step: Step, d_after: State) -> StepGradient:
    """Return the chain rule through `_step`, from its last line to its first."""
    i, f, g, o = (step.gates[name] for name in "ifgo")
    (_, c_before), (_, c), (dh, dc) = step.before, step.after, d_after
    squashed = np.tanh(c)
    dc = dc + dh * o * (1 - squashed**2)
    blocks = [
        dc * g * i * (1 - i),
        dc * c_before * f * (1 - f),
        dc * i * (1 - g**2),
        dh * squashed * o * (1 - o),
    ]
    d_sums = np.concatenate(blocks, axis=-1)  # (N, 4H)
    return StepGradient(d_sums, d_sums, (np.zeros_like(dh), dc * f))


LSTM = Cell(
    ("i", "f", "g", "o"),
    4,
    2,
    _step,
    _gradient,
    layer="LSTM",
    spoken={"i": "input", "f": "forget", "o": "output"},
    holding="f",
    forget_block=1,
)
