"""The linear models of one fold: n-gram counts and averaged vectors."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.resources import PeakMemory, milliseconds_of_each
from pipeline.core.values import Float32, Int32, Int64, TokenizedCorpus
from pipeline.embeddings.table import Embedded, encode_covered
from pipeline.experiment.choose_settings import Judge, choose_settings
from pipeline.experiment.data import (
    Fold,
    Material,
    Validated,
    chosen_by_share,
    documents_to_time,
    save_test_predictions,
    validate,
)
from pipeline.experiment.record import Choice, Fit, FoldRecord
from pipeline.experiment.tuning import Score
from pipeline.models.baselines.choice import Chosen, Grade, Tried, as_fitted, choose_strength
from pipeline.models.baselines.features import average
from pipeline.models.baselines.fitting import FittedBaseline, fit_baseline
from pipeline.models.baselines.table import BASELINES, NgramRange, TextSize
from pipeline.models.save import files_of_baseline, files_of_mean
from pipeline.models.table import PlannedModel
from pipeline.run_folder.models import write_model
from pipeline.tasks.classification.answers import Predictions
from pipeline.tasks.table import CLASSIFY
from pipeline.text.ngrams import NgramsTooLong, NgramVocabulary, count_ngrams, learn_ngrams
from pipeline.text.ragged import select


@dataclass(frozen=True, eq=False)
class Features:
    """One fold's documents as a linear model reads them, a row each."""

    fold: Fold
    train: Any  # csr_array (N, F) or float32 array (N, D)
    validation: Any
    of: Callable[[TokenizedCorpus], Any]  # the features of any documents
    save: Callable[[str, FittedBaseline], None]  # (the model's name, the model)
    seconds: float  # making them took so long
    # least number of training documents > columns of such n-grams; empty where there is nothing to choose
    columns: Mapping[int, Int64] = field(default_factory=dict)
    keep: Callable[[int], Features] | None = None  # the features of n-grams in so many documents alone


def run_baselines(material: Material, fold: Fold, final: Fold, refit: bool, parts: FoldRecord) -> None:
    """Fit every baseline: choose on `fold`, with `refit` fit again on `final`, save predictions.

    Models that read the same n-grams share one count; it is let go before the next is made.
    """
    models = [model for model in material.planned if model.source is None]
    load_libraries()
    if not material.config.run.tune:
        _run_together(material, models, fold, final, refit, parts)
        return
    for planned in models:
        judge = judge_linear(planned, fold, _CountedOnce(planned, fold).features)
        own = choose_settings(material, planned, fold, parts, judge)
        del judge  # and the counts of its last trial, before the chosen ones are made
        _run_together(own, [planned], fold, final, refit, parts)


@dataclass
class _CountedOnce:
    """n-gram counts of one fold: trials that follow each other often count the same n-grams."""

    planned: PlannedModel
    fold: Fold
    last: tuple[NgramRange, Features] | None = None

    def features(self, trial: Material) -> Features:
        wanted = _range_of(trial, self.planned, self.fold)
        if self.last is None or self.last[0] != wanted:
            self.last = None  # let go before the next is made
            self.last = wanted, _count(trial, self.fold, wanted)
        return self.last[1]


def judge_linear(planned: PlannedModel, fold: Fold, features: Callable[[Material], Features]) -> Judge:
    """Return the function that fits a linear model with the settings of a trial and scores validation documents."""

    def judge(trial: Material) -> Score:
        chosen = _choose(trial, planned, features(trial), lambda tried: None).trial
        assert chosen is not None, (
            "there are validation documents, and every model that is tuned has strengths"
        )
        score = Score(chosen.validation_accuracy, chosen.validation_log_loss)
        if not chosen_by_share(trial.config.run.metric):
            return score
        error = chosen.error_of_merit(len(fold.validation))
        return replace(score, by_metric=chosen.merit, error=error)

    return judge


