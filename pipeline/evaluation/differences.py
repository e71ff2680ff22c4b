"""Pooled runs of two models > the difference of a metric on the same documents, with its chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.core.values import Bool, Float64
from pipeline.core.wording import FIRST_METRIC
from pipeline.evaluation.estimates import (
    Estimate,
    folds_estimate,
    least_variance,
    split_variance,
    unit_means,
    unpaired_estimate,
)
from pipeline.evaluation.few_documents import sign_flips
from pipeline.evaluation.pooling import PooledRun, check_same_documents
from pipeline.tasks.metric import mean_gradient
from pipeline.tasks.table import METRICS

Runs = Sequence[PooledRun]


def paired_runs(a: Runs, b: Runs) -> tuple[Runs, Runs]:
    """Return the runs of two models, after a check that they were tested on the same documents."""
    check_same_documents(a[0], b[0])
    return a, b


def estimate_difference(
    a: Runs,
    b: Runs,
    n_docs: int | None = None,
    chosen: Bool | slice = slice(None),
    *,
    metric: str = FIRST_METRIC,
) -> Estimate:
    """Return how much better a is than b, with the chance that the runs hold: by folds, or seeds and documents.

    Parameters
    ----------
    a, b : PooledRuns of two models, one a seed, of the same documents; of one of them there may be one only
    n_docs : documents of the corpus, where there are folds; all that were tested if absent
    chosen : bool (N,), the tested documents that count; all if absent
    metric : a name of `METRICS`

    Returns
    -------
    Estimate
        Above 0 where a is better: for log loss the difference is b minus a, in nats.
    """
    entry = METRICS[metric]
    few = sign_flips(contributions(a, b, metric, chosen), a[0].groups[chosen])
    return replace(_by_t(a, b, n_docs, chosen, metric), largest=entry.largest, few=few)


def _by_t(a: Runs, b: Runs, n_docs: int | None, chosen: Bool | slice, metric: str) -> Estimate:
    """Return the estimate whose chance is Student's t, as if enough documents told the two apart."""
    sign = METRICS[metric].sign
    of_a, of_b = (sign * unit_scores(runs, metric, chosen) for runs in (a, b))  # (S_a, n), (S_b, n)
    fold_of = a[0].fold_of
    if len(np.unique(fold_of[chosen])) < 2:
        return unpaired_estimate(of_a, of_b, a[0].groups[chosen])
    everywhere = np.zeros((1, len(fold_of)))  # (1, N)
    everywhere[:, chosen] = of_a.mean(axis=0) - of_b.mean(axis=0)
    return folds_estimate(everywhere, fold_of, n_docs or len(fold_of), chosen)


def contributions(a: Runs, b: Runs, metric: str, chosen: Bool | slice = slice(None)) -> Float64:
    """Return what each chosen document adds to the difference of a metric, times n; float64 (n,).

    Notes
    -----
    0 where both models answer alike with every seed; for log loss, where their losses are the same. The sum / n is the
    difference, exactly but for macro F1, which is taken as linear between the two models.
    """
    sign, slope = METRICS[metric].sign, METRICS[metric].slope
    if slope is None:
        of_a, of_b = (unit_scores(runs, metric, chosen).mean(axis=0) for runs in (a, b))  # (n,) each
        return sign * (of_a - of_b)
    both = [[run.predictions.only(chosen) for run in runs] for runs in (a, b)]
    gradient = mean_gradient([mean_gradient([slope.gradient(found) for found in model]) for model in both])
    of_a, of_b = (np.mean([slope.scores(found, gradient) for found in model], axis=0) for model in both)
    return sign * (of_a - of_b)  # (n,)


def seeds_share(a: Runs, b: Runs, metric: str = FIRST_METRIC) -> float:
    """Return the share of the variance of a difference that is due to seeds, 0 to 1; more seeds make that part smaller.

    Parameters
    ----------
    a, b : PooledRuns of two models, one a seed, of the same documents; the seeds of one run alone count for nothing
    metric : a name of `METRICS`

    Notes
    -----
    It is known as badly as the variance of few seeds is. It says nothing of how large the difference is, so that
    seeds may be added by it without a test that looks twice. With folds all tested documents are taken as one test.
    """
    of_a, of_b = unit_scores(a, metric), unit_scores(b, metric)
    of_a, of_b = (unit_means(scores, a[0].groups) for scores in (of_a, of_b))  # (S_a, G), (S_b, G)
    parts = split_variance(of_a, of_b)
    return sum(parts.seeds) / max(parts.total, least_variance(of_a.shape[1]))


def unit_scores(runs: Runs, metric: str = FIRST_METRIC, chosen: Bool | slice = slice(None)) -> Float64:
    """Return the unit scores of each run and chosen document; float64 (S, n)."""
    return np.stack([run.unit_scores(metric, chosen) for run in runs])
