"""Fewer than ten units that tell two models apart > an exact test and interval, by all ways their signs could fall."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from pipeline.core.values import Float64, Int64

FEW = 10  # units that tell two models apart; with fewer, Student's t has no ground
_TIE = 1e-9  # of a document: what is smaller is rounding


@dataclass(frozen=True, eq=False)
class SignFlips:
    """The exact test of a difference that fewer than `FEW` units make up.

    Parameters
    ----------
    contributions : float64 array, shape (n,)
        What each unit that tells the models apart adds to the difference, seeds averaged; none is 0.

    Notes
    -----
    If neither model is better, each unit could as well have spoken for the other one: all 2^n ways to give its
    contribution a sign are equally likely (Fisher's randomisation test [1]_). The two-sided p-value is twice the
    share of ways that reach at least as far as what was seen, at most 1. With one seed all contributions have one
    size and the test is the sign test, which is McNemar's exact one. With several, a unit on which the seeds disagree
    counts for less, as in the difference itself: a sign alone would let six units that one seed of three lost
    outvote two that the other model lost with every seed, where the difference is 0.

    The interval turns the test around. A unit speaks for a with probability q; the interval holds every q whose two
    tails each hold 2.5 % or more (with one seed that of Clopper and Pearson [2]_), and (2 q - 1) times the sum of the
    sizes is the difference. It leaves out 0 where the p-value is below 5 % and only there.

    References
    ----------
    .. [1] Fisher (1935), The Design of Experiments, sec. 21.
    .. [2] Clopper, Pearson (1934), Biometrika 26(4), 404-413.
    """

    contributions: Float64

    @cached_property
    def _ways(self) -> tuple[Int64, Int64]:
        """How many ways with k units for a reach as far up as what was seen, and as far down; int64 (n + 1,) each."""
        sizes, seen = np.abs(self.contributions), self.contributions.sum()
        n_units = len(sizes)
        for_a = (np.arange(2**n_units)[:, None] >> np.arange(n_units)) & 1  # (2^n, n)
        sums, counts = (2 * for_a - 1) @ sizes, for_a.sum(axis=1)  # (2^n,) each
        rounding = 1e-9 * sizes.sum()
        up, down = (counts[reached] for reached in (sums >= seen - rounding, sums <= seen + rounding))
        return np.bincount(up, minlength=n_units + 1), np.bincount(down, minlength=n_units + 1)

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference; 1 where no unit tells the models apart."""
        return float(min(1.0, 2 * min(_tail(ways, 0.5) for ways in self._ways)))

    def interval(self, confidence: float) -> list[float]:
        """The difference [lo, hi] that the test at 1 - `confidence` does not refuse; [0, 0] without a unit."""
        tail, (up, down) = (1 - confidence) / 2, self._ways
        low = 0.0 if up[0] else brentq(lambda q: _tail(up, q) - tail, 0, 1)
        high = 1.0 if down[-1] else brentq(lambda q: _tail(down, q) - tail, 0, 1)
        total = float(np.abs(self.contributions).sum())
        return [(2 * low - 1) * total, (2 * high - 1) * total]


def _tail(ways: Int64, q: float) -> float:
    """Return the probability of the ways counted by how many units are for a, each with probability q."""
    for_a = np.arange(len(ways))
    return float((ways * q**for_a * (1 - q) ** for_a[::-1]).sum())


def sign_flips(contributions: Float64, groups: Int64) -> SignFlips | None:
    """Return the exact test; None where `FEW` units or more tell the models apart.

    Parameters
    ----------
    contributions : float64 array, shape (N,)
        What each document adds to the difference, times N.
    groups : int64 array, shape (N,)
        Documents with one number are one unit.

    >>> sign_flips(np.array([1.0, 1, 0, 1, 1, 1, 0, 0]), np.arange(8)).p_value
    0.0625
    """
    _, numbers = np.unique(groups, return_inverse=True)
    of_units = np.bincount(numbers, weights=contributions)  # (G,)
    telling = of_units[np.abs(of_units) > _TIE]
    return SignFlips(telling / len(contributions)) if len(telling) < FEW else None
