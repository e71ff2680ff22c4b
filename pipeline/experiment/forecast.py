"""What a run will take: seconds, memory and disk of each job, and of all of them on the cores there are.

The jobs are those of the run, so that nothing is forecast that is not done; what a job takes says `rates`, what it
needs of memory `memory_of_jobs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.core.fits import TRAININGS, JobKey
from pipeline.core.models import MODELS
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job
from pipeline.experiment.memory_of_jobs import dimension_of
from pipeline.experiment.probe_work import work_of_probes
from pipeline.experiment.rates import (
    Rates,
    counted,
    machine_speed,
    training_of,
    usual_rates,
    work_of_linear,
    work_of_source,
)
from pipeline.models.save import is_kept
from pipeline.models.table import PlannedModel
from pipeline.run_folder.details.forecast import NO_TIME, Forecast, ForecastRow, Seconds
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import Config, first_seeds, most_seeds

_MIB = 2**20
_REPORT_MIB = 2.5  # the report, its charts and figures
_VECTORS, _PROBES = "vectors of ", "probes of "


@dataclass(frozen=True)
class Cluster:
    """Where jobs run: `at_once` on each node, whose fits have `room_mib` of memory; the run itself takes `own_mib`."""

    at_once: int
    room_mib: float
    own_mib: float
    nodes: int = 1


@dataclass(frozen=True)
class Expected:
    """What one job takes; `fits` are the models that it fits, with the seconds of their training alone."""

    job: Job
    seconds: Seconds
    fits: tuple[tuple[str, Seconds], ...]
    disk_mib: float


def every_job(jobs: Iterable[Job], seeds: int) -> list[Job]:
    """Return the jobs of a run: under --tune the trainings that come after the trials of a network too."""
    found = list(jobs)
    last_trials = {(job.key.name, job.key.fold): job for job in found if job.key.kind == "trial"}
    for job in last_trials.values():
        for seed in range(seeds):
            key = JobKey("network", job.key.name, job.key.fold, seed)
            found.append(replace(job, key=key, needs=job.key))
    return found


def forecast(data: RunData, jobs: Sequence[Job], rates: Rates, cluster: Cluster, before: float) -> Forecast:
    """Return what a run of these jobs takes.

    Parameters
    ----------
    before : seconds that reading and tokenising took
    """
    expected = [expect(data, job, rates) for job in jobs]
    trains = any(job.key.kind in TRAININGS for job in jobs)
    around = before + (rates.loading if trains else 0.0) + rates.closing * len(data.planned)
    bounds: list[Callable[[Seconds], float]] = [lambda s: s.least, lambda s: s.usual, lambda s: s.most]
    plans = [schedule(expected, cluster, bound) for bound in bounds]
    critical = [around + longest_chain(expected, bound) for bound in bounds]
    return Forecast(
        nodes=cluster.nodes,
        at_once=cluster.at_once,
        seconds=Seconds(*(around + seconds for seconds, _ in plans)),
        critical_seconds=Seconds(*critical),
        peak_mib=cluster.own_mib + max(peak for _, peak in plans),
        disk_mib=_REPORT_MIB + sum(one.disk_mib for one in expected),
        rows=tuple(_rows(expected, rates)),
        unknown=tuple(unknown(data.config, trains)),
    )


def forecast_unmeasured(
    data: RunData, jobs: Iterable[Job], cluster: Cluster, stages: Sequence[tuple[str, float]]
) -> Forecast:
    """Return what a run takes by the rates of another machine and the speed of this one: `plan` measures its jobs."""
    jobs = every_job(jobs, first_seeds(data.config))
    rates = usual_rates(jobs, machine_speed())
    return forecast(data, jobs, rates, cluster, sum(seconds for _, seconds in stages))


def usual_seconds(data: RunData, jobs: Iterable[Job]) -> Callable[[Job], float]:
    """Return what says of each job how long it usually takes here, of those that are not known yet too."""
    jobs = every_job(jobs, first_seeds(data.config))
    rates = usual_rates(jobs, machine_speed())
    return lambda job: expect(data, job, rates).seconds.usual


def expect(data: RunData, job: Job, rates: Rates) -> Expected:
    """Return what one job takes."""
    disk = sum(_disk_of_fit(data, job, model) for model in job.models)
    if job.key.kind == "source":
        seconds = _always(rates[job.key.name].each * work_of_source(data, job))
        words = len(data.tokenized.types) * 4 * dimension_of(job.models[0], job.settings) / _MIB
        return Expected(job, seconds, (), words * (2 if is_kept(job.settings, job.fold.number) else 1))
    if job.key.kind in TRAININGS:
        rate, training = rates[job.model.name], training_of(data, job, job.model)
        updates = (training.least, training.budget.first, training.budget.most)
        seconds = Seconds(*(rate.fixed + rate.each * training.work(n) for n in updates))
        again = seconds if job.refit else NO_TIME
        return Expected(job, seconds + again, ((job.model.name, seconds + again),), disk)
    if job.key.kind == "probes":
        return Expected(job, _seconds_of_probes(data, job, rates), (), 0.0)
    fits = [
        (model.name, _always(rates[model.name].each * work_of_linear(data, job, model)))
        for model in job.models
    ]
    n_ngrams = counted(data, job, job.models[0]) if job.key.kind == "baselines" else 0.0
    whole = sum((seconds for _, seconds in fits), _always(rates["counting"].each * n_ngrams))
    return Expected(job, whole, tuple(fits), disk)


def _seconds_of_probes(data: RunData, job: Job, rates: Rates) -> Seconds:
    """Return what the probes of a job take, by the rate of their network's training."""
    rate, work = rates[job.model.name], work_of_probes(data, job.key.part, job.model, job.fold, job.settings)
    if not work.as_own:
        fixed = rate.fixed * max(work.trainings, 1) if work.timesteps else 0.0
        return _always(fixed + rate.each * work.timesteps)
    training = training_of(data, job, job.model)
    updates = (training.least, training.budget.first, training.budget.most)
    return Seconds(*(rate.fixed + rate.each * training.work(n) for n in updates)).times(work.trainings)


