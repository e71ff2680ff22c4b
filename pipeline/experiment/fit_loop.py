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

from pipeline.core import stopping
from pipeline.core.console import Stage
from pipeline.core.fits import TRAININGS, JobEnded, JobFailed, JobKey, JobStopped, Last, Result
from pipeline.core.names import slug
from pipeline.embeddings.audit.fit import CorpusFacts
from pipeline.experiment.choose_settings import best_so_far, settings_to_try, with_chosen
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.embedded_split import describe_source, make_vectors
from pipeline.experiment.executors import Executor
from pipeline.experiment.fit_linear import fit_baselines, fit_mean
from pipeline.experiment.fit_networks import FarOff, fit_network_again, fit_network_of, try_network
from pipeline.experiment.how_many import words_of_job
from pipeline.experiment.jobs import Job, VectorFiles, VectorsMade
from pipeline.experiment.linear_features import range_of
from pipeline.experiment.memory_of_jobs import mib_of_job
from pipeline.experiment.tuning.trials import Settings
from pipeline.models.networks.far_off import far_off
from pipeline.models.table import PlannedModel
from pipeline.run_folder.folder import RunFolder
from pipeline.settings.tables import Config, first_seeds


@dataclass(eq=False)
class FitLoop:
    """The jobs of a run, or of the smaller sets of --learning-curve, and what comes of them.

    Attributes
    ----------
    data : what all fits read
    folds : the splits to fit on
    folder : where results are
    keep : takes a result; that of the run says in its folder what has finished
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
    keep: Callable[[Result], None]
    facts: CorpusFacts
    settings_of: Callable[[Split], Config]
    linear: Config
    add_seeds: Callable[[], bool] | None
    is_mine: Callable[[Job], bool] = lambda job: True
    failed: dict[JobKey, str] = field(default_factory=dict, init=False)
    _drawn: dict[tuple[str, int], list[tuple[int, Settings]]] = field(default_factory=dict, init=False)
    _tuning: dict[tuple[str, int], Stage] = field(default_factory=dict, init=False)

    def open_jobs(self) -> list[Job]:
        """Return the jobs that have not ended, of the first stage that has some; those that are running among them."""
        for stage in (self.first_trainings, self._second_trainings, self._added):
            jobs = [job for job in stage() if self.is_mine(job) and not self.is_over(job.key)]
            if jobs:
                return jobs
        return []

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
            self.keep(described)
        if isinstance(result, JobFailed):
            self.failed[job.key] = result.why
            self.data.console.warn(failure(job.key, result.why))
        self.keep(result)
        if isinstance(result, JobEnded) and job.place is not None:
            shutil.rmtree(job.place, ignore_errors=True)
        if job.key.kind == "trial":
            self._show_trial(job, result)

    def drop_lost_vectors(self) -> None:
        """Have the vectors of a run that goes on made anew where their file is damaged or gone and is still needed.

        Vectors that cannot be made again to the last bit are of no use beside fits that read the old ones: those are
        done again too.
        """
        jobs = list(self.first_trainings())
        for source in [job for job in jobs if job.key.kind == "source" and job.key in self.folder.jobs]:
            readers = [job for job in jobs if job.needs == source.key and job.key.kind != "source"]
            if all(self.is_over(job.key) for job in readers) or _are_whole(source.vectors):
                continue
            again = self.data.config.run.deterministic
            self.folder.jobs -= {job.key for job in (source, *(() if again else readers))}
            what = f"the vectors of {source.key.name} are damaged or gone from {self.folder.unfinished}"
            others = "" if again else ", and so is every fit that reads them"
            self.data.console.warn(f"{what}: they are made anew{others}")

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
                own = model.name if self.linear.run.tune else range_of(self.data, model, fold)
                together.setdefault(own, []).append(model)
        for models in together.values():
            key = JobKey("baselines", ",".join(model.name for model in models), fold.number)
            yield self._job(key, fit_baselines, models, fold, self.linear)

    def _readers_of(self, source: str, fold: Split) -> Iterator[Job]:
        """Yield the job that makes a source's vectors, then those of the models that read them."""
        config = self.settings_of(fold)
        reading = [model for model in self.data.planned if model.source == source]
        key = JobKey("source", source, fold.number)
        yield self._job(key, make_vectors, reading, fold, config, needs=self._same_text(key))
        for model in reading:
            if model.seeded:
                yield from self._trainings(model, fold, config)
            else:
                yield self._job(JobKey("mean", model.name, fold.number), fit_mean, [model], fold, self.linear)

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
                yield self._job(key, partial(try_network, number, settings), [model], fold, config)
            return
        for seed in range(first_seeds(config) + self.folder.added_seeds.get(model.name, 0)):
            yield self._training(model, fold, seed)

    def _training(self, model: PlannedModel, fold: Split, seed: int) -> Job:
        """Return the job of one seed, with the settings that trials chose."""
        tried = self.folder.trials.get((model.name, model.model, fold.number), [])
        config = with_chosen(self.settings_of(fold), tried)
        return self._job(
            JobKey("network", model.name, fold.number, seed), fit_network_of, [model], fold, config
        )

    def _trials_of(self, model: PlannedModel, fold: Split, config: Config) -> list[tuple[int, Settings]]:
        name = model.name, fold.number
        if name not in self._drawn:
            self._drawn[name] = settings_to_try(config, model, fold)
        return self._drawn[name]

    # --- trainings that come later ------------------------------------------------------------------------

    def _second_trainings(self) -> Iterator[Job]:
        """Yield a job for each seed that stands far from the others: which they are is decided once for each stage."""
        if self.add_seeds is None:
            return
        first = first_seeds(self.data.config)
        seeds = first + max(self.folder.added_seeds.values(), default=0)
        if seeds not in self.folder.far_off:
            least = 0 if seeds == first else first  # first seeds chose the network: those stay as they are
            self.folder.tell("far off", {"seeds": seeds, "fits": list(self._far_off(least))})
        for found in self.folder.far_off[seeds]:
            model = next(model for model in self.data.planned if model.name == found["name"])
            fold = next(fold for fold in self.folds if fold.number == found["fold"])
            once = self._training(model, fold, found["seed"])
            fit = self.folder.first_fit(found["name"], found["seed"], found["fold"])
            again = partial(fit_network_again, FarOff(fit, found["best_loss"]))
            key = once.key._replace(kind="again")
            yield self._job(key, again, [model], fold, once.settings)

    def _far_off(self, least_seed: int) -> Iterator[dict[str, object]]:
        """Yield which seeds from `least_seed` on are to be trained again, as the journal has it."""
        for fold in self.folds:
            for model in self.data.planned:
                fits = {
                    fit.seed: fit
                    for fit in self.folder.fits.values()
                    if fit.key[::2] == (model.name, fold.number)
                }
                if not model.seeded or first_seeds(self.data.config) == len(fits) == 1:
                    continue
                losses = {seed: fits[seed].validation_loss for seed in sorted(fits)}
                best = min((loss for loss in losses.values() if loss is not None), default=math.inf)
                for seed in far_off(losses):
                    if seed >= least_seed and fits[seed].again is None:
                        yield {"name": model.name, "fold": fold.number, "seed": seed, "best_loss": best}

    def _added(self) -> Iterator[Job]:
        """Yield the jobs of a seed that is added, if one is."""
        if self.add_seeds is not None and self.add_seeds():
            yield from self.first_trainings()

    # --- one job ------------------------------------------------------------------------------------------

    def _job(
        self,
        key: JobKey,
        fit: Callable[[RunData, Job], Iterator[Result | VectorsMade]],
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
                needs = JobKey("source", source, fold.number)
        number = f".t{key.number}" if key.number else ""
        place = self.folder.unfinished / f"{key.kind}.{slug(key.name)}.s{key.seed}.f{key.fold}{number}"
        words = words_of_job(self.data, key.kind, models, fold, config)
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
            place if key.kind in TRAININGS else None,
            words,
            mib,
            beside=len(self.folds) * len(self._sources()) if key.kind == "source" else 0,
        )

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


