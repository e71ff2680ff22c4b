"""The equations against TensorFlow: logits, every gradient, Jacobians; and the documents that pad a batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, indexed_of, int32, matrix_of
from keras_weights import precision, randomised, weights_of
from network_gradients import back_to_table, differentiate

from pipeline.core.models import MODELS, networks
from pipeline.models.equations import (
    CELLS,
    CellWeights,
    forward,
    jacobian_norms,
    jacobian_products,
    step_jacobians,
)
from pipeline.models.equations.network import run_network
from pipeline.models.equations.output import cross_entropy, embed
from pipeline.models.networks.batches import pad
from pipeline.models.networks.build import NetworkSpec, after_embedding, build, specify

WITHIN = {"float32": 1e-5, "float64": 1e-9}  # of the largest entry
MATRIX = matrix_of(9, 3)
BATCH = pad(indexed_of([[2, 3, 4, 5, 6, 8, 2], [7], [3, 2, 3, 3], [8, 8]]), np.arange(4))
LABELS = int32([0, 2, 1, 2])
HEADS = ("last", "max", "mean", "max+mean")
RECURRENT = [name for name, entry in MODELS.items() if entry.recurrent]
CASES = [
    *((model, head, {}) for model in RECURRENT for head in HEADS),
    *((model, "max+mean", {"layers": 2}) for model in RECURRENT),
    *((model, head, {"keep": "pieces", "piece_tokens": 3}) for model in ("rnn", "bilstm") for head in HEADS),
    ("bilstm", "last", {"keep": "pieces", "piece_tokens": 2, "layers": 2}),
    ("gru", "last", {"keep": "pieces", "piece_tokens": 50}),
    ("ann", "", {}),
    ("ann", "", {"layers": 2}),
]
NAMES = [" ".join([model, head, *map(str, changes.values())]) for model, head, changes in CASES]


def asked(model: str, head: str, *, tuned: bool = False, **changes: Any) -> NetworkSpec:
    return specify(model, head, MATRIX, tuned, 3, replace(TINY_NETWORK, units=4, **changes))


def gradients_of(model: Any, embedded: np.ndarray) -> tuple[np.ndarray, float, dict[str, np.ndarray], Any]:
    """Return TensorFlow's logits, loss, gradients of the weights, gradient of the word vectors."""
    import tensorflow as tf

    body, vectors = after_embedding(model), tf.constant(embedded)
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        logits = body(
            [vectors, tf.constant(BATCH.lengths)], training=True
        )  # (B, C); no dropout in these networks
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, logits))
    *own, of_vectors = tape.gradient(loss, [*(weight.value for weight in body.trainable_weights), vectors])
    names = [f"{w.path.split('/')[0]}/{w.path.split('/')[-1]}" for w in body.trainable_weights]
    gradients = {name: gradient.numpy() for name, gradient in zip(names, own, strict=True)}
    return logits.numpy(), float(loss), gradients, of_vectors.numpy()


def assert_close(found: np.ndarray, expected: np.ndarray, dtype: str, name: str = "") -> None:
    """Check that no entry is further away than the tolerance times the largest entry."""
    assert found.dtype == expected.dtype == np.dtype(dtype), name
    assert found.shape == expected.shape, name
    np.testing.assert_allclose(
        found, expected, rtol=0, atol=WITHIN[dtype] * np.abs(expected).max(), err_msg=name
    )


@pytest.mark.parametrize("dtype", WITHIN)
@pytest.mark.parametrize(("model", "head", "changes"), CASES, ids=NAMES)
def test_a_network_and_its_gradients_are_the_equations(
    model: str, head: str, changes: dict[str, Any], dtype: str
) -> None:
    spec = asked(model, head, **changes)
    with precision(dtype):
        network = randomised(build(spec))
        embedded = embed(MATRIX.vectors.astype(dtype), BATCH.rows)  # (B, T, D)
        logits, loss, gradients, of_vectors = gradients_of(network, embedded)
        weights = weights_of(network)
    run = run_network(spec, weights, embedded, BATCH.lengths)
    own_loss, d_logits = cross_entropy(run.logits, LABELS)
    own = differentiate(spec, weights, embedded, BATCH.lengths, d_logits)
    assert_close(run.logits, logits, dtype, "logits")
    assert own_loss == pytest.approx(loss, rel=WITHIN[dtype])
    assert set(own.weights) == set(gradients)
    for name, gradient in gradients.items():
        assert_close(own.weights[name], gradient, dtype, name)
    assert_close(own.embedded, of_vectors, dtype, "word vectors")


