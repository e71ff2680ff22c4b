"""One fold's networks: embeddings, training with early stopping, test predictions."""

from __future__ import annotations

import gc
import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.config import stage_generator
from pipeline.embeddings import Embedded, EmbeddingRequest, embed
from pipeline.indices import build_vocabulary, encode, take
from pipeline.material import Fold, Material, save_test_predictions
from pipeline.networks.batches import Visible, visible
from pipeline.networks.models import NetworkSpec, specify
from pipeline.networks.training import (
    Epoch,
    FittedNetwork,
    Labelled,
    fit_network,
    predict_with,
    prediction_step,
)
from pipeline.plan import PlannedModel
from pipeline.record import Fit, FoldRecord, SourceRecord
from pipeline.resources import PeakMemory
from pipeline.side_by_side import Fits
from pipeline.storage import save_embedding, save_network
from pipeline.tokenizer import select
from pipeline.values import UNKNOWN_ROW, Float32, IndexedCorpus, Int64, TokenizedCorpus

_MOST = 0.5  # share of tokens cut or unknown above which a warning says so


@dataclass(frozen=True, eq=False)
class Prepared:
    """One fold laid out for the networks of one source."""

    fold: Fold
    embedded: Embedded
    documents: Visible  # every document of the corpus, as the networks see it


def run_networks(
    material: Material, source: str, fold: Fold, final: Fold, parts: FoldRecord, fits: Fits
) -> None:
    """Train every network that reads `source`: choose on `fold`, fit on `final`, save predictions."""
    fits.wait_for_room()
    prepared = _prepare(material, source, fold)
    last = prepared if final is fold else _prepare(material, source, final)
    parts.source(
        SourceRecord(source, last.embedded, last.documents),
        select(material.tokenized, final.train),
        material.labels(final.train),
    )
    if fold.number == 0:
        save_embedding(material.run, last.embedded)
    for planned in material.planned:
        if planned.source == source:
            for seed in range(material.config.run.seeds):
                fits.run(run_network, fold.number, planned, seed, prepared, last)


def encode_covered(tokenized: TokenizedCorpus, embedded: Embedded) -> IndexedCorpus:
    """Return the documents as rows; every word without a vector reads as the unknown row."""
    indexed = encode(tokenized, embedded.vocabulary)
    rows = np.arange(len(embedded.vocabulary), dtype=np.int32)
    known = np.where(embedded.matrix.covered, rows, np.int32(UNKNOWN_ROW))  # (V,)
    return IndexedCorpus(known[indexed.indices], indexed.offsets)


def _prepare(material: Material, source: str, fold: Fold) -> Prepared:
    config = material.config
    with material.console.stage(f"Embedding: {source}", unit="epochs") as stage:
        request = embedding_request(material, fold, stage.reach)
        embedded = embed(source, request)
    indexed = encode_covered(material.tokenized, embedded)
    cut = visible(indexed, max_tokens=config.networks.max_tokens, keep=config.networks.keep)
    return Prepared(fold, embedded, cut)


def embedding_request(
    material: Material, fold: Fold, on_epoch: Callable[[int, int], None]
) -> EmbeddingRequest:
    """Return what an embedding source is given in one fold: the vocabulary of its training documents and more."""
    config = material.config
    train = select(material.tokenized, fold.train)
    vocabulary = build_vocabulary(
        train, min_count=config.vocabulary.min_count, max_size=config.vocabulary.max_size
    )
    text, more_text = train, material.unlabelled
    if config.corpus.folds and material.unlabelled is not None:
        text, more_text = material.unlabelled, None  # the same vectors serve every fold, and leak from none
    return EmbeddingRequest(
        vocabulary=vocabulary,
        train=text,
        corpus_types=material.tokenized.types,
        unlabelled=more_text,
        word2vec=config.word2vec,
        embeddings=config.embeddings,
        seed=_seed(material, "embedding"),  # one for all sources: a mode does not change what is trained
        deterministic=config.run.deterministic,
        on_epoch=on_epoch,
        fasttext=config.fasttext,
        cache=material.cache,
    )


def run_network(
    material: Material,
    planned: PlannedModel,
    seed: int,
    prepared: Prepared,
    last: Prepared,
    parts: FoldRecord,
) -> None:
    """Train one network: choose on the fold of `prepared`, fit on that of `last`, save predictions."""
    load_libraries(material)
    with PeakMemory() as memory:
        start = time.perf_counter()
        chosen = fitted = _train(material, planned, seed, prepared)
        if last is not prepared:
            fitted = _train(material, planned, seed, last, epochs=chosen.schedule)
        seconds = time.perf_counter() - start
        probabilities, rate = _predict(material, fitted, last)
    save_test_predictions(material, planned.name, seed, prepared.fold, probabilities)
    if prepared.fold.number == 0 and seed == 0:
        source = planned.source or ""
        save_network(material.run, planned.name, fitted, source, material.label_names, material.config)
    fit = Fit(
        name=planned.name,
        seed=seed,
        fold=prepared.fold.number,
        fit_seconds=seconds,
        predict_documents_per_second=rate,
        peak_rss_mib=memory.mib,
        parameters=fitted.parameters,
        validation_accuracy=_validation_accuracy(chosen),
        why_not=fitted.why_not,
        warnings=chosen.warnings + _reading_warnings(last),
    )
    parts.network(fit, chosen, _tuned_table(fitted) if seed == 0 else None)
    _forget_graphs()


