"""Train a network with early stopping, and predict with it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from pipeline.core.values import Float32, IndexedCorpus, Int32
from pipeline.models.networks.batches import Batch, batches, shuffle_words
from pipeline.models.networks.budget import Budget, budget_of, updates_in_a_pass
from pipeline.models.networks.build import STANDARDISE, NetworkSpec, build, table_of
from pipeline.models.networks.course import Course, Tally
from pipeline.models.networks.did_it_train import milder_signs, why_not_trained
from pipeline.models.networks.keras_types import Model, PredictionStep
from pipeline.models.networks.labelled import Evaluation, Labelled, document_weights, sample_documents
from pipeline.models.networks.prediction import predict_with, prediction_step
from pipeline.models.networks.step import TrainingStep, training_step
from pipeline.settings.tables import NetworkSettings
from pipeline.tasks.table import CLASSIFY

_MOST_TIMESTEPS = 25_600  # in a training batch: every state is kept for the way back
# what the seed of shuffled words has more than that of the batches: the two share no numbers
_WORD_ORDERS = 1
_SLOWER = 10.0  # the learning rate of vectors that are tuned after the other weights is so many times smaller


@dataclass(frozen=True)
class Schedule:
    """What a refit repeats: the updates of each phase that led to the best weights, and how the rate fell.

    Updates, not passes: they are what moves the weights. With the validation documents among those that are trained
    on, a tenth more or so, a pass has more of them, and as many passes would train for longer than was judged.
    """

    phases: tuple[int, ...]
    horizon: int  # updates over which the learning rate falls, where it does


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """A trained Keras model with its history."""

    spec: NetworkSpec
    model: Model
    history: tuple[Evaluation, ...]
    best_updates: int  # after so many updates, over all phases, the weights were those that are kept
    stopped: str  # "early" or "budget"
    why_not: str | None  # why this counts as "did not train"; None if it trained
    warnings: tuple[str, ...]
    schedule: Schedule = Schedule((), 0)
    budget: Budget | None = None  # of each phase
    settings: NetworkSettings | None = None  # that it was trained with

    @property
    def parameters(self) -> int:
        """How many numbers were trained; a frozen embedding does not count."""
        return sum(int(np.prod(weight.shape)) for weight in self.model.trainable_weights)

    @property
    def kept(self) -> Evaluation:
        """The evaluation whose weights are kept."""
        return next(one for one in self.history if one.updates == self.best_updates)

    def without_model(self) -> FittedNetwork:
        """Return what is told of the training; the model, which takes memory, is gone and may not be asked for."""
        return replace(self, model=cast(Model, None))


@dataclass(frozen=True, eq=False)
class _Trainee:
    """What every phase of one training needs."""

    model: Model
    predict: PredictionStep
    vectors: Float32  # (V, D), the table before any training
    train: Labelled
    validation: Labelled | None
    settings: NetworkSettings
    budget: Budget
    horizon: int  # updates of a phase over which the learning rate falls
    generator: np.random.Generator
    on_evaluation: Callable[[Evaluation], None]
    class_weights: Float32 | None  # (C,)
    # shuffles each document's words anew for every epoch; None: as written
    word_orders: np.random.Generator | None

    def epoch_documents(self) -> IndexedCorpus:
        """Return the training documents as the next epoch reads them."""
        if self.word_orders is None:
            return self.train.indexed
        return shuffle_words(self.train.indexed, self.word_orders)


def fit_network(
    spec: NetworkSpec,
    vectors: Float32,
    train: Labelled,
    validation: Labelled | None,
    settings: NetworkSettings,
    *,
    seed: int,
    repeat: Schedule | None = None,
    deterministic: bool = False,
    on_evaluation: Callable[[Evaluation], None] = lambda evaluation: None,
    class_weights: Float32 | None = None,
    shuffled_words: bool = False,
) -> FittedNetwork:
    """Train a network on `train`; `validation` chooses when it ends, and which weights are kept.

    Parameters
    ----------
    spec : NetworkSpec
        Which network. With `frozen_first` it is trained twice, each time as `settings` say: with the word
        vectors as they are, then on from its best weights with the vectors too, at a tenth of the learning rate.
    vectors : float32 array, shape (V, D)
        The embedding, trained further only if `spec.tuned`.
    train, validation : Labelled
        Documents cut to what the network reads. Without validation documents the whole budget is run.
    settings : NetworkSettings
        Learning rate, batch size, clipping, budget, patience; of one network (see `pipeline.settings.tables.settled`).
    seed : int
        Sets initial weights, order of batches and dropout.
    repeat : Schedule, optional
        Run exactly these updates (a refit with what validation chose: `FittedNetwork.schedule`) instead of
        stopping early.
    deterministic : bool
        Ask TensorFlow for operations that repeat to the last bit; slower.
    on_evaluation : callable
        Told about each evaluation.
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
    validation loss restored (Prechelt 1998, "Early Stopping - But When?", section 2). The learning rate falls along
    half a cosine to 0 at the end of the budget (Loshchilov, Hutter 2017, arXiv:1608.03983, equation 5, without
    restarts) where `networks.schedule` is "cosine".

    Raises
    ------
    ValueError
        If batch size or learning rate are 0, which stands for what `settled` of `pipeline.settings.tables` puts in
        their place.
    """
    _refuse_unsettled(settings)
    model = untrained(spec, vectors, train.indexed, seed, deterministic)
    budget = _budget(settings, train.indexed)
    trainee = _Trainee(
        model,
        prediction_step(model),
        vectors,
        train,
        None if repeat else validation,
        settings,
        budget,
        repeat.horizon if repeat else budget.first,
        np.random.default_rng(seed),
        on_evaluation,
        class_weights,
        np.random.default_rng([seed, _WORD_ORDERS]) if shuffled_words else None,
    )
    course, stopped = _train_in_phases(trainee, spec, repeat.phases if repeat else None)
    why_not = why_not_trained(trainee.predict, course.history, train, spec.n_classes, class_weights)
    best = course.best_updates or course.updates
    raised = "networks.max_epochs" if settings.max_epochs else "networks.budget_growth"
    warnings = milder_signs(course.history, best, stopped, fixed=repeat is not None, raised=raised)
    return FittedNetwork(
        spec,
        model,
        tuple(course.history),
        best,
        stopped,
        why_not,
        warnings,
        Schedule(course.phases, trainee.horizon),
        budget,
        settings,
    )


def _refuse_unsettled(settings: NetworkSettings) -> None:
    """Raise a ValueError where a setting is 0, which stands for what `settled` puts in its place."""
    if not (settings.batch_size and settings.learning_rate):
        given = f"batch size {settings.batch_size} and learning rate {settings.learning_rate:g}"
        raise ValueError(f"{given}: 0 is no value to train with, see pipeline.settings.tables.settled")


def untrained(
    spec: NetworkSpec, vectors: Float32, train: IndexedCorpus, seed: int, deterministic: bool = False
) -> Model:
    """Return the model with the weights that its training begins from."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    model = build(spec)
    model.get_layer("embedding").set_weights([vectors])
    _standardise_averages(model, vectors, train)
    return model


