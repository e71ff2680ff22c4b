"""Whether two runs differ more than the seeds of one run do: disagreement between runs, and within them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from pipeline.core.values import Bool, Float64, Int32

LEVEL = 0.05
_MOST_SPLITS = 20_000
_DRAWN = 9_999
_EQUAL = 1e-12  # sums of the same shares in another order


@dataclass(frozen=True)
class Disagreement:
    """Shares of documents on which two fits answer otherwise.

    Attributes
    ----------
    between : of one fit of each run, the mean over all pairs
    within : of two fits of one run, the mean over all pairs of both runs; None where neither has two
    p_value : None where there is no chance to compare with
    smallest_p : the least that so many fits can give
    """

    between: float
    within: float | None
    p_value: float | None
    smallest_p: float | None

    @property
    def is_shown(self) -> bool:
        """Whether the runs differ by more than chance."""
        return self.p_value is not None and self.p_value < LEVEL


def disagreement(a: Int32, b: Int32) -> Disagreement:
    """Return how much the fits of two runs disagree, and whether that is more than the fits of one run do.

    Parameters
    ----------
    a, b : int32 array, shape (S, N)
        The answers of each run's fits to the same N documents; the numbers of fits may differ.

    Notes
    -----
    A permutation test: if the runs differ by chance alone, each way to deal out all fits to two runs is as likely. The
    statistic is the mean disagreement between the runs less that within them; the p-value is the share of the ways in
    which it is at least as large as in the one that was found (Good 2005, Permutation, parametric and bootstrap
    tests of hypotheses, section 3). All ways are tried, or 9,999 drawn ones where there are more than 20,000. The
    documents are taken as they are: it is asked of these documents, not of others like them.
    """
    apart = _apart(np.concatenate([a, b]))  # (S, S)
    first = np.arange(len(apart)) < len(a)
    between, within = _parts(apart, first)
    if within is None:
        return Disagreement(between, None, None, None)
    found, ways = between - within, _ways(len(apart), len(a))
    others = [_excess(apart, way) for way in ways]
    as_large = sum(one >= found - _EQUAL for one in others)
    n_ways = comb(len(apart), len(a))
    mirrored = 2 if len(a) == len(b) else 1  # the two runs exchanged are as far apart
    return Disagreement(between, within, as_large / len(others), mirrored / n_ways)


def _apart(answers: Int32) -> Float64:
    """Return the share of documents on which each two of S fits answer otherwise; (S, S)."""
    return np.array([[float(np.mean(one != other)) for other in answers] for one in answers])


def _parts(apart: Float64, first: Bool) -> tuple[float, float | None]:
    """Return the mean disagreement between two groups of fits, and within them."""
    pairs = [
        apart[np.ix_(group, group)][np.triu_indices(int(group.sum()), 1)]
        for group in (first, ~first)
        if group.sum() > 1
    ]
    within = float(np.mean(np.concatenate(pairs))) if pairs else None
    return float(apart[np.ix_(first, ~first)].mean()), within


def _excess(apart: Float64, first: Bool) -> float:
    between, within = _parts(apart, first)
    assert within is not None, "the numbers of fits are those that were found"
    return between - within


def _ways(n_fits: int, n_first: int) -> list[Bool]:
    """Return ways to deal out fits to two runs, (S,) each: all of them, or drawn ones after that which was found."""
    if comb(n_fits, n_first) <= _MOST_SPLITS:
        chosen = [np.array(own) for own in combinations(range(n_fits), n_first)]
    else:
        generator = np.random.default_rng(0)
        chosen = [generator.permutation(n_fits)[:n_first] for _ in range(_DRAWN)]
        chosen.append(np.arange(n_first))
    return [np.isin(np.arange(n_fits), own) for own in chosen]
