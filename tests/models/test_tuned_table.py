"""A tuned table: Adam on the rows of a batch, the padding row, clipping, frozen first and tuned then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, int32, labelled, matrix_of, train_network

from pipeline.core.values import Float32, Float64
from pipeline.models.networks.build import after_embedding, specify
from pipeline.models.networks.embedding_layer import LazyAdam, gradient_by_row
from pipeline.models.networks.training import FittedNetwork, Schedule, fit_network

TRAIN = labelled([[2, 3], [4], [5, 2], [4, 6]], [0, 1, 0, 1])
OTHERS = labelled([[2], [4, 4]], [1, 0])  # labels at odds with TRAIN's: validation gets worse and worse


def adam_by_hand(gradients: list[dict[int, list[float]]], rate: float) -> Float64:
    """Return a table (4, 2) of ones after the steps, each given as row to gradient, one row at a time."""
    table, first, second = np.ones((4, 2)), np.zeros((4, 2)), np.zeros((4, 2))
    for step, by_row in enumerate(gradients, start=1):
        for row, gradient in by_row.items():
            first[row] = 0.9 * first[row] + 0.1 * np.array(gradient)
            second[row] = 0.999 * second[row] + 0.001 * np.array(gradient) ** 2
            mean, variance = first[row] / (1 - 0.9**step), second[row] / (1 - 0.999**step)
            table[row] -= rate * mean / np.sqrt(variance)  # epsilon (1e-7) is beyond the digits compared
    return table


def test_a_row_is_moved_when_it_occurs_and_rests_when_it_does_not() -> None:
    import tensorflow as tf

    gradients = [{1: [0.5, -2.0], 3: [1.0, 0.1]}, {3: [-1.0, 0.2]}, {1: [0.5, 0.5], 2: [1.0, 1.0]}]
    table = tf.Variable(tf.ones((4, 2)))
    optimizer = LazyAdam(table)
    for by_row in gradients:
        optimizer.apply(int32(list(by_row)), tf.constant(list(by_row.values())), 0.1)
    expected = adam_by_hand(gradients, 0.1)
    np.testing.assert_allclose(table.numpy()[1:], expected[1:], rtol=1e-5)
    assert table.numpy()[0].tolist() == [0.0, 0.0]


def test_a_row_of_every_batch_is_moved_as_keras_moves_it() -> None:
    import keras
    import tensorflow as tf

    table, dense = tf.Variable(tf.ones((3, 2))), keras.Variable(np.ones((3, 2), dtype=np.float32))
    lazy, adam = LazyAdam(table), keras.optimizers.Adam(0.05)
    adam.build([dense])
    generator = np.random.default_rng(0)
    for _ in range(5):
        gradient = generator.standard_normal((3, 2)).astype(np.float32)
        lazy.apply(int32([2, 0, 1]), tf.constant(gradient[[2, 0, 1]]), 0.05)
        adam.apply([tf.constant(gradient)], [dense])
    np.testing.assert_allclose(table.numpy()[1:], dense.numpy()[1:], rtol=1e-5)


def test_the_gradient_of_a_word_is_summed_over_its_places() -> None:
    rows = int32([[5, 2, 5], [2, 7, 0]])
    gradient = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    distinct, summed = gradient_by_row(rows, gradient)
    by_row = dict(zip(np.asarray(distinct).tolist(), np.asarray(summed).tolist(), strict=True))
    assert by_row == {5: [0 + 4, 1 + 5], 2: [2 + 6, 3 + 7], 7: [8, 9], 0: [10, 11]}


def table_of(network: FittedNetwork) -> Float32:
    return network.model.get_layer("embedding").get_weights()[0]


def test_only_rows_of_training_documents_move_padding_never_the_unknown_row_too() -> None:
    matrix = matrix_of(9)
    train = labelled([[2, 3], [4], [5, 2, 2], [4, 6, 1]], [0, 1, 0, 1])
    tuned = table_of(train_network("rnn", train, matrix=matrix, tuned=True, learning_rate=0.05))
    moved = (tuned != matrix.vectors).any(axis=1)
    assert moved.tolist() == [False, True, True, True, True, True, True, False, False]


def test_the_table_is_among_the_weights_that_are_saved() -> None:
    fitted = train_network("ann", TRAIN, tuned=True)
    shapes = {weight.path.split("/")[0]: tuple(weight.shape) for weight in fitted.model.trainable_weights}
    assert shapes["embedding"] == (7, 3)


def gradients_by_keras(network: Any, rows: Any, lengths: Any, labels: Any) -> list[Float32]:
    """Return the gradients of all weights, the table's dense, as Keras and TensorFlow give them."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, network([rows, lengths]))
        loss = tf.reduce_mean(losses)
    return [tf.convert_to_tensor(one).numpy() for one in tape.gradient(loss, network.trainable_variables)]


