"""Answers of language models: bits a byte, its influence, and the file."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.tasks.generate.answers import LanguageAnswers
from pipeline.tasks.generate.columns import from_columns, to_columns
from pipeline.tasks.generate.metrics import bits_per_byte, influence


def answers(bits: list[float], sizes: list[int]) -> LanguageAnswers:
    n = len(bits)
    counts = np.arange(n, dtype=np.int64)
    return LanguageAnswers(
        10 * counts, np.array(bits), np.array(sizes, dtype=np.int64), counts + 1, counts, np.full(n, 0.5)
    )


def test_bits_a_byte_is_a_ratio_of_sums() -> None:
    found = answers([8.0, 1.0, 3.0], [4, 1, 1])
    assert bits_per_byte(found) == 2.0
    assert influence(found).mean() == pytest.approx(2.0)
    # 2 + (8 - 2 x 4) / 2, 2 + (1 - 2) / 2, 2 + (3 - 2) / 2
    np.testing.assert_allclose(influence(found), [2.0, 1.5, 2.5])


def test_the_variance_is_that_of_drawing_documents_again() -> None:
    """The bootstrap of the ratio, drawn 4,000 times, has the variance that the influence values have."""
    generator = np.random.default_rng(0)
    sizes = generator.integers(5, 200, 150)
    found = answers((sizes * generator.uniform(1, 3, 150)).tolist(), sizes.tolist())
    drawn = [bits_per_byte(found.only(generator.integers(0, 150, 150))) for _ in range(4_000)]
    assert influence(found).std() / np.sqrt(150) == pytest.approx(np.std(drawn), rel=0.06)


def test_a_file_gives_back_every_bit() -> None:
    found = answers([8.1, 1.0 / 3.0], [4, 1])
    back, names = from_columns(to_columns(found, ("text",)), hard=False)
    assert names == ("text",)
    for name in ("documents", "bits", "bytes", "symbols", "unknown", "spelled"):
        np.testing.assert_array_equal(getattr(back, name), getattr(found, name))
    with pytest.raises(ValueError, match="expected document Int64, bits Float64"):
        from_columns(to_columns(found, ("text",)).drop("bits"), hard=False)


def test_documents_are_chosen_joined_and_told_apart() -> None:
    found = answers([8.0, 1.0, 3.0], [4, 1, 1])
    again = LanguageAnswers.joined([found.only(np.array([2])), found.only(np.array([0, 1]))])
    assert again.documents.tolist() == [20, 0, 10]
    assert again.bits.tolist() == [3.0, 8.0, 1.0]
    assert found.differs(answers([8.0, 1.0, 3.0], [4, 2, 1])).tolist() == [False, True, False]
    assert found.single.probabilities.tolist() == [[1.0]] * 3
