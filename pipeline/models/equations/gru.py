"""The gated recurrent unit as Keras computes it: the reset gate acts after the matrix (`reset_after`)."""

from __future__ import annotations

import numpy as np

from pipeline.models.equations.product import product
from pipeline.models.equations.values import Array, Cell, CellWeights, State, Step, StepGradient, sigmoid


def _step(weights: CellWeights, from_input: Array, state: State) -> tuple[State, dict[str, Array]]:
    """Return h_t and the gates, given x_t W.

    Notes
    -----
    The columns of the kernels are z, r, candidate; b is the first row of the bias, d the second.

        z_t = sigmoid(x_t W_z + b_z + h_(t-1) U_z + d_z)            update gate, [1]_ equation 6
        r_t = sigmoid(x_t W_r + b_r + h_(t-1) U_r + d_r)            reset gate, [1]_ equation 5
        m_t = h_(t-1) U_c + d_c                                     memory
        candidate_t = tanh(x_t W_c + b_c + r_t * m_t)               [1]_ equation 8; there r_t * h_(t-1) comes
                                                                    before U_c
        h_t = z_t * h_(t-1) + (1 - z_t) * candidate_t               [1]_ equation 7

    References
    ----------
    .. [1] Cho et al. (2014), arXiv:1406.1078, section 2.3.
    """
    (h,) = state
    of_input = from_input + weights.bias[0]  # (N, 3H)
    of_state = product(h, weights.recurrent_kernel) + weights.bias[1]  # (N, 3H)
    units = weights.units
    opened = sigmoid(of_input[:, : 2 * units] + of_state[:, : 2 * units])  # z and r at once
    z, r = opened[:, :units], opened[:, units:]  # (N, H) each
    candidate = np.tanh(of_input[:, 2 * units :] + r * of_state[:, 2 * units :])
    return (z * h + (1 - z) * candidate,), {"z": z, "r": r, "candidate": candidate}


def _gradient(weights: CellWeights, step: Step, d_after: State) -> StepGradient:
    """Return the chain rule through `_step`, from its last line to its first."""
    (h,), (dh,), gates = step.before, d_after, step.gates
    z, r, candidate = gates["z"], gates["r"], gates["candidate"]
    dz = dh * (h - candidate) * z * (1 - z)
    dc = dh * (1 - z) * (1 - candidate**2)
    dr = dc * _memory(weights, h) * r * (1 - r)
    from_input = np.concatenate([dz, dr, dc], axis=-1)  # (N, 3H)
    from_state = np.concatenate([dz, dr, dc * r], axis=-1)  # (N, 3H)
    return StepGradient(from_input, from_state, (dh * z,))


def _memory(weights: CellWeights, h: Array) -> Array:
    """Return what the reset gate lets through or not: h_(t-1) U_c + d_c; (N, H)."""
    columns = slice(2 * weights.units, None)
    product: Array = h @ weights.recurrent_kernel[:, columns] + weights.bias[1, columns]
    return product


GRU = Cell(
    ("z", "r", "candidate"),
    3,
    1,
    _step,
    _gradient,
    layer="GRU",
    biases=2,
    spoken={"z": "update", "r": "reset"},
    holding="z",
)
