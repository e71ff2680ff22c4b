"""The words that mark the classes: which words can, and what many classes cost."""

from __future__ import annotations

import itertools
import string
import tracemalloc

import numpy as np
import polars as pl
import pytest
from builders import tokens_of

from pipeline.core.values import TokenizedCorpus
from pipeline.embeddings.audit.neighbours import characteristic_words


@pytest.mark.parametrize(
    ("word", "marks"),
    [("goal", True), ("好", True), ("हिन्दी", True), ("ab", False), ("12345", False), ("don't", False)],
)
def test_words_of_letters_mark_a_class_and_of_chinese_characters_one_is_enough(
    word: str, marks: bool
) -> None:
    train = tokens_of([[word] * 4, ["vote"] * 4])
    marked = characteristic_words(train, np.array([0, 1], dtype=np.int32), ("sport", "politics"))
    assert marked == [*([(word, "sport")] if marks else []), ("vote", "politics")]


def test_a_word_of_another_class_marks_nothing() -> None:
    # class a has one word; of the others, "vote" is in b only and "the" is rarer in b than in a
    train = tokens_of([["the"] * 4, ["the"] + ["vote"] * 6])
    marked = characteristic_words(train, np.array([0, 1], dtype=np.int32), ("a", "b"))
    assert marked == [("the", "a"), ("vote", "b")]


def test_a_word_of_two_occurrences_is_too_rare() -> None:
    train = tokens_of([["goal"] * 2, ["vote"] * 3])
    marked = characteristic_words(train, np.array([0, 1], dtype=np.int32), ("sport", "politics"))
    assert marked == [("vote", "politics")]


def test_the_classes_take_turns_and_a_class_without_documents_has_none() -> None:
    train = tokens_of([["aaa"] * 9 + ["bbb"] * 5, ["ccc"] * 9 + ["ddd"] * 5])
    marked = characteristic_words(train, np.array([2, 0], dtype=np.int32), ("x", "none", "z"), most=3)
    assert marked == [("ccc", "x"), ("aaa", "z"), ("ddd", "x")]


def test_memory_does_not_grow_with_classes_times_types() -> None:
    n_types, n_classes = 100_000, 200  # a table of all counts: 160 MB
    letters = itertools.product(string.ascii_lowercase, repeat=4)
    types = pl.Series(["".join(four) for four in itertools.islice(letters, n_types)])
    token_types = np.tile(np.arange(n_types, dtype=np.int32), 3)
    offsets = np.linspace(0, len(token_types), n_classes + 1).astype(np.int64)
    train = TokenizedCorpus(token_types, offsets, types)
    names = tuple(f"class {number}" for number in range(n_classes))
    tracemalloc.start()
    marked = characteristic_words(train, np.arange(n_classes, dtype=np.int32), names)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(marked) == 10
    assert peak < 20 * 2**20