def _are_whole(vectors: VectorFiles | None) -> bool:
    """Return whether the files of vectors can be read; one that cannot is set aside under another name."""
    assert vectors is not None, "a source has vectors"
    whole = True
    for path, refit in zip(vectors.paths, (False, True), strict=False):
        if vectors.read(refit=refit) is None:
            whole = False
            if path.exists():
                path.replace(path.with_name(f"{path.name}.damaged"))
    return whole


def failure(key: JobKey, why: str) -> str:
    """Return in words that a job failed.

    >>> failure(JobKey("network", "lstm@word2vec", fold=2, seed=1), "memory ran out")
    'lstm@word2vec, fold 3, seed 2: network could not be done (memory ran out); the rest of the run went on without it'
    """
    return f"{key.in_words} could not be done ({why}); the rest of the run went on without it"


def run_jobs(loops: Sequence[FitLoop], executor: Executor) -> None:
    """Run every open job of some loops to its end, or until the run is asked to stop; the first loops' come first.

    Whatever ends it early, results that had come are kept.
    """
    for loop in loops:
        loop.drop_lost_vectors()
    running: dict[int, tuple[FitLoop, Job]] = {}
    begun = 0
    try:
        while True:
            while executor.has_room and not stopping.asked():
                found = _next_job(loops, running.values(), executor)
                if found is None:
                    break
                running[begun] = found
                executor.begin(begun, found[1])
                begun += 1
            if not running:
                return
            with stopping.may_be_cut():
                number, said = executor.next()
            loop, job = running[number]
            if not isinstance(said, JobStopped):
                loop.take(job, said)
            if isinstance(said, Last):
                del running[number]
    except stopping.Stopped:  # what is left runs where the flag is not looked at: it is ended below
        return
    finally:
        for number, said in executor.close():
            if number in running and not isinstance(said, JobEnded | JobStopped):
                running[number][0].take(running[number][1], said)


def _next_job(
    loops: Sequence[FitLoop], running: Iterable[tuple[FitLoop, Job]], executor: Executor
) -> tuple[FitLoop, Job] | None:
    """Return a job that can begin: one after the other as planned, or where several run at once the longest first.

    One that does not fit beside those that run lets the others go first.
    """
    busy = {(id(loop), job.key) for loop, job in running}
    for loop in loops:
        ready = []
        for job in loop.open_jobs():
            if (id(loop), job.key) in busy:
                continue
            if job.needs in loop.failed:
                loop.take(job, JobFailed(job.key, loop.failed[job.needs]))
            elif (job.needs is None or job.needs in loop.folder.jobs) and executor.fits(job):
                ready.append(job)
        if ready:
            return loop, max(ready, key=_urgency) if executor.at_once > 1 else ready[0]
    return None


def _urgency(job: Job) -> tuple[bool, int]:
    """Return what orders jobs: vectors that others wait for, then what takes longest."""
    return job.key.kind == "source", job.words
