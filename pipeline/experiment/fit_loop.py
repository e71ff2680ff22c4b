"""Which jobs a run has, and in which order: a run is the jobs that its folder does not hold yet.

What is open is asked of the folder each time a job ends, so that a run which goes on after it was stopped, and one
that was never stopped, come to the same jobs. Trials come before the seeds whose settings they choose, second
trainings when all first ones have ended, then seeds that are added.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from pipeline.core.console import Stage
from pipeline.core.fits import TRAININGS, Fit, JobEnded, JobFailed, JobKey, Result
from pipeline.core.names import slug
from pipeline.core.warned import Warned, warning
from pipeline.embeddings.audit.fit import CorpusFacts
from pipeline.experiment.choose_settings import best_so_far, settings_to_try, with_chosen
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.embedded_split import describe_source, make_vectors
from pipeline.experiment.fit_networks import FarOff
from pipeline.experiment.fits_of_task import Again, Fits, fits_of
from pipeline.experiment.how_many import words_of_job
from pipeline.experiment.jobs import Job, Made, RunFiles, VectorFiles
from pipeline.experiment.lost_pieces import drop_lost_networks, drop_lost_vectors
from pipeline.experiment.memory_of_jobs import mib_of_job
from pipeline.experiment.probe_fitted import probe_trained
from pipeline.experiment.tuning import choose
from pipeline.experiment.tuning.trials import Settings
from pipeline.interpret.probes import parts_of
from pipeline.models.networks.far_off import far_off
from pipeline.models.table import PlannedModel
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.journal import FAR_OFF
from pipeline.settings.tables import Config, first_seeds


@dataclass(eq=False)
class FitLoop:
    """The jobs of a run, or of the smaller sets of --learning-curve, and what comes of them.

    Attributes
    ----------
    data : what all fits read
    folds : the splits to fit on
    folder : where results are
    keep : takes what a job gave; that of the run says in its folder what has finished
    facts : audits of embedding sources
    settings_of : the settings of networks and vectors on a split
    linear : the settings of linear models, in which there is no chance
    add_seeds : adds one to the network of the verdict if that needs more, and returns whether it did; None where first
        trainings are all there are
    is_mine : whether a job is done here; of a shard those of its share are
    """

    data: RunData
    folds: Sequence[Split]
    folder: RunFolder
    keep: Callable[[Result, JobKey], None]
    facts: CorpusFacts
    settings_of: Callable[[Split], Config]
    linear: Config
    add_seeds: Callable[[], bool] | None
    is_mine: Callable[[Job], bool] = lambda job: True
    failed: dict[JobKey, str] = field(default_factory=dict, init=False)
    _drawn: dict[tuple[str, int], list[tuple[int, Settings]]] = field(default_factory=dict, init=False)
    _tuning: dict[tuple[str, int], Stage] = field(default_factory=dict, init=False)

    def open_jobs(self) -> list[Job]:
        """Return the jobs that have not ended, of the first stage that has some; those that are running among them.

        Probes belong to no stage: they come last, and as soon as the network is trained that they look at.
        """
        for stage in (self.first_trainings, self._second_trainings, self._added):
            jobs = self._open(stage())
            if jobs:
                return jobs + self._open(self.probes())
        return self._open(self.probes())

    def _open(self, jobs: Iterable[Job]) -> list[Job]:
        return [job for job in jobs if self.is_mine(job) and not self.is_over(job.key)]

    def is_over(self, key: JobKey) -> bool:
        """Return whether a job has ended, well or not."""
        return key in self.folder.jobs or key in self.failed

    def take(self, job: Job, result: Result) -> None:
        """Keep what a job gave; of vectors that were made, what they cover is found out here."""
        if isinstance(result, JobEnded) and job.key.kind == "source":
            described = describe_source(self.data, job, self.facts, self.folder.audits)
            for note in described.notes:
                if note not in self.folder.notes:
                    self.data.console.warn(note)
            self.keep(described, job.key)
        if isinstance(result, JobFailed):
            self.failed[job.key] = result.why
            self.data.console.warn(failure(job.key, result.why))
        if isinstance(result, JobEnded) and job.key.kind == "trial":
            self._drop_other_choice(job.key)
        self.keep(result, job.key)
        if isinstance(result, JobEnded) and job.place is not None:
            shutil.rmtree(job.place, ignore_errors=True)
        if job.key.kind == "trial":
            self._show_trial(job, result)

    def drop_what_is_lost(self) -> None:
        """Have done again, in a run that goes on, what is damaged or gone and still needed: vectors, networks."""
        drop_lost_networks(self)
        drop_lost_vectors(self)

    def _drop_other_choice(self, trial: JobKey) -> None:
        """Have the seeds of a network trained anew, if some are there, where a trial that came late chooses others."""
        seeds = [
            key
            for key in self.folder.jobs
            if key.kind in ("network", "again", "probes") and (key.name, key.fold) == (trial.name, trial.fold)
        ]
        model = next(model for model in self.data.planned if model.name == trial.name)
        tried = self.folder.trials[model.name, model.model, trial.fold]
        before = [one for one in tried if one.number != trial.number]
        if seeds and not (before and choose(before).settings == choose(tried).settings):
            self.folder.forget(seeds)

    @property
    def fits(self) -> Fits:
        """What fits the models of this task."""
        return fits_of(self.data.config)

    @property
    def _probed(self) -> bool:
        """Whether networks are looked into."""
        return self.fits.probes and self.data.config.run.probes

    # --- the first training of each model -----------------------------------------------------------------

    def first_trainings(self) -> Iterator[Job]:
        """Yield the jobs of every planned model on every split, with the seeds that were added."""
        for fold in self.folds:
            yield from self._baselines(fold)
            for source in self._sources():
                yield from self._readers_of(source, fold)

    def _baselines(self, fold: Split) -> Iterator[Job]:
        """Yield a job for all models that read the same n-grams; under --tune one for each."""
        together: dict[object, list[PlannedModel]] = {}
        for model in self.data.planned:
            if model.source is None:
                own = model.name if self.linear.run.tune else self.fits.together(self.data, model, fold)
                together.setdefault(own, []).append(model)
        for models in together.values():
            key = JobKey(self.fits.kind, ",".join(model.name for model in models), fold.number)
            yield self._job(key, self.fits.linear, models, fold, self.linear)

    def _readers_of(self, source: str, fold: Split) -> Iterator[Job]:
        """Yield the job that makes a source's vectors, then those of the models that read them."""
        config = self.settings_of(fold)
        reading = [model for model in self.data.planned if model.source == source]
        key = JobKey("source", source, fold.number)
        yield self._job(key, make_vectors, reading, fold, config, needs=self._same_text(key))
        for model in reading:
            if model.seeded:
                yield from self._trainings(model, fold, config)
            elif self.fits.mean is not None:
                key = JobKey("mean", model.name, fold.number)
                yield self._job(key, self.fits.mean, [model], fold, self.linear)

    def _same_text(self, key: JobKey) -> JobKey | None:
        """Return the job whose vectors are kept for this one: with folds, unlabelled text serves all of them."""
        shared = self.data.unlabelled is not None and self.data.config.corpus.folds and key.fold
        return key._replace(fold=self.folds[0].number) if shared else None

    def _trainings(self, model: PlannedModel, fold: Split, config: Config) -> Iterator[Job]:
        """Yield a network's trials, or its seeds once all trials have ended."""
        wanted = self._trials_of(model, fold, config)
        keys = [JobKey("trial", model.name, fold.number, number=number) for number, _ in wanted]
        if not all(map(self.is_over, keys)):
            for key, (number, settings) in zip(keys, wanted, strict=True):
                assert self.fits.trial is not None, "--tune is refused where nothing is tried"
                yield self._job(key, partial(self.fits.trial, number, settings), [model], fold, config)
            return
        for seed in range(first_seeds(config) + self.folder.added_seeds.get(model.name, 0)):
            yield self._training(model, fold, seed)

    def _training(self, model: PlannedModel, fold: Split, seed: int) -> Job:
        """Return the job of one seed, with the settings that trials chose."""
        tried = self.folder.trials.get((model.name, model.model, fold.number), [])
        config = with_chosen(self.settings_of(fold), tried)
        return self._job(
            JobKey("network", model.name, fold.number, seed), self.fits.network, [model], fold, config
        )

    def _trials_of(self, model: PlannedModel, fold: Split, config: Config) -> list[tuple[int, Settings]]:
        name = model.name, fold.number
        if name not in self._drawn:
            self._drawn[name] = settings_to_try(config, model, fold)
        return self._drawn[name]

    def planned_jobs(self) -> Iterator[Job]:
        """Yield all jobs that are known before the first has begun."""
        yield from self.first_trainings()
        yield from self.probes()

    # --- what looks at networks ---------------------------------------------------------------------------

    def probes(self) -> Iterator[Job]:
        """Yield the jobs that look at each network: at that training of its first seed on the first fold which counts.

        Those of a network that could not be trained are none.
        """
        for fold in self.folds if self._probed else ():
            for model in self.data.planned if fold.number == 0 else ():
                if model.seeded:
                    yield from self._probes_of(model, fold)

    def _probes_of(self, model: PlannedModel, fold: Split) -> Iterator[Job]:
        trained, number = self._training(model, fold, 0), self.folder.standing_training(model.name)
        for part, names in parts_of(self.data.config.run.extra_probes).items():
            key = JobKey("probes", model.name, number=number, part=part)
            (before,) = key.rests_on
            if before not in self.failed:
                yield self._job(key, partial(probe_trained, names), [model], fold, trained.settings, before)

    # --- trainings that come later ------------------------------------------------------------------------

    def _second_trainings(self) -> Iterator[Job]:
        """Yield a job for each seed that stands far from the others.

        Which they are is decided once for each number of seeds, after those of the number before were trained again.
        """
        again = self.fits.again
        if self.add_seeds is None or again is None:
            return
        first = first_seeds(self.data.config)
        for seeds in range(first, first + max(self.folder.added_seeds.values(), default=0) + 1):
            networks = [model for model in self.data.planned if model.seeded]
            jobs = [
                job for fold in self.folds for one in networks for job in self._again(again, one, fold, seeds)
            ]
            yield from jobs
            if not all(self.is_over(job.key) for job in jobs):
                return

    def _again(self, fit_again: Again, model: PlannedModel, fold: Split, seeds: int) -> Iterator[Job]:
        """Yield the second trainings of a network with so many seeds; none while it lacks a first one, which failed."""
        name, first = model.name, first_seeds(self.data.config)
        fits = {fit.seed: fit for fit in self.folder.fits.values() if fit.key[::2] == (name, fold.number)}
        failed = any(
            key.kind == "network" and (key.name, key.fold) == (name, fold.number) for key in self.failed
        )
        if not fits or failed:  # not done here, or not yet
            return
        if (name, fold.number, seeds) not in self.folder.far_off:
            found = list(
                self._far_off({seed: fits[seed] for seed in sorted(fits) if seed < seeds}, seeds, first)
            )
            self.folder.tell(FAR_OFF, {"name": name, "fold": fold.number, "seeds": seeds, "fits": found})
        for one in self.folder.far_off[name, fold.number, seeds]:
            once = self._training(model, fold, one["seed"])
            fit = self.folder.first_fit(name, one["seed"], fold.number)
            again = partial(fit_again, FarOff(fit, one["best_loss"]))
            yield self._job(once.key._replace(kind="again"), again, [model], fold, once.settings)

    def _far_off(self, fits: dict[int, Fit], seeds: int, first: int) -> Iterator[dict[str, object]]:
        """Yield which of so many seeds are to be trained again, as the journal has it.

        Those that are judged for the first time are so by their first training, though there may be a second one: a
        run whose line of this was lost comes to the same.
        """
        if first == len(fits) == 1:
            return
        new = range(seeds) if seeds == first else range(seeds - 1, seeds)
        least = 0 if seeds == first else first  # first seeds chose the network: those stay as they are
        judged = {seed: self.folder.first_fit(*fit.key) if seed in new else fit for seed, fit in fits.items()}
        losses = {seed: fit.validation_loss for seed, fit in judged.items()}
        best = min((loss for loss in losses.values() if loss is not None), default=math.inf)
        for seed in far_off(losses):
            if seed >= least and judged[seed].again is None:
                yield {"seed": seed, "best_loss": best}

    def _added(self) -> Iterator[Job]:
        """Yield the jobs of a seed that is added, if one is; none is while a fit that this depends on has failed."""
        failed = any(key.kind != "probes" for key in self.failed)
        if self.add_seeds is not None and not failed and self.add_seeds():
            yield from self.first_trainings()

    # --- one job ------------------------------------------------------------------------------------------

    def _job(
        self,
        key: JobKey,
        fit: Callable[[RunData, Job], Iterator[Made]],
        models: Iterable[PlannedModel],
        fold: Split,
        config: Config,
        needs: JobKey | None = None,
    ) -> Job:
        models = tuple(models)
        refit, source = self.data.config.run.refit, models[0].source
        vectors = None
        if source is not None:
            place, name = self.folder.unfinished, f"{slug(source)}.f{fold.number}"
            last = place / f"{name}.refit.safetensors" if refit else None
            vectors = VectorFiles(place / f"{name}.safetensors", last)
            if key.kind != "source":
                needs = needs or JobKey("source", source, fold.number)
        number = f".t{key.number}" if key.number else ""
        place = self.folder.unfinished / f"{key.kind}.{slug(key.name)}.s{key.seed}.f{key.fold}{number}"
        words = words_of_job(self.data, key, models, fold, config)
        mib = mib_of_job(self.data, key.kind, models, fold, config)
        return Job(
            key,
            fit,
            models,
            fold,
            config,
            refit,
            vectors,
            needs,
            self._file_of_network(key),
            place if key.kind in TRAININGS else None,
            words,
            mib,
            beside=len(self.folds) * len(self._sources()) if key.kind == "source" else 0,
        )

    def _file_of_network(self, key: JobKey) -> RunFiles | None:
        """Return where a network lies at which probes look; None of a job that trains none of these."""
        if key.kind not in ("network", "again", "probes") or not key.is_first or not self._probed:
            return None
        number = 1 if key.kind == "again" else key.number
        return RunFiles(self.folder.unfinished, (f"network.{slug(key.name)}.{number}.safetensors",))

    def _sources(self) -> dict[str, None]:
        """Return the sources that models read, once each."""
        return dict.fromkeys(model.source for model in self.data.planned if model.source)

    def _show_trial(self, job: Job, result: Result) -> None:
        """Move the bar of a network's trials."""
        name = job.model.name, job.fold.number
        wanted, tried = self._drawn[name], self.folder.trials.get((name[0], job.model.model, name[1]), [])
        if name not in self._tuning:
            self._tuning[name] = self.data.console.begin(f"Tuning {name[0]}", len(wanted), "trials")
        if isinstance(result, JobEnded | JobFailed):
            self._tuning[name].advance(1, best_so_far(tried) if tried else None)
            keys = (JobKey("trial", *name, number=number) for number, _ in wanted)
            if all(map(self.is_over, keys)):
                self.data.console.end(self._tuning.pop(name))


def failure(key: JobKey, why: str) -> Warned:
    """Return in words that a job failed.

    >>> print(failure(JobKey("network", "lstm@word2vec", fold=2, seed=1), "out of memory"))
    lstm@word2vec, fold 3, seed 2: network could not be done (out of memory); the rest went on without it [job-failed]
    """
    return warning("job-failed", f"{key.in_words} could not be done ({why}); the rest went on without it")
