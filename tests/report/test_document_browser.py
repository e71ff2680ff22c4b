"""The document browser in a real browser: search, filters, the pair of models, keyboard, and no script at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import WIDTHS, opened, sideways, violations
from report_builders import build_run

from pipeline.report import draw_report

pytestmark = pytest.mark.longer

HOSTILE = "</script><img src=x onerror=document.title='run'> \u202eabc " + "w" * 300 + " שלום עולם"
LABELS = ["bad", "good", "<i>"]
MODELS = [
    ("lstm@word2vec", "network", True),
    ("tfidf", "baseline", True),
    ("bow", "baseline", True),
    ("mean@word2vec", "control", False),
]


def spans(text: str) -> str:
    found, here = [], 0
    for word in text.split():
        here = text.index(word, here)
        found += [str(here), str(here + len(word))]
        here += len(word)
    return " ".join(found)


def document(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one document as `chosen_documents.json` and as `contributions.json` have it."""
    text = (
        HOSTILE if number == 0 else f"document {number} Tells a good story of {('war', 'peace')[number % 2]}"
    )
    label = number % 2
    right = [number % 3 == 0, number % 5 != 0, number % 7 == 0, True]  # of each model
    predicted = [label if one else 1 - label for one in right]
    row = {
        "document": number,
        "fold": 0,
        "label": label,
        "why": ["random"] if number % 2 else ["all wrong", "random"],
        "predicted": predicted,
        "probability": [0.75, 0.625, 0.5, None],
    }
    n_words = len(text.split())
    words = ",".join(["100", "-50", "", *["3"] * n_words][:n_words])
    one = {"probability": 0.75, "score": 1.5, "base": 0.25, "unit": 0.01, "words": words}
    explained = {"document": number, "tokens": n_words, "text": text, "spans": spans(text)}
    explained["models"] = {
        "lstm@word2vec": {**one, "predicted": predicted[0], "base": None},
        "tfidf": {**one, "predicted": 1 - predicted[1]},
    }
    return row, explained


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows, explained = zip(*(document(number) for number in range(45)), strict=True)
    models = [
        {"name": name, "kind": kind, "seeds": 2, "probabilities": True, "decides": decides}
        for name, kind, decides in MODELS
    ]
    methods = [
        {"name": "lstm@word2vec", "method": "occlusion", "why_not": None, "documents": 45},
        {"name": "tfidf", "method": "weights", "why_not": None, "documents": 45},
        {"name": "bow", "method": None, "why_not": "its first fit was not saved", "documents": 0},
    ]
    answers = [{"name": "tfidf", "predicted": "bad", "probability": 0.875}]
    hard = {
        **{"models": ["tfidf"], "documents": 45, "counts": {"all wrong": 1}, "wrong": [[1]]},
        "lists": {"all wrong": [{"document": 7, "label": "good", "answers": answers}]},
    }
    run = build_run(
        tmp_path_factory.mktemp("browser"),
        hard_documents=hard,
        chosen_documents={"label_names": LABELS, "tested": 90, "models": models, "documents": list(rows)},
        contributions={"characters": 600, "models": methods, "documents": list(explained)},
    )
    draw_report(run)
    return run / "report.html"


@pytest.fixture
def page(browser: Any, report: Path) -> Iterator[Any]:
    """Return the report at the width of a laptop; the test fails if the page tells of an error."""
    with opened(browser, report) as page:
        yield page


def listed(page: Any) -> list[int]:
    """Return the numbers of the documents in the list."""
    return [int(text.split()[1]) for text in page.locator(".browser-list .number").all_inner_texts()]


def expect_documents(page: Any, number: int) -> None:
    """Wait until so many are listed: a search waits for the end of the typing."""
    from playwright.sync_api import expect

    expect(page.locator(".browser-list > li")).to_have_count(number)


def status(page: Any) -> str:
    return str(page.locator(".browser-count").inner_text())


def opened_document(page: Any) -> str:
    return str(page.locator(".browser-doc .number").inner_text())


