"""Fitted models and vectors as plain data that a run folder keeps (`run_folder.models` writes it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.core.fits import ModelFiles
from pipeline.core.names import slug
from pipeline.embeddings.table import Embedded
from pipeline.models.baselines.fitting import FittedBaseline
from pipeline.models.networks.build import own_weights
from pipeline.models.networks.training import FittedNetwork
from pipeline.models.saved import weight_name
from pipeline.settings.tables import Config
from pipeline.text.ngrams import NgramVocabulary


def files_of_embedding(embedded: Embedded) -> ModelFiles:
    """Return a source's vectors and vocabulary, saved once for all models that read it."""
    vocabulary = embedded.vocabulary
    return ModelFiles(
        "embedding",
        _embedding_folder(embedded.matrix.source),
        {"vectors": embedded.matrix.vectors, "covered": embedded.matrix.covered},
        {
            "tokens": vocabulary.tokens.to_list(),
            "counts": vocabulary.counts.tolist(),
            "n_learned": vocabulary.n_learned,
        },
    )


def files_of_network(
    name: str, fitted: FittedNetwork, source: str, label_names: tuple[str, ...], config: Config
) -> ModelFiles:
    """Return a network's weights and how to build it; a frozen embedding is named, not copied."""
    described = {
        "name": name,
        "network": asdict(fitted.spec),
        "embedding": _embedding_folder(source),
        "label_names": label_names,
        "tokenizer": asdict(config.tokenizer),
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
    arrays: Mapping[str, np.ndarray],
    reads: Mapping[str, object],
    label_names: tuple[str, ...],
    config: Config,
) -> ModelFiles:
    described = {
        "name": name,
        **reads,
        "probabilities": fitted.probabilities,
        "label_names": label_names,
        "tokenizer": asdict(config.tokenizer),
        "baselines": asdict(config.baselines),
    }
    return ModelFiles("model", slug(name), {**arrays, **_linear_arrays(fitted)}, described)


_LEARNED_WEIGHTS = {"idf_": "idf", "mean_": "mean", "scale_": "scale"}  # of what stands before the classifier


def _linear_arrays(fitted: FittedBaseline) -> dict[str, np.ndarray]:
    """Return coefficients (C or 1, F), intercepts, classes, and what the features' own weights learned.

    Those are, (F,) each, `idf` of TF-IDF, `mean` and `scale` of standardised averages, `scale` of counts.
    """
    weights, classifier = fitted.pipeline[0], fitted.pipeline[-1]
    arrays = {"classes": np.asarray(classifier.classes_)}
    arrays |= {name: getattr(weights, own) for own, name in _LEARNED_WEIGHTS.items() if hasattr(weights, own)}
    if hasattr(classifier, "estimators_"):
        arrays["coefficients"] = np.vstack([one.coef_ for one in classifier.estimators_])
        arrays["intercepts"] = np.concatenate([one.intercept_ for one in classifier.estimators_])
    elif hasattr(classifier, "coef_"):
        arrays |= {"coefficients": classifier.coef_, "intercepts": classifier.intercept_}
    else:
        arrays["class_prior"] = classifier.class_prior_
    return arrays


def _embedding_folder(source: str) -> str:
    return f"embedding-{slug(source)}"


def arrays_of(weights: Iterable[Any]) -> dict[str, np.ndarray]:
    """Return Keras variables as arrays under `layer/weight`, such as `recurrent_0/kernel`."""
    return {weight_name(weight): weight.numpy() for weight in weights}
