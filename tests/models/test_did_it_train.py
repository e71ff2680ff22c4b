"""The "did not train" rule on a network that is known to fail, and on ten that are known to learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import indexed_of, labelled, matrix_of, train_network

from pipeline.models.networks.batches import pad
from pipeline.models.networks.did_it_train import milder_signs, why_not_trained
from pipeline.models.networks.labelled import Evaluation, Labelled
from pipeline.models.networks.prediction import prediction_step

WORDS, LENGTH = 30, 200
EARLY, LATE = slice(0, 3), slice(LENGTH - 3, LENGTH)


def reviews(n_docs: int, decisive: slice, seed: int) -> Labelled:
    """Return documents of 200 neutral words; those at `decisive` are the word of the document's class."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, n_docs)
    documents = generator.integers(4, WORDS, (n_docs, LENGTH))
    documents[:, decisive] = (labels + 2)[:, None]
    return labelled(documents.tolist(), labels.tolist())


def few_words(n_docs: int, seed: int) -> Labelled:
    """Return documents of eight words, the last three the word of the document's class."""
    long = reviews(n_docs, LATE, seed)
    return Labelled(indexed_of(long.indexed.indices.reshape(n_docs, LENGTH)[:, -8:].tolist()), long.labels)


def masked_simple_rnn(train: Labelled, epochs: int) -> tuple[Any, list[Evaluation]]:
    """Train the network that tutorials show: padding behind a mask, SimpleRNN, the state after the last word.

    The vectors are as large as those of word2vec, so that the units saturate and gradients vanish.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.layers.Embedding(WORDS, 100, keras.initializers.RandomNormal(stddev=1.0), mask_zero=True),
            keras.layers.SimpleRNN(64),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2),
        ]
    )
    network.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    rows = np.pad(pad(train.indexed, np.arange(train.indexed.n_docs)).rows, ((0, 0), (0, 40)))
    told = network.fit(rows, train.labels, epochs=epochs, batch_size=64, verbose=0).history
    history = [
        Evaluation(number, number, loss, accuracy, None, None, 0.0)
        for number, (loss, accuracy) in enumerate(zip(told["loss"], told["accuracy"], strict=True), start=1)
    ]

    def shares(documents: Labelled) -> Any:
        read = pad(documents.indexed, np.arange(documents.indexed.n_docs))  # all of one length
        return tf.nn.softmax(network(read.rows)).numpy()

    return shares, history


@pytest.mark.longer
def test_the_masked_simple_rnn_of_the_tutorials_did_not_train_on_what_it_has_forgotten() -> None:
    """The class stands in the first three of 200 words: the gradient that should tell has vanished."""
    train = reviews(640, EARLY, seed=0)
    shares, history = masked_simple_rnn(train, epochs=3)
    why = why_not_trained(shares, history, train, 2)
    assert why is not None
    assert why.startswith("the training loss ended at ")
    assert "use a network that remembers longer" in why


@pytest.mark.slow
def test_the_same_network_trains_where_the_class_stands_last() -> None:
    train = reviews(640, LATE, seed=0)
    shares, history = masked_simple_rnn(train, epochs=3)
    assert why_not_trained(shares, history, train, 2) is None


@pytest.mark.longer
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", ["ann", "rnn", "gru", "lstm", "bilstm"])
def test_the_rule_is_silent_on_ten_healthy_fits(model: str, seed: int) -> None:
    fitted = train_network(
        model,
        few_words(300, seed=seed),
        validation=few_words(60, seed=9),
        matrix=matrix_of(WORDS, 8),
        seed=seed,
        units=16,
        batch_size=20,
        max_epochs=6,
        learning_rate=0.01,
    )
    assert fitted.why_not is None
    assert fitted.history[-1].validation_accuracy is not None
    assert fitted.history[-1].validation_accuracy > 0.9  # they did learn, so silence is right
    assert prediction_step(fitted.model) is not None


def history(*validation_losses: float) -> list[Evaluation]:
    return [
        Evaluation(10 * number, number, 0.5, 0.7, loss, 0.7, 1.0)
        for number, loss in enumerate(validation_losses, start=1)
    ]


@pytest.mark.parametrize(
    ("losses", "best", "stopped", "expected"),
    [
        (
            (0.6, 0.5, 0.4),
            3,
            "budget",
            "it was still learning when its 30 updates were over: raise networks.x [still-learning]",
        ),
        ((0.6, 0.5, 0.499), 3, "budget", ""),
        ((0.6, 0.4, 0.5), 2, "budget", ""),
        (
            (0.4, 0.5, 0.6),
            1,
            "early",
            "the validation loss was lowest at the first evaluation, after 10 updates",
        ),
        ((0.5, 0.4, 0.6), 2, "early", ""),
        ((0.1, 0.0, 0.1), 2, "budget", ""),  # every validation document told for certain
        ((float("inf"), 0.4, 0.1), 3, "budget", "it was still learning when its"),
    ],
)
def test_milder_signs(losses: tuple[float, ...], best: int, stopped: str, expected: str) -> None:
    signs = milder_signs(history(*losses), 10 * best, stopped, fixed=False, raised="networks.x")
    assert len(signs) == bool(expected)
    assert all(sign.startswith(expected) for sign in signs)
    assert milder_signs(history(*losses), 10 * best, stopped, fixed=True, raised="networks.x") == ()
