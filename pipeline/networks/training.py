"""Train a network with early stopping, and predict with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config import NetworkSettings
from pipeline.networks.batches import Batch, batches
from pipeline.networks.models import NetworkSpec, build
from pipeline.values import Float32, IndexedCorpus, Int32

_PREDICTION_BATCH = 256
_CHECKED_DOCUMENTS = 2_000  # training documents whose predictions are looked at by the "did not train" rule


@dataclass(frozen=True, eq=False)
class Labelled:
    """Documents as a network sees them, with their labels."""

    indexed: IndexedCorpus
    labels: Int32  # (N,)


@dataclass(frozen=True)
class Epoch:
    """One pass over the training documents. Losses are mean cross-entropy in nats."""

    epoch: int  # from 1
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """A trained Keras model with its history."""

    spec: NetworkSpec
    model: Any
    epochs: tuple[Epoch, ...]
    best_epoch: int
    stopped: str  # "early" or "max_epochs"
    why_not: str | None  # why this counts as "did not train"; None if it trained
    warnings: tuple[str, ...]

    @property
    def parameters(self) -> int:
        """How many numbers were trained; a frozen embedding does not count."""
        return sum(int(np.prod(weight.shape)) for weight in self.model.trainable_weights)


def fit_network(
    spec: NetworkSpec,
    vectors: Float32,
    train: Labelled,
    validation: Labelled | None,
    settings: NetworkSettings,
    *,
    seed: int,
    epochs: int | None = None,
    deterministic: bool = False,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> FittedNetwork:
    """Train a network on `train`; `validation` chooses the epoch.

    Parameters
    ----------
    spec : NetworkSpec
        Which network.
    vectors : float32 array, shape (V, D)
        The embedding, trained further only if `spec.tuned`.
    train, validation : Labelled
        Documents cut to what the network reads. Without validation documents all epochs are run.
    settings : NetworkSettings
        Learning rate, batch size, clipping, patience.
    seed : int
        Sets initial weights, order of batches and dropout.
    epochs : int, optional
        Run exactly this many (a refit with what validation chose) instead of stopping early.
    deterministic : bool
        Ask TensorFlow for operations that repeat to the last bit; slower.
    on_epoch : callable
        Told about each epoch.

    Notes
    -----
    Adam (Kingma, Ba 2015, arXiv:1412.6980, algorithm 1), gradients clipped by their global norm (Pascanu,
    Mikolov, Bengio 2013, arXiv:1211.5063, algorithm 1), the weights of the best validation loss restored.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    model = build(spec)
    model.get_layer("embedding").set_weights([vectors])
    step = _training_step(
        model, keras.optimizers.Adam(settings.learning_rate, global_clipnorm=settings.clip_norm)
    )
    predict = _prediction_step(model)
    generator = np.random.default_rng(seed)
    history: list[Epoch] = []
    best: tuple[float, int, list[Float32]] = (np.inf, 0, [])
    for number in range(1, (epochs or settings.max_epochs) + 1):
        start = time.perf_counter()
        loss, accuracy = _run_epoch(
            step, batches(train.indexed, settings.batch_size, generator), train.labels
        )
        judged = _judge(predict, validation, spec.n_classes) if validation and not epochs else (None, None)
        history.append(Epoch(number, loss, accuracy, judged[0], judged[1], time.perf_counter() - start))
        on_epoch(history[-1])
        if not np.isfinite(loss):
            break
        if judged[0] is not None and judged[0] < best[0]:
            best = (judged[0], number, [weight.numpy() for weight in model.trainable_weights])
        if best[1] and number - best[1] >= settings.patience:
            break
    _restore(model, best[2])
    why_not = _why_not_trained(predict, history, train, spec.n_classes)
    stopped = "early" if best[1] and history[-1].epoch - best[1] >= settings.patience else "max_epochs"
    best_epoch = best[1] or history[-1].epoch
    warnings = _warnings(history, best_epoch, stopped, fixed=epochs is not None)
    return FittedNetwork(spec, model, tuple(history), best_epoch, stopped, why_not, warnings)


def predict_probabilities(model: Any, indexed: IndexedCorpus, n_classes: int) -> Float32:
    """Return each document's distribution over the classes; float32 (N, C), in the order of `indexed`."""
    return _predict(_prediction_step(model), indexed, n_classes)


