"""Recurrent language models: Keras and NumPy say the same, states are carried and begin anew, training learns."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from pipeline.models.baselines.language.symbols import BEGIN, END, Streams
from pipeline.models.equations.language import (
    LanguageSpec,
    first_states,
    log2_of,
    log_shares,
    read_symbols,
    weight_shapes,
)
from pipeline.models.networks.language.build import LanguageModel, build_language_model
from pipeline.models.networks.language.streams import Cut, windows
from pipeline.models.networks.language.training import FittedLanguageModel, fit_language_model
from pipeline.settings.tables import NetworkSettings

CELLS = ("rnn", "gru", "lstm")
PLAIN = NetworkSettings(
    learning_rate=0.01, batch_size=4, dropout=0.0, embedding_dropout=0.0, max_epochs=12, ema=0.0
)


def documents(*texts: list[int]) -> Streams:
    """Return documents of these symbols, with their begins and ends."""
    whole = [[BEGIN, *text, END] for text in texts]
    offsets = np.cumsum([0, *map(len, whole)]).astype(np.int64)
    return Streams(np.array([one for text in whole for one in text], dtype=np.int32), offsets)


@cache
def model_of(cell: str, units: int = 5) -> LanguageModel:
    """Return a small model with weights that are not those of a beginning."""
    model = build_language_model(LanguageSpec(cell, 9, 5, units, layers=2), PLAIN, seed=3)
    generator = np.random.default_rng(0)
    model.set_weights(
        {
            name: generator.normal(0, 0.7, value.shape).astype(np.float32)
            for name, value in model.weights.items()
        }
    )
    return model


@pytest.mark.parametrize("cell", CELLS)
def test_numpy_and_keras_give_one_share(cell: str) -> None:
    model = model_of(cell, units=5 if cell == "gru" else 6)
    spec, weights = model.spec, model.weights
    symbols = np.array([[BEGIN, 3, 4, 5], [6, BEGIN, 7, 8]], dtype=np.int32)
    states = [np.full((2, spec.units), 0.3, np.float32) for _ in model.reads.inputs[1:]]
    by_layer = iter(states)
    start = tuple(tuple(next(by_layer) for _ in layer) for layer in first_states(spec, 2))
    read, *after = model.reads([symbols, *states], training=False)
    fresh = tuple(tuple(np.stack([part[0] * 0, part[1]]) for part in layer) for layer in start)
    ours, end = read_symbols(spec, weights, symbols[:, :1], fresh)
    np.testing.assert_allclose(ours, np.asarray(read)[:, :1], atol=1e-5)
    second = tuple(tuple(np.stack([part[0], part[1] * 0]) for part in layer) for layer in end)
    rest, last = read_symbols(spec, weights, symbols[:, 1:], second)
    np.testing.assert_allclose(rest, np.asarray(read)[:, 1:], atol=1e-5)
    for mine, theirs in zip((part for layer in last for part in layer), after, strict=True):
        np.testing.assert_allclose(mine, np.asarray(theirs), atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_weights_have_the_names_and_shapes_that_are_told(cell: str) -> None:
    model = model_of(cell, units=6)
    assert {name: value.shape for name, value in model.weights.items()} == weight_shapes(model.spec)


def test_documents_are_scored_alone_and_shares_sum_to_one() -> None:
    """Each document's logarithms are those of a loop that reads it symbol by symbol."""
    spec, weights = model_of("lstm").spec, model_of("lstm").weights
    texts = [[3, 4, 5], [], [8, 3, 3, 7, 6]]
    expected = []
    for text in texts:
        states = first_states(spec, 1)
        for before, said in zip([BEGIN, *text], [*text, END], strict=True):
            read, states = read_symbols(spec, weights, np.array([[before]], dtype=np.int32), states)
            shares = np.exp(log_shares(weights, read[:, 0]))[0]
            assert shares.sum() == pytest.approx(1.0, abs=1e-5)
            assert shares[BEGIN] == 0
            expected.append(math.log2(shares[said]))
    np.testing.assert_allclose(log2_of(spec, weights, documents(*texts)), expected, rtol=1e-4)


def test_windows_go_on_where_the_one_before_ended() -> None:
    train = documents(*([n, n, n] for n in range(3, 9)))  # 30 symbols
    cut = Cut.of(len(train.symbols), 2, 4)
    assert (cut.streams, cut.steps, cut.windows) == (2, 4, 4)
    found = windows(train, cut, np.random.default_rng(0))
    one_pass = [next(found) for _ in range(cut.windows)]
    assert [one.first for one in one_pass] == [True, False, False, False]
    laid = np.concatenate([one.symbols for one in one_pass], axis=1)
    following = np.concatenate([one.following for one in one_pass], axis=1)
    np.testing.assert_array_equal(laid[:, 1:], following[:, :-1])
    assert following[0, -1] == laid[1, 0]
    assert next(found).first


@cache
def learned() -> FittedLanguageModel:
    """Return a model of two sentences, one of which is told by its first word."""
    train = documents(*([3, 4, 5, 6], [7, 4, 5, 8]) * 10)
    settings = replace(
        PLAIN,
        max_epochs=40,
        patience=40,
        learning_rate=0.03,
        evaluate_every=60,
        weight_drop=0.1,
        embedding_dropout=0.1,
        ema=0.9,
    )
    spec = LanguageSpec("lstm", 9, 8, 12)
    return fit_language_model(spec, train, train, settings, steps=5, seed=1)


@pytest.mark.longer
def test_training_learns_what_stands_three_words_before() -> None:
    """A bit for which sentence it is, and none after that: 1 bit of 5 symbols. The state is carried over windows."""
    fitted = learned()
    bits = -log2_of(fitted.spec, fitted.weights, documents([3, 4, 5, 6], [7, 4, 5, 8]))
    assert bits.sum() / 2 == pytest.approx(1.0, abs=0.25)
    assert fitted.why_not is None
    assert fitted.kept.validation_loss == pytest.approx(
        -math.log(2) * log2_of(fitted.spec, fitted.weights, documents([3, 4, 5, 6], [7, 4, 5, 8])).mean(),
        abs=1e-4,
    )


@pytest.mark.longer
def test_the_same_seed_gives_the_same_model() -> None:
    train = documents([3, 4, 5, 6], [7, 4, 5, 8])
    spec, settings = LanguageSpec("gru", 9, 4, 4), replace(PLAIN, max_epochs=2)
    one, two = (fit_language_model(spec, train, None, settings, steps=3, seed=5) for _ in range(2))
    for name, value in one.weights.items():
        np.testing.assert_allclose(value, two.weights[name], atol=1e-6)


def test_text_shorter_than_one_window_is_read_all_the_same() -> None:
    spec = LanguageSpec("rnn", 9, 4, 4)
    fitted = fit_language_model(spec, documents([3]), None, PLAIN, steps=35, seed=1)
    assert np.isfinite(log2_of(spec, fitted.weights, documents([3], []))).all()
