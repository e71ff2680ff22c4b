"""Rates of this machine on this corpus: a run's own jobs on a few of its documents, for a minute at most."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.core.console import Console
from pipeline.core.fits import TRAININGS, FitResult, JobEnded, JobFailed
from pipeline.core.seeds import stage_generator
from pipeline.core.values import Int64
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.jobs import Job
from pipeline.experiment.rates import (
    Rate,
    Rates,
    counted,
    training_of,
    work_of_linear,
    work_of_source,
)
from pipeline.experiment.shared import shared_files
from pipeline.experiment.workers import Worker, WorkerStart
from pipeline.settings.tables import settled, with_values

CALIBRATION_SECONDS = 60.0
_COUNTED_TOKENS = 100_000  # on which linear models and vectors are measured
_READ_WORDS = 400_000  # to train vectors
_UPDATES, _PASSES = 5, 2  # of a network: the first pass builds its graphs
_VALIDATION, _TESTED = 64, 16  # documents
_MEASURED = ("source", "baselines", "mean", "network")  # kinds of jobs; what others take follows from these
_SILENT = Console(silent=True)


@dataclass
class Calibration:
    """Measures the rates of jobs until its time is over, in a process of its own that is ended then.

    Attributes
    ----------
    data : what all fits read
    usual : rates of what is not reached: those of another machine, by how much slower this one was with the rest
    threads : of each job
    """

    data: RunData
    usual: Rates
    threads: int
    seconds: float = CALIBRATION_SECONDS
    _found: dict[str, Rate] = field(default_factory=dict)

    def measure(self, jobs: Sequence[Job]) -> Rates:
        """Return the rates of these jobs, of which the first of each kind is done on a few documents.

        Call it before standard error is filtered: multiprocessing starts a helper here.
        """
        end = time.perf_counter() + self.seconds
        with self.data.console.stage("Measuring"), shared_files() as files:
            start = WorkerStart(files.put(replace(self.data, unlabelled=None)), self.threads)
            worker = Worker(start)  # its files stay as long as `start` does
            try:
                all(self._measure(worker, job, end) for job in _first_of_each(jobs))
            finally:
                worker.end(at_once=True)
        slower = self._slower()
        rest = {name: _times(rate, slower) for name, rate in self.usual.rates.items()}
        loading, closing = self.usual.loading * slower, self.usual.closing * slower
        return Rates(rest | self._like_others(jobs) | self._found, loading, closing, frozenset(self._found))

    def _slower(self) -> float:
        """Return how much slower this machine is than the usual rates say: the median over what was measured."""
        ratios = [rate.each / self.usual[name].each for name, rate in self._found.items()]
        return float(np.median(ratios)) if ratios else 1.0

    def _like_others(self, jobs: Sequence[Job]) -> dict[str, Rate]:
        """Return the rates of networks whose cell was measured with another head or source."""
        networks = {job.model.name: job.model.model for job in jobs if job.key.kind in TRAININGS}
        of_cell = {networks[name]: rate for name, rate in self._found.items() if name in networks}
        return {name: of_cell[cell] for name, cell in networks.items() if cell in of_cell}

    def _measure(self, worker: Worker, job: Job, end: float) -> bool:
        """Have a job done on a few documents, and take in what it took; return whether there was time for all."""
        small = _on_few_documents(self.data, job)
        if job.key.kind == "source":  # once for the libraries, which its seconds hold
            worker.give(replace(small, settings=with_values(small.settings, {"word2vec.epochs": 1})))
        worker.give(small)
        ends = 2 if job.key.kind == "source" else 1
        while worker.connection.poll(max(0.0, end - time.perf_counter())):
            result = worker.hear(_SILENT)
            if isinstance(result, FitResult):
                self._take(small, result)
            elif isinstance(result, JobEnded) and job.key.kind == "source" and ends == 1:
                self._take_vectors(small)
            ends -= isinstance(result, JobEnded | JobFailed)
            if not ends:
                return True
        return False

    def _take_vectors(self, small: Job) -> None:
        made = small.vectors.read(refit=False) if small.vectors else None
        if made is not None:
            self._found[small.key.name] = Rate(made.seconds / work_of_source(self.data, small))

    def _take(self, small: Job, result: FitResult) -> None:
        """Take in what a fit took; of a network the second pass, which builds no graphs, and what came before it."""
        fit, seconds = result.fit, result.fit.fit_seconds or 0.0
        model = next(one for one in small.models if one.name == fit.name)
        if result.course is not None:
            last = float(result.course["evaluations"][-1]["seconds"])
            training = training_of(self.data, small, model)
            each = last / training.work(training.budget.first // _PASSES)
            self._found[fit.name] = Rate(each, fixed=max(0.0, seconds - _PASSES * last))
            return
        self._found[fit.name] = Rate(seconds / work_of_linear(self.data, small, model))
        if small.key.kind == "baselines":
            self._found["counting"] = Rate(fit.prepare_seconds / counted(self.data, small, model))


def _first_of_each(jobs: Sequence[Job]) -> list[Job]:
    """Return a job of each kind of work: vectors, which others read, the longest, linear models, and the rest."""
    kinds = {(job.key.kind, _work_of(job)): job for job in reversed(jobs) if job.key.kind in _MEASURED}
    sources = [job for job in kinds.values() if job.key.kind == "source"]
    linear = [job for job in kinds.values() if job.key.kind in ("baselines", "mean")]
    networks = [job for job in kinds.values() if job.key.kind in TRAININGS]
    networks.sort(key=lambda job: -job.words)
    return [*sources, *networks[:1], *linear, *networks[1:]]


def _work_of(job: Job) -> str:
    return job.model.model if job.key.kind in TRAININGS else job.key.name


def _times(rate: Rate, factor: float) -> Rate:
    return Rate(rate.each * factor, rate.fixed * factor)


def _on_few_documents(data: RunData, job: Job) -> Job:
    """Return the job on a random part of its documents, with no cache, no trials, no second fit and no saving."""
    fold, generator = job.fold, stage_generator(data.config.run.seed, "calibration")
    mean = float(np.diff(data.tokenized.offsets)[fold.train].mean())
    documents = math.ceil(_COUNTED_TOKENS / max(mean, 1.0))
    values: dict[str, int] = {"run.cache": False, "run.tune": 0}
    if job.key.kind in TRAININGS:
        own = settled(job.settings, job.model.model, len(fold.train)).networks
        values |= {"networks.max_epochs": _PASSES, "networks.batch_size": own.batch_size}
        documents = _UPDATES * own.batch_size
    if job.key.kind == "source":
        values["word2vec.epochs"] = math.ceil(_READ_WORDS / _COUNTED_TOKENS)

    def some(of: Int64, number: int) -> Int64:
        return np.sort(generator.choice(of, size=min(number, len(of)), replace=False))

    small = Split(
        0, some(fold.train, documents), some(fold.validation, _VALIDATION), some(fold.test, _TESTED)
    )
    return replace(job, fold=small, settings=with_values(job.settings, values), refit=False, place=None)
