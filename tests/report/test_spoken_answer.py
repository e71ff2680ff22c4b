"""The answer as it is said: a sentence for each verdict, under the rules of sentences, the same wherever it stands."""

from __future__ import annotations

import copy
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from report_builders import METRICS, build_run, run_with_rows
from wording import faults, n_numbers, n_words

from pipeline.report import summarise
from pipeline.report.draw import draw
from pipeline.report.page.blocks import Limits
from pipeline.report.page.cards import Seen
from pipeline.report.sections import memory
from pipeline.report.words.answer import SpokenAnswer, speak
from pipeline.run_folder.reading import read_run

# Two networks and three models that count, each with its accuracy.
ACCURACIES = {"tfidf": 0.98, "bow": 0.97, "lstm@word2vec": 0.93}
SECONDS = {"tfidf": 5.0, "lstm@word2vec": 36.0}
TRAININGS = (0.95, 0.96, 0.88)
STEP = {
    "command": "python run_pipeline.py --models tfidf,lstm,lstm:max",
    "minutes": 3.8,
    "because": "Let lstm read every word, not only its state after the last one.",
}


def said(
    decision: str | None,
    verb: str = "Start with",
    model: str | None = "tfidf",
    *,
    ci95: tuple[float, float] = (-0.143, 0.043),
    accuracies: dict[str, float] = ACCURACIES,
    trainings: tuple[float, ...] = TRAININGS,
    trained: tuple[bool, ...] = (True, True, True),
    metric: str = "accuracy",
    name: str = "bbc-news",
    smallest: float | None = 0.123,
    seconds: dict[str, float] = SECONDS,
    kinds: tuple[str, ...] = ("baseline", "network"),
) -> SpokenAnswer:
    """Return the words of a run whose network is lstm and whose deciding baseline is tfidf."""
    metrics = changed(
        decision, verb, model, ci95, accuracies, trainings, trained, metric, smallest, seconds, kinds
    )
    metrics["corpus"]["name"] = name
    return speak(run_with_rows(**metrics))


def changed(
    decision: str | None,
    verb: str,
    model: str | None,
    ci95: tuple[float, float],
    accuracies: dict[str, float],
    trainings: tuple[float, ...],
    trained: tuple[bool, ...],
    metric: str,
    smallest: float | None,
    seconds: dict[str, float],
    kinds: tuple[str, ...],
) -> dict[str, Any]:
    """Return what of metrics.json says so."""
    network, other = "lstm@word2vec", "tfidf"
    difference = accuracies[network] - accuracies[other]
    row = {
        "a": network,
        "b": other,
        "difference": difference,
        "ci95": ci95,
        "decision": decision or "equal",
        "metric": metric,
        "minimum_detectable_difference": smallest,
    }
    kind = {name: "network" if "@" in name else "baseline" for name in accuracies}
    summary = [
        {"name": name, "model": name.partition("@")[0], "kind": kind[name], "accuracy": value}
        | {
            "accuracy_ci95": [value - 0.02, min(value + 0.01, 1.0)],
            "macro_f1": value - 0.05,
            "log_loss": 1 - value,
        }
        for name, value in accuracies.items()
        if kind[name] in kinds
    ]
    results = [
        {
            "name": network,
            "model": "lstm",
            "kind": "network",
            "seed": seed,
            "accuracy": value,
            "trained": fine,
        }
        for seed, (value, fine) in enumerate(zip(trainings, trained, strict=True))
    ] + [{"name": other, "model": other, "kind": "baseline", "accuracy": accuracies[other]}]
    costs = [
        {"name": name, "train_seconds": value, "latency_ms_p50": 4.0 if name == other else 10.4}
        | {"size_bytes": 3_200_000, "within_rope_of_best": True}
        for name, value in seconds.items()
    ]
    n = len(trainings)
    verdict = {
        "a": network if "network" in kinds else None,
        "b": other,
        "decision": decision,
        "rope": 0.01,
        "metric": metric,
        "minimum_detectable_difference": smallest,
        "against": [row] if decision else [],
        "trainings": {"n": n, "better": 0, "worse": n, "clearly_better": 0, "clearly_worse": 0},
    }
    because = "The cheapest model that no other one was shown to beat: 5 s to train, 4 ms a document."
    return {
        "corpus": copy.deepcopy(METRICS["corpus"]) | {"tested": 445},
        "verdict": verdict,
        "comparisons": verdict["against"],
        "advice": {"verb": verb, "model": model, "because": because, "next": [STEP]},
        "summary": summary,
        "results": [row for row in results if row["kind"] in kinds],
        "costs": costs,
    }


