"""Whole runs on a corpus of sixty sentences, and executors whose fits are noted, stopped, or answered at once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.core.fits import Fit, FitKey, FitResult, Score, Trial, TrialResult
from pipeline.experiment.data import RunData, answers_on_test
from pipeline.experiment.executors import Executor, Executors, executor_of
from pipeline.experiment.fit_linear import fit_baselines
from pipeline.experiment.fit_networks import fit_network_again, fit_network_of, try_network
from pipeline.experiment.here import Here
from pipeline.experiment.jobs import Job, Made
from pipeline.experiment.tuning.trials import Settings
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config

FILMS = [f"{('good', 'bad')[number % 2]} film number{number}" for number in range(60)]
LABELS = [("pos", "neg")[number % 2] for number in range(60)]
SMALL = (
    "networks.units=8",
    "networks.max_epochs=2",
    "embeddings.dimension=8",
    "word2vec.vector_size=8",
    "word2vec.epochs=2",
    "baselines.bow_strengths=0.1,1",
    "baselines.tfidf_strengths=1,10",
)


OF_FILMS_RUN: dict[str, Any] = {
    "run_models": "bow,tfidf,ann,lstm",
    "run_embeddings": "learned",
    "run_deterministic": True,
    "run_debug": True,  # a probe that fails ends it
    "run_probes": True,
}


def write_films(folder: Path, texts: Sequence[str] = FILMS, labels: Sequence[str] | None = None) -> Path:
    """Write `films.csv`; the labels are pos and neg in turn unless they are given."""
    labels = labels or [("pos", "neg")[number % 2] for number in range(len(texts))]
    folder.mkdir(exist_ok=True)
    pl.DataFrame({"text": texts, "label": labels}).write_csv(folder / "films.csv", quote_style="always")
    return folder / "films.csv"


def configure(folder: Path, *sets: str, small: Sequence[str] = SMALL, **options: object) -> Config:
    """Return the settings of a run of one seed on the films of `folder`.

    Options as `run_models` for `run.models`; None is not given.
    """
    corpus = folder / "films.csv"
    if not corpus.exists():
        write_films(folder)
    given: dict[str, object] = {"corpus.path": str(corpus), "run.out": str(folder / "run"), "run.seeds": 1}
    given["run.probes"] = False  # they take longest; tests of them ask for them
    given |= {key.replace("_", ".", 1): value for key, value in options.items()}
    given = {key: value for key, value in given.items() if value is not None}
    return load_config(None, (*small, *sets), given)


def perform(
    folder: Path,
    *sets: str,
    small: Sequence[str] = SMALL,
    executors: Executors = executor_of,
    console: Console | None = None,
    **options: object,
) -> Path:
    """Return the folder of such a run, in `folder` unless `run_out` says otherwise."""
    config = configure(folder, *sets, small=small, **options)
    return run_experiment(config, console or Console(silent=True), "embedseq films.csv", executors)


def read(run: Path, name: str = "metrics.json") -> Any:
    return json.loads((run / name).read_text(encoding="utf-8"))


class Watched(Console):
    """A silent console that tells a function the title and the total of each stage as it begins."""

    def __init__(self, on_stage: Callable[[str, int | None], object]) -> None:
        super().__init__(silent=True)
        self._on_stage = on_stage

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Any:
        self._on_stage(title, total)
        return super().stage(title, total, unit)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder of these tests that the first of their processes fills; the others wait for it."""
    of_process = (
        factory.getbasetemp()
    )  # beside those of others, or alone: then those beside it are of other tests
    folder = (of_process.parent if "PYTEST_XDIST_WORKER" in os.environ else of_process) / name
    begun, ended = folder.with_suffix(".begun"), folder.with_suffix(".ended")
    try:
        begun.mkdir()
    except FileExistsError:
        while not ended.exists():
            time.sleep(0.1)
        return folder
    try:
        make(folder)
    finally:
        ended.mkdir()
    return folder


# --- executors -------------------------------------------------------------------------------------------

FitJob = Callable[[RunData, Job], Iterable[Made]]


