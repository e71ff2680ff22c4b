"""Saved predictions > paired comparisons of models on the same documents, and which pairs to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.evaluation.claims import Against, Claim, claim_of, decide_against
from pipeline.evaluation.differences import Runs, estimate_difference, paired_runs
from pipeline.evaluation.estimates import Estimate, holm, mcnemar_p_value
from pipeline.evaluation.pooling import pool_folds
from pipeline.run_folder.predictions import SavedPredictions

SIDE, VERDICT = "side", "verdict"  # the families in which p-values are corrected


def compare(
    saved: Iterable[SavedPredictions],
    pairs: Sequence[tuple[str, str]],
    rope: float,
    n_docs: int | None = None,
    *,
    metric: str = "accuracy",
) -> list[dict[str, Any]]:
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

    Returns
    -------
    list of dict
        a, b, metric, family ("side": in which p_adjusted is corrected), difference (positive: a is better, also
        where a lower score is), ci95 [lo, hi], p_value, p_adjusted, decision ("beats", "loses", "equal" or
        "cannot tell", said of a), by ("more than the rope" or "perhaps less" where it beats or loses, else None),
        minimum_detectable_difference (a true difference of that size is found with 80 % power, before correction; a
        smaller one can be found, less often. Above 1 no difference that a share can have is found that often),
        seeds (those compared), method ("documents", "documents and seeds" or "folds": which chance the interval
        holds), mcnemar (of the first seed's predictions: seed, only_a, only_b, p_value; None with folds).

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
    metric: str = "accuracy",
) -> tuple[list[dict[str, Any]], Against]:
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
    family: str,
    metric: str,
) -> dict[str, Any]:
    a, b = pair
    return {
        "a": a,
        "b": b,
        "metric": metric,
        "family": family,
        "difference": estimate.difference,
        "ci95": estimate.interval,
        "p_value": estimate.p_value,
        "p_adjusted": p_adjusted,
        "decision": claim.decision,
        "by": claim.by,
        "minimum_detectable_difference": estimate.minimum_detectable_difference,
        "seeds": sorted({run.seed for run in max(runs, key=len)}),
        "method": _method(*runs),
        "mcnemar": _mcnemar(*runs),
    }


def withhold(comparisons: Iterable[Mapping[str, Any]], trained: Mapping[str, bool]) -> list[dict[str, Any]]:
    """Return the rows of `compare`, the decision "withheld" where one of the two models did not train.

    Such a model has lost nothing: it is a failed measurement. `trained` maps names to whether training worked;
    models that are absent count as trained.
    """
    rows = [dict(row) for row in comparisons]
    for row in rows:
        if not (trained.get(row["a"], True) and trained.get(row["b"], True)):
            row |= {"decision": "withheld", "by": None}
    return rows


def _method(a: Runs, b: Runs) -> str:
    if max(a[0].folds, b[0].folds) > 1:
        return "folds"
    return "documents and seeds" if max(len(a), len(b)) > 1 else "documents"


def _mcnemar(a: Runs, b: Runs) -> dict[str, Any] | None:
    """Return McNemar's test of the first seed's predictions; None with folds, which are several fitted models."""
    if _method(a, b) == "folds":
        return None
    only_a, only_b = int((a[0].right & ~b[0].right).sum()), int((b[0].right & ~a[0].right).sum())
    seed = max(a, b, key=len)[0].seed
    return {"seed": seed, "only_a": only_a, "only_b": only_b, "p_value": mcnemar_p_value(only_a, only_b)}
