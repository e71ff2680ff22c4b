"""Train a language model: truncated backpropagation with the states carried from window to window."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.core import stopping
from pipeline.core.values import Float32
from pipeline.core.warned import Warned
from pipeline.models.baselines.language.symbols import BEGIN, Streams
from pipeline.models.equations.language import LanguageSpec, Weights, first_states, log2_of
from pipeline.models.networks.budget import Budget, budget_of
from pipeline.models.networks.build import recurrent_kernels
from pipeline.models.networks.course import Course, Tally
from pipeline.models.networks.did_it_train import milder_signs
from pipeline.models.networks.keras_types import Tensor
from pipeline.models.networks.labelled import Evaluation
from pipeline.models.networks.language.build import LanguageModel, build_language_model
from pipeline.models.networks.language.streams import Cut, windows
from pipeline.models.networks.weight_drop import WeightDrop
from pipeline.settings.tables import NetworkSettings

SAMPLED = 1_024  # symbols that a window's symbols are told from in training, where there are more
_ON_EVALUATION = Callable[[Evaluation], None]
_NO_BETTER = 0.98  # of the loss of the frequencies alone


@dataclass(frozen=True, eq=False)
class FittedLanguageModel:
    """A trained language model as NumPy reads it, with its history."""

    spec: LanguageSpec
    weights: Weights
    history: tuple[Evaluation, ...]
    best_updates: int
    stopped: str  # "early" or "budget"
    why_not: str | None
    warnings: tuple[Warned, ...]
    budget: Budget
    settings: NetworkSettings

    @property
    def parameters(self) -> int:
        """How many numbers were trained."""
        return sum(int(np.prod(weight.shape)) for weight in self.weights.values())

    @property
    def kept(self) -> Evaluation:
        """The evaluation whose weights are kept."""
        return next(one for one in self.history if one.updates == self.best_updates)


def fit_language_model(
    spec: LanguageSpec,
    train: Streams,
    validation: Streams | None,
    settings: NetworkSettings,
    *,
    steps: int,
    seed: int,
    on_evaluation: _ON_EVALUATION = lambda evaluation: None,
) -> FittedLanguageModel:
    """Train on documents until others say stop.

    Parameters
    ----------
    spec : LanguageSpec
    train, validation : Streams
        Without validation documents the whole budget is run.
    settings : NetworkSettings
        Of one network (see `pipeline.settings.tables.settled`); a batch is so many streams.
    steps : int
        Symbols through which gradients flow back.
    seed : int
        Sets initial weights, the order of documents, dropout and what is sampled.

    Notes
    -----
    Each window is read from the states that the one before ended with, which are constants (Mikolov et al. 2010,
    truncated backpropagation); where a document begins they are zeros. With more than `SAMPLED` symbols the softmax of
    training is over what is right and so many sampled symbols, frequent ones more often, each score less the logarithm
    of how often it is expected (Jean et al. 2015, arXiv:1412.2007). Validation takes all symbols, in NumPy.
    """
    model = build_language_model(spec, settings, seed)
    cut = Cut.of(len(train.symbols), settings.batch_size, steps)
    budget = budget_of(settings, cut.windows)
    step = _step(model, settings)
    course, stopped, tally = Course(), "budget", None
    begin = [part for one in first_states(spec, cut.streams) for part in one]
    states: list[Tensor] = begin
    end = budget.first if validation is None else budget.most
    for update, window in enumerate(windows(train, cut, np.random.default_rng(seed)), start=1):
        tally = tally or Tally(course)
        rate = _rate(settings, budget, update - 1)
        loss, clipped, *states = step.run(
            window.symbols, window.following, begin if window.first else states, rate
        )
        tally.add(0, int((window.following != BEGIN).sum()), float(loss), 0, int(clipped))
        if update >= end or budget.is_due(update):
            judged = _judge(step, validation)
            one = tally.evaluation(judged, 1, tuned=True)
            course.history.append(replace(one, epochs=update / cut.windows))
            on_evaluation(course.history[-1])
            _keep_if_better(step, course, settings)
            if course.diverged or update >= end:
                break
            if (
                course.gained_updates
                and update >= budget.floor
                and update - course.gained_updates >= budget.patience
            ):
                stopped = "early"
                break
            tally = None
        stopping.check()
    return _fitted(step, course, stopped, budget, settings, train, fixed=validation is None)


@dataclass(frozen=True, eq=False)
class _Step:
    """What trains a model on one window, and the moving averages of its weights."""

    model: LanguageModel
    run: Callable[..., tuple[Tensor, ...]]
    averages: tuple[Tensor, ...]

    def weights(self) -> dict[str, Float32]:
        """Return the weights by which it is judged: moving averages where there are some."""
        if not self.averages:
            return self.model.weights
        trained = [weight.numpy() for weight in self.model.trainable_weights]
        for weight, average in zip(self.model.trainable_weights, self.averages, strict=True):
            weight.assign(average)
        found = self.model.weights
        for weight, value in zip(self.model.trainable_weights, trained, strict=True):
            weight.assign(value)
        return found


def _step(model: LanguageModel, settings: NetworkSettings) -> _Step:
    import keras
    import tensorflow as tf

    weights = model.trainable_weights
    optimizer = keras.optimizers.Adam(settings.learning_rate)
    optimizer.build(weights)
    drop = WeightDrop(recurrent_kernels(model.reads), settings.weight_drop) if settings.weight_drop else None
    averages = [tf.Variable(weight.value, trainable=False) for weight in weights] if settings.ema else []
    steps = tf.Variable(0.0, trainable=False)
    signature = [
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((None, None), tf.int32),
        [tf.TensorSpec((None, model.spec.units))] * (len(model.reads.inputs) - 1),
        tf.TensorSpec((), tf.float32),
    ]

    @tf.function(input_signature=signature)
    def run(symbols: Tensor, following: Tensor, states: list[Tensor], rate: Tensor) -> tuple[Tensor, ...]:
        if drop:
            drop.drop()
        with tf.GradientTape() as tape:
            read, *after = model.reads([symbols, *states], training=True)  # (B, K, D)
            losses = _losses(model, tf.reshape(read, [-1, model.spec.dimension]), tf.reshape(following, [-1]))
            n = tf.reduce_sum(tf.cast(following != BEGIN, losses.dtype))
            loss = tf.reduce_sum(losses) / tf.maximum(n, 1.0)
        gradients = [
            tf.convert_to_tensor(one) for one in tape.gradient(loss, [weight.value for weight in weights])
        ]
        if drop:
            gradients = drop.restore(weights, gradients)
        gradients, norm = tf.clip_by_global_norm(gradients, settings.clip_norm)
        for gradient, weight in zip(gradients, weights, strict=True):
            optimizer.update_step(gradient, weight, rate)
        optimizer.iterations.assign_add(1)
        if averages:
            t = steps.assign_add(1.0)
            decay = tf.minimum(settings.ema, t / (9.0 + t))
            for average, weight in zip(averages, weights, strict=True):
                average.assign(decay * average + (1.0 - decay) * weight)
        return loss * n, tf.cast(norm > settings.clip_norm, tf.int32), *after

    return _Step(model, run, tuple(averages))


def _losses(model: LanguageModel, read: Tensor, following: Tensor) -> Tensor:
    """Return the loss of what follows each of (M, D) in nats, 0 where a document begins; (M,)."""
    import tensorflow as tf

    table, bias, n_symbols = model.table.value, model.bias.value, model.spec.n_symbols
    real = tf.cast(following != BEGIN, read.dtype)
    if n_symbols > 2 * SAMPLED:
        losses = tf.nn.sampled_softmax_loss(
            table, bias, following[:, None], read, SAMPLED, n_symbols, remove_accidental_hits=True
        )
        return losses * real
    never = tf.one_hot(BEGIN, n_symbols, on_value=-1e9, off_value=0.0)
    scores = tf.matmul(read, table, transpose_b=True) + bias + never  # (M, V)
    followed = tf.where(following == BEGIN, BEGIN + 1, following)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(followed, scores) * real


def _rate(settings: NetworkSettings, budget: Budget, updates: int) -> float:
    if settings.schedule == "constant":
        return settings.learning_rate
    return settings.learning_rate * 0.5 * (1.0 + math.cos(math.pi * min(updates / budget.first, 1.0)))


def _judge(step: _Step, validation: Streams | None) -> tuple[float | None, None]:
    """Return the mean loss of a symbol of validation documents over all symbols, in nats."""
    if validation is None:
        return None, None
    return -float(log2_of(step.model.spec, step.weights(), validation).mean()) * math.log(2.0), None


def _keep_if_better(step: _Step, course: Course, settings: NetworkSettings) -> None:
    last = course.history[-1]
    if course.diverged or last.validation_loss is None or not last.validation_loss < course.best_loss:
        return
    course.best_loss, course.best_updates = last.validation_loss, last.updates
    if last.validation_loss < course.gained_loss - settings.min_gain:
        course.gained_loss, course.gained_updates = last.validation_loss, last.updates
    course.best_weights = [*step.weights().values()]


def _fitted(
    step: _Step,
    course: Course,
    stopped: str,
    budget: Budget,
    settings: NetworkSettings,
    train: Streams,
    *,
    fixed: bool,
) -> FittedLanguageModel:
    now = step.weights()
    best_weights = [value for value in course.best_weights if value is not None] or [*now.values()]
    weights = dict(zip(now, best_weights, strict=True))
    raised = "networks.max_epochs" if settings.max_epochs else "networks.budget_growth"
    best = course.kept_updates
    return FittedLanguageModel(
        step.model.spec,
        weights,
        tuple(course.history),
        best,
        stopped,
        _why_not(course, train),
        milder_signs(course.history, best, stopped, fixed=fixed, raised=raised),
        budget,
        settings,
    )


def _why_not(course: Course, train: Streams) -> str | None:
    """Return why it counts as "did not train": no finite loss, or none below that of the frequencies alone."""
    last = course.history[-1]
    if not np.isfinite(last.loss):
        return (
            f"the training loss is {last.loss} after {last.updates:,} updates; lower networks.learning_rate"
        )
    losses = [one.validation_loss for one in course.history if one.validation_loss is not None]
    counts = np.bincount(train.symbols[train.said]).astype(float)
    shares = counts[counts > 0] / counts.sum()
    entropy = -float((shares * np.log(shares)).sum())
    if losses and min(losses) >= _NO_BETTER * entropy:
        what = f"the validation loss ended at {min(losses):.3f} nats"
        what += f"; {entropy:.3f} is what the frequencies of training words alone give"
        return f"{what}; train longer (networks.budget_updates) or with another networks.learning_rate"
    return None
