"""Values to files of the run folder: JSON and safetensors, never a pickle; each file whole or absent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.files import write_json, write_whole
from pipeline.core.names import slug
from pipeline.embeddings import Embedded
from pipeline.models.baselines.fitting import FittedBaseline
from pipeline.models.networks.build import own_weights
from pipeline.models.networks.training import FittedNetwork
from pipeline.models.saved import weight_name
from pipeline.settings.tables import Config
from pipeline.text.ngrams import NgramVocabulary


def save_embedding(run: Path, embedded: Embedded) -> None:
    """Save a source's vectors and vocabulary once for all models that read it."""
    folder = run / "models" / _embedding_folder(embedded.matrix.source)
    _save_arrays(
        folder / "vectors.safetensors",
        {"vectors": embedded.matrix.vectors, "covered": embedded.matrix.covered},
    )
    write_json(
        folder / "vocabulary.json",
        {
            "tokens": embedded.vocabulary.tokens.to_list(),
            "counts": embedded.vocabulary.counts.tolist(),
            "n_learned": embedded.vocabulary.n_learned,
        },
    )


def save_network(
    run: Path, name: str, fitted: FittedNetwork, source: str, label_names: tuple[str, ...], config: Config
) -> None:
    """Save a network's weights and how to build it; a frozen embedding is named, not copied."""
    folder = run / "models" / slug(name)
    _save_arrays(folder / "weights.safetensors", arrays_of(own_weights(fitted.model, fitted.spec.tuned)))
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
    write_json(folder / "model.json", described)


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
    _save_linear(run, name, fitted, {}, {"embedding": _embedding_folder(source)}, label_names, config)


def bytes_to_predict(run: Path, name: str) -> int | None:
    """Return the size of what a model needs to predict: its folder, and that of its embedding; None if not saved."""
    folder = run / "models" / slug(name)
    described = folder / "model.json"
    if not described.is_file():
        return None
    embedding = json.loads(described.read_text(encoding="utf-8")).get("embedding")
    folders = [folder, *([run / "models" / embedding] if embedding else [])]
    return sum(file.stat().st_size for one in folders for file in one.iterdir() if file.is_file())


def _save_linear(
    run: Path,
    name: str,
    fitted: FittedBaseline,
    arrays: Mapping[str, np.ndarray],
    reads: Mapping[str, object],
    label_names: tuple[str, ...],
    config: Config,
) -> None:
    folder = run / "models" / slug(name)
    _save_arrays(folder / "weights.safetensors", {**arrays, **_linear_arrays(fitted)})
    described = {
        "name": name,
        **reads,
        "probabilities": fitted.probabilities,
        "label_names": label_names,
        "tokenizer": asdict(config.tokenizer),
        "baselines": asdict(config.baselines),
    }
    write_json(folder / "model.json", described)


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


def _save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    from safetensors.numpy import save

    write_whole(path, save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def _embedding_folder(source: str) -> str:
    return f"embedding-{slug(source)}"


def arrays_of(weights: Iterable[Any]) -> dict[str, np.ndarray]:
    """Return Keras variables as arrays under `layer/weight`, such as `recurrent_0/kernel`."""
    return {weight_name(weight): weight.numpy() for weight in weights}
