"""Which fits a run makes, in which order, and where each result goes.

A run, the sets of --learning-curve, trials of --tune, seeds that are added and second trainings are the same loop:
jobs go to an executor, and the folder keeps what comes back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, repeat
from typing import Any

from pipeline.core.fits import Result, Trial, TrialResult
from pipeline.embeddings.audit.fit import CorpusFacts
from pipeline.experiment.choose_settings import best_so_far, settings_to_try, with_chosen
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.embedded_split import EmbeddedSplit, describe_source, embed_split
from pipeline.experiment.executors import Executor
from pipeline.experiment.fit_linear import fit_baselines, fit_mean
from pipeline.experiment.fit_networks import FarOff, fit_network_again, fit_network_of, try_network
from pipeline.experiment.how_many import longest_first
from pipeline.experiment.jobs import Job
from pipeline.experiment.shared import SharedFiles
from pipeline.models.networks.far_off import far_off
from pipeline.run_folder.folder import RunFolder
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import Config, first_seeds

NetworkJob = Job[EmbeddedSplit]


@dataclass(eq=False)
class FitLoop:
    """Makes the jobs of a run, and gives what comes back to its folder.

    Attributes
    ----------
    data, facts : what fits read, and audits of embedding sources; its settings are those of networks and vectors
    linear : the settings of linear models, in which there is no chance
    folder, keep : where results are, and what is told of each
    networks : the first seed's job of each network that may be trained more often
    """

    data: RunData
    linear: Config
    facts: CorpusFacts
    executor: Executor
    files: SharedFiles
    folder: RunFolder
    keep: Callable[[Result], None]
    networks: list[NetworkJob] = field(default_factory=list, init=False)
    _trials: dict[tuple[str, int], list[Trial]] = field(default_factory=dict, init=False)  # by name, fold

    def run(self, jobs: Iterable[Job[Any] | None]) -> None:
        """Run jobs to their end, and keep each result as soon as it is there."""
        for result in self.executor.map(jobs):
            self.keep(result)
            if isinstance(result, TrialResult):
                self._trials.setdefault((result.name, result.fold), []).append(result.trial)

    def fit_folds(self, folds: Iterable[Split]) -> None:
        """Fit every planned model on each split, and a second time the seeds that end far from the others."""
        self.run(chain.from_iterable(map(self.jobs_of, folds)))
        self.run(list(self.second_trainings()))  # a seed is far off only beside all others

    def jobs_of(self, fold: Split) -> Iterator[Job[Any] | None]:
        """Yield the jobs of every planned model on one split; None while nothing can begin before a result is kept."""
        refit = self.data.config.run.refit
        final = fold.refitted() if refit else fold
        if baselines := tuple(model for model in self.data.planned if model.source is None):
            splits = self.files.put(fold), self.files.put(final)
            yield Job(fit_baselines, baselines, fold.number, 0, self.linear, *splits, refit)
        for source in dict.fromkeys(model.source for model in self.data.planned if model.source):
            yield from self._jobs_of_source(source, fold, final)

    def _jobs_of_source(self, source: str, fold: Split, final: Split) -> Iterator[NetworkJob | None]:
        """Yield the jobs of the models that read a source, once its vectors are there."""
        config, refit = self.data.config, self.data.config.run.refit
        split = embed_split(self.data, source, fold)
        last = embed_split(self.data, source, final) if refit else split
        self.keep(describe_source(self.data, last, self.facts, self.folder.audits))
        shared = self.files.put(split.without_file_words())
        splits = shared, self.files.put(last.without_file_words()) if refit else shared
        del split, last
        reading = [model for model in self.data.planned if model.source == source]
        for planned in reading:
            if not planned.seeded:
                yield Job(fit_mean, (planned,), fold.number, 0, self.linear, *splits, refit)
        networks = [planned for planned in reading if planned.seeded]
        for planned in longest_first(networks) if self.executor.at_once > 1 else networks:
            job = Job(fit_network_of, (planned,), fold.number, 0, config, *splits, refit)
            tuned = yield from self._tuned(job, fold)
            yield from self._seeds_of(tuned)

    def _tuned(self, job: NetworkJob, fold: Split) -> Generator[NetworkJob | None, None, NetworkJob]:
        """Yield a job for each trial of a network, and return its job with the settings that were chosen."""
        planned = job.model
        wanted = settings_to_try(job.settings, planned, fold)
        if not wanted:
            return job
        trials = [replace(job, fit=partial(try_network, *numbered)) for numbered in wanted]
        done = self._trials.setdefault((planned.name, fold.number), [])
        with self.data.console.stage(f"Tuning {planned.name}", len(wanted), "trials") as stage:
            for trial in chain(trials, repeat(None)):
                before = len(done)
                if before == len(wanted):
                    break
                yield trial
                if len(done) > before:
                    stage.advance(len(done) - before, best_so_far(done))
        return replace(job, settings=with_chosen(job.settings, done))

    def _seeds_of(self, job: NetworkJob) -> Iterator[NetworkJob]:
        """Yield a job for each first seed of a network; it is kept where there may be more trainings."""
        n_seeds = first_seeds(job.settings)
        if n_seeds > 1 or job.settings.run.seeds == AUTO:
            self.networks.append(job)
        for seed in range(n_seeds):
            yield replace(job, seed=seed)

    def second_trainings(self, least_seed: int = 0) -> Iterator[NetworkJob]:
        """Yield a job for each seed from `least_seed` on that stands far from the others: no seed is twice."""
        for job in self.networks:
            fits = self.folder.fits.values()
            known = {fit.seed: fit for fit in fits if fit.key._replace(seed=0) == job.key}
            losses = {seed: fit.validation_loss for seed, fit in known.items()}
            best = min((loss for loss in losses.values() if loss is not None), default=math.inf)
            for seed in far_off(losses):
                if seed >= least_seed and known[seed].again is None:
                    again = partial(fit_network_again, FarOff(known[seed], best))
                    yield replace(job, seed=seed, fit=again)