def _run_together(
    material: Material, models: list[PlannedModel], fold: Fold, final: Fold, refit: bool, parts: FoldRecord
) -> None:
    """Fit these baselines with the same settings; those that read the same n-grams share one count."""
    ranges = {model.name: _range_of(material, model, fold) for model in models}
    for ngrams in dict.fromkeys(ranges.values()):
        with material.console.stage(f"Counting n-grams of {ngrams.shortest} to {ngrams.longest} tokens"):
            counted = _count(material, fold, ngrams)
            final_counted = _count(material, final, ngrams) if refit else counted
        for planned in models:
            if ranges[planned.name] == ngrams:
                run_linear(material, planned, counted, final_counted, refit, parts)
        del counted, final_counted


def load_libraries() -> None:
    """Import scikit-learn before any clock of a fit runs."""
    importlib.import_module("sklearn.linear_model")


def run_linear(
    material: Material,
    planned: PlannedModel,
    chosen_on: Features,
    final: Features,
    refit: bool,
    parts: FoldRecord,
) -> None:
    """Fit one linear model: its strength by `chosen_on`; with `refit` its weights again on `final`."""
    fold = chosen_on.fold
    n_settings = _most_settings(planned, chosen_on, material)
    title, best = f"Fitting {planned.name}", 0.0
    with material.console.stage(title, n_settings or None, "settings") as stage, PeakMemory() as memory:

        def on_trial(trial: Tried) -> None:
            nonlocal best
            best = max(best, trial.validation_accuracy)
            stage.advance(1, f"best validation accuracy {best:.1%}")

        start = time.perf_counter()
        chosen = _choose(material, planned, chosen_on, on_trial)
        chosen_on, final = _of_chosen(chosen_on, final, refit, chosen.min_df)
        fitted = _fit(material, planned, chosen, final, refit)
        seconds = time.perf_counter() - start
        probabilities, rate = _predict(material, fitted, final)
        latency = milliseconds_of_each(
            lambda document: fitted.predict_probabilities(final.of(document)),
            documents_to_time(material, final.fold),
        )
    save_test_predictions(material, planned.name, 0, fold, probabilities)
    if fold.number == 0:
        final.save(planned.name, fitted)
    accuracy = _validation_accuracy(material, fitted, chosen_on, refit, chosen)
    validated = _validate(material, chosen, fitted, chosen_on, accuracy)
    fit = Fit(
        name=planned.name,
        seed=0,
        fold=fold.number,
        fit_seconds=seconds,
        predict_documents_per_second=rate,
        peak_rss_mib=memory.mib,
        parameters=fitted.parameters,
        validation_accuracy=accuracy,
        why_not=None,
        warnings=fitted.warnings,
        prepare_seconds=chosen_on.seconds + (final.seconds if refit else 0.0),
        latency_ms=latency,
        settings_tried=max(chosen.settings_tried, 1),
        validation_score=None if validated is None else validated.score,
        validation_error=None if validated is None else validated.error,
    )
    parts.baseline(fit, _choice(planned, fit.fold, chosen) if chosen.tried else None)


def _validate(
    material: Material, chosen: Chosen, fitted: FittedBaseline, chosen_on: Features, accuracy: float | None
) -> Validated | None:
    """Return the score by `run.metric` on validation documents, of the fit that they chose."""

    def answer() -> Float32:
        return _judged(material, chosen, fitted).predict_probabilities(chosen_on.validation)

    return validate(material, chosen_on.fold, answer, accuracy)


def _most_settings(planned: PlannedModel, features: Features, material: Material) -> int:
    """Return how many fits choose: strengths, with each power and least number of documents; fewer may do."""
    entry, settings = BASELINES[planned.model], material.config.baselines
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


def _choice(planned: PlannedModel, fold: int, chosen: Chosen) -> Choice:
    also = chosen.beta, chosen.power, chosen.min_df, chosen.settings_tried
    return Choice(planned.name, fold, "C", chosen.strength, chosen.tried, *also)


