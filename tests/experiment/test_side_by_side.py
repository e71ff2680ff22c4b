"""Fits in worker processes: the same results as one after the other, and what ends early."""

from __future__ import annotations

import os
import pickle
import re
import resource
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import whole_runs
from jobs_by_hand import data_of, fit_named, job_of, named, names, run_all
from whole_runs import fitting, read

from pipeline.core.errors import PipelineError
from pipeline.core.fits import (
    FitResult,
    JobEnded,
    JobFailed,
    JobKey,
    ProbesResult,
    Result,
    Score,
    SourceResult,
    Trial,
    TrialResult,
)
from pipeline.core.resources import memory_mib, n_threads, usable_cores
from pipeline.experiment import fit_linear, fit_networks
from pipeline.experiment.data import RunData
from pipeline.experiment.executors import Executor, executor_of
from pipeline.experiment.how_many import Machine, Work, fits_at_once
from pipeline.experiment.jobs import Job, Made
from pipeline.experiment.plan import plan_models
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.predictions import read_run_predictions
from pipeline.settings.tables import with_values

pytestmark = pytest.mark.longer

SMALL = (
    "networks.units=8",
    "networks.max_epochs=2",
    "embeddings.dimension=8",
    "baselines.bow_strengths=0.1,1",
)
WORK = Work(fits=9, words=30_000_000, mib=(800.0,) * 9, gpu=False)
TWO_CORES = Machine(cores=2, room_mib=9_600)


class SeedOneIsFarOff:
    """An executor whose first training of seed 1 on fold 0 is said to have ended far above the others."""

    def __init__(self, executor: Executor) -> None:
        self.at_once, self.close, self.begin = executor.at_once, executor.close, executor.begin
        self.fits, self._executor = executor.fits, executor

    @property
    def has_room(self) -> bool:
        return self._executor.has_room

    def next(self) -> tuple[int, Result]:
        number, result = self._executor.next()
        if isinstance(result, FitResult) and result.fit.again is None and result.fit.key[1:] == (1, 0):
            return number, replace(result, fit=replace(result.fit, validation_loss=9.0))
        return number, result


@contextmanager
def one_far_off(*of_run: Any) -> Iterator[Executor]:
    with executor_of(*of_run) as executor:
        yield SeedOneIsFarOff(executor)


def perform(folder: Path, at_once: int) -> Path:
    options: dict[str, Any] = {
        "corpus_folds": 2,
        "run_models": "bow,ann",  # the network that is traced soonest
        "run_embeddings": "learned",
        "run_seeds": 2,
        "run_deterministic": True,
        "run_probes": True,
    }
    side_by_side = f"run.side_by_side={at_once}"
    return whole_runs.perform(folder, side_by_side, small=SMALL, executors=one_far_off, **options)


# --- how many -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "machine", "asked", "at_once"),
    [
        (WORK, TWO_CORES, 0, 2),
        (WORK, TWO_CORES, 1, 1),
        (WORK, TWO_CORES, 3, 3),  # the person knows better
        (WORK, replace(TWO_CORES, cores=1), 0, 1),
        (WORK, replace(TWO_CORES, cores=16), 0, 9),  # a core for each fit
        (WORK, replace(TWO_CORES, cores=16, room_mib=1_800), 0, 2),
        (WORK, replace(TWO_CORES, room_mib=1_500), 0, 1),
        (replace(WORK, fits=1), TWO_CORES, 0, 1),
        (replace(WORK, fits=2), TWO_CORES, 5, 2),
        (replace(WORK, words=3_900_000), TWO_CORES, 0, 1),
        (replace(WORK, mib=(6_000.0, 800.0, 8_000.0)), TWO_CORES, 0, 2),  # the two small ones go together
        (replace(WORK, mib=(6_000.0, 8_000.0)), TWO_CORES, 0, 1),
        (replace(WORK, gpu=True), TWO_CORES, 0, 1),
        (replace(WORK, gpu=True), TWO_CORES, 2, 1),
    ],
)
def test_fits_at_once(work: Work, machine: Machine, asked: int, at_once: int) -> None:
    assert fits_at_once(work, machine, asked) == at_once


# --- the same results -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return one run whose fits went one after the other, and one with two at once."""
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    return perform(one, 1), perform(two, 2)


def test_predictions_are_equal_to_the_last_bit(runs: tuple[Path, Path]) -> None:
    one, two = map(read_run_predictions, runs)
    assert [(e.name, e.seed, e.fold) for e in one] == [(e.name, e.seed, e.fold) for e in two]
    assert len(one) == 2 * (1 + 2)  # folds; a baseline and two seeds of a network
    for alone, beside in zip(one, two, strict=True):
        np.testing.assert_array_equal(alone.predictions.documents, beside.predictions.documents)
        np.testing.assert_array_equal(alone.predictions.probabilities, beside.predictions.probabilities)