def _budget(settings: NetworkSettings, train: IndexedCorpus) -> Budget:
    """Return how many updates a phase has."""
    lengths = np.diff(train.offsets)
    return budget_of(settings, updates_in_a_pass(lengths, settings.batch_size, _most_timesteps(settings)))


def _most_timesteps(settings: NetworkSettings) -> int:
    """Return how many timesteps a batch has at most; only documents read in pieces have more than fit."""
    return max(_MOST_TIMESTEPS, settings.batch_size * settings.max_tokens)


def _standardise_averages(model: Model, vectors: Float32, train: IndexedCorpus) -> None:
    """Set the mean and deviation of averaged vectors over training documents, where the model asks for them."""
    if STANDARDISE not in {layer.name for layer in model.layers}:
        return
    some = sample_documents(train)
    averages = np.stack(
        [vectors[some.indices[a:b]].mean(axis=0) for a, b in itertools.pairwise(some.offsets)]
    )  # (n, D)
    model.get_layer(STANDARDISE).set_weights([averages.mean(axis=0), averages.std(axis=0) + 1e-6])


def _train_in_phases(
    trainee: _Trainee, spec: NetworkSpec, updates: tuple[int, ...] | None
) -> tuple[Course, str]:
    """Run the phases one after the other, each from the best weights so far; return how it went and ended."""
    rate = trainee.settings.learning_rate
    phases = [(False, rate), (True, rate / _SLOWER)] if spec.frozen_first else [(spec.tuned, rate)]
    course, stopped = Course(), "budget"
    for number, (tuned, learning_rate) in enumerate(phases[: len(updates) if updates else None]):
        step = training_step(
            trainee.model, trainee.settings, tuned=tuned, class_weights=trainee.class_weights
        )
        done = course.updates
        stopped = _run_phase(
            trainee, course, step, tuned, learning_rate, updates[number] if updates else None
        )
        step.take_averages()
        for weight, value in zip(trainee.model.trainable_weights, course.best_weights, strict=False):
            weight.assign(value)  # nothing where no weights were the best
        last = course.best_updates or course.updates
        if last > done:  # else the phase made nothing better, and a refit leaves it out
            course.phases = (*course.phases, last - done)
        if course.diverged:
            break
    return course, stopped


