"""What lies beyond the last k tokens: shuffled, replaced; the last k stay."""

from __future__ import annotations

from collections import Counter

import numpy as np
from builders import indexed_of, rows_of_each
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.values import UNKNOWN_ROW
from pipeline.interpret.probes.windows import replace_beyond
from pipeline.models.networks.batches import shuffle_words

documents = st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=12), min_size=1, max_size=6)
ks = st.integers(0, 14)
seeds = st.integers(0, 2**20)


@given(documents, ks, seeds)
def test_a_shuffle_keeps_the_words_of_the_window_and_the_end_in_its_order(
    given_documents: list[list[int]], k: int, seed: int
) -> None:
    shuffled = rows_of_each(shuffle_words(indexed_of(given_documents), np.random.default_rng(seed), k))
    for before, after in zip(given_documents, shuffled, strict=True):
        cut = max(len(before) - k, 0)
        assert after[cut:] == before[cut:]
        assert Counter(after[:cut]) == Counter(before[:cut])


def test_a_shuffle_reaches_every_order() -> None:
    generator = np.random.default_rng(0)
    indexed = indexed_of([[1, 2, 3, 4]])
    seen = {tuple(rows_of_each(shuffle_words(indexed, generator, 1))[0]) for _ in range(200)}
    assert seen == {
        (a, b, c, 4) for a in (1, 2, 3) for b in (1, 2, 3) for c in (1, 2, 3) if len({a, b, c}) == 3
    }


@given(documents, ks, seeds)
def test_a_replacement_comes_from_another_document(
    given_documents: list[list[int]], k: int, seed: int
) -> None:
    """Every document has rows of its own, so that a row tells where it came from."""
    own = [[100 * number + row for row in document] for number, document in enumerate(given_documents, 1)]
    replaced = rows_of_each(replace_beyond(indexed_of(own), k, np.random.default_rng(seed)))
    reach = sorted(map(len, own))[-2] if len(own) > 1 else 0
    for number, (before, after) in enumerate(zip(own, replaced, strict=True), 1):
        cut = max(len(before) - k, 0)
        assert after[cut:] == before[cut:]
        assert len(after) == len(before)
        for place, row in enumerate(after[:cut]):
            if len(own) == 1:
                assert row == UNKNOWN_ROW
                continue
            donor = row // 100
            assert donor != number
            from_end = len(before) - 1 - place
            if from_end < reach:  # as far from the end there as here
                assert own[donor - 1][-1 - from_end] == row


def test_a_replacement_is_drawn_from_every_other_document_that_reaches_so_far() -> None:
    indexed = indexed_of([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10]])
    generator = np.random.default_rng(0)
    firsts = {rows_of_each(replace_beyond(indexed, 2, generator))[0][0] for _ in range(100)}
    assert firsts == {4, 7}
    lasts = {rows_of_each(replace_beyond(indexed, 0, generator))[3][0] for _ in range(100)}
    assert lasts == {3, 6, 9}


@given(documents, ks, seeds)
def test_the_documents_themselves_stay(given_documents: list[list[int]], k: int, seed: int) -> None:
    indexed = indexed_of(given_documents)
    shuffle_words(indexed, np.random.default_rng(seed), k)
    replace_beyond(indexed, k, np.random.default_rng(seed))
    assert rows_of_each(indexed) == given_documents