def _train(
    material: Material,
    planned: PlannedModel,
    seed: int,
    prepared: Prepared,
    epochs: tuple[int, ...] | None = None,
) -> FittedNetwork:
    """Train one network with a bar; `epochs` fixes their number in each phase for a refit."""
    config, fold = material.config, prepared.fold
    spec = _specify(material, planned, prepared)
    most = sum(epochs) if epochs else config.networks.max_epochs * (2 if spec.frozen_first else 1)
    title = f"Training {planned.name} (seed {seed + 1} of {config.run.seeds}{', refit' if epochs else ''})"
    best = 0.0
    with material.console.stage(title, most, "epochs") as stage:

        def on_epoch(epoch: Epoch) -> None:
            nonlocal best
            best = max(best, epoch.validation_accuracy or 0.0)
            stage.advance(1, f"best validation accuracy {best:.1%}" if best else f"loss {epoch.loss:.3f}")

        return fit_network(
            spec,
            prepared.embedded.matrix.vectors,
            _labelled(material, prepared, fold.train),
            _labelled(material, prepared, fold.validation) if len(fold.validation) else None,
            config.networks,
            seed=_seed(material, f"{planned.name} {seed}"),
            epochs=epochs,
            deterministic=config.run.deterministic,
            on_epoch=on_epoch,
        )


def _specify(material: Material, planned: PlannedModel, prepared: Prepared) -> NetworkSpec:
    return specify(
        planned.model,
        planned.head or "",
        prepared.embedded.matrix,
        prepared.embedded.tuned,
        len(material.label_names),
        material.config.networks,
        frozen_first=prepared.embedded.training == "frozen-then-tuned",
    )


def _labelled(material: Material, prepared: Prepared, documents: Int64) -> Labelled:
    return Labelled(take(prepared.documents.indexed, documents), material.labels(documents))


def load_libraries(material: Material) -> None:
    """Import TensorFlow before any clock of a fit runs."""
    if "tensorflow" not in sys.modules:
        with material.console.stage("Loading TensorFlow"):
            importlib.import_module("keras")
            importlib.import_module("tensorflow")


def _predict(material: Material, fitted: FittedNetwork, last: Prepared) -> tuple[Float32, float]:
    """Return the test documents' probabilities, and documents per second from tokens to answers.

    A first document is predicted before the clock starts: it builds TensorFlow's graph.
    """
    settings, n_classes = material.config.networks, len(material.label_names)
    predict = prediction_step(fitted.model)
    predict_with(predict, take(last.documents.indexed, last.fold.test[:1]), n_classes)
    start = time.perf_counter()
    indexed = encode_covered(select(material.tokenized, last.fold.test), last.embedded)
    documents = visible(indexed, max_tokens=settings.max_tokens, keep=settings.keep).indexed
    probabilities = predict_with(predict, documents, n_classes)
    return probabilities, len(probabilities) / max(time.perf_counter() - start, 1e-9)


def _validation_accuracy(chosen: FittedNetwork) -> float | None:
    return next(
        (epoch.validation_accuracy for epoch in chosen.epochs if epoch.epoch == chosen.best_epoch), None
    )


def _reading_warnings(last: Prepared) -> tuple[str, ...]:
    """Return what a reader should know when a network sees little of the text."""
    read = last.documents.indexed
    cut = last.documents.cut_tokens / (len(read.indices) + last.documents.cut_tokens)
    unknown = float(np.mean(take(read, last.fold.test).indices == UNKNOWN_ROW))
    found = []
    if cut > _MOST:
        found.append(f"{cut:.0%} of all tokens lie beyond networks.max_tokens and were not read")
    if unknown > _MOST:
        found.append(f"{unknown:.0%} of the test tokens have no vector")
    return tuple(found)


def _tuned_table(fitted: FittedNetwork) -> Float32 | None:
    """Return the embedding as training left it, if it was tuned."""
    return fitted.model.get_layer("embedding").get_weights()[0] if fitted.spec.tuned else None


def _seed(material: Material, stage: str) -> int:
    return int(stage_generator(material.config.run.seed, stage).integers(2**31))


def _forget_graphs() -> None:
    """Free the graphs of the last network: Keras keeps them for the life of the process."""
    import keras

    keras.backend.clear_session()
    gc.collect()
