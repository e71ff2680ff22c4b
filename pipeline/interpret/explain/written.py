"""Equations with the numbers put in: text with gaps, and the numbers for them.

A gap is `{}`. The text is Python's own arithmetic but for two signs: `·` is a product, `²` a square. So a test can
compute what is shown with all digits and compare it with the result beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BRACKETS_IN_BRACKETS = re.compile(r"\((\(-[^()]*\))\)")

DIGITS = 4
EXACT = 1e-14  # relative: what a sum of a few tenths may be off by
NOTHING = 1e-15  # what is smaller is rounding of a sum that cancels, and is shown as 0


@dataclass(frozen=True)
class Written:
    """A template with a `{}` for each number, and the numbers."""

    template: str
    numbers: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", tuple(float(value) for value in self.numbers))

    def __str__(self) -> str:
        text = self.template.format(*(_in_brackets(shown(number)) for number in self.numbers))
        return _BRACKETS_IN_BRACKETS.sub(r"\1", text)


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


def shown_difference(difference: float) -> str:
    """Return a difference with one digit: 0 only where there is none at all.

    >>> shown_difference(0.0), shown_difference(5.6e-17)
    ('0', '6e-17')
    """
    return f"{difference:.0e}" if difference else "0"


def number(value: float) -> Written:
    """Return a number alone."""
    return Written("{}", (value,))


def one_minus(value: float) -> Written:
    """Return `(1 - value)`."""
    return Written("(1 - {})", (value,))


def one_minus_square(value: float) -> Written:
    """Return `(1 - value²)`."""
    return Written("(1 - {}²)", (value,))


def minus(left: float, right: float) -> Written:
    """Return `(left - right)`."""
    return Written("({} - {})", (left, right))


def times(*factors: float | Written) -> Written:
    """Return a product; a plain number is a factor too.

    >>> str(times(0.5, -0.25, one_minus(0.4)))
    '0.5·(-0.25)·(1 - 0.4)'
    """
    return _join("·", factors)


def plus(*terms: float | Written) -> Written:
    """Return a sum.

    >>> str(plus(times(0.5, 0.2), 0.1))
    '0.5·0.2 + 0.1'
    """
    return _join(" + ", terms)


def dot(left: object, right: object) -> Written:
    """Return the sum of the products of two sequences of numbers."""
    return plus(*(times(a, b) for a, b in zip(left, right, strict=True)))  # type: ignore[call-overload]


def applied(function: str, inside: float | Written) -> Written:
    """Return `function(inside)`.

    >>> str(applied("tanh", -0.25))
    'tanh(-0.25)'
    """
    inner = _written(inside)
    return Written(f"{function}({inner.template})", inner.numbers)


def grouped(inside: Written) -> Written:
    """Return `(inside)`, for a sum within a product."""
    return applied("", inside)


def _written(part: float | Written) -> Written:
    return part if isinstance(part, Written) else number(part)


def _join(sign: str, parts: tuple[float | Written, ...]) -> Written:
    written = [_written(part) for part in parts]
    return Written(sign.join(part.template for part in written), sum((part.numbers for part in written), ()))


def _in_brackets(text: str) -> str:
    return f"({text})" if text.startswith("-") else text