def _fit(
    material: Material, planned: PlannedModel, chosen: Chosen, final: Features, refit: bool
) -> FittedBaseline:
    """Return the model with the chosen strength: the fit that chose it, unless other documents are to be fitted."""
    n_classes, settings = len(material.label_names), material.config.baselines
    fitted = None if refit else as_fitted(chosen, n_classes, settings)
    return fitted or fit_baseline(
        planned.model,
        final.train,
        material.labels(final.fold.train),
        n_classes=n_classes,
        strength=chosen.strength,
        settings=settings,
        class_weight=_class_weight(material),
        beta=chosen.beta,
        power=chosen.power,
    )


def _range_of(material: Material, planned: PlannedModel, fold: Fold) -> NgramRange:
    ngrams = BASELINES[planned.model].ngrams
    assert ngrams is not None, "a model that reads vectors has a source"
    n_tokens = int(np.diff(material.tokenized.offsets)[fold.train].sum())
    size = TextSize(len(fold.train), n_tokens, len(material.label_names))
    wanted = ngrams(material.config.baselines, size)
    # A trial of --tune is one fit for every model, so there the first of several least numbers of documents stands.
    return replace(wanted, min_dfs=wanted.min_dfs[:1]) if material.config.run.tune else wanted


def _count(material: Material, fold: Fold, wanted: NgramRange) -> Features:
    start = time.perf_counter()
    min_df = wanted.min_dfs[0]
    try:
        ngrams, train = learn_ngrams(
            select(material.tokenized, fold.train),
            ngram_min=wanted.shortest,
            ngram_max=wanted.longest,
            min_df=min_df,
        )
    except NgramsTooLong as error:
        fix = f"set it to {wanted.longest - 1} or less"  # it may be 0, by length, and cannot be lowered
        raise PipelineError(f"{wanted.prefix}ngram_max", str(error), fix) from error
    if not len(ngrams.keys):
        tokens = f"{wanted.shortest} to {wanted.longest} tokens"
        fixes = [f"set {wanted.prefix}min_df to 1"] if min_df > 1 else []
        fixes += ["lower baselines.ngram_min"] if wanted.shortest > 1 else []
        raise PipelineError(
            "baselines",
            f"no n-gram of {tokens} stands in {min_df} of the {len(fold.train)} training documents",
            ", ".join([*fixes, "or look at the text column" if fixes else "look at the text column"]),
        )
    return _ngram_features(material, fold, ngrams, train, start, wanted.min_dfs)


def _ngram_features(
    material: Material,
    fold: Fold,
    ngrams: NgramVocabulary,
    train: Any,
    start: float,
    min_dfs: tuple[int, ...] = (),
) -> Features:
    def save(name: str, fitted: FittedBaseline) -> None:
        write_model(
            material.run, files_of_baseline(name, fitted, ngrams, material.label_names, material.config)
        )

    validation = count_ngrams(select(material.tokenized, fold.validation), ngrams)
    columns = {min_df: np.flatnonzero(ngrams.document_counts >= min_df) for min_df in min_dfs}
    columns = {min_df: kept for min_df, kept in columns.items() if len(kept)}

    def keep(min_df: int) -> Features:
        kept = np.flatnonzero(ngrams.document_counts >= min_df)
        own = replace(ngrams, keys=ngrams.keys[kept], document_counts=ngrams.document_counts[kept])
        return Features(
            fold,
            train[:, kept],
            validation[:, kept],
            lambda tokenized: count_ngrams(tokenized, own),
            lambda name, fitted: write_model(
                material.run, files_of_baseline(name, fitted, own, material.label_names, material.config)
            ),
            seconds,
        )

    seconds = time.perf_counter() - start
    return Features(
        fold,
        train,
        validation,
        lambda tokenized: count_ngrams(tokenized, ngrams),
        save,
        seconds,
        columns if len(columns) > 1 else {},
        keep,
    )


def _class_weight(material: Material) -> str | None:
    """Return `run.class_weights` under scikit-learn's name for it."""
    asked = material.config.run.class_weights
    return None if asked == "none" else asked


