"""Do two runs differ more than the seeds of one run do?"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipeline.core.values import Int32
from pipeline.evaluation import disagreement as module
from pipeline.evaluation.disagreement import disagreement


def answers(*rows: str) -> Int32:
    """Return the answers of fits, a text of digits each."""
    return np.array([[int(digit) for digit in row] for row in rows], dtype=np.int32)


def test_shares_between_and_within_runs_by_hand() -> None:
    """Between: 2/4, 1/4, 3/4, 2/4 of four documents; within the first run 1/4, within the second 1/4."""
    found = disagreement(answers("0000", "0001"), answers("1100", "1000"))
    assert found.between == pytest.approx((2 + 1 + 3 + 2) / 16)
    assert found.within == pytest.approx(1 / 4)
    assert found.smallest_p == pytest.approx(2 / 6)
    assert found.p_value == pytest.approx(2 / 6)  # found, and its mirror image: no other way is as far apart
    assert not found.is_shown


def test_four_seeds_of_each_run_that_all_differ_show_it() -> None:
    generator = np.random.default_rng(0)
    a = (generator.random((4, 200)) < 0.05).astype(np.int32)  # mostly 0
    b = (generator.random((4, 200)) < 0.95).astype(np.int32)  # mostly 1
    found = disagreement(a, b)
    assert found.p_value == pytest.approx(2 / 70)
    assert found.is_shown


def test_one_fit_on_each_side_says_nothing_of_chance() -> None:
    found = disagreement(answers("0011"), answers("0111"))
    assert (found.between, found.within, found.p_value, found.smallest_p) == (0.25, None, None, None)


def test_one_fit_beside_four_is_compared_with_their_chance() -> None:
    found = disagreement(answers("1111"), answers("0000", "0001", "0010", "0000"))
    assert found.smallest_p == pytest.approx(1 / 5)
    assert found.p_value == pytest.approx(1 / 5)


@pytest.mark.longer
def test_runs_that_differ_by_chance_alone_are_rarely_told_apart() -> None:
    """Of 400 pairs of runs at most 5 % and three standard errors, as many as the exact test promises."""
    generator, shown = np.random.default_rng(1), 0
    for _ in range(400):
        fits = (generator.random((8, 60)) < 0.3).astype(np.int32)
        shown += disagreement(fits[:4], fits[4:]).is_shown
    assert shown / 400 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert shown > 0  # else the test could not fail


def test_many_seeds_are_dealt_out_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(2)
    fits = (generator.random((8, 50)) < 0.3).astype(np.int32)
    exact = disagreement(fits[:4], fits[4:])
    monkeypatch.setattr(module, "_MOST_SPLITS", 10)
    monkeypatch.setattr(module, "_DRAWN", 3_000)
    drawn = disagreement(fits[:4], fits[4:])
    assert exact.p_value is not None
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.05)
    assert len(list(itertools.combinations(range(8), 4))) == 70
