"""What a fit leaves behind in memory: nothing that grows with the number of fits."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import TINY_NETWORK, labelled, matrix_of
from whole_runs import Watched, fitting, perform

from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job, Made
from pipeline.models.networks.build import NetworkSpec, specify
from pipeline.models.networks.labelled import Evaluation
from pipeline.models.networks.training import fit_network


@pytest.fixture
def _no_collection_but_those_asked_for() -> Iterator[None]:
    """Hold Python's own collections of garbage back, which come when they come and would hide what is kept."""
    gc.disable()
    yield
    gc.enable()


def n_networks() -> int:
    """Return how many networks are in memory."""
    return sum(type(one).__name__ == "Functional" for one in gc.get_objects())


@pytest.mark.longer
@pytest.mark.usefixtures("_no_collection_but_those_asked_for")
@pytest.mark.parametrize("options", [{"run_refit": True}, {"run_tune": 2}], ids=["refit", "tune"])
def test_no_network_is_in_memory_when_the_next_is_fitted(options: dict[str, object], tmp_path: Path) -> None:
    before, at_trainings, after_jobs = n_networks(), [], []

    def look(title: str, total: int | None) -> None:
        if title.startswith("Training"):
            at_trainings.append(n_networks())

    def fit(data: RunData, job: Job) -> Iterator[Made]:
        yield from job.fit(data, job)
        if job.key.kind != "source":
            after_jobs.append(n_networks())

    given = {"run_models": "ann", "run_embeddings": "learned", "run_seeds": 2, "run_probes": True, **options}
    perform(tmp_path, "networks.max_epochs=1", console=Watched(look), executors=fitting(fit), **given)
    assert at_trainings == [before] * (4 if "run_refit" in options else 2)  # two seeds
    # and two trials; then the probes of the network, and its words
    assert after_jobs == [before] * (4 if "run_refit" in options else 6)


def graphs() -> set[int]:
    """Return the ids of TensorFlow's graphs that are in memory once garbage is collected."""
    import keras

    keras.backend.clear_session()
    gc.collect()
    return {id(one) for one in gc.get_objects() if type(one).__name__ == "FuncGraph"}


def big_network(n_rows: int, dimension: int) -> tuple[NetworkSpec, np.ndarray]:
    """Return an `ann` whose table is trained after its other weights, and the vectors that it begins with."""
    matrix = matrix_of(n_rows, dimension)
    return specify("ann", "", matrix, True, 2, TINY_NETWORK, frozen_first=True), matrix.vectors


@pytest.mark.longer
def test_no_graph_of_a_fit_stays_in_memory() -> None:
    documents = labelled([[2, 3], [4], [3, 4], [2]], [0, 1, 1, 0])
    spec, vectors = big_network(5, 3)
    before = graphs()
    fit_network(spec, vectors, documents, documents, replace(TINY_NETWORK, max_epochs=1), seed=0)
    assert graphs() <= before


@pytest.mark.longer
def test_a_table_that_rests_is_not_copied_and_one_that_is_tuned_once() -> None:
    documents = labelled([[2, 3], [4], [3, 4], [2]], [0, 1, 1, 0])
    spec, vectors = big_network(20_000, 50)  # 4 MB, where all the rest is a few kB
    peaks = {}

    def on_evaluation(now: Evaluation) -> None:
        peaks[now.updates] = tracemalloc.get_traced_memory()[1] / vectors.nbytes
        tracemalloc.reset_peak()

    settings = replace(TINY_NETWORK, max_epochs=3, ema=0.9)
    fit_network(spec, vectors, documents, documents, settings, seed=0)  # what imports and caches take
    tracemalloc.start()
    try:
        fit_network(spec, vectors, documents, documents, settings, seed=0, on_evaluation=on_evaluation)
    finally:
        tracemalloc.stop()
    assert max(peaks[2], peaks[3]) < 0.5
    assert max(peaks[5], peaks[6]) < 1.5
