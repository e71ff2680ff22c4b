"""What a source holds to be alike: nearest neighbours of the words that mark the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from pipeline.indices import rows_of
from pipeline.values import Bool, EmbeddingMatrix, Float32, Int32, TokenizedCorpus, Vocabulary

_SMOOTHING = 5.0  # occurrences added to a word in each class: rare words do not look characteristic
_LEAST_COUNT = 3


def characteristic_words(
    train: TokenizedCorpus, labels: Int32, label_names: tuple[str, ...], *, most: int = 10
) -> list[tuple[str, str]]:
    """Return the words that mark the classes most, as (word, class), classes in turn.

    A word's score in a class is its smoothed log-odds there against the other classes, weighted by the square
    root of its count; only words of letters, three characters or longer.
    """
    counts = _counts_by_class(train, labels, len(label_names))  # (C, T)
    total = counts.sum(axis=0)
    inside = (counts + _SMOOTHING) / (counts.sum(axis=1, keepdims=True) + _SMOOTHING)
    outside = (total - counts + _SMOOTHING) / ((total.sum() - counts.sum(axis=1, keepdims=True)) + _SMOOTHING)
    scores = np.log(inside / outside) * np.sqrt(counts)
    usable = (train.types.str.contains(r"^\p{L}{3,}$").to_numpy()) & (total >= _LEAST_COUNT)
    scores[:, ~usable] = -np.inf
    ranked = np.argsort(-scores, axis=1, kind="stable")  # (C, T)
    picked: dict[str, str] = {}
    for place in range(min(most, ranked.shape[1])):
        for label, name in enumerate(label_names):
            if np.isfinite(scores[label, ranked[label, place]]) and len(picked) < most:
                picked.setdefault(train.types[int(ranked[label, place])], name)
    return list(picked.items())


def nearest_neighbours(
    words: list[str],
    vocabulary: Vocabulary,
    vectors: Float32,
    covered: Bool,
    *,
    k: int = 6,
    least_count: int = 2,
) -> list[list[tuple[str, float]] | None]:
    """Return the `k` words of highest cosine for each of `words`, or None for a word without a vector.

    Only words that occur `least_count` times in the training documents are looked at: vectors of rarer words
    are noise.
    """
    candidates = np.flatnonzero(covered & (vocabulary.counts >= least_count))
    unit = vectors[candidates] / np.maximum(np.linalg.norm(vectors[candidates], axis=1, keepdims=True), 1e-9)
    rows = rows_of(pl.Series(words, dtype=pl.String), vocabulary.tokens)
    found: list[list[tuple[str, float]] | None] = []
    for row in rows:
        if row < 0 or not covered[row]:
            found.append(None)
            continue
        cosines = unit @ (vectors[row] / max(np.linalg.norm(vectors[row]), 1e-9))  # (K,)
        cosines[candidates == row] = -np.inf
        top = np.argsort(-cosines, kind="stable")[:k]
        top = top[np.isfinite(cosines[top])]  # with few candidates the word itself would be among them
        tokens = vocabulary.tokens.gather(candidates[top]).to_list()
        found.append([(token, float(cosines[place])) for token, place in zip(tokens, top, strict=True)])
    return found


def neighbour_rows(
    words: list[tuple[str, str]],
    vocabulary: Vocabulary,
    matrix: EmbeddingMatrix,
    trained: Float32 | None = None,
) -> list[dict[str, Any]]:
    """Return the neighbours of characteristic words as rows of details/neighbours.json.

    Parameters
    ----------
    words : list of (word, class)
        What `characteristic_words` gives; words without a vector are left out.
    vocabulary, matrix : Vocabulary, EmbeddingMatrix
        V rows, as the source gave them.
    trained : float32 array, shape (V, D), optional
        The same rows after training: then `neighbours` are theirs, and `before` those of `matrix`.
    """
    tokens = [word for word, _ in words]
    first = nearest_neighbours(tokens, vocabulary, matrix.vectors, matrix.covered)
    last = first if trained is None else nearest_neighbours(tokens, vocabulary, trained, matrix.covered)
    rows: list[dict[str, Any]] = []
    for (word, label), before, after in zip(words, first, last, strict=True):
        if before is not None and after is not None:
            row = {"word": word, "why": f"marks {label}", "neighbours": _named(after)}
            rows.append(row if trained is None else row | {"before": _named(before)})
    return rows


def _named(near: list[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"word": word, "cosine": cosine} for word, cosine in near]


def _counts_by_class(train: TokenizedCorpus, labels: Int32, n_classes: int) -> np.ndarray:
    label_of_token = np.repeat(labels, np.diff(train.offsets)).astype(np.int64)  # (M,)
    flat = np.bincount(
        label_of_token * len(train.types) + train.token_types, minlength=n_classes * len(train.types)
    )
    return flat.reshape(n_classes, len(train.types)).astype(np.float64)
