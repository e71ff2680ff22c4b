"""Train a network with early stopping, and predict with it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.config import NetworkSettings
from pipeline.networks.batches import Batch, batches
from pipeline.networks.embedding_layer import LazyAdam, gradient_by_row
from pipeline.networks.models import STANDARDISE, NetworkSpec, after_embedding, build
from pipeline.values import Float32, IndexedCorpus, Int32

_PREDICTION_BATCH = 256
_SLOWER = 10.0  # the learning rate of vectors that are tuned after the other weights is so many times smaller
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
    tuned: bool = False  # whether the word vectors were trained in this epoch


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
    schedule: tuple[int, ...] = ()  # epochs of each phase that lead to the best weights, for a refit

    @property
    def parameters(self) -> int:
        """How many numbers were trained; a frozen embedding does not count."""
        return sum(int(np.prod(weight.shape)) for weight in self.model.trainable_weights)


@dataclass(frozen=True, eq=False)
class _Trainee:
    """What every phase of one training needs."""

    model: Any
    predict: Any
    train: Labelled
    validation: Labelled | None
    settings: NetworkSettings
    generator: np.random.Generator
    on_epoch: Callable[[Epoch], None]


@dataclass
class _Course:
    """How a training went so far, over all its phases."""

    history: list[Epoch] = field(default_factory=list)
    best_loss: float = np.inf
    best_epoch: int = 0
    best_weights: list[Float32] = field(default_factory=list)
    schedule: tuple[int, ...] = ()

    @property
    def diverged(self) -> bool:
        """Whether the last loss is not finite."""
        return bool(self.history) and not np.isfinite(self.history[-1].loss)


def fit_network(
    spec: NetworkSpec,
    vectors: Float32,
    train: Labelled,
    validation: Labelled | None,
    settings: NetworkSettings,
    *,
    seed: int,
    epochs: int | tuple[int, ...] | None = None,
    deterministic: bool = False,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> FittedNetwork:
    """Train a network on `train`; `validation` chooses the epoch.

    Parameters
    ----------
    spec : NetworkSpec
        Which network. With `frozen_first` it is trained twice, each time as `settings` say: with the word
        vectors as they are, then on from its best epoch with the vectors too, at a tenth of the learning rate.
    vectors : float32 array, shape (V, D)
        The embedding, trained further only if `spec.tuned`.
    train, validation : Labelled
        Documents cut to what the network reads. Without validation documents all epochs are run.
    settings : NetworkSettings
        Learning rate, batch size, clipping, patience.
    seed : int
        Sets initial weights, order of batches and dropout.
    epochs : int or tuple of int, optional
        Run exactly this many in each phase (a refit with what validation chose: `FittedNetwork.schedule`)
        instead of stopping early.
    deterministic : bool
        Ask TensorFlow for operations that repeat to the last bit; slower.
    on_epoch : callable
        Told about each epoch.

    Notes
    -----
    Adam (Kingma, Ba 2015, arXiv:1412.6980, algorithm 1; for word vectors see `LazyAdam`), gradients clipped by
    their global norm (Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063, algorithm 1), the weights of the best
    validation loss restored.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    model = build(spec)
    model.get_layer("embedding").set_weights([vectors])
    _standardise_averages(model, vectors, train.indexed)
    judged_by = None if epochs else validation
    trainee = _Trainee(
        model, prediction_step(model), train, judged_by, settings, np.random.default_rng(seed), on_epoch
    )
    course, stopped = _train_in_phases(trainee, spec, (epochs,) if isinstance(epochs, int) else epochs)
    why_not = _why_not_trained(trainee.predict, course.history, train, spec.n_classes)
    best_epoch = course.best_epoch or course.history[-1].epoch
    warnings = _warnings(course.history, best_epoch, stopped, fixed=epochs is not None)
    return FittedNetwork(
        spec, model, tuple(course.history), best_epoch, stopped, why_not, warnings, course.schedule
    )


def _standardise_averages(model: Any, vectors: Float32, train: IndexedCorpus) -> None:
    """Set the mean and deviation of averaged vectors over training documents, where the model asks for them."""
    if STANDARDISE not in {layer.name for layer in model.layers}:
        return
    some = _sample(train)
    averages = np.stack(
        [vectors[some.indices[a:b]].mean(axis=0) for a, b in itertools.pairwise(some.offsets)]
    )  # (n, D)
    model.get_layer(STANDARDISE).set_weights([averages.mean(axis=0), averages.std(axis=0) + 1e-6])


