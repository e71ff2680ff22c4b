"""A worked example as a value: what is computed, with which numbers, and what TensorFlow says to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.clean import plural
from pipeline.interpret.explain.written import Written, shown_difference
from pipeline.models.equations.values import Array

LIMIT = 1e-9  # a larger difference from TensorFlow is a fault


@dataclass(frozen=True)
class Line:
    """One number: its name, how it comes about, and TensorFlow's own."""

    name: str  # such as h_1[2]
    put_in: Written  # the equation with the numbers put in
    result: float
    tensorflow: float

    @property
    def difference(self) -> float:
        """Return how far the two numbers lie apart; not a number where one of them is none."""
        return abs(self.result - self.tensorflow)

    @property
    def agrees(self) -> bool:
        """Return whether they are the same within `LIMIT`."""
        return _size(self.difference) <= LIMIT


@dataclass(frozen=True)
class Step:
    """One equation in words and symbols, and a line for each number that it yields."""

    kind: ClassVar[str] = "step"
    words: str
    symbols: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Matrix:
    """A matrix that is given, or whose numbers were computed in the steps before it."""

    kind: ClassVar[str] = "matrix"
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]  # a name and its numbers


@dataclass(frozen=True)
class Table:
    """Figures of many words or networks side by side; `bar` names the column that is drawn as a bar as well."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    bar: str = ""


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    kind: ClassVar[str] = "prose"
    text: str


@dataclass(frozen=True)
class Equations:
    """Equations that are only stated."""

    kind: ClassVar[str] = "equations"
    lines: tuple[str, ...]


Block = Step | Matrix | Table | Prose | Equations


@dataclass(frozen=True)
class Section:
    """A part of the example under a title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Check:
    """Numbers that were compared with TensorFlow's but are not shown one by one."""

    name: str
    count: int
    difference: float  # the largest


def check(name: str, ours: Array, tensorflow: Array) -> Check:
    """Return the comparison of two arrays of the same shape.

    Raises
    ------
    ValueError
        If their shapes differ.
    """
    if np.shape(ours) != np.shape(tensorflow):
        raise ValueError(f"{name}: {np.shape(ours)} here, {np.shape(tensorflow)} in TensorFlow")
    return Check(name, int(np.size(ours)), float(np.abs(np.subtract(ours, tensorflow)).max(initial=0)))


@dataclass(frozen=True)
class Worked:
    """The whole worked example, as both writers show it."""

    title: str
    lead: str  # what is shown, in a few sentences
    sections: tuple[Section, ...]
    checks: tuple[Check, ...] = ()

    def all_checks(self) -> Iterator[Check]:
        """Yield every comparison with TensorFlow: each line shown, then the others."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Step):
                    yield from (Check(line.name, 1, line.difference) for line in block.lines)
        yield from self.checks

    @property
    def compared(self) -> int:
        """Return how many numbers were compared with TensorFlow's."""
        return sum(check.count for check in self.all_checks())

    @property
    def worst(self) -> Check:
        """Return the comparison with the largest difference; one that is no number is larger than any."""
        return max(self.all_checks(), key=lambda check: _size(check.difference))

    @property
    def agrees(self) -> bool:
        """Return whether every number is TensorFlow's within `LIMIT`."""
        return _size(self.worst.difference) <= LIMIT

    @property
    def conclusion(self) -> str:
        """Return the last line: how many numbers were compared, and the largest difference.

        Raises
        ------
        ValueError
            If nothing was compared.
        """
        worst, numbers = self.worst, f"{plural(self.compared, 'number')} compared with TensorFlow's (float64)"
        difference = shown_difference(worst.difference)
        if self.agrees:
            return f"{numbers}: the largest difference is {difference}, in {worst.name}."
        return (
            f"TENSORFLOW DISAGREES. {numbers}: the difference in {worst.name} is {difference},"
            f" and at most {LIMIT:g} is rounding. Do not trust this page."
        )


def _size(difference: float) -> float:
    return difference if difference == difference else float("inf")  # noqa: PLR0124  not a number