def test_the_record_is_equal_but_for_what_it_cost(runs: tuple[Path, Path]) -> None:
    one, two = (read(run) for run in runs)
    for metrics in (one, two):
        metrics["config"]["run"] |= {"out": None, "side_by_side": None}
        metrics["config"]["corpus"]["path"] = metrics["corpus"]["reading"] = None
        for embedding in metrics["embeddings"]:
            embedding["seconds"] = None
    apart = {"timing", "stages", "total_seconds", "environment", "costs", "cheapest", "advice", "reuse"}
    assert {k: v for k, v in one.items() if k not in apart} == {
        k: v for k, v in two.items() if k not in apart
    }
    names = [[(row["name"], row["seed"], row["fold"]) for row in metrics["timing"]] for metrics in (one, two)]
    assert names[0] == names[1]
    assert [entry["name"] for entry in read(runs[0], "details/probes.json")] == ["ann@learned"]
    for name in ("choices", "neighbours", "probes", "contributions"):
        assert read(runs[0], f"details/{name}.json") == read(runs[1], f"details/{name}.json")
    again = [[fit["again"] for fit in read(run, "details/fits.json")["fits"]] for run in runs]
    assert again[0] == again[1]
    assert [one is not None for one in again[0]].count(True) == 1
    histories = [read(run, "details/histories.json") for run in runs]
    for history in histories:
        for entry in history:
            for evaluation in entry["evaluations"]:
                evaluation["seconds"] = None
    assert histories[0] == histories[1]


def test_models_are_saved_alike(runs: tuple[Path, Path]) -> None:
    found = [[path for path in run.joinpath("models").rglob("*.*") if path.is_file()] for run in runs]
    files = [sorted(path.relative_to(run) for path in own) for own, run in zip(found, runs, strict=True)]
    assert files[0] == files[1]
    for file in files[0]:
        assert (runs[0] / file).read_bytes() == (runs[1] / file).read_bytes(), file


