"""Fits of linear models: n-gram counts and averaged vectors."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cache

import numpy as np

from pipeline.core.console import Stage
from pipeline.core.fits import Fit, FitResult, ModelFiles, Result, Row, Score
from pipeline.core.resources import PeakMemory, milliseconds_of_each
from pipeline.core.values import Float32, Int32
from pipeline.core.warned import Warned
from pipeline.embeddings.table import encode_covered
from pipeline.experiment.choose_settings import Judge, choose_settings
from pipeline.experiment.data import (
    RunData,
    Split,
    answers_on_test,
    answers_on_validation,
    documents_to_time,
    thresholds_on,
    validate,
)
from pipeline.experiment.embedded_split import coverage_warnings, read_split
from pipeline.experiment.jobs import Job
from pipeline.experiment.linear_features import (
    CountedOnce,
    Features,
    average_features,
    count_features,
    range_of,
)
from pipeline.models.baselines.choice import Chosen, Grade, Tried, as_fitted, choose_strength
from pipeline.models.baselines.fitting import FittedBaseline, fit_baseline
from pipeline.models.baselines.table import BASELINES
from pipeline.models.golden import golden_texts
from pipeline.models.save import Particulars, is_kept
from pipeline.models.table import PlannedModel
from pipeline.text.ragged import select
from pipeline.text.tokenizer import tokenize


def fit_baselines(data: RunData, job: Job) -> Iterator[Result]:
    """Fit linear models of n-gram counts; yield each as it ends, and under --tune each trial.

    Models that read the same n-grams share one count; it is let go before the next is made.
    """
    data, fold, final = job.data(data), job.fold, job.final
    load_libraries()
    if not data.config.run.tune:
        yield from _fit_together(data, job.models, fold, final, job.refit)
        return
    for planned in job.models:
        judge = judge_linear(planned, fold, CountedOnce(planned, fold).features)
        own = yield from choose_settings(data, planned, fold, judge)
        del judge  # and the counts of its last trial, before the chosen ones are made
        yield from _fit_together(own, [planned], fold, final, job.refit)


def fit_mean(data: RunData, job: Job) -> Iterator[Result]:
    """Fit a model of averaged vectors, its strength chosen and its weights fitted as those of the baselines."""
    data = job.data(data)
    split = read_split(data, job, refit=False)
    load_libraries()
    final = read_split(data, job, refit=job.refit)
    features = last = average_features(data, split.fold, split.embedded)
    if job.refit:
        last = average_features(data, final.fold, final.embedded)
    tested = encode_covered(select(data.tokenized, final.fold.test), final.embedded)
    judge = judge_linear(job.model, split.fold, lambda trial: features)
    own = yield from choose_settings(data, job.model, split.fold, judge)
    yield fit_linear(own, job.model, features, last, job.refit, coverage_warnings(tested))


def judge_linear(planned: PlannedModel, fold: Split, features: Callable[[RunData], Features]) -> Judge:
    """Return the function that fits a linear model with the settings of a trial and scores validation documents."""

    def judge(trial: RunData) -> Score:
        chosen = _choose(trial, planned, features(trial), lambda tried: None).trial
        assert chosen is not None, (
            "there are validation documents, and every model that is tuned has strengths"
        )
        score = Score(chosen.validation_accuracy, chosen.validation_log_loss)
        if trial.task.metrics[trial.config.run.metric].told_by_training:
            return score
        error = chosen.error_of_merit(len(fold.validation))
        return replace(score, by_metric=chosen.merit, error=error)

    return judge


def _fit_together(
    data: RunData, models: Sequence[PlannedModel], fold: Split, final: Split, refit: bool
) -> Iterator[FitResult]:
    """Fit these baselines with the same settings; those that read the same n-grams share one count."""
    ranges = {model.name: range_of(data, model, fold) for model in models}
    for ngrams in dict.fromkeys(ranges.values()):
        with data.console.stage(f"Counting n-grams of {ngrams.shortest} to {ngrams.longest} tokens"):
            counted = count_features(data, fold, ngrams)
            final_counted = count_features(data, final, ngrams) if refit else counted
        for planned in models:
            if ranges[planned.name] == ngrams:
                yield fit_linear(data, planned, counted, final_counted, refit)
        del counted, final_counted


def load_libraries() -> None:
    """Import scikit-learn before any clock of a fit runs."""
    importlib.import_module("sklearn.linear_model")


def fit_linear(
    data: RunData,
    planned: PlannedModel,
    chosen_on: Features,
    final: Features,
    refit: bool,
    warnings: tuple[Warned, ...] = (),
) -> FitResult:
    """Fit one linear model: its strength by `chosen_on`; with `refit` its weights again on `final`.

    `warnings` are what is to be said of the documents that it reads.
    """
    fold = chosen_on.fold
    title, n_settings = f"Fitting {planned.name}", _most_settings(planned, chosen_on, data)
    with data.console.stage(title, n_settings or None, "settings") as stage, PeakMemory() as memory:
        start = time.perf_counter()
        chosen = _choose(data, planned, chosen_on, _telling(stage))
        chosen_on, final = _of_chosen(chosen_on, final, refit, chosen.min_df)
        fitted = _fit(data, planned, chosen, final, refit)
        seconds = time.perf_counter() - start
        probabilities, rate = _predict(data, fitted, final)
        timed = documents_to_time(data, final.fold)
        latency = milliseconds_of_each(lambda one: fitted.predict_probabilities(final.of(one)), timed)
    told = _judged(data, chosen, fitted)
    on_validation = cache(lambda: told.predict_probabilities(chosen_on.validation))
    thresholds = fitted.thresholds
    if thresholds is None:
        thresholds = thresholds_on(data, chosen_on.fold, on_validation)
    accuracy = _validation_accuracy(data, fitted, chosen_on, refit, chosen)
    validated = validate(data, chosen_on.fold, on_validation, accuracy)
    fit = Fit(
        name=planned.name,
        seed=0,
        fold=fold.number,
        fit_seconds=seconds,
        predict_documents_per_second=rate,
        peak_rss_mib=memory.mib,
        parameters=fitted.parameters,
        validation_accuracy=accuracy,
        warnings=(*fitted.warnings, *warnings),
        prepare_seconds=chosen_on.seconds + (final.seconds if refit else 0.0),
        latency_ms=latency,
        settings_tried=max(chosen.settings_tried, 1),
        validation_score=None if validated is None else validated.score,
        validation_error=None if validated is None else validated.error,
    )
    return FitResult(
        fit,
        answers_on_test(data, fold, probabilities, thresholds),
        model=_saved(data, fit, fitted, final, thresholds),
        choice=_choice(planned, fit.fold, chosen) if chosen.tried else None,
        on_validation=answers_on_validation(data, fold, on_validation, thresholds),
    )


def _telling(stage: Stage) -> Callable[[Tried], None]:
    """Return what tells a person of each trial: the best validation accuracy so far."""
    best = 0.0

    def on_trial(trial: Tried) -> None:
        nonlocal best
        best = max(best, trial.validation_accuracy)
        stage.advance(1, f"best validation accuracy {best:.1%}")

    return on_trial


def _saved(
    data: RunData, fit: Fit, fitted: FittedBaseline, final: Features, thresholds: Float32 | None
) -> ModelFiles | None:
    """Return the model's files, with its answers to the golden texts; None where it is not kept."""
    if not is_kept(data.config, fit.fold):
        return None
    golden = fitted.predict_probabilities(final.of(tokenize(golden_texts(), data.config.tokenizer)))
    known = Particulars(
        fit.key, data.label_names, data.config, golden, writing=data.writing, thresholds=thresholds
    )
    return final.files(known, fitted)


