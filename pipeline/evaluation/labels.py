"""Saved predictions > `labels` of metrics.json: what models that give several labels find, and which they miss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipeline.core.wording import Metric
from pipeline.evaluation.differences import unit_scores
from pipeline.evaluation.estimates import crossed_estimate
from pipeline.evaluation.pooling import PooledRun, pool_folds
from pipeline.run_folder.metrics.labels import LabelScore, LabelScores, LabelsOfRun
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.multilabel.answers import LabelAnswers
from pipeline.tasks.multilabel.by_label import scores_by_label
from pipeline.tasks.multilabel.metrics import METRICS, wrong_labels

FIRST: Metric = "micro-f1"


def find_labels(saved: Sequence[SavedPredictions], kinds: Mapping[str, str]) -> tuple[LabelScores, ...]:
    """Return a row for each model that gives several labels, in the order of `kinds`; none of other tasks."""
    saved = [entry for entry in saved if isinstance(entry.predictions, LabelAnswers)]
    pooled = pool_folds(saved)
    return tuple(_row(name, pooled[name], saved[0].label_names) for name in kinds if name in pooled)


def _row(name: str, runs: Sequence[PooledRun], names: Sequence[str]) -> LabelScores:
    answers = [run.predictions for run in runs if isinstance(run.predictions, LabelAnswers)]

    def mean(metric: str) -> float:
        return _mean(METRICS[metric].value(one) for one in answers)

    def rank(metric: str) -> float | None:
        return None if any(one.hard for one in answers) else mean(metric)

    hits = [int((one.labels & one.said).sum()) for one in answers]
    given = [int(one.said.sum()) for one in answers]
    there = int(answers[0].labels.sum())
    return LabelScores(
        name=name,
        micro_f1=mean("micro-f1"),
        micro_f1_ci95=_interval(runs, "micro-f1"),
        macro_f1=mean("macro-f1"),
        macro_f1_ci95=_interval(runs, "macro-f1"),
        precision=_mean(one / max(of, 1) for one, of in zip(hits, given, strict=True)),
        recall=_mean(one / max(there, 1) for one in hits),
        precision_at_1=rank("precision-at-1"),
        precision_at_3=rank("precision-at-3"),
        precision_at_5=rank("precision-at-5"),
        subset_accuracy=mean("subset-accuracy"),
        hamming_loss=mean("hamming-loss"),
        given=_mean(one / len(answers[0].documents) for one in given),
        runs=tuple(
            LabelsOfRun(run.seed, METRICS["micro-f1"].value(one), int(wrong_labels(one).sum()))
            for run, one in zip(runs, answers, strict=True)
        ),
        labels=_labels(answers[0], names),
    )


def _interval(runs: Sequence[PooledRun], metric: Metric) -> tuple[float, float]:
    """Return the 95 % interval of the mean, by the chance of documents and seeds."""
    low, high = crossed_estimate(unit_scores(runs, metric), runs[0].groups).interval
    return max(low, 0.0), min(high, 1.0)


def _labels(answers: LabelAnswers, names: Sequence[str]) -> tuple[LabelScore, ...]:
    found = scores_by_label(answers)
    met = found.support + answers.said.sum(axis=0)
    return tuple(
        LabelScore(
            label=name,
            precision=float(found.precision[place]),
            recall=float(found.recall[place]),
            f1=float(found.f1[place]),
            there=int(found.support[place]),
        )
        for place, name in enumerate(names)
        if met[place]
    )


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
