"""What the cells' equations share when the numbers are put in: forward, back, and one step's Jacobian.

Words are numbered from 1; `[j]` is the j-th number of a vector. Vectors are rows: x_t W, not W x_t. A timestep is a
mapping from the letters of its equations to numbers: `x`, `h_before`, `h`, the gates, and on the way back `dL/dh`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.interpret.explain.notebook import Notebook
from pipeline.interpret.explain.written import Numbers, numbers, sigmoid, tanh
from pipeline.models.equations import CellWeights

Timestep = dict[str, Numbers]


@dataclass(frozen=True)
class CellPage:
    """How one cell is shown.

    Attributes
    ----------
    blocks : the columns of the kernels, a letter for each block of H, "" where there is one
    sources : what each block adds from the state before: the name of that sum
    forward : notes one timestep, given what it reads, and adds its results
    backward : notes the way back through one timestep, given the one after it (None: it is the last)
    jacobian : returns the symbols of one timestep's Jacobian, and the Jacobian
    why, why_title : what the cell does about the shrinking of gradients
    """

    name: str
    equations: tuple[str, ...]
    blocks: tuple[str, ...]
    sources: tuple[str, ...]
    forward: Callable[[Notebook, Timestep, int, Timestep], None]
    backward: Callable[[Notebook, Timestep, int, Timestep, Timestep | None], None]
    jacobian: Callable[[Timestep, int, Timestep], tuple[str, Numbers]]
    why_title: str
    why: str


def by_letter(weights: CellWeights, blocks: tuple[str, ...]) -> Timestep:
    """Return a cell's weights by their letters, such as Wi, Ui, bi; d is the bias that comes with the state."""
    arrays = {"W": weights.kernel, "U": weights.recurrent_kernel}
    arrays |= dict(zip("bd", np.atleast_2d(weights.bias), strict=False))
    return {
        f"{name}{letter}": numbers(columns)
        for name, array in arrays.items()
        for letter, columns in zip(blocks, np.split(array, len(blocks), axis=-1), strict=True)
    }


def gate(book: Notebook, w: Timestep, t: int, s: Timestep, letter: str, meaning: str) -> None:
    """Note what goes into a gate, and the gate."""
    put_in = s["x"] @ w[f"W{letter}"] + s["h_before"] @ w[f"U{letter}"] + w[f"b{letter}"]
    biases = f"b{letter}"
    if f"d{letter}" in w:
        put_in, biases = put_in + w[f"d{letter}"], f"{biases} + d{letter}"
    symbols = f"a{letter}_{t} = x_{t} W{letter} + h_{t - 1} U{letter} + {biases}"
    a = book.step(f"What goes into the {meaning.partition(':')[0]}", symbols, put_in)
    name, function = ("tanh", tanh) if letter == "g" else ("σ", sigmoid)
    s[letter] = book.step(f"The {meaning}", f"{letter}_{t} = {name}(a{letter}_{t})", function(a))


def d_gates(book: Notebook, t: int, s: Timestep, gradients: dict[str, tuple[str, Numbers]]) -> None:
    """Note the gradient of what goes into each gate: its symbols, and the equation with the numbers put in."""
    for letter, (symbols, put_in) in gradients.items():
        words = f"What reaches the sum in {letter}_{t}"
        s[f"dL/da{letter}"] = book.step(words, f"dL/da{letter}_{t} = {symbols}", put_in)


def d_state(
    book: Notebook, w: Timestep, t: int, after: Timestep, blocks: tuple[str, ...], sources: tuple[str, ...]
) -> Numbers:
    """Note what reaches h_t from step t + 1, by way of the sums that read it and of the gate that keeps it."""
    terms = [f"dL/d{source}_{t + 1} U{letter}ᵀ" for source, letter in zip(sources, blocks, strict=True)]
    parts = [
        after[f"dL/d{source}"] @ w[f"U{letter}"].T for source, letter in zip(sources, blocks, strict=True)
    ]
    if "z" in after:
        terms.insert(0, f"dL/dh_{t + 1} * z_{t + 1}")
        parts.insert(0, after["dL/dh"] * after["z"])
    symbols = f"dL/dh_{t} = {' + '.join(terms)}"
    return book.step(f"The state is what step {t + 1} reads", symbols, sum(parts[1:], parts[0]))


def d_input(book: Notebook, w: Timestep, t: int, s: Timestep, blocks: tuple[str, ...], word: str) -> Numbers:
    """Note what reaches the word's vector."""
    parts = [s[f"dL/da{letter}"] @ w[f"W{letter}"].T for letter in blocks]
    symbols = f"dL/dx_{t} = {' + '.join(f'dL/da{letter}_{t} W{letter}ᵀ' for letter in blocks)}"
    return book.step(f'What reaches the word "{word}"', symbols, sum(parts[1:], parts[0]))


def down(column: Numbers, matrix: Numbers) -> Numbers:
    """Return diag(column) matrix."""
    scaled: Numbers = column[:, None] * matrix
    return scaled
