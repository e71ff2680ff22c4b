"""The number that is taken apart, for every model: how far the predicted class's logit lies above the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float64


@dataclass(frozen=True, eq=False)
class Contributions:
    """One model's answer to one document, taken apart.

    Attributes
    ----------
    predicted : the class of the highest probability
    probability : its probability
    score : its logit less the mean of the other classes' logits; the log-odds where there are two classes
    base : the score without any word, so that `score` is `base` and the sum of `words`; None where it is not
    words : float64 array (T,)
        What each token adds to the score; NaN for one that the model does not read, or that was not asked for.
    """

    predicted: int
    probability: float
    score: float
    base: float | None
    words: Float64


def contrast(predicted: int, n_classes: int) -> Float64:
    """Return the weight of each class's logit in the score; float64 (C,), zeros where there is one class.

    >>> contrast(1, 3).tolist(), contrast(0, 2).tolist()
    ([-0.5, 1.0, -0.5], [1.0, -1.0])
    """
    weights = np.zeros(n_classes)
    if n_classes > 1:
        weights -= 1 / (n_classes - 1)
        weights[predicted] = 1.0
    return weights
