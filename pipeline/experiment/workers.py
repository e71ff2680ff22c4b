"""Processes that fit models beside others: how one begins, and how what it says reaches the run's own process.

A worker's console and record pass every call on as a message; `read_messages` carries them out in the first process.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import logging
import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.core.console import Console
from pipeline.core.noise import quiet_tensorflow
from pipeline.core.values import Float32
from pipeline.experiment.data import Material
from pipeline.experiment.record import Choice, Fit
from pipeline.experiment.tuning import Trial
from pipeline.models.table import PlannedModel

if TYPE_CHECKING:
    from pipeline.models.networks.training import FittedNetwork

# --- in a worker ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WorkerStart:
    """What a worker is given once."""

    material: Material
    messages: Any  # a multiprocessing SimpleQueue
    at_once: int
    threads: int  # of TensorFlow


_worker: WorkerStart


def for_workers(material: Material, messages: Any) -> Material:
    """Return the material without texts, which only this process needs, and with a console of a worker."""
    corpus = material.loaded.corpus.without_texts()
    loaded = replace(material.loaded, corpus=corpus, unlabelled=None)
    return replace(material, loaded=loaded, unlabelled=None, console=RelayConsole(messages))


def begin_worker(start: WorkerStart) -> None:
    """Get a new process ready to fit: it ends with the run's process, and TensorFlow has its share of the cores."""
    global _worker  # noqa: PLW0603 - a pool gives its workers no other place to keep things
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if not start.material.config.run.debug:
        quiet_tensorflow()
    if any(model.source for model in start.material.planned):
        _load_tensorflow(start.threads)
    _worker = start


def _end_with_parent() -> None:
    """End this process as soon as the run's is gone: after a kill nothing may be written into its folder."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _load_tensorflow(threads: int) -> None:
    tensorflow = importlib.import_module("tensorflow")
    importlib.import_module("keras")
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(threads)


def run_in_worker(fit: Callable[..., None], fold: int, arguments: tuple[Any, ...]) -> None:
    """Run a fit to its end in this process; what it finds is passed on as it finds it."""
    fit(_worker.material, *arguments, RelayRecord(_worker.messages, fold, _worker.at_once))


@dataclass(frozen=True)
class RelayRecord:
    """A `FoldRecord` of a worker: what it is told reaches the record in the first process as soon as it is read."""

    messages: Any
    fold: int
    at_once: int

    def baseline(self, fit: Fit, choice: Choice | None) -> None:
        """Pass a fitted baseline on."""
        self._pass_on("baseline", replace(fit, at_once=self.at_once), choice)

    def network(self, fit: Fit, fitted: FittedNetwork, table: Float32 | None) -> None:
        """Pass on how a network's training went."""
        self._pass_on("network", replace(fit, at_once=self.at_once), fitted, table)

    def first_training(self, fit: Fit) -> None:
        """Pass on that a second training came to nothing."""
        self._pass_on("first_training", replace(fit, at_once=self.at_once))

    def trial(self, planned: PlannedModel, trial: Trial) -> None:
        """Pass a trial of --tune on."""
        self._pass_on("trial", planned, trial)

    def probes(self, found: dict[str, Any]) -> None:
        """Pass on what the probes found in a network."""
        self._pass_on("probes", found)

    def _pass_on(self, method: str, *arguments: Any) -> None:
        self.messages.put(("found", (self.fold, method, arguments)))


class RelayConsole(Console):
    """The console of a worker: the first process shows what it is told."""

    def __init__(self, messages: Any) -> None:
        super().__init__(silent=True)
        self._messages = messages
        self._numbers = itertools.count()

    def __reduce__(self) -> tuple[type[RelayConsole], tuple[Any]]:
        """Return how to make it again in a worker."""
        return type(self), (self._messages,)

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


def read_messages(messages: Any, console: Console, found: queue.SimpleQueue[Any]) -> None:
    """Show and keep what workers say, until None or the end of the pipe."""
    stages: dict[tuple[int, int], Any] = {}
    with contextlib.suppress(EOFError, OSError):
        while (message := messages.get()) is not None:
            kind, content = message
            try:
                ACTIONS[kind](console, stages, found, content)
            except Exception:
                logging.getLogger(__name__).exception("a message of a worker could not be shown")


def _begin(console: Console, stages: dict[Any, Any], found: object, content: Any) -> None:
    stage, title, total, unit = content
    stages[stage] = console.begin(title, total, unit)


def _end(console: Console, stages: dict[Any, Any], found: object, content: Any) -> None:
    stage, ending = content
    console.end(stages.pop(stage), ending)


ACTIONS: dict[str, Callable[[Console, dict[Any, Any], Any, Any], object]] = {
    "found": lambda console, stages, found, content: found.put(content),
    "begin": _begin,
    "end": _end,
    "advance": lambda console, stages, found, content: stages[content[0]].advance(*content[1:]),
    "reach": lambda console, stages, found, content: stages[content[0]].reach(*content[1:]),
    "say": lambda console, stages, found, content: console.say(content),
    "warn": lambda console, stages, found, content: console.warn(content),
    "log": lambda console, stages, found, content: console.log(content),
}
