"""Values of three documents made by hand, so that each stage is tested alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from pipeline.core.values import EmbeddingMatrix, Float32, IndexedCorpus, Int32, TokenizedCorpus
from pipeline.embeddings.request import EmbeddingRequest
from pipeline.models.networks.labelled import Evaluation, Labelled
from pipeline.models.networks.training import FittedNetwork, Schedule, fit_network
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.settings.tables import BaselineSettings, EmbeddingSettings, NetworkSettings, Word2VecSettings
from pipeline.tasks.answers import Predictions
from pipeline.text.vocabulary import build_vocabulary

THREE_DOCUMENTS = (("good", "film"), ("bad", "film", "!"), ("good", "good", "plot"))

# Small enough to train in a second; no dropout, so that one epoch already learns something.
TINY_NETWORK = NetworkSettings(
    units=4,
    batch_size=4,
    max_epochs=2,
    min_updates=0,
    patience_updates=0,  # patience in passes alone
    learning_rate=1e-3,
    embedding_dropout=0.0,
    dropout=0.0,
    ema=0.0,  # one step moves the weights that predict
)
TINY_WORD2VEC = Word2VecSettings(vector_size=8, epochs=2, min_count=1, workers=1)
FEW_STRENGTHS = BaselineSettings(
    bow_strengths=(0.1, 1.0),
    tfidf_strengths=(1.0, 10.0),
    nbsvm_strengths=(0.1, 1.0),
    mean_strengths=(0.1, 1.0),
)


def tokens_of(documents: Sequence[Sequence[str]]) -> TokenizedCorpus:
    """Return documents given as tokens, without a tokenizer; types by first appearance."""
    number: dict[str, int] = {}
    flat = [number.setdefault(token, len(number)) for document in documents for token in document]
    offsets = np.cumsum([0] + [len(document) for document in documents]).astype(np.int64)
    return TokenizedCorpus(np.array(flat, dtype=np.int32), offsets, pl.Series(list(number), dtype=pl.String))


def documents_of(tokenized: TokenizedCorpus) -> list[list[str]]:
    """Return each document as a list of strings."""
    flat = tokenized.types.gather(tokenized.token_types).to_list()
    bounds = tokenized.offsets.tolist()
    return [flat[start:end] for start, end in pairwise(bounds)]


def indexed_of(documents: Sequence[Sequence[int]]) -> IndexedCorpus:
    """Return documents given as vocabulary rows."""
    flat = [row for document in documents for row in document]
    offsets = np.cumsum([0] + [len(document) for document in documents]).astype(np.int64)
    return IndexedCorpus(np.array(flat, dtype=np.int32), offsets)


def rows_of_each(indexed: IndexedCorpus) -> list[list[int]]:
    """Return each document as a list of vocabulary rows."""
    bounds = indexed.offsets.tolist()
    return [indexed.indices[start:end].tolist() for start, end in pairwise(bounds)]


def matrix_of(n_rows: int, dimension: int = 3, seed: int = 0) -> EmbeddingMatrix:
    """Return random vectors, float32 (n_rows, dimension); row 0 is zero."""
    vectors = np.random.default_rng(seed).standard_normal((n_rows, dimension)).astype(np.float32)
    vectors[0] = 0.0
    return EmbeddingMatrix(vectors, np.arange(n_rows) > 1, "by hand")


def request_of(
    train: TokenizedCorpus,
    *,
    unlabelled: TokenizedCorpus | None = None,
    word2vec: Word2VecSettings = TINY_WORD2VEC,
    dimension: int = 8,
    scale: float = 0.5,
    seed: int = 0,
) -> EmbeddingRequest:
    """Return what an embedding source is given, repeatable; every type of `train.types` is of the corpus."""
    return EmbeddingRequest(
        vocabulary=build_vocabulary(train),
        train=train,
        corpus_types=train.types,
        unlabelled=unlabelled,
        word2vec=word2vec,
        embeddings=EmbeddingSettings(dimension=dimension, scale=scale),
        seed=seed,
        deterministic=True,
        on_epoch=lambda done, total: None,
    )


def labelled(documents: Sequence[Sequence[int]], labels: Sequence[int]) -> Labelled:
    """Return documents of vocabulary rows with their labels."""
    return Labelled(indexed_of(documents), int32(labels))


def train_network(
    model: str,
    train: Labelled,
    *,
    validation: Labelled | None = None,
    head: str = "",
    tuned: bool = False,
    n_classes: int = 2,
    seed: int = 0,
    matrix: EmbeddingMatrix | None = None,
    repeat: Schedule | None = None,
    on_evaluation: Callable[[Evaluation], None] = lambda evaluation: None,
    shuffled_words: bool = False,
    **changes: Any,
) -> FittedNetwork:
    """Return a tiny network, trained repeatably; `changes` are network settings."""
    from pipeline.models.networks.build import specify

    settings = replace(TINY_NETWORK, **changes)
    table = matrix or matrix_of(int(train.indexed.indices.max()) + 1)
    spec = specify(model, head, table, tuned, n_classes, settings)
    return fit_network(
        spec,
        table.vectors,
        train,
        validation,
        settings,
        seed=seed,
        repeat=repeat,
        deterministic=True,
        on_evaluation=on_evaluation,
        shuffled_words=shuffled_words,
    )


def answered(
    name: str,
    right: Sequence[float] | Float32,
    seed: int = 0,
    fold: int = 0,
    documents: Sequence[int] | None = None,
) -> SavedPredictions:
    """Return predictions of label 1, "yes", for every document: the probability of the right class of each."""
    hits = np.asarray(right, np.float32)  # (N,)
    numbers = np.arange(len(hits)) if documents is None else np.array(documents)
    predictions = Predictions(numbers, np.ones(len(hits), np.int32), np.stack([1 - hits, hits], axis=1))
    return SavedPredictions(name, seed, fold, "h", ("no", "yes"), predictions)


def int32(numbers: Sequence[int] | Sequence[Sequence[int]]) -> Int32:
    """Return `numbers` as an int32 array."""
    return np.array(numbers, dtype=np.int32)
