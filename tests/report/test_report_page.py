"""report.html: one file that asks no host for anything and shows hostile text as text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_builders import DETAILS, METRICS, NETWORK, build_run, result

from pipeline.report import draw_report
from pipeline.report.draw import LARGEST_PAGE
from pipeline.report.page.blocks import Cell, Code, Column, Example, Section, Table, row
from pipeline.report.page.html_page import assets, write_example_page

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>& \u202etxt \u05d0 |`"
SHOWN = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>& ‹U+202E›txt \u05d0 |`"
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """What a browser would see: tags, attributes, ids, text, style sheets."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text, self.style = "", ""
        self.scripts: list[str] = []
        self.cells: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
            return
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
            return
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.cells[-1] += data

    def values(self, name: str) -> list[str]:
        """Return the values of the attribute `name`."""
        return [value for key, value in self.attributes if key == name]


def drawn(run: Path) -> Page:
    draw_report(run)
    return Page((run / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return drawn(build_run(tmp_path_factory.mktemp("page")))


CHAPTERS = "../../docs/learn/"  # seen from `reports/NAME` of a checkout


def assert_self_contained(page: Page, scripts: int | None = None) -> None:
    own = len(assets(".js")) if scripts is None else scripts
    assert page.tags.count("script") == own  # the page's own, and no other
    assert not {"link", "iframe", "object", "embed", "base", "img", "image", "use"} & set(page.tags)
    assert all(
        value.startswith(("#", CHAPTERS)) for key in ("href", "xlink:href") for value in page.values(key)
    )
    assert not any(key in ("src", "srcset", "data", "action", "poster") for key, _ in page.attributes)
    assert not any(key.startswith("on") for key, _ in page.attributes)
    targets = re.findall(r"url\(([^)]*)\)", " ".join([page.style, *(value for _, value in page.attributes)]))
    assert all(target.startswith("#") for target in targets)
    assert "@import" not in page.style


def test_the_page_asks_no_host_for_anything(page: Page) -> None:
    assert_self_contained(page)
    assert page.scripts == assets(".js")
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in page.scripts
    )
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {hashes}; img-src data:"
    assert policy in page.values("content")


def test_every_asset_stands_in_the_page_in_the_order_of_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (
        ("b.js", "2;"),
        ("a.js", "1;\n"),
        ("b.css", "i {}"),
        ("a.css", "b {}"),
        ("a.txt", "0"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr("pipeline.report.page.html_page.ASSETS", tmp_path)
    assert (assets(".js"), assets(".css")) == (["1;", "2;"], ["b {}", "i {}"])


def assert_well_formed(page: Page, least_links: int) -> None:
    assert page.open == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = {value.removeprefix("#") for value in page.values("href") if not value.startswith(CHAPTERS)}
    assert len(links) >= least_links
    assert links <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)


def test_every_tag_is_closed_and_every_linked_id_exists_once(page: Page) -> None:
    assert_well_formed(page, least_links=17)


EQUATION = " + ".join(f"0.{number}·(-0.25)" for number in range(10, 40))  # 419 characters
WORKED = Table(
    "The state",
    (Column("", number=False), Column("h = x W", number=False, equation=True), Column("result")),
    (row("h[1]", EQUATION, Cell("0.5", bar=1.0)), row("h[2]", "1", Cell("0.25", bar=0.5))),
)


def test_a_worked_example_is_a_page_without_script() -> None:
    sections = (Section("s1", HOSTILE, (Code("h = x W"), WORKED)),)
    html = write_example_page(
        Example(HOSTILE, "A network reads.", sections, "Do not trust this.", agrees=False)
    )
    page = Page(html)
    assert_self_contained(page, scripts=0)
    assert_well_formed(page, least_links=3)
    assert page.text.count(SHOWN) >= 3  # heading, contents, section
    assert {EQUATION, "h = x W"} <= set(page.cells)
    assert page.values("style") == ["--share:1.000", "--share:0.500"]
    assert '<p class="banner" role="alert">Do not trust this.</p>' in html


def test_the_page_opens_with_the_answer(page: Page) -> None:
    places = [
        page.text.index(text)
        for text in (
            "Start with bow.",
            "Verdict: cannot tell",
            "How sure is that?",
            "Every model was trained on the same documents",
        )
    ]
    assert places == sorted(places)
    assert page.tags.count("h1") == 1


def test_the_figures_of_the_literal_run(page: Page) -> None:
    first = page.cells.index("87.5 %") - 1
    assert page.cells[first] == "tfidf"
    assert page.cells[first + 1 : first + 14] == [
        *("87.5 %", "77.5 to 95.0 %", "0.871", "0.346", "0.061", "0.052, up to 0.071"),
        *("0.25", "20,000", "1,200", "410", "1", "Baseline", "trained"),
    ]
    first = page.cells.index("tfidfweighted counts of words")
    assert page.cells[first + 1 : first + 4] == ["87.5", "tfidf: 87.5 % (77.5 % to 95.0 %)", "77.5 to 95.0"]
    assert "91" in page.cells  # of the confusion matrix: 20 of 22


def test_one_picture_serves_every_width_and_words_are_text(page: Page) -> None:
    assert "narrow" not in page.values("class")
    pictures = [value for value in page.values("aria-label") if "each training" in value]
    assert pictures == ["Mistakes of each training: tfidf 5; bow 6; lstm 7, 9."]  # of 40
    axes = re.findall(r"Accuracy on the test documents|Training documents", page.text)
    assert "Training documents" in axes


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    name = f"lstm@{HOSTILE}"
    hostile = result("tfidf", "network", 0, 0.9, 10) | {"name": name}
    word = {"word": HOSTILE, "why": HOSTILE, "neighbours": [{"word": HOSTILE}]}
    changes = {
        "corpus": METRICS["corpus"] | {"name": HOSTILE, "classes": {HOSTILE: 9, "b": 8}},
        "results": [hostile, *METRICS["results"]],
        "summary": [METRICS["summary"][0] | {"name": name, "accuracy": 0.9}, *METRICS["summary"]],
        "comparisons": [METRICS["comparisons"][0] | {"a": name}],
        "verdict": METRICS["verdict"] | {"sentence": HOSTILE},
        "warnings": [HOSTILE],
        "histories": [DETAILS["histories"][0] | {"name": name}],
        "neighbours": [{"source": HOSTILE, "words": [word]}],
        "scores": DETAILS["scores"] | {"label_names": [HOSTILE, "b"]},
    }
    run = build_run(tmp_path, config_toml=f"# {HOSTILE}\n", **changes)
    page = drawn(run)
    assert_self_contained(page)
    assert page.text.count(SHOWN) >= 12
    assert "\u202e" not in (run / "report.html").read_text(encoding="utf-8")


def test_a_very_long_word_can_be_shown(tmp_path: Path) -> None:
    words = [{"word": "x" * 100_000, "why": "marks good", "neighbours": []}]
    page = drawn(build_run(tmp_path, neighbours=[{"source": "word2vec", "words": words}]))
    assert "x" * 239 + "…" in page.cells


def test_a_hundred_classes_and_eight_models_stay_under_three_megabytes(tmp_path: Path) -> None:
    draw_report(many_classes(tmp_path, 100, 8))
    assert (tmp_path / "run" / "report.html").stat().st_size < LARGEST_PAGE


@pytest.mark.longer
def test_tables_are_shortened_until_the_page_is_small_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.report.draw.LARGEST_PAGE", 250_000)
    run = many_classes(tmp_path, 100, 8, label="very long label " * 4)
    draw_report(run)
    assert (run / "report.html").stat().st_size < 250_000
    page = (run / "report.html").read_text(encoding="utf-8")
    assert re.search(r"The first (60|20|8) of 100 rows; all are in details/scores\.json\.", page)


def many_classes(folder: Path, n_classes: int, n_models: int, label: str = "class ") -> Path:
    """Write a run with many classes, every one confused with the next, and many networks."""
    labels = [f"{label}{number}" for number in range(n_classes)]
    matrix = [[0] * n_classes for _ in labels]
    for number in range(n_classes):
        matrix[number][number], matrix[number][(number + 1) % n_classes] = 8, 2
    per_class = [
        {"label": name, "precision": 0.8, "recall": 0.8, "f1": 0.8, "support": 10} for name in labels
    ]
    names = [f"lstm@source{number}" for number in range(n_models)]
    return build_run(
        folder,
        probes=[],  # what is shortened are tables
        corpus=METRICS["corpus"] | {"classes": dict.fromkeys(labels, 10)},
        results=[result(name, "network", 0, 0.8, 10) for name in names],
        summary=[METRICS["summary"][2] | {"name": name} for name in names],
        histories=[DETAILS["histories"][0] | {"name": name} for name in names[:8]],
        scores={
            "label_names": labels,
            "models": [{"name": n, "runs": 1, "per_class": per_class, "confusion": matrix} for n in names],
        },
    )


def test_a_score_that_is_not_known_is_a_dash(tmp_path: Path) -> None:
    known, of_answers = METRICS["summary"][:2], METRICS["summary"][2] | {"log_loss": None, "ece": None}
    page = drawn(build_run(tmp_path, summary=[*known, of_answers]))
    first = page.cells.index(NETWORK)
    assert page.cells[first + 1 : first + 6] == ["80.0 %", "68.8 to 90.0 %", "0.791", "–", "–"]
