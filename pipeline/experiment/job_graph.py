"""The jobs of a run on the cores there are: which can begin, which does, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from pipeline.core import stopping
from pipeline.core.fits import JobEnded, JobFailed, JobKey, JobStopped, Last, Result
from pipeline.experiment.executors import Executor
from pipeline.experiment.jobs import Job


class Loop(Protocol):
    """Jobs that hang together, and what becomes of their results."""

    failed: dict[JobKey, str]  # and why

    def open_jobs(self) -> list[Job]:
        """Return the jobs that have not ended, and can be begun as far as is known; those that are running too."""

    def is_over(self, key: JobKey) -> bool:
        """Return whether a job has ended, well or not."""

    def take(self, job: Job, result: Result) -> None:
        """Keep what a job gave."""

    def drop_what_is_lost(self) -> None:
        """Forget that jobs have ended of which something is damaged that others still need."""


def run_jobs(loops: Sequence[Loop], executor: Executor) -> None:
    """Run every open job of some loops to its end, or until the run is asked to stop; the first loops' come first.

    Whatever ends it early, results that had come are kept.
    """
    for loop in loops:
        loop.drop_what_is_lost()
    running: dict[int, tuple[Loop, Job]] = {}
    begun = 0
    try:
        while True:
            while executor.has_room and not stopping.asked():
                found = _next_job(loops, running.values(), executor)
                if found is None:
                    break
                running[begun] = found
                executor.begin(begun, found[1])
                begun += 1
            if not running:
                return
            with stopping.may_be_cut():
                number, said = executor.next()
            loop, job = running[number]
            if not isinstance(said, JobStopped):
                loop.take(job, said)
            if isinstance(said, Last):
                del running[number]
    except stopping.Stopped:  # what is left runs where the flag is not looked at: it is ended below
        return
    finally:
        for number, said in executor.close():
            if number in running and not isinstance(said, JobEnded | JobStopped):
                running[number][0].take(running[number][1], said)


def _next_job(
    loops: Sequence[Loop], running: Iterable[tuple[Loop, Job]], executor: Executor
) -> tuple[Loop, Job] | None:
    """Return a job that can begin: one after the other as planned, or where several run at once the longest first.

    One that does not fit beside those that run lets the others go first.
    """
    busy = {(id(loop), job.key) for loop, job in running}
    for loop in loops:
        ready = []
        for job in loop.open_jobs():
            if (id(loop), job.key) in busy:
                continue
            if job.needs in loop.failed:
                loop.take(job, JobFailed(job.key, loop.failed[job.needs]))
            elif (job.needs is None or loop.is_over(job.needs)) and executor.fits(job):
                ready.append(job)
        if ready:
            return loop, max(ready, key=_urgency) if executor.at_once > 1 else ready[0]
    return None


def _urgency(job: Job) -> tuple[bool, bool, int]:
    """Return what orders jobs: vectors that others wait for, then what takes longest; probes fill the cores at last.

    No verdict waits for them, and a run whose time is over has more fits this way.
    """
    return job.key.kind == "source", job.key.kind != "probes", job.words
