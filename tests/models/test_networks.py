"""Networks against equations written as loops, and their parameters counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, indexed_of, int32, matrix_of
from loops import STATES, lstm_states

from pipeline.core.errors import PipelineError
from pipeline.core.models import networks
from pipeline.core.names import ModelName, parse_network
from pipeline.core.values import Float64
from pipeline.models.networks.build import build, specify
from pipeline.models.networks.prediction import predict_probabilities
from pipeline.models.networks.training import FittedNetwork

UNITS, DIMENSION, CLASSES = 4, 3, 2
MATRIX = matrix_of(8, DIMENSION)
DOCUMENTS = [[2, 3, 4, 5, 6], [7], [3, 2]]


def softmax(logits: Float64) -> Float64:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


READ: dict[str, Callable[[Float64], Float64]] = {
    "last": lambda states: states[-1],
    "mean": lambda states: states.mean(axis=0),
    "max": lambda states: states.max(axis=0),
    "max+mean": lambda states: np.concatenate([states.max(axis=0), states.mean(axis=0)]),
}


def built(model: str, head: str = "", *, tuned: bool = False, **changes: Any) -> Any:
    """Return a network whose weights are drawn from a normal distribution of deviation 0.8.

    `changes` are network settings.
    """
    spec = specify(model, head, MATRIX, tuned, CLASSES, replace(TINY_NETWORK, units=UNITS, **changes))
    network = build(spec)
    generator = np.random.default_rng(5)
    for layer in network.layers:
        layer.set_weights([generator.normal(0, 0.8, weight.shape) for weight in layer.get_weights()])
    network.get_layer("embedding").set_weights([MATRIX.vectors])
    return network


def weights_of(network: Any, layer: str) -> list[Float64]:
    return [np.asarray(weight, dtype=np.float64) for weight in network.get_layer(layer).get_weights()]


@pytest.mark.parametrize(
    ("model", "head"), [("rnn", "last"), ("gru", "last"), *(("lstm", head) for head in READ)]
)
def test_a_recurrent_network_is_its_equations_read_at_real_timesteps(model: str, head: str) -> None:
    network = built(model, head)
    output, bias = weights_of(network, "output")
    expected = []
    for document in DOCUMENTS:
        states = STATES[model](
            MATRIX.vectors[document].astype(np.float64), *weights_of(network, "recurrent_0")
        )
        expected.append(softmax(READ[head](states) @ output + bias))
    probabilities = predict_probabilities(network, indexed_of(DOCUMENTS), CLASSES)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_a_second_layer_reads_every_state_of_the_first() -> None:
    network = built("lstm", layers=2)
    output, bias = weights_of(network, "output")
    expected = []
    for document in DOCUMENTS:
        states = MATRIX.vectors[document].astype(np.float64)
        for layer in ("recurrent_0", "recurrent_1"):
            states = lstm_states(states, *weights_of(network, layer))
        expected.append(softmax(states[-1] @ output + bias))
    probabilities = predict_probabilities(network, indexed_of(DOCUMENTS), CLASSES)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def both_directions(document: Float64, forward: list[Float64], backward: list[Float64]) -> Float64:
    """Return the states of an LSTM and, at each word, of one that came from the end; (T, 2H)."""
    return np.hstack([lstm_states(document, *forward), lstm_states(document[::-1], *backward)[::-1]])


def test_a_bilstm_reads_each_document_from_both_ends_and_its_second_layer_both_directions() -> None:
    network = built("bilstm", "max+mean", layers=2)
    output, bias = weights_of(network, "output")
    expected = []
    for document in DOCUMENTS:
        states = MATRIX.vectors[document].astype(np.float64)
        for layer in ("recurrent_0", "recurrent_1"):
            states = both_directions(
                states, weights_of(network, layer), weights_of(network, f"{layer}_backward")
            )
        expected.append(softmax(READ["max+mean"](states) @ output + bias))
    probabilities = predict_probabilities(network, indexed_of(DOCUMENTS), CLASSES)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_the_last_state_of_a_bilstm_is_the_end_of_each_direction() -> None:
    network = built("bilstm", "last")
    output, bias = weights_of(network, "output")
    expected = []
    for document in DOCUMENTS:
        states = both_directions(
            MATRIX.vectors[document].astype(np.float64),
            weights_of(network, "recurrent_0"),
            weights_of(network, "recurrent_0_backward"),
        )
        ends = np.concatenate([states[-1, :UNITS], states[0, UNITS:]])
        expected.append(softmax(ends @ output + bias))
    probabilities = predict_probabilities(network, indexed_of(DOCUMENTS), CLASSES)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


OVER_PIECES: dict[str, Callable[[list[Float64]], Float64]] = {
    "max": lambda pieces: np.concatenate(pieces).max(axis=0),
    "mean": lambda pieces: np.concatenate(pieces).mean(axis=0),
    "last": lambda pieces: np.max([piece[-1] for piece in pieces], axis=0),
}


@pytest.mark.parametrize("head", OVER_PIECES)
@pytest.mark.parametrize("model", ["gru", "bilstm"])
def test_pieces_are_read_alone_and_pooled(model: str, head: str) -> None:
    network = built(model, head, keep="pieces", piece_tokens=2)
    output, bias = weights_of(network, "output")
    expected = []
    for document in DOCUMENTS:
        vectors = MATRIX.vectors[document].astype(np.float64)
        cut = [vectors[start : start + 2] for start in range(0, len(vectors), 2)]
        forward = [
            STATES["gru" if model == "gru" else "lstm"](piece, *weights_of(network, "recurrent_0"))
            for piece in cut
        ]
        read = OVER_PIECES[head](forward)
        if model == "bilstm":  # states in the order of reading, from a piece's last word to its first
            weights = weights_of(network, "recurrent_0_backward")
            backward = [lstm_states(piece[::-1], *weights) for piece in cut]
            read = np.concatenate([read, OVER_PIECES[head](backward)])
        expected.append(softmax(read @ output + bias))
    probabilities = predict_probabilities(network, indexed_of(DOCUMENTS), CLASSES)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_a_piece_is_no_longer_than_the_longest_document_of_its_batch() -> None:
    """Else short documents would be padded to a whole piece: twelve times the time at ten tokens."""
    import keras

    network = built("bilstm", "last", keep="pieces", piece_tokens=100)
    pieces = keras.Model(network.inputs, network.get_layer("pieces").output)
    assert pieces([int32([[2, 3, 4, 5, 6]]), int32([5])]).shape == (1, 5, DIMENSION)
    assert pieces([np.full((2, 101), 2, dtype=np.int32), int32([101, 3])]).shape == (4, 100, DIMENSION)
    np.testing.assert_allclose(
        predict_probabilities(network, indexed_of(DOCUMENTS), CLASSES),
        predict_probabilities(built("bilstm", "last"), indexed_of(DOCUMENTS), CLASSES),
        atol=1e-6,
    )


def test_ann_is_one_hidden_layer_on_the_average_of_the_vectors() -> None:
    network = built("ann")
    (hidden, hidden_bias), (output, bias) = weights_of(network, "hidden_0"), weights_of(network, "output")
    mean, deviation = weights_of(network, "standardise")
    expected = []
    for document in DOCUMENTS:
        average = (MATRIX.vectors[document].astype(np.float64).mean(axis=0) - mean) / deviation
        expected.append(softmax(np.maximum(average @ hidden + hidden_bias, 0.0) @ output + bias))
    probabilities = predict_probabilities(network, indexed_of(DOCUMENTS), CLASSES)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_ann_cannot_tell_who_bites_and_a_recurrent_network_can() -> None:
    dog_bites_man, man_bites_dog = [2, 3, 4], [4, 3, 2]
    both = indexed_of([dog_bites_man, man_bites_dog])
    ann, rnn = (predict_probabilities(built(model), both, CLASSES) for model in ("ann", "rnn"))
    np.testing.assert_allclose(ann[0], ann[1], atol=1e-6)
    assert np.abs(rnn[0] - rnn[1]).max() > 0.01


@pytest.mark.longer
@pytest.mark.parametrize("model", networks())
def test_a_document_of_one_token_is_read(model: str) -> None:
    probabilities = predict_probabilities(built(model), indexed_of([[5]]), CLASSES)
    assert probabilities.shape == (1, CLASSES)
    assert np.isfinite(probabilities).all()


D, H, C, V = DIMENSION, UNITS, CLASSES, 8
HEAD = H * C + C  # the output layer on H values


@pytest.mark.parametrize(
    ("model", "head", "layers", "tuned", "expected"),
    [
        ("ann", "", 1, False, D * H + H + HEAD),
        ("rnn", "", 1, False, D * H + H * H + H + HEAD),
        ("lstm", "", 1, False, 4 * (D * H + H * H + H) + HEAD),
        ("gru", "", 1, False, 3 * (D * H + H * H + 2 * H) + HEAD),  # one bias before, one after the reset
        ("rnn", "max+mean", 1, False, D * H + H * H + H + 2 * H * C + C),
        ("bilstm", "last", 1, False, 2 * 4 * (D * H + H * H + H) + 2 * H * C + C),
        ("rnn", "", 2, False, D * H + H * H + H + H * H + H * H + H + HEAD),
        ("ann", "", 1, True, V * D + D * H + H + HEAD),
    ],
)
def test_trained_parameters_counted_by_hand(
    model: str, head: str, layers: int, tuned: bool, expected: int
) -> None:
    settings = replace(TINY_NETWORK, units=UNITS, layers=layers)
    spec = specify(model, head, MATRIX, tuned, CLASSES, settings)
    assert FittedNetwork(spec, build(spec), (), 0, "early", None, ()).parameters == expected


def test_logits_leave_the_network_and_probabilities_the_prediction() -> None:
    network = built("ann")
    logits = np.asarray(network([int32([[2, 3]]), int32([2])]))[0].astype(np.float64)
    probabilities = predict_probabilities(network, indexed_of([[2, 3]]), CLASSES)[0]
    assert logits.sum() != pytest.approx(1.0)
    np.testing.assert_allclose(probabilities, softmax(logits), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lstm", ModelName("lstm", "")),
        ("gru:max+mean", ModelName("gru", "max+mean")),
        ("ann", ModelName("ann", "")),
        ("lstm:shuffled-words", ModelName("lstm", "", True)),
        ("bilstm:last:shuffled-words", ModelName("bilstm", "last", True)),
    ],
)
def test_a_head_stands_after_a_colon(name: str, expected: ModelName) -> None:
    assert parse_network(name) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstm:laste", '--models: "lstm:laste" has no head "laste"; did you mean "last"?'),
        (
            "rnn:z",
            '--models: "rnn:z" has no head "z"; it is one of last, max, mean, max+mean, each, crf, words, characters,'
            " shuffled-words",
        ),
        (
            "lstm:max:mean",
            '--models: "lstm:max:mean" has more than one head; give one head, such as lstm:max',
        ),
        ("gru:", '--models: "gru:" names no head; use "gru", or gru:last'),
        ("ann:max", '--models: "ann:max" has no head "max"; use "ann" alone'),
    ],
)
def test_an_unknown_head_is_named(name: str, message: str) -> None:
    with pytest.raises(PipelineError) as error:
        parse_network(name)
    assert str(error.value) == message
