"""Keras models and the equations side by side: one set of weights, one precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pipeline.models.save import arrays_of


@contextmanager
def precision(dtype: str) -> Iterator[None]:
    """Let Keras build its layers in `dtype` ("float32" or "float64"), and put back what was set before."""
    import keras

    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(before)
        keras.config.set_dtype_policy(before)


def randomised(model: Any, seed: int = 5, scale: float = 0.8) -> Any:
    """Return `model` with every weight but the table drawn from a normal distribution, deviations positive."""
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if layer.name != "embedding":
            layer.set_weights([generator.normal(0, scale, weight.shape) for weight in layer.get_weights()])
    return model


def weights_of(model: Any) -> dict[str, np.ndarray]:
    """Return a model's weights in the names under which a run saves them."""
    return arrays_of(model.weights)