def _always(seconds: float) -> Seconds:
    return Seconds(seconds, seconds, seconds)


def _disk_of_fit(data: RunData, job: Job, model: PlannedModel) -> float:
    """Return what the predictions of a fit take, and the model where it is kept; MiB."""
    if job.key.kind not in ("baselines", "tagger", "counts", "mean", "network"):
        return 0.0
    predictions = len(job.fold.test) * (8 + 4 * len(data.label_names))
    kept = 0
    if is_kept(job.settings, job.fold.number) and MODELS[model.model].recurrent:
        units = job.settings.networks.units
        kept = 4 * 4 * units * (units + dimension_of(model, job.settings))
    return (predictions + kept) / _MIB


# --- all of them ----------------------------------------------------------------------------------------


def schedule(
    expected: Sequence[Expected], cluster: Cluster, bound: Callable[[Seconds], float]
) -> tuple[float, float]:
    """Return the seconds until all jobs have ended, and the most memory that those which run at once need, MiB.

    As a run begins them: vectors first, then the longest, probes last; what does not fit beside the others waits.

    Parameters
    ----------
    bound : which of a job's seconds count
    """
    last = {"source": 0, "probes": 2}
    waiting = sorted(expected, key=lambda one: (last.get(one.job.key.kind, 1), -bound(one.seconds)))
    ended: dict[JobKey, float] = {}
    running: list[tuple[float, int, Expected]] = []  # when it ends, on which node
    now, peak = 0.0, 0.0
    keys = {one.job.key for one in expected}
    while waiting or running:
        for one in list(waiting):
            if one.job.needs in keys and one.job.needs not in ended:
                continue
            node = _node_with_room(one, running, cluster)
            if node is not None:
                running.append((now + bound(one.seconds), node, one))
                waiting.remove(one)
        peak = max(peak, *(_taken(running, node) for node in range(cluster.nodes)))
        first = min(running, key=lambda entry: entry[0])
        running.remove(first)
        now = first[0]
        ended[first[2].job.key] = now
    return now, peak


def _node_with_room(
    one: Expected, running: Sequence[tuple[float, int, Expected]], cluster: Cluster
) -> int | None:
    for node in range(cluster.nodes):
        there = [entry for entry in running if entry[1] == node]
        fits = _taken(running, node) + one.job.mib <= cluster.room_mib
        if not there or (len(there) < cluster.at_once and fits):
            return node
    return None


def _taken(running: Sequence[tuple[float, int, Expected]], node: int) -> float:
    return sum(one.job.mib for _, where, one in running if where == node)


def longest_chain(expected: Sequence[Expected], bound: Callable[[Seconds], float]) -> float:
    """Return the seconds of the jobs that have to follow each other, however many nodes there are."""
    by_key = {one.job.key: one for one in expected}

    def until_end_of(one: Expected) -> float:
        before = by_key.get(one.job.needs) if one.job.needs else None
        return bound(one.seconds) + (until_end_of(before) if before else 0.0)

    return max(map(until_end_of, expected), default=0.0)


def _rows(expected: Sequence[Expected], rates: Rates) -> Iterable[ForecastRow]:
    """Yield a row for each model, each source and the probes of each network, in the order of the jobs."""
    names = dict.fromkeys(name for one in expected for name in _names(one))
    for name in names:
        own = [one for one in expected if name in _names(one)]
        alone = [dict(one.fits).get(name, NO_TIME) for one in own]
        whole = [one.seconds if len(one.fits) < 2 else one.seconds.times(1 / len(one.fits)) for one in own]
        yield ForecastRow(
            name=name,
            fits=len(own),
            training_seconds=sum(alone, NO_TIME),
            seconds=sum(whole, NO_TIME),
            peak_mib=max(one.job.mib for one in own),
            disk_mib=sum(one.disk_mib / max(len(one.fits), 1) for one in own),
            measured=name.removeprefix(_VECTORS).removeprefix(_PROBES) in rates.measured,
        )


def _names(one: Expected) -> tuple[str, ...]:
    of = _PROBES if one.job.key.kind == "probes" else _VECTORS
    return tuple(name for name, _ in one.fits) or (f"{of}{one.job.key.name}",)


def unknown(config: Config, trains: bool) -> Iterable[str]:
    """Yield what a forecast cannot know, in sentences; `trains`: whether a network is among the jobs."""
    if trains:
        yield (
            "When a training stops is decided on validation documents: each has a least, its first budget, and a most."
        )
    yield "What else runs on the machine meanwhile; memory is what such jobs took elsewhere, not a bound."
    if trains:
        yield "A seed far from the others is trained a second time; none is counted."
    if config.run.seeds == AUTO and trains:
        more = most_seeds(config) - first_seeds(config)
        yield f"Up to {more} seeds are added for the network of the verdict; none is counted."
    if config.run.cache:
        yield "Vectors that the cache holds take no time; they are counted as if it were empty."
    if config.run.learning_curve:
        yield "The smaller sets of --learning-curve are not counted."
