"""One fold's baselines: n-gram counts, the strength that validation chooses, test predictions."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.baselines import FittedBaseline, Tried, choose_strength, fit_baseline
from pipeline.baselines.linear import BASELINES
from pipeline.errors import PipelineError
from pipeline.indices import NgramsTooLong, NgramVocabulary, count_ngrams, learn_ngrams
from pipeline.material import Fold, Material, save_test_predictions
from pipeline.plan import PlannedModel
from pipeline.record import Choice, Fit, FoldRecord
from pipeline.resources import PeakMemory
from pipeline.storage import save_baseline
from pipeline.tokenizer import select
from pipeline.values import Float32

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_FEW_DOCUMENTS = 100  # fewer training documents than this: every n-gram is rare, so min_df is 1


@dataclass(frozen=True, eq=False)
class Counted:
    """One fold's n-gram counts, learned from its training documents."""

    fold: Fold
    ngrams: NgramVocabulary
    train: csr_array
    validation: csr_array


def run_baselines(material: Material, fold: Fold, final: Fold, parts: FoldRecord) -> None:
    """Fit every baseline: choose on `fold`, fit on `final` (the same fold unless --refit), save predictions."""
    models = [model for model in material.planned if model.source is None]
    importlib.import_module("sklearn.linear_model")  # before any clock of a fit runs
    with material.console.stage("Counting n-grams"):
        counted = _count(material, fold)
        final_counted = counted if final is fold else _count(material, final)
    for planned in models:
        _run_baseline(material, planned, counted, final_counted, parts)


def _count(material: Material, fold: Fold) -> Counted:
    settings = material.config.baselines
    min_df = settings.min_df if len(fold.train) >= _FEW_DOCUMENTS else 1
    try:
        ngrams, train = learn_ngrams(
            select(material.tokenized, fold.train),
            ngram_min=settings.ngram_min,
            ngram_max=settings.ngram_max,
            min_df=min_df,
        )
    except NgramsTooLong as error:
        raise PipelineError("baselines.ngram_max", str(error), "lower it") from error
    if not len(ngrams.keys):
        wanted = f"{settings.ngram_min} to {settings.ngram_max} tokens"
        raise PipelineError(
            "baselines",
            f"no n-gram of {wanted} stands in {min_df} of the {len(fold.train)} training documents",
            "lower baselines.min_df or baselines.ngram_min, or look at the text column",
        )
    return Counted(fold, ngrams, train, count_ngrams(select(material.tokenized, fold.validation), ngrams))


def _run_baseline(
    material: Material, planned: PlannedModel, counted: Counted, final: Counted, parts: FoldRecord
) -> None:
    n_strengths = len(BASELINES[planned.model].strengths(material.config.baselines))
    title, best = f"Fitting {planned.name}", 0.0
    with material.console.stage(title, n_strengths or None, "strengths") as stage, PeakMemory() as memory:

        def on_trial(trial: Tried) -> None:
            nonlocal best
            best = max(best, trial.validation_accuracy)
            stage.advance(1, f"best validation accuracy {best:.1%}")

        start = time.perf_counter()
        strength, tried = _choose(material, planned, counted, on_trial)
        fitted = fit_baseline(
            planned.model,
            final.train,
            material.labels(final.fold.train),
            n_classes=len(material.label_names),
            strength=strength,
            settings=material.config.baselines,
        )
        seconds = time.perf_counter() - start
        probabilities, rate = _predict(material, fitted, final)
    save_test_predictions(material, planned.name, 0, counted.fold, probabilities)
    if counted.fold.number == 0:
        save_baseline(material.run, planned.name, fitted, final.ngrams, material.label_names, material.config)
    fit = Fit(
        name=planned.name,
        seed=0,
        fold=counted.fold.number,
        fit_seconds=seconds,
        predict_documents_per_second=rate,
        peak_rss_mib=memory.mib,
        parameters=fitted.parameters,
        validation_accuracy=_validation_accuracy(material, fitted, counted, final, strength, tried),
        why_not=None,
        warnings=fitted.warnings,
    )
    parts.baseline(fit, Choice(planned.name, fit.fold, "C", strength, tried) if tried else None)


def _choose(
    material: Material, planned: PlannedModel, counted: Counted, on_trial: Callable[[Tried], None]
) -> tuple[float, tuple[Tried, ...]]:
    fold = counted.fold
    return choose_strength(
        planned.model,
        (counted.train, material.labels(fold.train)),
        (counted.validation, material.labels(fold.validation)),
        material.config.baselines,
        on_trial,
    )


def _predict(material: Material, fitted: FittedBaseline, final: Counted) -> tuple[Float32, float]:
    """Return the test documents' probabilities, and documents per second from tokens to answers."""
    start = time.perf_counter()
    counts = count_ngrams(select(material.tokenized, final.fold.test), final.ngrams)
    probabilities = fitted.predict_probabilities(counts)
    return probabilities, len(probabilities) / max(time.perf_counter() - start, 1e-9)


def _validation_accuracy(
    material: Material,
    fitted: FittedBaseline,
    counted: Counted,
    final: Counted,
    strength: float,
    tried: tuple[Tried, ...],
) -> float | None:
    """Return the accuracy on validation documents that choices are made by; None for a refit without a choice."""
    for trial in tried:
        if trial.value == strength:
            return trial.validation_accuracy
    if final is not counted or not len(counted.fold.validation):
        return None
    answers = fitted.predict_probabilities(counted.validation).argmax(axis=1)
    return float(np.mean(answers == material.labels(counted.fold.validation)))
