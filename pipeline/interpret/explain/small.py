"""A network small enough for a pencil: every weight a tenth, from one rule that is stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.interpret.explain.answers import Output
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
    output: Output  # V, v
    average: Output  # A, v

    def rows(self, tokens: Sequence[str]) -> list[int]:
        """Return each token's row of the table."""
        return [self.words.index(token) for token in tokens]

    def vectors(self, tokens: Sequence[str]) -> Array:
        """Return the tokens' vectors; (T, D)."""
        vectors: Array = self.table[self.rows(tokens)]
        return vectors


def small_network(cell: str, units: int, tokens: Sequence[str]) -> SmallNetwork:
    """Return the networks of the rule for the words of a text, the same for these words in any order."""
    words = tuple(sorted(set(tokens)))
    equations = CELLS[cell]
    width = units * equations.blocks
    bias = tenths("b", equations.biases, width) if equations.biases > 1 else tenths("b", width)
    if equations.forget_block is not None:
        bias[units * equations.forget_block :][:units] += 1  # as Keras starts the forget gate
    classes = len(CLASSES)
    return SmallNetwork(
        cell,
        words,
        tenths("E", len(words), DIMENSION),
        CellWeights(tenths("W", DIMENSION, width), tenths("U", units, width), bias),
        Output(tenths("V", units, classes), tenths("v", classes)),
        Output(tenths("A", DIMENSION, classes), tenths("v", classes)),
    )


def tenths(name: str, *shape: int) -> Array:
    """Return an array of the rule; float64, each entry one of -0.6, -0.5, .. 0.6.

    >>> tenths("W", 2, 2).tolist()
    [[-0.4, 0.1], [0.6, -0.2]]
    """
    start, step = RULE[name]
    counted = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    return ((start + step * counted) % 13 - 6) / 10
