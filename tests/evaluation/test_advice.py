"""The advice: one rule over every verdict, from decisions, costs and sizes."""

from __future__ import annotations

from typing import Any

import pytest
from filled import typed

from pipeline.evaluation.advice import advise
from pipeline.run_folder.metrics.comparisons import Advice, Comparison, Seeds, Verdict
from pipeline.run_folder.metrics.models import Cost, Result

KINDS = {
    "majority": "control",
    "bow": "baseline",
    "tfidf": "baseline",
    "rnn@w": "network",
    "lstm@w": "network",
    "theirs": "outside",
}
SECONDS = {"majority": 0.1, "bow": 9.0, "tfidf": 5.0, "rnn@w": 30.0, "lstm@w": 60.0}
SIZES = dict.fromkeys(SECONDS, 3_200_000)


def compared(a: str, decision: str, b: str) -> dict[str, Any]:
    return {"a": a, "b": b, "decision": decision}


def advised(
    decision: str | None,
    *rows: dict[str, Any],
    by: str | None = None,
    b: str = "tfidf",
    half: float = 0.03,
    seconds: dict[str, float] = SECONDS,
    sizes: dict[str, int | None] = SIZES,
    models: tuple[str, ...] = tuple(KINDS),
    unusable: tuple[str, ...] = (),
    network: str | None = "lstm@w",
    metric: str = "accuracy",
    warnings: tuple[str, ...] = (),
    why_not: str | None = None,
    share: float | None = None,
    folds: int = 1,
) -> Advice:
    against = {"a": "lstm@w", "b": b, "ci95": [-half, half], "decision": decision or "equal"}
    given = {"a": network, "b": b, "decision": decision, "by": by, "rope": 0.01, "metric": metric}
    verdict = typed(Verdict, given | {"against": [against] if decision else []})
    costs = [
        {"name": name, "train_seconds": seconds[name], "size_bytes": sizes[name], "latency_ms_p50": 4.0}
        | {"within_rope_of_best": None if name in unusable else True}
        for name in models
        if name in seconds
    ]
    results = [
        {"name": name, "kind": KINDS[name], "fold": fold}
        | ({"warnings": warnings, "why_not": why_not} if name == network else {})
        for name in models
        for fold in range(folds)
    ]
    steps = [] if share is None else [{"seeds": 3, "share": share, "against": b}]
    return advise(
        verdict,
        [typed(Comparison, row) for row in rows],
        network,
        [typed(Cost, row) for row in costs],
        [typed(Result, row) for row in results],
        typed(Seeds, {"steps": steps}),
        445,
    )


PRICE = "5 s to train, 4 ms a document, 3.2 MB"
RULE = [
    (
        {"decision": "beats", "by": "more than the rope"},
        ("Use", "lstm@w", "lstm@w was shown to be better than every baseline, by more than 1 point."),
    ),
    (
        {"decision": "beats", "by": "perhaps less"},
        (
            "Use .. if",
            "lstm@w",
            "lstm@w was shown to be better than every baseline, perhaps by less than 1 point: where so little does not"
            " matter, tfidf costs less.",
        ),
    ),
    (
        {"decision": "loses", "by": "more than the rope", "b": "bow"},
        ("Use", "bow", "lstm@w was shown to be worse than bow."),
    ),
    (
        {"decision": "equal", "b": "bow"},
        ("Use", "bow", "lstm@w and bow differ by no more than 1 point, and bow costs less."),
    ),
    (
        {"decision": "cannot tell"},
        ("Start with", "tfidf", f"The cheapest model that no other one was shown to beat: {PRICE}."),
    ),
    (
        {"decision": "cannot tell", "half": 0.101},
        (
            "Do not choose yet",
            None,
            "445 test documents are too few: a difference of 10 in 100 would be missed more often than seen.",
        ),
    ),
    (
        {"decision": "withheld", "why_not": "its loss is no number"},
        ("Do not choose yet", None, "A training of lstm@w failed: its loss is no number."),
    ),
    (
        {"decision": None},
        ("Start with", "tfidf", f"The cheapest model that no other one was shown to beat: {PRICE}."),
    ),
]


@pytest.mark.parametrize(("given", "expected"), RULE)
def test_each_verdict_has_its_line(given: dict[str, Any], expected: tuple[str, str | None, str]) -> None:
    found = advised(**given)
    assert (found.verb, found.model, found.because) == expected


def test_a_model_that_another_one_beats_is_not_where_to_start() -> None:
    assert advised("cannot tell", compared("bow", "beats", "tfidf")).model == "bow"
    assert advised("cannot tell", compared("tfidf", "loses", "lstm@w")).model == "bow"


def test_what_cannot_be_told_or_was_made_elsewhere_beats_nothing() -> None:
    assert advised("cannot tell", compared("bow", "cannot tell", "tfidf")).model == "tfidf"
    assert advised("cannot tell", compared("theirs", "beats", "tfidf")).model == "tfidf"


def test_the_baseline_that_is_better_gives_way_where_another_one_beats_it() -> None:
    found = advised("loses", compared("tfidf", "beats", "bow"), b="bow")
    assert (found.verb, found.model) == ("Use", "tfidf")


def test_of_two_that_are_equal_the_network_is_used_where_it_costs_less() -> None:
    assert advised("equal", seconds=SECONDS | {"lstm@w": 2.0}).model == "lstm@w"


def test_within_a_second_of_training_the_smaller_model_is_the_cheaper() -> None:
    nearly = SECONDS | {"bow": 5.9}
    assert advised("cannot tell", seconds=nearly, sizes=SIZES | {"bow": 100}).model == "bow"
    more = SECONDS | {"bow": 6.1}
    assert advised("cannot tell", seconds=more, sizes=SIZES | {"bow": 100}).model == "tfidf"


def test_what_did_not_train_or_is_not_saved_is_not_advised() -> None:
    assert advised("cannot tell", unusable=("tfidf",)).model == "bow"
    assert advised("cannot tell", sizes=SIZES | {"tfidf": None}).model == "bow"


def test_a_run_with_no_model_to_use_advises_none() -> None:
    found = advised(None, models=("majority", "theirs"), network=None)
    assert (found.verb, found.model) == ("Do not choose yet", None)
    assert found.because == "No model that can be used has finished."


def test_of_log_loss_no_difference_is_ten_in_a_hundred() -> None:
    assert advised("cannot tell", half=0.5, metric="log-loss").verb == "Start with"


def test_what_to_try_next_comes_from_facts_of_the_run() -> None:
    assert advised(None, models=("bow", "tfidf"), network=None).next == (
        "--models tfidf,lstm: a network is missing, so there is nothing to compare with",
    )
    still = "the validation loss still fell when the 900 updates ran out: raise networks.max_epochs"
    assert advised("cannot tell", warnings=(still,), share=0.6).next == (
        "--set networks.max_epochs=20: lstm@w was still learning when its time was over",
        "--seeds 6: its trainings differ more than the documents do",
        "--folds 5: every document is tested once, so that smaller differences are seen",
    )
    assert advised("cannot tell", share=0.4, folds=5).next == ()
    assert advised("loses").next == ()