class Fitting(Here):
    """Runs fits in this process, each by a function of the test."""

    def __init__(self, data: RunData, fit: FitJob) -> None:
        super().__init__(data)
        self._fit = fit

    def fit(self, job: Job) -> Iterable[Made]:
        """Return the results that the function makes of a job."""
        return self._fit(self._data, job)


def fitting(fit: FitJob) -> Executors:
    """Return what gives a run an executor that has `fit` make the results of each job."""

    @contextmanager
    def executors(data: RunData, at_once: int) -> Iterator[Executor]:
        yield Fitting(data, fit)

    return executors


def run_job(data: RunData, job: Job) -> Iterator[Made]:
    """Return what a job's own fit makes of it."""
    return job.fit(data, job)


def function_of(job: Job) -> Callable[..., Any]:
    """Return the function that fits, without what is bound to it."""
    return getattr(job.fit, "func", job.fit)


def noting(seen: list[Job], fit: FitJob = run_job) -> Executors:
    """Return what gives a run an executor that adds each job of models to `seen`, then runs it."""

    def noted(data: RunData, job: Job) -> Iterable[Made]:
        if job.key.kind != "source":
            seen.append(job)
        return fit(data, job)

    return fitting(noted)


def stopping(name: str, seed: int = 0, fold: int = 0, fit: FitJob = run_job) -> Executors:
    """Return what gives a run an executor in which the person presses Ctrl-C before this fit is there."""
    key = FitKey(name, seed, fold)

    def stopped(data: RunData, job: Job) -> Iterator[Made]:
        if job.key.kind == "network" and job.fit_key == key:
            raise KeyboardInterrupt
        for result in fit(data, job):
            if isinstance(result, FitResult) and result.fit.key == key:
                raise KeyboardInterrupt
            yield result

    return fitting(stopped)


Right = Callable[[str, int, int], float]  # name, seed, document: the probability of the right class


def steady(name: str, seed: int, document: int) -> float:
    return 0.9 if document % 3 else 0.1


def wild(name: str, seed: int, document: int) -> float:
    return 0.9 if name.startswith("rnn") and seed % 2 == 0 else 0.1


def answering(
    right: Right = steady, score: Callable[[int, Settings], Score] = lambda number, settings: Score(0.5, 0.5)
) -> FitJob:
    """Return a fit that trains no network: its answers, between two classes, are those of `right`.

    Trials of --tune have the `score` of their number and settings. Validation accuracy is 0.8 for `gru`, 0.9 for
    others, and 0.5 less for seeds that were added to three. Linear models are fitted.
    """

    def answered(data: RunData, job: Job) -> Iterator[Made]:
        function = function_of(job)
        if function is try_network:
            number, settings = job.fit.args  # type: ignore[attr-defined]
            trial = Trial(number, settings, score(number, settings), 0.1)
            yield TrialResult(job.model.name, job.model.model, job.fold.number, trial)
        elif function in (fit_network_of, fit_network_again):
            fold, key = job.final, job.fit_key
            labels = data.labels(fold.test)  # (N,)
            hits = np.array([right(key.name, key.seed, document) for document in fold.test.tolist()])  # (N,)
            answers = np.where(np.arange(2) == labels[:, None], hits[:, None], 1 - hits[:, None])  # (N, 2)
            accuracy = (0.8 if job.model.model == "gru" else 0.9) - (0.5 if key.seed > 2 else 0)
            fit = Fit(*key, 1.0, 1.0, 1.0, 10, accuracy)
            yield FitResult(fit, answers_on_test(data, fold, answers.astype(np.float32)))
        else:
            yield from job.fit(data, job)

    return answered


def perform_planted(
    folder: Path, fit: FitJob, *sets: str, **options: Any
) -> tuple[Path, dict[str, Any], list[Job]]:
    """Return a run on 160 films whose networks are trained by `fit`, its metrics, and the jobs of networks."""
    seen: list[Job] = []
    write_films(folder, [f"{('good', 'bad')[n % 2]} film number{n}" for n in range(160)])
    given = {"run_models": "bow,rnn", "run_embeddings": "learned", "run_seeds": "auto"} | options
    run = perform(folder, *sets, small=("embeddings.dimension=4",), executors=noting(seen, fit), **given)
    return run, read(run), [job for job in seen if function_of(job) is not fit_baselines]
