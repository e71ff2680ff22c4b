"""What linear models multiply their coefficients with, in NumPy: what a pipeline's first step makes of documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.core.values import Float32, IndexedCorpus
from pipeline.settings.tables import BaselineSettings
from pipeline.text.ngrams import NgramCounts

Weights = NDArray[np.floating]
Learned = Mapping[str, Weights]  # `idf`, `scale`, `mean`: (F,) each, what the first step learned
# (counts (E entries), learned, settings) > the values of the entries, (E,)
Weigh = Callable[[NgramCounts, Learned, BaselineSettings], Weights]


def presence(counts: NgramCounts, learned: Learned, settings: BaselineSettings) -> Weights:
    """Return 1 for each n-gram that is there."""
    return np.ones_like(counts.counts)


def presence_or_counts(counts: NgramCounts, learned: Learned, settings: BaselineSettings) -> Weights:
    """Return 1 for each n-gram that is there, or its count as a share of the largest in a training document."""
    if settings.bow_binary:
        return np.ones_like(counts.counts)
    shares: Weights = counts.counts / learned["scale"][counts.columns]
    return shares


def tfidf(counts: NgramCounts, learned: Learned, settings: BaselineSettings) -> Weights:
    """Return 1 + ln(count), or the count, times idf, each document at length 1."""
    weights = 1 + np.log(counts.counts) if settings.sublinear_tf else counts.counts
    weighted = weights * learned["idf"][counts.columns]  # (E,)
    lengths = np.sqrt(np.bincount(counts.documents, weighted**2, minlength=counts.n_docs))  # (N,)
    values: Weights = (weighted / lengths[counts.documents]).astype(counts.counts.dtype)
    return values


def average(indexed: IndexedCorpus, vectors: Float32) -> Float32:
    """Return the average of the vectors (V, D) that each document reads; float32 (N, D)."""
    from scipy.sparse import csr_array

    ones = np.ones(len(indexed.indices), dtype=np.float32)
    rows = csr_array((ones, indexed.indices, indexed.offsets), shape=(indexed.n_docs, len(vectors)))
    averages: Float32 = (rows @ vectors) * (1 / np.diff(indexed.offsets)).astype(np.float32)[:, None]
    return averages
