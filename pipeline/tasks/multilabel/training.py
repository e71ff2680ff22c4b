"""What a model of several labels is trained to say, one number a label, and by what its training is judged."""

from __future__ import annotations

import numpy as np

from pipeline.core.values import Float32, Float64, Int32, Int64
from pipeline.tasks.multilabel.answers import LabelAnswers
from pipeline.tasks.output import Output

_SMALLEST = 1e-12  # of a probability: no loss is without bounds
HALF = np.float32(0.5)


def output_of(n_labels: int) -> Output:
    """Return a logit a label; each one's logistic function is its probability."""
    return Output(n_labels, "sigmoid")


def cross_entropies(probabilities: Float32 | Float64, labels: Int32) -> Float32 | Float64:
    """Return the sum of -ln p of what is right of each label, of each document; (N,), nats, in the dtype of p.

    The sum, not the mean: it is the loss of a document, as that of a class is, however many labels there are.

    >>> cross_entropies(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[1, 0], [1, 0]])).round(3).tolist()
    [1.386, -0.0]
    """
    of_right = np.where(labels > 0, probabilities, 1 - probabilities)  # (N, C)
    losses: Float32 | Float64 = -np.log(np.maximum(of_right, _SMALLEST)).sum(axis=1)
    return losses


def right_answers(probabilities: Float32 | Float64, labels: Int32) -> Float64:
    """Return the share of each document's labels that are right where the likelier answer is given; (N,)."""
    share: Float64 = ((probabilities > HALF) == (labels > 0)).mean(axis=1)
    return share


def chance_loss(labels: Int32, weights: Float64, n_labels: int) -> float:
    """Return the loss of answering with each label's frequency: the sum of their entropies, in nats.

    >>> round(chance_loss(np.array([[1, 0], [0, 0]]), np.ones(2), 2), 3)
    0.693
    """
    shares = np.average(labels > 0, axis=0, weights=weights)  # (C,)
    both = np.stack([shares, 1 - shares])
    logs = np.log(both, out=np.zeros_like(both), where=both > 0)
    return float(-(both * logs).sum())


def answers_of(
    documents: Int64, labels: Int32, outputs: Float32, thresholds: Float32 | None = None
) -> LabelAnswers:
    """Return what a model says of documents: the labels whose probability reaches their threshold, one half if none.

    A model that diverged says 0 of every label.
    """
    probabilities = np.nan_to_num(outputs, nan=0.0).clip(0.0, 1.0).astype(np.float32)
    least = np.full(probabilities.shape[1], HALF) if thresholds is None else thresholds
    return LabelAnswers(documents, labels > 0, probabilities >= least, probabilities)
