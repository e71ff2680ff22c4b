"""A saved model that knows fewer words, for what has to stay small: another model, and said to be one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.core.values import UNKNOWN_ROW, Bool, Float32, Int64, Vocabulary
from pipeline.export.tokenizer_json import what_it_reads
from pipeline.models.saved import SavedModel, SavedNetwork
from pipeline.models.saved.linear import AverageFeatures, NgramFeatures, SavedLinear


def number_of_words(model: SavedModel) -> int:
    """Return how many words, or n-grams, a model knows."""
    return sum(word is not None for word in what_it_reads(model).vocabulary)


def fewer_words(model: SavedModel, most: int) -> SavedModel:
    """Return the model with so many words: the most frequent ones, or the n-grams with the largest coefficients.

    The others read as words that it does not know; a model that knows no more stays as it is.
    """
    if number_of_words(model) <= most:
        return model
    if isinstance(model, SavedNetwork):
        kept = _most_frequent(model.vocabulary, model.covered, most)
        vocabulary, table, covered = _rows(model.vocabulary, model.table, model.covered, kept)
        spec = replace(model.spec, embedding_rows=len(kept))
        return replace(model, spec=spec, vocabulary=vocabulary, table=table, covered=covered)
    assert isinstance(model, SavedLinear)  # `what_it_reads` refuses every other kind
    if isinstance(model.features, AverageFeatures):
        kept = _most_frequent(model.features.vocabulary, model.features.covered, most)
        rows = _rows(model.features.vocabulary, model.features.vectors, model.features.covered, kept)
        return replace(model, features=AverageFeatures(*rows, model.features.learned))
    return _heaviest(model, model.features, most)


def _most_frequent(vocabulary: Vocabulary, covered: Bool, most: int) -> Int64:
    """Return the rows to keep, ascending: that of padding, that of unknown words, and those of the words."""
    words = np.flatnonzero(covered & (np.arange(len(covered)) > UNKNOWN_ROW))
    frequent = words[np.argsort(-vocabulary.counts[words], kind="stable")[:most]]
    return np.concatenate([np.arange(UNKNOWN_ROW + 1), np.sort(frequent)])


def _rows(
    vocabulary: Vocabulary, vectors: Float32, covered: Bool, kept: Int64
) -> tuple[Vocabulary, Float32, Bool]:
    n_learned = int((kept < vocabulary.n_learned).sum())
    fewer = Vocabulary(vocabulary.tokens.gather(kept), vocabulary.counts[kept], n_learned)
    return fewer, vectors[kept], covered[kept]


def _heaviest(model: SavedLinear, features: NgramFeatures, most: int) -> SavedLinear:
    weights = np.abs(model.coefficients).max(axis=0)  # (F,)
    kept = np.sort(np.argsort(-weights, kind="stable")[:most])
    n_features, ngrams = len(weights), features.ngrams
    learned = {
        name: array[kept] if len(array) == n_features else array for name, array in features.learned.items()
    }
    fewer = replace(ngrams, keys=ngrams.keys[kept], document_counts=ngrams.document_counts[:0])
    return replace(
        model,
        features=replace(features, ngrams=fewer, learned=learned),
        coefficients=model.coefficients[:, kept],
    )