def choose(page: Any, number: int) -> None:
    """Open a document of the list."""
    page.locator(".browser-list button", has_text=f"Document {number} ").click()
    assert opened_document(page) == f"Document {number}"


def test_documents_are_listed_twenty_at_a_time_beside_the_first_of_them(page: Any) -> None:
    assert listed(page) == list(range(20))
    assert status(page) == "45 of 45 documents match; the first 20 are listed."
    assert opened_document(page) == "Document 0"
    assert not page.locator(".browser-plain").is_visible()
    assert page.locator(".browser-scroll > .browser-more").is_visible()  # below the last one, not below a cut
    page.locator(".browser-more").click()
    assert listed(page) == list(range(40))
    assert page.evaluate("document.activeElement.querySelector('.number').textContent") == "Document 20"
    page.locator(".browser-more").click()
    assert status(page) == "45 of 45 documents match."
    assert not page.locator(".browser-more").is_visible()


def test_paper_has_the_first_document_of_each_kind(page: Any) -> None:
    page.emulate_media(media="print")
    assert not page.locator(".browser").is_visible()
    kinds = page.locator(".browser-plain .doc-title").all_inner_texts()
    assert kinds == ["Every model is wrong", "Random sample"]


def test_a_search_finds_words_in_any_case_and_the_form_can_be_put_back(page: Any) -> None:
    page.get_by_label("Search the texts").fill("Document 3 TELLS")
    expect_documents(page, 1)
    assert listed(page) == [3]
    page.get_by_label("Search the texts").fill("no such words")
    expect_documents(page, 0)
    assert status(page) == "0 of 45 documents match."
    assert page.locator(".browser-doc").inner_text() == "No document matches."
    page.locator(".browser-more-filters summary").click()
    page.get_by_role("button", name="Show all").click()
    expect_documents(page, 20)


def right(number: int, model: int) -> bool:
    return [number % 3 == 0, number % 5 != 0, number % 7 == 0][model]


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("every model is wrong", lambda n: not any(right(n, model) for model in range(3))),
        ("every model is right", lambda n: all(right(n, model) for model in range(3))),
        ("the models disagree", lambda n: len({right(n, model) for model in range(3)}) == 2),
        ("Right: tfidf", lambda n: right(n, 1)),
        ("Wrong: lstm", lambda n: not right(n, 0)),
        ("Only right: bow", lambda n: right(n, 2) and not right(n, 0) and not right(n, 1)),
        (
            "all networks right, all baselines wrong",
            lambda n: right(n, 0) and not right(n, 1) and not right(n, 2),
        ),
        ("the first coloured model, not the second", lambda n: right(n, 0) and not right(n, 1)),
    ],
)
def test_documents_are_filtered_by_who_is_right(page: Any, choice: str, wanted: Any) -> None:
    page.locator(".browser-more-filters summary").click()
    page.get_by_label("Who is right", exact=True).select_option(label=choice)
    assert listed(page) == [number for number in range(45) if wanted(number)][:20]


def test_documents_are_filtered_by_class_and_by_why_they_were_chosen(page: Any) -> None:
    page.locator(".browser-more-filters summary").click()
    page.get_by_label("True class").select_option(label="good")
    assert listed(page) == list(range(1, 40, 2))
    wrong = page.get_by_role("button", name="Every model is wrong 23")
    wrong.click()
    assert wrong.get_attribute("aria-pressed") == "true"
    assert listed(page) == []
    page.get_by_label("True class").select_option(label="bad")
    assert listed(page) == list(range(0, 40, 2))