def _most_settings(planned: PlannedModel, features: Features, data: RunData) -> int:
    """Return how many fits choose: strengths, with each power and least number of documents; fewer may do."""
    entry, settings = BASELINES[planned.model], data.config.baselines
    return (
        len(entry.strengths(settings)) * max(len(entry.powers(settings)), 1) * max(len(features.columns), 1)
    )


def _of_chosen(
    chosen_on: Features, final: Features, refit: bool, min_df: int | None
) -> tuple[Features, Features]:
    """Return both with the n-grams of the chosen least number of documents."""
    if min_df is None or chosen_on.keep is None or final.keep is None:
        return chosen_on, final
    kept = chosen_on.keep(min_df)
    return kept, final.keep(min_df) if refit else kept


def _choice(planned: PlannedModel, fold: int, chosen: Chosen) -> Row:
    """Return the row of details/choices.json: what validation chose, and what was tried."""
    return {
        "name": planned.name,
        "fold": fold,
        "what": "C",
        "chosen": chosen.strength,
        "tried": [asdict(one) for one in chosen.tried],
        "beta": chosen.beta,
        "power": chosen.power,
        "min_df": chosen.min_df,
        "settings_tried": chosen.settings_tried,
    }


def _fit(
    data: RunData, planned: PlannedModel, chosen: Chosen, final: Features, refit: bool
) -> FittedBaseline:
    """Return the model with the chosen strength: the fit that chose it, unless other documents are to be fitted."""
    n_classes, settings = len(data.label_names), data.config.baselines
    fitted = None if refit else as_fitted(chosen, n_classes, settings)
    return fitted or fit_baseline(
        planned.model,
        final.train,
        data.labels(final.fold.train),
        n_classes=n_classes,
        strength=chosen.strength,
        settings=settings,
        class_weight=_class_weight(data),
        beta=chosen.beta,
        power=chosen.power,
    )


