"""Values to files of the run folder: JSON and safetensors, never a pickle; each file whole or absent."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.baselines import FittedBaseline
from pipeline.config import Config
from pipeline.embeddings import Embedded
from pipeline.indices import NgramVocabulary
from pipeline.json_files import read_json
from pipeline.networks.models import NetworkSpec, build, own_weights
from pipeline.networks.training import FittedNetwork
from pipeline.prediction_files import slug
from pipeline.values import Float32


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON; NumPy numbers become numbers, and what is not finite becomes null."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=1, allow_nan=False)
    write_whole(path, (text + "\n").encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that at any moment it is the old one or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


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


def load_network(folder: Path, vectors: Float32) -> Any:
    """Return the Keras model of a folder `models/<slug>/`, built again with its weights and this table (V', D)."""
    described = read_json(folder / "model.json")
    arrays = load_arrays(folder / "weights.safetensors") | {"embedding/embeddings": vectors}
    model = build(replace(NetworkSpec(**described["network"]), embedding_rows=len(vectors)))
    for weight in own_weights(model, tuned=True):
        weight.assign(arrays[_weight_name(weight)])
    return model


def load_arrays(path: Path) -> dict[str, Any]:
    """Return the arrays of a safetensors file of a run folder, by name."""
    from safetensors.numpy import load_file

    arrays: dict[str, Any] = load_file(path)
    return arrays


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
    return {_weight_name(weight): weight.numpy() for weight in weights}


def _weight_name(weight: Any) -> str:
    return "/".join([*weight.path.split("/")[:1], weight.path.split("/")[-1]])


def plain(value: Any) -> Any:
    """Return `value` built from what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
