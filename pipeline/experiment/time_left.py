"""Jobs that ended > how long all that are left will take: what was expected of them, set right by what they took."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pipeline.core.console import Console, Stage
from pipeline.core.fits import JobKey
from pipeline.experiment.job_graph import Watch
from pipeline.experiment.jobs import Job

TITLE = "In all"
MINUTE = 60.0


class TimeLeft(Watch):
    """How long a run still takes; told as a stage of its own.

    Parameters
    ----------
    console : is told
    expected : the seconds that a job takes, as forecast before any has ended
    at_once : how many run side by side
    """

    def __init__(self, console: Console, expected: Callable[[Job], float], at_once: int) -> None:
        self._console, self._expected, self._at_once = console, expected, at_once
        self._began: dict[JobKey, float] = {}
        self._ended: dict[JobKey, tuple[float, float]] = {}  # seconds that it took, and that were expected
        self._stage: Stage | None = None

    def begins(self, job: Job) -> None:
        """Take down that a job begins."""
        self._began[job.key] = time.perf_counter()

    def ends(self, job: Job, left: Sequence[Job]) -> None:
        """Tell how long the jobs that are left will take."""
        took = time.perf_counter() - self._began.pop(job.key)
        self._ended[job.key] = took, self._expected(job)
        if self._stage is None:
            self._stage = self._console.begin(TITLE, 1, "jobs", estimates=False)
        self._stage.note = in_words(self.seconds(left)) if left else ""
        self._stage.reach(len(self._ended), len(self._ended) + len(left))

    def __enter__(self) -> TimeLeft:
        return self

    def __exit__(self, *ended_by: object) -> None:
        """Take the stage away, however the jobs ended."""
        if self._stage is not None:
            self._console.put_away(self._stage)
            self._stage = None

    def seconds(self, left: Sequence[Job]) -> float:
        """Return what is left of jobs that run, and what others take; no job is expected to end at once."""
        took, expected = (sum(pair[place] for pair in self._ended.values()) for place in (0, 1))
        rate = took / expected if expected > 0 else 1.0
        now, total = time.perf_counter(), 0.0
        for job in left:
            whole = self._expected(job) * rate
            passed = now - self._began[job.key] if job.key in self._began else 0.0
            total += max(whole - passed, 0.1 * whole)
        return total / self._at_once


def in_words(seconds: float) -> str:
    """Return how long a run still takes, as a note.

    >>> in_words(372.0), in_words(20.0), in_words(9_000.0)
    ('about 6 min left', 'less than a minute left', 'about 2.5 h left')
    """
    if seconds < MINUTE:
        return "less than a minute left"
    if seconds < 90 * MINUTE:
        return f"about {seconds / MINUTE:.0f} min left"
    return f"about {seconds / 3600:.1f} h left"
