"""When a run under --minutes stops fitting: what follows, the scores and the report, takes time too.

The measurements behind it are in docs/decisions/0038-shards-and-time-limits.md.
"""

from __future__ import annotations

from pipeline.core.stopping import GRACE_SECONDS

_REPORT_SECONDS = 20.0  # of drawing, which hardly depends on the run
_SECONDS_A_PREDICTION = 5e-5  # of scoring
_MOST_OF_LIMIT = 0.25  # kept back of a limit that is short


def seconds_to_fit(minutes: float, predictions: int) -> float:
    """Return how many seconds after its beginning a run asks its fits to stop.

    Parameters
    ----------
    minutes : float
        That the person gave.
    predictions : int
        Test documents, each as often as a fit answers it.

    >>> seconds_to_fit(30, predictions=100_000)
    1770.0
    >>> seconds_to_fit(1, predictions=100_000)
    45.0
    """
    limit = 60.0 * minutes
    kept_back = _REPORT_SECONDS + _SECONDS_A_PREDICTION * predictions + GRACE_SECONDS
    return limit - min(kept_back, _MOST_OF_LIMIT * limit)
