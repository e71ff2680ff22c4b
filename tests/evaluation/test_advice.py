"""The advice: one rule over every verdict, from decisions, costs and sizes."""

from __future__ import annotations

from typing import Any

import pytest
from filled import typed

from pipeline.evaluation.advice import advise
from pipeline.evaluation.next_steps import Measured
from pipeline.run_folder.metrics.comparisons import Advice, Comparison, NextStep, Seeds, Verdict
from pipeline.run_folder.metrics.models import Cost, Result, Timing
from pipeline.settings.tables import Config, with_values

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


def measured(command: str = "python run_pipeline.py films.csv", **values: Any) -> Measured:
    """Return a run of 140 s in which two fits ran at once: 40 s beside the trainings, 200 s of them."""
    took = {"tfidf": [20.0], "lstm@w": [60.0, 60.0, 60.0]}
    timing = [
        typed(Timing, {"name": name, "fit_seconds": one, "at_once": 2})
        for name, seconds in took.items()
        for one in seconds
    ]
    return Measured(command, with_values(Config(), values), timing, 140.0, 2225, 445)


MEASURED = measured()


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
    scores: tuple[float, ...] = (0.9,),
    trained: tuple[bool, ...] = (True,),
    at: Measured = MEASURED,
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
        {"name": name, "kind": KINDS[name], "model": name.partition("@")[0], "fold": fold, "seed": seed}
        | ({"warnings": warnings, "why_not": why_not} if name == network else {})
        | ({"accuracy": score, "trained": trains, "head": "last"} if name == network else {})
        for name in models
        for fold in range(folds)
        for seed, (score, trains) in enumerate(zip(scores, trained, strict=False))
    ]
    steps = [] if share is None else [{"seeds": 3, "share": share, "against": b}]
    return advise(
        verdict,
        [typed(Comparison, row) for row in rows],
        network,
        [typed(Cost, row) for row in costs],
        [typed(Result, row) for row in results],
        typed(Seeds, {"steps": steps}),
        at,
    )


