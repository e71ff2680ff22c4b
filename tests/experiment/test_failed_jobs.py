"""Jobs that cannot be done: what the run makes of them, and what the same command makes of the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jobs_by_hand import data_of, fit_named, job_of, named, names, run_all
from whole_runs import FitJob, answering, fitting, noting, perform, read, run_job, write_films

from pipeline.commands.unfinished import not_done
from pipeline.commands.verify import verify
from pipeline.core.fits import FitResult, JobFailed, JobKey, Score
from pipeline.experiment.data import RunData
from pipeline.experiment.executors import Executor, executor_of
from pipeline.experiment.jobs import Job, Made
from pipeline.run_folder.journal import JOURNAL


def make_a_tensor_of_640_gigabytes(data: RunData, job: Job) -> Iterator[FitResult]:
    import tensorflow as tf

    tf.zeros((400_000, 400_000))
    yield FitResult(fit_named("never"))


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [1, 2])
def test_a_network_for_which_tensorflow_finds_no_memory_has_failed_and_the_others_go_on(
    tmp_path: Path, at_once: int
) -> None:
    with executor_of(data_of(tmp_path), at_once) as executor:
        found = run_all(executor, [job_of(make_a_tensor_of_640_gigabytes), named("tfidf")])
    assert names(found) == ["tfidf"]
    assert JobFailed(JobKey("baselines", "bow"), "memory ran out") in found


# --- a run of which something could not be done ----------------------------------------------------------


class Deadly:
    """Worker processes of which those that train a network are killed."""

    def __init__(self, executor: Executor) -> None:
        self.close, self.next, self.fits, self._executor = (
            executor.close,
            executor.next,
            executor.fits,
            executor,
        )

    @property
    def at_once(self) -> int:
        return self._executor.at_once

    @property
    def has_room(self) -> bool:
        return self._executor.has_room

    def begin(self, number: int, job: Job) -> None:
        self._executor.begin(number, replace(job, fit=die) if job.key.kind == "network" else job)


def die(data: RunData, job: Job) -> Iterator[FitResult]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield FitResult(fit_named("never"))


@contextmanager
def deadly(data: RunData, at_once: int) -> Iterator[Executor]:
    with executor_of(data, at_once) as executor:
        yield Deadly(executor)


OPTIONS: dict[str, Any] = {
    "run_models": "bow,lstm",
    "run_embeddings": "random",
    "run_deterministic": True,
    "run_side_by_side": 2,
}


@pytest.mark.slow
def test_what_could_not_be_done_is_named_and_the_same_command_tries_it_again(tmp_path: Path) -> None:
    run = perform(tmp_path, executors=deadly, **OPTIONS)
    state = [read(run, f"details/{name}.json")["state"] for name in ("status", "run")]
    assert state == ["incomplete", "incomplete"]
    assert read(run)["verdict"]["sentence"] == (
        "There is no verdict: no network has finished. Missing, since it could not be done: lstm@random."
    )
    report = (run / "report.md").read_text(encoding="utf-8")
    assert "This run ended, but not all of it could be done: 1 of 2 fits finished." in report
    assert not_done(run) == (
        f"could not be done: lstm@random: network; the same command, with --out {run}, tries again"
    )
    assert [path.name for path in (run / "unfinished").glob("*")] == ["random.f0.safetensors"]
    assert verify(run).differences == ()
    seen: list[Job] = []
    perform(tmp_path, executors=noting(seen), **OPTIONS)
    assert [job.key.kind for job in seen] == ["network"]
    assert read(run, "details/status.json")["state"] == "done"
    assert (not_done(run), (run / JOURNAL).exists()) == ("", False)


@pytest.mark.slow
def test_words_of_a_network_that_failed_at_first_are_looked_at_when_it_is_there(tmp_path: Path) -> None:
    def without_memory(data: RunData, job: Job) -> Iterator[Made]:
        if job.key == JobKey("network", "lstm@random"):  # the first seed, whose network would be saved
            raise MemoryError
        yield from run_job(data, job)

    options = OPTIONS | {"run_probes": True, "run_side_by_side": 1, "run_seeds": 2}
    run = perform(tmp_path, executors=fitting(without_memory), **options)
    assert [read(run, "details/status.json")["state"], why_not_of(run)] == [
        "incomplete",
        {"bow": None, "lstm@random": "its first fit was not saved"},
    ]
    perform(tmp_path, **options)
    assert why_not_of(run) == {"bow": None, "lstm@random": None}


def why_not_of(run: Path) -> dict[str, str | None]:
    models = read(run, "details/contributions.json")["models"]
    return {model["name"]: model["why_not"] for model in models}


@pytest.mark.slow
def test_a_fit_that_is_killed_twice_with_the_run_has_failed_and_the_rest_goes_on(tmp_path: Path) -> None:
    """One fit at a time is done in the run's own process: what kills it kills the run."""
    command = [sys.executable, "-c", KILLED_AT_BOW, str(write_films(tmp_path)), str(tmp_path / "run")]
    ends = [subprocess.run(command, check=False, capture_output=True, text=True) for _ in range(3)]
    assert [end.returncode for end in ends] == [-signal.SIGKILL, -signal.SIGKILL, 4]
    why = "the run was killed 2 times while it was done; memory may have run out"
    assert f"bow: baselines could not be done ({why})" in ends[2].stdout + ends[2].stderr
    assert ends[2].stderr.endswith(
        f"could not be done: bow: baselines; the same command, with --out {tmp_path / 'run'}, tries again\n"
    )
    assert [row["name"] for row in read(tmp_path / "run")["results"]] == ["mean@random"]


