"""What the equations take and give.

N sequences, T timesteps, D numbers an input, H units, G blocks of H columns in a kernel, S numbers a state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]  # float32 or float64: what comes in decides
Lengths = NDArray[np.integer]  # (N,), real timesteps of each sequence; the rest is padding on the right
State = tuple[Array, ...]  # (h,), or (h, c) for an LSTM; each (N, H)


@dataclass(frozen=True, eq=False)
class CellWeights:
    """The weights of one recurrent layer, laid out as Keras lays them out (`layer.get_weights()`)."""

    kernel: Array  # (D, G * H), from the input
    recurrent_kernel: Array  # (H, G * H), from the state before
    bias: Array  # (G * H,); for a GRU (2, G * H): with the input, with the state

    @property
    def units(self) -> int:
        """How many numbers h has."""
        return len(self.recurrent_kernel)


@dataclass(frozen=True, eq=False)
class Trace:
    """All that a cell computed on the way through its sequences. Place 0 of `states` and `cells` is the start."""

    states: Array  # (N, T + 1, H), h_0 .. h_T
    gates: Mapping[str, Array]  # name: (N, T, H), of timesteps 1 .. T
    cells: Array | None = None  # (N, T + 1, H), c_0 .. c_T of an LSTM

    @property
    def timesteps(self) -> int:
        """T."""
        return int(self.states.shape[1]) - 1

    def of(self, sequence: int) -> Trace:
        """Return what was computed of one sequence; N is 1."""
        one = [sequence]
        gates = {name: gate[one] for name, gate in self.gates.items()}
        return Trace(self.states[one], gates, None if self.cells is None else self.cells[one])

    def state(self, t: int | Lengths) -> State:
        """Return h_t, and c_t where there is one; `t` for all of them, or one for each, (N,)."""
        rows = np.arange(len(self.states))
        parts = (self.states,) if self.cells is None else (self.states, self.cells)
        return tuple(part[rows, t] for part in parts)  # (N, H) each

    def step(self, t: int | Lengths) -> Step:
        """Return timestep t (1 .. T); `t` for all of them, or one for each, (N,)."""
        rows = np.arange(len(self.states))
        gates = {name: gate[rows, t - 1] for name, gate in self.gates.items()}  # (N, H) each
        return Step(self.state(t - 1), gates, self.state(t))


@dataclass(frozen=True, eq=False)
class Step:
    """One timestep: the state before, the gates, the state after."""

    before: State
    gates: Mapping[str, Array]  # name: (N, H)
    after: State


@dataclass(frozen=True, eq=False)
class StepGradient:
    """How a loss depends on what enters one timestep, given how it depends on the state after it."""

    from_input: Array  # (N, G * H), of x_t W + bias
    from_state: Array  # (N, G * H), of h_(t-1) U (+ bias): before it meets the rest
    carried: State  # of the state before, past all matrices: (N, H) each

    def of_state_before(self, weights: CellWeights) -> State:
        """Return how it depends on the state before: (N, H) each."""
        return (self.carried[0] + self.from_state @ weights.recurrent_kernel.T, *self.carried[1:])


@dataclass(frozen=True, eq=False)
class Gradients:
    """How a loss depends on a layer's weights, on what it read and on its states."""

    kernel: Array  # (D, G * H)
    recurrent_kernel: Array  # (H, G * H)
    bias: Array  # as in CellWeights
    inputs: Array  # (N, T, D)
    states: Array  # (N, T + 1, H): dL/dh_t, directly and through all later timesteps
    # (N, T + 1, H): dL/dc_t of an LSTM through later timesteps; what h_t does is in states
    cells: Array | None = None


@dataclass(frozen=True)
class Cell:
    """An entry of the table of cells: its equations for one timestep."""

    gates: tuple[str, ...]  # what a Trace keeps
    blocks: int  # G: a kernel has G * H columns
    parts: int  # 1: the state is h; 2: (h, c)
    # (weights, x_t W (N, G * H), the state before) > the state after, and the gates
    step: Callable[[CellWeights, Array, State], tuple[State, dict[str, Array]]]
    # its chain rule; the sequences may stand in any axes but the last
    gradient: Callable[[CellWeights, Step, State], StepGradient]
    # the layer of Keras: its name there, or a function that returns its class
    layer: str | Callable[[], type] = ""
    biases: int = 1  # 2: one with the input and one with the state
    # gates that open and shut, and their names in words
    spoken: Mapping[str, str] = field(default_factory=dict)
    holding: str = ""  # the gate that says which share of a unit is kept at a step
    forget_block: int | None = None  # the block of columns whose bias `networks.forget_bias` sets

    def shapes(self, dimension: int, units: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of `CellWeights`, of a layer that reads vectors (D,) and has H units."""
        columns = self.blocks * units
        bias = (columns,) if self.biases == 1 else (self.biases, columns)
        return {"kernel": (dimension, columns), "recurrent_kernel": (units, columns), "bias": bias}

    @property
    def letters(self) -> str:
        """What a state is made of: "h", or "hc"."""
        return "hc"[: self.parts]

    @property
    def holding_gates(self) -> str:
        """The name of the gates that say which share of a unit is kept, such as "forget gates"."""
        return f"{self.spoken[self.holding]} gates"


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), written as (1 + tanh(x / 2)) / 2: one function of NumPy's, and nothing overflows.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    half = x.dtype.type(0.5)
    opened: Array = np.tanh(x * half)
    opened += 1
    opened *= half
    return opened
