"""Models as a run saves them, fitted to eight documents or of random weights, for tests of what loads them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from builders import FEW_STRENGTHS, TINY_NETWORK, int32, request_of
from keras_weights import randomised

from pipeline.core.files import file_hash, json_text
from pipeline.core.fits import FitKey
from pipeline.core.values import Float32
from pipeline.embeddings.table import Embedded, embed, encode_covered
from pipeline.experiment.linear_features import average_vectors
from pipeline.models.baselines.fitting import FittedBaseline, fit_baseline
from pipeline.models.golden import golden_texts
from pipeline.models.networks.batches import visible, words_in_own_order
from pipeline.models.networks.build import build, specify
from pipeline.models.networks.prediction import predict_probabilities
from pipeline.models.networks.training import FittedNetwork
from pipeline.models.save import (
    Particulars,
    files_of_baseline,
    files_of_embedding,
    files_of_mean,
    files_of_network,
)
from pipeline.run_folder.models import sealed, write_model
from pipeline.settings.tables import Config, with_values
from pipeline.text.ngrams import NgramVocabulary, count_ngrams, learn_ngrams
from pipeline.text.tokenizer import tokenize

TEXTS = pl.Series(
    [
        "a good film, a very good film",
        "so bad",
        "A BAD plot and a rare word",
        "the end is long and the plot is long and so is the film",
        "good, not bad",
        "",
        "unheard of",
        "<br>dull<br>",
    ]
)
TOKENS = tokenize(TEXTS, Config().tokenizer)
LABELS = int32([0, 1, 1, 2, 0, 2, 1, 2])
NEW = pl.Series(["a good plot", "bad bad film film film", "", "nothing of this is known", *TEXTS])
NAMES = ("good", "bad", "mixed", "never trained")


# --- as the stages of a run save what was fitted


def particulars(
    name: str,
    labels: tuple[str, ...],
    config: Config,
    golden: Float32 | None = None,
    seed: int = 0,
    fold: int = 0,
) -> Particulars:
    """Return what is told of a fit; golden answers are zeros where nobody is to load it."""
    zeros = np.zeros((len(golden_texts()), len(labels)), dtype=np.float32)
    return Particulars(FitKey(name, seed, fold), labels, config, zeros if golden is None else golden)


def save_baseline(
    run: Path,
    name: str,
    fitted: FittedBaseline,
    ngrams: NgramVocabulary,
    labels: tuple[str, ...],
    config: Config,
) -> None:
    """Write a model of n-grams, which answers the golden texts itself."""
    golden = fitted.predict_probabilities(count_ngrams(tokenize(golden_texts(), config.tokenizer), ngrams))
    write_model(run, files_of_baseline(particulars(name, labels, config, golden), fitted, ngrams))


def save_mean(
    run: Path,
    name: str,
    fitted: FittedBaseline,
    source: Embedded,
    labels: tuple[str, ...],
    config: Config,
) -> None:
    """Write a model of averaged vectors and its vectors."""
    golden = fitted.predict_probabilities(average_vectors(tokenize(golden_texts(), config.tokenizer), source))
    write_model(run, files_of_embedding(source))
    write_model(run, files_of_mean(particulars(name, labels, config, golden), fitted, source.source))


def save_network(
    run: Path,
    key: FitKey,
    fitted: FittedNetwork,
    source: Embedded,
    labels: tuple[str, ...],
    config: Config,
) -> None:
    """Write a network and its vectors."""
    indexed = encode_covered(tokenize(golden_texts(), config.tokenizer), source)
    read = visible(indexed, max_tokens=config.networks.max_tokens, keep=config.networks.keep).indexed
    if "shuffled-words" in key.name:
        read = words_in_own_order(read, config.run.seed)
    golden = predict_probabilities(fitted.model, read, len(labels))
    write_model(run, files_of_embedding(source, key.fold))
    of = particulars(key.name, labels, config, golden, key.seed, key.fold)
    write_model(run, files_of_network(of, fitted, source.source))


def seal_again(models: Path) -> None:
    """Write the sha256 of changed files into each `model.json` that is JSON: only content can be wrong then."""
    for path in models.rglob("model.json"):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError:
            continue
        content.pop("sha256", None)
        known = {
            "files": path.parent,
            "embedding_files": models / content.get("embedding", "embedding-random"),
        }
        for key, folder in known.items():
            for name in content.get(key, ()):
                if (folder / name).is_file():
                    content[key][name] = file_hash(folder / name)
        path.write_bytes(sealed(json_text(content).encode()))


# --- linear models

# What the fit's own predictions have to be met for: a model, its settings, and how many classes it was fitted to.
LINEAR = {
    "bow of counts": ("bow", replace(FEW_STRENGTHS, bow_binary=False), 3),
    "bow": ("bow", FEW_STRENGTHS, 2),
    "tfidf": ("tfidf", FEW_STRENGTHS, 3),
    "tfidf of counts": ("tfidf", replace(FEW_STRENGTHS, sublinear_tf=False), 2),
    "nbsvm": ("nbsvm", FEW_STRENGTHS, 3),
    "nbsvm of two": ("nbsvm", FEW_STRENGTHS, 2),
    "nbsvm of one": ("nbsvm", FEW_STRENGTHS, 1),
    "mean": ("mean", FEW_STRENGTHS, 3),
    "mean of two": ("mean", FEW_STRENGTHS, 2),
    "mean of one": ("mean", FEW_STRENGTHS, 1),
    "majority": ("majority", FEW_STRENGTHS, 3),
}


def embedded() -> Embedded:
    """Return vectors of which two words have none."""
    found = embed("random", request_of(TOKENS))
    covered = found.matrix.covered & ~found.vocabulary.tokens.is_in(["rare", "film"]).to_numpy()
    return replace(found, matrix=replace(found.matrix, covered=covered))


def fit_and_save(run: Path, case: str) -> tuple[FittedBaseline, Any]:
    """Return a fit, and what it reads of the new documents."""
    model, settings, n_classes = LINEAR[case]
    config, new = replace(Config(), baselines=settings), tokenize(NEW, Config().tokenizer)
    source, (ngrams, counts) = embedded(), learn_ngrams(TOKENS, ngram_max=2)
    features = average_vectors(TOKENS, source) if model == "mean" else counts
    labels = int32((LABELS % n_classes).tolist())
    fitted = fit_baseline(model, features, labels, n_classes=4, strength=3.0, settings=settings)
    if model == "mean":
        save_mean(run, model, fitted, source, NAMES, config)
        return fitted, average_vectors(new, source)
    save_baseline(run, model, fitted, ngrams, NAMES, config)
    return fitted, count_ngrams(new, ngrams)


# --- networks

# Each cell, head and direction once, on a table that rests or is tuned, of one layer or two, whole or in pieces.
NETWORKS: dict[str, dict[str, Any]] = {
    "ann@random": {},
    "ann@random:tuned": {"layers": 2},
    "rnn@random": {"keep": "first+last"},
    "rnn:mean@random:tuned": {"keep": "pieces", "piece_tokens": 3},
    "gru:max@random:tuned": {"layers": 2},
    "gru@random": {"keep": "pieces", "piece_tokens": 4},
    "gru:shuffled-words@random": {},
    "lstm:max+mean@random": {"keep": "first"},
    "bilstm@random": {},
    "bilstm:last@random:tuned": {"layers": 2},
}


def build_and_save(run: Path, name: str, seed: int = 0, fold: int = 0) -> FittedNetwork:
    """Save a network of random weights: what training would make of them plays no part."""
    model, _, head = name.partition("@")[0].replace(":shuffled-words", "").partition(":")
    config = with_values(
        Config(),
        {"networks.max_tokens": 5} | {f"networks.{key}": value for key, value in NETWORKS[name].items()},
    )
    settings = replace(config.networks, units=TINY_NETWORK.units)
    source, tuned = embedded(), name.endswith("tuned")
    spec = specify(model, head, source.matrix, tuned, 3, settings)
    network = randomised(build(spec), seed)
    network.get_layer("embedding").set_weights([source.matrix.vectors + 0.5 * tuned])
    fitted = FittedNetwork(spec, network, (), 0, "budget", None, ())
    save_network(run, FitKey(name, seed, fold), fitted, source, NAMES[:3], config)
    return fitted
