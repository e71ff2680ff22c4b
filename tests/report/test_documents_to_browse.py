"""Which documents can be browsed, and what the page's script is given: literal in, literal out, in a size limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_builders import NETWORK, build_run

from pipeline.core.files import as_json
from pipeline.evaluation.chosen_documents import choose_documents
from pipeline.report import draw_report
from pipeline.report.page.blocks import Browser, Limits, Paragraph
from pipeline.report.sections.browser import STEPS, browser_data, first_documents, how_contributions_are_made
from pipeline.report.sections.documents import documents
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.run_folder.reading import read_run
from pipeline.tasks.answers import Predictions

KINDS = {"net": "network", "tfidf": "baseline", "mean": "control", "theirs": "outside"}


def saved(name: str, of_good: list[float], *, seed: int = 0, fold: int = 0, hard: bool = False) -> Any:
    """Return predictions of documents 10, 11 .. whose label is `good`, by the probability of that."""
    good = np.array(of_good, np.float32)
    table = np.stack([1 - good, good], axis=1)
    numbers = 10 + 100 * fold + np.arange(len(good))
    predictions = Predictions(numbers, np.ones(len(good), np.int32), table, hard)
    return SavedPredictions(name, seed, fold, "h", ("bad", "good"), predictions)


def choose(entries: list[Any], most: int = 300, trained: dict[str, bool] | None = None) -> dict[str, Any]:
    return choose_documents(entries, KINDS, trained or {}, np.random.default_rng(3), most)


def test_lists_and_a_random_sample_take_turns() -> None:
    # 10: both wrong; 11: the network alone is right; 12: the baseline alone; 13 to 15: both right
    entries = [saved("net", [0.2, 0.9, 0.1, 0.8, 0.8, 0.8]), saved("tfidf", [0.3, 0.4, 0.9, 0.8, 0.8, 0.8])]
    found = choose(entries)
    order = 10 + np.random.default_rng(3).permutation(6)
    why = {row.document: row.why for row in found.documents}
    assert sorted(why) == list(range(10, 16))
    assert {number for number, names in why.items() if "random" in names} == set(order.tolist())
    assert why[10][0] == "all wrong"
    assert [number for number, names in why.items() if "only networks right" in names] == [11]
    assert [number for number, names in why.items() if "only baselines right" in names] == [12]
    # sure mistakes: 12 (0.9 for bad), then 10 (0.8), then 11 (0.6)
    assert {number for number, names in why.items() if "sure mistakes" in names} == {10, 11, 12}
    first = [row.document for row in found.documents]
    assert first[:2] == [10, 12]  # all wrong; the surest mistake


def test_the_first_documents_are_the_choice_for_fewer() -> None:
    generator = np.random.default_rng(0)
    entries = [saved(name, generator.random(60).tolist()) for name in ("net", "tfidf", "theirs")]
    every = choose(entries).documents
    for most in (1, 7, 25):
        fewer = choose(entries, most).documents
        assert [row.document for row in fewer] == [row.document for row in every[:most]]


def test_answers_are_means_over_seeds_and_unknown_probabilities_stay_unknown() -> None:
    entries = [
        *(saved("net", [0.9], seed=0), saved("net", [0.4], seed=1)),
        saved("theirs", [1.0], hard=True),
        saved("mean", [0.1]),
    ]
    found = choose(entries)
    assert [(model.name, model.seeds, model.probabilities) for model in found.models] == [
        *(("net", 2, True), ("mean", 1, True), ("theirs", 1, False))
    ]
    (row,) = found.documents
    assert (row.document, row.fold, row.label, row.predicted) == (10, 0, 1, (1, 0, 1))
    assert row.probability == (pytest.approx(0.65), pytest.approx(0.9), None)


def test_controls_and_models_that_did_not_train_choose_nothing() -> None:
    entries = [saved("net", [0.1, 0.9]), saved("tfidf", [0.9, 0.9]), saved("mean", [0.1, 0.1])]
    found = choose(entries, trained={"net": False})
    assert [model.decides for model in found.models] == [False, True, False]
    assert {name for row in found.documents for name in row.why} == {"random"}  # tfidf is always right


def test_the_fold_that_tested_a_document_is_kept() -> None:
    found = choose([saved("net", [0.9, 0.9]), saved("net", [0.9], fold=1)])
    assert {row.document: row.fold for row in found.documents} == {10: 0, 11: 0, 110: 1}


def test_without_a_model_there_is_nothing_to_browse() -> None:
    assert choose([]) is None
    assert choose([saved("unknown", [0.9])]) is None


# --- the page's data


def chosen(n_docs: int, names: list[str], labels: list[str]) -> dict[str, Any]:
    return {
        "label_names": labels,
        "tested": 1000,
        "models": [
            {"name": name, "kind": "network", "seeds": 2, "probabilities": True, "decides": True}
            for name in names
        ],
        "documents": [
            {
                "document": number,
                "fold": 0,
                "label": number % len(labels),
                "why": ["all wrong", "random"],
                "predicted": [0] * len(names),
                "probability": [0.625] * len(names),
            }
            for number in range(n_docs)
        ],
    }


def written(words: str, **changes: Any) -> dict[str, Any]:
    one = {"predicted": 1, "probability": 0.75, "score": 1.23456, "base": None, "unit": 0.01, "words": words}
    return one | changes


TEXT = "The \U0001f600 <b>film\u202e</b><br />ends"
SPANS = "0 3 4 5 6 7 7 8 8 9 9 13 24 28"  # The, the face, <, b, >, film, ends
EXPLAINED = {
    "models": [
        {"name": NETWORK, "method": "occlusion", "why_not": None, "documents": 1},
        {"name": "theirs", "method": None, "why_not": "it was made elsewhere", "documents": 0},
    ],
    "documents": [
        {
            "document": 0,
            "tokens": 7,
            "text": TEXT,
            "spans": SPANS,
            "models": {NETWORK: written("100,-3,,0,7,-50,1")},
        }
    ],
}


def data_of(folder: Path, **changes: Any) -> dict[str, Any]:
    run = build_run(folder, **changes)
    return browser_data(read_run(run), Limits())[0]


def test_a_document_is_given_as_text_words_answers_and_contributions(tmp_path: Path) -> None:
    shown = [{"part": "test", "document": 0, "text": TEXT, "cut": False}]
    data = data_of(
        tmp_path,
        chosen_documents=chosen(1, [NETWORK, "theirs"], ["bad", "good"]),
        contributions=EXPLAINED,
        documents_shown=shown,
    )
    (entry,) = data["documents"]
    assert entry["t"] == "The \U0001f600 <b>film ends"  # what is no token is a blank
    assert entry["s"] == "0 3 1 2 1 1 0 1 0 1 0 4 1 4"  # a face is two units of UTF-16
    assert entry["c"] == {"0": [1, 75, 1.23, None, 0.01, "100,-3,,0,7,-50,1"]}
    assert (entry["n"], entry["y"], entry["p"], entry["q"]) == (0, 0, (0, 0), [62, 62])
    assert [data["why"][place] for place in entry["w"]] == ["every model is wrong", "random sample"]
    assert [model["whyNot"] for model in data["models"]] == [None, "it was made elsewhere"]
    assert data["pair"] == [0, 1]


def test_characters_that_reorder_or_hide_are_shown_by_their_code(tmp_path: Path) -> None:
    entry = EXPLAINED["documents"][0] | {"text": "evil\u202etxt\x00", "spans": "0 4 4 5 5 8 8 9"}
    data = data_of(
        tmp_path,
        chosen_documents=chosen(1, [NETWORK], ["<b>", "good"]),
        contributions=EXPLAINED | {"documents": [entry | {"models": {}}]},
    )
    (found,) = data["documents"]
    assert found["t"] == "evil‹U+202E›txt‹U+0000›"
    assert found["s"] == "0 4 0 8 0 3 0 8"
    assert data["labels"][0] == "<b>"
    assert "<" not in as_json(data)
    assert json.loads(as_json(data))["labels"][0] == "<b>"


def test_without_contributions_the_start_of_each_text_is_shown(tmp_path: Path) -> None:
    shown = [{"part": "test", "document": 0, "text": "x" * 600, "cut": True}]
    shown += [{"part": "train", "document": 0, "text": "another", "cut": False}]
    run = build_run(tmp_path, chosen_documents=chosen(1, ["a"], ["l"]), documents_shown=shown)
    data, step = browser_data(read_run(run), Limits())
    assert (data["documents"][0]["t"], data["documents"][0]["c"], step) == ("x" * 600 + " …", {}, STEPS[0])
    assert how_contributions_are_made(read_run(run)) == ()


def test_the_middle_of_a_text_is_left_out_when_the_page_gets_too_large(tmp_path: Path) -> None:
    words = [f"w{number:03d}" for number in range(100)]
    spans = " ".join(f"{5 * number} {5 * number + 4}" for number in range(100))
    documents = [
        {
            "document": number,
            "tokens": 100,
            "text": " ".join(words),
            "spans": spans,
            "models": {"a": written(",".join(str(word) for word in range(100)))},
        }
        for number in range(60)
    ]
    run = read_run(
        build_run(
            tmp_path,
            chosen_documents=chosen(60, ["a"], ["l"]),
            contributions={"models": [], "documents": documents},
        )
    )
    full, first = browser_data(run, Limits())
    assert first == STEPS[0]
    assert full["documents"][0]["t"] == " ".join(words)
    small, step = browser_data(run, Limits(browser_bytes=60_000))
    assert (step.characters, step.words) == (400, 20)
    text = small["documents"][0]["t"]
    assert text == " ".join(words[:40]) + " […] " + " ".join(words[60:])
    # the 20 largest of the words that are left, 99 down to 80, are the last of 80
    *_, kept = small["documents"][0]["c"]["0"]
    assert kept == ",".join(f"{place}:{place + 20}" for place in range(60, 80))
    tiny, last = browser_data(run, Limits(browser_bytes=1))
    assert last == STEPS[-1]
    assert len(tiny["documents"]) == STEPS[-1].documents


@pytest.mark.longer
def test_a_hundred_classes_ten_models_and_three_hundred_documents_stay_in_the_limit(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    names, labels = [f"model-{number}@word2vec" for number in range(10)], [f"class {n}" for n in range(100)]
    spans = " ".join(f"{5 * number} {5 * number + 4}" for number in range(120))
    text = " ".join("word" for _ in range(120))
    documents = [
        {
            "document": number,
            "tokens": 120,
            "text": text,
            "spans": spans,
            "models": {
                name: written(",".join(str(level) for level in generator.integers(-100, 101, 120)))
                for name in names
            },
        }
        for number in range(300)
    ]
    run = build_run(
        tmp_path,
        chosen_documents=chosen(300, names, labels),
        contributions={"models": [], "documents": documents},
    )
    data, _ = browser_data(read_run(run), Limits())
    assert len(data["documents"]) == 50
    assert 50_000 < len(as_json(data).encode()) <= 105_000


@pytest.mark.parametrize(
    ("probabilities", "parts"), [(True, [(30, "all"), (7, "some"), (3, "none")]), (False, [])]
)
def test_a_bar_says_on_how_many_documents_all_models_are_right(
    tmp_path: Path, probabilities: bool, parts: list[tuple[int, str]]
) -> None:
    counts = {"all wrong": 3, "sure mistakes": 10}  # some model is wrong on ten of 40
    hard = {"models": ["a", "b"], "documents": 40, "counts": counts, "wrong": [[1, 1], [1, 1]], "lists": {}}
    answering = chosen(1, ["a", "b"], ["bad", "good"])
    for model in answering["models"]:
        model |= {"probabilities": probabilities, "decides": True}
    run = read_run(build_run(tmp_path, hard_documents=hard, chosen_documents=answering))
    first, *blocks = documents(run, Limits())
    (browser,) = [block for block in blocks if isinstance(block, Browser)]
    assert [(part.documents, part.tone) for part in browser.agreement] == parts
    start = "Both models are right on 30 documents, wrong on 3. "
    assert isinstance(first, Paragraph)
    assert first.text.startswith(
        start if probabilities else "Every model is wrong on 3 of 40 test documents."
    )


def test_the_first_document_of_each_kind_stands_there_without_script(tmp_path: Path) -> None:
    run = read_run(build_run(tmp_path, chosen_documents=chosen(2, [NETWORK, "theirs"], ["bad", "good"])))
    found = first_documents(run)
    assert [one.why for one in found] == ["every model is wrong", "random sample"]
    assert [answer.model for answer in found[0].answers] == ["lstm", "theirs"]


def test_the_lists_stand_in_the_browsers_place_where_no_script_runs(tmp_path: Path) -> None:
    answers = [{"name": NETWORK, "predicted": "bad", "probability": 0.875}]
    hard = {
        "models": [NETWORK],
        "documents": 40,
        "counts": {"all wrong": 1},
        "wrong": [[1]],
        "lists": {"all wrong": [{"document": 7, "label": "good", "answers": answers}]},
    }
    run = build_run(
        tmp_path,
        hard_documents=hard,
        chosen_documents=chosen(1, [NETWORK, "theirs"], ["bad", "good"]),
        contributions=EXPLAINED,
    )
    blocks = documents(read_run(run), Limits())
    (browser,) = [block for block in blocks if isinstance(block, Browser)]
    assert [table.caption for table in browser.tables] == ["Every model is wrong"]
    draw_report(run)
    text = (run / "report.md").read_text(encoding="utf-8")
    assert "**Every model is wrong**" in text
    assert "can be browsed" not in text
    page = (run / "report.html").read_text(encoding="utf-8")
    assert f"{NETWORK}: occlusion, 1 document; theirs: none, it was made elsewhere." in page
    assert "1 of 1,000 test documents can be browsed." in page
    assert '<div class="browser" hidden>' in page
    plain = page.partition('<div class="browser-plain">')[2]
    assert "Every model is wrong" in plain.partition('<script type="application/json"')[0]
