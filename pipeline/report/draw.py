"""Draw the report of a run folder, and the few lines that end a run at the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.clean import clean, clip
from pipeline.core.columns import aligned
from pipeline.core.files import write_whole
from pipeline.report.page import charts
from pipeline.report.page.blocks import Answer, Limits, Section
from pipeline.report.page.formats import decimal, interval, percent
from pipeline.report.page.html_page import write_html
from pipeline.report.page.markdown import write_markdown
from pipeline.report.sections.answer import build_answer
from pipeline.report.sections.circumstances import circumstances
from pipeline.report.sections.facts import ModelFacts, leak_warning, model_facts, status_sentence
from pipeline.report.sections.table import build_sections, charts_of, parts_of
from pipeline.run_folder.reading import CHARTS, MARKDOWN, PAGE, Run, read_run

LARGEST_PAGE = 3_000_000  # bytes
SHOWN_MODELS = 12  # lines of the terminal's table
TITLES = "model, accuracy, 95 % interval"
LIMITS = (
    Limits(),
    Limits(rows=60),
    Limits(rows=20, confusion_classes=10, browser_bytes=800_000),
    Limits(rows=8, confusion_classes=5, pairs=5, browser_bytes=300_000),
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


# What the terminal shows beside accuracy, by the metric of the run.
BESIDE_ACCURACY: dict[str, tuple[str, Callable[[ModelFacts, int], str]]] = {
    "macro-f1": (
        "macro F1, 95 % interval",
        lambda model, places: (
            f"{percent(model.macro_f1, places):>8}  {interval(model.macro_f1_ci95, percent, places)}"
        ),
    ),
    "log-loss": (
        "log loss, 95 % interval",
        lambda model, places: f"{decimal(model.log_loss):>8}  {interval(model.log_loss_ci95, decimal, 3)}",
    ),
}


def summarise(run: Path) -> str:
    """Return the end of a run for the terminal: the answer, the models with intervals, the report's path."""
    content = read_run(run)
    models = model_facts(content)
    repeated = leak_warning(content)
    parts = [
        content.metrics.verdict.sentence,
        _advice(content),
        circumstances(content),
        status_sentence(content),
        f"warning: {repeated}" if repeated else "",
        _model_lines(models, content.places, content.metrics.verdict.metric),
    ]
    paths = f"Report: {run / PAGE}"
    if content.metrics.advice.model:
        paths += f"\nUse it: python -m pipeline predict {run} FILE"
    return "\n\n".join([*(part for part in parts if part), paths])


def _advice(run: Run) -> str:
    """Return what to do meanwhile, as it is said: `Start with tfidf. The cheapest model that ..`."""
    advice = run.metrics.advice
    model = f" {clean(advice.model)}" if advice.model else ""
    return f"{advice.verb.removesuffix(' .. if')}{model}. {advice.because}"


def _model_lines(models: list[ModelFacts], places: int, metric: str) -> str:
    """Return a line a model: accuracy with its interval, then macro F1 or log loss where the run is judged by it."""
    if not models:
        return ""
    title, second = BESIDE_ACCURACY.get(metric, ("", None))
    grid = [[*TITLES.split(", "), *([title] if second else []), ""]]
    for model in models[:SHOWN_MODELS]:
        name, accuracy = clip(clean(model.name), 40), percent(model.accuracy, places)
        beside = [second(model, places)] if second else []
        mark = "did not train" if model.untrained_runs else model.few_vectors
        grid.append([name, accuracy, interval(model.accuracy_ci95, percent, places), *beside, mark])
    lines = [line.rstrip() for line in aligned(grid, [place == 1 for place in range(len(grid[0]))])]
    rest = len(models) - SHOWN_MODELS
    return "\n".join(lines + ([f"and {rest} more"] if rest > 0 else []))
