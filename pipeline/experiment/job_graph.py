"""The jobs of a run on the cores there are: which can begin, which does, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Protocol

from pipeline.core import stopping
from pipeline.core.errors import PipelineError
from pipeline.core.fits import JobEnded, JobFailed, JobKey, JobStopped, Last, Result, Said
from pipeline.experiment.executors import Executor
from pipeline.experiment.jobs import Job
from pipeline.run_folder.attempts import BEGUN, LEFT
from pipeline.run_folder.folder import RunFolder


class Loop(Protocol):
    """Jobs that hang together, and what becomes of their results."""

    folder: RunFolder  # where results are
    failed: dict[JobKey, str]  # and why

    def open_jobs(self) -> list[Job]:
        """Return the jobs that have not ended, and can be begun as far as is known; those that are running too."""

    def is_over(self, key: JobKey) -> bool:
        """Return whether a job has ended, well or not."""

    def take(self, job: Job, result: Result) -> None:
        """Keep what a job gave."""

    def drop_what_is_lost(self) -> None:
        """Forget that jobs have ended of which something is damaged that others still need."""


class Watch:
    """Who is told of jobs that begin and end; this one takes nothing down."""

    def begins(self, job: Job) -> None:
        """Take down that a job begins."""

    def ends(self, job: Job, left: Sequence[Job]) -> None:
        """Take down that a job ended; `left` are those that have not, as far as they are known."""


UNWATCHED = Watch()


def run_jobs(loops: Sequence[Loop], executor: Executor, watch: Watch = UNWATCHED) -> None:
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
                _begin(*found, begun, executor)
                watch.begins(found[1])
                begun += 1
            if not running:
                return
            with stopping.may_be_cut():
                number, said = executor.next()
            loop, job = running[number]
            _take(loop, job, said)
            if isinstance(said, Last):
                del running[number]
                watch.ends(job, [one for each in loops for one in each.open_jobs()])
    except stopping.Stopped:  # what is left runs where the flag is not looked at: it is ended below
        return
    finally:
        for number, said in executor.close():
            if number in running and not isinstance(said, JobEnded | JobStopped):
                running[number][0].take(running[number][1], said)
        with suppress(OSError, PipelineError):  # what ends the run is to be told, and no second error
            for loop, job in running.values():
                _take(loop, job, JobStopped(job.key))


def _begin(loop: Loop, job: Job, number: int, executor: Executor) -> None:
    """Begin a job; of one that runs alone the folder says so: if the run is killed meanwhile, that may be its doing."""
    if executor.at_once == 1:
        loop.folder.tell(BEGUN, {"key": job.key._asdict(), "point": _saved_point(job)})
    executor.begin(number, job)


def _take(loop: Loop, job: Job, said: Said) -> None:
    if isinstance(said, JobStopped):
        loop.folder.tell(LEFT, {})
    else:
        loop.take(job, said)


def _saved_point(job: Job) -> int:
    """Return when a training last saved how far it is, in nanoseconds; 0 where it has not."""
    files = job.place.glob("*") if job.place else ()
    return max((file.stat().st_mtime_ns for file in files), default=0)


def _next_job(
    loops: Sequence[Loop], running: Iterable[tuple[Loop, Job]], executor: Executor
) -> tuple[Loop, Job] | None:
    """Return a job that can begin: one after the other as planned, or where several run at once the longest first.

    One that does not fit beside those that run lets the others go first.
    """
    busy = {(id(loop), job.key) for loop, job in running}
    for loop in loops:
        ready, failed = [], False
        for job in loop.open_jobs():
            if (id(loop), job.key) in busy:
                continue
            why_not = _why_not(loop, job)
            if why_not:
                loop.take(job, JobFailed(job.key, why_not))
                failed = True
            elif (job.needs is None or loop.is_over(job.needs)) and executor.fits(job):
                ready.append(job)
        if failed:  # others may wait for these no longer
            return _next_job(loops, running, executor)
        if ready:
            return loop, max(ready, key=_urgency) if executor.at_once > 1 else ready[0]
    return None


def _why_not(loop: Loop, job: Job) -> str | None:
    """Return why a job cannot be done: what it needs has failed, or the run was killed whenever it was tried."""
    if job.needs in loop.failed:
        return loop.failed[job.needs]
    return loop.folder.attempts.why_not(job.key, _saved_point(job))


def _urgency(job: Job) -> tuple[bool, bool, int]:
    """Return what orders jobs: vectors that others wait for, then what takes longest; probes fill the cores at last.

    No verdict waits for them, and a run whose time is over has more fits this way.
    """
    return job.key.kind == "source", job.key.kind != "probes", job.words
