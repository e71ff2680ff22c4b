"""Schedule, moving average, dropped weights, words, class weights, truncation: each against its own arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, int32, labelled, matrix_of, train_network
from keras_weights import randomised, weights_of
from network_gradients import differentiate

from pipeline.core.values import Float32
from pipeline.models.equations.network import run_network
from pipeline.models.equations.output import cross_entropy, embed
from pipeline.models.networks.build import after_embedding, build, specify
from pipeline.models.networks.step import training_step
from pipeline.models.networks.training import Schedule, fit_network

MATRIX = matrix_of(8)
TRAIN = labelled([[2, 3, 4], [4, 5], [5, 2, 6], [4, 6]], [0, 1, 0, 1])
BATCH = int32([[2, 3, 4], [4, 5, 0], [5, 2, 6], [4, 6, 0]]), int32([3, 2, 3, 2]), TRAIN.labels


def network(model: str = "lstm", **changes: Any) -> Any:
    """Return a network with repeatable weights."""
    import keras

    keras.utils.set_random_seed(1)
    built = build(specify(model, "", MATRIX, False, 2, replace(TINY_NETWORK, **changes)))
    built.get_layer("embedding").set_weights([MATRIX.vectors])
    return built


def gradients(model: Any) -> list[Float32]:
    """Return the gradients of the mean cross-entropy on BATCH, without dropout."""
    import tensorflow as tf

    rows, lengths, labels = BATCH
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model([rows, lengths]))
        loss = tf.reduce_mean(losses)
    return [one.numpy() for one in tape.gradient(loss, model.trainable_variables)]


def kernel_place(model: Any) -> int:
    return next(
        place for place, one in enumerate(model.trainable_variables) if "recurrent_kernel" in one.path
    )


# --- the learning rate -----------------------------------------------------------------------------------


@pytest.mark.longer
def test_the_first_step_of_adam_is_the_learning_rate_that_is_given() -> None:
    model = network()
    before = [weight.numpy() for weight in model.trainable_variables]
    slopes = gradients(model)
    training_step(model, TINY_NETWORK, tuned=False).run(BATCH[:2], BATCH[2], 0.03)
    moved = [weight.numpy() - old for weight, old in zip(model.trainable_variables, before, strict=True)]
    for one, slope in zip(moved, slopes, strict=True):
        steep = np.abs(slope) > 1e-3  # far above Adam's epsilon
        np.testing.assert_allclose(one[steep], -0.03 * np.sign(slope[steep]), rtol=1e-2)


def rates_seen(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> list[float]:
    """Return the learning rate of every step of a training."""
    from pipeline.models.networks import training

    seen: list[float] = []
    make = training.training_step

    def spying(*arguments: Any, **options: Any) -> Any:
        step = make(*arguments, **options)

        def run(inputs: Any, labels: Any, rate: float) -> Any:
            seen.append(rate)
            return step.run(inputs, labels, rate)

        return replace(step, run=run)

    monkeypatch.setattr(training, "training_step", spying)
    train_network("ann", TRAIN, matrix=MATRIX, batch_size=2, learning_rate=0.1, **changes)
    return seen


def test_the_cosine_falls_from_the_learning_rate_towards_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = rates_seen(monkeypatch, schedule="cosine", max_epochs=2)
    assert seen == pytest.approx([0.1, 0.05 * (1 + math.sqrt(0.5)), 0.05, 0.05 * (1 - math.sqrt(0.5))])


def test_a_refit_follows_the_rates_of_the_training_that_it_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = rates_seen(monkeypatch, schedule="cosine", max_epochs=3, repeat=Schedule((2,), horizon=4))
    assert seen == pytest.approx([0.1, 0.05 * (1 + math.sqrt(0.5))])


def test_a_constant_rate_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rates_seen(monkeypatch, schedule="constant", max_epochs=3) == [0.1] * 6


# --- the moving average ----------------------------------------------------------------------------------


@pytest.mark.longer
def test_the_moving_average_is_its_recurrence() -> None:
    model = network(ema=0.5)
    step = training_step(model, replace(TINY_NETWORK, ema=0.5), tuned=False)
    average = [weight.numpy() for weight in model.trainable_variables]
    for t in range(1, 25):
        step.run(BATCH[:2], BATCH[2], 0.01)
        decay = min(0.5, t / (9 + t))
        average = [
            decay * old + (1 - decay) * weight.numpy()
            for old, weight in zip(average, model.trainable_variables, strict=True)
        ]
    trained = [weight.numpy() for weight in model.trainable_variables]
    with step.averaged():
        for ours, expected in zip(model.trainable_variables, average, strict=True):
            np.testing.assert_allclose(ours.numpy(), expected, atol=1e-6)
    for ours, expected in zip(model.trainable_variables, trained, strict=True):
        np.testing.assert_array_equal(ours.numpy(), expected)


@pytest.mark.longer
def test_the_averaged_weights_predict_and_training_goes_on_from_the_weights_themselves() -> None:
    """One epoch of one step with t / (9 + t) = 0.1: the average is a tenth old, nine tenths new."""
    plain = train_network("ann", TRAIN, matrix=MATRIX, max_epochs=1, learning_rate=0.1)
    start = train_network("ann", TRAIN, matrix=MATRIX, max_epochs=1, learning_rate=1e-30)
    averaged = train_network("ann", TRAIN, matrix=MATRIX, max_epochs=1, learning_rate=0.1, ema=0.99)
    for new, old, mean in zip(
        *(one.model.trainable_weights for one in (plain, start, averaged)), strict=True
    ):
        np.testing.assert_allclose(mean.numpy(), 0.1 * old.numpy() + 0.9 * new.numpy(), atol=1e-6)
    longer = [train_network("ann", TRAIN, matrix=MATRIX, max_epochs=4, ema=ema) for ema in (0.0, 0.9)]
    losses = [[one.loss for one in fitted.history] for fitted in longer]
    assert losses[0] == pytest.approx(losses[1])  # of the weights that are trained


# --- dropped weights and words ---------------------------------------------------------------------------


@pytest.mark.longer
def test_a_dropped_weight_gets_no_gradient_and_comes_back() -> None:
    """Adam's first step moves a weight by the rate if it has a gradient and leaves it if it has none."""
    model = network(units=16)
    place = kernel_place(model)
    before = model.trainable_variables[place].numpy()
    training_step(model, replace(TINY_NETWORK, weight_drop=0.5), tuned=False).run(BATCH[:2], BATCH[2], 0.01)
    moved = np.abs(model.trainable_variables[place].numpy() - before)
    rested = float((moved == 0).mean())
    assert abs(rested - 0.5) < 4 * math.sqrt(0.25 / moved.size)
    assert np.median(moved[moved > 0]) == pytest.approx(0.01, rel=0.1)