def test_words_are_coloured_for_the_two_models_that_are_chosen(page: Any) -> None:
    choose(page, 3)
    panes = page.locator(".pane")
    assert panes.locator(".pane-title").all_inner_texts() == ["What lstm goes by", "What tfidf goes by"]
    first = panes.nth(0)
    assert first.locator(".text").inner_text() == "document 3 Tells a good story of peace"
    assert first.locator(".for3").inner_text() == "document"
    assert first.locator(".for3").get_attribute("title") == "document +1.00"
    assert first.locator(".against2").inner_text() == "3"
    assert first.locator(".unread").inner_text() == "Tells"
    assert "For: document +1.00" in first.inner_text()
    assert "Against: 3 −0.50" in first.inner_text()
    assert "Score +1.50; what single words take away does not add up to it." in first.inner_text()
    # words: 1.00 - 0.50 + 5 * 0.03 = 0.65, and 1.50 - 0.25 - 0.65 = 0.60 is left
    assert (
        "Score +1.50 = +0.25 without words, +0.65 by the words shown, +0.60 by the rest."
        in panes.nth(1).inner_text()
    )
    assert "which answers otherwise than the average over seeds" in panes.nth(1).inner_text()
    page.get_by_label("and of").select_option(label="bow")
    assert panes.locator(".pane-title").all_inner_texts() == ["What lstm goes by", "What bow goes by"]
    assert "No word contributions: its first fit was not saved." in panes.nth(1).inner_text()
    rows = page.locator(".browser-doc .answers li").all_inner_texts()
    assert rows[0].split() == ["lstm", "✓", "good", "75", "%", "sure"]
    assert rows[3].split() == ["mean", "(control)", "✓", "good"]


def test_the_sign_of_a_contribution_is_seen_without_colour(page: Any) -> None:
    choose(page, 3)
    style = "element => getComputedStyle(element).textDecorationStyle"
    pane = page.locator(".pane").first
    assert pane.locator(".for3").evaluate(style) == "solid"
    assert pane.locator(".against2").evaluate(style) == "dashed"
    assert pane.locator(".unread").evaluate("element => getComputedStyle(element).fontStyle") == "italic"


def test_the_keyboard_alone_is_enough(page: Any) -> None:
    page.locator(".browser-list button").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    assert opened_document(page) == "Document 1"
    assert page.locator(".browser-list [aria-current]").count() == 1
    page.keyboard.press("End")
    assert opened_document(page) == "Document 19"
    page.get_by_label("Words of", exact=True).focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(".pane-title").first.inner_text() == "What tfidf goes by"


def test_on_a_phone_the_document_comes_into_sight(browser: Any, report: Path) -> None:
    from playwright.sync_api import expect

    with opened(browser, report, width=390) as page:
        choose(page, 3)
        expect(page.locator(".browser-doc .number")).to_be_in_viewport()


def test_hostile_text_is_text(page: Any) -> None:
    choose(page, 0)
    text = page.locator(".pane .text").first
    assert text.inner_text().startswith("</script><img src=x onerror=document.title='run'> ‹U+202E›abc")
    assert page.title() != "run"
    assert page.locator(".browser img").count() == 0
    assert sideways(page) <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_and_everybody_can_read_and_use_it(
    browser: Any, report: Path, width: int, scheme: str
) -> None:
    with opened(browser, report, width=width, color_scheme=scheme) as page:
        choose(page, 0)
        assert sideways(page) <= 0
        choose(page, 3)
        assert sideways(page) <= 0
        for name in ("for3", "against2", "unread"):
            assert contrast(page, f".pane .{name}") >= 4.5, name
        assert violations(page) == []


def contrast(page: Any, selector: str) -> float:
    """Return the contrast of an element's text with what is behind it (WCAG 2.2, relative luminance)."""
    colours = page.locator(selector).first.evaluate(
        """element => {
          const paint = (...colours) => {
            const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
            for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
            return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
          };
          const style = getComputedStyle(element), body = getComputedStyle(document.body).backgroundColor;
          return [paint(style.color), paint(body, style.backgroundColor)];
        }"""
    )
    light, dark = sorted((luminance(colour) for colour in colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: list[int]) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_without_script_the_first_document_of_each_kind_stands_there(browser: Any, report: Path) -> None:
    with opened(browser, report, java_script_enabled=False) as page:
        assert not page.locator(".browser").is_visible()
        first = page.locator(".browser-plain article").first
        assert first.locator(".doc-title").inner_text() == "Every model is wrong"
        assert first.locator(".answers li").first.inner_text().split() == [
            "lstm",
            "✓",
            "bad",
            "75",
            "%",
            "sure",
        ]
