"""Tokens that all but tell the label, found among training documents."""

from __future__ import annotations

import numpy as np
import pytest
from builders import int32, tokens_of

from pipeline.corpus.giveaways import find_giveaways, hold_any, wilson_upper


def test_the_upper_end_of_the_interval_is_that_of_scipy() -> None:
    from scipy.stats import binomtest

    pairs = [(0, 73), (3, 40), (40, 40)]
    expected = [binomtest(*pair).proportion_ci(method="wilson").high for pair in pairs]
    successes, trials = (np.array(part) for part in zip(*pairs, strict=True))
    assert wilson_upper(successes, trials) == pytest.approx(expected)


def test_a_token_of_one_class_alone_gives_it_away_when_there_are_enough_documents() -> None:
    # Two classes of 100. No other label among n documents: upper end z^2 / (n + z^2), 5 % or less from 73 on.
    header, rare = ["header"] * 73, ["rare"] * 72
    good = [["film", *header[i : i + 1]] for i in range(100)]
    bad = [["film", *rare[i : i + 1]] for i in range(100)]
    train = tokens_of(good + bad)
    found = find_giveaways(train, int32([0] * 100 + [1] * 100))
    assert train.types.gather(found.types).to_list() == ["header"]
    assert found.labels.tolist() == [0]
    assert found.documents.tolist() == [73]
    assert found.precision.tolist() == [1.0]
    assert found.coverage.tolist() == [0.73]


def test_a_token_in_less_than_a_tenth_of_its_class_is_no_giveaway() -> None:
    documents = [["x", "mark"]] * 99 + [["x"]] * 901 + [["x"]] * 1000
    assert len(find_giveaways(tokens_of(documents), int32([0] * 1000 + [1] * 1000)).types) == 0
    documents[99] = ["x", "mark"]
    assert len(find_giveaways(tokens_of(documents), int32([0] * 1000 + [1] * 1000)).types) == 1


def test_a_token_that_is_as_frequent_as_its_class_tells_nothing() -> None:
    documents = [["the"]] * 100  # 99 % of its documents are of class 0, and so are all documents
    assert len(find_giveaways(tokens_of(documents), int32([0] * 99 + [1])).types) == 0


def test_a_token_counts_once_a_document() -> None:
    documents = [["mark"] * 100] + [["x"]] * 9 + [["y"]] * 10
    found = find_giveaways(tokens_of(documents), int32([0] * 10 + [1] * 10))
    assert len(found.types) == 0  # one document of ten, not a hundred


def test_which_documents_hold_one_of_the_tokens() -> None:
    tokenized = tokens_of([["a"], ["b", "mark"], [], ["mark"], ["c"]])
    mark = int32([tokenized.types.to_list().index("mark")])
    assert hold_any(tokenized, np.array([0, 1, 2, 3]), mark).tolist() == [False, True, False, True]
    assert hold_any(tokenized, np.array([4, 3]), int32([])).tolist() == [False, False]
