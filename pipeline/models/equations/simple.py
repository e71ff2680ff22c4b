"""The simple recurrent cell: the state goes through one matrix and one activation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.models.equations.product import product
from pipeline.models.equations.values import Array, Cell, CellWeights, State, Step, StepGradient


@dataclass(frozen=True)
class Activation:
    """A function and its derivative, the latter in terms of the function's value."""

    function: Callable[[Array], Array]
    slope: Callable[[Array], Array]


TANH = Activation(np.tanh, lambda h: 1 - h**2)
LINEAR = Activation(lambda x: x, np.ones_like)


def simple_cell(activation: Activation, layer: str = "") -> Cell:
    """Return the cell h_t = activation(x_t W + h_(t-1) U + b).

    Notes
    -----
    With a the activation and a'(h_t) its slope where its value is h_t, a row of a batch being a row vector:

        h_t         = a(x_t W + h_(t-1) U + b)                      [1]_
        dL/d(sum_t) = dL/dh_t * a'(h_t)                             [2]_
        dh_t/dh_t-1 = diag(a'(h_t)) U^T                             [3]_, section 2

    With the linear activation the product of k Jacobians is (U^T)^k, which a test compares with.

    References
    ----------
    .. [1] Elman (1990), Finding structure in time, Cognitive Science 14(2).
    .. [2] Werbos (1990), Backpropagation through time, Proceedings of the IEEE 78(10).
    .. [3] Pascanu, Mikolov, Bengio (2013), arXiv:1211.5063.
    """

    def step(weights: CellWeights, from_input: Array, state: State) -> tuple[State, dict[str, Array]]:
        (h,) = state
        sums = from_input + product(h, weights.recurrent_kernel) + weights.bias  # (N, H)
        return (activation.function(sums),), {}

    def gradient(weights: CellWeights, step: Step, d_after: State) -> StepGradient:
        d_sum = d_after[0] * activation.slope(step.after[0])  # (N, H)
        return StepGradient(d_sum, d_sum, (np.zeros_like(d_sum),))

    return Cell((), 1, 1, step, gradient, layer)
