"""What every embedding source of the table promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import THREE_DOCUMENTS, TINY_WORD2VEC, request_of, tokens_of

from pipeline.embeddings.table import SOURCES, Embedded, embed
from pipeline.text.ragged import select
from pipeline.text.vocabulary import rows_of

DIMENSION = 8
TRAIN = tokens_of([*THREE_DOCUMENTS, ("bad", "plot", "good", "12")])

each_source = pytest.mark.parametrize("source", SOURCES)


def made(source: str, seed: int = 0) -> Embedded:
    return embed(source, request_of(TRAIN, dimension=DIMENSION, seed=seed))


@each_source
def test_a_float32_row_for_each_row_of_the_vocabulary(source: str) -> None:
    embedded = made(source)
    matrix = embedded.matrix
    assert matrix.vectors.shape == (len(embedded.vocabulary), DIMENSION)
    assert (matrix.vectors.dtype, matrix.covered.dtype) == (np.float32, np.bool_)
    assert np.isfinite(matrix.vectors).all()
    assert not matrix.vectors[0].any()
    assert matrix.source == source


@each_source
def test_the_learned_rows_stay_where_the_vocabulary_put_them(source: str) -> None:
    request = request_of(TRAIN, dimension=DIMENSION)
    embedded = embed(source, request)
    n_learned = request.vocabulary.n_learned
    assert embedded.vocabulary.n_learned == n_learned
    assert embedded.vocabulary.tokens[:n_learned].to_list() == request.vocabulary.tokens.to_list()


@each_source
def test_row_i_is_the_vector_of_word_i(source: str) -> None:
    request = request_of(TRAIN, dimension=DIMENSION, scale=0.0)  # 0: vectors are left as they are
    embedded, found = embed(source, request), SOURCES[source].vectors(request)
    places = rows_of(found.words, embedded.vocabulary.tokens)
    np.testing.assert_array_equal(embedded.matrix.vectors[places], found.vectors)
    assert sorted(places) == np.flatnonzero(embedded.matrix.covered).tolist()
    assert len(np.unique(found.vectors, axis=0)) == len(found.words)  # no two words share a vector


@each_source
def test_rows_without_a_vector_share_one(source: str) -> None:
    too_rare = replace(TINY_WORD2VEC, min_count=2)  # "film", "bad", "plot", "good" stay
    embedded = embed(source, request_of(TRAIN, word2vec=too_rare, dimension=DIMENSION))
    uncovered = np.flatnonzero(~embedded.matrix.covered)[1:]  # less padding
    assert uncovered[0] == 1
    everything = source in ("random", "trigrams")  # they have a vector for every word
    assert len(uncovered) == (1 if everything else 3)  # "!" and "12" are seen once
    assert (embedded.matrix.vectors[uncovered] == embedded.matrix.vectors[1]).all()


@each_source
def test_the_inputs_are_left_as_they_were(source: str) -> None:
    request = request_of(TRAIN, unlabelled=tokens_of([["good", "new"]]), dimension=DIMENSION)
    arrays: list[Any] = [TRAIN.token_types, TRAIN.offsets, request.vocabulary.counts]
    before = [array.copy() for array in arrays]
    words = [TRAIN.types.to_list(), request.vocabulary.tokens.to_list(), request.corpus_types.to_list()]
    embed(source, request)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    after = [TRAIN.types.to_list(), request.vocabulary.tokens.to_list(), request.corpus_types.to_list()]
    assert after == words


@each_source
def test_the_same_seed_gives_the_same_vectors_and_another_seed_others(source: str) -> None:
    first, again, other = made(source, 0), made(source, 0), made(source, 1)
    np.testing.assert_array_equal(first.matrix.vectors, again.matrix.vectors)
    covered = first.matrix.covered
    assert not np.array_equal(first.matrix.vectors[covered], other.matrix.vectors[covered])


@each_source
def test_a_word_of_test_documents_only_never_has_a_row(source: str) -> None:
    corpus = tokens_of([*THREE_DOCUMENTS, ("zzcanary", "film", "zzcanary")])
    train = select(corpus, np.array([0, 1, 2]))
    assert "zzcanary" in train.types.to_list()  # the name is there to be taken; nothing may take it
    request = request_of(train, dimension=DIMENSION)
    embedded = embed(source, request)
    assert "zzcanary" not in SOURCES[source].vectors(request).words.to_list()
    assert embedded.vocabulary.tokens.to_list() == request.vocabulary.tokens.to_list()
    assert embedded.vocabulary.rows_from_source == 0
