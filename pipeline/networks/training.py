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
from pipeline.networks.batches import Batch, batches, shuffle_words
from pipeline.networks.did_it_train import milder_signs, why_not_trained
from pipeline.networks.documents import Epoch, Labelled, document_weights, sample_documents
from pipeline.networks.models import STANDARDISE, NetworkSpec, build
from pipeline.networks.prediction import predict_with, prediction_step
from pipeline.networks.step import TrainingStep, training_step
from pipeline.values import Float32, IndexedCorpus, Int32

_MOST_TIMESTEPS = 25_600  # in a training batch: every state is kept for the way back
_WORD_ORDERS = (
    1  # what the seed of shuffled words has more than that of the batches: the two share no numbers
)
_SLOWER = 10.0  # the learning rate of vectors that are tuned after the other weights is so many times smaller


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
    vectors: Float32  # (V, D), the table before any training
    train: Labelled
    validation: Labelled | None
    settings: NetworkSettings
    generator: np.random.Generator
    on_epoch: Callable[[Epoch], None]
    class_weights: Float32 | None  # (C,)
    word_orders: (
        np.random.Generator | None
    )  # shuffles each document's words anew for every epoch; None: as written

    def epoch_documents(self) -> IndexedCorpus:
        """Return the training documents as the next epoch reads them."""
        if self.word_orders is None:
            return self.train.indexed
        return shuffle_words(self.train.indexed, self.word_orders)


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
    shuffled_words: bool = False,
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
    shuffled_words : bool
        Give the words of each training document a new random order before every epoch, drawn from a stream of its
        own: a network that saw one order could learn it by heart, as no bag of words can. Validation documents are
        read as they are given.

    Notes
    -----
    Adam (Kingma, Ba 2015, arXiv:1412.6980, algorithm 1; for word vectors see `LazyAdam`), gradients clipped by
    their global norm (Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063, algorithm 1), the weights of the best
    validation loss restored. The learning rate falls along half a cosine to 0 at the last epoch that may be run
    (Loshchilov, Hutter 2017, arXiv:1608.03983, equation 5, without restarts) where `networks.schedule` is
    "cosine".
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
        vectors,
        train,
        judged_by,
        settings,
        np.random.default_rng(seed),
        on_epoch,
        class_weights,
        np.random.default_rng([seed, _WORD_ORDERS]) if shuffled_words else None,
    )
    course, stopped = _train_in_phases(trainee, spec, (epochs,) if isinstance(epochs, int) else epochs)
    why_not = why_not_trained(trainee.predict, course.history, train, spec.n_classes, class_weights)
    best_epoch = course.best_epoch or course.history[-1].epoch
    warnings = milder_signs(course.history, best_epoch, stopped, fixed=epochs is not None)
    return FittedNetwork(
        spec, model, tuple(course.history), best_epoch, stopped, why_not, warnings, course.schedule
    )


def _standardise_averages(model: Any, vectors: Float32, train: IndexedCorpus) -> None:
    """Set the mean and deviation of averaged vectors over training documents, where the model asks for them."""
    if STANDARDISE not in {layer.name for layer in model.layers}:
        return
    some = sample_documents(train)
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
        step.take_averages()
        _assign(trainee.model.trainable_weights, course.best_weights)
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
    horizon = settings.max_epochs  # of a refit too: it follows the rates of the training it repeats
    for number in range(begin + 1, begin + (epochs or horizon) + 1):
        start = time.perf_counter()
        most_timesteps = max(
            _MOST_TIMESTEPS, settings.batch_size * settings.max_tokens
        )  # only pieces have more
        documents = batches(trainee.epoch_documents(), settings.batch_size, trainee.generator, most_timesteps)
        rates = _rates(settings.schedule, rate, (number - begin - 1) * n_docs, horizon * n_docs)
        loss, accuracy, clipped = _run_epoch(step, documents, trainee.train.labels, rates)
        with step.averaged():
            judged = _judge(trainee)
            seconds = time.perf_counter() - start
            course.history.append(Epoch(number, loss, accuracy, *judged, seconds, tuned, clipped))
            trainee.on_epoch(course.history[-1])
            _keep_if_better(trainee, course)
        if course.diverged:
            break
        if course.best_epoch and number - max(course.best_epoch, begin) >= settings.patience:
            return "early"
    return "max_epochs"


def _keep_if_better(trainee: _Trainee, course: _Course) -> None:
    """Keep the model's trainable weights if the last epoch has the lowest validation loss so far.

    Of a table that rested no copy is kept, but what it began as.
    """
    epoch = course.history[-1]
    if course.diverged or epoch.validation_loss is None or epoch.validation_loss >= course.best_loss:
        return
    course.best_loss, course.best_epoch = epoch.validation_loss, epoch.epoch
    course.best_weights = []  # gone before the next are copied
    table = trainee.model.get_layer("embedding").embeddings
    course.best_weights = [
        trainee.vectors if weight is table and not epoch.tuned else weight.value.numpy()
        for weight in trainee.model.trainable_weights
    ]


def _rates(schedule: str, rate: float, seen: int, horizon: int) -> Callable[[int], float]:
    """Return the learning rate as a function of the documents of this epoch that were seen.

    `seen` documents were before this epoch, `horizon` are seen in all.
    """

    def cosine(documents: int) -> float:
        return rate * 0.5 * (1.0 + math.cos(math.pi * min((seen + documents) / horizon, 1.0)))

    return {"cosine": cosine, "constant": lambda documents: rate}[schedule]


def _run_epoch(
    step: TrainingStep, training_batches: Iterable[Batch], labels: Int32, rates: Callable[[int], float]
) -> tuple[float, float, float]:
    """Return mean loss and accuracy of one pass, as the weights change, and the share of steps that were clipped."""
    total, right, seen = 0.0, 0, 0
    clipped = []  # 1 a step whose gradients were clipped, else 0
    for batch in training_batches:
        batch_loss, batch_right, cut = step.run(
            batch.rows, batch.lengths, labels[batch.documents], rates(seen)
        )
        total, right, seen = total + float(batch_loss), right + int(batch_right), seen + len(batch.documents)
        clipped.append(int(cut))
    return total / seen, right / seen, float(np.mean(clipped))


def _judge(trainee: _Trainee) -> tuple[float | None, float | None]:
    """Return mean cross-entropy and accuracy on validation documents, None where there are none."""
    if trainee.validation is None:
        return None, None
    n_classes = trainee.model.outputs[0].shape[-1]
    probabilities = predict_with(trainee.predict, trainee.validation.indexed, n_classes)
    picked = probabilities[np.arange(len(probabilities)), trainee.validation.labels].astype(np.float64)
    counts = document_weights(trainee.class_weights, trainee.validation.labels)  # (N,)
    if not counts.any():  # no class of theirs has a training document, so all weights are 0
        counts = np.ones(len(counts))
    each = -np.log(np.maximum(picked, 1e-12))
    loss = float(np.average(each, weights=counts)) if np.isfinite(picked).all() else np.inf
    return loss, float((probabilities.argmax(axis=1) == trainee.validation.labels).mean())


def _assign(weights: list[Any], values: list[Float32]) -> None:
    """Give the weights these values; an empty list leaves them as they are."""
    for weight, value in zip(weights, values, strict=False):
        weight.assign(value)
