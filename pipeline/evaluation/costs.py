"""What each model costs, and the cheapest one that is shown to be hardly worse than the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipeline.core.names import ModelName
from pipeline.core.wording import FIRST_METRIC, METRIC_WORDS, Metric, MetricWords
from pipeline.evaluation.comparisons import compare
from pipeline.run_folder.details.fitting import ModelCosts
from pipeline.run_folder.metrics.comparisons import Comparison
from pipeline.run_folder.metrics.models import Cheapest, Cost
from pipeline.run_folder.metrics.rows import Interval
from pipeline.run_folder.predictions import SavedPredictions

NONE_TRAINED = Cheapest(None, None, "No model was trained, so none is the cheapest.")


def find_costs(
    saved: Iterable[SavedPredictions],
    models: Sequence[ModelCosts],
    merits: Mapping[str, float] | None,
    trained: Mapping[str, bool],
    rope: float,
    n_docs: int | None = None,
    *,
    metric: Metric = FIRST_METRIC,
) -> tuple[tuple[Cost, ...], Cheapest]:
    """Return `costs` and `cheapest` of metrics.json.

    Parameters
    ----------
    saved : iterable of SavedPredictions
    models : sequence of ModelCosts
        Seconds and memory of each fit, latency and size.
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
    fitted = [model for model in models if model.name in scored]
    eligible = [model.name for model in fitted if _may_be_chosen(model.name, trained)]
    said = METRIC_WORDS[metric]
    if merits is None:
        compared = _worst_of_each(saved, eligible, rope, n_docs, metric)
        alone = eligible[0] if len(eligible) == 1 else None
        costs = tuple(_cost_of(model, alone, compared, rope) for model in fitted)
        return costs, _cheapest_of_every_pair(costs, rope, said)
    best = max(eligible, key=lambda name: merits.get(name, -np.inf), default=None)
    pairs = [(name, best) for name in eligible if best is not None and name != best]
    compared = {row.a: row for row in compare(saved, pairs, rope, n_docs, metric=metric)}
    costs = tuple(_cost_of(model, best, compared, rope) for model in fitted)
    return costs, _cheapest(costs, best, rope, said)


def _worst_of_each(
    saved: Iterable[SavedPredictions], names: Sequence[str], rope: float, n_docs: int | None, metric: Metric
) -> dict[str, Comparison]:
    """Return for each model its comparison with the model that it stands worst against."""
    pairs = [(a, b) for a in names for b in names if a != b]
    worst: dict[str, Comparison] = {}
    for row in compare(saved, pairs, rope, n_docs, metric=metric):
        if row.a not in worst or row.ci95[0] < worst[row.a].ci95[0]:
            worst[row.a] = row
    return worst


def _may_be_chosen(name: str, trained: Mapping[str, bool]) -> bool:
    shuffled = ModelName.parse(name).shuffled_words  # a control that nobody would use
    return trained.get(name, True) and not shuffled


def _cost_of(model: ModelCosts, best: str | None, compared: Mapping[str, Comparison], rope: float) -> Cost:
    name, latency = model.name, model.latency_ms
    difference, ci95 = _from_best(name, best, compared)
    return Cost(
        name=name,
        train_seconds=float(np.mean([fit.prepare_seconds + fit.fit_seconds for fit in model.fits])),
        latency_ms_p50=float(np.percentile(latency, 50)) if len(latency) else None,
        latency_ms_p95=float(np.percentile(latency, 95)) if len(latency) else None,
        peak_rss_mib=max(fit.peak_rss_mib for fit in model.fits),
        size_bytes=model.size_bytes,
        difference_from_best=difference,
        ci95=ci95,
        within_rope_of_best=None if ci95 is None else ci95[0] >= -rope,
    )


def _from_best(
    name: str, best: str | None, compared: Mapping[str, Comparison]
) -> tuple[float, Interval] | tuple[None, None]:
    """Return a model's difference from the best, and its interval; None for one that cannot be chosen."""
    if name == best:
        return 0.0, (0.0, 0.0)
    return (compared[name].difference, compared[name].ci95) if name in compared else (None, None)


def _cheapest(rows: Sequence[Cost], best: str | None, rope: float, said: MetricWords) -> Cheapest:
    if best is None:
        return NONE_TRAINED
    by_name = {row.name: row for row in rows}
    cheapest, cheaper = _cheapest_within(rows)
    sentence = _sentence(cheapest, by_name[best], cheaper, rope, said)
    return Cheapest(cheapest.name, best, sentence)


def _cheapest_within(rows: Sequence[Cost]) -> tuple[Cost, list[Cost]]:
    """Return the cheapest model that is close enough, and the cheaper ones that are not shown to be."""
    cheapest = min((row for row in rows if row.within_rope_of_best), key=lambda row: row.train_seconds)
    cheaper = [
        row for row in rows if row.within_rope_of_best is False and row.train_seconds < cheapest.train_seconds
    ]
    return cheapest, cheaper


def _cheapest_of_every_pair(rows: Sequence[Cost], rope: float, said: MetricWords) -> Cheapest:
    """Return the cheapest model that is close to every other one: nothing has to be chosen for that."""
    if all(row.within_rope_of_best is None for row in rows):
        return NONE_TRAINED
    bound = f"shown to be at most {said.exact(rope)} worse than every other"
    if not any(row.within_rope_of_best for row in rows):
        return Cheapest(None, None, f"No model is {bound}.")
    cheapest, cheaper = _cheapest_within(rows)
    sentence = f"{cheapest.name} is the cheapest model that is {bound}: {_seconds(cheapest)} of training."
    return Cheapest(cheapest.name, None, sentence + _not_shown(cheaper))


def _sentence(cheapest: Cost, best: Cost, cheaper: Sequence[Cost], rope: float, said: MetricWords) -> str:
    """Return in words which model is the cheapest, and what is not known of those that are cheaper still."""
    chosen = f"{best.name}, the best by validation {said.name}"
    if cheapest is best:
        if not cheaper:
            return f"{chosen}, is also the cheapest to train: {_seconds(best)}."
        start = f"No cheaper model is shown to be at most {said.exact(rope)} worse than {chosen}"
        return f"{start} ({_seconds(best)} of training).{_not_shown(cheaper)}"
    difference = said.difference(cheapest.difference_from_best or 0.0, cheapest.ci95 or (0.0, 0.0))
    return (
        f"{cheapest.name} is the cheapest model that is shown to be at most {said.exact(rope)} worse than"
        f" {chosen}:"
        f" {_seconds(cheapest)} of training against {_seconds(best)}, a difference in {said.name} of"
        f" {difference}.{_not_shown(cheaper)}"
    )


def _not_shown(cheaper: Sequence[Cost]) -> str:
    return f" Cheaper, but not shown to be so close: {_names(cheaper)}." if cheaper else ""


def _names(rows: Sequence[Cost]) -> str:
    return ", ".join(row.name for row in rows)


def _seconds(row: Cost) -> str:
    seconds = row.train_seconds
    return (
        f"{seconds:,.0f} s" if seconds >= 100 else f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    )
