"""Validation documents choose a linear model's strength, and what goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from pipeline.core.values import Float32, Float64, Int32, Int64
from pipeline.core.wording import FIRST_METRIC
from pipeline.models.baselines.fitting import (
    FittedBaseline,
    fit_estimator,
    fitted_baseline,
    of_all_classes,
    problem_of,
    single,
    with_values,
)
from pipeline.models.baselines.sklearn_types import Classifier, Features, Pipeline
from pipeline.models.baselines.table import BASELINES, middle, pipeline_of
from pipeline.settings.tables import BaselineSettings
from pipeline.tasks.answers import Answers
from pipeline.tasks.table import OF_CLASSES
from pipeline.tasks.task import DocumentTask

# (what is right, probabilities (N, C)) > a score, its standard error
Grade = Callable[[Int32, Float32], tuple[float, float]]

_NOTHING_IN_A_ROW = 2  # strengths that bring neither a lower log loss nor a higher score: no further one


@dataclass(frozen=True)
class Tried:
    """One strength tried, and its score on validation documents (log loss in nats).

    `beta` is the best of those that were tried with it, and `power` the one it was fitted with; None where the model
    has none. `min_df` is the least number of training documents of the n-grams it was fitted on; None where it reads
    no n-grams, or all that were counted. `validation_score` and `standard_error` are those of the metric of answers
    that the run is judged by; None where that is accuracy, or log loss.
    """

    value: float
    validation_log_loss: float
    validation_accuracy: float
    beta: float | None = None
    power: float | None = None
    min_df: int | None = None
    validation_score: float | None = None
    standard_error: float | None = None

    @property
    def merit(self) -> float:
        """The score by the metric of answers that the run is judged by: accuracy where there is no other."""
        return self.validation_accuracy if self.validation_score is None else self.validation_score

    def error_of_merit(self, n_validation: int) -> float:
        """The standard error of `merit`; that of an accuracy a is sqrt(a (1 - a) / n_validation)."""
        if self.standard_error is not None:
            return self.standard_error
        return float(np.sqrt(self.merit * (1 - self.merit) / n_validation))


@dataclass(frozen=True, eq=False)
class Chosen:
    """What validation documents chose, every strength tried, and the pipeline fitted with the one chosen.

    `pipeline` is None where nothing was tried, `cut_short` whether its fit ended before it converged. `beta` and
    `power` are None where the model has none, `min_df` where there was none to choose.
    """

    strength: float
    beta: float | None = None
    power: float | None = None
    min_df: int | None = None
    tried: tuple[Tried, ...] = ()
    pipeline: Pipeline | None = None
    cut_short: bool = False
    trial: Tried | None = None  # the one that was chosen
    settings_tried: int = 0  # strengths with each power and least number of documents, times betas


def choose_strength(
    name: str,
    train: tuple[Features, Int32],
    validation: tuple[Features, Int32],
    settings: BaselineSettings,
    on_trial: Callable[[Tried], None] = lambda tried: None,
    *,
    class_weight: str | None = None,
    columns: Mapping[int, Int64] = MappingProxyType({}),
    metric: str = FIRST_METRIC,
    grade: Grade | None = None,
    task: DocumentTask[Answers] = OF_CLASSES,
) -> Chosen:
    """Return the settings that do best on validation documents, and the fit with them.

    Parameters
    ----------
    name : str
        An entry of `BASELINES`.
    train, validation : (features, int32 array (N,))
        n-gram counts, csr_array (N, F), or averaged vectors, float32 (N, D); and labels.
    settings : BaselineSettings
        The strengths to try (scikit-learn's C), weakest weights first: each fit starts from the one before. After two
        in a row that bring nothing, no further one is tried.
    on_trial : callable
        Told about each strength tried.
    class_weight : "balanced" or None
        Balanced: classes count the same, in the fit and in the log loss that chooses, however many documents
        each has. The weights are those of the training documents.
    columns : dict of int to int64 array
        Least number of documents > which columns of the features hold such n-grams: one of these is chosen. Empty:
        all columns.
    metric : str
        What the run is judged by: see `best_trial`.
    grade : callable, optional
        Gives a trial its score by `metric`, where that is another metric of answers than accuracy.
    task : DocumentTask
        What is asked of documents; it judges their answers.

    Returns
    -------
    Chosen
        Strength 1.0 where the model has none; the middle of each setting without validation documents. Then nothing
        is tried. The pipeline reads the chosen columns alone.
    """
    entry = BASELINES[name]
    strengths, betas, powers = (sorted(of(settings)) for of in (entry.strengths, entry.betas, entry.powers))
    if not strengths:
        return Chosen(1.0)
    if not len(validation[1]):
        beta, power = (middle(values) if values else None for values in (betas, powers))
        return Chosen(middle(strengths), beta, power, middle(sorted(columns)) if columns else None)
    judge = _Judge(validation[1], _importance(train[1], validation[1], class_weight), betas, grade, task)
    tried: list[Tried] = []
    kept: dict[Tried, tuple[Pipeline, bool]] = {}  # what may still be chosen; whether its fit was cut short
    for min_df in sorted(columns) or (None,):
        read = [
            single(one[0] if min_df is None else one[0][:, columns[min_df]]) for one in (train, validation)
        ]
        pipeline = entry.pipeline(settings, problem_of(read[0], train[1], class_weight))
        for trial, own, cut_short in _trials_of_powers(
            pipeline, (read[0], train[1]), read[1], min_df, powers, strengths, judge
        ):
            tried.append(trial)
            on_trial(trial)
            if not any(_is_beaten(trial, by) for by in kept):
                kept = {old: fit for old, fit in kept.items() if not _is_beaten(old, trial)}
                # a classifier of its own: the next strength is fitted on from this one's
                kept[trial] = pipeline_of(pipeline[0], deepcopy(own)), cut_short
    best = best_trial(tuple(kept), len(validation[1]), metric)
    return Chosen(
        best.value,
        best.beta,
        best.power,
        best.min_df,
        tuple(tried),
        *kept[best],
        trial=best,
        settings_tried=len(tried) * max(len(betas), 1),
    )


def _trials_of_powers(
    pipeline: Pipeline,
    train: tuple[Features, Int32],
    validation: Features,
    min_df: int | None,
    powers: Sequence[float],
    strengths: Sequence[float],
    judge: _Judge,
) -> Iterator[tuple[Tried, Classifier, bool]]:
    """Fit the pipeline with each power, and each strength; yield what `_trials` yields, with the classifier."""
    from sklearn.base import clone

    weighted = pipeline[:-1].fit_transform(train[0]), pipeline[:-1].transform(validation)
    for power in powers or (None,):
        own = with_values(clone(pipeline[-1]), power=power)
        asked = Tried(0.0, np.inf, 0.0, None, power, min_df)
        for trial, cut_short in _trials(own, (weighted[0], train[1]), weighted[1], asked, strengths, judge):
            yield trial, own, cut_short


def _trials(
    classifier: Classifier,
    train: tuple[Features, Int32],
    validation: Features,
    asked: Tried,
    strengths: Sequence[float],
    judge: _Judge,
) -> Iterator[tuple[Tried, bool]]:
    """Fit the classifier with each strength, until two in a row bring nothing.

    Yields how it does on validation documents, and whether its fit ended before it converged.
    """
    tried: list[Tried] = []
    for strength in strengths:
        cut_short = fit_estimator(with_values(classifier, strength=strength), *train)
        tried.append(judge.best(replace(asked, value=strength), classifier, validation))
        yield tried[-1], cut_short
        if _is_past_the_best(tried):
            return


def best_trial(tried: Sequence[Tried], n_validation: int, metric: str = FIRST_METRIC) -> Tried:
    """Return the trial that validation documents choose: the one place that says by what (decision 0020).

    Of scores a standard error apart, counted from the highest, none is known to be better: among those trials the log
    loss, which moves with every document, decides. The score is accuracy, or the metric of answers that the run is
    judged by; with `metric` "log-loss" log loss decides alone.

    >>> weak, strong = Tried(10.0, 0.60, 0.85), Tried(1.0, 0.45, 0.83)
    >>> best_trial([weak, strong], 100).value, best_trial([weak, strong], 10_000).value  # 3.6 and 0.4 points
    (1.0, 10.0)
    """
    highest = max(tried, key=lambda trial: trial.merit)
    least = 0.0 if metric == "log-loss" else highest.merit - highest.error_of_merit(n_validation)
    return min(
        (trial for trial in tried if trial.merit >= least),
        key=lambda trial: trial.validation_log_loss,
    )


def _is_beaten(trial: Tried, other: Tried) -> bool:
    """Return whether `other` has no lower score and no higher log loss, so that `trial` cannot be the best."""
    return other.merit >= trial.merit and other.validation_log_loss <= trial.validation_log_loss


def _is_past_the_best(tried: Sequence[Tried]) -> bool:
    """Return whether the last strengths, ever weaker regularisation, brought nothing.

    >>> trials = [Tried(1.0, 0.5, 0.8), Tried(3.0, 0.4, 0.8), Tried(10.0, 0.45, 0.8), Tried(30.0, 0.41, 0.8)]
    >>> _is_past_the_best(trials[:3]), _is_past_the_best(trials)
    (False, True)
    >>> _is_past_the_best([*trials[:3], Tried(30.0, 0.6, 0.9)])  # the score still grows
    False
    """
    losses = [trial.validation_log_loss for trial in tried]
    scores = [trial.merit for trial in tried]
    latest = max(losses.index(min(losses)), scores.index(max(scores)))
    return len(tried) - 1 - latest >= _NOTHING_IN_A_ROW


def as_fitted(chosen: Chosen, n_classes: int, settings: BaselineSettings) -> FittedBaseline | None:
    """Return the fit that `choose_strength` made on the way as the model itself, for a corpus of `n_classes`.

    None where nothing was tried.
    """
    if chosen.pipeline is None:
        return None
    return fitted_baseline(chosen.pipeline, chosen.cut_short, n_classes, settings)


def _importance(train: Int32, validation: Int32, class_weight: str | None) -> Float64:
    """Return what each validation document counts: all the same, or by its class in training; float64 (N,)."""
    if class_weight is None:
        return np.ones(len(validation))
    in_train = np.bincount(train, minlength=int(validation.max(initial=0)) + 1)
    return 1.0 / np.maximum(in_train, 1)[validation]


@dataclass(frozen=True, eq=False)
class _Judge:
    """What trials are judged by: validation documents, and which betas each fit is tried with."""

    labels: Int32  # (N,), or (N, C)
    importance: Float64  # (N,), what each document counts in the log loss
    betas: Sequence[float]
    grade: Grade | None
    task: DocumentTask[Answers]

    def best(self, trial: Tried, classifier: Classifier, features: Features) -> Tried:
        """Return the trial with the fitted classifier's scores, and the best beta, which the classifier then has."""
        if not self.betas or not hasattr(classifier, "interpolate"):  # one class: nothing to interpolate
            return self.score(trial, classifier, features)
        every = [
            self.score(replace(trial, beta=beta), classifier.interpolate(beta), features)
            for beta in self.betas
        ]
        best = min(every, key=lambda one: one.validation_log_loss)
        classifier.interpolate(best.beta)
        return best

    def score(self, trial: Tried, classifier: Classifier, features: Features) -> Tried:
        """Return the trial with the classifier's scores on the validation documents."""
        labels = self.labels
        n_classes = (
            labels.shape[1] if labels.ndim == 2 else int(max(labels.max(), classifier.classes_.max())) + 1
        )
        probabilities = of_all_classes(classifier, features, n_classes)
        losses = self.task.losses(probabilities, labels)  # (N,)
        scored, error = self.grade(labels, probabilities) if self.grade else (None, None)
        return replace(
            trial,
            validation_log_loss=float(np.average(losses, weights=self.importance)),
            validation_accuracy=float(self.task.right(probabilities, labels).mean()),
            validation_score=scored,
            standard_error=error,
        )