@pytest.mark.longer
def test_all_gradients_are_clipped_together_as_with_a_dense_table() -> None:
    """Two steps, since Adam's first is the rate times the gradient's sign: blind to clipping."""
    import keras
    import tensorflow as tf

    matrix, settings = matrix_of(7), {"learning_rate": 0.02, "clip_norm": 0.05, "batch_size": 8}
    ours = train_network("rnn", TRAIN, matrix=matrix, tuned=True, max_epochs=2, **settings)
    theirs = train_network("rnn", TRAIN, matrix=matrix, tuned=True, max_epochs=1, learning_rate=1e-30).model
    theirs.get_layer("embedding").set_weights([matrix.vectors])
    optimizer = keras.optimizers.Adam(0.02, global_clipnorm=0.05)
    rows, lengths = int32([[2, 3], [4, 0], [5, 2], [4, 6]]), int32([2, 1, 2, 2])
    for _ in range(2):
        gradients = gradients_by_keras(theirs, rows, lengths, TRAIN.labels)
        optimizer.apply([tf.constant(one) for one in gradients], theirs.trainable_variables)
    assert np.sqrt(sum((one**2).sum() for one in gradients)) > 0.05  # else nothing is clipped
    for one, other in zip(ours.model.trainable_weights, theirs.trainable_weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=2e-5)


def test_the_part_behind_the_table_is_the_same_network() -> None:
    fitted = train_network("lstm", TRAIN)
    rows, lengths = int32([[2, 3, 4]]), int32([3])
    vectors = table_of(fitted)[rows]
    whole, part = fitted.model([rows, lengths]), after_embedding(fitted.model)([vectors, lengths])
    np.testing.assert_allclose(np.asarray(part), np.asarray(whole), atol=1e-6)


# --- frozen, then tuned ----------------------------------------------------------------------------------


def frozen_then_tuned(validation: Any, phases: tuple[int, ...] = (), **changes: Any) -> FittedNetwork:
    matrix, settings = matrix_of(7), replace(TINY_NETWORK, **{"learning_rate": 0.02, **changes})
    spec = specify("ann", "", matrix, True, 2, settings, frozen_first=True)
    repeat = Schedule(phases, horizon=9) if phases else None
    return fit_network(
        spec, matrix.vectors, TRAIN, validation, settings, seed=0, repeat=repeat, deterministic=True
    )


def test_the_vectors_rest_in_the_first_phase_and_are_tuned_in_the_second() -> None:
    matrix = matrix_of(7)
    first = frozen_then_tuned(None, phases=(3,))
    assert [one.tuned for one in first.history] == [False] * 3
    np.testing.assert_array_equal(table_of(first), matrix.vectors)
    both = frozen_then_tuned(None, phases=(3, 2))
    assert [one.tuned for one in both.history] == [False] * 3 + [True] * 2
    assert [one.updates for one in both.history] == [1, 2, 3, 4, 5]
    moved = np.abs(table_of(both) - matrix.vectors).max()
    assert 0.002 < moved <= 2 * 0.0021  # two steps of Adam at a tenth of 0.02
    assert [one.loss for one in both.history[:3]] == [one.loss for one in first.history]


def test_the_second_phase_goes_on_from_the_best_updates_and_the_best_of_both_is_kept() -> None:
    fitted = frozen_then_tuned(TRAIN, max_epochs=4, patience=2)
    losses = [one.validation_loss for one in fitted.history]
    assert [one.tuned for one in fitted.history] == [False] * 4 + [True] * 4
    assert fitted.best_updates == 1 + int(np.argmin(losses))
    assert fitted.best_updates > 4
    assert fitted.schedule.phases == (4, fitted.best_updates - 4)


def test_a_second_phase_that_makes_nothing_better_is_left_out_of_a_refit() -> None:
    fitted = frozen_then_tuned(OTHERS, max_epochs=4, patience=2, learning_rate=0.2)
    assert fitted.best_updates == 1
    assert fitted.schedule.phases == (1,)
    assert [one.tuned for one in fitted.history] == [False] * 3 + [True] * 2  # stopped early, twice
    np.testing.assert_array_equal(table_of(fitted), matrix_of(7).vectors)


@pytest.mark.parametrize(("tuned", "expected"), [(False, (2,)), (True, (2,))])
def test_the_schedule_of_one_phase_is_its_updates(tuned: bool, expected: tuple[int, ...]) -> None:
    assert train_network("ann", TRAIN, tuned=tuned).schedule.phases == expected
