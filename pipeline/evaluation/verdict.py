"""Comparisons > the verdict: the best network against the best baseline, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipeline.evaluation.choice import best_baseline, best_network
from pipeline.evaluation.comparisons import SIGNIFICANCE
from pipeline.evaluation.pooling import PooledRun, pool_folds
from pipeline.prediction_files import SavedPredictions

CLAIMS = {
    "beats": "{a} beats {b}: {figures}.",
    "loses": "{a} loses to {b}: {figures}.",
    "equal": "{a} and {b} are equal within {rope}: {figures}.",
    "cannot tell": "it cannot be told whether {a} or {b} is better: {figures}. {reason}",
    "withheld": "{a} did not train, so the verdict is withheld: {accuracy_a} against {accuracy_b} for {b}"
    " says nothing of what such a network can do here.",
}
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
    accuracy_a, accuracy_b = _percent(_mean_accuracy(runs_a)), _percent(_mean_accuracy(runs_b))
    low, high = row["ci95"]
    figures = (
        f"{accuracy_a} against {accuracy_b}, a difference of {_points(row['difference'])} points"
        f" (95 % interval {_points(low)} to {_points(high)})"
    )
    claim = CLAIMS[decision].format(
        a=row["a"],
        b=row["b"],
        accuracy_a=accuracy_a,
        accuracy_b=accuracy_b,
        figures=figures,
        rope=_plain_points(rope),
        reason=_reason(row, n_comparisons),
    )
    one_seed = len(runs_a) == 1 and decision != "withheld"
    return f"On these {_documents(runs_a)} {claim}" + (ONE_SEED if one_seed else "")


def _documents(runs: Sequence[PooledRun]) -> str:
    n_docs = len(runs[0].predictions.documents)
    return f"{n_docs:,} documents, each tested once," if runs[0].folds > 1 else f"{n_docs:,} test documents"


def _reason(row: Mapping, n_comparisons: int) -> str:
    """Return why nothing can be told: too few documents or seeds, or too many comparisons."""
    low, high = row["ci95"]
    if row["p_adjusted"] >= SIGNIFICANCE and (low > 0 or high < 0):
        return (
            f"Corrected for the {n_comparisons} comparisons of this run the p-value is"
            f" {row['p_adjusted']:.2f}, not below {SIGNIFICANCE:.2f}."
        )
    minimum = row["minimum_detectable_difference"]
    size = f"a true difference of {_plain_points(minimum)}"
    if minimum > 1:
        size = "no true difference that accuracy can have"
    return f"With as many documents and seeds, {size} is found four times out of five."


def _mean_accuracy(runs: Sequence[PooledRun]) -> float:
    return float(np.mean([run.right.mean() for run in runs]))


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def _points(fraction: float) -> str:
    """Return percentage points with a sign; never -0.0."""
    return f"{round(100 * fraction, 1) + 0.0:+.1f}"


def _plain_points(fraction: float) -> str:
    number = f"{100 * fraction:.1f}".removesuffix(".0")
    return f"{number} point" if number == "1" else f"{number} points"