WINS = {"tfidf": 0.5, "bow": 0.5, "lstm@word2vec": 1.0}
HEADLINES = [
    (
        said("beats", "Use", "lstm@word2vec", accuracies=WINS, ci95=(0.465, 0.535)),
        "Use lstm. It gets 100 of 100 right; counting words gets 50.",
    ),
    (
        said("beats", "Use .. if", "lstm@word2vec", accuracies=ACCURACIES | {"lstm@word2vec": 0.99},
             ci95=(0.003, 0.03)),
        "Use lstm if one document in 100 matters: it gets 0.3 to 3 of 100 more right, for 7 times the training.",
    ),
    (
        said("loses", "Use", accuracies=ACCURACIES | {"lstm@word2vec": 0.954}, ci95=(-0.04, -0.012)),
        "Use tfidf. lstm gets 3 of 100 fewer right.",
    ),
    (
        said("equal", "Use", accuracies={"tfidf": 0.912, "bow": 0.9, "lstm@word2vec": 0.912}),
        "Use tfidf. lstm is as good and no better: both get 91 of 100 right.",
    ),
    (said("cannot tell"), "Start with tfidf. No network was shown to do better on bbc-news."),
    (
        said("cannot tell", model="lstm@word2vec"),
        "Start with lstm. No other model was shown to do better on bbc-news.",
    ),
    (
        said("cannot tell", "Do not choose yet", None),
        "Do not choose yet. 445 test documents are too few to tell these models apart.",
    ),
    (
        said("withheld", "Do not choose yet", None, trained=(True, False, True)),
        "Do not choose yet. One of three trainings of lstm learned nothing.",
    ),
    (
        said(None, kinds=("baseline",)),
        "No answer yet: a network is missing. Add `--models tfidf,lstm`.",
    ),
    (
        said("loses", "Use", metric="macro-f1"),
        "Use tfidf. Its macro F1 is 93.0; that of lstm is 88.0.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "headline"), HEADLINES)
def test_each_verdict_has_its_headline(answer: SpokenAnswer, headline: str) -> None:
    assert answer.headline == headline


@pytest.mark.parametrize("answer", [answer for answer, _ in HEADLINES])
def test_what_is_said_above_the_fold_keeps_the_rules_of_sentences(answer: SpokenAnswer) -> None:
    assert faults(answer.sentences) == []


def test_the_lead_counts_both_models_and_says_each_training() -> None:
    assert said("cannot tell").lead == (
        "Of 100 test documents tfidf puts 98 into the right class, and lstm, the network, 93."
        " Its three trainings reached 95, 96 and 88."
        " So the true difference may be anything from 14 fewer to 4 more."
    )


def test_where_the_network_was_trained_once_it_speaks_for_itself_alone() -> None:
    once = said("loses", "Use", trainings=(0.93,), trained=(True,))
    assert "Trained once: this speaks of this lstm alone. `--seeds 3` speaks of lstms." in once.lead


def test_the_best_of_recurrent_networks_is_called_so_where_ann_was_run() -> None:
    found = said("cannot tell", accuracies=ACCURACIES | {"ann@word2vec": 0.97})
    assert "lstm, the best recurrent network in validation, 93" in found.lead


def test_a_model_is_called_with_its_source_only_where_sources_differ() -> None:
    found = said("cannot tell", accuracies=ACCURACIES | {"lstm@random": 0.9})
    assert "lstm@word2vec, the best network in validation, 93" in found.lead


def test_what_to_expect_and_to_pay_stand_in_a_row_each() -> None:
    answer = said("cannot tell")
    assert answer.expect == "98 of 100 right on documents like these (96 to 99)"
    assert answer.costs == "5 s to train, 4 ms a document, 3.2 MB"
    assert answer.instead == "lstm takes 7.2 times the training and 2.6 times the wait"


def test_what_was_shown_what_was_not_and_what_is_too_small() -> None:
    answer = said("cannot tell")
    assert answer.sure == ()
    assert answer.open == (
        "whether lstm or tfidf is better.",
        "All three trainings of lstm are below tfidf, which may be chance.",
    )
    assert answer.too_small == "a difference of less than 12 in 100."
    worse = said("loses", "Use", ci95=(-0.304, -0.204))
    assert (worse.sure, worse.open) == (("lstm is worse than tfidf, by 20 to 30 in 100.",), ())


def test_what_to_try_next_has_its_minutes() -> None:
    (step,) = said("cannot tell").next
    assert step.sentence == "Let lstm read every word, not only its state after the last one. About 4 min."


def test_page_markdown_and_terminal_say_the_same_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.report.draw.draw_pictures", lambda answer, sections: {})
    run = build_run(tmp_path, advice=METRICS["advice"] | {"next": [STEP]})
    content = read_run(run)
    answer, drawn, terminal = speak(content), draw(content), summarise(run)
    inline = re.sub(r"</?(span|bdi|b|code|i)\b[^>]*>", "", drawn.page)
    head = re.sub(r"<[^>]+>|\s+", " ", unescape(inline))
    markdown = re.sub(r"\s+", " ", drawn.markdown.replace("\\", ""))
    for sentence in (answer.headline, answer.lead, STEP["because"], STEP["command"]):
        for place in (head, markdown, terminal):
            assert sentence in re.sub(r"\s+", " ", place), sentence


def test_what_is_seen_of_memory_keeps_the_rules_of_sentences() -> None:
    run = run_with_rows()
    seen = [
        block
        for build in (memory.reading, memory.reach, memory.needed, memory.order, memory.units)
        for block in build(run, Limits())
        if isinstance(block, Seen)
    ]
    assert len(seen) == 5
    assert faults(text for block in seen for text in (block.title, block.text)) == []
    assert [block.title for block in seen if n_words(block.title) > 10] == []


# --- the rules themselves


@pytest.mark.parametrize(
    ("sentence", "words", "numbers"),
    [
        ("Its three trainings reached 95, 96 and 88.", 8, 1),
        ("So the true difference may be anything from 14 fewer to 4 more.", 13, 1),
        ("Of 100 test documents tfidf puts 98 right.", 8, 1),
        ("Add `--models tfidf,lstm --seeds 3` to lstm@word2vec.", 4, 0),
        ("22 of 445 test documents repeat one, 5 do not.", 10, 3),
    ],
)
def test_words_and_numbers_are_counted(sentence: str, words: int, numbers: int) -> None:
    assert (n_words(sentence), n_numbers(sentence)) == (words, numbers)


def test_what_is_against_the_rules_is_named_with_its_sentence() -> None:
    assert faults(["All good. The fit has 3 points."]) == [
        "'fit': The fit has 3 points.",
        "'points': The fit has 3 points.",
    ]
    assert faults([" ".join(["word"] * 26)])[0].startswith("26 words: ")
    assert faults(["1 of 2 by 3."])[0].startswith("3 numbers: ")


def test_models_that_are_no_better_than_always_one_class_are_named_above() -> None:
    # of 40 documents 22 are of one class
    near = said("cannot tell", accuracies={"tfidf": 0.5, "bow": 0.52, "lstm@word2vec": 0.51})
    assert "Always answering the most frequent class gets 55: neither was shown to beat that." in near.lead
    one = said("cannot tell", accuracies={"tfidf": 0.98, "bow": 0.97, "lstm@word2vec": 0.51})
    assert "Always answering the most frequent class gets 55: lstm was not shown to beat that." in one.lead
    assert "most frequent class" not in said("cannot tell").lead


def test_chance_is_named_after_what_the_difference_may_be() -> None:
    near = said("cannot tell", accuracies={"tfidf": 0.5, "bow": 0.52, "lstm@word2vec": 0.51})
    assert near.lead.index("So the true difference") < near.lead.index("Always answering")


def test_where_the_verdict_is_withheld_the_first_screen_says_that_nothing_is_decided() -> None:
    found = said(
        "withheld", "Do not choose yet", None, trained=(True, False, True),
        accuracies={"tfidf": 0.39, "bow": 0.5, "lstm@word2vec": 0.51},
    )  # fmt: skip
    assert found.open == (
        "all of it. A training of lstm failed, so nothing is decided, whatever the picture shows.",
    )
    assert "Always answering the most frequent class gets 55: neither was shown to beat that." in found.lead