def _training_step(model: Any, optimizer: Any) -> Any:
    import tensorflow as tf

    optimizer.build(model.trainable_variables)

    @tf.function(input_signature=_signature(labels=True))
    def step(rows: Any, lengths: Any, labels: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            logits = model([rows, lengths], training=True)  # (B, C)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)  # (B,)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.int32))

    return step


def _prediction_step(model: Any) -> Any:
    import tensorflow as tf

    @tf.function(input_signature=_signature(labels=False))
    def predict(rows: Any, lengths: Any) -> Any:
        return tf.nn.softmax(model([rows, lengths], training=False))  # (B, C)

    return predict


def _signature(*, labels: bool) -> list[Any]:
    """Return the shapes of a batch with free sizes, so that no length is traced anew."""
    import tensorflow as tf

    shapes: list[tuple[None, ...]] = [(None, None), (None,)] + ([(None,)] if labels else [])
    return [tf.TensorSpec(shape, tf.int32) for shape in shapes]


def _run_epoch(step: Any, training_batches: Any, labels: Int32) -> tuple[float, float]:
    """Return the mean loss and the accuracy of one pass, measured as the weights change."""
    total, right, seen = 0.0, 0, 0
    for batch in training_batches:
        batch_loss, batch_right = step(batch.rows, batch.lengths, labels[batch.documents])
        total, right, seen = total + float(batch_loss), right + int(batch_right), seen + len(batch.documents)
    return total / seen, right / seen


def _predict(predict: Any, indexed: IndexedCorpus, n_classes: int) -> Float32:
    probabilities = np.zeros((indexed.n_docs, n_classes), dtype=np.float32)
    for batch in batches(indexed, _PREDICTION_BATCH, None):
        probabilities[batch.documents] = _batch_probabilities(predict, batch)
    return probabilities


def _batch_probabilities(predict: Any, batch: Batch) -> Float32:
    return predict(batch.rows, batch.lengths).numpy()


def _judge(predict: Any, validation: Labelled, n_classes: int) -> tuple[float, float]:
    """Return mean cross-entropy and accuracy on validation documents."""
    probabilities = _predict(predict, validation.indexed, n_classes)
    picked = probabilities[np.arange(len(probabilities)), validation.labels].astype(np.float64)
    loss = float(-np.log(np.maximum(picked, 1e-12)).mean()) if np.isfinite(picked).all() else np.inf
    return loss, float((probabilities.argmax(axis=1) == validation.labels).mean())


def _restore(model: Any, weights: list[Float32]) -> None:
    for weight, best in zip(model.trainable_weights, weights, strict=False):
        weight.assign(best)


def _why_not_trained(predict: Any, history: list[Epoch], train: Labelled, n_classes: int) -> str | None:
    """Return why a fit counts as "did not train", or None: the rule of `docs/run-folder.md`."""
    if not np.isfinite(history[-1].loss):
        return f"the training loss is {history[-1].loss} in epoch {history[-1].epoch}"
    shares = np.bincount(train.labels, minlength=n_classes) / len(train.labels)
    shares = shares[shares > 0]
    entropy = float(-(shares * np.log(shares)).sum())
    if history[-1].loss >= 0.98 * entropy:
        return (
            f"the training loss ended at {history[-1].loss:.3f} nats; {entropy:.3f} is what the class "
            "frequencies alone give"
        )
    some = _sample(train.indexed)
    probabilities = _predict(predict, some, n_classes)
    if not np.isfinite(probabilities).all():
        return "a predicted probability is not finite"
    if len(probabilities) > 1 and np.ptp(probabilities, axis=0).max() < 1e-4:
        return "every training document gets the same prediction"
    return None


def _sample(indexed: IndexedCorpus) -> IndexedCorpus:
    """Return up to 2,000 documents spread evenly over the training documents."""
    from pipeline.indices import take

    some = np.linspace(0, indexed.n_docs - 1, min(indexed.n_docs, _CHECKED_DOCUMENTS)).astype(np.int64)
    return take(indexed, np.unique(some))


def _warnings(history: list[Epoch], best_epoch: int, stopped: str, *, fixed: bool) -> tuple[str, ...]:
    """Return the milder signs, in words."""
    if fixed or stopped == "early" or len(history) < 2 or history[-1].validation_loss is None:
        return ()
    if best_epoch == history[-1].epoch:
        return (
            f"the validation loss still fell when the {len(history)} epochs ran out: "
            "raise networks.max_epochs",
        )
    return ()
