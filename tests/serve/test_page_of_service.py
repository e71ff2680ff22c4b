"""The page of the service in a real browser: a text is typed and answered, on a phone and a laptop, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import WIDTHS, opened, sideways, violations
from clients import request_of
from served import Served, served, write_served_run

HOSTILE = '<img src=x onerror="alert(1)"> good \U0001f600 <script>alert(2)</script> ' + "w" * 3_000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    run = write_served_run(tmp_path_factory.mktemp("run") / "films")
    with served(run, "--limit", "waiting=1") as running:
        yield running


def address(service: Served) -> str:
    return f"http://127.0.0.1:{service.port}/"


def ask(page: Any, text: str) -> None:
    page.fill("#text", text)
    page.click("button")
    page.wait_for_selector("#answer:not([hidden])")


def rows(page: Any, table: str) -> list[list[str]]:
    return [row.inner_text().split("\t") for row in page.query_selector_all(f"#{table} tbody tr")]


@pytest.mark.longer
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_text_is_answered_with_its_words(browser: Any, service: Served, width: int, scheme: str) -> None:
    text = "A good film, \U0001f600 not bad"
    answer = service.ask(texts=[text], explain=True).json["answers"][0]
    with opened(browser, address(service), width=width, color_scheme=scheme) as page:
        assert page.title() == "Try tfidf"
        ask(page, text)
        assert page.inner_text("#label") == answer["label"]
        assert page.inner_text("#said") == f"{answer['label']}, {round(100 * answer['confidence'])} of 100"
        best = sorted(answer["probabilities"].items(), key=lambda pair: -pair[1])
        assert [(row[0], row[-1]) for row in rows(page, "shares")] == [
            (label, f"{100 * share:.1f}") for label, share in best
        ]
        assert page.inner_text("#words") == text
        strongest = max(answer["explanation"]["words"], key=lambda word: abs(word["weight"]))
        side = "for" if strongest["weight"] > 0 else "against"
        assert rows(page, "strongest")[0] == [strongest["word"], side, f"{strongest['weight']:.2f}"]
        marked = text[strongest["start"] : strongest["end"]]
        assert marked in [mark.inner_text() for mark in page.query_selector_all(f"#words .{side}.strong")]
        assert page.is_hidden("#new") == (answer["unlike_training"] is None)
        assert sideways(page) <= 0
        assert not violations(page)


@pytest.mark.longer
def test_an_answer_to_a_text_of_another_kind_is_warned_of(browser: Any, service: Served) -> None:
    with opened(browser, address(service), width=390) as page:
        ask(page, "a good film")
        assert page.is_hidden("#new")
        ask(page, "quite other words")
        page.wait_for_selector("#new:not([hidden])")
        assert page.inner_text("#new") == (
            "Unlike the documents it learned from: 100 % of its words unseen. Take the answer with care."
        )
        assert not violations(page)


def test_a_hostile_text_is_shown_and_not_run(browser: Any, service: Served) -> None:
    with opened(browser, address(service), width=390) as page:
        ask(page, HOSTILE)
        assert page.inner_text("#words") == HOSTILE
        assert page.query_selector("#answer img, #answer script") is None
        assert sideways(page) <= 0


def test_it_works_with_the_keyboard_alone(browser: Any, service: Served) -> None:
    with opened(browser, address(service)) as page:
        page.keyboard.press("Tab")
        page.keyboard.type("so bad")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("#answer:not([hidden])")
        assert page.inner_text("#words") == "so bad"


def test_why_there_is_no_answer_is_said(browser: Any, service: Served) -> None:
    page = browser.new_page()
    page.goto(address(service))
    with service.connect() as held:
        held.sendall(request_of({"texts": ["good"]})[:-1])
        page.wait_for_timeout(200)
        page.fill("#text", "good")
        page.click("button")
        page.wait_for_selector("#said.bad")
    why = "service: too many requests are waiting; try again after 1 s, or start the service with"
    assert page.inner_text("#said") == f"{why} `--limit waiting=N`"
    assert page.is_hidden("#answer")
    page.route("**/predict", lambda route: route.abort())
    page.click("button")
    page.wait_for_selector("#said:has-text('does not answer')")  # no text becomes a function on this page
    assert page.inner_text("#said") == "The service does not answer. Is it still running?"
    page.close()


@pytest.mark.longer
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_of_paths_can_be_read(browser: Any, service: Served, width: int) -> None:
    with opened(browser, f"{address(service)}docs", width=width) as page:
        assert [one.inner_text() for one in page.query_selector_all("h2 code")] == [
            *("POST /predict", "GET /metadata", "GET /health", "GET /metrics", "GET /openapi.json")
        ]
        assert """'{"texts": ["a good film"]}'""" in page.inner_text("pre")
        assert sideways(page) <= 0
        assert not violations(page)


def test_without_its_script_it_says_what_to_do(browser: Any, service: Served, tmp_path: Path) -> None:
    with opened(browser, address(service), java_script_enabled=False) as page:
        assert "Without it send the text with curl" in page.inner_text("form")