def _choose(
    material: Material, planned: PlannedModel, features: Features, on_trial: Callable[[Tried], None]
) -> Chosen:
    fold = features.fold
    return choose_strength(
        planned.model,
        (features.train, material.labels(fold.train)),
        (features.validation, material.labels(fold.validation)),
        material.config.baselines,
        on_trial,
        class_weight=_class_weight(material),
        columns=features.columns,
        metric=material.config.run.metric,
        grade=grade_by(material),
    )


def grade_by(material: Material) -> Grade | None:
    """Return how answers are graded by `run.metric`; None where it is accuracy, or no metric of answers alone.

    The standard error is that of the mean of the metric's influence values; for accuracy it is sqrt(a (1 - a) / N).
    """
    metric, classes = (
        CLASSIFY.metrics[material.config.run.metric],
        np.eye(len(material.label_names), dtype=np.float32),
    )
    if metric.name == "accuracy" or metric.gradient is None:
        return None

    def grade(labels: Int32, answers: Int32) -> tuple[float, float]:
        judged = Predictions(np.arange(len(labels)), labels, classes[answers], hard=True)
        return metric.value(judged), float(metric.influence(judged).std() / np.sqrt(len(labels)))

    return grade


def _predict(material: Material, fitted: FittedBaseline, final: Features) -> tuple[Float32, float]:
    """Return the test documents' probabilities, and documents per second from tokens to answers."""
    start = time.perf_counter()
    features = final.of(select(material.tokenized, final.fold.test))
    probabilities = fitted.predict_probabilities(features)
    return probabilities, len(probabilities) / max(time.perf_counter() - start, 1e-9)


def _judged(material: Material, chosen: Chosen, fitted: FittedBaseline) -> FittedBaseline:
    """Return the fit that validation documents chose, which a refit has not seen them for."""
    return as_fitted(chosen, len(material.label_names), material.config.baselines) or fitted


def _validation_accuracy(
    material: Material,
    fitted: FittedBaseline,
    chosen_on: Features,
    refit: bool,
    chosen: Chosen,
) -> float | None:
    """Return the accuracy on validation documents that choices are made by; None for a refit without a choice."""
    if chosen.trial is not None:
        return chosen.trial.validation_accuracy
    if refit or not len(chosen_on.fold.validation):
        return None
    answers = fitted.predict_probabilities(chosen_on.validation).argmax(axis=1)
    return float(np.mean(answers == material.labels(chosen_on.fold.validation)))


def run_mean(
    material: Material,
    planned: PlannedModel,
    chosen_on: tuple[Fold, Embedded],
    final: tuple[Fold, Embedded],
    refit: bool,
    parts: FoldRecord,
) -> None:
    """Fit one model of averaged vectors, its strength chosen and its weights fitted as those of the baselines."""
    load_libraries()
    features = _features(material, *chosen_on)
    last = _features(material, *final) if refit else features
    judge = judge_linear(planned, chosen_on[0], lambda trial: features)
    own = choose_settings(material, planned, chosen_on[0], parts, judge)
    run_linear(own, planned, features, last, refit, parts)


def average_vectors(tokenized: TokenizedCorpus, embedded: Embedded) -> Float32:
    """Return the average of each document's vectors, float32 (N, D).

    All tokens of a document count, whatever `networks.max_tokens` says: nothing limits how much an average can
    read, and the baselines read every token too. A word without a vector counts as the unknown row, as it does
    in a network; so does a document without a token.
    """
    return average(encode_covered(tokenized, embedded), embedded.matrix.vectors)


def _features(material: Material, fold: Fold, embedded: Embedded) -> Features:
    def of(tokenized: TokenizedCorpus) -> Any:
        return average_vectors(tokenized, embedded)

    def save(name: str, fitted: FittedBaseline) -> None:
        files = files_of_mean(name, fitted, embedded.source, material.label_names, material.config)
        write_model(material.run, files)

    start = time.perf_counter()
    train, validation = (of(select(material.tokenized, part)) for part in (fold.train, fold.validation))
    seconds = embedded.seconds + time.perf_counter() - start
    return Features(fold, train, validation, of, save, seconds)
