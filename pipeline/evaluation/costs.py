"""What each model costs, and the cheapest one that is shown to be hardly worse than the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.core.names import ModelName
from pipeline.core.wording import METRIC_WORDS, MetricWords
from pipeline.evaluation.comparisons import compare
from pipeline.run_folder.predictions import SavedPredictions

Row = dict[str, Any]
NONE_TRAINED: Row = {
    "name": None,
    "best": None,
    "sentence": "No model was trained, so none is the cheapest.",
}


def find_costs(
    saved: Iterable[SavedPredictions],
    models: Sequence[Mapping[str, Any]],
    merits: Mapping[str, float] | None,
    trained: Mapping[str, bool],
    rope: float,
    n_docs: int | None = None,
    *,
    metric: str = "accuracy",
) -> dict[str, Any]:
    """Return `costs` and `cheapest` of metrics.json.

    Parameters
    ----------
    saved : iterable of SavedPredictions
    models : sequence of mapping
        The entries of details/fit_costs.json: name, fits (seconds and memory of each), latency_ms, size_bytes.
    merits : mapping of model name to its mean validation score, higher is better; None with folds
        Chooses the best model; test documents choose nothing. With folds validation documents are tested too, so
        that no model is chosen: each is compared with every other one.
    trained : mapping of model name to whether its training worked
    rope : float
        Region of practical equivalence, a fraction of 1.
    n_docs : int, optional
        Documents of the corpus, where there are folds; if absent, all that were tested.
    metric : str
        A name of `METRICS`.

    Returns
    -------
    dict
        `costs`: name, train_seconds (mean over the fits of what one of them takes, the n-gram counts or the word
        vectors that it reads included), latency_ms_p50, latency_ms_p95, peak_rss_mib, size_bytes,
        difference_from_best, ci95, within_rope_of_best (None for a model that cannot be chosen); where none was
        chosen the best is the model that it stands worst against, by the lower end of the interval.
        `cheapest`: name, best, sentence; name and best are None where there is nothing to choose from, best
        where none was chosen.

    Notes
    -----
    A model is within the region of the best where the 95 % interval of its paired difference from the best ends
    at -rope or above: at most `rope` worse, whatever else it is (non-inferiority); without a best, where that is so
    of every other model. A point estimate decides
    nothing, and the interval is not corrected for the number of models: the line advises, it makes no claim
    of a difference. Of the models within the region the one with the fewest `train_seconds` is the cheapest. A
    model that did not train, one on shuffled words and one that was fitted elsewhere cannot be chosen.
    """
    saved = list(saved)
    scored = {entry.name for entry in saved}
    rows = [_cost_of(model) for model in models if model["name"] in scored]
    eligible = [row["name"] for row in rows if _may_be_chosen(row["name"], trained)]
    said = METRIC_WORDS[metric]
    if merits is None:
        compared = _worst_of_each(saved, eligible, rope, n_docs, metric)
        alone = eligible[0] if len(eligible) == 1 else None
        judged = [row | _judged(row["name"], alone, compared, rope) for row in rows]
        return {"costs": judged, "cheapest": _cheapest_of_every_pair(judged, rope, said)}
    best = max(eligible, key=lambda name: merits.get(name, -np.inf), default=None)
    pairs = [(name, best) for name in eligible if best is not None and name != best]
    compared = {row["a"]: row for row in compare(saved, pairs, rope, n_docs, metric=metric)}
    judged = [row | _judged(row["name"], best, compared, rope) for row in rows]
    return {"costs": judged, "cheapest": _cheapest(judged, best, rope, said)}


def _worst_of_each(
    saved: Iterable[SavedPredictions], names: Sequence[str], rope: float, n_docs: int | None, metric: str
) -> dict[str, Row]:
    """Return for each model its comparison with the model that it stands worst against."""
    pairs = [(a, b) for a in names for b in names if a != b]
    worst: dict[str, Row] = {}
    for row in compare(saved, pairs, rope, n_docs, metric=metric):
        if row["a"] not in worst or row["ci95"][0] < worst[row["a"]]["ci95"][0]:
            worst[row["a"]] = row
    return worst


def _may_be_chosen(name: str, trained: Mapping[str, bool]) -> bool:
    return (
        trained.get(name, True) and not ModelName.parse(name).shuffled_words
    )  # a control that nobody would use


def _cost_of(model: Mapping[str, Any]) -> Row:
    seconds = [fit["prepare_seconds"] + fit["fit_seconds"] for fit in model["fits"]]
    latency = model["latency_ms"]
    return {
        "name": model["name"],
        "train_seconds": float(np.mean(seconds)),
        "latency_ms_p50": float(np.percentile(latency, 50)) if len(latency) else None,
        "latency_ms_p95": float(np.percentile(latency, 95)) if len(latency) else None,
        "peak_rss_mib": max(fit["peak_rss_mib"] for fit in model["fits"]),
        "size_bytes": model["size_bytes"],
    }


def _judged(name: str, best: str | None, compared: Mapping[str, Mapping[str, Any]], rope: float) -> Row:
    if name == best:
        return {"difference_from_best": 0.0, "ci95": [0.0, 0.0], "within_rope_of_best": True}
    if name not in compared:
        return {"difference_from_best": None, "ci95": None, "within_rope_of_best": None}
    interval = compared[name]["ci95"]
    return {
        "difference_from_best": compared[name]["difference"],
        "ci95": interval,
        "within_rope_of_best": bool(interval[0] >= -rope),
    }


def _cheapest(rows: Sequence[Row], best: str | None, rope: float, said: MetricWords) -> Row:
    if best is None:
        return NONE_TRAINED
    by_name = {row["name"]: row for row in rows}
    cheapest, cheaper = _cheapest_within(rows)
    sentence = _sentence(cheapest, by_name[best], cheaper, rope, said)
    return {"name": cheapest["name"], "best": best, "sentence": sentence}


def _cheapest_within(rows: Sequence[Row]) -> tuple[Row, list[Row]]:
    """Return the cheapest model that is close enough, and the cheaper ones that are not shown to be."""
    cheapest = min((row for row in rows if row["within_rope_of_best"]), key=lambda row: row["train_seconds"])
    cheaper = [
        row
        for row in rows
        if row["within_rope_of_best"] is False and row["train_seconds"] < cheapest["train_seconds"]
    ]
    return cheapest, cheaper


def _cheapest_of_every_pair(rows: Sequence[Row], rope: float, said: MetricWords) -> Row:
    """Return the cheapest model that is close to every other one: nothing has to be chosen for that."""
    if all(row["within_rope_of_best"] is None for row in rows):
        return NONE_TRAINED
    bound = f"shown to be at most {said.exact(rope)} worse than every other"
    if not any(row["within_rope_of_best"] for row in rows):
        return {"name": None, "best": None, "sentence": f"No model is {bound}."}
    cheapest, cheaper = _cheapest_within(rows)
    sentence = f"{cheapest['name']} is the cheapest model that is {bound}: {_seconds(cheapest)} of training."
    return {"name": cheapest["name"], "best": None, "sentence": sentence + _not_shown(cheaper)}


def _sentence(cheapest: Row, best: Row, cheaper: Sequence[Row], rope: float, said: MetricWords) -> str:
    """Return in words which model is the cheapest, and what is not known of those that are cheaper still."""
    chosen = f"{best['name']}, the best by validation {said.name}"
    if cheapest is best:
        if not cheaper:
            return f"{chosen}, is also the cheapest to train: {_seconds(best)}."
        start = f"No cheaper model is shown to be at most {said.exact(rope)} worse than {chosen}"
        return f"{start} ({_seconds(best)} of training).{_not_shown(cheaper)}"
    difference = said.difference(cheapest["difference_from_best"], cheapest["ci95"])
    return (
        f"{cheapest['name']} is the cheapest model that is shown to be at most {said.exact(rope)} worse than"
        f" {chosen}:"
        f" {_seconds(cheapest)} of training against {_seconds(best)}, a difference in {said.name} of"
        f" {difference}.{_not_shown(cheaper)}"
    )


def _not_shown(cheaper: Sequence[Row]) -> str:
    return f" Cheaper, but not shown to be so close: {_names(cheaper)}." if cheaper else ""


def _names(rows: Sequence[Row]) -> str:
    return ", ".join(row["name"] for row in rows)


def _seconds(row: Row) -> str:
    seconds = row["train_seconds"]
    return (
        f"{seconds:,.0f} s" if seconds >= 100 else f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    )