def _train_in_phases(
    trainee: _Trainee, spec: NetworkSpec, epochs: tuple[int, ...] | None
) -> tuple[_Course, str]:
    """Run the phases one after the other, each from the best weights so far; return how it went and ended."""
    rate = trainee.settings.learning_rate
    phases = [(False, rate), (True, rate / _SLOWER)] if spec.frozen_first else [(spec.tuned, rate)]
    course, stopped = _Course(), "max_epochs"
    for number, (tuned, learning_rate) in enumerate(phases[: len(epochs) if epochs else None]):
        step = training_step(trainee.model, learning_rate, trainee.settings.clip_norm, tuned=tuned)
        done = len(course.history)
        stopped = _run_phase(trainee, course, step, tuned, epochs[number] if epochs else None)
        _restore(trainee.model, course.best_weights)
        last = course.best_epoch or len(course.history)
        if last > done:  # else the phase made nothing better, and a refit leaves it out
            course.schedule = (*course.schedule, last - done)
        if course.diverged:
            break
    return course, stopped


def _run_phase(trainee: _Trainee, course: _Course, step: Any, tuned: bool, epochs: int | None) -> str:
    """Train until validation stops it ("early") or the epochs run out ("max_epochs")."""
    settings, begin = trainee.settings, len(course.history)
    for number in range(begin + 1, begin + (epochs or settings.max_epochs) + 1):
        start = time.perf_counter()
        documents = batches(trainee.train.indexed, settings.batch_size, trainee.generator)
        loss, accuracy = _run_epoch(step, documents, trainee.train.labels)
        judged = _judge(trainee)
        seconds = time.perf_counter() - start
        course.history.append(Epoch(number, loss, accuracy, *judged, seconds, tuned))
        trainee.on_epoch(course.history[-1])
        if course.diverged:
            break
        if judged[0] is not None and judged[0] < course.best_loss:
            course.best_loss, course.best_epoch = judged[0], number
            course.best_weights = [weight.numpy() for weight in trainee.model.trainable_weights]
        if course.best_epoch and number - max(course.best_epoch, begin) >= settings.patience:
            return "early"
    return "max_epochs"


def predict_probabilities(model: Any, indexed: IndexedCorpus, n_classes: int) -> Float32:
    """Return each document's distribution over the classes; float32 (N, C), in the order of `indexed`."""
    return predict_with(prediction_step(model), indexed, n_classes)


def training_step(model: Any, learning_rate: float, clip_norm: float, *, tuned: bool) -> Any:
    """Return the function that trains on one batch: (rows, lengths, labels) > (sum of losses, right answers).

    Gradients are clipped together, those of the rows of a tuned table among them.
    """
    import keras
    import tensorflow as tf

    body, table = after_embedding(model), model.get_layer("embedding").embeddings.value
    weights = body.trainable_variables
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(weights)
    row_optimizer = LazyAdam(table, learning_rate) if tuned else None

    @tf.function(input_signature=_signature(labels=True))
    def step(rows: Any, lengths: Any, labels: Any) -> tuple[Any, Any]:
        embedded = tf.gather(table, rows)  # (B, T, D)
        with tf.GradientTape() as tape:
            tape.watch(embedded if tuned else [])
            logits = body([embedded, lengths], training=True)  # (B, C)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)  # (B,)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, [*weights, embedded] if tuned else weights)
        if row_optimizer:
            distinct, gradients[-1] = gradient_by_row(rows, gradients[-1])  # (U,), (U, D)
        gradients, _ = tf.clip_by_global_norm(gradients, clip_norm)
        optimizer.apply(gradients[: len(weights)], weights)
        if row_optimizer:
            row_optimizer.apply(distinct, gradients[-1])
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.int32))

    return step


def prediction_step(model: Any) -> Any:
    """Return the function from a batch, (rows, lengths), to its probabilities (B, C)."""
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


def predict_with(predict: Any, indexed: IndexedCorpus, n_classes: int) -> Float32:
    """Return each document's distribution by a `prediction_step`; float32 (N, C), in the order of `indexed`."""
    probabilities = np.zeros((indexed.n_docs, n_classes), dtype=np.float32)
    for batch in batches(indexed, _PREDICTION_BATCH, None):
        probabilities[batch.documents] = _batch_probabilities(predict, batch)
    return probabilities


def _batch_probabilities(predict: Any, batch: Batch) -> Float32:
    return predict(batch.rows, batch.lengths).numpy()


def _judge(trainee: _Trainee) -> tuple[float | None, float | None]:
    """Return mean cross-entropy and accuracy on validation documents, None where there are none."""
    if trainee.validation is None:
        return None, None
    n_classes = trainee.model.outputs[0].shape[-1]
    probabilities = predict_with(trainee.predict, trainee.validation.indexed, n_classes)
    picked = probabilities[np.arange(len(probabilities)), trainee.validation.labels].astype(np.float64)
    loss = float(-np.log(np.maximum(picked, 1e-12)).mean()) if np.isfinite(picked).all() else np.inf
    return loss, float((probabilities.argmax(axis=1) == trainee.validation.labels).mean())


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
    probabilities = predict_with(predict, some, n_classes)
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
