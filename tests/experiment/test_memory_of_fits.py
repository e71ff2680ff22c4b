"""What a fit leaves behind in memory: nothing that grows with the number of fits."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, labelled, matrix_of
from corpus_builders import write

from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.experiment import fit_networks
from pipeline.models.networks.build import NetworkSpec, specify
from pipeline.models.networks.labelled import Evaluation
from pipeline.models.networks.training import fit_network
from pipeline.settings.reading import load_config

FILMS = "".join(f"good film{number},pos\nbad film{number},neg\n" for number in range(20))


@pytest.fixture
def _no_collection_but_those_asked_for() -> Iterator[None]:
    """Hold Python's own collections of garbage back, which come when they come and would hide what is kept."""
    gc.disable()
    yield
    gc.enable()


def watch(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets, when a fit begins, the number of earlier networks that are still in memory."""
    models: list[weakref.ref[Any]] = []
    alive: list[int] = []

    def watched(*arguments: Any, **named: Any) -> Any:
        alive.append(sum(model() is not None for model in models))
        fitted = fit_network(*arguments, **named)
        models.append(weakref.ref(fitted.model))
        return fitted

    monkeypatch.setattr(fit_networks, "fit_network", watched)
    return alive


@pytest.mark.usefixtures("_no_collection_but_those_asked_for")
@pytest.mark.parametrize("options", [{"run.refit": True}, {"run.tune": 2}], ids=["refit", "tune"])
def test_no_network_is_in_memory_when_the_next_is_fitted(
    options: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = watch(monkeypatch)
    monkeypatch.setattr("pipeline.report.draw_report", lambda run: None)  # which takes longest
    corpus = write(tmp_path / "films.csv", "text,label\n" + FILMS)
    given = {"corpus.path": str(corpus), "run.out": str(tmp_path / "run"), "run.models": "ann"}
    given |= {"run.embeddings": "learned", "run.seeds": 2, "run.side_by_side": 1, **options}
    run_experiment(load_config(None, ("networks.max_epochs=1",), given), Console(silent=True), "embedseq")
    assert alive == [0] * 4  # two seeds, each fitted twice; or two trials and two seeds


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


def test_no_graph_of_a_fit_stays_in_memory() -> None:
    documents = labelled([[2, 3], [4], [3, 4], [2]], [0, 1, 1, 0])
    spec, vectors = big_network(5, 3)
    before = graphs()
    fit_network(spec, vectors, documents, documents, replace(TINY_NETWORK, max_epochs=1), seed=0)
    assert graphs() <= before


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
