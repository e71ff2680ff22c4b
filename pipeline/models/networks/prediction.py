"""From documents to each one's distribution over the classes."""

from __future__ import annotations

import gc

import numpy as np

from pipeline.core.values import Float32, IndexedCorpus
from pipeline.models.networks.batches import batches
from pipeline.models.networks.build import task_of_network
from pipeline.models.networks.keras_types import Model, PredictionStep, Tensor
from pipeline.models.networks.of_task import shares_of

_BATCH = 256


def predict_probabilities(model: Model, indexed: IndexedCorpus, n_classes: int) -> Float32:
    """Return each document's distribution over the classes; float32 (N, C), in the order of `indexed`."""
    return predict_with(prediction_step(model), indexed, n_classes)


def predict_with(predict: PredictionStep, indexed: IndexedCorpus, n_classes: int) -> Float32:
    """Return each document's distribution by a `prediction_step`; float32 (N, C), in the order of `indexed`."""
    probabilities = np.zeros((indexed.n_docs, n_classes), dtype=np.float32)
    for batch in batches(indexed, _BATCH, None):
        probabilities[batch.documents] = predict(batch.rows, batch.lengths).numpy()
    return probabilities


def prediction_step(model: Model) -> PredictionStep:
    """Return the function from a batch, (rows, lengths), to its probabilities (B, C)."""
    import tensorflow as tf

    shares = shares_of(task_of_network(model).output(model.outputs[0].shape[-1]))

    @tf.function(input_signature=batch_signature())
    def predict(rows: Tensor, lengths: Tensor) -> Tensor:
        return shares(model([rows, lengths], training=False))  # (B, C)

    step: PredictionStep = predict
    return step


def batch_signature(*, letters: bool = False) -> list[Tensor]:
    """Return rows (B, T) and lengths (B,) with free sizes, so that no length is traced anew.

    With `letters` also those of distinct words (U, L), and which word stands where (B, T).
    """
    import tensorflow as tf

    axes = (2, 1, 2, 2) if letters else (2, 1)
    return [tf.TensorSpec((None,) * number, tf.int32) for number in axes]


def forget_graphs() -> None:
    """Free the graphs of networks that nothing holds any more: Keras keeps them for the life of the process.

    Called while something still holds a model, it would leave that model, its optimizer's moments and its graphs
    to Python's own time: each waits in a circle of references.
    """
    import keras

    keras.backend.clear_session()
    gc.collect()
