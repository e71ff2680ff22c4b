"""Networks with weights made by hand, and the `Subject` that probes are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
from builders import TINY_NETWORK, matrix_of

from pipeline.core.values import Float32, IndexedCorpus
from pipeline.interpret.probes import Found, Probe, Silent, Subject
from pipeline.models.networks.build import build, specify
from pipeline.models.networks.labelled import Evaluation, Labelled
from pipeline.models.networks.prediction import predict_with, prediction_step
from pipeline.models.networks.training import FittedNetwork, fit_network
from pipeline.settings.tables import Config, with_values
from pipeline.text.ragged import take


def network_of(
    model: str,
    *,
    head: str = "",
    units: int = 3,
    layers: int = 1,
    n_classes: int = 2,
    n_rows: int = 12,
    dimension: int = 4,
    piece_tokens: int = 0,
    seed: int = 5,
) -> FittedNetwork:
    """Return a network that was not trained, with vectors of `matrix_of`; its weights are random and not small."""
    from dataclasses import replace

    import keras

    keras.utils.set_random_seed(seed)
    matrix = matrix_of(n_rows, dimension)
    spec = specify(model, head, matrix, False, n_classes, replace(TINY_NETWORK, units=units, layers=layers))
    spec = replace(spec, piece_tokens=piece_tokens)
    built = build(spec)
    generator = np.random.default_rng(seed)
    built.set_weights([generator.normal(0, 0.5, weight.shape) for weight in built.get_weights()])
    built.get_layer("embedding").set_weights([matrix.vectors])
    only = Evaluation(1, 1.0, 0.5, 0.8, 0.5, 0.8, 1.0, clipped=0.25)
    return FittedNetwork(spec, built, (only,), 1, "early", None, ())


def subject_of(
    fitted: FittedNetwork,
    documents: Labelled,
    *,
    whole_lengths: Sequence[int] | None = None,
    first_vectors: Float32 | None = None,
    seed: int = 0,
    **settings: Any,
) -> Subject:
    """Return a network as a probe sees it; every document is tested, and trained on too."""
    predict, spec = prediction_step(fitted.model), fitted.spec
    everything = np.arange(documents.indexed.n_docs)
    vectors = fitted.model.get_layer("embedding").get_weights()[0]
    config = with_values(Config(), settings)

    def fit(
        spec: Any, train: Labelled, validation: Labelled | None, networks: Any, seed: int
    ) -> FittedNetwork:
        return fit_network(spec, vectors, train, validation, networks, seed=seed)

    def probabilities(indexed: IndexedCorpus) -> Float32:
        return predict_with(predict, indexed, spec.n_classes)

    return Subject(
        name=f"{spec.model}@learned",
        fitted=fitted,
        seed=seed,
        vectors=vectors,
        first_vectors=vectors if first_vectors is None else first_vectors,
        words=pl.Series(["<pad>", "<unk>", *(f"word{row}" for row in range(2, len(vectors)))]),
        documents=documents.indexed,
        whole_lengths=np.array(whole_lengths or np.diff(documents.indexed.offsets), dtype=np.int64),
        labels=documents.labels,
        label_names=tuple("abcdefgh"[: spec.n_classes]),
        records=everything + 100,
        train=everything,
        validation=everything[:0],
        test=everything,
        config=config,
        probabilities=probabilities,
        fit=fit,
    )


def set_layer(fitted: FittedNetwork, layer: str, **parts: Any) -> None:
    """Set parts of a recurrent layer's weights: `kernel`, `recurrent_kernel`, `bias`; numbers fill the part."""
    found = fitted.model.get_layer(layer)
    names = ("kernel", "recurrent_kernel", "bias")
    weights = dict(zip(names, found.get_weights(), strict=True))
    for name, value in parts.items():
        weights[name] = np.broadcast_to(np.asarray(value, dtype=np.float32), weights[name].shape)
    found.set_weights([weights[name] for name in names])


def random_documents(lengths: Sequence[int], n_classes: int = 2, n_rows: int = 12, seed: int = 3) -> Labelled:
    """Return documents of random rows with random labels."""
    generator = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = generator.integers(2, n_rows, int(offsets[-1])).astype(np.int32)
    labels = generator.integers(0, n_classes, len(lengths)).astype(np.int32)
    return Labelled(IndexedCorpus(rows, offsets), labels)


def one_document(documents: Labelled, place: int) -> Labelled:
    """Return one of the documents."""
    return Labelled(take(documents.indexed, np.array([place])), documents.labels[[place]])


def probe_of(measure: Callable[[Subject], Found | Silent], question: str = "Why?") -> Probe:
    """Return what stands for the file of a probe."""
    return cast(Probe, SimpleNamespace(QUESTION=question, CONTROLS="", CANNOT_SHOW="", measure=measure))