@pytest.mark.parametrize("steps", [1, 3, 50])
@pytest.mark.parametrize(("model", "head", "changes"), CASES, ids=NAMES)
def test_truncated_gradients_are_those_of_the_equations(
    model: str, head: str, changes: dict[str, Any], steps: int
) -> None:
    """In double precision, for documents of 7, 1, 4 and 2 tokens: shorter than the steps, as long, longer."""
    spec = asked(model, head, bptt=steps, **changes)
    with precision("float64"):
        network = randomised(build(spec))
        embedded = embed(MATRIX.vectors.astype(np.float64), BATCH.rows)  # (B, T, D)
        logits, _, gradients, of_vectors = gradients_of(network, embedded)
        weights = weights_of(network)
    run = run_network(spec, weights, embedded, BATCH.lengths)
    assert_close(run.logits, logits, "float64", "logits")  # nothing is cut on the way forward
    d_logits = cross_entropy(run.logits, LABELS)[1]
    own = differentiate(spec, weights, embedded, BATCH.lengths, d_logits, steps)
    for name, gradient in gradients.items():
        assert_close(own.weights[name], gradient, "float64", name)
    assert_close(own.embedded, of_vectors, "float64", "word vectors")
    whole = differentiate(spec, weights, embedded, BATCH.lengths, d_logits)
    same = all(np.allclose(own.weights[name], whole.weights[name], rtol=1e-6) for name in gradients)
    assert same == (model == "ann" or steps == 50 or steps >= changes.get("piece_tokens", 50))


def test_the_cases_are_the_table() -> None:
    assert set(networks()) == {model for model, _, _ in CASES}


def test_the_gradient_of_a_tuned_table_is_that_of_keras() -> None:
    import tensorflow as tf

    spec = asked("lstm", "mean", tuned=True)
    network = randomised(build(spec))
    table = network.get_layer("embedding").embeddings
    table.assign(MATRIX.vectors)
    with tf.GradientTape() as tape:
        logits = network([tf.constant(BATCH.rows), tf.constant(BATCH.lengths)])
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, logits))
    expected = tf.convert_to_tensor(tape.gradient(loss, table.value)).numpy()
    weights = weights_of(network)
    read = embed(MATRIX.vectors, BATCH.rows), BATCH.lengths
    d_logits = cross_entropy(run_network(spec, weights, *read).logits, LABELS)[1]
    back = differentiate(spec, weights, *read, d_logits)
    assert_close(back_to_table(MATRIX.vectors, BATCH.rows, back.embedded), expected, "float32")


@pytest.mark.longer
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_jacobian_products_are_the_jacobians_of_tensorflow(cell: str) -> None:
    """d state_T / d state_(T-k), for the cell's own Keras layer run on from state T - k."""
    import keras
    import tensorflow as tf

    generator, n, timesteps, units = np.random.default_rng(3), 2, 5, 3
    layer = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[cell]
    with precision("float64"):
        run = layer(units, return_state=True)
        run.build((None, timesteps, 4))
        run.set_weights([generator.normal(0, 0.8, weight.shape) for weight in run.get_weights()])
        weights = CellWeights(*run.get_weights())
        inputs = generator.normal(size=(n, timesteps, 4))
        trace = forward(cell, weights, inputs)
        for lag, product in enumerate(jacobian_products(cell, weights, trace), start=1):
            start = [tf.constant(part) for part in trace.state(timesteps - lag)]
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(start)
                _, *end = run(tf.constant(inputs[:, timesteps - lag :]), initial_state=start)
            expected = np.block([[tape.batch_jacobian(e, s).numpy() for s in start] for e in end])
            np.testing.assert_allclose(product, expected, rtol=0, atol=1e-9 * np.abs(expected).max())
            of_h = np.block([[tape.batch_jacobian(end[0], s).numpy() for s in start]])  # (N, H, S)
            norms = jacobian_norms(cell, weights, trace)[:, lag - 1]
            np.testing.assert_allclose(norms, np.linalg.svd(of_h)[1][:, 0], rtol=1e-9)
    assert lag == timesteps
    first = step_jacobians(cell, weights, trace)[:, -1]
    np.testing.assert_array_equal(first, next(jacobian_products(cell, weights, trace)))


def test_every_cell_but_the_linear_one_belongs_to_a_network() -> None:
    assert {MODELS[name].cell for name in RECURRENT} == set(CELLS) - {"linear"}
