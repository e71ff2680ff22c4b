"""Where fits run: one after the other in this process, or several at once in processes of their own.

What a fit computes does not depend on which: its seed is its own, and nothing is shared. How many run at once says
`how_many`.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from multiprocessing import connection
from typing import Protocol

from pipeline.core import stopping
from pipeline.core.errors import PipelineError
from pipeline.core.fits import WITH_NETWORKS, FitResult, JobFailed, JobStopped, Last, Said
from pipeline.core.resources import memory_mib, usable_cores
from pipeline.core.warned import warning
from pipeline.experiment.data import RunData
from pipeline.experiment.here import Here
from pipeline.experiment.how_many import LOCAL, most_memory
from pipeline.experiment.jobs import Job
from pipeline.experiment.memory_of_jobs import LINEAR_MIB
from pipeline.experiment.shared import shared_files
from pipeline.experiment.workers import Worker, WorkerGone, WorkerStart

RAY = "ray"
_LOOK_SECONDS = 0.5  # so often it is looked whether the run is to stop, while nothing comes from a process
_MOST_TRIES = 2  # of a job whose process was killed: the second time it is the job that is at fault


class Executor(Protocol):
    """Where fits run."""

    at_once: int  # so many at most

    @property
    def has_room(self) -> bool:
        """Whether one more job can begin now, if its memory fits."""

    def fits(self, job: Job) -> bool:
        """Return whether a job's memory fits beside those that run."""

    def begin(self, number: int, job: Job) -> None:
        """Begin a job; its results carry the number."""

    def next(self) -> tuple[int, Said]:
        """Return what comes next of the jobs that are running; the last of each is one of `Last`.

        Once the run is asked to stop (`core.stopping`) every job ends early that can.
        """

    def close(self) -> list[tuple[int, Said]]:
        """End at once what is running; return what had come and was not given yet."""


# What makes the place where the fits of a run go: of what they read, and how many run at once.
Executors = Callable[[RunData, int], AbstractContextManager[Executor]]


def check_executor(name: str) -> None:
    """Refuse a name of `--executor` that is none, before anything is read."""
    if name not in (LOCAL, RAY) and not re.fullmatch(rf"{RAY}://\S+:\d+", name):
        what = f"there is no executor {name}"
        raise PipelineError("unknown-choice", "--executor", what, f"use {LOCAL}, {RAY} or {RAY}://HOST:PORT")


