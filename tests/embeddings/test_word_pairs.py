"""Word pairs judged by people: reading, coverage, rank correlation and its interval by a second method."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.embeddings.audit import word_pairs
from pipeline.embeddings.audit.word_pairs import (
    WordPairs,
    installed_pairs,
    judge_pairs,
    rank_correlation,
    read_pairs,
    spearman_interval,
)


def pairs_of(*lines: tuple[str, str, float]) -> WordPairs:
    first, second, judged = zip(*lines, strict=True)
    return WordPairs("by hand", pl.Series(first), pl.Series(second), np.array(judged, dtype=np.float64))


def test_a_list_is_read_without_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("# who\n# Word 1\tWord 2\tHuman\ncat\tdog\t7.5\n\nsun\tTax\t0.25\n", encoding="utf-8")
    pairs = read_pairs("T", path)
    assert (pairs.title, pairs.first.to_list(), pairs.second.to_list()) == (
        "T",
        ["cat", "sun"],
        ["dog", "Tax"],
    )
    assert pairs.judged.tolist() == [7.5, 0.25]


def test_the_installed_lists_are_whole() -> None:
    found = {pairs.title: pairs for pairs in installed_pairs()}
    assert {title: len(pairs.judged) for title, pairs in found.items()} == {
        "WordSim-353": 353,
        "SimLex-999": 999,
    }
    for pairs in found.values():
        assert pairs.first.null_count() == pairs.second.null_count() == 0
        assert 0 <= pairs.judged.min() < pairs.judged.max() <= 10


def test_reading_the_lists_does_not_import_gensim(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "gensim"]:
        monkeypatch.delitem(sys.modules, name)
    assert installed_pairs()
    assert "gensim" not in sys.modules


def test_without_the_lists_there_is_nothing_to_judge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere = ModuleSpec("gensim", None, is_package=True)
    elsewhere.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(word_pairs, "find_spec", lambda name: elsewhere)
    assert installed_pairs() == []
    monkeypatch.setattr(word_pairs, "find_spec", lambda name: None)
    assert installed_pairs() == []


def test_cosines_are_ranked_against_judgements_over_covered_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_pairs, "FEWEST_PAIRS", 3)
    words = pl.Series(["a", "b", "c", "d", "mexico"])
    vectors = np.array([[2, 0], [1, 1], [0, 3], [-1, 0], [3, 1]], dtype=np.float32)
    # cosines with a: b 0.71, c 0, d -1, mexico 0.95; ranks 3, 2, 1, 4; judged 8, 2, 5, 9: ranks 3, 1, 2, 4
    pairs = pairs_of(("a", "b", 8), ("c", "a", 2), ("a", "d", 5), ("a", "Mexico", 9), ("a", "zebra", 1))
    found = judge_pairs(pairs, words, vectors)
    assert {key: found[key] for key in ("title", "pairs", "covered")} == {
        "title": "by hand",
        "pairs": 5,
        "covered": 4,
    }
    assert found["spearman"] == pytest.approx(1 - 6 * (0 + 1 + 1 + 0) / (4 * 15))  # 1 - 6 sum d^2 / (n^3 - n)


@pytest.mark.parametrize(("covered", "given"), [(29, False), (30, True)])
def test_under_thirty_pairs_no_correlation_is_given(covered: int, given: bool) -> None:
    words = [f"w{number}" for number in range(covered + 1)]
    angles = np.linspace(0, 1, covered + 1)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    pairs = pairs_of(
        *(("w0", word, float(-number)) for number, word in enumerate(words[1:])), ("w0", "x", 3.0)
    )
    found = judge_pairs(pairs, pl.Series(words), vectors)
    assert (found["pairs"], found["covered"]) == (covered + 1, covered)
    assert (found["spearman"], found["ci95"]) == ((pytest.approx(1.0), [1.0, 1.0]) if given else (None, None))


def test_equal_cosines_have_no_order() -> None:
    assert rank_correlation([1, 1, 1], [1, 2, 3]) is None
    words = pl.Series([f"w{number}" for number in range(31)])
    pairs = pairs_of(*(("w0", f"w{number}", float(number)) for number in range(1, 31)))
    found = judge_pairs(pairs, words, np.zeros((31, 2), np.float32))
    assert (found["covered"], found["spearman"], found["ci95"]) == (30, None, None)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=30))
def test_the_correlation_is_scipys(values: list[tuple[int, int]]) -> None:
    a, b = (np.array(column, dtype=float) for column in zip(*values, strict=True))
    found = rank_correlation(a, b)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(stats.spearmanr(a, b).statistic)


def test_the_interval_by_hand() -> None:
    # r = 0.6, n = 53: z = 0.693147, variance (1 + 0.18) / 50 = 0.0236, half width 1.96 x 0.153623
    low, high = spearman_interval(0.6, 53)
    assert low == pytest.approx(np.tanh(0.6931472 - 0.3010947), abs=1e-5)
    assert high == pytest.approx(np.tanh(0.6931472 + 0.3010947), abs=1e-5)


def test_the_interval_holds_the_true_correlation_in_95_percent() -> None:
    generator = np.random.default_rng(3)
    n_pairs, latent = 60, 0.6
    true = 6 / np.pi * np.arcsin(latent / 2)  # Spearman's correlation of a bivariate normal distribution
    inside = 0
    for _ in range(800):
        a = generator.standard_normal(n_pairs)
        b = latent * a + np.sqrt(1 - latent**2) * generator.standard_normal(n_pairs)
        correlation = rank_correlation(a, b)
        assert correlation is not None
        low, high = spearman_interval(correlation, n_pairs)
        inside += low <= true <= high
    assert 0.93 <= inside / 800 <= 0.97
