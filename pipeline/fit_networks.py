"""One fold's networks: embeddings, training with early stopping, test predictions."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from pipeline.choose_settings import choose_settings
from pipeline.config import Config, NetworkSettings, settled, stage_generator
from pipeline.embeddings import Embedded, EmbeddingRequest, embed
from pipeline.embeddings.encoding import encode_covered
from pipeline.fit_mean import run_mean
from pipeline.indices import build_vocabulary, take
from pipeline.material import Fold, Material, documents_to_time, save_test_predictions
from pipeline.networks.batches import Visible, shuffle_words, visible
from pipeline.networks.documents import Epoch, Labelled
from pipeline.networks.models import NetworkSpec, specify
from pipeline.networks.prediction import forget_graphs, predict_with, prediction_step
from pipeline.networks.training import FittedNetwork, fit_network
from pipeline.plan import PlannedModel
from pipeline.probes import Subject, probe_network, probes_of
from pipeline.record import Fit, FoldRecord, SourceRecord
from pipeline.resources import PeakMemory, milliseconds_of_each
from pipeline.side_by_side import Fits
from pipeline.storage import save_embedding, save_network
from pipeline.tokenizer import select
from pipeline.tuning import Score
from pipeline.values import UNKNOWN_ROW, Float32, IndexedCorpus, Int64, TokenizedCorpus

_MOST = 0.5  # share of tokens cut or unknown above which a warning says so


@dataclass(frozen=True, eq=False)
class Prepared:
    """One fold laid out for the networks of one source."""

    fold: Fold
    embedded: Embedded
    documents: Visible  # every document of the corpus, as the networks see it


def run_networks(
    material: Material, source: str, fold: Fold, final: Fold, refit: bool, parts: FoldRecord, fits: Fits
) -> None:
    """Fit every model that reads `source`: choose on `fold`, save predictions of the model that chose.

    With `refit` it is fitted again on `final`; without, `final` is the same fold.
    """
    fits.wait_for_room()
    prepared = _prepare(material, source, fold)
    last = _prepare(material, source, final) if refit else prepared
    reading = [planned for planned in material.planned if planned.source == source]
    cut = last.documents if any(planned.seeded for planned in reading) else None
    parts.source(
        SourceRecord(source, last.embedded, cut),
        select(material.tokenized, final.train),
        material.labels(final.train),
    )
    if fold.number == 0:
        save_embedding(material.run, last.embedded)
    for planned in reading:
        if not planned.seeded:
            fits.run(run_mean, fold.number, planned, (fold, prepared.embedded), (final, last.embedded), refit)
            continue
        if material.config.run.tune:
            fits.wait_for_room()  # trials are fitted in this process
        own = choose_settings(material, planned, fold, parts, partial(_score, planned, prepared))
        for seed in range(material.config.run.seeds):
            fits.run(run_network, fold.number, own.config, planned, seed, prepared, last, refit)


def _score(planned: PlannedModel, prepared: Prepared, trial: Material) -> Score:
    """Return how the network does on validation documents with a trial's settings and the first seed."""
    trial = replace(trial, config=settled(trial.config, planned.model))
    load_libraries(trial)
    fitted = replace(_fit(trial, planned, 0, prepared), model=None)
    forget_graphs()
    kept = next(epoch for epoch in fitted.epochs if epoch.epoch == fitted.best_epoch)
    return Score(kept.validation_accuracy, kept.validation_loss, fitted.why_not)


def _prepare(material: Material, source: str, fold: Fold) -> Prepared:
    config = material.config
    asked = next(one.asked_source for one in material.planned if one.source == source)  # files with folders
    with material.console.stage(f"Embedding: {source}", unit="epochs") as stage:
        request = embedding_request(material, fold, stage.reach)
        embedded = embed(asked or source, request)
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
        text, more_text = material.unlabelled, None  # the same vectors serve every fold
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
    config: Config,
    planned: PlannedModel,
    seed: int,
    prepared: Prepared,
    last: Prepared,
    refit: bool,
    parts: FoldRecord,
) -> None:
    """Train one network on the fold of `prepared`, with `refit` again on that of `last`, and save predictions.

    Whether it is fitted again is said: that `last` is the same value as `prepared` would be lost where a job is
    sent to another process argument by argument. `config` has the settings of this network: those that --tune
    chose, else those of the material.
    """
    material = replace(material, config=settled(config, planned.model))
    load_libraries(material)
    _fit_and_record(material, planned, seed, prepared, last, refit, parts)
    forget_graphs()  # only now does nothing hold the model any more


