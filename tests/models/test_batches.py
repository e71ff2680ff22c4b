"""Ragged documents to padded batches, and which tokens of a long document a network sees."""

from __future__ import annotations

import numpy as np
import pytest
from builders import indexed_of, rows_of_each
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.networks.batches import batches, pad, shuffle_words, visible

LONG = [2, 3, 4, 5, 6, 7, 8, 9]
documents_of_rows = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=7), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("keep", "max_tokens", "expected"),
    [
        ("first", 4, [2, 3, 4, 5]),
        ("last", 4, [6, 7, 8, 9]),
        ("first+last", 4, [2, 3, 8, 9]),
        ("first+last", 5, [2, 3, 4, 8, 9]),  # the odd one comes from the start
        ("first+last", 1, [2]),
        ("last", 1, [9]),
        ("last", 8, LONG),
        ("first", 99, LONG),
    ],
)
def test_visible_tokens_of_a_long_document(keep: str, max_tokens: int, expected: list[int]) -> None:
    seen = visible(indexed_of([[1], LONG, [2, 3]]), max_tokens=max_tokens, keep=keep)
    rows = rows_of_each(seen.indexed)
    assert rows[1] == expected
    assert rows[0] == [1]


def test_what_is_cut_is_counted() -> None:
    seen = visible(indexed_of([[1], LONG, [2, 3, 4, 5], [2, 3, 4]]), max_tokens=3, keep="last")
    assert (seen.cut_documents, seen.cut_tokens) == (2, 5 + 1)
    assert rows_of_each(seen.indexed) == [[1], [7, 8, 9], [3, 4, 5], [2, 3, 4]]


@given(documents_of_rows, st.integers(1, 8), st.sampled_from(["first", "last", "first+last"]))
def test_visible_keeps_short_documents_whole_and_long_ones_in_order(
    documents: list[list[int]], max_tokens: int, keep: str
) -> None:
    rows = rows_of_each(visible(indexed_of(documents), max_tokens=max_tokens, keep=keep).indexed)
    for document, seen in zip(documents, rows, strict=True):
        half = max_tokens - max_tokens // 2
        expected = {
            "first": document[:max_tokens],
            "last": document[-max_tokens:],
            "first+last": document[:half] + document[len(document) - max_tokens // 2 :],
        }[keep]
        assert seen == (expected if len(document) > max_tokens else document)


def test_padding_stands_on_the_right_with_row_zero() -> None:
    batch = pad(indexed_of([[2, 3, 4], [5], [6, 7]]), np.array([1, 0, 2]))
    assert batch.rows.tolist() == [[5, 0, 0], [2, 3, 4], [6, 7, 0]]
    assert batch.lengths.tolist() == [1, 3, 2]
    assert batch.documents.tolist() == [1, 0, 2]
    assert (batch.rows.dtype, batch.lengths.dtype) == (np.int32, np.int32)


@given(documents_of_rows, st.integers(1, 5), st.booleans())
def test_every_document_comes_once_and_whole(
    documents: list[list[int]], batch_size: int, shuffled: bool
) -> None:
    generator = np.random.default_rng(0) if shuffled else None
    met: dict[int, list[int]] = {}
    for batch in batches(indexed_of(documents), batch_size, generator):
        assert 1 <= len(batch.documents) <= batch_size
        for document, row, length in zip(batch.documents, batch.rows, batch.lengths, strict=True):
            assert int(document) not in met
            assert not row[length:].any()
            met[int(document)] = row[:length].tolist()
    assert [met[number] for number in range(len(documents))] == documents


def order(seed: int | None, n_docs: int = 40) -> list[list[int]]:
    """Return which documents each batch holds; document i has 1 + i % 7 tokens."""
    indexed = indexed_of([[2] * (1 + number % 7) for number in range(n_docs)])
    generator = None if seed is None else np.random.default_rng(seed)
    return [batch.documents.tolist() for batch in batches(indexed, 4, generator)]


def test_the_order_is_that_of_the_generator() -> None:
    assert order(1) == order(1)
    assert order(1) != order(2)


def test_a_generator_gives_another_order_each_epoch() -> None:
    indexed, generator = indexed_of([[2]] * 40), np.random.default_rng(1)
    first, second = ([batch.documents.tolist() for batch in batches(indexed, 4, generator)] for _ in range(2))
    assert first != second


def test_prediction_batches_come_shortest_first() -> None:
    lengths = [number % 7 for batch in order(None) for number in batch]
    assert lengths == sorted(lengths)


def test_training_batches_hold_documents_of_about_one_length_in_random_order() -> None:
    groups = order(3)
    spreads = [max(n % 7 for n in group) - min(n % 7 for n in group) for group in groups]
    assert max(spreads) <= 1  # 40 documents are one pool: 5 or 6 of each of seven lengths, in fours
    lengths = [group[0] % 7 for group in groups]
    assert lengths != sorted(lengths)


def test_pieces_leave_nothing_out() -> None:
    seen = visible(indexed_of([[1], LONG]), max_tokens=3, keep="pieces")
    assert rows_of_each(seen.indexed) == [[1], LONG]
    assert (seen.cut_documents, seen.cut_tokens) == (0, 0)


@given(documents_of_rows, st.integers(1, 20))
def test_a_batch_of_long_documents_is_split_to_bound_its_size(
    documents: list[list[int]], max_timesteps: int
) -> None:
    met = []
    for batch in batches(indexed_of(documents), 4, np.random.default_rng(0), max_timesteps):
        assert batch.rows.size <= max_timesteps or len(batch.documents) == 1
        met += batch.documents.tolist()
    assert sorted(met) == list(range(len(documents)))


@given(documents_of_rows)
def test_shuffling_keeps_the_words_of_each_document(documents: list[list[int]]) -> None:
    shuffled = rows_of_each(shuffle_words(indexed_of(documents), np.random.default_rng(1)))
    assert [sorted(rows) for rows in shuffled] == [sorted(rows) for rows in documents]


def test_every_order_of_three_words_is_as_likely() -> None:
    n_docs = 6_000
    shuffled = shuffle_words(indexed_of([[2, 3, 4]] * n_docs), np.random.default_rng(2))
    _, counts = np.unique(shuffled.indices.reshape(-1, 3), axis=0, return_counts=True)
    assert len(counts) == 6
    assert abs(counts - n_docs / 6).max() < 4 * np.sqrt(n_docs * (1 / 6) * (5 / 6))
