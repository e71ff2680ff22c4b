"""What a classifier is trained to say, one number a class, and by what its training is judged."""

from __future__ import annotations

import numpy as np

from pipeline.core.values import Bool, Float32, Float64, Int32
from pipeline.tasks.output import Output

_SMALLEST = 1e-12  # of a probability: no document's loss is without bounds


def output_of(n_classes: int) -> Output:
    """Return a logit a class; softmax makes a distribution of them."""
    return Output(n_classes, "softmax")


def cross_entropies(probabilities: Float32 | Float64, labels: Int32) -> Float32 | Float64:
    """Return -ln p(label) of each document, p as it is given, (N, C); (N,), nats, in the dtype of p.

    >>> cross_entropies(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1], dtype=np.int32)).round(3).tolist()
    [-0.0, 27.631]
    """
    return -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], _SMALLEST))


def right_answers(probabilities: Float32 | Float64, labels: Int32) -> Bool:
    """Return whether the most probable class is the label; bool (N,)."""
    right: Bool = probabilities.argmax(axis=1) == labels
    return right
