"""The needle: distances are exact, the text around it says nothing of the class."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from builders import indexed_of, int32, rows_of_each
from hypothesis import given
from hypothesis import strategies as st

from pipeline.interpret.probes import needle as probe

HAYSTACK = probe.Haystack(("the", "of", "and"), np.zeros((7, 4), dtype=np.float32))


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 1)), min_size=1, max_size=20), st.integers(0, 2**20)
)
def test_a_needle_is_exactly_so_far_from_the_end(planted: list[tuple[int, int]], seed: int) -> None:
    distances, classes = (np.array(one) for one in zip(*planted, strict=True))
    documents = probe.plant(HAYSTACK, 9, distances, classes.astype(np.int32), np.random.default_rng(seed))
    for rows, (distance, one) in zip(rows_of_each(documents), planted, strict=True):
        assert len(rows) == 9
        assert [place for place, row in enumerate(rows) if row > 4] == [9 - distance]
        assert rows[-distance] == (5, 6)[one]
        assert set(rows) - {5, 6} <= {2, 3, 4}


def test_every_distance_and_class_comes_equally_often() -> None:
    distances, classes = probe.balanced([1, 2, 4], 12, np.random.default_rng(0))
    counts = Counter(zip(distances.tolist(), classes.tolist(), strict=True))
    assert counts == {(distance, one): 2 for distance in (1, 2, 4) for one in (0, 1)}
    assert len(probe.balanced([1, 2, 4], 14, np.random.default_rng(0))[0]) == 14


def test_the_order_of_distances_is_random() -> None:
    first, _ = probe.balanced([1, 2, 4], 60, np.random.default_rng(0))
    second, _ = probe.balanced([1, 2, 4], 60, np.random.default_rng(1))
    assert first.tolist() != second.tolist()


def test_neutral_words_are_frequent_and_lean_to_no_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 2 stands in both classes alike, 3 in the first alone, 4 in both alike but seldom; 1 is unknown."""
    documents = indexed_of([[2, 2, 3, 3, 4, 1, 1], [2, 2, 5, 5, 4, 1, 1]])
    monkeypatch.setattr(probe, "NEUTRAL", 2)
    assert probe.neutral_rows(documents, int32([0, 1]), 9).tolist() == [2, 4]
    monkeypatch.setattr(probe, "FREQUENT", 2)
    assert probe.neutral_rows(documents, int32([0, 1]), 9).tolist() == [2, 3]  # 4 is not among the two


def test_needles_do_not_stand_out() -> None:
    """Of many the mean and the covariance are those of the neutral words."""
    neutral = np.random.default_rng(0).normal(2.0, 1.0, (20, 3)).astype(np.float32)
    neutral[:, 2] = neutral[:, 0] + neutral[:, 1]
    drawn = probe.needle_vectors(neutral, np.random.default_rng(1), 50_000)
    assert drawn.mean(axis=0) == pytest.approx(neutral.mean(axis=0), abs=0.03)
    expected = (neutral - neutral.mean(axis=0)).T @ (neutral - neutral.mean(axis=0)) / 20
    assert np.cov(drawn.T) == pytest.approx(expected, abs=0.06)
    two = probe.needle_vectors(neutral, np.random.default_rng(2))
    assert two.shape == (2, 3)
    assert not np.allclose(two[0], two[1])


def test_the_reach_ends_at_the_first_distance_that_is_missed() -> None:
    points = [
        probe.NeedlePoint(k, accuracy, (0.0, 1.0), ()) for k, accuracy in ((1, 0.95), (2, 0.89), (4, 1.0))
    ]
    assert probe.reach(points) == 1
    assert probe.reach(points[1:]) is None


def test_the_interval_of_a_needle_holds_seeds_and_documents() -> None:
    """Two seeds that disagree wholly leave everything open; its ends stay within 0 and 1."""
    point = probe._point(4, np.array([[1.0] * 50, [0.0] * 50]))
    assert (point.k, point.accuracy, point.seeds) == (4, 0.5, (1.0, 0.0))
    assert point.ci95 == (0.0, 1.0)


def test_the_reading_of_needles() -> None:
    def network(name: str, *accuracies: float) -> probe.NeedleNetwork:
        points = tuple(
            probe.NeedlePoint(2**place, one, (0.0, 1.0), ()) for place, one in enumerate(accuracies)
        )
        return probe.NeedleNetwork(name, 0.004, (), points, probe.reach(points), 0.0)

    networks = [
        network("rnn", 1.0, 0.9, 0.615),
        network("gru", 1.0, 1.0, 1.0),
        network("lstm", 0.51, 0.5, 0.5),
    ]
    assert probe.reading(networks) == (
        "rnn finds the word up to 2 tokens from the end; at 4 it is right on 61.5 %. gru finds the word from every"
        " distance, up to the first of 4 tokens. lstm does not find the word even at the end: 51.0 %, where chance"
        " is 50 %."
    )
