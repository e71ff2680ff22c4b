"""Numbers as the report shows them. What is absent or not finite is a dash."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeGuard

from pipeline.core import wording

MISSING = "–"
MINUS = "−"


def is_number(value: object) -> TypeGuard[float]:
    """Return whether `value` is a finite number (a bool is not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_interval(value: object) -> TypeGuard[Sequence[float]]:
    """Return whether `value` is a pair of finite numbers."""
    return isinstance(value, list | tuple) and len(value) == 2 and all(is_number(end) for end in value)


def decimal(value: object, places: int = 3) -> str:
    """Return a number with a fixed count of decimals.

    >>> decimal(0.12345), decimal(None), decimal(-0.5, 1)
    ('0.123', '–', '−0.5')
    """
    return f"{value:,.{places}f}".replace("-", MINUS) if is_number(value) else MISSING


def count(value: object) -> str:
    """Return a count with thousands apart.

    >>> count(12345)
    '12,345'
    """
    return f"{value:,.0f}" if is_number(value) else MISSING


def percent(value: object, places: int = 1) -> str:
    """Return a fraction of 1 as percent.

    >>> percent(0.8767), percent(0.87654, 2)
    ('87.7 %', '87.65 %')
    """
    return wording.percent(value, places) if is_number(value) else MISSING


def points(value: object, places: int = 1) -> str:
    """Return a difference of two fractions in percentage points, with its sign.

    >>> points(0.0123), points(-0.004), points(-0.0001)
    ('+1.2', '−0.4', '0.0')
    """
    if not is_number(value):
        return MISSING
    shown = f"{100 * value:+.{places}f}"
    return shown[1:] if float(shown) == 0 else shown.replace("-", MINUS)


def exact_points(value: object) -> str:
    """Return a size that a person chose in percentage points, with one decimal or as many as it has.

    >>> exact_points(0.01), exact_points(0.0025)
    ('1.0', '0.25')
    """
    if not is_number(value):
        return MISSING
    shown = f"{100 * value:.6g}"
    return shown if "." in shown else f"{shown}.0"


def interval(pair: object, show: Callable[[float, int], str], places: int = 1) -> str:
    """Return both ends of an interval, each as `show` writes it.

    >>> interval([0.85, 0.9], percent)
    '85.0 to 90.0 %'
    """
    if not is_interval(pair):
        return MISSING
    lo, hi = (show(end, places) for end in pair)
    return f"{lo.removesuffix(' %')} to {hi}"


def seconds(value: object) -> str:
    """Return seconds with as many decimals as matter.

    >>> seconds(0.034), seconds(3.21), seconds(1234.5)
    ('0.03', '3.2', '1,234')
    """
    if not is_number(value):
        return MISSING
    places = 2 if value < 1 else 1 if value < 100 else 0
    return f"{value:,.{places}f}"


def duration(value: object) -> str:
    """Return seconds in the words of a clock.

    >>> duration(42.4), duration(125), duration(3725)
    ('42 s', '2 min 5 s', '1 h 2 min')
    """
    if not is_number(value):
        return MISSING
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes == 0:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def p_value(value: object) -> str:
    """Return a p-value with three decimals.

    >>> p_value(0.0002), p_value(0.0417)
    ('< 0.001', '0.042')
    """
    if not is_number(value):
        return MISSING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def mean(values: Sequence[object]) -> float | None:
    """Return the mean of the numbers among `values`; None if there is none."""
    numbers = [value for value in values if is_number(value)]
    return sum(numbers) / len(numbers) if numbers else None


def spread(values: Sequence[object]) -> str:
    """Return a count, or its range where the runs differ.

    >>> spread([12, 12]), spread([1000, 12])
    ('12', '12 to 1,000')
    """
    numbers = sorted({value for value in values if is_number(value)})
    if not numbers:
        return MISSING
    return count(numbers[0]) if len(numbers) == 1 else f"{count(numbers[0])} to {count(numbers[-1])}"