def _fit_and_record(
    material: Material,
    planned: PlannedModel,
    seed: int,
    prepared: Prepared,
    last: Prepared,
    refit: bool,
    parts: FoldRecord,
) -> None:
    """Train one network, save its predictions and files, and record what it was like: nothing keeps the model."""
    with PeakMemory() as memory:
        start = time.perf_counter()
        chosen, fitted = _choose_and_fit(material, planned, seed, prepared, last, refit)
        seconds = time.perf_counter() - start
        answer = _answers_of(material, planned, fitted, last)
        probabilities, rate = _predict(material, answer, last)
        latency = milliseconds_of_each(answer, documents_to_time(material, last.fold) if seed == 0 else [])
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
        prepare_seconds=prepared.embedded.seconds + (last.embedded.seconds if refit else 0.0),
        latency_ms=latency,
    )
    parts.network(fit, replace(chosen, model=None), _tuned_table(fitted) if seed == 0 else None)
    if prepared.fold.number == 0 and seed == 0 and material.config.run.probes:
        parts.probes(_probe(material, _subject(material, planned, fitted, last)))


def _choose_and_fit(
    material: Material, planned: PlannedModel, seed: int, prepared: Prepared, last: Prepared, refit: bool
) -> tuple[FittedNetwork, FittedNetwork]:
    """Return the training that validation judged, and the network to use: the same one unless there is a refit."""
    if not refit:
        fitted = _train(material, planned, seed, prepared)
        return fitted, fitted
    chosen = replace(_train(material, planned, seed, prepared), model=None)
    forget_graphs()
    return chosen, _train(material, planned, seed, last, chosen.schedule)


def _train(
    material: Material,
    planned: PlannedModel,
    seed: int,
    prepared: Prepared,
    epochs: tuple[int, ...] | None = None,
) -> FittedNetwork:
    """Train one network with a bar; `epochs` fixes their number in each phase for a refit."""
    config = material.config
    phases = 2 if prepared.embedded.training == "frozen-then-tuned" else 1
    most = sum(epochs) if epochs else config.networks.max_epochs * phases
    title = f"Training {planned.name} (seed {seed + 1} of {config.run.seeds}{', refit' if epochs else ''})"
    best = 0.0
    with material.console.stage(title, most, "epochs") as stage:

        def on_epoch(epoch: Epoch) -> None:
            nonlocal best
            best = max(best, epoch.validation_accuracy or 0.0)
            stage.advance(1, f"best validation accuracy {best:.1%}" if best else f"loss {epoch.loss:.3f}")

        return _fit(material, planned, seed, prepared, epochs, on_epoch)