@pytest.mark.longer
@pytest.mark.parametrize("model", ["rnn", "gru", "bilstm"])
def test_every_direction_has_its_weights_dropped(model: str) -> None:
    built = network(model, units=16)
    kernels = [one for one in built.trainable_variables if "recurrent_kernel" in one.path]
    before = [kernel.numpy() for kernel in kernels]
    training_step(built, replace(TINY_NETWORK, weight_drop=0.5), tuned=False).run(BATCH[:2], BATCH[2], 0.01)
    assert len(kernels) == (2 if model == "bilstm" else 1)
    for kernel, old in zip(kernels, before, strict=True):
        assert 0.3 < float((kernel.numpy() == old).mean()) < 0.7


@pytest.mark.longer
def test_what_is_kept_is_scaled_up() -> None:
    """A network linear in its one recurrent weight: with rate 0.5 the loss is that of the weight 0 or doubled."""
    model = network("rnn", units=1)
    kernel = next(one for one in model.trainable_variables if "recurrent_kernel" in one.path)
    weight = kernel.numpy()
    expected = set()
    for scale in (0.0, 2.0):
        kernel.assign(weight * scale)
        expected.add(round(4 * loss_of(model), 4))
    kernel.assign(weight)
    step = training_step(model, replace(TINY_NETWORK, weight_drop=0.5), tuned=False)
    seen = {round(float(step.run(BATCH[:2], BATCH[2], 0.0)[0]), 4) for _ in range(30)}
    assert seen == expected


def loss_of(model: Any) -> float:
    rows, lengths, labels = BATCH
    logits = np.asarray(model([rows, lengths]), dtype=np.float64)
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(4), labels]))


def test_word_dropout_takes_whole_words_in_training_alone() -> None:
    import keras
    import tensorflow as tf

    model = network(word_dropout=0.5)
    layer = model.get_layer("word_dropout")
    assert isinstance(layer, keras.layers.Dropout)
    kept = np.asarray(layer(tf.ones((40, 25, 3)), training=True))
    assert set(np.unique(kept)) == {0.0, 2.0}
    assert (kept.min(axis=2) == kept.max(axis=2)).all()  # a word is there or not, in all dimensions
    assert abs((kept[:, :, 0] == 0).mean() - 0.5) < 4 * math.sqrt(0.25 / 1000)
    np.testing.assert_array_equal(np.asarray(layer(tf.ones((2, 3, 3)), training=False)), 1.0)


def test_word_dropout_is_behind_the_table_where_training_reads_it() -> None:
    body = after_embedding(network(word_dropout=0.5))
    vectors = MATRIX.vectors[BATCH[0]]
    outputs = {np.asarray(body([vectors, BATCH[1]], training=True))[0, 0].item() for _ in range(10)}
    assert len(outputs) > 1


