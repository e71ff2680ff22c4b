"""One fold's averaged vectors with logistic regression: the control that asks what a network adds to them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from pipeline.baselines import FittedBaseline
from pipeline.choose_settings import choose_settings
from pipeline.embeddings import Embedded
from pipeline.embeddings.encoding import encode_covered
from pipeline.fit_baselines import Features, judge_linear, load_libraries, run_linear
from pipeline.material import Fold, Material
from pipeline.plan import PlannedModel
from pipeline.record import FoldRecord
from pipeline.storage import save_mean
from pipeline.tokenizer import select
from pipeline.values import Float32, TokenizedCorpus


def run_mean(
    material: Material,
    planned: PlannedModel,
    chosen_on: tuple[Fold, Embedded],
    final: tuple[Fold, Embedded],
    refit: bool,
    parts: FoldRecord,
) -> None:
    """Fit one model of averaged vectors, its strength chosen and its weights fitted as those of the baselines."""
    load_libraries()
    features = _features(material, *chosen_on)
    last = _features(material, *final) if refit else features
    judge = judge_linear(planned, lambda trial: features)
    own = choose_settings(material, planned, chosen_on[0], parts, judge)
    run_linear(own, planned, features, last, refit, parts)


def average_vectors(tokenized: TokenizedCorpus, embedded: Embedded) -> Float32:
    """Return the average of each document's vectors, float32 (N, D).

    All tokens of a document count, whatever `networks.max_tokens` says: nothing limits how much an average can
    read, and the baselines read every token too. A word without a vector counts as the unknown row, as it does
    in a network; so does a document without a token.
    """
    from scipy.sparse import csr_array

    from pipeline.baselines.estimators import MeanEmbedding

    if not tokenized.n_docs:  # scikit-learn refuses to transform none: the validation documents of a refit
        return np.zeros((0, embedded.matrix.vectors.shape[1]), dtype=np.float32)
    indexed = encode_covered(tokenized, embedded)
    ones = np.ones(len(indexed.indices), dtype=np.float32)
    shape = (indexed.n_docs, len(embedded.vocabulary))
    counts = csr_array((ones, indexed.indices, indexed.offsets), shape=shape)  # (N, V), a word a token
    averages: Float32 = MeanEmbedding(embedded.matrix.vectors).fit_transform(counts)
    return averages


def _features(material: Material, fold: Fold, embedded: Embedded) -> Features:
    def of(tokenized: TokenizedCorpus) -> Any:
        return average_vectors(tokenized, embedded)

    def save(name: str, fitted: FittedBaseline) -> None:
        save_mean(material.run, name, fitted, embedded.source, material.label_names, material.config)

    start = time.perf_counter()
    train, validation = (of(select(material.tokenized, part)) for part in (fold.train, fold.validation))
    seconds = embedded.seconds + time.perf_counter() - start
    return Features(fold, train, validation, of, save, seconds)
