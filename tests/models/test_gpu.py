"""A GPU runs Keras's own layers with the fused kernel: the conditions for it, and equal results on both paths."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, int32, matrix_of

from pipeline.models.networks.build import build, specify
from pipeline.models.networks.step import training_step

MATRIX = matrix_of(30, 8)
ROWS = int32([[2, 3, 4, 5], [6, 7, 0, 0], [8, 9, 10, 0]])
LENGTHS, LABELS = int32([4, 2, 3]), int32([0, 1, 1])
FUSED = ("gru", "lstm", "bilstm")  # SimpleRNN has no fused kernel


def network(model: str, **changes: Any) -> Any:
    """Return a network with the same weights at every call."""
    import keras

    keras.utils.set_random_seed(3)
    settings = replace(TINY_NETWORK, units=16, **changes)
    built = build(specify(model, "", MATRIX, False, 2, settings))
    built.get_layer("embedding").set_weights([MATRIX.vectors])
    return built


@pytest.mark.parametrize("keep", ["last", "pieces"])
@pytest.mark.parametrize("model", FUSED)
def test_the_layers_meet_the_conditions_of_the_fused_kernel(model: str, keep: str) -> None:
    import keras

    layers = [layer for layer in network(model, keep=keep, weight_drop=0.2).layers if hasattr(layer, "cell")]
    assert len(layers) == (2 if model == "bilstm" else 1)
    for layer in layers:
        cell = layer.cell
        assert cell.activation is keras.activations.tanh
        assert cell.recurrent_activation is keras.activations.sigmoid
        assert cell.use_bias
        assert not layer.unroll
        assert layer.use_cudnn == "auto"
        assert (cell.dropout, cell.recurrent_dropout) == (0.0, 0.0)
        assert getattr(layer.input, "_keras_mask", None) is None
        if model == "gru":
            assert cell.reset_after


def _gpus() -> list[Any]:
    import tensorflow as tf

    return tf.config.list_physical_devices("GPU")


@pytest.mark.parametrize("model", ["ann", "rnn", *FUSED])
def test_gpu_and_cpu_give_one_answer_and_one_step(model: str) -> None:
    """Logits, loss and the weights after three steps, within the arithmetic of float32."""
    import tensorflow as tf

    if not _gpus():
        pytest.skip("TensorFlow sees no GPU on this machine")
    found = {}
    for device in ("/CPU:0", "/GPU:0"):
        with tf.device(device):
            model_there = network(model)
            logits = np.asarray(model_there([ROWS, LENGTHS]))
            step = training_step(model_there, TINY_NETWORK, tuned=False)
            losses = [float(step.run((ROWS, LENGTHS), LABELS, 0.01)[0]) for _ in range(3)]
            found[device] = logits, losses, [weight.numpy() for weight in model_there.trainable_weights]
    cpu, gpu = found.values()
    np.testing.assert_allclose(gpu[0], cpu[0], atol=1e-4)
    np.testing.assert_allclose(gpu[1], cpu[1], rtol=1e-3)
    for one, other in zip(gpu[2], cpu[2], strict=True):
        np.testing.assert_allclose(one, other, atol=5e-3)  # Adam's steps of 0.01, signs equal
