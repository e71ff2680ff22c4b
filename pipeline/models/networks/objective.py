"""What a network is trained to say, and how it is judged: of a document its class or its labels, or of words tags.

A training step, a look at the validation documents and the signs that a network trained ask an `Objective`, so that one
trainer serves all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from pipeline.core.values import Float32, Int32
from pipeline.models.equations.sentences import sequence_losses, tag_words
from pipeline.models.networks.batches import Batch
from pipeline.models.networks.build import answers_words, task_of_network
from pipeline.models.networks.chain import path_losses, transitions_of
from pipeline.models.networks.keras_types import Model, PredictionStep, Tensor
from pipeline.models.networks.labelled import Labelled, document_weights, padded
from pipeline.models.networks.of_task import losses_of
from pipeline.models.networks.prediction import predict_with, prediction_step
from pipeline.models.networks.tagging import scoring_step, transitions_found, word_scores


class Objective(ABC):
    """Of one model. B documents in a batch; A answers in a corpus: one a document, or one a word."""

    target_axes: int  # of what is right for a batch: 1 for (B,), 2 for (B, T)

    def __init__(self, model: Model, predict: PredictionStep) -> None:
        self.model, self.predict, self.task = model, predict, task_of_network(model)

    @abstractmethod
    def targets(self, labelled: Labelled, batch: Batch) -> Int32:
        """Return what is right for a batch."""

    @abstractmethod
    def answers(self, batch: Batch) -> int:
        """Return how many answers a batch asks for."""

    @abstractmethod
    def losses(self, targets: Tensor, numbers: Tensor, lengths: Tensor) -> Tensor:
        """Return each document's loss in nats, of all its answers together; (B,)."""

    @abstractmethod
    def mean(self, losses: Tensor, lengths: Tensor) -> Tensor:
        """Return the mean loss of an answer."""

    @abstractmethod
    def right(self, targets: Tensor, numbers: Tensor, gradient: Tensor, lengths: Tensor) -> Tensor:
        """Return how many answers are right, of labels what share. `gradient`: of the mean loss by the numbers."""

    @abstractmethod
    def shares(self, labelled: Labelled) -> Float32:
        """Return the model's distribution for each answer; float32 (A, C)."""

    @abstractmethod
    def judge(self, labelled: Labelled, class_weights: Float32 | None) -> tuple[float, float]:
        """Return the mean loss of an answer, infinite where one is not finite, and the share of right answers."""


class OfDocuments(Objective):
    """One class a document, by the functions of the task."""

    target_axes = 1

    def __init__(self, model: Model) -> None:
        super().__init__(model, prediction_step(model))

    def targets(self, labelled: Labelled, batch: Batch) -> Int32:
        return labelled.labels[batch.documents]

    def answers(self, batch: Batch) -> int:
        return len(batch.documents)

    def losses(self, targets: Tensor, numbers: Tensor, lengths: Tensor) -> Tensor:
        return losses_of(self.task.loss)(targets, numbers)

    def mean(self, losses: Tensor, lengths: Tensor) -> Tensor:
        import tensorflow as tf

        return tf.reduce_mean(losses)

    def right(self, targets: Tensor, numbers: Tensor, gradient: Tensor, lengths: Tensor) -> Tensor:
        import tensorflow as tf

        right = tf.equal(tf.argmax(numbers, axis=1, output_type=tf.int32), targets)  # (B,)
        return tf.reduce_sum(tf.cast(right, tf.int32))

    def shares(self, labelled: Labelled) -> Float32:
        return predict_with(self.predict, labelled.indexed, self.model.outputs[0].shape[-1])

    def judge(self, labelled: Labelled, class_weights: Float32 | None) -> tuple[float, float]:
        probabilities, labels = self.shares(labelled), labelled.labels
        each = self.task.losses(probabilities.astype(np.float64), labels)  # (N,)
        counts = document_weights(class_weights, labels)  # (N,)
        if not counts.any():  # no class of theirs has a training document, so all weights are 0
            counts = np.ones(len(counts))
        loss = float(np.average(each, weights=counts)) if np.isfinite(each).all() else np.inf
        return loss, float(self.task.right(probabilities, labels).mean())


class OfLabels(OfDocuments):
    """Yes or no to each label of a document. What is right of a document is the share of its labels."""

    target_axes = 2

    def right(self, targets: Tensor, numbers: Tensor, gradient: Tensor, lengths: Tensor) -> Tensor:
        import tensorflow as tf

        right = tf.equal(numbers > 0, targets > 0)  # (B, C)
        return tf.reduce_sum(tf.reduce_mean(tf.cast(right, tf.float32), axis=1))


class OfWords(Objective):
    """A tag for each word: each for itself, or all of a sentence together where the network ends in a chain.

    The loss of a batch is that of its words on average, however long its sentences are.
    """

    target_axes = 2

    def __init__(self, model: Model) -> None:
        super().__init__(model, scoring_step(model))

    def targets(self, labelled: Labelled, batch: Batch) -> Int32:
        return padded(labelled.labels, labelled.indexed.offsets, batch)

    def answers(self, batch: Batch) -> int:
        return int(batch.lengths.sum())

    def losses(self, targets: Tensor, numbers: Tensor, lengths: Tensor) -> Tensor:
        import tensorflow as tf

        transitions = transitions_of(self.model)
        if transitions is not None:
            return path_losses(targets, numbers, lengths, transitions)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, numbers)  # (B, T)
        return tf.reduce_sum(each * tf.sequence_mask(lengths, tf.shape(numbers)[1], dtype=each.dtype), axis=1)

    def mean(self, losses: Tensor, lengths: Tensor) -> Tensor:
        import tensorflow as tf

        return tf.reduce_sum(losses) / tf.cast(tf.reduce_sum(lengths), losses.dtype)

    def right(self, targets: Tensor, numbers: Tensor, gradient: Tensor, lengths: Tensor) -> Tensor:
        """Return for how many words the likeliest tag is right.

        The gradient of -ln p by a tag's number is the tag's share, less 1 if it is the right one, of words each for
        itself and of a chain's marginals alike: so the shares need no second way through the sentence.
        """
        import tensorflow as tf

        n_words = tf.cast(tf.reduce_sum(lengths), gradient.dtype)
        shares = gradient * n_words + tf.one_hot(
            targets, numbers.shape[-1], dtype=gradient.dtype
        )  # (B, T, C)
        right = tf.equal(tf.argmax(shares, axis=2, output_type=tf.int32), targets)  # (B, T)
        real = tf.sequence_mask(lengths, tf.shape(numbers)[1])
        return tf.reduce_sum(tf.cast(right & real, tf.int32))

    def shares(self, labelled: Labelled) -> Float32:
        scores = word_scores(self.predict, labelled.indexed, labelled.spelling)
        return tag_words(scores, labelled.indexed.offsets, transitions_found(self.model)).shares

    def judge(self, labelled: Labelled, class_weights: Float32 | None) -> tuple[float, float]:
        scores = word_scores(self.predict, labelled.indexed, labelled.spelling)
        given = scores, labelled.indexed.offsets, transitions_found(self.model)
        each = sequence_losses(*given, labelled.labels)  # (N,)
        loss = float(each.sum() / len(labelled.labels)) if np.isfinite(each).all() else np.inf
        return loss, float((tag_words(*given).best == labelled.labels).mean())


def objective_of(model: Model) -> Objective:
    """Return what a network is trained to say: it follows from its head."""
    if answers_words(model):
        return OfWords(model)
    return OfLabels(model) if task_of_network(model).sets else OfDocuments(model)
