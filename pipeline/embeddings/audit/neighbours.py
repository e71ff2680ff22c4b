"""What a source holds to be alike: nearest neighbours of the words that mark the classes."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.core.files import Json
from pipeline.core.values import Bool, EmbeddingMatrix, Float32, Int32, Int64, TokenizedCorpus, Vocabulary
from pipeline.text.ragged import select
from pipeline.text.vocabulary import rows_of

_SMOOTHING = 5.0  # occurrences added to a word in each class: rare words do not look characteristic
_LEAST_COUNT = 3
_LARGE = 1e15  # numbers of a training that went astray, whose squares float32 does not hold
_WORD = r"^(\p{L}[\p{L}\p{M}]{2,}|\p{Han}+)$"


def characteristic_words(
    train: TokenizedCorpus, labels: Int32, label_names: tuple[str, ...], *, most: int = 10
) -> list[tuple[str, str]]:
    """Return the words that mark the classes most, as (word, class), classes in turn.

    A word's score in a class is its smoothed log-odds there against the other classes, weighted by the square
    root of its count; a word of score 0 or less marks nothing. Only words of three letters or more (of Chinese
    characters one is enough) that occur three times or more. One class is counted at a time: with many classes
    and types a table of all counts would not fit.
    """
    total = np.bincount(train.token_types, minlength=len(train.types))  # (T,)
    usable = train.types.str.contains(_WORD).to_numpy() & (total >= _LEAST_COUNT)  # (T,)
    by_class = np.argsort(labels, kind="stable").astype(np.int64)
    parts = np.split(by_class, np.searchsorted(labels[by_class], np.arange(1, len(label_names))))
    ranked = [_best_types(select(train, documents), total, usable, most) for documents in parts]
    picked: dict[str, str] = {}
    for place in range(most):
        for name, types in zip(label_names, ranked, strict=True):
            if place < len(types) and len(picked) < most:
                picked.setdefault(train.types[int(types[place])], name)
    return list(picked.items())


def _best_types(own: TokenizedCorpus, total: Int64, usable: Bool, most: int) -> Int64:
    """Return the types of the highest scores in one class, the best first; int64, `most` or fewer."""
    counts = np.bincount(own.token_types, minlength=len(total))  # (T,)
    types = np.flatnonzero((counts > 0) & usable)
    inside, everywhere = counts[types].astype(np.float64), total[types]
    odds = (inside + _SMOOTHING) / (len(own.token_types) + _SMOOTHING)
    others = total.sum() - len(own.token_types)  # tokens of the other classes
    odds_outside = (everywhere - inside + _SMOOTHING) / (others + _SMOOTHING)
    scores = np.log(odds / odds_outside) * np.sqrt(inside)
    order = np.argsort(-scores, kind="stable")[:most]
    best: Int64 = types[order[scores[order] > 0]]
    return best


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
    if (peak := float(np.abs(vectors).max(initial=0))) > _LARGE:
        vectors = vectors / peak
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
) -> list[dict[str, Json]]:
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
    rows: list[dict[str, Json]] = []
    for (word, label), before, after in zip(words, first, last, strict=True):
        if before is not None and after is not None:
            row: dict[str, Json] = {"word": word, "why": f"marks {label}", "neighbours": _named(after)}
            rows.append(row if trained is None else row | {"before": _named(before)})
    return rows


def _named(near: list[tuple[str, float]]) -> list[dict[str, Json]]:
    return [{"word": word, "cosine": cosine} for word, cosine in near]