def _class_weight(data: RunData) -> str | None:
    """Return `run.class_weights` under scikit-learn's name for it."""
    asked = data.config.run.class_weights
    return None if asked == "none" else asked


def _choose(
    data: RunData, planned: PlannedModel, features: Features, on_trial: Callable[[Tried], None]
) -> Chosen:
    fold = features.fold
    return choose_strength(
        planned.model,
        (features.train, data.labels(fold.train)),
        (features.validation, data.labels(fold.validation)),
        data.config.baselines,
        on_trial,
        class_weight=_class_weight(data),
        columns=features.columns,
        metric=data.config.run.metric,
        grade=grade_by(data),
        task=data.task,
    )


def grade_by(data: RunData) -> Grade | None:
    """Return how answers are graded by `run.metric`; None where it is accuracy, or no metric of answers alone.

    The standard error is that of the mean of the metric's influence values; for accuracy it is sqrt(a (1 - a) / N).
    """
    task, metric = data.task, data.task.metrics[data.config.run.metric]
    if metric.told_by_training:
        return None

    def grade(labels: Int32, probabilities: Float32) -> tuple[float, float]:
        judged = task.judged(labels, probabilities, metric.name)
        return metric.value(judged), float(metric.influence(judged).std() / np.sqrt(len(labels)))

    return grade


def _predict(data: RunData, fitted: FittedBaseline, final: Features) -> tuple[Float32, float]:
    """Return the test documents' probabilities, and documents per second from tokens to answers."""
    start = time.perf_counter()
    features = final.of(select(data.tokenized, final.fold.test))
    probabilities = fitted.predict_probabilities(features)
    return probabilities, len(probabilities) / max(time.perf_counter() - start, 1e-9)


def _judged(data: RunData, chosen: Chosen, fitted: FittedBaseline) -> FittedBaseline:
    """Return the fit that validation documents chose, which a refit has not seen them for."""
    return as_fitted(chosen, len(data.label_names), data.config.baselines) or fitted


def _validation_accuracy(
    data: RunData, fitted: FittedBaseline, chosen_on: Features, refit: bool, chosen: Chosen
) -> float | None:
    """Return the accuracy on validation documents that choices are made by; None for a refit without a choice."""
    if chosen.trial is not None:
        return chosen.trial.validation_accuracy
    if refit or not len(chosen_on.fold.validation):
        return None
    answers = fitted.predict_probabilities(chosen_on.validation)
    return float(data.task.right(answers, data.labels(chosen_on.fold.validation)).mean())
