"""A trained network in a file: what is read of it is the network, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import matrix_of
from probe_builders import network_of, random_documents

from pipeline.core.store import read_entry, write_entry
from pipeline.models.networks.build import build
from pipeline.models.networks.kept import as_entry, from_entry
from pipeline.models.networks.prediction import predict_probabilities
from pipeline.models.save import arrays_of


@pytest.mark.longer
@pytest.mark.parametrize("tuned", [False, True])
@pytest.mark.parametrize("model", ["ann", "lstm", "bilstm"])
def test_a_network_that_was_written_is_read_as_it_was(tmp_path: Path, model: str, tuned: bool) -> None:
    fitted, vectors = network_of(model, n_classes=3), matrix_of(12, 4).vectors
    if tuned:
        spec = replace(fitted.spec, tuned=True)
        built, generator = build(spec), np.random.default_rng(0)
        built.set_weights([generator.normal(0, 0.5, weight.shape) for weight in built.get_weights()])
        fitted = replace(fitted, spec=spec, model=built)
    fitted = replace(fitted, warnings=("it read little",))
    documents = random_documents([4, 1, 6], n_classes=3).indexed
    write_entry(tmp_path / "network", {"of": "network"}, as_entry(fitted))
    found = read_entry(tmp_path / "network")
    assert found is not None
    read = from_entry(found[1], vectors, documents, seed=7, deterministic=False)
    assert (read.spec, read.history, read.best_updates) == (fitted.spec, fitted.history, 1)
    assert (read.stopped, read.why_not, read.warnings) == ("early", None, ("it read little",))
    ours, theirs = (arrays_of(one.model.weights) for one in (read, fitted))
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])
    answers = (predict_probabilities(one.model, documents, 3) for one in (read, fitted))
    np.testing.assert_array_equal(*answers)


def test_vectors_that_rest_are_not_written_once_more() -> None:
    fitted = network_of("lstm")
    cell = {f"recurrent_0/{name}" for name in ("kernel", "recurrent_kernel", "bias")}
    assert as_entry(fitted).arrays.keys() == {*cell, "output/kernel", "output/bias"}
    tuned = replace(fitted, spec=replace(fitted.spec, tuned=True))
    assert as_entry(tuned).arrays["embedding/embeddings"].shape == (12, 4)
