"""Learning curves: accuracy by number of training documents, and between which numbers two families cross."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from pipeline.core.wording import signed_points
from pipeline.evaluation.claims import SIGNIFICANCE
from pipeline.evaluation.differences import estimate_difference, paired_runs
from pipeline.evaluation.estimates import crossed_estimate, holm
from pipeline.evaluation.pairs import best_baseline, best_network
from pipeline.evaluation.pooling import check_same_documents, pool_single
from pipeline.evaluation.summary import summarise
from pipeline.run_folder.details.fitting import CurveSets
from pipeline.run_folder.metrics.comparisons import Crossing, LeadChange, SizeDifference
from pipeline.run_folder.metrics.models import Curve, CurvePoint, LearningCurve
from pipeline.run_folder.metrics.rows import Interval, Kind
from pipeline.run_folder.predictions import SavedPredictions


def find_learning_curve(
    saved: Iterable[SavedPredictions],
    curve: Iterable[SavedPredictions],
    sets: CurveSets | None,
    kinds: Mapping[str, Kind],
    merits: Mapping[str, float],
    generator: np.random.Generator,
) -> LearningCurve:
    """Return `learning_curve` of metrics.json; empty where no curve was asked for.

    Parameters
    ----------
    saved : iterable of SavedPredictions
        Those of the run: fold 0 is the last point of the curve.
    curve : iterable of SavedPredictions
        Those of the smaller sets; `fold` is the number of the set.
    sets : CurveSets, or None
        The sets of training documents, and which fits on them did not train; None where no curve was asked for.
    kinds : mapping of model name to "network", "baseline", "control" or "outside"
    merits : mapping of model name to its mean validation score of the whole set, higher is better
        Chooses the network and the baseline whose crossing is looked for.
    generator : np.random.Generator
        For the bootstrap of the bands.

    Notes
    -----
    Accuracy is that of single answers: of words, where these have tags. Each smaller size is drawn several times, each
    set with one seed. The two models are compared set by set and document by document; sets, which are drawn from
    more, stand where seeds stand in `crossed_estimate`: the interval
    holds the chance of which documents were drawn, of training and of testing. At the whole set, of which there is
    one, they are compared as everywhere: its interval says nothing of other training documents. One is ahead at a size
    where the p-value, corrected for the number of sizes (Holm), is below 5 % and the 95 % interval leaves out 0.
    None is ahead at a size where a fit of either did not train: that is a failed measurement, not a loss. The curves
    cross between the last size at which one is ahead and the first at which the other one is; sizes between
    the two, at which neither is ahead, widen that range. Nothing is said of sizes beyond the data.
    """
    if sets is None:
        return LearningCurve()
    by_size, untrained = _by_size(saved, curve, sets, kinds), _untrained(sets)
    pair = (best_network(kinds, merits), best_baseline(kinds, merits))
    return LearningCurve(
        sizes=tuple(by_size),
        models=_models(by_size, untrained, kinds, generator),
        crossing=_crossing(by_size, *pair, untrained),
    )


def _by_size(
    saved: Iterable[SavedPredictions],
    curve: Iterable[SavedPredictions],
    sets: CurveSets,
    kinds: Mapping[str, Kind],
) -> dict[int, list[SavedPredictions]]:
    """Return the predictions of each number of training documents, ascending; sizes without all fits are left out.

    Where several sets have a size, `seed` is the number of the set among them, from 0: each was trained with one.
    """
    whole = [entry for entry in saved if entry.fold == 0 and kinds.get(entry.name, "outside") != "outside"]
    every_fit = {(entry.name, entry.seed) for entry in whole}
    of_set: dict[int, list[SavedPredictions]] = {0: whole}
    for entry in curve:
        of_set.setdefault(entry.fold, []).append(entry)
    of_size: dict[int, list[int]] = {}
    for one in sets.sets:
        of_size.setdefault(one.train, []).append(one.set)
    complete = {}
    for size, numbers in of_size.items():
        drawn = len(numbers) > 1
        entries = [
            replace(entry, fold=0, seed=draw if drawn else entry.seed)
            for draw, number in enumerate(numbers)
            for entry in of_set.get(number, [])
        ]
        names = {name for name, _ in every_fit}
        wanted = {(name, draw) for name in names for draw in range(len(numbers))} if drawn else every_fit
        found = [entry for entry in entries if (entry.name, entry.seed) in wanted]
        if wanted and wanted <= {(entry.name, entry.seed) for entry in found}:
            complete[size] = found
    return dict(sorted(complete.items()))


def _untrained(sets: CurveSets) -> Counter[tuple[str, int]]:
    """Return how many fits of a model did not train, by its name and the number of training documents."""
    documents = {one.set: one.train for one in sets.sets}
    return Counter((one.name, documents[one.set]) for one in sets.untrained)


def _models(
    by_size: Mapping[int, Sequence[SavedPredictions]],
    untrained: Counter[tuple[str, int]],
    kinds: Mapping[str, Kind],
    generator: np.random.Generator,
) -> tuple[Curve, ...]:
    points: dict[str, list[CurvePoint]] = {}
    for size, entries in by_size.items():
        for row in summarise(entries, generator):
            name = row.name
            seeds = tuple(_accuracy(entry) for entry in entries if entry.name == name)
            point = CurvePoint(size, row.accuracy, row.accuracy_ci95, seeds, untrained[name, size])
            points.setdefault(name, []).append(point)
    return tuple(Curve(name, kinds[name], tuple(found)) for name, found in points.items())


def _accuracy(entry: SavedPredictions) -> float:
    return float(np.mean(entry.predictions.single.predicted == entry.predictions.single.labels))


# --- the crossing ----------------------------------------------------------------------------------------


def _crossing(
    by_size: Mapping[int, Sequence[SavedPredictions]],
    a: str | None,
    b: str | None,
    untrained: Counter[tuple[str, int]],
) -> Crossing:
    if a is None or b is None or len(by_size) < 2:
        return Crossing(a, b, (), (), _why_none(a, b))
    sizes = [_difference(entries, a, b) for entries in by_size.values()]
    adjusted = holm([one.p_value for one in sizes])
    not_trained = {size: tuple(name for name in (a, b) if untrained[name, size]) for size in by_size}
    differences = tuple(
        SizeDifference(
            documents=size,
            difference=one.difference,
            ci95=one.ci95,
            draws=one.draws,
            p_adjusted=p_adjusted,
            ahead=None if not_trained[size] else who_is_ahead(one.ci95, p_adjusted, a, b),
            untrained=not_trained[size],
        )
        for size, one, p_adjusted in zip(by_size, sizes, adjusted, strict=True)
    )
    changes = find_changes([(row.documents, row.ahead) for row in differences])
    sentence = _sentence(a, b, differences, changes) + _left_open(differences)
    return Crossing(a, b, differences, changes, sentence)


@dataclass(frozen=True)
class _Difference:
    """Accuracy of a minus that of b at one size; `draws` sets of that size were drawn."""

    difference: float
    ci95: Interval
    p_value: float
    draws: int


def _difference(entries: Sequence[SavedPredictions], a: str, b: str) -> _Difference:
    """Return the difference at one size, with the chance of the set where several were drawn."""
    pooled = pool_single(entry for entry in entries if entry.name in (a, b))
    runs_a, runs_b = pooled[a], pooled[b]
    if not (len(runs_a) == len(runs_b) > 1):
        alone = estimate_difference(*paired_runs(runs_a, runs_b))
        return _Difference(alone.difference, alone.interval, alone.p_value, 1)
    check_same_documents(runs_a[0], runs_b[0])
    right = [
        np.stack([run.right for run in runs]).astype(np.float64) for runs in (runs_a, runs_b)
    ]  # (R, N) each
    estimate = crossed_estimate(right[0] - right[1], runs_a[0].groups)
    return _Difference(estimate.difference, estimate.interval, estimate.p_value, len(runs_a))


def _left_open(differences: Sequence[SizeDifference]) -> str:
    """Return which sizes say nothing, since a model did not train there."""
    found = [f"{' and '.join(row.untrained)} with {row.documents:,}" for row in differences if row.untrained]
    if not found:
        return ""
    return f" Nothing is said of sizes at which a fit did not train: {', '.join(found)} training documents."


def who_is_ahead(interval: Sequence[float], p_adjusted: float, a: str, b: str) -> str | None:
    """Return the model that is ahead beyond chance, or None.

    >>> who_is_ahead([0.01, 0.03], 0.001, "lstm", "bow")
    'lstm'
    """
    low, high = interval
    if p_adjusted >= SIGNIFICANCE or low <= 0 <= high:
        return None
    return a if low > 0 else b


def find_changes(ahead: Iterable[tuple[int, str | None]]) -> tuple[LeadChange, ...]:
    """Return where the lead changes: from the last size of one leader to the first of the next.

    >>> find_changes([(100, "bow"), (200, None), (400, "lstm"), (800, "lstm")])
    (LeadChange(from_=100, to=400, before='bow', after='lstm'),)
    """
    told = [(size, name) for size, name in ahead if name is not None]
    return tuple(
        LeadChange(size, next_size, name, next_name)
        for (size, name), (next_size, next_name) in pairwise(told)
        if name != next_name
    )


def _why_none(a: str | None, b: str | None) -> str:
    absent = [kind for kind, name in (("network", a), ("baseline", b)) if name is None]
    if absent:
        return f"There is no crossing to look for: no {' and no '.join(absent)} was run."
    return "There is no crossing to look for: the run ended before a smaller set was finished."


def _sentence(a: str, b: str, differences: Sequence[SizeDifference], changes: Sequence[LeadChange]) -> str:
    """Return in words where the curves of network and baseline cross, or that they do not within the data.

    That they do not is said where one model has the higher accuracy at every size; else that no crossing is shown.
    """
    if changes:
        return " ".join(
            f"{change.after} overtakes {change.before} between {change.from_:,} and {change.to:,} training"
            " documents."
            for change in changes
        )
    told = [row for row in differences if row.ahead]
    first, last = differences[0], differences[-1]
    trend = (
        f" {a} minus {b}: {signed_points(first.difference)} points with {first.documents:,} training documents,"
        f" {signed_points(last.difference)} with {last.documents:,}."
    )
    if not told:
        found = f"at none of {len(differences)} sizes is one of the two ahead beyond chance."
        return f"No crossing is shown within your data: {found}{trend}"
    leader, other = told[0].ahead, b if told[0].ahead == a else a
    sizes = ", ".join(f"{row.documents:,}" for row in told)
    found = (
        f"{leader} is ahead beyond chance with {sizes} training documents, {other} with no number of them."
    )
    sign = 1 if leader == a else -1
    everywhere = all(sign * row.difference > 0 for row in differences)
    return f"No crossing {'' if everywhere else 'is shown '}within your data: {found}{trend}"