def _run_phase(
    trainee: _Trainee, course: Course, step: TrainingStep, tuned: bool, rate: float, updates: int | None
) -> str:
    """Train until validation stops it ("early") or the updates run out ("budget")."""
    budget, begin = trainee.budget, course.updates
    end = updates or (budget.first if trainee.validation is None else budget.most)
    floor = 0 if begin else budget.floor  # a later phase begins with weights that are trained
    rate_at = _rate(trainee.settings.schedule, rate, trainee.horizon)
    tally = Tally(course)
    for update, batch in enumerate(_batches_without_end(trainee), start=1):
        tally.add(len(batch.documents), *_run(step, batch, trainee.train.labels, rate_at(update - 1)))
        if update < end and not budget.is_due(update):
            continue
        with step.averaged():
            course.history.append(tally.evaluation(_judge(trainee), trainee.train.indexed.n_docs, tuned))
            trainee.on_evaluation(course.history[-1])
            _keep_if_better(trainee, course)
        if course.diverged or update >= end:
            break
        waited = begin + update - max(course.gained_updates, begin)
        if course.gained_updates and update >= floor and waited >= budget.patience:
            return "early"
        tally = Tally(course)
    return "budget"


def _batches_without_end(trainee: _Trainee) -> Iterator[Batch]:
    """Yield the batches of one pass over the training documents after the other, each in a new order."""
    settings = trainee.settings
    while True:
        yield from batches(
            trainee.epoch_documents(), settings.batch_size, trainee.generator, _most_timesteps(settings)
        )


def _run(step: TrainingStep, batch: Batch, labels: Int32, rate: float) -> tuple[float, int, int]:
    """Run one update; return the sum of losses, the right answers, and 1 if its gradients were clipped, else 0."""
    loss, right, clipped = step.run(batch.rows, batch.lengths, labels[batch.documents], rate)
    return float(loss), int(right), int(clipped)


def _keep_if_better(trainee: _Trainee, course: Course) -> None:
    """Keep the model's trainable weights if the last evaluation has the lowest validation loss so far.

    Of a table that rested no copy is kept, but what it began as.
    """
    last = course.history[-1]
    if course.diverged or last.validation_loss is None or last.validation_loss >= course.best_loss:
        return
    course.best_loss, course.best_updates = last.validation_loss, last.updates
    if last.validation_loss < course.gained_loss - trainee.settings.min_gain:
        course.gained_loss, course.gained_updates = last.validation_loss, last.updates
    course.best_weights = []  # gone before the next are copied
    table = table_of(trainee.model)
    course.best_weights = [
        trainee.vectors if weight is table and not last.tuned else weight.value.numpy()
        for weight in trainee.model.trainable_weights
    ]


def _rate(schedule: str, rate: float, horizon: int) -> Callable[[int], float]:
    """Return the learning rate as a function of the updates of the phase that were run; 0 after `horizon`."""

    def cosine(updates: int) -> float:
        return rate * 0.5 * (1.0 + math.cos(math.pi * min(updates / horizon, 1.0)))

    return {"cosine": cosine, "constant": lambda updates: rate}[schedule]


def _judge(trainee: _Trainee) -> tuple[float | None, float | None]:
    """Return the mean loss and the share of right answers on validation documents, None where there are none."""
    if trainee.validation is None:
        return None, None
    n_classes = trainee.model.outputs[0].shape[-1]
    probabilities = predict_with(trainee.predict, trainee.validation.indexed, n_classes)
    labels = trainee.validation.labels
    each = CLASSIFY.losses(probabilities.astype(np.float64), labels)  # (N,)
    counts = document_weights(trainee.class_weights, labels)  # (N,)
    if not counts.any():  # no class of theirs has a training document, so all weights are 0
        counts = np.ones(len(counts))
    loss = float(np.average(each, weights=counts)) if np.isfinite(each).all() else np.inf
    return loss, float(CLASSIFY.right(probabilities, labels).mean())
