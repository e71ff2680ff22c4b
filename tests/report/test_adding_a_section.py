"""A section of the report is one function and one line: it stands in its place in every form, with its charts."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_builders import build_run

from pipeline.report import draw_report
from pipeline.report.page.blocks import Block, Chart, Limits, Paragraph
from pipeline.report.page.figures import BandLine, BandPoint, Bands
from pipeline.report.sections import table
from pipeline.run_folder.reading import Run

# --- the one file


def how_many(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how many models there are, and a chart of it."""
    n_models = len(run.metrics.summary)
    line = BandLine("models", tuple(BandPoint(place, n_models, None, None) for place in (1, 2)))
    chart = Chart("Models", "As many at both places.", Bands((line,), "place", "models", percent=False))
    return Paragraph(f"There are {n_models} models."), chart


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    before = table.SECTIONS
    line = table.Line("how-many", "How many models", how_many, "evidence")  # the one line
    place = [entry.id for entry in before].index("ladder")
    monkeypatch.setattr(table, "SECTIONS", (*before[:place], line, *before[place:]))
    run = build_run(tmp_path)
    draw_report(run)
    return run


def test_it_stands_in_the_report_where_its_line_does(run: Path) -> None:
    text = (run / "report.md").read_text(encoding="utf-8")
    titles = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    place = titles.index("How many models")
    assert (titles[place - 1], titles[place + 1]) == (
        "Differences",
        "What each step adds",
    )
    assert "\n## How many models\n\nThere are 3 models.\n" in text
    assert "](charts/how-many-1.png)" in text
    assert (run / "charts" / "how-many-1.png").stat().st_size > 1000


def test_the_page_has_it_and_its_contents_lead_there(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.count('<a href="#how-many">How many models</a>') == 1
    assert page.count('<section id="how-many"') == 1
    assert "There are 3 models.</p>" in page
