"""The expected best of n trials, for every n: what a smaller budget would have found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def expected_best(scores: Sequence[float]) -> list[float]:
    """Return the expected highest score of n trials, for n from 1 to the number of `scores`.

    Parameters
    ----------
    scores : sequence of float
        One score a trial, higher is better (validation accuracy, fractions of 1).

    Returns
    -------
    list of float
        Entry n - 1 is the expectation for n trials; the first is the mean of the scores.

    Notes
    -----
    With F the empirical distribution of the N scores, the best of n independent draws is at most v with probability
    F(v)^n, so that its expectation is the sum over the distinct scores v of v (P(V <= v)^n - P(V < v)^n) [1]_.
    The draws are with replacement: the last entry lies below the highest score seen, and the estimate is low
    for n near N [2]_.

    References
    ----------
    .. [1] Dodge, Gururangan, Card, Schwartz, Smith (2019), Show Your Work, arXiv:1909.03004, section 3.
    .. [2] Tang, Lee, Xin, Liu, Yu, Lin (2020), Showing Your Work Doesn't Always Work, arXiv:2004.13705.

    Examples
    --------
    >>> expected_best([0.5, 1.0])
    [0.75, 0.875]
    """
    values, counts = np.unique(np.asarray(scores, dtype=np.float64), return_counts=True)  # (U,)
    at_most = np.cumsum(counts) / max(len(scores), 1)  # (U,), P(V <= v)
    below = np.concatenate([[0.0], at_most[:-1]])  # (U,), P(V < v)
    return [float(values @ (at_most**n - below**n)) for n in range(1, len(scores) + 1)]
