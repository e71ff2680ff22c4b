"""Processes that fit models beside others: how one begins, and how what it says reaches the run's own process.

Results and what a worker's console is told are messages; `read_messages` takes them in in the first process.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pipeline.core.console import Console
from pipeline.core.noise import quiet_tensorflow
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job
from pipeline.experiment.shared import Shared
from pipeline.models.networks import libraries

# --- in a worker ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WorkerStart:
    """What a worker is given once."""

    shared: Shared[RunData]
    messages: Any  # a multiprocessing SimpleQueue
    threads: int  # of TensorFlow


@dataclass(frozen=True)
class Ended:
    """Says that a job has come to its end, by its number: everything that it said was said before."""

    job: int


_messages: Any
_data: RunData


def begin_worker(start: WorkerStart) -> None:
    """Get a new process ready to fit: it ends with the run's process, and TensorFlow has its share of the cores."""
    global _messages, _data
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _messages, _data = start.messages, replace(start.shared.get(), console=RelayConsole(start.messages))
    if not _data.config.run.debug:
        quiet_tensorflow()
    if any(model.source for model in _data.planned):
        libraries.load(start.threads)


def run_in_worker(number: int, job: Job[Any]) -> None:
    """Run a job to its end in this process; each result is passed on as soon as it is there."""
    try:
        for result in job.fit(_data, job):
            _messages.put(("come", result))
    finally:
        _messages.put(("come", Ended(number)))


def _end_with_parent() -> None:
    """End this process as soon as the run's is gone: after a kill nothing may be written into its folder."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class RelayConsole(Console):
    """The console of a worker: the first process shows what it is told."""

    def __init__(self, messages: Any) -> None:
        super().__init__(silent=True)
        self._messages = messages
        self._numbers = itertools.count()

    def say(self, text: str) -> None:
        """Have `text` shown and logged."""
        self._messages.put(("say", text))

    def warn(self, text: str) -> None:
        """Have `text` shown as a warning and logged."""
        self._messages.put(("warn", text))

    def log(self, text: str) -> None:
        """Have `text` logged."""
        self._messages.put(("log", text))

    @contextmanager
    def stage(self, title: str, total: float | None = None, unit: str = "") -> Iterator[Any]:
        """Have a bar shown while the block runs."""
        stage = (os.getpid(), next(self._numbers))
        self._messages.put(("begin", (stage, title, total, unit)))
        try:
            yield RelayStage(self._messages, stage)
        except BaseException:
            self._messages.put(("end", (stage, "stopped after ")))
            raise
        self._messages.put(("end", (stage, "")))


@dataclass(frozen=True)
class RelayStage:
    """A running stage of a `RelayConsole`."""

    messages: Any
    stage: tuple[int, int]  # process, number

    def advance(self, steps: float = 1, note: str | None = None) -> None:
        """Count `steps` more units as done."""
        self.messages.put(("advance", (self.stage, steps, note)))

    def reach(self, done: float, total: float) -> None:
        """Say how far the stage is."""
        self.messages.put(("reach", (self.stage, done, total)))


# --- what workers say, in the first process -----------------------------------------------------------


def read_messages(messages: Any, console: Console, come: queue.SimpleQueue[Any]) -> None:
    """Show what workers say, and put what they give aside, until None or the end of the pipe."""
    stages: dict[tuple[int, int], Any] = {}
    with contextlib.suppress(EOFError, OSError):
        while (message := messages.get()) is not None:
            kind, content = message
            try:
                ACTIONS[kind](console, stages, come, content)
            except Exception:
                logging.getLogger(__name__).exception("a message of a worker could not be shown")


def _begin(console: Console, stages: dict[Any, Any], come: object, content: Any) -> None:
    stage, title, total, unit = content
    stages[stage] = console.begin(title, total, unit)


def _end(console: Console, stages: dict[Any, Any], come: object, content: Any) -> None:
    stage, ending = content
    console.end(stages.pop(stage), ending)


ACTIONS: dict[str, Callable[[Console, dict[Any, Any], Any, Any], object]] = {
    "come": lambda console, stages, come, content: come.put(content),
    "begin": _begin,
    "end": _end,
    "advance": lambda console, stages, come, content: stages[content[0]].advance(*content[1:]),
    "reach": lambda console, stages, come, content: stages[content[0]].reach(*content[1:]),
    "say": lambda console, stages, come, content: console.say(content),
    "warn": lambda console, stages, come, content: console.warn(content),
    "log": lambda console, stages, come, content: console.log(content),
}
