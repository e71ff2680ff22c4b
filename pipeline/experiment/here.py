"""Fits in this process, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pipeline.core import stopping
from pipeline.core.fits import JobEnded, JobStopped, Last, Said
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job, Made, stored
from pipeline.experiment.out_of_memory import want_of_memory


@contextmanager
def here(data: RunData, at_once: int = 1) -> Iterator[Here]:
    """Give this process as the place where jobs run, one after the other."""
    yield Here(data)


class Here:
    """Runs each fit in this process."""

    at_once = 1

    def __init__(self, data: RunData) -> None:
        self._data = data
        self._running: Iterator[tuple[int, Said]] | None = None

    @property
    def has_room(self) -> bool:
        """Whether the job before has ended."""
        return self._running is None

    def fits(self, job: Job) -> bool:
        """Return True: nothing runs beside it."""
        return True

    def begin(self, number: int, job: Job) -> None:
        """Begin a job; it runs while its results are asked for."""
        self._running = self._results(number, job)

    def next(self) -> tuple[int, Said]:
        """Return the next result of the job."""
        assert self._running is not None, "a job was begun"
        number, result = next(self._running)
        if isinstance(result, Last):
            self._running = None
        return number, result

    def close(self) -> list[tuple[int, Said]]:
        """Return nothing: every result was given when it came."""
        return []

    def fit(self, job: Job) -> Iterable[Made]:
        """Return what the job's own function makes of it."""
        return job.fit(self._data, job)

    def _results(self, number: int, job: Job) -> Iterator[tuple[int, Said]]:
        try:
            for made in self.fit(job):
                result = stored(job, made)
                if result is not None:
                    yield number, result
        except stopping.Stopped:
            yield number, JobStopped(job.key)
            return
        except Exception as error:
            failed = want_of_memory(job.key, error)
            if failed is None:
                raise
            yield number, failed
            return
        yield number, JobEnded(job.key)
