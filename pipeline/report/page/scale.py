"""Where a value stands in a picture, in per cent of its width or height, and the places that its axis names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)  # what an axis may count in, times a power of ten
EDGE = 0.04  # of the width, left free on either side


def short(value: float) -> str:
    """Return a number of any size: a whole one as it is, another with three digits.

    >>> short(12345), short(0.00012345), short(2.5)
    ('12,345', '0.000123', '2.5')
    """
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"


@dataclass(frozen=True)
class Scale:
    """An axis.

    Attributes
    ----------
    lo, hi : its ends
    ticks : places that it names, with what stands there
    log : equal steps are equal ratios
    band : half of a region around zero that is shaded
    """

    lo: float
    hi: float
    ticks: tuple[tuple[float, str], ...] = ()
    log: bool = False
    band: float | None = None

    def at(self, value: float) -> float:
        """Return where a value stands, in per cent from the start; what lies outside stands at the edge.

        >>> Scale(0.0, 10.0).at(2.5), Scale(1.0, 100.0, log=True).at(10.0), Scale(0.0, 1.0).at(3.0)
        (25.0, 50.0, 100.0)
        """
        lo, hi, here = (self._even(one) for one in (self.lo, self.hi, value))
        share = 0.5 if hi <= lo else (here - lo) / (hi - lo)
        return round(100 * min(max(share, 0.0), 1.0), 1)

    def _even(self, value: float) -> float:
        return math.log(max(value, 1e-300)) if self.log else value


def scale_of(
    values: Iterable[float],
    show: Callable[[float], str] = short,
    *,
    within: tuple[float, float] = (-math.inf, math.inf),
    most: int = 5,
    band: float | None = None,
) -> Scale:
    """Return an axis that holds all values, with a few round places named.

    Parameters
    ----------
    values : what it has to hold
    show : what stands at a place
    within : no end goes beyond these, such as 0 and 1 for shares
    most : places that are named
    band : half of a region around zero that is shaded

    >>> [text for _, text in scale_of([0.0, 133.0], most=3).ticks]
    ['0', '50', '100']
    """
    held = [*values, *((-band, band) if band else ())]
    lo, hi = (min(held), max(held)) if held else (0.0, 1.0)
    room = (hi - lo or abs(hi) or 1.0) * EDGE
    lo, hi = max(lo - room, within[0]), min(hi + room, within[1])
    if hi <= lo:
        lo, hi = lo - 0.5, lo + 0.5
    return Scale(lo, hi, tuple((place, show(place)) for place in round_places(lo, hi, most)), band=band)


def round_places(lo: float, hi: float, most: int) -> list[float]:
    """Return at most so many round numbers between two ends, evenly apart.

    >>> round_places(-0.02, 0.11, 4), round_places(3.0, 3.0, 4)
    ([0.0, 0.05, 0.1], [3.0])
    """
    if hi <= lo:
        return [lo]
    power = 10.0 ** math.floor(math.log10((hi - lo) / most))
    for step in (unit * power * ten for ten in (1, 10, 100) for unit in STEPS):
        first, last = math.ceil(round(lo / step, 9)), math.floor(round(hi / step, 9))
        if last - first < most:
            return [round(number * step, 12) + 0.0 for number in range(first, last + 1)]
    return []


def log_scale(values: Iterable[float], places: Iterable[float] = ()) -> Scale:
    """Return a logarithmic axis, marked at `places`, or at powers of ten; every value is above 0.

    >>> [text for _, text in log_scale([0.5, 120.0]).ticks]
    ['1', '10', '100']
    """
    held = [value for value in values if value > 0] or [1.0]
    lo, hi = min(held), max(held)
    if lo == hi:
        lo, hi = lo / 2, hi * 2
    powers = range(math.ceil(math.log10(lo) - 1e-9), math.floor(math.log10(hi) + 1e-9) + 1)
    apart = max(1, math.ceil(len(powers) / 6))
    named = list(places) or [10.0**power for power in powers if (power - powers[0]) % apart == 0]
    return Scale(lo, hi, tuple((place, short(place)) for place in named if lo <= place <= hi), log=True)