# --- class weights ---------------------------------------------------------------------------------------


@pytest.mark.longer
def test_class_weights_weigh_each_documents_loss() -> None:
    rows, lengths, labels = BATCH
    weights = np.array([3.0, 0.5], dtype=np.float32)
    model = network()
    logits = np.asarray(model([rows, lengths]), dtype=np.float64)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(4), labels]
    step = training_step(model, TINY_NETWORK, tuned=False, class_weights=weights)
    assert float(step.run(BATCH[:2], BATCH[2], 0.0)[0]) == pytest.approx(
        float((weights[labels] * losses).sum()), rel=1e-5
    )


@pytest.mark.longer
def test_validation_documents_of_classes_without_a_training_document_count_as_they_are() -> None:
    """No class of theirs has a weight, so there is none to average by."""
    validation = labelled([[2, 3], [4, 5]], [2, 2])
    spec = specify("ann", "", MATRIX, False, 3, TINY_NETWORK)
    weights = np.array([1.0, 1.0, 0.0], dtype=np.float32)
    fitted = fit_network(spec, MATRIX.vectors, TRAIN, validation, TINY_NETWORK, seed=0, class_weights=weights)
    unweighted = fit_network(spec, MATRIX.vectors, TRAIN, validation, TINY_NETWORK, seed=0)
    assert fitted.history[0].validation_loss == pytest.approx(unweighted.history[0].validation_loss, rel=1e-5)


def test_balanced_weights_make_a_rare_class_be_predicted() -> None:
    """Nine of ten documents that look alike belong to the first class; weighed equally the two are as likely."""
    train = labelled([[2, 3]] * 20, [0] * 18 + [1] * 2)
    weights = np.array([20 / (2 * 18), 20 / (2 * 2)], dtype=np.float32)
    spec = specify("ann", "", MATRIX, False, 2, TINY_NETWORK)
    settings = replace(TINY_NETWORK, batch_size=20, max_epochs=60, learning_rate=0.05)

    def probability(class_weights: Float32 | None) -> float:
        from pipeline.models.networks.prediction import predict_probabilities

        fitted = fit_network(spec, MATRIX.vectors, train, None, settings, seed=0, class_weights=class_weights)
        assert fitted.why_not is not None  # nothing to tell them apart by: the loss ends at the entropy
        return float(predict_probabilities(fitted.model, train.indexed, 2)[0, 1])

    assert probability(None) == pytest.approx(0.1, abs=0.02)
    assert probability(weights) == pytest.approx(0.5, abs=0.02)


# --- truncated backpropagation ---------------------------------------------------------------------------


@pytest.mark.longer
@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("model", ["rnn", "gru", "lstm", "bilstm"])
def test_a_truncated_step_follows_the_truncated_gradient_of_the_equations(model: str, steps: int) -> None:
    """The first step of Adam is the learning rate against the sign of the gradient."""
    rows, lengths, labels = BATCH
    spec = specify(model, "mean", MATRIX, False, 2, replace(TINY_NETWORK, bptt=steps))
    built = randomised(build(spec))
    built.get_layer("embedding").set_weights([MATRIX.vectors])
    before = weights_of(built)
    embedded = embed(MATRIX.vectors, rows)
    d_logits = cross_entropy(run_network(spec, before, embedded, lengths).logits, labels)[1]
    truncated = differentiate(spec, before, embedded, lengths, d_logits, steps).weights
    whole = differentiate(spec, before, embedded, lengths, d_logits).weights
    training_step(built, replace(TINY_NETWORK, bptt=steps), tuned=False).run(BATCH[:2], BATCH[2], 0.03)
    after, turned = weights_of(built), 0
    for name, slope in truncated.items():
        steep = np.abs(slope) > 1e-3  # far above Adam's epsilon
        moved = (after[name] - before[name])[steep]
        np.testing.assert_allclose(moved, -0.03 * np.sign(slope[steep]), rtol=1e-2, err_msg=name)
        turned += int((np.sign(whole[name][steep]) != np.sign(slope[steep])).sum())
    assert turned or steps > 1  # some weights would have moved the other way


@pytest.mark.longer
def test_truncation_beyond_the_longest_document_trains_as_without() -> None:
    whole, truncated, short = (
        train_network(
            "lstm", TRAIN, head="mean", max_epochs=3, learning_rate=0.05, bptt=steps
        ).model.get_weights()
        for steps in (0, 3, 1)
    )
    for one, other in zip(whole, truncated, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert max(np.abs(one - other).max() for one, other in zip(whole, short, strict=True)) > 1e-3