KILLED_AT_BOW = """
import os, signal, sys
from pipeline import cli
from pipeline.experiment import fit_linear

fit = fit_linear._fit

def killed(data, planned, *given):
    if planned.name == "bow":
        os.kill(os.getpid(), signal.SIGKILL)
    return fit(data, planned, *given)

fit_linear._fit = killed
cli.main(["run", sys.argv[1], "--models", "bow,mean", "--embeddings", "random", "--no-probes", "--out", sys.argv[2]])
"""


# --- what is decided by all fits waits for those that failed ---------------------------------------------


def need_8_petabytes() -> None:
    np.empty(2**50)


def losing(*failing: JobKey, loss: tuple[float, ...] = (0.5, 0.1, 0.9)) -> FitJob:
    """Return a fit that trains no network: each seed has its loss, and for some jobs memory runs out."""

    def fit(data: RunData, job: Job) -> Iterator[Made]:
        if job.key in failing:
            need_8_petabytes()
        for made in answering(score=lambda number, _: Score(0.5 + number / 100, 0.5))(data, job):
            if isinstance(made, FitResult) and job.key.kind in ("network", "again"):
                yield replace(made, fit=replace(made.fit, validation_loss=loss[job.seed]))
            else:
                yield made

    return fit


ANN = "ann@random"
NETWORKS: dict[str, Any] = {
    "run_models": "bow,ann",
    "run_embeddings": "random",
    "run_seeds": 3,
    "run_deterministic": True,
}


def keys_of(folder: Path, *sets: str, fit: FitJob) -> list[JobKey]:
    """Return the jobs that a command does, but for making vectors."""
    seen: list[Job] = []
    perform(folder, *sets, executors=noting(seen, fit), **NETWORKS)
    return [job.key for job in seen]


@pytest.mark.longer
def test_which_seeds_are_far_off_is_decided_when_the_seed_that_failed_is_there(tmp_path: Path) -> None:
    """Without seed 1, whose loss is the lowest, seed 0 would not be far off."""
    first, failed, third = (JobKey("network", ANN, seed=seed) for seed in range(3))
    second = [JobKey("again", ANN, seed=seed) for seed in (0, 2)]
    assert keys_of(tmp_path, fit=losing(failed)) == [JobKey("baselines", "bow"), first, failed, third]
    assert keys_of(tmp_path, fit=losing()) == [failed, *second]
    whole = keys_of(tmp_path / "whole", fit=losing())
    assert whole == [JobKey("baselines", "bow"), first, failed, third, *second]


@pytest.mark.longer
@pytest.mark.parametrize(("number", "again"), [(3, True), (2, False)])
def test_a_trial_that_comes_late_has_the_seeds_trained_anew_where_it_chooses_others(
    tmp_path: Path, number: int, again: bool
) -> None:
    """The last trial is the best one."""
    trial, seeds = (
        JobKey("trial", ANN, number=number),
        [JobKey("network", ANN, seed=seed) for seed in range(3)],
    )
    flat = (0.5, 0.5, 0.5)
    before = keys_of(tmp_path, "run.tune=3", fit=losing(trial, loss=flat))
    assert before[-3:] == seeds
    assert keys_of(tmp_path, "run.tune=3", fit=losing(loss=flat)) == [trial, *(seeds if again else ())]
