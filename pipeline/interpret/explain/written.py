"""Numbers that remember how they came about: text with a gap for each number put in, and what comes out.

A gap is `{}`. The text is Python's own arithmetic but for two signs: `·` is a product, `²` a square. So a test can
compute what is shown with all digits and compare it with the result beside it. NumPy arrays of such numbers (`Numbers`)
are added, multiplied and summed like any other: an equation of arrays is written as it stands in a book.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.core.values import Float64

Numbers = NDArray[np.object_]  # of Written

DIGITS = 4
EXACT = 1e-14  # relative: what a sum of a few tenths may be off by
NOTHING = 1e-15  # what is smaller is rounding of a sum that cancels, and is shown as 0
_NAME = re.compile(r"(dL/d[A-Za-z0-9_]+|[A-Za-zσ][A-Za-z0-9_]*)(ᵀ?)")
_BRACKETS_IN_BRACKETS = re.compile(r"\((\(-[^()]*\))\)")


@dataclass(frozen=True, eq=False)
class Written:
    """A template with a `{}` for each number, the numbers, and what the whole comes to.

    >>> half = number(0.5)
    >>> str(half * number(-0.25) * (1 - number(0.4) ** 2) + 0.1)
    '0.5·(-0.25)·(1 - 0.4²) + 0.1'
    >>> str(number(2) * (half + 1))
    '2·(0.5 + 1)'
    """

    template: str
    numbers: tuple[float, ...]
    value: float
    is_sum: bool = False  # it stands in brackets where it is a factor

    def __str__(self) -> str:
        text = self.template.format(*(_in_brackets(shown(one)) for one in self.numbers))
        return _BRACKETS_IN_BRACKETS.sub(r"\1", text)

    @property
    def _factor(self) -> str:
        return f"({self.template})" if self.is_sum else self.template

    def __add__(self, other: float | Written) -> Written:
        right = number(other)
        template = f"{self.template} + {right.template}"
        return Written(template, self.numbers + right.numbers, self.value + right.value, is_sum=True)

    def __sub__(self, other: float | Written) -> Written:
        right = number(other)
        template = f"({self.template} - {right._factor})"
        return Written(template, self.numbers + right.numbers, self.value - right.value)

    def __rsub__(self, other: float) -> Written:
        return number(other) - self

    def __mul__(self, other: float | Written) -> Written:
        right = number(other)
        template = f"{self._factor}·{right._factor}"
        return Written(template, self.numbers + right.numbers, self.value * right.value)

    def __truediv__(self, other: float | Written) -> Written:
        right = number(other)
        template = f"{self._factor} / {right._factor}"
        return Written(template, self.numbers + right.numbers, self.value / right.value)

    def __pow__(self, power: int) -> Written:
        if power != 2:
            raise ValueError(f"power {power} is not written; 2 is")
        return Written(f"{self._factor}²", self.numbers, self.value**2)


def number(value: float | Written) -> Written:
    """Return a number alone; one that is written already as it is."""
    return value if isinstance(value, Written) else Written("{}", (float(value),), float(value))


def numbers(values: ArrayLike) -> Numbers:
    """Return an array of numbers alone."""
    return _each(number, np.asarray(values))


def values(written: Numbers) -> Float64:
    """Return what each comes to."""
    return _each(lambda one: one.value, written).astype(np.float64)


def _applied(name: str, function: Callable[[float], float]) -> Callable[[Numbers], Numbers]:
    def apply(one: Written) -> Written:
        return Written(f"{name}({one.template})", one.numbers, function(one.value))

    return lambda written: _each(apply, written)


def _each(function: Callable[..., object], array: NDArray[np.generic]) -> Numbers:
    return np.array([function(one) for one in array.ravel().tolist()], dtype=object).reshape(array.shape)


tanh = _applied("tanh", math.tanh)
exp = _applied("exp", math.exp)
sigmoid = _applied("σ", lambda value: 1 / (1 + math.exp(-value)))
minus_log = _applied("-ln", lambda value: -math.log(value))


def shown(number: float) -> str:
    """Return a number rounded to four significant digits; one that has fewer is shown as it is.

    >>> shown(0.4), shown(0.52996), shown(-0.00012346), shown(12345678.0), shown(3e-17)
    ('0.4', '0.5300', '-0.0001235', '1.235e+07', '0')
    """
    if abs(number) < NOTHING:
        return "0"
    short = f"{number:.{DIGITS}g}"
    exact = abs(float(short) - number) <= EXACT * abs(number)
    return short if exact else f"{number:#.{DIGITS}g}".rstrip(".")


def computed(right_side: str, known: Mapping[str, Numbers]) -> Numbers:
    """Return what the right side of an equation comes to, with the numbers put in for its names.

    Two names beside each other are a product of matrices, `*` is number by number, and `ᵀ` turns a matrix over.

    >>> known = {"x": numbers([2.0, 3.0]), "W": numbers([[0.5], [4.0]])}
    >>> [str(one) for one in computed("tanh(x W)", known)], [str(one) for one in computed("x * (1 - x²)", known)]
    (['tanh(2·0.5 + 3·4)'], ['2·(1 - 2²)', '3·(1 - 3²)'])
    """
    functions = {"tanh": tanh, "exp": exp, "σ": sigmoid}

    def put_in(found: re.Match[str]) -> str:
        name, turned = found.groups()
        return name if name in functions else f"known[{name!r}]{'.T' if turned else ''}"

    python = _NAME.sub(put_in, right_side).replace("²", "**2")
    python = re.sub(r"(\]|\.T) known", r"\1 @ known", python)
    result: Numbers = eval(
        python, {**functions, "known": known}
    )  # the text is this program's own, nobody typed it
    return result


def _in_brackets(text: str) -> str:
    return f"({text})" if text.startswith("-") else text
