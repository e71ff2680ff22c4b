"""n-gram counts are scikit-learn's CountVectorizer on the same tokens, column for column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from builders import THREE_DOCUMENTS, tokens_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.values import Float32
from pipeline.text import ngrams as ngrams_module
from pipeline.text.ngrams import NgramCounts, count_entries, count_ngrams, find_occurrences, learn_ngrams
from pipeline.text.ragged import select

Documents = list[list[str]]
RANGES = [(1, 1), (1, 2), (2, 2), (1, 3)]

# Tokens whose alphabetical order is easy to get wrong: prefixes, capitals, marks, other scripts.
tokens = st.sampled_from(["a", "ab", "b", "B", "-", "!", "10", "9", "\u00e9", "\u6771", "\U0001f600"])
corpora = st.lists(st.lists(tokens, max_size=7), min_size=1, max_size=8)


def vectorizer(ngram_range: tuple[int, int], min_df: int) -> Any:
    """Return scikit-learn's CountVectorizer over documents that are lists of tokens."""
    from sklearn.feature_extraction.text import CountVectorizer

    given_tokens: Callable[[list[str]], list[str]] = list
    return CountVectorizer(
        tokenizer=given_tokens,
        preprocessor=given_tokens,
        token_pattern=None,
        lowercase=False,
        ngram_range=ngram_range,
        min_df=min_df,
    )


def expect(
    train: Documents, new: Documents, ngram_range: tuple[int, int], min_df: int
) -> tuple[Any, Any, Any]:
    """Return scikit-learn's terms, counts of `train` and counts of `new`; nothing where it finds no term."""
    reference = vectorizer(ngram_range, min_df)
    try:
        counts = reference.fit_transform(train).toarray()
    except ValueError:  # "empty vocabulary", or min_df above the number of documents
        return [], np.zeros((len(train), 0)), np.zeros((len(new), 0))
    new_counts = reference.transform(new).toarray() if new else np.zeros((0, counts.shape[1]))
    return reference.get_feature_names_out().tolist(), counts, new_counts


def of_entries(found: NgramCounts, n_ngrams: int) -> Float32:
    """Return entries as a matrix; those of a document stand in the order of n-grams, and each once."""
    counts = np.zeros((found.n_docs, n_ngrams), dtype=np.float32)
    np.add.at(counts, (found.documents, found.columns), found.counts)
    for document in range(found.n_docs):
        assert (np.diff(found.columns[found.documents == document]) > 0).all()
    return counts


def check(train: Documents, new: Documents, ngram_range: tuple[int, int], min_df: int) -> None:
    shortest, longest = ngram_range
    ngrams, counts = learn_ngrams(tokens_of(train), ngram_min=shortest, ngram_max=longest, min_df=min_df)
    terms, expected, expected_new = expect(train, new, ngram_range, min_df)
    assert ngrams.terms() == terms
    np.testing.assert_array_equal(counts.toarray(), expected)
    np.testing.assert_array_equal(count_ngrams(tokens_of(new), ngrams).toarray(), expected_new)
    np.testing.assert_array_equal(of_entries(count_entries(tokens_of(new), ngrams), len(terms)), expected_new)
    np.testing.assert_array_equal(ngrams.document_counts, (expected > 0).sum(axis=0))
    for row, found in zip(expected_new, find_occurrences(tokens_of(new), ngrams), strict=True):
        np.testing.assert_array_equal(np.bincount(found.columns, minlength=len(terms)), row)


@settings(max_examples=60)
@given(corpora, corpora, st.sampled_from(RANGES), st.integers(1, 3))
def test_equal_to_scikit_learn(
    train: Documents, new: Documents, ngram_range: tuple[int, int], min_df: int
) -> None:
    check(train, new, ngram_range, min_df)


@pytest.mark.longer
@settings(max_examples=60)
@given(corpora, corpora, st.sampled_from(RANGES), st.integers(1, 3), st.integers(1, 9))
def test_equal_to_scikit_learn_over_several_pieces(
    train: Documents, new: Documents, ngram_range: tuple[int, int], min_df: int, size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams_module, "_TOKENS_PER_PIECE", size)
        check(train, new, ngram_range, min_df)


def test_long_ngrams_leave_few_bits_for_documents_and_are_still_right() -> None:
    documents = [["a", "b", "c"] * 11, ["c"] * 31, ["b", "a"], [], ["a", "b", "c"] * 11, ["c"]] * 4
    check(documents, documents[::-1], (30, 30), 1)  # four digits, 30 places: 60 bits, four documents a piece


def test_ngrams_longer_than_62_bits_are_refused() -> None:
    with pytest.raises(ValueError) as error:
        learn_ngrams(tokens_of([["a", "b", "c"]]), ngram_max=31)
    assert str(error.value) == "3 types are too many for n-grams of 31 tokens"


def test_min_df_counts_documents_not_occurrences() -> None:
    train = tokens_of([["rare", "rare", "rare"], ["film"], ["film"]])
    ngrams, counts = learn_ngrams(train, ngram_max=1, min_df=2)
    assert ngrams.terms() == ngrams.tokens.to_list() == ["film"]
    assert counts.toarray().tolist() == [[0], [1], [1]]


def test_ngrams_by_hand() -> None:
    ngrams, counts = learn_ngrams(tokens_of(THREE_DOCUMENTS), ngram_min=1, ngram_max=2, min_df=1)
    assert ngrams.terms() == [
        "!", "bad", "bad film", "film", "film !", "good", "good film", "good good", "good plot", "plot",
    ]  # fmt: skip
    assert counts.toarray().tolist() == [
        [0, 0, 0, 1, 0, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 2, 0, 1, 1, 1],
    ]
    assert ngrams.terms(np.array([9, 2])) == ["plot", "bad film"]


def test_no_ngram_crosses_a_document_or_a_token_that_was_left_out() -> None:
    ngrams, _ = learn_ngrams(tokens_of([["a", "rare", "b"], ["a"], ["b", "a"], ["b"]]), ngram_max=2, min_df=2)
    assert ngrams.terms() == ["a", "b"]


def test_indices_are_int32_sorted_and_without_repeats() -> None:
    ngrams, counts = learn_ngrams(tokens_of(THREE_DOCUMENTS))
    new = count_ngrams(tokens_of([["good", "film", "good", "film"], []]), ngrams)
    for matrix in (counts, new):
        assert (matrix.indices.dtype, matrix.indptr.dtype, matrix.data.dtype) == (np.int32,) * 3
        assert matrix.has_canonical_format
    assert (counts.shape, new.shape) == ((3, 10), (2, 10))


@pytest.mark.parametrize("documents", [[], [[]], [["unseen"]]])
def test_documents_without_a_learned_ngram_are_rows_of_zeros(documents: Sequence[Sequence[str]]) -> None:
    ngrams, _ = learn_ngrams(tokens_of([["a", "b"]]))
    assert count_ngrams(tokens_of(documents), ngrams).toarray().tolist() == [[0, 0, 0]] * len(documents)


def test_a_word_of_test_documents_only_reaches_neither_terms_nor_document_counts() -> None:
    both = tokens_of([["good", "film"], ["bad", "film"], ["zzcanary", "film"]])
    ngrams, _ = learn_ngrams(select(both, np.array([0, 1])))
    assert ngrams.terms() == ["bad", "bad film", "film", "good", "good film"]
    assert ngrams.document_counts.tolist() == [1, 1, 2, 1, 1]
