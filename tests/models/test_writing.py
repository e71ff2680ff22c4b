"""Texts that language models write: drawn by the shares that the model gives."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from pipeline.models.baselines.language.kneser_ney import fit_kneser_ney
from pipeline.models.baselines.language.symbols import BEGIN, END, UNKNOWN, Streams
from pipeline.models.equations.language import LanguageSpec, log2_of, weight_shapes
from pipeline.models.writing import CountReader, Drawing, NetworkReader, drawn_from, write

SHARES = np.array([0.0, 0.1, 0.2, 0.4, 0.3])  # of begin, end, unknown and two words


def test_unknown_symbols_are_never_drawn() -> None:
    np.testing.assert_allclose(drawn_from(SHARES, Drawing()), [0, 0.125, 0, 0.5, 0.375])


def test_a_temperature_is_a_power_of_the_shares() -> None:
    """With 0.5 shares are squared: 0.01, 0.16 and 0.09, of 0.26."""
    np.testing.assert_allclose(drawn_from(SHARES, Drawing(temperature=0.5)), np.array([0, 1, 0, 16, 9]) / 26)
    assert drawn_from(SHARES, Drawing(temperature=0)).tolist() == [0, 0, 0, 1, 0]


def test_texts_are_as_frequent_as_the_model_says() -> None:
    """The text that is the first word alone has its share after the begin times that of the end after it."""
    train = Streams(
        np.array([BEGIN, 3, END, BEGIN, 3, 4, END, BEGIN, 4, END], dtype=np.int32), np.array([0, 3, 7, 10])
    )
    model, generator = fit_kneser_ney(train, 5, 2), np.random.default_rng(0)
    written = Counter(tuple(write(CountReader(model), [], Drawing(), generator)) for _ in range(2_000))
    first = drawn_from(model.next_symbol([BEGIN]), Drawing())
    after = drawn_from(model.next_symbol([BEGIN, 3]), Drawing())
    assert written[(3,)] / 2_000 == pytest.approx(first[3] * after[END], abs=0.04)
    assert not any(UNKNOWN in text or BEGIN in text for text in written)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_network_reads_one_symbol_after_the_other_as_it_reads_a_document(cell: str) -> None:
    spec, generator = LanguageSpec(cell, 6, 3, 4), np.random.default_rng(1)
    weights = {
        name: generator.normal(0, 0.5, shape).astype(np.float32)
        for name, shape in weight_shapes(spec).items()
    }
    text = [BEGIN, 3, 5, 4, END]
    reader = NetworkReader(spec, weights)
    one_by_one = [np.log2(reader.read(symbol)[said]) for symbol, said in pairwise(text)]
    whole = log2_of(spec, weights, Streams(np.array(text, dtype=np.int32), np.array([0, 5])))
    np.testing.assert_allclose(one_by_one, whole, rtol=1e-5)
