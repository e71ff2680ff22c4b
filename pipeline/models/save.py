"""Fitted models and vectors as plain data that a run folder keeps (`run_folder.models` writes it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import numpy as np

from pipeline.core.fits import ModelFiles
from pipeline.core.names import slug
from pipeline.embeddings.table import Embedded
from pipeline.models.baselines.fitting import FittedBaseline
from pipeline.models.networks.build import own_weights
from pipeline.models.networks.keras_types import Weight
from pipeline.models.networks.training import FittedNetwork
from pipeline.run_folder.models import Array
from pipeline.settings.tables import Config
from pipeline.tasks.table import CLASSIFY
from pipeline.text.ngrams import NgramVocabulary
from pipeline.text.unspaced import word_breaker


def files_of_embedding(embedded: Embedded) -> ModelFiles:
    """Return a source's vectors and vocabulary, saved once for all models that read it."""
    vocabulary = embedded.vocabulary
    arrays = {"vectors": embedded.matrix.vectors, "covered": embedded.matrix.covered}
    words = {"tokens": vocabulary.tokens.to_list(), "counts": vocabulary.counts.tolist()}
    described = words | {"n_learned": vocabulary.n_learned}
    return ModelFiles("embedding", _embedding_folder(embedded.matrix.source), arrays, described)


def files_of_network(
    name: str, fitted: FittedNetwork, source: str, label_names: tuple[str, ...], config: Config
) -> ModelFiles:
    """Return a network's weights and how to build it; a frozen embedding is named, not copied."""
    described = {
        **_common("network", name, label_names, config),
        "network": asdict(fitted.spec),
        "embedding": _embedding_folder(source),
        "max_tokens": config.networks.max_tokens,
        "keep": config.networks.keep,
        "networks": asdict(config.networks),
        "best_updates": fitted.best_updates,
    }
    weights = arrays_of(own_weights(fitted.model, fitted.spec.tuned))
    return ModelFiles("model", slug(name), weights, described)


def files_of_baseline(
    name: str, fitted: FittedBaseline, ngrams: NgramVocabulary, label_names: tuple[str, ...], config: Config
) -> ModelFiles:
    """Return a model of n-gram counts: n-grams as numbers over a list of tokens, weights, and what made them."""
    reads = {
        "tokens": ngrams.tokens.to_list(),
        "ngram_min": ngrams.ngram_min,
        "ngram_max": ngrams.ngram_max,
    }
    return _files_of_linear(name, fitted, {"ngram_keys": ngrams.keys}, reads, label_names, config)


def files_of_mean(
    name: str, fitted: FittedBaseline, source: str, label_names: tuple[str, ...], config: Config
) -> ModelFiles:
    """Return a model of averaged vectors: its weights; the embedding is named, not copied."""
    return _files_of_linear(name, fitted, {}, {"embedding": _embedding_folder(source)}, label_names, config)


def _files_of_linear(
    name: str,
    fitted: FittedBaseline,
    keys: Mapping[str, Array],
    reads: Mapping[str, object],
    label_names: tuple[str, ...],
    config: Config,
) -> ModelFiles:
    classes, weights = np.asarray(fitted.pipeline[-1].classes_), fitted.weights
    described = {
        **_common("linear", name, label_names, config),
        "probabilities": fitted.probabilities,
        "n_classes": len(classes),
        "baselines": asdict(config.baselines),
    }
    arrays = {"classes": classes, **weights}
    if "coefficients" in weights:  # else what a document holds plays no part
        learned = _learned(fitted.pipeline[0])
        described |= {**reads, "n_features": weights["coefficients"].shape[1], "learned": sorted(learned)}
        arrays |= {**keys, **learned}
    return ModelFiles("model", slug(name), arrays, described)


def _common(kind: str, name: str, label_names: tuple[str, ...], config: Config) -> dict[str, object]:
    """Return what is told of every model."""
    return {
        "kind": kind,
        "name": name,
        "task": CLASSIFY.name,
        "label_names": label_names,
        "tokenizer": asdict(config.tokenizer),
        "word_breaker": word_breaker() if config.tokenizer.unspaced == "words" else None,
    }


def _learned(features: object) -> dict[str, Array]:
    """Return what the first step learned: `idf` of TF-IDF, `mean` and `scale` of averages, `scale` of counts; (F,)."""
    names = {"idf_": "idf", "mean_": "mean", "scale_": "scale"}
    return {name: getattr(features, own) for own, name in names.items() if hasattr(features, own)}


def _embedding_folder(source: str) -> str:
    return f"embedding-{slug(source)}"


def arrays_of(weights: Iterable[Weight]) -> dict[str, Array]:
    """Return Keras variables as arrays under `layer/weight`, such as `recurrent_0/kernel`."""
    return {name_of(weight): weight.numpy() for weight in weights}


def name_of(weight: Weight) -> str:
    """Return what a weight is called in a file: its layer and its own name."""
    layer, *_, name = weight.path.split("/")
    return f"{layer}/{name}"
