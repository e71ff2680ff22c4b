"""Saved predictions > paired comparisons of models on the same documents, and which pairs to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.core.wording import FIRST_METRIC, Metric
from pipeline.evaluation.claims import Against, Claim, claim_of, decide_against
from pipeline.evaluation.differences import Runs, estimate_difference, paired_runs
from pipeline.evaluation.estimates import Estimate, holm, mcnemar_p_value
from pipeline.evaluation.pooling import pool_folds
from pipeline.run_folder.metrics.comparisons import Comparison, Family, McNemar, Method
from pipeline.run_folder.predictions import SavedPredictions

SIDE: Family = "side"  # the families in which p-values are corrected
VERDICT: Family = "verdict"


def compare(
    saved: Iterable[SavedPredictions],
    pairs: Sequence[tuple[str, str]],
    rope: float,
    n_docs: int | None = None,
    *,
    metric: Metric = FIRST_METRIC,
) -> list[Comparison]:
    """Return rows of `comparisons` in metrics.json: the score of a minus that of b on the same documents.

    Parameters
    ----------
    saved : iterable of SavedPredictions
        Folds are pooled within a seed; documents are matched by their number.
    pairs : sequence of (a, b)
        All the side questions: their p-values are corrected for their number (Holm), which those of the verdict
        do not raise.
    rope : float
        Region of practical equivalence: differences within [-rope, rope] do not matter to the user.
    n_docs : int, optional
        Documents of the corpus, where there are folds; if absent, all that were tested.
    metric : str
        A key of `METRICS`.

    Raises
    ------
    ValueError
        If two models were tested on different documents or labels.
    """
    pooled = pool_folds(saved)
    paired = [paired_runs(pooled[a], pooled[b]) for a, b in pairs]
    estimates = [estimate_difference(*runs, n_docs, metric=metric) for runs in paired]
    adjusted = holm([estimate.p_value for estimate in estimates])
    return [
        _row(pair, runs, estimate, p_adjusted, claim_of(estimate.interval, p_adjusted, rope), SIDE, metric)
        for pair, runs, estimate, p_adjusted in zip(pairs, paired, estimates, adjusted, strict=True)
    ]


def compare_with_baselines(
    pooled: Mapping[str, Runs],
    a: str,
    baselines: Sequence[str],
    rope: float,
    n_docs: int | None = None,
    *,
    metric: Metric = FIRST_METRIC,
) -> tuple[list[Comparison], Against]:
    """Return the rows of `comparisons` that answer the run's one question, and what they say together.

    The rows are those of `compare`, with the family "verdict": p_adjusted is corrected for the number of
    baselines alone, whatever else was run. See `decide_against` for what is said of all; `pooled` has the runs of
    each model.
    """
    paired = {b: paired_runs(pooled[a], pooled[b]) for b in baselines}
    estimates = {b: estimate_difference(*runs, n_docs, metric=metric) for b, runs in paired.items()}
    against = decide_against(estimates, rope)
    rows = [
        _row((a, b), paired[b], estimates[b], against.p_adjusted[b], against.rows[b], VERDICT, metric)
        for b in baselines
    ]
    return rows, against


def _row(
    pair: tuple[str, str],
    runs: tuple[Runs, Runs],
    estimate: Estimate,
    p_adjusted: float,
    claim: Claim,
    family: Family,
    metric: Metric,
) -> Comparison:
    a, b = pair
    return Comparison(
        a=a,
        b=b,
        metric=metric,
        family=family,
        difference=estimate.difference,
        ci95=estimate.interval,
        p_value=estimate.p_value,
        p_adjusted=p_adjusted,
        decision=claim.decision,
        by=claim.by,
        minimum_detectable_difference=estimate.minimum_detectable_difference,
        seeds=tuple(sorted({run.seed for run in max(runs, key=len)})),
        method=_method(*runs),
        mcnemar=_mcnemar(*runs),
    )


def withhold(comparisons: Iterable[Comparison], trained: Mapping[str, bool]) -> list[Comparison]:
    """Return the rows of `compare`, the decision "withheld" where one of the two models did not train.

    Such a model has lost nothing: it is a failed measurement. `trained` maps names to whether training worked;
    models that are absent count as trained.
    """
    return [
        row
        if trained.get(row.a, True) and trained.get(row.b, True)
        else replace(row, decision="withheld", by=None)
        for row in comparisons
    ]


def _method(a: Runs, b: Runs) -> Method:
    if max(a[0].folds, b[0].folds) > 1:
        return "folds"
    return "documents and seeds" if max(len(a), len(b)) > 1 else "documents"


def _mcnemar(a: Runs, b: Runs) -> McNemar | None:
    """Return McNemar's test of the first seed's predictions; None with folds, which are several fitted models."""
    if _method(a, b) == "folds":
        return None
    only_a, only_b = int((a[0].right & ~b[0].right).sum()), int((b[0].right & ~a[0].right).sum())
    return McNemar(max(a, b, key=len)[0].seed, only_a, only_b, mcnemar_p_value(only_a, only_b))
