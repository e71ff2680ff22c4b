"""Processes that fit models beside others: what one does, and how what it says reaches the run's own process.

Each has a pipe of its own, so that a process which is killed while it speaks silences no other.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any, Protocol

import psutil

from pipeline.core import stopping
from pipeline.core.console import Console
from pipeline.core.fits import WITH_NETWORKS, JobEnded, JobStopped, Said
from pipeline.core.noise import quiet_tensorflow
from pipeline.core.resources import threads, usable_cores
from pipeline.core.warned import Warned
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job, stored
from pipeline.experiment.out_of_memory import want_of_memory
from pipeline.experiment.shared import Shared
from pipeline.models.networks import libraries

# --- in a worker ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WorkerStart:
    """What a worker is given once."""

    shared: Shared[RunData]
    threads: int  # of each job


def work(start: WorkerStart, pipe: Connection) -> None:
    """Do the jobs that come through a pipe, one after the other, until there is None."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    stopping.hear_first_process()
    data = replace(start.shared.get(), console=RelayConsole(pipe))
    if not data.config.run.debug:
        quiet_tensorflow()
    while (job := _next_job(pipe)) is not None:
        try:
            if job.key.kind in WITH_NETWORKS and not libraries.are_loaded():
                libraries.load(start.threads)
            with threads(max(start.threads, usable_cores() // job.beside if job.beside else 1)):
                for made in job.fit(data, job):
                    result = stored(job, made)
                    if result is not None:
                        pipe.send(("come", result))
        except stopping.Stopped:
            pipe.send(("come", JobStopped(job.key)))
        except Exception as error:
            failed = want_of_memory(job.key, error)
            pipe.send(("come", failed) if failed else ("raised", error))
        else:
            pipe.send(("come", JobEnded(job.key)))


def _next_job(pipe: Connection) -> Job | None:
    """Return the next job; None where there is no more, or the process that gives them is gone."""
    try:
        job: Job | None = pipe.recv()
    except EOFError:
        return None
    return job


def _end_with_parent() -> None:
    """End this process as soon as the run's is gone: after a kill nothing may be written into its folder."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class Pipe(Protocol):
    """What takes the words of a process that fits to the first one."""

    def send(self, said: tuple[str, Any], /) -> None:
        """Take a kind of thing, and the thing."""


class RelayConsole(Console):
    """The console of a worker: the first process shows what it is told."""

    def __init__(self, pipe: Pipe) -> None:
        super().__init__(silent=True)
        self._pipe = pipe
        self._numbers = itertools.count()

    def say(self, text: str) -> None:
        """Have `text` shown and logged."""
        self._pipe.send(("say", text))

    def warn(self, text: Warned) -> None:
        """Have `text` shown as a warning and logged."""
        self._pipe.send(("warn", text))

    def log(self, text: str) -> None:
        """Have `text` logged."""
        self._pipe.send(("log", text))

    @contextmanager
    def stage(self, title: str, total: float | None = None, unit: str = "") -> Iterator[Any]:
        """Have a bar shown while the block runs."""
        stage = next(self._numbers)
        self._pipe.send(("begin", (stage, title, total, unit)))
        try:
            yield RelayStage(self._pipe, stage)
        except BaseException:
            self._pipe.send(("end", (stage, "stopped after ")))
            raise
        self._pipe.send(("end", (stage, "")))


@dataclass(frozen=True)
class RelayStage:
    """A running stage of a `RelayConsole`."""

    pipe: Pipe
    stage: int

    def advance(self, steps: float = 1, note: str | None = None) -> None:
        """Count `steps` more units as done."""
        self.pipe.send(("advance", (self.stage, steps, note)))

    def reach(self, done: float, total: float) -> None:
        """Say how far the stage is."""
        self.pipe.send(("reach", (self.stage, done, total)))


# --- in the first process -------------------------------------------------------------------------------


class Relayed:
    """What a `RelayConsole` says, on the console of the first process."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stages: dict[int, Any] = {}

    def show(self, kind: str, content: Any) -> None:
        """Show one thing that was said."""
        _SHOWN[kind](self._console, self._stages, content)

    def stop(self) -> None:
        """End the stages that never will: their process is gone."""
        for stage in self._stages.values():
            self._console.end(stage, "stopped after ")
        self._stages = {}


class WorkerGone(Exception):
    """A worker ended without a word; the text says how."""


class Worker:
    """A worker process, as the first process has it."""

    def __init__(self, start: WorkerStart) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads hold
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(start, theirs), daemon=True)
        with _without_main():
            self._process.start()
        theirs.close()  # else its end would not show here
        self._stages: Relayed | None = None

    @property
    def mib(self) -> float:
        """The memory that the process has resident, MiB; 0 where it is gone."""
        try:
            return float(psutil.Process(self._process.pid).memory_info().rss / 2**20)
        except psutil.Error:
            return 0.0

    def give(self, job: Job) -> None:
        """Have a job done."""
        self.connection.send(job)

    def hear(self, console: Console) -> Said | None:
        """Take in one thing that the worker says: return it if it is a result, else show it.

        Raises
        ------
        WorkerGone
            If the process has ended.
        Exception
            What the job raised.
        """
        stages = self._stages = self._stages or Relayed(console)
        try:
            kind, content = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            stages.stop()
            raise WorkerGone(f"ended without a word ({_ending(self._process.exitcode)})") from None
        if kind == "raised":
            raise content
        if kind == "come":
            result: Said = content
            return result
        stages.show(kind, content)
        return None

    def said(self, console: Console) -> list[Said]:
        """Return the results that have come and were not heard yet."""
        found: list[Said] = []
        try:
            while self.connection.poll():
                result = self.hear(console)
                if result is not None:
                    found.append(result)
        except Exception:  # it is gone, or what it was doing went wrong: the run ends for another reason
            return found
        return found

    def ask_to_stop(self) -> None:
        """Have the process end its job where that loses nothing; where there are no signals it ends itself."""
        self._process.terminate()

    def end(self, *, at_once: bool) -> None:
        """End the process: after its job, or at once."""
        if at_once:
            self._process.kill()
        else:
            with contextlib.suppress(OSError):
                self.connection.send(None)
        self._process.join()
        self.connection.close()


@contextmanager
def _without_main() -> Iterator[None]:
    """Have a process that starts in the block not import `__main__` anew: it needs nothing of it.

    That may be a person's script, which begins a run wherever it is imported.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _ending(code: int | None) -> str:
    """Return in words how a process ended.

    >>> _ending(-9), _ending(3)
    ('signal 9', 'exit status 3')
    """
    return f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"


def _begin(console: Console, stages: dict[int, Any], content: Any) -> None:
    stage, title, total, unit = content
    stages[stage] = console.begin(title, total, unit)


_SHOWN: dict[str, Callable[[Console, dict[int, Any], Any], object]] = {
    "begin": _begin,
    "end": lambda console, stages, content: console.end(stages.pop(content[0]), content[1]),
    "advance": lambda console, stages, content: stages[content[0]].advance(*content[1:]),
    "reach": lambda console, stages, content: stages[content[0]].reach(*content[1:]),
    "say": lambda console, stages, content: console.say(content),
    "warn": lambda console, stages, content: console.warn(content),
    "log": lambda console, stages, content: console.log(content),
}