PRICE = "5 s to train, 4 ms a document"
RULE = [
    (
        {"decision": "beats", "by": "more than the rope"},
        ("Use", "lstm@w", "lstm was shown to be better than every baseline, by more than 1 in 100."),
    ),
    (
        {"decision": "beats", "by": "perhaps less"},
        (
            "Use .. if",
            "lstm@w",
            "lstm was shown to be better than every baseline, perhaps by less than 1 in 100. Where so little does not"
            " matter, tfidf costs less.",
        ),
    ),
    (
        {"decision": "loses", "by": "more than the rope", "b": "bow"},
        ("Use", "bow", "lstm was shown to be worse than bow."),
    ),
    (
        {"decision": "equal", "b": "bow"},
        ("Use", "bow", "lstm and bow differ by no more than 1 in 100, and bow costs less."),
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
        ("Do not choose yet", None, "A training of lstm failed: its loss is no number."),
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


# --- what to try next: a fact of the run, its command, its minutes

START = "python run_pipeline.py films.csv --models tfidf,lstm"
POOLED = f"{START},lstm:max"
STILL = "it was still learning when its 900 updates were over: raise networks.budget_growth [still-learning]"
UNREAD = "41% of all tokens lie beyond networks.max_tokens and were not read [tokens-not-read]"
# Minutes by hand: 40 s beside, then (20 s of tfidf + seconds of lstm) / 2 at once.
NEXT = [
    (
        {"scores": (0.95, 0.96, 0.88), "trained": (True,) * 3},
        f"{START} --set networks.patience=10",
        3.8,  # (20 + 2 * 180) / 2 + 40 = 230 s
        "One training of lstm stayed behind: 88 of 100 right beside 95 and 96. Let none stop so early.",
    ),
    (
        {"warnings": (STILL,)},
        f"{START} --set networks.budget_growth=6",
        3.8,
        "lstm was still learning when its time was over.",
    ),
    (
        {"warnings": (UNREAD,)},
        f"{START} --max-tokens 800",
        3.8,
        "lstm did not read 41 of 100 words: its documents are longer than it reads.",
    ),
    (
        {"models": ("tfidf", "lstm@w")},
        POOLED,
        3.8,  # (20 + 180 + 180) / 2 + 40
        "Let lstm read every word, not only its state after the last one.",
    ),
    (
        {"share": 0.6},
        f"{START} --seeds 6",
        3.8,
        "Six trainings instead of three: they differ more than the documents do.",
    ),
    (
        {},
        f"{START} --folds 5",
        9.0,  # 5 * 200 / 2 + 40 = 540 s
        "Test each of the 2,225 documents once: smaller differences can be seen then.",
    ),
]


@pytest.mark.parametrize(("given", "command", "minutes", "because"), NEXT)
def test_each_fact_of_a_run_has_its_command(
    given: dict[str, Any], command: str, minutes: float, because: str
) -> None:
    assert NextStep(command, minutes, because) in advised("cannot tell", **given).next


def test_the_likeliest_comes_first_and_there_are_three_at_most() -> None:
    found = advised("cannot tell", warnings=(STILL, UNREAD), share=0.6)
    assert [step.because.split()[2] for step in found.next] == ["still", "not", "read"]
    assert [step.command.split()[-1] for step in found.next] == [
        "networks.budget_growth=6",
        "800",
        "tfidf,lstm,lstm:max",
    ]


def test_a_training_that_learned_nothing_is_tried_with_smaller_steps() -> None:
    (first, *_) = advised(
        "withheld", scores=(0.2, 0.9), trained=(False, True), why_not="its loss is no number"
    ).next
    assert (
        first.command
        == "python run_pipeline.py films.csv --models tfidf,lstm --set networks.learning_rate=0.0005"
    )
    assert first.because == "One of two trainings of lstm learned nothing. Smaller steps often mend that."


def test_a_training_that_learned_nothing_by_tiny_steps_is_tried_with_usual_ones() -> None:
    tiny = measured(**{"networks.learning_rate": 1e-9})
    (first, *_) = advised("withheld", trained=(False,), why_not="its loss stayed", at=tiny).next
    assert first.command.endswith("--set networks.learning_rate=0.002")
    assert (
        first.because
        == "The training of lstm learned nothing. Its steps were tiny; usual ones may mend that."
    )


def test_a_kind_of_model_that_is_missing_is_named_without_minutes() -> None:
    assert advised(None, models=("bow", "tfidf"), network=None).next == (
        NextStep(START, None, "A network is missing, so there is nothing to compare with."),
    )


def test_trainings_that_differ_as_much_as_the_last_one_are_no_reason() -> None:
    found = advised("cannot tell", scores=(0.95, 0.99, 0.91), trained=(True,) * 3)
    assert "stayed behind" not in "".join(step.because for step in found.next)


def test_where_the_test_documents_were_given_there_are_no_folds() -> None:
    given = measured(**{"corpus.test": "test.csv"})
    assert not [step for step in advised("cannot tell", at=given).next if "--folds" in step.command]


def test_where_a_limit_left_documents_out_more_of_them_come_before_folds() -> None:
    limited = measured(**{"corpus.limit": 2_225})  # all that it lets through were used
    steps = advised("cannot tell", at=limited).next
    assert [step.command for step in steps][1:] == [f"{START} --limit 4450"]  # after another head
    assert (
        steps[1].because
        == "Only 2,225 documents were drawn. Use more of them: smaller differences can be seen then."
    )
    ample = advised("cannot tell", at=measured(**{"corpus.limit": 9_000})).next
    assert [step.command for step in ample][1:] == [f"{START} --folds 5"]


def test_with_settings_that_taught_nothing_no_other_head_is_tried() -> None:
    found = advised("withheld", models=("tfidf", "lstm@w"), trained=(False,), why_not="its loss stayed").next
    assert [step.command for step in found] == [f"{START} --set networks.learning_rate=0.0005"]


def test_a_network_that_wins_needs_no_other_head() -> None:
    assert advised("beats", by="more than the rope").next == ()
