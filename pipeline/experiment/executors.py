"""Where fits run: one after the other, or several at once in processes of their own.

What a fit computes does not depend on which: its seed is its own, and nothing is shared. How many run at once says
`how_many`.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Protocol

from pipeline.core.errors import PipelineError
from pipeline.core.fits import FitResult, Result
from pipeline.core.resources import usable_cores
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job
from pipeline.experiment.shared import SharedFiles
from pipeline.experiment.workers import Ended, WorkerStart, begin_worker, read_messages, run_in_worker

_LOOK_SECONDS = 0.2  # so often it is looked whether a worker is gone, while nothing comes from one


class Executor(Protocol):
    """Where fits run."""

    at_once: int  # so many at most

    def map(self, jobs: Iterable[Job[Any] | None]) -> Iterator[Result]:
        """Yield the results of jobs as they come.

        The next job is asked for only when there is room for it: what is prepared for it in this process takes a core
        that no fit has. None says that nothing can begin before one more result is kept.
        """

    def close(self) -> list[Result]:
        """End at once what is running; return the results that had come and were not yielded."""


# What makes the place where the fits of a run go: of its data, its files, how many at once, and what keeps a result.
Executors = Callable[[RunData, SharedFiles, int, Callable[[Result], None]], AbstractContextManager[Executor]]


@contextmanager
def executor_of(
    data: RunData, files: SharedFiles, at_once: int, keep: Callable[[Result], None]
) -> Iterator[Executor]:
    """Give a place to run fits while the block runs; after an error or Ctrl-C `keep` gets what had come.

    Call it before standard error is filtered: multiprocessing starts a helper here, which keeps what it is given.
    """
    if at_once > 1:
        data.console.say(f"Fits side by side: {at_once}")
    executor = Here(data) if at_once == 1 else Processes(data, files, at_once)
    try:
        yield executor
    finally:
        for result in executor.close():
            keep(result)


class Here:
    """Runs each fit in this process."""

    at_once = 1

    def __init__(self, data: RunData) -> None:
        self._data = data

    def map(self, jobs: Iterable[Job[Any] | None]) -> Iterator[Result]:
        """Yield the results of one job after the other."""
        for job in jobs:
            if job is not None:
                yield from job.fit(self._data, job)

    def close(self) -> list[Result]:
        """Return nothing: nothing is running."""
        return []


class Processes:
    """Runs fits in worker processes, `at_once` at most."""

    def __init__(self, data: RunData, files: SharedFiles, at_once: int) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads hold
        self.at_once = at_once
        self._messages = context.SimpleQueue()
        self._come: queue.SimpleQueue[Result | Ended] = queue.SimpleQueue()
        self._running: dict[int, Future[None]] = {}
        self._begun = 0
        self._before = set(multiprocessing.active_children())
        self._shared = files.put(data)  # its files stay as long as this does
        start = WorkerStart(self._shared, self._messages, max(1, usable_cores() // at_once))
        self._pool = ProcessPoolExecutor(at_once, context, begin_worker, (start,))
        self._reader = threading.Thread(
            target=read_messages, args=(self._messages, data.console, self._come), daemon=True
        )
        self._reader.start()

    def map(self, jobs: Iterable[Job[Any] | None]) -> Iterator[Result]:
        """Yield the results of jobs as they come; raise what one of them raised."""
        waiting, more = iter(jobs), True
        while more or self._running:
            while more and len(self._running) < self.at_once:
                try:
                    job = next(waiting)
                except StopIteration:
                    more = False
                    break
                if job is None:
                    break
                self._begin(job)
            if not self._running:
                continue
            come = self._next()
            if isinstance(come, Ended):
                _raise_error(self._running.pop(come.job))
            else:
                yield self._beside_others(come)

    def close(self) -> list[Result]:
        """End the workers, at once where one is running; return the results that had come and were not yielded."""
        if self._running:
            self._kill()
        else:
            self._messages.put(None)  # behind everything that workers said
            self._reader.join()
            self._pool.shutdown()
        come = []
        while not self._come.empty():
            come.append(self._come.get())
        return [self._beside_others(one) for one in come if not isinstance(one, Ended)]

    def _kill(self) -> None:
        """End the workers at once; what they had said is read, but for a last word that was cut short."""
        workers = [child for child in multiprocessing.active_children() if child not in self._before]
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.join()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._reader.join(_LOOK_SECONDS)
        while self._reader.is_alive() and not self._messages.empty():
            self._reader.join(_LOOK_SECONDS)

    def _begin(self, job: Job[Any]) -> None:
        with _ctrl_c_blocked():  # workers inherit it: Ctrl-C is this process's to answer
            self._running[self._begun] = self._pool.submit(run_in_worker, self._begun, job)
        self._begun += 1

    def _next(self) -> Result | Ended:
        """Return what comes next from a worker; raise if one is gone."""
        while True:
            try:
                return self._come.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                for future in self._running.values():
                    if future.done():
                        _raise_error(future)

    def _beside_others(self, result: Result) -> Result:
        if isinstance(result, FitResult):
            return replace(result, fit=replace(result.fit, at_once=self.at_once))
        return result


def _raise_error(future: Future[None]) -> None:
    try:
        future.result()
    except BrokenProcessPool:
        what = "a process that fitted a model beside others ended without a word; memory may have run out"
        raise PipelineError("run.side_by_side", what, "set run.side_by_side = 1") from None


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
