"""A run folder as a value: the verdict, tables as Polars frames, the report, and the trained models."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from html import escape
from pathlib import Path

import polars as pl

from pipeline.api.errors import InvalidInput
from pipeline.api.model import Model, load_model
from pipeline.api.tagger import Tagger
from pipeline.core.errors import PipelineError
from pipeline.report import summarise
from pipeline.report.page.formats import interval, percent
from pipeline.run_folder.metrics.comparisons import Advice, Comparison, Verdict
from pipeline.run_folder.metrics.models import Summary
from pipeline.run_folder.metrics.rows import Row, key_of
from pipeline.run_folder.models import saved_names
from pipeline.run_folder.names import MARKDOWN, PAGE
from pipeline.run_folder.reading import Run
from pipeline.run_folder.reading import read_run as read_folder

TITLES = "model, accuracy, 95 % interval"
FRAME_HEIGHT = 800  # pixels of a report in a notebook


@dataclass(frozen=True)
class Report:
    """The report of a run; a notebook shows the page, in a frame of its own, so that neither changes the other."""

    path: Path  # of the page
    markdown: Path

    def __str__(self) -> str:
        """Return the report as Markdown text."""
        return self.markdown.read_text(encoding="utf-8")

    def _repr_html_(self) -> str:
        page = escape(self.path.read_text(encoding="utf-8"), quote=True)
        style = f"width: 100%; height: {FRAME_HEIGHT}px; border: 0"
        return f'<iframe title="Report" srcdoc="{page}" style="{style}"></iframe>'


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run found, read from its folder.

    Attributes
    ----------
    folder : Path
    verdict : Verdict
        The answer; `str(verdict)` is its sentence. `decision`, `a`, `b` and the rest are the keys of `metrics.json`.
    advice : Advice
        What to do meanwhile: `verb`, `model`, `because`, `next`.
    summary, comparisons : polars.DataFrame
        A row for each model, and for each pair of models; the columns are the keys of `metrics.json`.
    models : tuple of str
        The models that the run saved, and `model` loads.
    report : Report
    """

    folder: Path
    content: Run

    @property
    def verdict(self) -> Verdict:
        """The answer, and what it rests on."""
        return self.content.metrics.verdict

    @property
    def advice(self) -> Advice:
        """What to do meanwhile."""
        return self.content.metrics.advice

    @cached_property
    def summary(self) -> pl.DataFrame:
        """Scores of each model with 95 % intervals, a row for each."""
        return as_frame(Summary, self.content.metrics.summary)

    @cached_property
    def comparisons(self) -> pl.DataFrame:
        """Differences on the same test documents, a row for each pair of models."""
        return as_frame(Comparison, self.content.metrics.comparisons)

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models that the run saved."""
        return tuple(saved_names(self.folder))

    @property
    def report(self) -> Report:
        """The report, which a notebook shows."""
        return Report(self.folder / PAGE, self.folder / MARKDOWN)

    @cached_property
    def best(self) -> Model | Tagger:
        """The model to use: the one that the advice names.

        Raises
        ------
        PipelineError
            If nothing is advised; `model` gives any of `models`.
        """
        if self.advice.model is None:
            fix = f"name one: model({self.models[0]!r})" if self.models else "run again"
            raise PipelineError(
                "no-model-advised", str(self.folder), f"no model is advised: {self.advice.because}", fix
            )
        return self.model(self.advice.model)

    def model(self, name: str) -> Model | Tagger:
        """Return a model that the run trained, such as `lstm:max@word2vec`.

        Raises
        ------
        PipelineError
            If there is none of this name, with the names of those that are.
        """
        return load_model(self.folder, name)

    def __str__(self) -> str:
        """Return what the terminal shows at the end of a run: the answer, the models with intervals."""
        return summarise(self.folder)

    def __repr__(self) -> str:
        """Return the folder with the answer."""
        return f"<RunResult {str(self.folder)!r}: {self.verdict}>"

    def _repr_html_(self) -> str:
        places = self.content.places
        rows = [
            (row.name, percent(row.accuracy, places), interval(row.accuracy_ci95, percent, places))
            for row in self.content.metrics.summary
        ]
        cells = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
        head = "".join(f"<th>{title}</th>" for title in TITLES.split(", "))
        table = "".join(f"<tr>{row}</tr>" for row in (head, *cells))
        return f"<p><b>{escape(str(self.verdict))}</b></p><table>{table}</table>"


def as_frame(kind: type[Row], rows: Sequence[Row]) -> pl.DataFrame:
    """Return rows of `metrics.json` as a frame, a column for each key, also where there is no row."""
    columns = [key_of(one.name) for one in fields(kind)]
    return pl.DataFrame([_plain(row) for row in rows], schema=columns, infer_schema_length=None)


def _plain(value: object) -> object:
    if isinstance(value, Row):
        return {key: _plain(item) for key, item in value.as_json.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def read_run(run: str | os.PathLike[str]) -> RunResult:
    """Return what a run found.

    Parameters
    ----------
    run : path
        A run folder, such as `reports/bbc-news-...`.

    Raises
    ------
    PipelineError
        If it is no run folder, a file in it is damaged, or another version wrote it.
    """
    if not isinstance(run, str | os.PathLike):
        raise InvalidInput(
            "wrong-argument", "run", f"{run!r} is no path", "give a run folder, such as reports/NAME"
        )
    folder = Path(run)
    return RunResult(folder, read_folder(folder))
