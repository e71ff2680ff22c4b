"""Saved predictions of taggers > a row for each: what it finds of the spans, the sentence as the unit of chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipeline.evaluation.differences import unit_scores
from pipeline.evaluation.estimates import crossed_estimate
from pipeline.evaluation.pooling import PooledRun, pool_folds
from pipeline.run_folder.metrics.spans import SpanScores, SpansOfRun, SpansOfType
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.tasks.tag.metrics import SPAN_F1, TOKEN_ACCURACY
from pipeline.tasks.tag.scores import TagScores, score


def find_spans(saved: Iterable[SavedPredictions], kinds: Mapping[str, str]) -> tuple[SpanScores, ...]:
    """Return `spans` of metrics.json: a row for each tagger, in the order of `kinds`; none for classifiers."""
    pooled = pool_folds(entry for entry in saved if isinstance(entry.predictions, TagAnswers))
    return tuple(_row(name, pooled[name]) for name in kinds if name in pooled)


def _row(name: str, runs: Sequence[PooledRun]) -> SpanScores:
    answers = [run.predictions for run in runs if isinstance(run.predictions, TagAnswers)]
    scores = [score(one) for one in answers]
    return SpanScores(
        name=name,
        f1=_mean(one.f1 for one in scores),
        f1_ci95=_interval(runs, SPAN_F1),
        precision=_mean(one.precision for one in scores),
        recall=_mean(one.recall for one in scores),
        token_accuracy=_mean(one.accuracy for one in scores),
        token_accuracy_ci95=_interval(runs, TOKEN_ACCURACY),
        sentences_right=_mean(one.sentences_right for one in scores),
        invalid=_mean(one.invalid for one in scores),
        runs=tuple(
            SpansOfRun(run.seed, one.f1, one.by_type.wrong, one.accuracy, one.words_wrong)
            for run, one in zip(runs, scores, strict=True)
        ),
        types=_types(answers[0], scores[0]),
    )


def _interval(runs: Sequence[PooledRun], metric: str) -> tuple[float, float]:
    """Return the 95 % interval of the mean by a metric, by the chance of sentences and seeds."""
    low, high = crossed_estimate(unit_scores(runs, metric), runs[0].groups).interval
    return max(low, 0.0), min(high, 1.0)


def _types(answers: TagAnswers, scores: TagScores) -> tuple[SpansOfType, ...]:
    counts = scores.by_type
    columns = (answers.tagset.type_names, counts.hits, counts.predicted, counts.there)
    return tuple(
        SpansOfType(
            type=name,
            precision=hits / said if said else 0.0,
            recall=hits / there if there else 0.0,
            f1=2 * hits / (said + there) if said + there else 0.0,
            there=int(there),
        )
        for name, hits, said, there in zip(*columns, strict=True)
        if there
    )


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