def _fit(
    material: Material,
    planned: PlannedModel,
    seed: int,
    prepared: Prepared,
    epochs: tuple[int, ...] | None = None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> FittedNetwork:
    config, fold = material.config, prepared.fold
    return fit_network(
        _specify(material, planned, prepared),
        prepared.embedded.matrix.vectors,
        _labelled(material, planned, prepared, fold.train),
        _labelled(material, planned, prepared, fold.validation) if len(fold.validation) else None,
        config.networks,
        seed=_seed(material, f"{planned.name} {seed}"),
        epochs=epochs,
        deterministic=config.run.deterministic,
        on_epoch=on_epoch,
        class_weights=_class_weights(material, fold),
        shuffled_words=planned.shuffled_words,
    )


def _class_weights(material: Material, fold: Fold) -> Float32 | None:
    """Return what a document of each class counts in training, (C,), None if all count the same.

    Balanced: documents / (classes in training * documents of the class), as scikit-learn's `class_weight`.
    """
    if material.config.run.class_weights == "none":
        return None
    counts = np.bincount(material.labels(fold.train), minlength=len(material.label_names))  # (C,)
    weights = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.where(counts, weights, 0.0).astype(np.float32)


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


def _labelled(material: Material, planned: PlannedModel, prepared: Prepared, documents: Int64) -> Labelled:
    indexed = _as_read(material, planned, take(prepared.documents.indexed, documents))
    return Labelled(indexed, material.labels(documents))


def _as_read(material: Material, planned: PlannedModel, indexed: IndexedCorpus) -> IndexedCorpus:
    """Return documents in the order of words in which the model reads them.

    Where that is at random, it is one order for all that a fit answers; in training each epoch has its own.
    """
    if not planned.shuffled_words:
        return indexed
    return shuffle_words(indexed, stage_generator(material.config.run.seed, "shuffled words"))


def load_libraries(material: Material) -> None:
    """Import TensorFlow before any clock of a fit runs."""
    if "tensorflow" not in sys.modules:
        with material.console.stage("Loading TensorFlow"):
            importlib.import_module("keras")
            importlib.import_module("tensorflow")


def _answers_of(
    material: Material, planned: PlannedModel, fitted: FittedNetwork, last: Prepared
) -> Callable[[TokenizedCorpus], Float32]:
    """Return the function from any documents' tokens to their probabilities, float32 (N, C)."""
    settings, n_classes = material.config.networks, len(material.label_names)
    predict = prediction_step(fitted.model)

    def answer(tokenized: TokenizedCorpus) -> Float32:
        indexed = encode_covered(tokenized, last.embedded)
        documents = visible(indexed, max_tokens=settings.max_tokens, keep=settings.keep).indexed
        return predict_with(predict, _as_read(material, planned, documents), n_classes)

    return answer


def _predict(
    material: Material, answer: Callable[[TokenizedCorpus], Float32], last: Prepared
) -> tuple[Float32, float]:
    """Return the test documents' probabilities, and documents per second from tokens to answers.

    A first document is predicted before the clock starts: it builds TensorFlow's graph.
    """
    answer(select(material.tokenized, last.fold.test[:1]))
    start = time.perf_counter()
    probabilities = answer(select(material.tokenized, last.fold.test))
    return probabilities, len(probabilities) / max(time.perf_counter() - start, 1e-9)


def _probe(material: Material, subject: Subject) -> dict[str, Any]:
    """Return what the probes find in a fitted network."""
    console, extra = material.console, material.config.run.extra_probes
    with console.stage(f"Probing {subject.name}", len(probes_of(extra)), "probes") as stage:
        return probe_network(subject, extra, on_probe=lambda name: stage.advance(1, name), log=console.log)


def _subject(material: Material, planned: PlannedModel, fitted: FittedNetwork, last: Prepared) -> Subject:
    """Return the first seed's fit with the documents as it reads them."""
    config, fold, n_classes = material.config, last.fold, len(material.label_names)
    predict = prediction_step(fitted.model)

    def fit(
        spec: NetworkSpec, train: Labelled, validation: Labelled | None, settings: NetworkSettings, seed: int
    ) -> FittedNetwork:
        return fit_network(
            spec,
            last.embedded.matrix.vectors,
            train,
            validation,
            settings,
            seed=seed,
            deterministic=config.run.deterministic,
            class_weights=_class_weights(material, fold),
            shuffled_words=planned.shuffled_words,
        )

    return Subject(
        name=planned.name,
        fitted=fitted,
        seed=_seed(material, f"{planned.name} 0"),
        vectors=fitted.model.get_layer("embedding").get_weights()[0],
        first_vectors=last.embedded.matrix.vectors,
        words=last.embedded.vocabulary.tokens,
        documents=_as_read(material, planned, last.documents.indexed),
        whole_lengths=np.diff(material.tokenized.offsets),
        labels=material.loaded.corpus.labels,
        label_names=material.label_names,
        records=material.loaded.corpus.records,
        train=fold.train,
        validation=fold.validation,
        test=fold.test,
        config=config,
        probabilities=lambda indexed: predict_with(predict, indexed, n_classes),
        fit=fit,
    )


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
