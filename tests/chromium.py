"""Open a report in headless Chromium, and note what a page must not do: errors, requests, dialogs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
WITHIN = ("file:", "data:")  # a page may ask for these
WIDTHS = (390, 1280)  # of a phone and of a laptop, in pixels


def start_browser() -> Iterator[Any]:
    """Yield a browser that ends with the tests; skip, and say why, where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(PROGRAMS)} is on the PATH")
    driver = pytest.importorskip("playwright.sync_api", reason="playwright: pip install -e '.[browser]'")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS), headless=True)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, place: Path | str, *, width: int = 1280, **settings: Any) -> Iterator[Any]:
    """Yield the page of a file or a service; at the end fail on each error, dialog, or request to anybody else.

    `settings` are those of a browser context: `color_scheme="dark"`, `java_script_enabled=False`.
    """
    address = place if isinstance(place, str) else place.resolve().as_uri()
    within = (*WITHIN, address) if isinstance(place, str) else WITHIN
    context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
    page, problems = context.new_page(), []
    page.on("console", lambda message: problems.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on(
        "request", lambda request: None if request.url.startswith(within) else problems.append(request.url)
    )
    page.goto(address)
    yield page
    context.close()
    assert not problems, "\n".join(problems)


def open_everything(page: Any) -> None:
    """Open all that is shut, so that it can be seen and measured."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


def sideways(page: Any) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(page.evaluate("document.scrollingElement.scrollWidth - innerWidth"))


def violations(page: Any) -> list[str]:
    """Return what axe-core finds wrong: the rule, the first element, what is the matter."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe: pip install -e '.[browser]'"
    )
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found
        for node in rule["nodes"][:3]
    ]
