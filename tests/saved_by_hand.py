"""Saved models of every kind with weights by chance, built without a training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from pipeline.core.values import EmbeddingMatrix, Vocabulary
from pipeline.models.baselines.features import presence
from pipeline.models.baselines.table import BASELINES
from pipeline.models.equations.network import weight_shapes
from pipeline.models.networks.build import specify
from pipeline.models.saved import SavedModel, SavedNetwork
from pipeline.models.saved.linear import NO_NGRAMS, AverageFeatures, NgramFeatures, SavedLinear
from pipeline.settings.tables import BaselineSettings, NetworkSettings, TokenizerSettings
from pipeline.tasks.table import CLASSIFY
from pipeline.text.ngrams import learn_ngrams
from pipeline.text.tokenizer import tokenize

TOKENIZER = TokenizerSettings(unspaced="characters")
TRAINING = [
    "a good film, a very good film",
    "so bad",
    "a bad plot, and 東京 in it",
    "don't 👍🏽 it <br>",
    "été",
]
LABELS = ("good", "bad", "mixed", "never trained")
WORDS = tokenize(pl.Series(TRAINING), TOKENIZER)

LINEAR: dict[str, dict[str, Any]] = {  # how many classes, n-grams, and what else is not as usual
    "bow": {"settings": BaselineSettings(bow_binary=False)},
    "bow of what is there": {"n_classes": 2},
    "tfidf": {"longest": 2},
    "tfidf of counts": {"settings": BaselineSettings(sublinear_tf=False), "n_classes": 2},
    "nbsvm": {"longest": 3},
    "nbsvm one by one": {"one_versus_rest": True},
    "nbsvm of one": {"n_classes": 1},
    "mean": {},
    "mean of two": {"n_classes": 2},
    "majority": {},
}
NETWORKS: dict[str, dict[str, Any]] = {  # every cell, head and direction
    "ann@random": {},
    "ann@random:tuned": {"layers": 2},
    "rnn@random": {"keep": "first+last"},
    "rnn:mean@random:tuned": {"keep": "pieces", "piece_tokens": 3},
    "rnn:max@random": {"keep": "pieces", "piece_tokens": 50},
    "gru:max@random": {"layers": 2},
    "gru@random": {"keep": "pieces", "piece_tokens": 4},
    "gru:mean@random": {"keep": "first"},
    "lstm@random": {"units": 7},
    "lstm:max+mean@random": {"layers": 2},
    "bilstm@random": {},
    "bilstm:last@random": {"layers": 2},
    "bilstm:max+mean@random": {"keep": "pieces", "piece_tokens": 2},
}
EVERY = (*LINEAR, *NETWORKS)


def saved(name: str, **changes: Any) -> SavedModel:
    """Return a model of `LINEAR` or `NETWORKS`; `changes` are of its fields."""
    model = _network(name) if name in NETWORKS else _linear(name)
    return replace(model, **changes)


def _vectors(generator: np.random.Generator) -> tuple[Vocabulary, Any, Any]:
    """Return the words of the texts with 5 numbers each, and which have a vector: two have none."""
    tokens = pl.concat([pl.Series(["<pad>", "<unk>"]), WORDS.types.unique().sort()])
    covered = ~tokens.is_in(["film", "été"]).to_numpy()
    vectors = generator.normal(size=(len(tokens), 5)).astype(np.float32)
    vectors[0] = 0
    return Vocabulary(tokens, np.ones(len(tokens), dtype=np.int64), len(tokens)), vectors, covered


def _network(name: str) -> SavedNetwork:
    options = {"units": 4, "max_tokens": 6, **NETWORKS[name]}
    settings = replace(NetworkSettings(), **options)
    generator = np.random.default_rng(len(name))
    vocabulary, table, covered = _vectors(generator)
    model, _, head = name.partition("@")[0].partition(":")
    matrix = EmbeddingMatrix(table, covered, "random")
    spec = specify(model, head, matrix, name.endswith("tuned"), len(LABELS), settings)
    weights = {
        layer: generator.normal(size=shape).astype(np.float32) + ("deviation" in layer) * 3
        for layer, shape in weight_shapes(spec).items()
    }
    own = name, CLASSIFY, LABELS, TOKENIZER
    return SavedNetwork(*own, spec, weights, vocabulary, table, covered, settings.max_tokens, settings.keep)


def _linear(name: str) -> SavedLinear:
    said = {"n_classes": 3, "longest": 1, "settings": BaselineSettings(), **LINEAR[name]}
    model, n_classes, generator = (
        name.split(maxsplit=1)[0],
        said["n_classes"],
        np.random.default_rng(len(name)),
    )
    n_problems = 1 if n_classes == 2 else n_classes
    if model == "majority":
        features: Any = NgramFeatures(NO_NGRAMS, presence, {}, BaselineSettings())
        size = 0
    elif model == "mean":
        vocabulary, vectors, covered = _vectors(generator)
        size = vectors.shape[1]
        learned = {"mean": generator.normal(size=size), "scale": 1 + generator.random(size)}
        features = AverageFeatures(vocabulary, vectors, covered, learned)
    else:
        ngrams, _ = learn_ngrams(WORDS, ngram_max=said["longest"])
        size = len(ngrams.keys)
        learned = {"idf": 1 + generator.random(size), "scale": 1 + generator.random(size)}
        features = NgramFeatures(ngrams, BASELINES[model].weigh, learned, said["settings"])
    coefficients = generator.normal(size=(n_problems, size))
    intercepts, classes = generator.normal(size=n_problems), np.arange(3)[-n_classes:]
    own = name, CLASSIFY, LABELS, TOKENIZER
    return SavedLinear(*own, features, coefficients, intercepts, classes, said.get("one_versus_rest", False))
