"""Differences with their chance > what may be said of a model: against one other, and against every baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from scipy.special import stdtr

from pipeline.evaluation.estimates import holm
from pipeline.run_folder.metrics.rows import By, Decision

SIGNIFICANCE = 0.05
MORE: By = "more than the rope"  # by how much one is better or worse
PERHAPS_LESS: By = "perhaps less"


class Estimated(Protocol):
    """A difference (positive: the first model is better) with its chance, as `estimates.Estimate` has it."""

    @property
    def difference(self) -> float: ...
    @property
    def standard_error(self) -> float: ...
    @property
    def degrees_of_freedom(self) -> float: ...
    @property
    def interval(self) -> tuple[float, float]: ...
    @property
    def p_value(self) -> float: ...


@dataclass(frozen=True)
class Claim:
    """What may be said of a against b.

    Attributes
    ----------
    decision : "beats", "loses", "equal", "cannot tell" or "withheld"
    by : "more than the rope" or "perhaps less", where one is better; else None
    at_least_as_good : whether a is at most the rope worse, whatever else it is
    """

    decision: Decision
    by: By | None = None
    at_least_as_good: bool = False


def claim_of(interval: Sequence[float], p_value: float, rope: float) -> Claim:
    """Return what one interval and its p-value allow to say of a.

    Whatever lies within the region of practical equivalence is equal, also where it is not zero: the user has
    said that such a difference does not matter. A better model is better by more than the rope only where the
    whole interval lies beyond it.

    Parameters
    ----------
    interval : [lo, hi], the 95 % interval of a's difference from b, positive where a is better
    p_value : of no difference, corrected or not; a direction is claimed below 0.05 only
    rope : region of practical equivalence: differences within [-rope, rope] do not matter

    >>> claim_of([0.012, 0.03], 0.001, rope=0.01).by
    'more than the rope'
    >>> claim_of([0.002, 0.03], 0.001, rope=0.01).by
    'perhaps less'
    >>> claim_of([-0.004, 0.006], 1.0, rope=0.01).decision
    'equal'
    """
    low, high = interval
    at_least_as_good = low >= -rope
    if at_least_as_good and high <= rope:
        return Claim("equal", None, True)
    if p_value < SIGNIFICANCE and low > 0:
        return Claim("beats", MORE if low > rope else PERHAPS_LESS, True)
    if p_value < SIGNIFICANCE and high < 0:
        return Claim("loses", MORE if high < -rope else PERHAPS_LESS, False)
    return Claim("cannot tell", None, at_least_as_good)


@dataclass(frozen=True)
class Against:
    """What may be said of a model against every baseline of a run, and against each.

    Attributes
    ----------
    claim : of all of them
    b : the baseline that decides
    rows : what may be said against each baseline
    p_adjusted : p-value against each, corrected for the number of baselines (Holm)
    """

    claim: Claim
    b: str
    rows: Mapping[str, Claim]
    p_adjusted: Mapping[str, float]


def decide_against(estimates: Mapping[str, Estimated], rope: float) -> Against:
    """Return what a model's differences from every baseline allow to say of it.

    Parameters
    ----------
    estimates : mapping of each baseline to the model's difference from it, positive where the model is better
    rope : region of practical equivalence, in units of the metric

    Returns
    -------
    Against
        "beats": it is better than each, every one at the plain 5 %. "loses": it is worse than one, after Holm's
        correction for the number of baselines. "equal": it is at least as good as each, within the rope, and not
        better than one by more. Else "cannot tell". `b` decides: for "beats" the baseline with the lowest end of
        the interval; for "loses" the one of the smallest p-value; for "equal" the one of those within the rope,
        for "cannot tell" the one of those that leave it open, with the lowest end.

    Raises
    ------
    ValueError
        If there is no baseline.

    Notes
    -----
    That a model is better than *every* baseline is false if one is as good, so each test may use the whole 5 %
    (intersection-union test [1]_): no correction is needed, however many there are. That it is worse than *some*
    baseline has as many chances of being wrongly said as there are baselines, so there Holm's correction counts
    them. "Loses by more than the rope" is a claim about one baseline that the result picked, so its test at the
    rope is corrected for their number too (Bonferroni).

    A row beats its baseline after Holm's correction, or where all are beaten, which is one claim.

    References
    ----------
    .. [1] Berger (1982), Technometrics 24(4), 295-300.
    """
    if not estimates:
        raise ValueError("no baseline to decide against")
    plain = {name: claim_of(one.interval, one.p_value, rope) for name, one in estimates.items()}
    adjusted = dict(zip(estimates, holm([one.p_value for one in estimates.values()]), strict=True))
    corrected = {name: claim_of(one.interval, adjusted[name], rope) for name, one in estimates.items()}
    beats_all = all(claim.decision == "beats" for claim in plain.values())
    rows = plain if beats_all else corrected
    decision = combine(list(rows.values()))
    b = DECIDING[decision](estimates, corrected)
    by: By | None = None
    if decision == "beats":
        by = MORE if all(claim.by == MORE for claim in plain.values()) else PERHAPS_LESS
    if decision == "loses":
        surely = _beyond(estimates[b], -rope) * len(estimates) < SIGNIFICANCE
        by = MORE if surely and corrected[b].by == MORE else PERHAPS_LESS
    at_least_as_good = all(claim.at_least_as_good for claim in plain.values())
    return Against(Claim(decision, by, at_least_as_good), b, rows, adjusted)


def combine(claims: Sequence[Claim]) -> Decision:
    """Return the decision against every baseline from the claims against each.

    >>> combine([Claim("beats", MORE, True), Claim("equal", None, True)])
    'equal'
    """
    decisions = {claim.decision for claim in claims}
    if "loses" in decisions:
        return "loses"
    if decisions == {"beats"}:
        return "beats"
    if "equal" in decisions and all(claim.at_least_as_good for claim in claims):
        return "equal"
    return "cannot tell"


def _beyond(estimate: Estimated, edge: float) -> float:
    """Return the two-sided p-value of a difference of `edge` where the estimate lies below it; else 1."""
    if estimate.difference >= edge:
        return 1.0
    distance = (edge - estimate.difference) / estimate.standard_error
    return float(2 * stdtr(estimate.degrees_of_freedom, -distance))


Rows = Mapping[str, Claim]
Deciding = Callable[[Mapping[str, Estimated], Rows], str]


def _lowest(estimates: Mapping[str, Estimated], rows: Rows) -> str:
    return min(estimates, key=lambda name: estimates[name].interval[0])


def _surest_loss(estimates: Mapping[str, Estimated], rows: Rows) -> str:
    lost = [name for name in estimates if rows[name].decision == "loses"]
    return min(lost, key=lambda name: (estimates[name].p_value, estimates[name].interval[1]))


def _of_decision(decision: str) -> Deciding:
    def deciding(estimates: Mapping[str, Estimated], rows: Rows) -> str:
        return _lowest(
            {name: one for name, one in estimates.items() if rows[name].decision == decision}, rows
        )

    return deciding


DECIDING: Mapping[str, Deciding] = {
    "beats": _lowest,
    "loses": _surest_loss,
    "equal": _of_decision("equal"),
    "cannot tell": _of_decision("cannot tell"),
}


def largest_detectable(smallest: Iterable[float | None]) -> float | None:
    """Return the smallest detectable difference of one question against several baselines: the largest of theirs.

    "Beats" asks for a difference from each, so the least certain comparison decides what would be found. None where
    against one of them too few documents decide to say any.

    >>> largest_detectable([0.01, 0.025]), largest_detectable([0.01, None])
    (0.025, None)
    """
    sizes = list(smallest)
    known = [size for size in sizes if size is not None]
    return max(known) if known and len(known) == len(sizes) else None
