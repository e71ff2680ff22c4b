"""What linear models multiply their coefficients with, in NumPy: what a pipeline's first step makes of documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.core.values import Float32, IndexedCorpus
from pipeline.settings.tables import BaselineSettings

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Weights = NDArray[np.floating]
Learned = Mapping[str, Weights]  # `idf`, `scale`, `mean`: (F,) each, what the first step learned
# (counts (N, F), learned, settings) > the values of the counts that are stored
Weigh = Callable[["csr_array", Learned, BaselineSettings], Weights]


def presence(counts: csr_array, learned: Learned, settings: BaselineSettings) -> Weights:
    """Return 1 for each n-gram that is there."""
    return np.ones_like(counts.data)


def presence_or_counts(counts: csr_array, learned: Learned, settings: BaselineSettings) -> Weights:
    """Return 1 for each n-gram that is there, or its count as a share of the largest in a training document."""
    if settings.bow_binary:
        return np.ones_like(counts.data)
    shares: Weights = counts.data / learned["scale"][counts.indices]
    return shares


def tfidf(counts: csr_array, learned: Learned, settings: BaselineSettings) -> Weights:
    """Return 1 + ln(count), or the count, times idf, each document at length 1."""
    weights = 1 + np.log(counts.data) if settings.sublinear_tf else counts.data
    weighted = weights * learned["idf"][counts.indices]  # (values,)
    document = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(document, weighted**2, minlength=counts.shape[0]))  # (N,)
    values: Weights = (weighted / lengths[document]).astype(counts.dtype)
    return values


def average(indexed: IndexedCorpus, vectors: Float32) -> Float32:
    """Return the average of the vectors (V, D) that each document reads; float32 (N, D)."""
    from scipy.sparse import csr_array

    ones = np.ones(len(indexed.indices), dtype=np.float32)
    rows = csr_array((ones, indexed.indices, indexed.offsets), shape=(indexed.n_docs, len(vectors)))
    averages: Float32 = (rows @ vectors) * (1 / np.diff(indexed.offsets)).astype(np.float32)[:, None]
    return averages
