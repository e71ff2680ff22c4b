"""Train a network with early stopping, and predict with it."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.config import NetworkSettings
from pipeline.networks.batches import Batch, batches
from pipeline.networks.embedding_layer import LazyAdam, gradient_by_row
from pipeline.networks.models import STANDARDISE, NetworkSpec, after_embedding, build, recurrent_kernels
from pipeline.networks.weight_drop import WeightDrop
from pipeline.values import Float32, Float64, IndexedCorpus, Int32

_PREDICTION_BATCH = 256
_SLOWER = 10.0  # the learning rate of vectors that are tuned after the other weights is so many times smaller
_EPOCHS_FOR_DOCUMENTS, _FEWEST_EPOCHS, _MOST_EPOCHS = 120_000, 5, 20
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
    class_weights: Float32 | None  # (C,)


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
    class_weights: Float32 | None = None,
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
    class_weights : float32 array, shape (C,), optional
        What a document of each class counts in every loss; over the training documents they average 1.

    Notes
    -----
    Adam (Kingma, Ba 2015, arXiv:1412.6980, algorithm 1; for word vectors see `LazyAdam`), gradients clipped by
    their global norm (Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063, algorithm 1), the weights of the best
    validation loss restored. The learning rate falls along half a cosine to 0 at the last epoch that may be run
    (Loshchilov, Hutter 2017, arXiv:1608.03983, equation 5, without restarts), unless `networks.schedule` is
    "constant".
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
        model,
        prediction_step(model),
        train,
        judged_by,
        settings,
        np.random.default_rng(seed),
        on_epoch,
        class_weights,
    )
    course, stopped = _train_in_phases(trainee, spec, (epochs,) if isinstance(epochs, int) else epochs)
    why_not = _why_not_trained(trainee.predict, course.history, train, spec.n_classes, class_weights)
    best_epoch = course.best_epoch or course.history[-1].epoch
    warnings = _warnings(course.history, best_epoch, stopped, fixed=epochs is not None)
    return FittedNetwork(
        spec, model, tuple(course.history), best_epoch, stopped, why_not, warnings, course.schedule
    )


def most_epochs(settings: NetworkSettings, n_docs: int) -> int:
    """Return how many passes over `n_docs` training documents are made at most.

    Without a number in the settings it is as many as it takes to see 120,000 documents, from 5 to 20.

    >>> [most_epochs(NetworkSettings(max_epochs=0), n_docs) for n_docs in (2_000, 10_000, 25_000)]
    [20, 12, 5]
    """
    by_size = -(-_EPOCHS_FOR_DOCUMENTS // n_docs)
    return settings.max_epochs or min(max(by_size, _FEWEST_EPOCHS), _MOST_EPOCHS)


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
        step = training_step(
            trainee.model, trainee.settings, tuned=tuned, class_weights=trainee.class_weights
        )
        done = len(course.history)
        stopped = _run_phase(trainee, course, step, tuned, learning_rate, epochs[number] if epochs else None)
        _assign(trainee.model.trainable_weights, course.best_weights or step.averaged_weights(trainee.model))
        last = course.best_epoch or len(course.history)
        if last > done:  # else the phase made nothing better, and a refit leaves it out
            course.schedule = (*course.schedule, last - done)
        if course.diverged:
            break
    return course, stopped


def _run_phase(
    trainee: _Trainee, course: _Course, step: TrainingStep, tuned: bool, rate: float, epochs: int | None
) -> str:
    """Train until validation stops it ("early") or the epochs run out ("max_epochs")."""
    settings, begin = trainee.settings, len(course.history)
    n_docs = trainee.train.indexed.n_docs
    horizon = most_epochs(settings, n_docs)  # of a refit too: it follows the rates of the training it repeats
    for number in range(begin + 1, begin + (epochs or horizon) + 1):
        start = time.perf_counter()
        documents = batches(trainee.train.indexed, settings.batch_size, trainee.generator)
        rates = _rates(settings.schedule, rate, (number - begin - 1) * n_docs, horizon * n_docs)
        loss, accuracy = _run_epoch(step, documents, trainee.train.labels, rates)
        trained = [weight.numpy() for weight in trainee.model.trainable_weights] if step.averages else []
        _assign(trainee.model.trainable_weights, step.averaged_weights(trainee.model))
        judged = _judge(trainee)
        seconds = time.perf_counter() - start
        course.history.append(Epoch(number, loss, accuracy, *judged, seconds, tuned))
        trainee.on_epoch(course.history[-1])
        if course.diverged:
            break
        if judged[0] is not None and judged[0] < course.best_loss:
            course.best_loss, course.best_epoch = judged[0], number
            course.best_weights = [weight.numpy() for weight in trainee.model.trainable_weights]
        _assign(trainee.model.trainable_weights, trained)
        if course.best_epoch and number - max(course.best_epoch, begin) >= settings.patience:
            return "early"
    return "max_epochs"


def _rates(schedule: str, rate: float, seen: int, horizon: int) -> Callable[[int], float]:
    """Return the learning rate as a function of the documents of this epoch that were seen.

    `seen` documents were before this epoch, `horizon` are seen in all.
    """

    def cosine(documents: int) -> float:
        return rate * 0.5 * (1.0 + math.cos(math.pi * min((seen + documents) / horizon, 1.0)))

    return {"cosine": cosine, "constant": lambda documents: rate}[schedule]


def predict_probabilities(model: Any, indexed: IndexedCorpus, n_classes: int) -> Float32:
    """Return each document's distribution over the classes; float32 (N, C), in the order of `indexed`."""
    return predict_with(prediction_step(model), indexed, n_classes)


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """What trains a network on one batch."""

    run: Any  # (rows, lengths, labels, learning rate) > (sum of losses, right answers)
    averages: tuple[tuple[Any, Any], ...]  # weight and its moving average; empty without `networks.ema`

    def averaged_weights(self, model: Any) -> list[Float32]:
        """Return the model's trainable weights, moving averages in place of those that have one; [] without any."""
        if not self.averages:
            return []
        of_weight = {weight.path: average for weight, average in self.averages}
        return [of_weight.get(weight.path, weight).numpy() for weight in model.trainable_weights]


