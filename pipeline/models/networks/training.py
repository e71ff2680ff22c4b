"""Train a network with early stopping, and predict with it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np

from pipeline.core import stopping
from pipeline.core.values import Float32, IndexedCorpus
from pipeline.core.warned import Warned
from pipeline.models.networks.batches import Batch
from pipeline.models.networks.budget import Budget, budget_of, updates_in_a_pass
from pipeline.models.networks.build import STANDARDISE, NetworkSpec, build, table_of
from pipeline.models.networks.course import Course, Tally
from pipeline.models.networks.did_it_train import milder_signs, why_not_trained
from pipeline.models.networks.keras_types import Model
from pipeline.models.networks.labelled import Evaluation, Labelled, inputs_of, sample_documents
from pipeline.models.networks.objective import Objective, objective_of
from pipeline.models.networks.passes import Passes
from pipeline.models.networks.save_point import SavePoint
from pipeline.models.networks.step import TrainingStep, training_step
from pipeline.models.networks.training_state import TrainingState, fingerprint
from pipeline.settings.tables import NetworkSettings
from pipeline.text.ragged import take

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
    warnings: tuple[Warned, ...]
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
    objective: Objective
    vectors: Float32  # (V, D), the table before any training
    train: Labelled
    validation: Labelled | None
    settings: NetworkSettings
    budget: Budget
    horizon: int  # updates of a phase over which the learning rate falls
    passes: Passes
    on_evaluation: Callable[[Evaluation], None]
    class_weights: Float32 | None  # (C,)
    save_point: SavePoint | None


@dataclass(frozen=True)
class _Phase:
    """A part of a training with an optimizer of its own."""

    number: int
    tuned: bool
    rate: float
    updates: int | None  # that a refit runs


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
    save_point: SavePoint | None = None,
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
    save_point : SavePoint, optional
        Where the training saves from time to time where it stands, and goes on from if it was killed: with
        `deterministic` to the same weights, bit by bit. `on_evaluation` is told the evaluations before that too.
        What was saved stays: the caller clears it when the network is kept.

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
        objective_of(model),
        vectors,
        train,
        None if repeat else validation,
        settings,
        budget,
        repeat.horizon if repeat else budget.first,
        _passes(train.indexed, settings, seed, shuffled_words),
        on_evaluation,
        class_weights,
        save_point,
    )
    _open_save_point(trainee, spec, seed, repeat, deterministic)
    course, stopped = _train_in_phases(trainee, _phases(spec, settings, repeat))
    judged = train, spec.n_classes, class_weights, trainee.objective.task
    why_not = why_not_trained(trainee.objective.shares, course.history, *judged)
    known = course.history, course.kept_updates, stopped
    warnings = milder_signs(*known, fixed=repeat is not None, raised=_what_ends_it(settings))
    return FittedNetwork(
        spec,
        model,
        tuple(course.history),
        course.kept_updates,
        stopped,
        why_not,
        warnings,
        Schedule(course.phases, trainee.horizon),
        budget,
        settings,
    )


def _what_ends_it(settings: NetworkSettings) -> str:
    """Return the setting that is to be raised for more updates."""
    return "networks.max_epochs" if settings.max_epochs else "networks.budget_growth"


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
    some = take(train, sample_documents(train))
    averages = np.stack(
        [vectors[some.indices[a:b]].mean(axis=0) for a, b in itertools.pairwise(some.offsets)]
    )  # (n, D)
    model.get_layer(STANDARDISE).set_weights([averages.mean(axis=0), averages.std(axis=0) + 1e-6])


def _passes(train: IndexedCorpus, settings: NetworkSettings, seed: int, shuffled_words: bool) -> Passes:
    words = np.random.default_rng([seed, _WORD_ORDERS]) if shuffled_words else None
    order = np.random.default_rng(seed)
    return Passes(train, settings.batch_size, _most_timesteps(settings), order, words)


def _open_save_point(
    trainee: _Trainee, spec: NetworkSpec, seed: int, repeat: Schedule | None, deterministic: bool
) -> None:
    """Tell the save point, where there is one, every number that this training depends on."""
    if trainee.save_point:
        known = {
            "network": spec,
            "settings": trainee.settings,
            "budget": trainee.budget,
            "seed": seed,
            "schedule": repeat,
            "deterministic": deterministic,
            "shuffled words": trainee.passes.word_orders is not None,
            "word vectors": trainee.vectors,
            "class weights": trainee.class_weights,
            "training documents": trainee.train,
            "validation documents": trainee.validation,
        }
        trainee.save_point.open(fingerprint(known))


def _phases(spec: NetworkSpec, settings: NetworkSettings, repeat: Schedule | None) -> list[_Phase]:
    """Return the phases of a training, or those of them that a refit repeats."""
    rate = settings.learning_rate
    each = [(False, rate), (True, rate / _SLOWER)] if spec.frozen_first else [(spec.tuned, rate)]
    updates = repeat.phases if repeat else [None] * len(each)
    return [_Phase(number, *one, n) for number, (one, n) in enumerate(zip(each, updates, strict=False))]


def _train_in_phases(trainee: _Trainee, phases: list[_Phase]) -> tuple[Course, str]:
    """Run the phases one after the other, each from the best weights so far; return how it went and ended."""
    saved = trainee.save_point.load() if trainee.save_point else None
    course, stopped = saved.course if saved else Course(), "budget"
    for one in course.history:
        trainee.on_evaluation(one)
    for phase in phases[saved.phase if saved else 0 :]:
        step = training_step(
            trainee.model, trainee.settings, tuned=phase.tuned, class_weights=trainee.class_weights
        )
        state = TrainingState(
            phase.number, course.updates, 0, (), trainee.passes.new_pass(), course, Tally(course)
        )
        if saved:
            step.set_values(saved.variables)
            state = replace(saved, variables=())
            saved = None  # as large as the network
        stopped = _run_phase(trainee, phase, step, state)
        step.take_averages()
        for weight, value in zip(trainee.model.trainable_weights, course.best_weights, strict=False):
            # nothing where no weights were the best
            weight.assign(trainee.vectors if value is None else value)
        if course.kept_updates > state.begin:  # else it made nothing better, and a refit leaves it out
            course.phases = (*course.phases, course.kept_updates - state.begin)
        if course.diverged:
            break
    return course, stopped


def _run_phase(trainee: _Trainee, phase: _Phase, step: TrainingStep, state: TrainingState) -> str:
    """Train until validation stops it ("early") or the updates run out ("budget")."""
    budget, course, begin, tally = trainee.budget, state.course, state.begin, state.tally
    end = phase.updates or (budget.first if trainee.validation is None else budget.most)
    floor = 0 if begin else budget.floor  # a later phase begins with weights that are trained
    rate_at = _rate(trainee.settings.schedule, phase.rate, trainee.horizon)
    batches = trainee.passes.without_end(state.position)
    for update, batch in enumerate(batches, start=state.updates + 1):
        tally.add(len(batch.documents), *_run(trainee, step, batch, rate_at(update - 1)))
        if update >= end or budget.is_due(update):
            with step.averaged():
                course.history.append(
                    tally.evaluation(_judge(trainee), trainee.train.indexed.n_docs, phase.tuned)
                )
                trainee.on_evaluation(course.history[-1])
                _keep_if_better(trainee, course)
            if course.diverged or update >= end:
                break
            waited = begin + update - max(course.gained_updates, begin)
            if course.gained_updates and update >= floor and waited >= budget.patience:
                return "early"
            tally = Tally(course)
        now = partial(_state_after, state, update, trainee.passes, step, tally)
        if trainee.save_point and stopping.asked():
            trainee.save_point.save(now())
        elif trainee.save_point:
            trainee.save_point.save_if_due(now)
        stopping.check()
    return "budget"


def _state_after(
    state: TrainingState, update: int, passes: Passes, step: TrainingStep, tally: Tally
) -> TrainingState:
    """Return where a phase that began in `state` stands after an update."""
    return replace(state, updates=update, variables=step.values(), position=passes.position, tally=tally)


def _run(trainee: _Trainee, step: TrainingStep, batch: Batch, rate: float) -> tuple[int, float, float, int]:
    """Run one update; return its answers, their losses, the right ones, and 1 if gradients were clipped, else 0."""
    train, objective = trainee.train, trainee.objective
    inputs = inputs_of(batch, train.indexed.offsets, train.spelling)
    loss, right, clipped = step.run(inputs, objective.targets(train, batch), rate)
    return objective.answers(batch), float(loss), float(right), int(clipped)


def _keep_if_better(trainee: _Trainee, course: Course) -> None:
    """Keep the model's trainable weights if the last evaluation has the lowest validation loss so far.

    Of a table that rested no copy is kept.
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
        None if weight is table and not last.tuned else weight.value.numpy()
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
    return trainee.objective.judge(trainee.validation, trainee.class_weights)
