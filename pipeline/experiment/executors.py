"""Fits one after the other, or several at once in processes of their own.

A fit is a function `(material, *arguments, parts)`: it saves its predictions and tells `parts` what it found. Here
it is run at once, or in a worker process in which console and `parts` pass everything on to this one. What a fit
computes does not depend on which: its seed is its own, and nothing is shared. How many run at once: `fits_at_once`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol

from pipeline.core.errors import PipelineError
from pipeline.core.resources import usable_cores
from pipeline.experiment.data import Fold, Material
from pipeline.experiment.how_many import describe_work, fits_at_once, this_machine
from pipeline.experiment.record import Kept, Record
from pipeline.experiment.workers import WorkerStart, begin_worker, for_workers, read_messages, run_in_worker

_LOOK_SECONDS = 0.2  # so often what workers found is looked for, while nothing else is to be done


class Fits(Protocol):
    """Where fits are run."""

    at_once: int  # so many at most

    def wait_for_room(self) -> None:
        """Return once work in this process takes no core from a fit."""

    def record_what_ended(self) -> None:
        """Record the fits that have ended, and wait for none."""

    def run(self, fit: Callable[..., None], fold: int, *arguments: Any) -> None:
        """Run `fit(material, *arguments, parts)`, now or beside others; `parts` belong to fold number `fold`."""

    def wait_for_all(self) -> None:
        """Return once every fit so far has ended and is recorded; more may be run."""

    def finish(self) -> None:
        """Wait for all fits and record them."""

    def stop(self) -> None:
        """End what is running at once, and record the fits that had finished."""


def fits_of(material: Material, record: Record, folds: list[Fold]) -> Fits:
    """Return where to run the fits of a run.

    Call it before standard error is filtered: multiprocessing starts a helper here, which keeps what it is given.
    """
    at_once = fits_at_once(describe_work(material, folds), this_machine(), material.config.run.side_by_side)
    if at_once == 1:
        return OneByOne(material, record)
    material.console.say(f"Fits side by side: {at_once}")
    return SideBySide(material, record, at_once)


@contextmanager
def all_ended(fits: Fits) -> Iterator[None]:
    """Wait for the fits when the block ends; after an error or Ctrl-C stop them and keep what had finished."""
    try:
        yield
        fits.finish()
    except BaseException:
        fits.stop()
        raise


class OneByOne:
    """Runs each fit where it is called."""

    at_once = 1

    def __init__(self, material: Material, record: Record) -> None:
        self._material, self._record = material, record

    def wait_for_room(self) -> None:
        """Return: nothing else is running."""

    def record_what_ended(self) -> None:
        """Return: every fit was recorded as it ended."""

    def run(self, fit: Callable[..., None], fold: int, *arguments: Any) -> None:
        """Run a fit to its end."""
        fit(self._material, *arguments, self._record.fold(fold))

    def wait_for_all(self) -> None:
        """Return: every fit has ended."""

    def finish(self) -> None:
        """Return: every fit has ended."""

    def stop(self) -> None:
        """Return: every fit has ended."""


class SideBySide:
    """Runs fits in worker processes, `at_once` at most."""

    def __init__(self, material: Material, record: Record, at_once: int) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads hold
        self.at_once, self._record, self._run_folder = at_once, record, material.run
        self._messages = context.SimpleQueue()
        self._found: queue.SimpleQueue[tuple[int, str, tuple[Any, ...]] | None] = queue.SimpleQueue()
        self._running: set[Future[None]] = set()
        self._before = set(multiprocessing.active_children())
        threads = max(1, usable_cores() // at_once)
        start = WorkerStart(for_workers(material, self._messages), self._messages, at_once, threads)
        self._pool = ProcessPoolExecutor(at_once, context, begin_worker, (start,))
        self._reader = threading.Thread(
            target=read_messages, args=(self._messages, material.console, self._found), daemon=True
        )
        self._reader.start()

    def wait_for_room(self) -> None:
        """Wait until one fit fewer is running than may run, so that this process has a core to work with."""
        self._wait(self.at_once - 1)

    def record_what_ended(self) -> None:
        """Record the fits that have ended, and raise what one of them raised."""
        self._wait(len(self._running))

    def run(self, fit: Callable[..., None], fold: int, *arguments: Any) -> None:
        """Hand a fit over; it begins when a worker is free."""
        with _ctrl_c_blocked():  # workers inherit it: Ctrl-C is this process's to answer
            self._running.add(self._pool.submit(run_in_worker, fit, fold, arguments))

    def wait_for_all(self) -> None:
        """Return once every fit so far has ended and is recorded; more may be run."""
        self._wait(0)
        self._messages.put(("found", None))  # behind everything that workers said
        while (found := self._found.get()) is not None:
            self._keep(found)
        put_in_order(self._record)

    def finish(self) -> None:
        """Wait for all fits and record them."""
        self._wait(0)
        self._messages.put(None)  # behind everything that workers said
        self._reader.join()
        self._pool.shutdown()
        self._record_found()
        put_in_order(self._record)

    def stop(self) -> None:
        """End the workers at once, and record the fits that had finished."""
        workers = [child for child in multiprocessing.active_children() if child not in self._before]
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.join()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._reader.join(_LOOK_SECONDS)
        while self._reader.is_alive() and not self._messages.empty():
            self._reader.join(_LOOK_SECONDS)
        self._record_found()
        put_in_order(self._record)
        for unfinished in self._run_folder.rglob("*.part"):  # what a worker was writing
            unfinished.unlink(missing_ok=True)

    def _wait(self, most: int) -> None:
        """Wait until at most so many fits are running; raise what a fit raised."""
        while True:
            enough = len(self._running) <= most
            done, self._running = wait(self._running, 0 if enough else _LOOK_SECONDS, FIRST_COMPLETED)
            self._record_found()
            for future in done:
                _raise_error(future)
            if enough:
                return

    def _record_found(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._keep(self._found.get_nowait())

    def _keep(self, found: tuple[int, str, tuple[Any, ...]] | None) -> None:
        if found is not None:
            fold, method, arguments = found
            getattr(self._record.fold(fold), method)(*arguments)


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


def put_in_order(record: Kept) -> None:
    """Put what was found in the order of fits that run one after the other."""
    sources = list(
        dict.fromkeys(model.source for model in record.planned)
    )  # None, for baselines, comes first
    models = sorted(record.planned, key=lambda model: sources.index(model.source))  # stable
    place = {model.name: number for number, model in enumerate(models)}
    record.fits.sort(key=lambda fit: (fit.fold, place[fit.name], fit.seed))
    record.histories.sort(key=lambda one: (one["fold"], place[one["name"]], one["seed"]))
    record.choices.sort(key=lambda one: (one["fold"], place[one["name"]]))
    record.probes.sort(key=lambda one: place[one["name"]])
    trials = sorted(record.trials.items(), key=lambda item: (item[0][2], place[item[0][0]]))
    record.trials = dict(trials)
    first = {model.source: place[model.name] for model in reversed(models)}
    record.neighbours.sort(
        key=lambda one: (place[one["source"]], 1) if one["source"] in place else (first[one["source"]], 0)
    )