def training_step(
    model: Any, settings: NetworkSettings, *, tuned: bool, class_weights: Float32 | None = None
) -> TrainingStep:
    """Return what trains `model` on one batch.

    Gradients are clipped together, those of the rows of a tuned table among them. With `networks.weight_drop` some
    weights between states are 0 for a whole batch (Wan et al. 2013, DropConnect; Merity, Keskar, Socher 2018,
    arXiv:1708.02182, section 2): the layer itself is left alone, and so is its fused kernel. With `networks.ema`
    moving averages of the weights are kept (Polyak, Juditsky 1992), which follow quickly in the first steps; rows
    of a tuned table have none.
    """
    import keras
    import tensorflow as tf

    body, table = after_embedding(model), model.get_layer("embedding").embeddings.value
    weights = body.trainable_variables
    optimizer = keras.optimizers.Adam(settings.learning_rate)
    optimizer.build(weights)
    row_optimizer = LazyAdam(table) if tuned else None
    weight_drop = WeightDrop(recurrent_kernels(model), settings.weight_drop) if settings.weight_drop else None
    averages = [tf.Variable(weight.value, trainable=False) for weight in weights] if settings.ema else []
    steps = tf.Variable(0.0, trainable=False)
    of_class = tf.constant(
        np.ones(model.outputs[0].shape[-1]) if class_weights is None else class_weights, tf.float32
    )

    @tf.function(input_signature=[*_signature(labels=True), tf.TensorSpec((), tf.float32)])
    def run(rows: Any, lengths: Any, labels: Any, rate: Any) -> tuple[Any, Any]:
        embedded = tf.gather(table, rows)  # (B, T, D)
        if weight_drop:
            weight_drop.drop()
        with tf.GradientTape() as tape:
            tape.watch(embedded if tuned else [])
            logits = body([embedded, lengths], training=True)  # (B, C)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)  # (B,)
            losses *= tf.gather(of_class, labels)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, [*weights, embedded] if tuned else weights)
        if weight_drop:
            gradients = weight_drop.restore(weights, gradients)
        if row_optimizer:
            distinct, gradients[-1] = gradient_by_row(rows, gradients[-1])  # (U,), (U, D)
        gradients, _ = tf.clip_by_global_norm(gradients, settings.clip_norm)
        optimizer.learning_rate.assign(rate)
        optimizer.apply(gradients[: len(weights)], weights)
        if row_optimizer:
            row_optimizer.apply(distinct, gradients[-1], rate)
        if averages:
            t = steps.assign_add(1.0)
            decay = tf.minimum(settings.ema, t / (9.0 + t))
            for average, weight in zip(averages, weights, strict=True):
                average.assign(decay * average + (1.0 - decay) * weight)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.int32))

    return TrainingStep(run, tuple(zip(weights, averages, strict=False)))


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


def _run_epoch(
    step: TrainingStep, training_batches: Iterable[Batch], labels: Int32, rates: Callable[[int], float]
) -> tuple[float, float]:
    """Return the mean loss and the accuracy of one pass, measured as the weights change."""
    total, right, seen = 0.0, 0, 0
    for batch in training_batches:
        batch_loss, batch_right = step.run(batch.rows, batch.lengths, labels[batch.documents], rates(seen))
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
    counts = _document_weights(trainee.class_weights, trainee.validation.labels)  # (N,)
    each = -np.log(np.maximum(picked, 1e-12))
    loss = float(np.average(each, weights=counts)) if np.isfinite(picked).all() else np.inf
    return loss, float((probabilities.argmax(axis=1) == trainee.validation.labels).mean())


def _document_weights(class_weights: Float32 | None, labels: Int32) -> Float64:
    """Return what each document counts; (N,)."""
    return np.ones(len(labels)) if class_weights is None else class_weights[labels].astype(np.float64)


def _assign(weights: list[Any], values: list[Float32]) -> None:
    """Give the weights these values; an empty list leaves them as they are."""
    for weight, value in zip(weights, values, strict=False):
        weight.assign(value)


def _why_not_trained(
    predict: Any, history: list[Epoch], train: Labelled, n_classes: int, class_weights: Float32 | None
) -> str | None:
    """Return why a fit counts as "did not train", or None: the rule of `docs/run-folder.md`."""
    if not np.isfinite(history[-1].loss):
        return f"the training loss is {history[-1].loss} in epoch {history[-1].epoch}"
    counts = _document_weights(class_weights, train.labels)
    shares = np.bincount(train.labels, counts, n_classes) / counts.sum()
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
