"""How large the page may be: bytes, height, stops of the keyboard, printed pages; and what it has to be everywhere."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from chromium import open_everything, opened, violations
from report_builders import DETAILS, METRICS, build_run, result
from test_documents_to_browse import chosen, written
from test_report_documents import CONTAMINATION, HARD

from pipeline.report import draw_report

pytestmark = pytest.mark.longer

MODELS = {  # as a run has them that was asked for nothing: their kind and accuracy
    "nbsvm": ("baseline", 0.987),
    "ann@word2vec": ("network", 0.981),
    "tfidf": ("baseline", 0.98),
    "bow": ("baseline", 0.978),
    "lstm:max@word2vec": ("network", 0.976),
    "lstm@word2vec": ("network", 0.969),
    "rnn@word2vec": ("network", 0.694),
}
LABELS = ("business", "entertainment", "politics", "sports", "tech")
LARGEST, HIGHEST = 700_000, 10_000  # bytes; pixels at a width of 1280
MOST_STOPS, MOST_PAGES = 120, 12


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run of seven models, three trainings a network, five classes, probes and documents with words."""
    run = build_run(
        tmp_path_factory.mktemp("usual"),
        corpus=METRICS["corpus"] | {"classes": dict.fromkeys(LABELS, 445), "tested": 445},
        results=[
            result(name, kind, seed, accuracy - 0.005 * seed, 10_000)
            for name, (kind, accuracy) in MODELS.items()
            for seed in (range(3) if kind == "network" else (0,))
        ],
        summary=[_summary(name, kind, accuracy) for name, (kind, accuracy) in MODELS.items()],
        comparisons=[
            METRICS["comparisons"][0] | {"a": a, "b": b, "family": "side"}
            for a, b in list(combinations(MODELS, 2))[:11]
        ],
        learning_curve=None,
        slices=[_slice(by) for by in ("length", "unknown words", "word frequency", "class")],
        hard_documents=HARD,
        contamination=CONTAMINATION,
        histories=[
            DETAILS["histories"][0]
            | {"name": name, "seed": seed, "evaluations": DETAILS["histories"][0]["evaluations"] * 4}
            for name, (kind, _) in MODELS.items()
            for seed in range(3)
            if kind == "network"
        ],
        probes=[
            DETAILS["probes"][0] | {"name": name}
            for name in ("rnn@word2vec", "lstm@word2vec", "lstm:max@word2vec")
        ],
        chosen_documents=chosen(300, list(MODELS), list(LABELS)),
        contributions={"models": [], "documents": [_document(number) for number in range(300)]},
        scores={"label_names": list(LABELS), "models": [_scores(name) for name in MODELS]},
    )
    draw_report(run)
    return run / "report.html"


def _document(number: int) -> dict[str, Any]:
    """Return a document of 120 words with what each adds to every model's answer."""
    words = [f"word{number + place}" for place in range(120)]
    starts = [sum(len(word) + 1 for word in words[:place]) for place in range(120)]
    spans = " ".join(f"{start} {start + len(word)}" for start, word in zip(starts, words, strict=True))
    levels = ",".join(str((number * place) % 201 - 100) for place in range(120))
    models = {name: written(levels) for name in MODELS}
    return {"document": number, "tokens": 120, "text": " ".join(words), "spans": spans, "models": models}


def _summary(name: str, kind: str, accuracy: float) -> dict[str, Any]:
    model, _, embedding = name.partition("@")
    named = {"name": name, "kind": kind, "model": model.partition(":")[0], "embedding": embedding or None}
    scores = {"accuracy": accuracy, "accuracy_ci95": [accuracy - 0.02, accuracy + 0.012]}
    return METRICS["summary"][2] | named | scores | {"runs": 3 if kind == "network" else 1}


def _slice(by: str) -> dict[str, Any]:
    groups = [
        {"lo": 10.0 * number, "hi": 10.0 * number + 9, "documents": 111, "difference": 0.01 * number}
        | {"models": [{"name": "tfidf", "accuracy": 0.9, "ci95": [0.8, 0.95]}], "ci95": [-0.05, 0.06]}
        | {"label": LABELS[number] if by == "class" else None}
        for number in range(4)
    ]
    return {"by": by, "a": "lstm:max@word2vec", "b": "nbsvm", "groups": groups}


def _scores(name: str) -> dict[str, Any]:
    n = len(LABELS)
    counts = [[85 if true == place else true for place in range(n)] for true in range(n)]
    per_class = [
        {"label": label, "precision": 0.9, "recall": 0.9, "f1": 0.9, "support": 89} for label in LABELS
    ]
    bins = [
        {
            "lo": place / 15,
            "hi": (place + 1) / 15,
            "count": 30,
            "confidence": place / 15,
            "accuracy": place / 15,
        }
        for place in range(15)
    ]
    return {"name": name, "runs": 1, "per_class": per_class, "confusion": counts, "calibration": bins}


def test_the_page_of_a_usual_run_is_light(usual: Path) -> None:
    assert usual.stat().st_size < LARGEST


def test_the_page_is_read_in_a_dozen_screens(browser: Any, usual: Path) -> None:
    with opened(browser, usual) as page:
        assert page.evaluate("document.documentElement.scrollHeight") < HIGHEST


def test_the_keyboard_comes_through_before_anything_is_opened(browser: Any, usual: Path) -> None:
    stops = """[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
        .filter(one => one.checkVisibility()).length"""
    with opened(browser, usual) as page:
        assert page.evaluate(stops) <= MOST_STOPS


def test_it_is_printed_on_a_dozen_pages(browser: Any, usual: Path) -> None:
    with opened(browser, usual) as page:
        printed = page.pdf(prefer_css_page_size=True)
    assert 4 <= len(re.findall(rb"/Type\s*/Page[^s]", printed)) <= MOST_PAGES


@pytest.mark.parametrize(("colours", "width"), [("light", 390), ("dark", 1280)])
def test_axe_finds_nothing_in_a_usual_run(browser: Any, usual: Path, colours: str, width: int) -> None:
    with opened(browser, usual, color_scheme=colours, width=width) as page:
        open_everything(page)
        assert violations(page) == []


def test_the_first_screen_has_the_advice_the_picture_and_the_price(browser: Any, usual: Path) -> None:
    with opened(browser, usual) as page:
        lowest = page.evaluate("document.getElementById('do').getBoundingClientRect().bottom")
        headings = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, h4')].map(one => +one.tagName[1])"
        )
    assert lowest < 800
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_the_contents_mark_the_place(browser: Any, usual: Path) -> None:
    with opened(browser, usual) as page:
        page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
        page.evaluate("document.getElementById('check').scrollIntoView()")
        page.wait_for_timeout(200)
        marked = page.locator("nav [aria-current]").evaluate_all("all => all.map(one => one.hash)")
    assert marked[0] == "#check"
