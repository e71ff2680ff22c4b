"""What intervals allow to say: one comparison, and a model against every baseline, as tables."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from pipeline.evaluation.claims import (
    MORE,
    PERHAPS_LESS,
    Claim,
    claim_of,
    combine,
    decide_against,
    largest_detectable,
)
from pipeline.evaluation.estimates import Estimate

MORE_BETTER = Claim("beats", MORE, True)
BETTER = Claim("beats", PERHAPS_LESS, True)
EQUAL = Claim("equal", None, True)
OPEN_BUT_AS_GOOD = Claim("cannot tell", None, True)
OPEN = Claim("cannot tell", None, False)
WORSE = Claim("loses", PERHAPS_LESS, False)
MORE_WORSE = Claim("loses", MORE, False)


@pytest.mark.parametrize(
    ("low", "high", "claim"),
    [
        (0.011, 0.05, MORE_BETTER),
        (0.01, 0.05, BETTER),  # the edge belongs to the region
        (0.001, 0.0101, BETTER),
        (0.001, 0.0099, EQUAL),  # whatever lies within the region does not matter
        (-0.01, 0.01, EQUAL),
        (-0.009, 0.02, OPEN_BUT_AS_GOOD),
        (-0.02, 0.02, OPEN),
        (-0.02, 0.009, OPEN),
        (-0.0099, -0.001, EQUAL),
        (-0.0101, -0.001, WORSE),
        (-0.05, -0.01, WORSE),
        (-0.05, -0.011, MORE_WORSE),
    ],
)
def test_four_claims_and_their_mirror_from_one_interval(low: float, high: float, claim: Claim) -> None:
    assert claim_of([low, high], 0.001, rope=0.01) == claim


@pytest.mark.parametrize(("low", "high", "as_good"), [(0.02, 0.05, True), (-0.05, -0.02, False)])
def test_a_direction_needs_its_test_too(low: float, high: float, as_good: bool) -> None:
    assert claim_of([low, high], 0.05, rope=0.01) == Claim("cannot tell", None, as_good)


def test_without_a_region_whatever_is_better_is_better_by_more() -> None:
    assert claim_of([0.0001, 0.1], 0.001, rope=0) == MORE_BETTER
    assert claim_of([-0.0001, 0.1], 0.001, rope=0) == OPEN


# The combinations of docs/decisions/0018-one-question-against-every-baseline.md.
COMBINED = [
    ([MORE_BETTER, MORE_BETTER], "beats"),
    ([MORE_BETTER, BETTER], "beats"),
    ([BETTER, EQUAL], "equal"),
    ([BETTER, OPEN_BUT_AS_GOOD], "cannot tell"),
    ([BETTER, OPEN], "cannot tell"),
    ([BETTER, WORSE], "loses"),
    ([EQUAL, EQUAL], "equal"),
    ([EQUAL, OPEN_BUT_AS_GOOD], "equal"),
    ([EQUAL, OPEN], "cannot tell"),
    ([EQUAL, WORSE], "loses"),
    ([OPEN_BUT_AS_GOOD, OPEN_BUT_AS_GOOD], "cannot tell"),
    ([OPEN, MORE_WORSE], "loses"),
    ([MORE_WORSE, MORE_WORSE], "loses"),
]


@pytest.mark.parametrize(("claims", "decision"), COMBINED)
def test_the_claims_against_each_baseline_make_one(claims: list[Claim], decision: str) -> None:
    assert combine(claims) == combine(claims[::-1]) == decision
    assert combine([*claims, claims[0]]) == decision


def estimate(difference: float, standard_error: float = 0.005, freedom: float = 1000.0) -> Estimate:
    return Estimate(difference, standard_error, freedom)


def against(**differences: float | Estimate):
    made = {name: one if isinstance(one, Estimate) else estimate(one) for name, one in differences.items()}
    return decide_against(made, rope=0.01)


def test_it_beats_only_if_it_beats_every_baseline() -> None:
    found = against(bow=0.05, tfidf=0.03, nbsvm=0.04)  # half a width is 1.96 x 0.005: 0.0098
    assert (found.claim, found.b) == (MORE_BETTER, "tfidf")
    assert against(bow=0.05, tfidf=0.018, nbsvm=0.04).claim == BETTER  # 0.0082 to 0.0278
    open_one = against(bow=0.05, tfidf=0.009, nbsvm=0.04)  # -0.0008 to 0.0188
    assert (open_one.claim.decision, open_one.b) == ("cannot tell", "tfidf")
    assert open_one.rows["bow"] == MORE_BETTER


def test_beating_every_baseline_needs_no_correction_however_many_there_are() -> None:
    """Each p is 0.03, three times that is 0.09: one is not told from the network alone, all together are."""
    difference = float(stats.t.ppf(1 - 0.03 / 2, 1000)) * 0.005
    found = against(bow=difference, tfidf=difference, nbsvm=difference)
    assert list(found.p_adjusted.values()) == pytest.approx([0.09] * 3)
    assert found.claim == BETTER
    assert set(found.rows.values()) == {BETTER}
    mixed = against(bow=difference, tfidf=0.0, nbsvm=difference)
    assert mixed.rows["bow"].decision == "cannot tell"  # alone it is one of three


def test_losing_to_one_is_corrected_for_the_number_of_baselines() -> None:
    difference = -float(stats.t.ppf(1 - 0.03 / 2, 1000)) * 0.005
    assert against(bow=difference).claim.decision == "loses"
    found = against(bow=difference, tfidf=0.0, nbsvm=0.0)
    assert (found.claim.decision, found.p_adjusted["bow"]) == ("cannot tell", pytest.approx(0.09))
    assert against(bow=-0.02, tfidf=0.0, nbsvm=0.05).claim.decision == "loses"


def test_it_loses_to_the_one_it_loses_to_most_surely() -> None:
    wide = Estimate(-0.06, 0.02, 1000)
    found = against(bow=wide, tfidf=-0.03)  # three and six standard errors
    assert (found.b, found.claim.decision) == ("tfidf", "loses")


@pytest.mark.parametrize(
    ("difference", "n_others", "by"),
    [
        (-0.0205, 0, MORE),
        (-0.0205, 2, PERHAPS_LESS),
        (-0.0225, 2, MORE),
    ],  # 2.1 and 2.5 errors beyond the rope
)
def test_by_how_much_it_loses_is_corrected_too(difference: float, n_others: int, by: str) -> None:
    """Of three, one beyond the rope by chance is as likely as with a p of 0.05 / 3: 2.4 standard errors."""
    others = {f"other{number}": 0.05 for number in range(n_others)}
    assert against(bow=difference, **others).claim == Claim("loses", by, False)


def test_it_is_equal_if_at_least_as_good_as_each_and_no_better_than_one() -> None:
    found = decide_against(
        {"bow": estimate(0.03), "tfidf": estimate(0.001, 0.002), "nbsvm": Estimate(0.004, 0.005, 1000)}, 0.01
    )
    assert (found.claim, found.b) == (EQUAL, "tfidf")
    assert found.rows["nbsvm"] == OPEN_BUT_AS_GOOD
    worse = decide_against({"tfidf": estimate(0.001, 0.002), "nbsvm": Estimate(-0.004, 0.005, 1000)}, 0.01)
    assert (worse.claim.decision, worse.b) == ("cannot tell", "nbsvm")


def test_no_baseline_decides_nothing() -> None:
    with pytest.raises(ValueError, match=r"^no baseline to decide against$"):
        decide_against({}, 0.01)


@dataclass(frozen=True)
class Drawn:
    """Differences from baselines whose true values are known, drawn with a shared part of the chance."""

    true: tuple[float, ...]
    shared: float = 0.5

    def decisions(self, n: int = 4000) -> list[str]:
        generator = np.random.default_rng(3)
        common = generator.standard_normal((n, 1)) * np.sqrt(self.shared)
        own = generator.standard_normal((n, len(self.true))) * np.sqrt(1 - self.shared)
        found = np.array(self.true) + 0.005 * (common + own)
        return [
            decide_against({str(place): estimate(one) for place, one in enumerate(row)}, 0.001).claim.decision
            for row in found
        ]


@pytest.mark.longer
def test_false_answers_are_rare_whatever_the_other_baselines_are() -> None:
    """As good as the best of three: "beats" 2.5 % at most and "loses" 5 %; the standard error is 0.35."""
    for others in ((0.0, 0.0), (0.02, 0.03), (0.0, 0.02)):
        decisions = Drawn((0.0, *others)).decisions()
        assert decisions.count("beats") / len(decisions) < 0.035
        assert decisions.count("loses") / len(decisions) < 0.055


def test_weaker_baselines_take_little_power() -> None:
    """Against one baseline 2.8 standard errors are found in 80 %; two that are weaker by 2 points leave it there."""
    true = 2.8 * 0.005
    alone, among_three = (
        Drawn((true, *others)).decisions().count("beats") for others in ((), (true + 0.02, true + 0.02))
    )
    assert alone / 4000 == pytest.approx(0.8, abs=0.02)
    assert among_three > 0.98 * alone


def test_what_a_verdict_can_find_is_decided_by_the_least_certain_comparison() -> None:
    assert largest_detectable([0.02, 0.05, 0.01]) == 0.05
    assert largest_detectable([0.02, None]) is None  # against one baseline nothing can be said
    assert largest_detectable([]) is None
