"""Numbers as the sentences of a verdict or a cause say them."""

from __future__ import annotations


def percent(fraction: float) -> str:
    """Return a fraction of 1 as percent.

    >>> percent(0.953)
    '95.3 %'
    """
    return f"{100 * fraction:.1f} %"


def signed_points(fraction: float) -> str:
    """Return percentage points with a sign; never -0.0.

    >>> signed_points(0.018), signed_points(-0.0001)
    ('+1.8', '+0.0')
    """
    return f"{round(100 * fraction, 1) + 0.0:+.1f}"


def plain_points(fraction: float) -> str:
    """Return a size in percentage points, never 0 for one that is not.

    >>> plain_points(0.01), plain_points(0.023), plain_points(0.00042)
    ('1 point', '2.3 points', '0.04 points')
    """
    number = f"{100 * fraction:.1f}"
    return _counted(f"{100 * fraction:.1g}" if float(number) == 0 else number.removesuffix(".0"))


def exact_points(fraction: float) -> str:
    """Return a size that a person chose, in percentage points, to its last digit.

    >>> exact_points(0.01), exact_points(0.0025)
    ('1 point', '0.25 points')
    """
    return _counted(f"{100 * fraction:.6g}")


def _counted(number: str) -> str:
    return f"{number} point" if number == "1" else f"{number} points"


def difference_words(difference: float, interval: list[float]) -> str:
    """Return a difference with its 95 % interval.

    >>> difference_words(-0.018, [-0.031, -0.004])
    '-1.8 points (95 % interval -3.1 to -0.4)'
    """
    low, high = map(signed_points, interval)
    return f"{signed_points(difference)} points (95 % interval {low} to {high})"


def detectable_words(smallest: float | None) -> str:
    """Return what would be found four times out of five: the power that a comparison has.

    >>> detectable_words(0.023)
    'a true difference of 2.3 points would be found four times out of five'
    >>> detectable_words(1.04)
    'no true difference that accuracy can have would be found four times out of five'
    >>> detectable_words(None)
    'fewer than ten documents tell the two apart'
    """
    if smallest is None:
        return "fewer than ten documents tell the two apart"
    size = f"a true difference of {plain_points(smallest)}"
    if smallest > 1:
        size = "no true difference that accuracy can have"
    return f"{size} would be found four times out of five"
