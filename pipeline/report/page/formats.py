"""Numbers as the report shows them. What is absent is a dash."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.core import wording

MISSING = "–"
MINUS = "−"


Number = float | None


def decimal(value: Number, places: int = 3) -> str:
    """Return a number with a fixed count of decimals.

    >>> decimal(0.12345), decimal(None), decimal(-0.5, 1)
    ('0.123', '–', '−0.5')
    """
    return MISSING if value is None else f"{value:,.{places}f}".replace("-", MINUS)


def count(value: Number) -> str:
    """Return a count with thousands apart.

    >>> count(12345)
    '12,345'
    """
    return MISSING if value is None else f"{value:,.0f}"


def percent(value: Number, places: int = 1) -> str:
    """Return a fraction of 1 as percent.

    >>> percent(0.8767), percent(0.87654, 2)
    ('87.7 %', '87.65 %')
    """
    return MISSING if value is None else wording.percent(value, places)


def points(value: Number, places: int = 1) -> str:
    """Return a difference of two fractions in percentage points, with its sign.

    >>> points(0.0123), points(-0.004), points(-0.0001)
    ('+1.2', '−0.4', '0.0')
    """
    if value is None:
        return MISSING
    shown = f"{100 * value:+.{places}f}"
    return shown[1:] if float(shown) == 0 else shown.replace("-", MINUS)


def exact_points(value: float) -> str:
    """Return a size that a person chose in percentage points, with one decimal or as many as it has.

    >>> exact_points(0.01), exact_points(0.0025)
    ('1.0', '0.25')
    """
    shown = f"{100 * value:.6g}"
    return shown if "." in shown else f"{shown}.0"


def interval(pair: Sequence[float] | None, show: Callable[[float, int], str], places: int = 1) -> str:
    """Return both ends of an interval, each as `show` writes it.

    >>> interval([0.85, 0.9], percent)
    '85.0 to 90.0 %'
    """
    if pair is None:
        return MISSING
    lo, hi = (show(end, places) for end in pair)
    return f"{lo.removesuffix(' %')} to {hi}"


def seconds(value: Number) -> str:
    """Return seconds with as many decimals as matter.

    >>> seconds(0.034), seconds(3.21), seconds(1234.5)
    ('0.03', '3.2', '1,234')
    """
    if value is None:
        return MISSING
    places = 2 if value < 1 else 1 if value < 100 else 0
    return f"{value:,.{places}f}"


def duration(value: Number) -> str:
    """Return seconds in the words of a clock.

    >>> duration(42.4), duration(125), duration(3725)
    ('42 s', '2 min 5 s', '1 h 2 min')
    """
    if value is None:
        return MISSING
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes == 0:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def p_value(value: Number) -> str:
    """Return a p-value with three decimals.

    >>> p_value(0.0002), p_value(0.0417)
    ('< 0.001', '0.042')
    """
    if value is None:
        return MISSING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def mean(values: Sequence[float]) -> Number:
    """Return the mean; None where there is no value."""
    return sum(values) / len(values) if values else None


def spread(values: Sequence[float]) -> str:
    """Return a count, or its range where the runs differ.

    >>> spread([12, 12]), spread([1000, 12])
    ('12', '12 to 1,000')
    """
    numbers = sorted(set(values))
    if not numbers:
        return MISSING
    return count(numbers[0]) if len(numbers) == 1 else f"{count(numbers[0])} to {count(numbers[-1])}"


def not_drawn(names: Sequence[str]) -> str:
    """Return a sentence, behind a blank, of what a chart leaves out; empty where it leaves out nothing.

    >>> not_drawn(["rnn", "gru"]), not_drawn([])
    (' Not drawn: rnn, gru.', '')
    """
    return f" Not drawn: {', '.join(names)}." if names else ""