@contextmanager
def executor_of(data: RunData, at_once: int) -> Iterator[Executor]:
    """Give a place to run fits while the block runs.

    Call it before standard error is filtered: multiprocessing starts a helper here, which keeps what it is given.
    """
    asked = data.config.run.executor
    if asked != LOCAL:
        from pipeline.experiment.ray_cluster import on_ray

        with on_ray(data, None if asked == RAY else asked) as cluster:
            yield cluster
        return
    if at_once == 1:
        yield Here(data)
        return
    with ExitStack() as stack:
        shared = stack.enter_context(shared_files()).put(data)  # its files stay as long as this does
        start = WorkerStart(shared, max(1, usable_cores() // at_once))
        executor = Processes(data, start, at_once, most_memory(data.config.run.max_memory))
        stack.callback(executor.close)
        yield executor


class Processes:
    """Runs fits in worker processes, `at_once` at most, which with this one take `most_mib` of memory."""

    def __init__(self, data: RunData, start: WorkerStart, at_once: int, most_mib: float) -> None:
        self.at_once, self.most_mib = at_once, most_mib
        self._console, self._start = data.console, start
        self._idle: list[Worker] = []
        self._busy: dict[Worker, tuple[int, Job]] = {}
        self._needed: dict[Worker, float] = {}  # MiB of each process, for the job that it does
        self._again: list[tuple[int, Job]] = []  # whose process was killed
        self._tries: dict[int, int] = {}
        self._come: list[tuple[int, Said]] = []
        self._told_to_stop = False

    @property
    def has_room(self) -> bool:
        """Whether fewer than `at_once` jobs are running."""
        return len(self._busy) + len(self._again) < self.at_once

    def fits(self, job: Job) -> bool:
        """Return whether a job's memory fits beside those that run; processes without a job end where that makes room.

        Nothing else waits for memory: a job that is the only one begins.
        """
        if not self._busy:
            return True
        needed = _needed(job, self._idle[-1].mib if self._idle else 0.0)
        left = self.most_mib - memory_mib() - needed
        left -= sum(max(self._needed[worker], worker.mib) for worker in self._busy)
        idle = sum(worker.mib for worker in self._idle[:-1])  # the last one takes the job
        if left < idle:
            while len(self._idle) > 1:
                self._idle.pop(0).end(at_once=False)
            idle = 0.0
        return left >= idle

    def begin(self, number: int, job: Job) -> None:
        """Give a job to a process that has none."""
        self._tries[number] = self._tries.get(number, 0) + 1
        worker = self._idle.pop() if self._idle else _started(self._start)
        self._busy[worker], self._needed[worker] = (number, job), _needed(job, worker.mib)
        with suppress(OSError):  # it is gone: that shows when it is listened to
            worker.give(job)

    def next(self) -> tuple[int, Said]:
        """Return what comes next from a process; raise what a job raised."""
        while not self._come:
            self._listen()
        return self._come.pop(0)

    def close(self) -> list[tuple[int, Said]]:
        """End the processes, at once where one is running; return what had come and was not given yet."""
        for worker in self._busy:
            said = worker.said(self._console)
            self._come += [(self._busy[worker][0], self._beside_others(result)) for result in said]
        for worker in (*self._idle, *self._busy):
            worker.end(at_once=worker in self._busy)
        come, self._come, self._idle, self._busy = self._come, [], [], {}
        return come

    def _listen(self) -> None:
        """Take in what processes say, until something of it is a result or a process is gone."""
        while self._again and len(self._busy) < self.at_once:
            self.begin(*self._again.pop())
        ready = connection.wait([worker.connection for worker in self._busy], _LOOK_SECONDS)
        if stopping.asked() and not self._told_to_stop:
            self._told_to_stop = True
            for worker in self._busy:
                worker.ask_to_stop()
        for worker in [worker for worker in self._busy if worker.connection in ready]:
            number, _ = self._busy[worker]
            try:
                result = worker.hear(self._console)
            except WorkerGone as gone:
                self._lost(worker, gone)
                continue
            if result is None:
                continue
            self._come.append((number, self._beside_others(result)))
            if isinstance(result, Last):
                del self._busy[worker]
                self._idle.append(worker)

    def _lost(self, worker: Worker, gone: WorkerGone) -> None:
        """Have the job of a process that is gone done once more, or say that it failed."""
        number, job = self._busy.pop(worker)
        worker.end(at_once=True)
        if stopping.asked():
            self._come.append((number, JobStopped(job.key)))
            return
        self.at_once = max(1, self.at_once - 1)  # what killed it is most often a want of memory
        what = f"the process that did {job.key.kind} {job.key.name} {gone}"
        if self._tries[number] < _MOST_TRIES:
            told = f"{what}; it is done again, with {self.at_once} at once from now on"
            self._console.warn(warning("process-gone", told))
            self._again.append((number, job))
        else:
            why = f"its process {gone}, {_MOST_TRIES} times; memory may have run out"
            self._come.append((number, JobFailed(job.key, why)))

    def _beside_others(self, result: Said) -> Said:
        if isinstance(result, FitResult):
            return replace(result, fit=replace(result.fit, at_once=self.at_once))
        return result


def _needed(job: Job, held: float) -> float:
    """Return what a process needs for a job, MiB, that holds so much now: a linear model comes on top of TensorFlow."""
    more = 0.0 if job.key.kind in WITH_NETWORKS else max(job.mib - LINEAR_MIB, 0.0)
    return max(job.mib, held + more)


def _started(start: WorkerStart) -> Worker:
    with _ctrl_c_blocked():  # workers inherit it: Ctrl-C is this process's to answer
        return Worker(start)


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Hold Ctrl-C back while the block runs; processes started in it never get it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
