"""Comparisons > the verdict: the best network against the best baseline, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipeline.evaluation.choice import best_baseline, best_network
from pipeline.evaluation.comparisons import SIGNIFICANCE
from pipeline.evaluation.pooling import PooledRun, pool_folds
from pipeline.evaluation.wording import detectable_words, difference_words, exact_points, percent
from pipeline.prediction_files import SavedPredictions

CLAIMS = {
    "beats": "{a} beats {b}: {figures}.",
    "loses": "{a} loses to {b}: {figures}.",
    "equal": "{smallest}, and {a} and {b} are equal within {rope}: {figures}.{known}",
    "cannot tell": "{smallest}, and it cannot be told whether {a} or {b} is better: {figures}.{why}",
    "withheld": "{failed} did not train, so the verdict is withheld: {accuracy_a} against {accuracy_b} for {b}"
    " says nothing of what such a network can do here.",
}
KNOWN = " The difference is not zero, but too small to matter."
ONE_SEED = " This is about this fitted model only: it was trained with one seed."


def decide_verdict(
    kinds: Mapping[str, str],
    validation_accuracy: Mapping[str, float],
    trained: Mapping[str, bool],
    comparisons: Sequence[Mapping],
    saved: Iterable[SavedPredictions],
    *,
    rope: float,
) -> dict:
    """Return `verdict` of metrics.json: best network (a) against best baseline (b), chosen by validation.

    Parameters
    ----------
    kinds : mapping of model name to "network", "baseline" or "control"
    validation_accuracy : mapping of model name to mean validation accuracy
    trained : mapping of model name to whether its training worked; models that are absent count as trained
    comparisons : the rows of `compare`, (a, b) among them
    saved : the predictions that the comparisons were made from
    rope : region of practical equivalence, a fraction of 1

    Returns
    -------
    dict
        a, b (None where there is none), decision (None then), sentence, rope, minimum_detectable_difference.

    Raises
    ------
    ValueError
        If (a, b) was not compared.
    """
    a, b = best_network(kinds, validation_accuracy), best_baseline(kinds, validation_accuracy)
    verdict = {"a": a, "b": b, "decision": None, "rope": rope, "minimum_detectable_difference": None}
    if a is None or b is None:
        return verdict | {"sentence": _nothing_to_compare(a, b)}
    row = _comparison_of(comparisons, a, b)
    decision = row["decision"] if trained.get(a, True) else "withheld"
    sentence = _sentence(decision, row, pool_folds(saved), rope, len(comparisons))
    minimum = row["minimum_detectable_difference"]
    return verdict | {"decision": decision, "sentence": sentence, "minimum_detectable_difference": minimum}


def _nothing_to_compare(a: str | None, b: str | None) -> str:
    absent = [kind for kind, name in (("network", a), ("baseline", b)) if name is None]
    return f"There is no verdict: no {' and no '.join(absent)} was run."


def _comparison_of(comparisons: Sequence[Mapping], a: str, b: str) -> Mapping:
    for row in comparisons:
        if (row["a"], row["b"]) == (a, b):
            return row
    raise ValueError(f"{a} and {b} were not compared")


def _sentence(
    decision: str, row: Mapping, pooled: Mapping[str, list[PooledRun]], rope: float, n_comparisons: int
) -> str:
    """Return the verdict in plain words, with its numbers."""
    runs_a, runs_b = pooled[row["a"]], pooled[row["b"]]
    accuracy_a, accuracy_b = percent(_mean_accuracy(runs_a)), percent(_mean_accuracy(runs_b))
    difference = difference_words(row["difference"], row["ci95"])
    claim = CLAIMS[decision].format(
        a=row["a"],
        b=row["b"],
        accuracy_a=accuracy_a,
        accuracy_b=accuracy_b,
        figures=f"{accuracy_a} against {accuracy_b}, a difference of {difference}",
        rope=exact_points(rope),
        smallest=detectable_words(row["minimum_detectable_difference"]),
        known=KNOWN if _leaves_out_zero(row) and row["p_adjusted"] < SIGNIFICANCE else "",
        why=_why_not_told(row, n_comparisons),
        failed=_failed(runs_a),
    )
    one_seed = len(runs_a) == 1 and runs_a[0].folds == 1 and decision != "withheld"
    return f"On these {_documents(runs_a)} {claim}" + (ONE_SEED if one_seed else "")


def _failed(runs: Sequence[PooledRun]) -> str:
    """Return what did not train of a network of which at least one fit did not."""
    n_fits = sum(run.folds for run in runs)
    return f"at least one of the {n_fits} fits of {runs[0].name}" if n_fits > 1 else runs[0].name


def _documents(runs: Sequence[PooledRun]) -> str:
    n_docs = len(runs[0].predictions.documents)
    return f"{n_docs:,} documents, each tested once," if runs[0].folds > 1 else f"{n_docs:,} test documents"


def _why_not_told(row: Mapping, n_comparisons: int) -> str:
    """Return what the correction changed; empty where the interval alone leaves the question open."""
    if not _leaves_out_zero(row):
        return ""
    return (
        f" Corrected for the {n_comparisons} comparisons of this run the p-value is"
        f" {row['p_adjusted']:.2f}, not below {SIGNIFICANCE:.2f}."
    )


def _leaves_out_zero(row: Mapping) -> bool:
    low, high = row["ci95"]
    return bool(low > 0 or high < 0)


def _mean_accuracy(runs: Sequence[PooledRun]) -> float:
    return float(np.mean([run.right.mean() for run in runs]))
