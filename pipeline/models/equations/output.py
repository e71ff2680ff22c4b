"""From vectors of documents to a loss, and from rows to vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.core.values import Int32
from pipeline.models.equations.values import Array, sigmoid
from pipeline.tasks.output import Shares


def softmax(logits: Array) -> Array:
    """Return exp(logit_c) / sum of exp(logit_k) for each row; (N, C).

    Notes
    -----
    Bridle (1990), Probabilistic interpretation of feedforward classification network outputs. The largest logit is
    subtracted first, which changes nothing but keeps exp from overflowing.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 1000.0]])).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares


# From a network's numbers to the shares that its task asks for.
SHARES: dict[Shares, Callable[[Array], Array]] = {"softmax": softmax, "sigmoid": sigmoid}


def cross_entropy(logits: Array, labels: Int32) -> tuple[float, Array]:
    """Return the mean of -ln p(label) in nats, and its gradient with respect to the logits.

    Parameters
    ----------
    logits : float array, shape (N, C)
    labels : int32 array, shape (N,)

    Returns
    -------
    float, float array (N, C)
        The gradient of document n is (softmax(logits_n) - one-hot(label_n)) / N.
    """
    rows, shifted = np.arange(len(labels)), logits - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, labels]  # (N,)
    d_logits = softmax(logits)
    d_logits[rows, labels] -= 1
    return float(losses.mean()), d_logits / len(labels)


def embed(table: Array, rows: Int32) -> Array:
    """Return the vectors (N, T, D) of `rows` (N, T) in `table` (V, D)."""
    return table[rows]  # (N, T, D)
