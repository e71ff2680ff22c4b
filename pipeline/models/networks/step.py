"""One step of training: a batch, its gradients, the weights moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float32
from pipeline.models.networks.build import after_embedding, recurrent_kernels, table_of
from pipeline.models.networks.embedding_layer import LazyAdam, gradient_by_row
from pipeline.models.networks.keras_types import BatchStep, Model, Tensor, Varying, Weight
from pipeline.models.networks.objective import objective_of
from pipeline.models.networks.prediction import batch_signature
from pipeline.models.networks.weight_drop import WeightDrop
from pipeline.settings.tables import NetworkSettings


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """What trains a network on one batch."""

    run: BatchStep
    averages: tuple[tuple[Weight, Weight], ...]  # weight and its moving average; empty without `networks.ema`
    variables: tuple[Weight, ...]  # all that `run` changes, in an order that is the network's own

    def values(self) -> tuple[np.ndarray, ...]:
        """Return a copy of what each of the variables is."""
        return tuple(variable.numpy() for variable in self.variables)

    def set_values(self, values: tuple[np.ndarray, ...]) -> None:
        """Let each of the variables be what it was when `values` were taken, of this network or one like it."""
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value.reshape(variable.shape))

    def take_averages(self) -> None:
        """Give each weight that has a moving average the value of it."""
        for weight, average in self.averages:
            weight.assign(average)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the model have the moving averages while the block runs, then its weights as they were."""
        trained = [weight.value.numpy() for weight, _ in self.averages]
        self.take_averages()
        yield
        for (weight, _), value in zip(self.averages, trained, strict=True):
            weight.assign(value)


def training_step(
    model: Model, settings: NetworkSettings, *, tuned: bool, class_weights: Float32 | None = None
) -> TrainingStep:
    """Return what trains `model` on one batch.

    Gradients are clipped together, those of the rows of a tuned table among them. With `networks.weight_drop` some
    weights between states are 0 for a whole batch (Wan et al. 2013, DropConnect; Merity, Keskar, Socher 2018,
    arXiv:1708.02182, section 2): the layer itself is left alone, and so is its fused kernel. With `networks.ema`
    moving averages of the weights are kept (Polyak, Juditsky 1992), which follow quickly in the first steps; rows
    of a tuned table have none.

    Notes
    -----
    Keras's `apply` sums gradients over the replicas of `tf.distribute`, of which there is one here. That sum is a
    custom gradient, and TensorFlow keeps a function for each in a registry that it never empties: the graph, and
    every variable in it, would stay for the life of the process. `update_step` is what `apply` calls after it.
    """
    import keras
    import tensorflow as tf

    body, table = after_embedding(model), table_of(model).value
    weights = body.trainable_weights
    optimizer = keras.optimizers.Adam(settings.learning_rate)
    optimizer.build(weights)
    row_optimizer = LazyAdam(table) if tuned else None
    weight_drop = WeightDrop(recurrent_kernels(model), settings.weight_drop) if settings.weight_drop else None
    averages = [tf.Variable(weight.value, trainable=False) for weight in weights] if settings.ema else []
    steps = tf.Variable(0.0, trainable=False)
    objective = objective_of(model)
    labels_signature = tf.TensorSpec((None,) * objective.target_axes, tf.int32)
    inputs_signature = tuple(batch_signature(letters=len(model.inputs) > 2))

    @tf.function(input_signature=[inputs_signature, labels_signature, tf.TensorSpec((), tf.float32)])
    def run(inputs: tuple[Tensor, ...], labels: Tensor, rate: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, lengths, *letters = inputs
        embedded = tf.gather(table, rows)  # (B, T, D)
        if weight_drop:
            weight_drop.drop()
        with tf.GradientTape() as tape:
            tape.watch(embedded if tuned else [])
            numbers = body([embedded, lengths, *letters], training=True)  # (B, C), or (B, T, C)
            losses = objective.losses(labels, numbers, lengths)  # (B,)
            if class_weights is not None:
                losses *= tf.gather(class_weights, labels)
            loss = objective.mean(losses, lengths)
        of_numbers, *gradients = tape.gradient(loss, [numbers, *weights, *([embedded] if tuned else [])])
        if weight_drop:
            gradients = weight_drop.restore(weights, gradients)
        if row_optimizer:
            distinct, gradients[-1] = gradient_by_row(rows, gradients[-1])  # (U,), (U, D)
        gradients, norm = tf.clip_by_global_norm(gradients, settings.clip_norm)
        for gradient, weight in zip(gradients, weights, strict=False):  # see Notes for why not `apply`
            optimizer.update_step(gradient, weight, rate)
        optimizer.iterations.assign_add(1)
        if row_optimizer:
            row_optimizer.apply(distinct, gradients[-1], rate)
        if averages:
            t = steps.assign_add(1.0)
            _follow(averages, weights, tf.minimum(settings.ema, t / (9.0 + t)))
        clipped = tf.cast(norm > settings.clip_norm, tf.int32)
        total = tf.reduce_sum(losses)
        right = objective.right(labels, numbers, of_numbers, lengths)
        return total, right, clipped

    changed = _changed(model, tuned, (optimizer, row_optimizer, weight_drop), (*averages, steps))
    return TrainingStep(run, tuple(zip(weights, averages, strict=False)), changed)


def _follow(averages: Sequence[Weight], weights: Sequence[Weight], decay: Tensor) -> None:
    """Move each average towards its weight: `decay` of it stays."""
    for average, weight in zip(averages, weights, strict=True):
        average.assign(decay * average + (1.0 - decay) * weight)


def _changed(
    model: Model, tuned: bool, helpers: Sequence[Varying | None], others: Sequence[Weight]
) -> tuple[Weight, ...]:
    """Return the variables that an update changes: of the model all but a table that rests."""
    rests = None if tuned else table_of(model)
    of_model = [variable for variable in model.variables if variable is not rests]
    of_helpers = [variable for helper in helpers if helper for variable in helper.variables]
    return (*of_model, *of_helpers, *others)
