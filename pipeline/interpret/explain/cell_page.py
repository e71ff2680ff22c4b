"""What the cells' equations share when the numbers are put in: forward, back, and one step's Jacobian.

Words are numbered from 1; `[j]` is the j-th number of a vector. Vectors are rows: x_t W, not W x_t. An equation is
written once, as it is shown: a notebook computes what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.interpret.explain.notebook import Notebook
from pipeline.interpret.explain.written import Numbers, numbers
from pipeline.models.equations import CellWeights

Known = Mapping[str, Numbers]  # by name, such as `Wi`, `h_2`, `dL/dh_2`


@dataclass(frozen=True)
class Equation:
    """One line of a timestep t; `later` is added to words and symbols where another timestep follows."""

    words: str
    symbols: str
    later: tuple[str, str] = ("", "")

    def note(self, book: Notebook, t: int, *, followed: bool = False) -> None:
        """Note it for one timestep."""
        words, symbols = self.words, self.symbols
        if followed:
            words, symbols = words + self.later[0], symbols + self.later[1]
        book.work(at(words, t), at(symbols, t))


@dataclass(frozen=True)
class CellPage:
    """How one cell is shown.

    Attributes
    ----------
    equations : the timestep as books have it
    blocks : the columns of the kernels, a letter for each block of H, "" where there is one
    sources : what each block adds from the state before: the name of that sum
    forward : one timestep, given what it reads
    backward : the way back through it, given what reaches its state
    jacobian : returns the symbols of one timestep's Jacobian, and the Jacobian
    why, why_title : what the cell does about the shrinking of gradients
    """

    name: str
    equations: tuple[str, ...]
    blocks: tuple[str, ...]
    sources: tuple[str, ...]
    forward: tuple[Equation, ...]
    backward: tuple[Equation, ...]
    jacobian: Callable[[Known, int], tuple[str, Numbers]]
    why_title: str
    why: str

    @property
    def to_state(self) -> Equation:
        """What reaches h_t from step t + 1: by way of the sums that read it, and of the gate that keeps it."""
        kept = ["dL/dh_(t+1) * z_(t+1)"] if "z" in self.blocks else []
        read = zip(self.sources, self.blocks, strict=True)
        terms = [*kept, *(f"dL/d{source}_(t+1) U{letter}ᵀ" for source, letter in read)]
        return Equation("The state is what step (t+1) reads", f"dL/dh_t = {' + '.join(terms)}")

    @property
    def to_word(self) -> str:
        """What reaches the word's vector, in symbols."""
        return f"dL/dx_t = {' + '.join(f'dL/da{letter}_t W{letter}ᵀ' for letter in self.blocks)}"


def at(text: str, t: int) -> str:
    """Return what is said of any timestep as it is said of one.

    >>> at("c_t = f_t * c_(t-1)², step t", 3)
    'c_3 = f_3 * c_2², step 3'
    """
    for sign, other in (("-", t - 1), ("+", t + 1)):
        text = text.replace(f"(t{sign}1)", f"{other}")
    return re.sub(r"(?<![A-Za-z'])t(?![A-Za-z])", f"{t}", text)


def gate(letter: str, meaning: str, biases: str = "b") -> tuple[Equation, Equation]:
    """Return what goes into a gate, and the gate."""
    added = " + ".join(f"{bias}{letter}" for bias in biases)
    function = "tanh" if letter == "g" else "σ"
    return (
        Equation(
            f"What goes into the {meaning.partition(':')[0]}",
            f"a{letter}_t = x_t W{letter} + h_(t-1) U{letter} + {added}",
        ),
        Equation(f"The {meaning}", f"{letter}_t = {function}(a{letter}_t)"),
    )


def into(letter: str, right_side: str) -> Equation:
    """Return the gradient of what goes into a gate."""
    return Equation(f"What reaches the sum in {letter}_t", f"dL/da{letter}_t = {right_side}")


def by_letter(weights: CellWeights, blocks: tuple[str, ...]) -> Known:
    """Return a cell's weights by their letters, such as Wi, Ui, bi; d is the bias that comes with the state."""
    arrays = {"W": weights.kernel, "U": weights.recurrent_kernel}
    arrays |= dict(zip("bd", np.atleast_2d(weights.bias), strict=False))
    return {
        f"{name}{letter}": numbers(columns)
        for name, array in arrays.items()
        for letter, columns in zip(blocks, np.split(array, len(blocks), axis=-1), strict=True)
    }


def of_step(known: Known, letters: str, t: int) -> list[Numbers]:
    """Return what a timestep computed, by the letters of its equations."""
    return [known[f"{letter}_{t}"] for letter in letters]


def down(column: Numbers, matrix: Numbers) -> Numbers:
    """Return diag(column) matrix."""
    scaled: Numbers = column[:, None] * matrix
    return scaled
