"""Runs that SIGKILL ended and whose vectors are damaged or gone: nothing made of the old ones stays beside the new."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from killed import killed_in
from whole_runs import answering, fitting, noting, perform

from pipeline.core.fits import Fit, FitResult
from pipeline.experiment.data import RunData
from pipeline.experiment.embedded_split import read_split
from pipeline.experiment.jobs import Job, Made

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")

OPTIONS: dict[str, Any] = {"run_models": "mean,ann", "run_embeddings": "random", "run_seeds": 2}


def reading(data: RunData, job: Job) -> Iterator[Made]:
    """Return what a job gives; networks read their vectors and are not trained, and seed 1 is far off."""
    if job.key.kind in ("network", "again"):
        read_split(data, job, refit=False)
        (made,) = answering()(data, job)
        assert isinstance(made, FitResult)
        loss = 9.0 if job.key.kind == "network" and job.seed == 1 else 0.5
        yield FitResult(Fit(*job.fit_key, 1.0, 1.0, 1.0, 10, 0.9, validation_loss=loss), made.predictions)
    else:
        yield from job.fit(data, job)


def killed_at(folder: Path, kind: str, deterministic: bool = False) -> Path:
    """Return the folder of a run that was killed when it began the first job of a kind."""
    killed_in(run_until, folder, kind, deterministic)
    return folder / "run"


def run_until(folder: Path, kind: str, deterministic: bool) -> None:
    """Run, and end by SIGKILL when the first job of a kind begins."""

    def killed(data: RunData, job: Job) -> Iterator[Made]:
        if job.key.kind == kind:
            os.kill(os.getpid(), signal.SIGKILL)
        yield from reading(data, job)

    perform(folder, run_deterministic=deterministic, executors=fitting(killed), **OPTIONS)


def jobs_left(folder: Path, deterministic: bool = False) -> list[str]:
    """Return the kinds of the jobs that the same command does, but for making vectors."""
    seen: list[Job] = []
    exact = f"run.deterministic={str(deterministic).lower()}"
    perform(folder, exact, executors=noting(seen, reading), **OPTIONS)
    return [job.key.kind for job in seen]


def delete_vectors(run: Path) -> None:
    (run / "unfinished" / "random.f0.safetensors").unlink()


def lengthen_saved_vectors(run: Path) -> None:
    with (run / "models" / "embedding-random" / "vectors.safetensors").open("ab") as file:
        file.write(b"!")


@pytest.mark.longer
@pytest.mark.parametrize("harm", [delete_vectors, lengthen_saved_vectors])
def test_what_read_the_old_vectors_is_done_again_though_a_kill_comes_in_between(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    harm(killed_at(tmp_path, "network"))
    killed_at(tmp_path, "mean")  # the vectors are made anew by then
    assert jobs_left(tmp_path) == ["mean", "network", "network", "again"]


@pytest.mark.longer
@pytest.mark.parametrize(
    ("exact", "left"), [(True, ["again"]), (False, ["mean", "network", "network", "again"])]
)
def test_vectors_that_only_a_second_training_reads_are_made_anew(
    tmp_path: Path, exact: bool, left: list[str]
) -> None:
    delete_vectors(killed_at(tmp_path, "again", exact))
    assert jobs_left(tmp_path, exact) == left
