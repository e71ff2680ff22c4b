"""Fitted models to files of the run folder: JSON and safetensors, never a pickle; each file whole or absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.files import write_json
from pipeline.embeddings import Embedded
from pipeline.models.baselines import FittedBaseline
from pipeline.models.networks.build import own_weights
from pipeline.models.networks.training import FittedNetwork
from pipeline.run_folder.models import VECTORS, VOCABULARY, Array, embedding_folder, write_arrays, write_model
from pipeline.settings.tables import Config
from pipeline.text.ngrams import NgramVocabulary


def save_embedding(run: Path, embedded: Embedded) -> None:
    """Save a source's vectors and vocabulary once for all models that read it."""
    folder, vocabulary = run / "models" / embedding_folder(embedded.matrix.source), embedded.vocabulary
    vectors = {"vectors": embedded.matrix.vectors, "covered": embedded.matrix.covered}
    write_arrays(folder / VECTORS, vectors)
    words = {"tokens": vocabulary.tokens.to_list(), "counts": vocabulary.counts.tolist()}
    write_json(folder / VOCABULARY, words | {"n_learned": vocabulary.n_learned})


def save_network(
    run: Path, name: str, fitted: FittedNetwork, source: str, label_names: tuple[str, ...], config: Config
) -> None:
    """Save a network's weights and how to build it; a frozen embedding is named, not copied."""
    described = {
        "network": asdict(fitted.spec),
        "embedding": embedding_folder(source),
        "label_names": label_names,
        "tokenizer": asdict(config.tokenizer),
        "max_tokens": config.networks.max_tokens,
        "keep": config.networks.keep,
        "networks": asdict(config.networks),
        "best_updates": fitted.best_updates,
    }
    arrays = arrays_of(own_weights(fitted.model, fitted.spec.tuned))
    write_model(run, "network", name, described, arrays)


def save_baseline(
    run: Path,
    name: str,
    fitted: FittedBaseline,
    ngrams: NgramVocabulary,
    label_names: tuple[str, ...],
    config: Config,
) -> None:
    """Save a model of n-gram counts: n-grams as numbers over a list of tokens, weights, and what made them."""
    reads = {
        "tokens": ngrams.tokens.to_list(),
        "ngram_min": ngrams.ngram_min,
        "ngram_max": ngrams.ngram_max,
    }
    _save_linear(run, name, fitted, {"ngram_keys": ngrams.keys}, reads, label_names, config)


def save_mean(
    run: Path, name: str, fitted: FittedBaseline, source: str, label_names: tuple[str, ...], config: Config
) -> None:
    """Save a model of averaged vectors: its weights; the embedding is named, not copied."""
    _save_linear(run, name, fitted, {}, {"embedding": embedding_folder(source)}, label_names, config)


def _save_linear(
    run: Path,
    name: str,
    fitted: FittedBaseline,
    arrays: Mapping[str, Array],
    reads: Mapping[str, object],
    label_names: tuple[str, ...],
    config: Config,
) -> None:
    classifier = fitted.pipeline[-1]
    classes = np.asarray(classifier.classes_)
    described = {
        "probabilities": fitted.probabilities,
        "n_classes": len(classes),
        "label_names": label_names,
        "tokenizer": asdict(config.tokenizer),
        "baselines": asdict(config.baselines),
    }
    if fitted.probabilities == "prior":  # what a document holds plays no part
        prior = getattr(classifier, "class_prior_", np.ones(len(classes)))
        write_model(run, "linear", name, described, {"classes": classes, "class_prior": prior})
        return
    learned, weights = _learned(fitted.pipeline[0]), _weights(classifier)
    described |= {**reads, "n_features": weights["coefficients"].shape[1], "learned": sorted(learned)}
    write_model(run, "linear", name, described, {"classes": classes, **arrays, **learned, **weights})


def _learned(features: Any) -> dict[str, Array]:
    """Return what the first step learned: `idf` of TF-IDF, `mean` and `scale` of averages, `scale` of counts; (F,)."""
    names = {"idf_": "idf", "mean_": "mean", "scale_": "scale"}
    return {name: getattr(features, own) for own, name in names.items() if hasattr(features, own)}


def _weights(classifier: Any) -> dict[str, Array]:
    """Return coefficients (P, F) and intercepts (P,) of P problems, 1 for two classes."""
    problems = getattr(classifier, "estimators_", [classifier])
    return {
        "coefficients": np.vstack([one.coef_ for one in problems]),
        "intercepts": np.concatenate([one.intercept_ for one in problems]),
    }


def arrays_of(weights: Iterable[Any]) -> dict[str, Array]:
    """Return Keras variables as arrays under `layer/weight`, such as `recurrent_0/kernel`."""
    return {
        "/".join([weight.path.split("/")[0], weight.path.split("/")[-1]]): weight.numpy()
        for weight in weights
    }
