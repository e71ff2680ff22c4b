"""A network small enough for a pencil: every weight a tenth, from one rule that is stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.interpret.explain.cell_page import by_letter
from pipeline.interpret.explain.cells import CELL_PAGES
from pipeline.interpret.explain.notebook import Notebook
from pipeline.interpret.explain.written import numbers
from pipeline.models.equations import CELLS, CellWeights
from pipeline.models.equations.values import Array

DIMENSION = 2  # of a word's vector
CLASSES = ("A", "B")
LABEL = 0  # the document is taken to be of class A

# start and step of the rule for each array; any numbers would do, these give no two equal columns
RULE = {"E": (9, 4), "W": (2, 5), "U": (11, 3), "b": (7, 2), "V": (12, 4), "v": (7, 11), "A": (1, 7)}
RULE_IN_WORDS = (
    "The weights are not trained: count the entries of an array from k = 0, row by row; entry k is "
    "((start + step·k) mod 13 - 6) / 10. Start and step are "
    + ", ".join(f"{start} and {step} for {name}" for name, (start, step) in RULE.items())
    + "."
)


@dataclass(frozen=True, eq=False)
class SmallNetwork:
    """A text, and two networks that read it: a recurrent one, and one that averages the words' vectors."""

    cell: str
    words: tuple[str, ...]  # (V,), the text's different words in alphabetical order
    table: Array  # (V, D), E
    weights: CellWeights  # W, U, b
    output: tuple[Array, Array]  # V, v
    average: tuple[Array, Array]  # A, v

    def vectors(self, tokens: Sequence[str]) -> Array:
        """Return the tokens' vectors; (T, D)."""
        vectors: Array = self.table[[self.words.index(token) for token in tokens]]
        return vectors


def small_network(cell: str, units: int, tokens: Sequence[str]) -> SmallNetwork:
    """Return the networks of the rule for the words of a text, the same for these words in any order."""
    words = tuple(sorted(set(tokens)))
    equations = CELLS[cell]
    shapes = equations.shapes(DIMENSION, units)
    bias = tenths("b", *shapes["bias"])
    if equations.forget_block is not None:
        bias[units * equations.forget_block :][:units] += 1  # as Keras starts the forget gate
    classes = len(CLASSES)
    return SmallNetwork(
        cell,
        words,
        tenths("E", len(words), DIMENSION),
        CellWeights(tenths("W", *shapes["kernel"]), tenths("U", *shapes["recurrent_kernel"]), bias),
        (tenths("V", units, classes), tenths("v", classes)),
        (tenths("A", DIMENSION, classes), tenths("v", classes)),
    )


def tenths(name: str, *shape: int) -> Array:
    """Return an array of the rule; float64, each entry one of -0.6, -0.5, .. 0.6.

    >>> tenths("W", 2, 2).tolist()
    [[-0.4, 0.1], [0.6, -0.2]]
    """
    start, step = RULE[name]
    counted = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    return ((start + step * counted) % 13 - 6) / 10


def by_class(label: int) -> str:
    """Return the place of a number that belongs to a class."""
    return f"[{CLASSES[label]}]"


def read(network: SmallNetwork, tokens: Sequence[str], book: Notebook, part: str) -> None:
    """Note the way forward through a document, a section a word."""
    page, zeros = CELL_PAGES[network.cell], numbers(np.zeros(network.weights.units))
    book.known |= by_letter(network.weights, page.blocks)
    book.known |= {f"{letter}_0": zeros for letter in CELLS[network.cell].letters}
    for t, (token, vector) in enumerate(zip(tokens, network.vectors(tokens), strict=True), start=1):
        book.section(f'Forward, step {t}: "{token}"', part)
        book.known[f"x_{t}"] = numbers(vector)
        for equation in page.forward:
            equation.note(book, t)
