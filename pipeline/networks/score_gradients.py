"""A network as a function of its word vectors: logits, and the gradient of a score made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.networks.models import after_embedding
from pipeline.values import Float32, Int32


class FromVectors:
    """What a network makes of embedded documents; its table is not used.

    Parameters
    ----------
    model : Keras model
        As `build` returns it.
    """

    def __init__(self, model: Any) -> None:
        import tensorflow as tf

        body = after_embedding(model)
        vectors = tf.TensorSpec((None, None, body.inputs[0].shape[-1]), tf.float32)
        lengths = tf.TensorSpec((None,), tf.int32)
        weights = tf.TensorSpec((None, model.outputs[0].shape[-1]), tf.float32)

        @tf.function(input_signature=[vectors, lengths])
        def logits(vectors: Any, lengths: Any) -> Any:
            return body([vectors, lengths], training=False)  # (B, C)

        @tf.function(input_signature=[vectors, lengths, weights])
        def gradients(vectors: Any, lengths: Any, weights: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                tape.watch(vectors)
                scores = tf.reduce_sum(body([vectors, lengths], training=False) * weights, axis=1)  # (B,)
            return scores, tape.gradient(scores, vectors)  # (B,), (B, T, D)

        self._logits, self._gradients = logits, gradients

    def logits(self, vectors: Float32, lengths: Int32) -> Float32:
        """Return the logits (B, C) of documents, float32 (B, T, D), padded on the right."""
        found: Float32 = self._logits(vectors, lengths).numpy()
        return found

    def gradients(self, vectors: Float32, lengths: Int32, weights: Float32) -> tuple[Float32, Float32]:
        """Return scores (B,), the logits weighed by `weights` (B, C), and their gradients (B, T, D)."""
        scores, found = self._gradients(vectors, lengths, np.asarray(weights, dtype=np.float32))
        return scores.numpy(), found.numpy()
