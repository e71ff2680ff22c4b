"""Tokens to rows: the order of the vocabulary, what is unknown, and the way back."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from builders import THREE_DOCUMENTS, documents_of, indexed_of, rows_of_each, tokens_of
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import PipelineError
from pipeline.core.values import UNKNOWN_TOKEN, IndexedCorpus, Vocabulary
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.ragged import select, take
from pipeline.text.tokenizer import tokenize
from pipeline.text.vocabulary import build_vocabulary, encode, rows_of

corpora = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "\u00e9", "\u6771", "12"]), max_size=6), max_size=8
)


def decode(indexed: IndexedCorpus, vocabulary: Vocabulary, document: int) -> list[str]:
    rows = indexed.indices[indexed.offsets[document] : indexed.offsets[document + 1]]
    return vocabulary.tokens.gather(rows).to_list()


def listed(vocabulary: Vocabulary) -> list[tuple[str, int]]:
    return list(zip(vocabulary.tokens.to_list(), vocabulary.counts.tolist(), strict=True))


def test_the_most_frequent_token_comes_first_and_ties_are_alphabetical() -> None:
    vocabulary = build_vocabulary(tokens_of(THREE_DOCUMENTS))
    assert listed(vocabulary) == [
        ("<pad>", 0), ("<unk>", 0), ("good", 3), ("film", 2), ("!", 1), ("bad", 1), ("plot", 1),
    ]  # fmt: skip
    assert (vocabulary.n_learned, vocabulary.rows_from_source) == (7, 0)
    assert vocabulary.counts.dtype == np.int64


def test_min_count_and_max_size_leave_the_frequent_tokens() -> None:
    train = tokens_of(THREE_DOCUMENTS)
    assert build_vocabulary(train, min_count=2).tokens.to_list() == ["<pad>", "<unk>", "good", "film"]
    assert build_vocabulary(train, max_size=3).tokens.to_list() == ["<pad>", "<unk>", "good", "film", "!"]
    assert len(build_vocabulary(train, max_size=99)) == 7


def test_types_that_no_training_document_holds_have_no_row() -> None:
    train = select(tokens_of([["a"], ["b"]]), np.array([0]))
    assert train.types.to_list() == ["a", "b"]
    assert build_vocabulary(train, min_count=0).tokens.to_list() == ["<pad>", "<unk>", "a"]


def test_a_min_count_that_removes_everything_says_what_would_not() -> None:
    with pytest.raises(PipelineError) as error:
        build_vocabulary(tokens_of(THREE_DOCUMENTS), min_count=4)
    assert str(error.value) == (
        'vocabulary.min_count: 4 removes every token; the most frequent, "good", occurs 3 times; '
        "set it to 3 or less"
    )


@pytest.mark.parametrize("documents", [[], [[], []]])
def test_training_documents_without_a_token_are_refused(documents: list[list[str]]) -> None:
    with pytest.raises(PipelineError) as error:
        build_vocabulary(tokens_of(documents))
    assert str(error.value) == ("tokenizer: the training documents hold no token; look at the text column")


def test_encode_gives_rows_and_the_unknown_row() -> None:
    vocabulary = build_vocabulary(tokens_of(THREE_DOCUMENTS), min_count=2)
    indexed = encode(tokens_of([["film", "dull"], [], ["good"], []]), vocabulary)
    assert rows_of_each(indexed) == [[3, 1], [1], [2], [1]]  # an empty document is one unknown token
    assert (indexed.indices.dtype, indexed.offsets.dtype) == (np.int32, np.int64)
    assert decode(indexed, vocabulary, 0) == ["film", "<unk>"]


def test_test_documents_that_are_all_unknown_or_empty_are_encoded() -> None:
    vocabulary = build_vocabulary(tokens_of([["a"]]))
    assert rows_of_each(encode(tokens_of([["x", "y"], []]), vocabulary)) == [[1, 1], [1]]
    assert rows_of_each(encode(tokens_of([[], []]), vocabulary)) == [[1], [1]]


@given(train=corpora.filter(any), documents=corpora)
def test_decode_after_encode_returns_the_tokens_with_unknown_ones_marked(
    train: list[list[str]], documents: list[list[str]]
) -> None:
    vocabulary = build_vocabulary(tokens_of(train))
    known = {token for document in train for token in document}
    indexed = encode(tokens_of(documents), vocabulary)
    for number, document in enumerate(documents):
        expected = [token if token in known else UNKNOWN_TOKEN for token in document]
        assert decode(indexed, vocabulary, number) == (expected or [UNKNOWN_TOKEN])


def test_text_that_spells_a_reserved_token_reads_as_unknown() -> None:
    whitespace = TokenizerSettings(name="whitespace")
    tokenized = tokenize(pl.Series(["<pad> good <unk> film", "<unk> good"]), whitespace)
    vocabulary = build_vocabulary(tokenized)
    assert vocabulary.tokens.to_list() == ["<pad>", "<unk>", "good", "film"]
    assert rows_of_each(encode(tokenized, vocabulary)) == [[1, 2, 1, 3], [1, 2]]


def test_take_returns_documents_in_the_order_asked_for() -> None:
    indexed = indexed_of([[2, 3], [4], [5, 6]])
    assert rows_of_each(take(indexed, np.array([2, 0, 2]))) == [[5, 6], [2, 3], [5, 6]]


def test_rows_of_keeps_order_and_repeats() -> None:
    found = rows_of(pl.Series(["b", "x", "a", "b"]), pl.Series(["a", "b"]))
    assert found.tolist() == [1, -1, 0, 1]
    assert found.dtype == np.int32


@given(corpora.filter(any))
def test_the_vocabulary_counts_every_training_token_once(train: list[list[str]]) -> None:
    vocabulary = build_vocabulary(tokens_of(train))
    flat = [token for document in documents_of(tokens_of(train)) for token in document]
    assert dict(listed(vocabulary)[2:]) == {token: flat.count(token) for token in set(flat)}