def test_a_job_that_is_sent_to_another_process_trains_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a job names are copies there: no two are the same object, and none says by that whether to refit."""
    made: list[str] = []

    def counted(module: Any, name: str) -> None:
        original = getattr(module, name)

        def called(*arguments: Any, **named: Any) -> Any:
            made.append(name)
            return original(*arguments, **named)

        monkeypatch.setattr(module, name, called)

    def sent(data: RunData, job: Job) -> Iterable[Made]:
        apart = pickle.loads(pickle.dumps(job))
        return apart.fit(data, apart)

    counted(fit_networks, "fit_network")
    for name in ("count_features", "fit_baseline", "average_features"):
        counted(fit_linear, name)
    options = {"run_models": "bow,mean,ann", "run_embeddings": "random"}
    run = whole_runs.perform(tmp_path, small=SMALL, executors=fitting(sent), **options)
    assert sorted(made) == ["average_features", "count_features", "fit_network"]
    assert [row["name"] for row in read(run)["results"]] == ["ann@random", "bow", "mean@random"]


def test_timing_and_report_say_how_many_ran_at_once(runs: tuple[Path, Path]) -> None:
    one, two = (read(run) for run in runs)
    assert {row["at_once"] for row in one["timing"]} == {1}
    assert {row["at_once"] for row in two["timing"]} == {2}
    assert all(row["fit_seconds"] > 0 and row["peak_rss_mib"] > 100 for row in two["timing"])
    said = "Up to 2 fits ran side by side"
    assert [said in (run / "report.md").read_text() for run in runs] == [False, True]


def test_the_log_has_every_training(runs: tuple[Path, Path]) -> None:
    one, two = (
        sorted(
            line[20:].split(":")[0]
            for line in (run / "log.txt").read_text().splitlines()
            if "Training" in line and "started" not in line
        )
        for run in runs
    )
    assert one == two


# --- what ends early ------------------------------------------------------------------------------------


def go_on_without_end(data: RunData, job: Job) -> Iterator[FitResult]:
    yield FitResult(fit_named("endless"))
    time.sleep(600)


def fail(data: RunData, job: Job) -> Iterator[FitResult]:
    raise PipelineError("no-label-column", "films.csv:3", "no label", "give one")


def meet_a_fault(data: RunData, job: Job) -> Iterator[FitResult]:
    raise KeyError("a fault")


def die(data: RunData, job: Job) -> Iterator[FitResult]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield FitResult(fit_named("never"))


def die_once(place: Path, data: RunData, job: Job) -> Iterator[FitResult]:
    if not place.exists():
        place.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    yield FitResult(fit_named("second time"))


def need_more_than_there_is(data: RunData, job: Job) -> Iterator[FitResult]:
    resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))  # of this worker alone
    np.ones(2**40, dtype=np.float64)
    yield FitResult(fit_named("never"))


def workers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]


def test_every_job_ends_behind_what_it_gave_and_more_can_be_run_whatever_a_terminal_sends(
    tmp_path: Path,
) -> None:
    with executor_of(data_of(tmp_path), 2) as executor:
        found = run_all(executor, [named("tfidf"), named("bow"), named("nbsvm")])
        assert sorted(names(found)) == ["bow", "nbsvm", "tfidf"]
        for name in ("tfidf", "bow", "nbsvm"):
            own = [
                place
                for place, one in enumerate(found)
                if name in (getattr(one, "key", [""] * 2)[1], *names([one]))
            ]
            assert [type(found[place]) for place in own] == [FitResult, JobEnded]
        assert names(run_all(executor, [named("mean")])) == ["mean"]
        assert len(workers()) == 2  # those that were there took the last job too
        for worker in workers():
            worker.send_signal(signal.SIGINT)  # Ctrl-C: a worker never gets it
        assert names(run_all(executor, [named("bow")])) == ["bow"]
        executor.begin(0, named("tfidf"))
        assert executor.has_room
        executor.begin(1, named("bow"))
        assert not executor.has_room  # no more jobs run than were asked for
    assert workers() == []


def test_closing_ends_the_workers_at_once_and_gives_what_had_come(tmp_path: Path) -> None:
    with executor_of(data_of(tmp_path), 2) as executor:
        executor.begin(0, named("tfidf"))
        executor.begin(1, job_of(go_on_without_end))
        first = executor.next()
        time.sleep(3.0)  # the rest has come by now, and is not asked for
        running = workers()
        come = [first, *executor.close()]
        assert sorted(names(result for _, result in come)) == ["endless", "tfidf"]
        assert {result.fit.at_once for _, result in come if isinstance(result, FitResult)} == {2}
        assert len(running) == 2
        assert not any(worker.is_running() for worker in running)


@pytest.mark.parametrize(
    ("fit", "error", "words"),
    [(fail, PipelineError, "films.csv:3: no label; give one"), (meet_a_fault, KeyError, "'a fault'")],
)
def test_an_error_of_a_fit_ends_the_run_with_it(
    fit: Any, error: type[Exception], words: str, tmp_path: Path
) -> None:
    with executor_of(data_of(tmp_path), 2) as executor:
        with pytest.raises(error) as raised:
            run_all(executor, [job_of(fit), job_of(go_on_without_end)])
        assert str(raised.value) == words


def test_a_job_whose_process_is_killed_is_done_again(tmp_path: Path) -> None:
    with executor_of(data_of(tmp_path), 2) as executor:
        found = run_all(executor, [job_of(partial(die_once, tmp_path / "died")), named("tfidf")])
        assert sorted(names(found)) == ["second time", "tfidf"]
        assert executor.at_once == 1


def test_a_job_whose_process_is_killed_twice_has_failed_and_the_others_go_on(tmp_path: Path) -> None:
    with executor_of(data_of(tmp_path), 2) as executor:
        found = run_all(executor, [job_of(die), named("tfidf"), named("mean")])
        assert sorted(names(found)) == ["mean", "tfidf"]
        (failed,) = (one for one in found if isinstance(one, JobFailed))
        why = "its process ended without a word (signal 9), 2 times; memory may have run out"
        assert failed == JobFailed(JobKey("baselines", "bow"), why)


def test_a_job_that_runs_out_of_memory_has_failed_and_the_others_go_on(tmp_path: Path) -> None:
    with executor_of(data_of(tmp_path), 2) as executor:
        found = run_all(executor, [job_of(need_more_than_there_is), named("tfidf")])
        assert names(found) == ["tfidf"]
        assert JobFailed(JobKey("baselines", "bow"), "memory ran out") in found


# --- memory ---------------------------------------------------------------------------------------------


def take_memory(mib: int, data: RunData, job: Job) -> Iterator[FitResult]:
    held = np.ones(mib * 2**17)  # float64
    time.sleep(1.5)
    yield FitResult(fit_named(f"{job.key.name} {int(held[0])}"))


def peak_of(executor: Executor, jobs: list[Job]) -> tuple[float, int]:
    """Return the most memory that this process and its workers held while jobs ran, MiB, and how many ran at once."""
    done, peak, at_once = threading.Event(), 0.0, 0

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.05):
            with suppress(psutil.Error):
                held = [one.memory_info().rss / 2**20 for one in [psutil.Process(), *workers()]]
                peak = max(peak, sum(held))

    watcher = threading.Thread(target=watch)
    watcher.start()
    waiting, running = list(jobs), 0
    begun = 0
    while waiting or running:
        while waiting and executor.has_room and executor.fits(waiting[0]):
            executor.begin(begun, waiting.pop(0))
            begun, running = begun + 1, running + 1
        at_once = max(at_once, running)
        _, result = executor.next()
        running -= isinstance(result, JobEnded | JobFailed)
    done.set()
    watcher.join()
    return peak, at_once


@pytest.mark.parametrize(("room", "at_once"), [(1_700, 2), (900, 1)])
def test_the_memory_of_all_processes_stays_within_the_bound(room: int, at_once: int, tmp_path: Path) -> None:
    data, mib = data_of(tmp_path), 500
    most = memory_mib() + room
    data = replace(data, config=with_values(data.config, {"run.max_memory": f"{most:.0f}MB"}))
    jobs = [
        replace(job_of(partial(take_memory, mib), name), mib=mib + 150.0)
        for name in ("bow", "tfidf", "nbsvm")
    ]
    with executor_of(data, 2) as executor:
        peak, ran = peak_of(executor, jobs)
    assert ran == at_once
    assert memory_mib() + mib < peak <= most


def test_a_job_that_fits_by_no_means_is_run_alone(tmp_path: Path) -> None:
    data = data_of(tmp_path)
    data = replace(data, config=with_values(data.config, {"run.max_memory": "1MB"}))
    with executor_of(data, 2) as executor:
        _, ran = peak_of(executor, [named("tfidf"), named("bow")])
    assert ran == 1


def test_a_bound_that_the_largest_fit_does_not_keep_to_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as raised:
        whole_runs.perform(tmp_path, small=SMALL, run_models="bow", run_max_memory="10MB")
    assert re.fullmatch(
        r"--max-memory 10MB: the largest fit needs about \d+ MiB, and there are 0 for it beside the [\d,]+ of the run"
        r" itself; give \d\.\dGB or more",
        str(raised.value),
    )


def tell_threads(data: RunData, job: Job) -> Iterator[FitResult]:
    from threadpoolctl import threadpool_info

    of_blas = {one["num_threads"] for one in threadpool_info()}
    yield FitResult(fit_named(f"{n_threads()} {of_blas}"))


def test_a_job_beside_others_has_its_share_of_the_cores_and_one_for_which_others_wait_all(
    tmp_path: Path,
) -> None:
    cores = usable_cores()
    with executor_of(data_of(tmp_path), cores + 1) as executor:
        beside, alone = job_of(tell_threads), replace(job_of(tell_threads), beside=1)
        assert sorted(names(run_all(executor, [beside, alone]))) == ["1 {1}", f"{cores} {{{cores}}}"]
    with executor_of(data_of(tmp_path / "alone"), 1) as executor:
        assert names(run_all(executor, [job_of(tell_threads)]))[0].startswith(f"{cores} ")


def test_what_was_found_is_put_in_the_order_of_a_run_one_after_the_other(tmp_path: Path) -> None:
    planned = plan_models(("bow", "ann", "lstm"), ("learned", "random"))
    names = ["lstm@random", "ann@learned", "ann@random", "lstm@learned", "bow"]
    folder = RunFolder(path=tmp_path)
    for fold in (1, 0):
        for name in names:
            folder.keep(FitResult(replace(fit_named(name), fold=fold), course={"name": name}))
            trial = Trial(1, {}, Score(None, None), 0.0)
            folder.keep(TrialResult(name, name.partition("@")[0], fold, trial))
    for name in names[:4]:
        folder.keep(ProbesResult(name, 0, {"name": name, "probes": {}}))
    for source in ("random", "learned"):
        folder.keep(SourceResult((f"about {source}",), source, 0, (source,), neighbours={"source": source}))
    folder.put_in_order((model.name, model.source) for model in planned)
    networks = ["ann@learned", "lstm@learned", "ann@random", "lstm@random"]
    in_order = [(fold, name) for fold in (0, 1) for name in ("bow", *networks)]
    assert [(key.fold, key.name) for key in folder.fits] == in_order
    assert [(key.fold, key.name) for key in folder.courses] == in_order
    assert list(folder.probes) == networks
    assert [(fold, name) for name, _, fold in folder.trials] == in_order
    assert list(folder.neighbours) == ["learned", "random"]
    assert folder.notes == ["about learned", "about random"]
