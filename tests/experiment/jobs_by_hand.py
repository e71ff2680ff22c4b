"""Jobs whose fits are functions of a test, and what comes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from whole_runs import configure

from pipeline.core.console import Console
from pipeline.core.fits import Fit, FitResult, JobEnded, JobFailed, JobKey, Result
from pipeline.experiment.data import RunData, Split, read_and_split, tokenize_all
from pipeline.experiment.executors import Executor
from pipeline.experiment.jobs import Job
from pipeline.experiment.plan import plan_models
from pipeline.settings.tables import Config

NOTHING = np.zeros(0, dtype=np.int64)


def data_of(folder: Path) -> RunData:
    """Return what the fits of a run without networks read: workers load no TensorFlow."""
    config = configure(folder, run_models="bow")
    console = Console(silent=True)
    loaded = read_and_split(config, console).loaded
    return tokenize_all(config, console, loaded, plan_models(("bow",), ()))


def fit_named(name: str) -> Fit:
    return Fit(name, 0, 0, 1.0, 1.0, 1.0, 1, None, None, ())


def finish_at_once(data: RunData, job: Job) -> Iterator[FitResult]:
    yield FitResult(fit_named(job.key.name))


def job_of(fit: Any, name: str = "bow") -> Job:
    return Job(JobKey("baselines", name), fit, (), Split(0, NOTHING, NOTHING, NOTHING), Config(), refit=False)


def named(name: str) -> Job:
    return job_of(finish_at_once, name)


def run_all(executor: Executor, jobs: Iterable[Job]) -> list[Result]:
    """Return what jobs give, in the order in which it comes."""
    waiting, running, found, begun = list(jobs), 0, [], 0
    while waiting or running:
        while waiting and executor.has_room:
            executor.begin(begun, waiting.pop(0))
            begun, running = begun + 1, running + 1
        _, result = executor.next()
        running -= isinstance(result, JobEnded | JobFailed)
        found.append(result)
    return found


def names(results: Iterable[Result]) -> list[str]:
    return [result.fit.name for result in results if isinstance(result, FitResult)]
