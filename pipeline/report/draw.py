"""Draw the report of a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.files import write_whole
from pipeline.report.page import charts
from pipeline.report.page.blocks import Answer, Limits, Section
from pipeline.report.page.html_page import write_html
from pipeline.report.page.markdown import write_markdown
from pipeline.report.sections.answer import build_answer
from pipeline.report.sections.table import build_sections, charts_of, parts_of
from pipeline.run_folder.names import CHARTS, MARKDOWN, PAGE
from pipeline.run_folder.reading import Run, read_run

LARGEST_PAGE = 3_000_000  # bytes
LIMITS = (
    Limits(),
    Limits(rows=60),
    Limits(rows=20, confusion_classes=10, browser_bytes=80_000),
    Limits(rows=8, confusion_classes=5, pairs=5, browser_bytes=60_000),
)


@dataclass(frozen=True)
class Drawn:
    """The two forms of a report, as the text of their files, and the pictures that the Markdown shows."""

    markdown: str
    page: str
    pictures: dict[str, bytes]

    @property
    def files(self) -> dict[str, str]:
        """The text by its path within the run folder."""
        return {MARKDOWN: self.markdown, PAGE: self.page}


def draw_report(run: Path) -> None:
    """Write `report.html`, `report.md` and its `charts/` into the run folder `run`, each file in one step.

    Pictures of an earlier drawing that this one does not have are deleted.

    Raises
    ------
    PipelineError
        If `run` is no run folder, a file in it is not JSON, or a newer version wrote it.
    """
    drawn = draw(read_run(run))
    if drawn.pictures:
        (run / CHARTS).mkdir(exist_ok=True)
    for name, picture in drawn.pictures.items():
        write_whole(run / name, picture)
    for name, text in drawn.files.items():
        write_whole(run / name, text.encode())
    for name in kept_pictures(run):
        if name not in drawn.pictures:
            (run / name).unlink()


def kept_pictures(run: Path) -> list[str]:
    """Return the pictures in a run folder's `charts/`, as paths within it, ascending."""
    return sorted(path.relative_to(run).as_posix() for path in (run / CHARTS).glob("[!.]*.png"))


def draw(content: Run) -> Drawn:
    """Return the report of a run folder's content: the same content gives the same text, wherever it lies.

    Everything is drawn from `metrics.json`, `details/*.json` and `config.toml`; a part that is absent is said
    to be absent. Tables are shortened until the page is under 3 MB.
    """
    answer = build_answer(content)
    for limits in LIMITS:
        sections = build_sections(content, limits)
        page = write_html(answer, parts_of(answer, sections), _name(content))
        if len(page.encode()) < LARGEST_PAGE:
            break
    return Drawn(write_markdown(answer, sections), page, draw_pictures(answer, sections))


def draw_pictures(answer: Answer, sections: Sequence[Section]) -> dict[str, bytes]:
    """Return the PNG of every chart by its path within the run folder."""
    head = [answer.chart] if answer.chart else []
    return {chart.file: charts.png(charts.draw(chart.figure)) for chart in (*head, *charts_of(sections))}


def _name(run: Run) -> str:
    return run.metrics.corpus.name
