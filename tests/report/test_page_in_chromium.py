"""report.html in a real browser: no request, no error, sorting, filtering, colours, links, axe-core, hostile text."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from chromium import WIDTHS, open_everything, opened, sideways, violations
from report_builders import DETAILS, FAMILIES, METRICS, NETWORK, build_run
from run_builders import write_run
from test_report_documents import CONTAMINATION, HARD, SLICES
from test_report_page import HOSTILE, SHOWN, many_classes

from pipeline.report import draw_report
from pipeline.report.draw import LARGEST_PAGE
from pipeline.report.sections.table import PARTS, SECTIONS
from pipeline.run_folder.metrics import metrics_schema

DARK_GROUND, LIGHT_GROUND = "rgb(18, 21, 25)", "rgb(246, 245, 241)"  # --ground of report.css
PAPER = "rgb(255, 255, 255)"
WORD = "w" * 5_000
WILD = f"{HOSTILE} \u0000\u0007 \U0001f600\u200d\U0001f525 {WORD} '; hacked = 1; //</script><svg onload=alert(3)>"


@pytest.fixture(scope="module")
def literal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with two classes that has every section."""
    run = build_run(
        tmp_path_factory.mktemp("literal"),
        comparisons=[
            METRICS["comparisons"][0] | {"b": name, "minimum_detectable_difference": size}
            for name, size in (("x", 0.075), ("y", 0.012), ("z", None), ("w", 0.2))
        ],
        slices=SLICES,
        hard_documents=HARD,
        contamination=CONTAMINATION,
        tuned=FAMILIES,
    )
    draw_report(run)
    return run / "report.html"


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with a hundred classes and eight networks."""
    run = many_classes(tmp_path_factory.mktemp("classes"), 100, 8, label="Class ")
    draw_report(run)
    return run / "report.html"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with 25,000 test documents."""
    run = tmp_path_factory.mktemp("documents") / "run"
    return write_run(run, n_docs=25_000, n_seeds=1) / "report.html"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run whose labels, words, names and texts are hostile, and so is every other string of it."""
    run = build_run(
        tmp_path_factory.mktemp("hostile"),
        config_toml=f"# {WILD}\n",
        **_with_strings(METRICS | DETAILS, WILD)
        | {"corpus": METRICS["corpus"] | {"name": WILD, "classes": {WILD: 9}}},
    )
    draw_report(run)
    return run / "report.html"


KEPT = ("schema_version", "learning_curve", "status")
WORDS_KEPT = {
    "name",
    "a",
    "b",
    "by",
    "part",
    "decision",
    "kind",
    "best",
    "of",
    "cause",
    "effect",
    "near_duplicate_in",
}


def _with_strings(content: dict[str, Any], text: str) -> dict[str, Any]:
    """Return the content with `text` for every string but those that other parts refer to."""
    return {key: value if key in KEPT else _wild(value, text) for key, value in content.items()}


@cache
def _settled_keys() -> frozenset[str]:
    """Return the keys that take one of a few words, or a text of one form: another one is refused when it is read."""
    found: set[str] = set()

    def look(schema: Any, key: str) -> None:
        if isinstance(schema, list):
            for one in schema:
                look(one, key)
        elif isinstance(schema, dict):
            if {"enum", "pattern", "const"} & set(schema):
                found.add(key)
            for word, inner in schema.items():
                if word in ("properties", "$defs"):
                    for name, of_name in inner.items():
                        look(of_name, name)
                elif word in ("anyOf", "items", "prefixItems"):
                    look(inner, key)

    look(metrics_schema(), "")
    return frozenset(found)


def _wild(value: Any, text: str, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _wild(inner, text, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_wild(inner, text, key) for inner in value]
    if not isinstance(value, str) or key in _settled_keys():
        return value
    return value.replace("word2vec", HOSTILE) if key in WORDS_KEPT else text  # names are hostile too


# --- links, sections, charts


def test_every_link_leads_to_what_it_names(browser: Any, literal: Path) -> None:
    with opened(browser, literal) as page:
        page.add_style_tag(content="html { scroll-behavior: auto !important; }")
        missed = page.evaluate(
            """() => [...document.querySelectorAll('a[href^="#"]')].filter(link => {
              link.click();
              const place = document.getElementById(link.hash.slice(1));
              const top = place.getBoundingClientRect().top;
              const lowest = document.scrollingElement.scrollHeight - innerHeight - scrollY < 2;
              return location.hash !== link.hash || !(Math.abs(top) < 40 || lowest);
            }).map(link => link.hash)"""
        )
        assert missed == []
        hashes = page.evaluate("[...document.querySelectorAll('nav .contents a')].map(link => link.hash)")
    known = {f"#{name}" for name in (*PARTS, "picture", "asked", *(line.id for line in SECTIONS))}
    assert set(hashes) <= known
    assert {"#answer", "#models", "#check", "#more"} <= set(hashes)


@pytest.mark.longer
def test_a_chart_says_its_numbers_where_it_is_pointed_at(browser: Any, literal: Path) -> None:
    with opened(browser, literal) as page:
        titles = page.locator("#models .span title").all_text_contents()
        point = page.locator("#models .span :has(> title)").first
        box = point.bounding_box()
        hit = page.evaluate(
            "([x, y]) => document.elementFromPoint(x, y)?.querySelector('title')?.textContent",
            [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - scroll_to(page, point, box)],
        )
    assert f"{NETWORK}: 80.0 % (68.8 % to 90.0 %)" in titles
    assert hit in titles


def scroll_to(page: Any, element: Any, box: dict[str, float]) -> float:
    """Scroll to an element; return by how much it moved up."""
    element.scroll_into_view_if_needed()
    return float(box["y"] - element.bounding_box()["y"])


# --- sorting and filtering


def first_column(page: Any, table: str) -> list[str]:
    """Return the second cell of each row that is shown."""
    rows = page.locator(table).locator("tbody tr:not(.out)")
    return rows.locator("td:nth-child(2)").all_text_contents()


def test_a_click_sorts_the_next_turns_round_and_a_third_gives_the_order_back(
    browser: Any, literal: Path
) -> None:
    table = "#differences details .scroll >> nth=0"
    with opened(browser, literal) as page:
        page.locator("#differences summary").click()
        heading = page.locator(f"{table} >> th", has_text="Smallest detectable, points")
        button = heading.get_by_role("button", name="Smallest detectable, points")
        seen = []
        for press in (button.click, lambda: press_enter(button), button.click):
            press()
            seen.append((heading.get_attribute("aria-sort"), first_column(page, table)))
    assert seen == [
        ("descending", ["w", "x", "y", "z"]),  # 20.0, 7.5, 1.2, none
        ("ascending", ["y", "x", "w", "z"]),
        (None, ["x", "y", "z", "w"]),
    ]


def press_enter(button: Any) -> None:
    """Press a button by the keyboard alone."""
    button.focus()
    button.press("Enter")


def test_text_sorts_from_a_and_one_column_at_a_time(browser: Any, literal: Path) -> None:
    table = "#differences details .scroll >> nth=0"
    with opened(browser, literal) as page:
        page.locator("#differences summary").click()
        for name in ("A minus B, points", "B"):
            page.locator(table).get_by_role("button", name=name, exact=True).click()
        assert first_column(page, table) == ["w", "x", "y", "z"]
        assert page.locator(f"{table} >> [aria-sort]").all_text_contents() == ["B"]


@pytest.mark.longer
def test_a_long_table_is_filtered_and_says_how_much_is_left(browser: Any, classes: Path) -> None:
    with opened(browser, classes) as page:
        assert page.locator("#models input").count() == 0  # eight rows are seen at once
        fold = page.locator("#confused details", has_text="Precision, recall and F1")
        fold.locator("summary").click()
        field = fold.get_by_label("Rows with").first
        status = fold.locator("[role=status]").first
        shown = fold.locator(".scroll").first.locator("tbody tr:visible")
        field.fill("cLASS 7")
        assert shown.count() == 11  # Class 7, Class 70 to Class 79
        assert status.text_content() == "11 of 100 rows"
        field.fill("")
        assert shown.count() == 100
        assert status.text_content() == ""


# --- colours


def ground(page: Any) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_colours_follow_the_system_until_they_are_chosen(browser: Any, literal: Path) -> None:
    with opened(browser, literal, color_scheme="dark") as page:
        seen = [ground(page)]
        for name in ("light", "dark", "auto"):
            page.get_by_role("button", name=name, exact=True).click()
            pressed = page.locator(".theme [aria-pressed=true]").all_text_contents()
            seen.append((ground(page), *pressed))
    assert seen == [DARK_GROUND, (LIGHT_GROUND, "light"), (DARK_GROUND, "dark"), (DARK_GROUND, "auto")]


def test_colours_can_be_chosen_where_the_browser_keeps_nothing(browser: Any, literal: Path) -> None:
    with opened(browser, literal) as page:
        page.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no') } })"
        )
        page.reload()
        page.get_by_role("button", name="dark", exact=True).click()
        assert ground(page) == DARK_GROUND


# --- without script, on paper


def test_without_script_all_is_there_but_the_controls(browser: Any, literal: Path) -> None:
    with opened(browser, literal, java_script_enabled=False) as page:
        assert page.locator("button, input").count() == 0
        assert page.locator("section.part").count() == len(PARTS)
        fold = page.locator("#models details").first
        assert not fold.locator("table").first.is_visible()
        fold.locator("summary").click()
        assert fold.locator("table").first.is_visible()


@pytest.mark.longer
def test_paper_shows_what_is_seen_and_no_controls_black_on_white(browser: Any, literal: Path) -> None:
    with opened(browser, literal, color_scheme="dark", java_script_enabled=False) as page:
        page.emulate_media(media="print")
        assert page.evaluate("document.querySelector('#models .pictured').checkVisibility()")
        assert not page.evaluate("document.querySelector('#models details table').checkVisibility()")
        assert not page.locator("nav").first.is_visible()
        assert ground(page) == PAPER
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    with opened(browser, literal) as page:
        page.emulate_media(media="print")
        assert not page.locator(".theme").is_visible()


# --- a keyboard and a screen reader


@pytest.mark.longer
@pytest.mark.parametrize(("colours", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(browser: Any, literal: Path, colours: str, width: int) -> None:
    with opened(browser, literal, color_scheme=colours, width=width) as page:
        open_everything(page)
        assert violations(page) == []


def test_the_first_stop_of_the_keyboard_skips_to_the_results(browser: Any, literal: Path) -> None:
    with opened(browser, literal) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
        assert page.locator(".skip").bounding_box()["x"] >= 0  # seen where it is reached
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#main"


# --- size and hostility


@pytest.mark.longer
@pytest.mark.parametrize("name", ["literal", "classes", "documents", "hostile"])
def test_every_page_is_whole_small_and_no_wider_than_its_window(
    browser: Any, name: str, request: pytest.FixtureRequest
) -> None:
    file = request.getfixturevalue(name)
    assert file.stat().st_size < LARGEST_PAGE
    with opened(browser, file) as page:
        open_everything(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert sideways(page) <= 0, width
        assert page.locator("footer").count() == 1
        assert (
            page.locator("section.part").count() >= len(PARTS) - 2
        )  # not every run has documents and probes
        assert page.evaluate("typeof hacked") == "undefined"


def test_a_script_that_got_into_the_page_would_not_run(browser: Any, literal: Path, tmp_path: Path) -> None:
    page_file = tmp_path / "report.html"
    script = "<script>window.hacked = 1</script>"
    text = literal.read_text(encoding="utf-8").replace('<main id="main">', f'<main id="main">{script}')
    assert script in text
    page_file.write_text(text, encoding="utf-8")
    seen: list[Any] = []
    with pytest.raises(AssertionError, match="Content Security Policy"):
        look_for_scripts(browser, page_file, seen)
    assert seen == ["undefined", 1]  # the page's own script ran


def look_for_scripts(browser: Any, page_file: Path, seen: list[Any]) -> None:
    with opened(browser, page_file) as page:
        seen += [page.evaluate("typeof hacked"), page.locator(".theme").count()]


def test_hostile_text_is_text(browser: Any, hostile: Path) -> None:
    with opened(browser, hostile) as page:
        assert page.evaluate("document.querySelectorAll('[onload], [onerror], main script, img').length") == 0
        assert page.locator("main").text_content().count(SHOWN) > 20
