"""Predictions and fits > rows: what is said of each fit, of each model, and of each model's classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from typing import cast

from pipeline.core.fits import Fit
from pipeline.evaluation.calibration import CalibrationFacts
from pipeline.evaluation.recorded import Recorded
from pipeline.evaluation.summary import MeanScores
from pipeline.run_folder.details.documents import Bin, ClassScore, ModelScores
from pipeline.run_folder.details.fitting import FittedModel
from pipeline.run_folder.fits import fit_of
from pipeline.run_folder.metrics.models import Result, Summary
from pipeline.run_folder.metrics.rows import Training
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.run_folder.signatures import Signer
from pipeline.tasks.classification.scores import CalibrationBins, score
from pipeline.tasks.table import METRICS, TASKS
from pipeline.tasks.task import NameScores


def result_row(entry: SavedPredictions, recorded: Recorded, signer: Signer) -> Result:
    """Return one row of `results`: scores from the predictions, the rest from the fit."""
    fit, model = recorded.fits[fit_of(entry)], recorded.models[entry.name]
    scores = score(entry.predictions.single)
    return Result(
        name=entry.name,
        kind=model.kind,
        model=model.model,
        head=fit.head or model.head,
        vectors=cast(Training | None, fit.vectors),
        embedding=model.embedding,
        seed=entry.seed,
        fold=entry.fold,
        trained=fit.why_not is None,
        why_not=fit.why_not,
        warnings=fit.warnings,
        accuracy=scores.accuracy,
        macro_f1=scores.macro_f1,
        log_loss=scores.log_loss,
        ece=scores.ece,
        parameters=fit.parameters,
        validation_accuracy=fit.validation_accuracy,
        validation_score=validation_score(fit, recorded.config.run.metric),
        signature=_signature([entry], model, signer),
    )


def summary_row(
    scores: MeanScores, calibration: CalibrationFacts, recorded: Recorded, signer: Signer
) -> Summary:
    """Return a row of `summary`: a model's scores, what it is, as it was planned, and its signature."""
    model = recorded.models[scores.name]
    entries = [entry for entry in recorded.saved if entry.name == scores.name]
    return Summary(
        **asdict(scores),
        **asdict(calibration),
        model=model.model,
        embedding=model.embedding,
        kind=model.kind,
        signature=_signature(entries, model, signer),
    )


def _signature(entries: list[SavedPredictions], model: FittedModel, signer: Signer) -> str:
    if model.kind == "outside":
        return signer.sign_outside(entries)
    return signer.sign(entries, model.embedding)


def validation_score(fit: Fit, metric: str) -> float | None:
    """Return the fit's score on validation documents; a run older than `run.metric` recorded accuracy alone."""
    score = fit.validation_score
    return fit.validation_accuracy if score is None and METRICS[metric].is_share_of_right else score


def by_model(saved: Iterable[SavedPredictions]) -> tuple[ModelScores, ...]:
    """Return per-class scores, confusion and calibration of each model, its runs taken together."""
    runs: dict[str, list[SavedPredictions]] = defaultdict(list)
    for entry in saved:
        runs[entry.name].append(entry)
    return tuple(_detailed(name, entries) for name, entries in runs.items())


def _detailed(name: str, entries: list[SavedPredictions]) -> ModelScores:
    first = entries[0].predictions
    whole = first.joined([entry.predictions for entry in entries])
    scores, by_name = score(whole.single), TASKS[first.task].by_name(whole)
    per_class = _per_class(by_name, entries[0].label_names, len({entry.seed for entry in entries}))
    table = () if by_name.confusion is None else by_name.confusion
    confusion = tuple(tuple(int(number) for number in line) for line in table)
    return ModelScores(name, len(entries), per_class, confusion, _bins(scores.calibration))


def _per_class(scores: NameScores, label_names: Iterable[str], n_seeds: int) -> tuple[ClassScore, ...]:
    """Return the scores of each class; its documents count once, however many seeds answer them."""
    of_classes = zip(label_names, scores.precision, scores.recall, scores.f1, scores.support, strict=True)
    return tuple(
        ClassScore(label, precision, recall, f1, support // n_seeds)
        for label, precision, recall, f1, support in of_classes
    )


def _bins(bins: CalibrationBins) -> tuple[Bin, ...]:
    """Return the documents by confidence, a row for each bin."""
    of_bins = zip(bins.edges[:-1], bins.edges[1:], bins.counts, bins.confidence, bins.accuracy, strict=True)
    return tuple(Bin(*of_bin) for of_bin in of_bins)
