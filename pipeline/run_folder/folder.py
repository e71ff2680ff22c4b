"""The folder of a run: all that writes predictions, models and what fits found, and reads what scores come from.

What comes in is written at once: files first, then a line of the journal, so that a kill loses no fit that had
ended. Read again, the journal gives the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import write_json
from pipeline.core.fits import Fit, FitKey, FitResult, JobKey, Result, Row, Score, SourceResult, Trial
from pipeline.run_folder.details import Inputs, read_details
from pipeline.run_folder.details.fitting import CurveSets
from pipeline.run_folder.documents import read_documents, units_of
from pipeline.run_folder.journal import BEGIN, JOURNAL, STAGE, Journal, Line, read_journal, writer_is_alive
from pipeline.run_folder.metrics.corpus import Reuse
from pipeline.run_folder.metrics.rows import value_as
from pipeline.run_folder.models import write_model
from pipeline.run_folder.predictions import (
    SavedPredictions,
    prediction_path,
    read_run_predictions,
    write_predictions,
)
from pipeline.run_folder.reading import CONFIG, CURVE_FOLDER, INPUTS, detail_file
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config
from pipeline.tasks.classification.answers import Predictions

K = TypeVar("K")
V = TypeVar("V")
LOG = "log.txt"


@dataclass(kw_only=True)
class RunFolder:
    """A run folder, and what it holds so far.

    All of it comes in as rows by `tell`, while the run lasts and when its journal is read again. What has to outlive
    a kill is therefore a row: a new kind is an entry of `_TAKES`.
    """

    path: Path
    label_names: tuple[str, ...] = ()  # (C,)
    corpus_hash: str = ""
    journal: Journal | None = None  # None: nothing of it would be read again
    state: str = "running"
    total_seconds: float = 0.0
    jobs: set[JobKey] = field(default_factory=set)  # that ended
    fits: dict[FitKey, Fit] = field(default_factory=dict)
    choices: dict[tuple[str, int], Row] = field(default_factory=dict)  # by name, fold
    trials: dict[tuple[str, str, int], list[Trial]] = field(default_factory=dict)  # by name, model, fold
    courses: dict[FitKey, Row] = field(default_factory=dict)  # of networks' trainings
    embeddings: list[Row] = field(default_factory=list)
    audits: dict[tuple[str, ...], Row] = field(default_factory=dict)  # by the parts of the source's name
    neighbours: dict[str, Row] = field(default_factory=dict)  # by source, or network that trained its vectors
    notes: list[str] = field(default_factory=list)
    token_facts: Row = field(default_factory=dict)
    curve: CurveSets | None = None  # the sets of --learning-curve
    probes: dict[str, Row] = field(default_factory=dict)  # by network
    reuse: Reuse | None = None  # how many verdicts there were on the same test documents
    added_seeds: dict[str, int] = field(default_factory=dict)  # by model: trainings beyond the first ones
    stages: list[tuple[str, float]] = field(default_factory=list)  # title, seconds
    gpu: str | None = None
    ended: str | None = None  # when a run was ended from outside, UTC, ISO 8601
    reported: bool = False  # scores and a report of them stand in it

    @classmethod
    def create(cls, path: Path, label_names: tuple[str, ...], corpus_hash: str, begin: Row) -> RunFolder:
        """Return the folder of a run that begins; `begin` is what of the run the first line of its journal holds."""
        journal = Journal.begin(path, begin)
        return cls(path=path, label_names=label_names, corpus_hash=corpus_hash, journal=journal)

    @classmethod
    def open(cls, path: Path) -> tuple[RunFolder, Row]:
        """Return the folder of a run that was ended from outside, and the `begin` that it was created with.

        Raises
        ------
        PipelineError
            If the run is still going on, or its journal is damaged.
        """
        begin, *lines = list(read_journal(path)) or [Line(0.0, "", None)]
        if begin.kind != BEGIN:
            what = f"{JOURNAL} does not begin as a run's journal does"
            raise PipelineError(str(path), what, "run again")
        if writer_is_alive(begin):
            what = f"the run is still going on, in process {begin.row['process']}"
            raise PipelineError(str(path), what, "wait until it has ended")
        for unfinished in path.rglob("*.part"):  # what was being written
            unfinished.unlink(missing_ok=True)
        last = [begin, *lines][-1].at
        ended = datetime.fromtimestamp(last, UTC).isoformat(timespec="seconds")
        folder = cls(path=path, state="killed", ended=ended)
        for line in lines:
            folder._take(line.kind, line.row)
        folder.total_seconds = folder.total_seconds or last - begin.at
        return folder, begin.row

    def for_curve(self) -> RunFolder:
        """Return the folder of the smaller sets' fits: they enter no other table, and have no journal of their own."""
        path = self.path / CURVE_FOLDER
        return RunFolder(path=path, label_names=self.label_names, corpus_hash=self.corpus_hash)

    def done(self) -> set[FitKey]:
        """Return which fits the folder holds."""
        return set(self.fits)

    def keep(self, result: Result) -> None:
        """Write what a fit, a trial, a probe or a source gave: its files, then its line of the journal."""
        if isinstance(result, FitResult | SourceResult) and result.model is not None:
            write_model(self.path, result.model)
        if isinstance(result, FitResult) and isinstance(result.predictions, Predictions):
            self.write_predictions(result.fit.key, result.predictions)
        self.tell(result.kind, result.row)

    def tell(self, kind: str, row: object) -> None:
        """Take in one row of a kind, as JSON has it, and write it to the journal."""
        self._take(kind, row)
        if self.journal:
            self.journal.write(kind, row, self.stages)

    def note(self, text: str) -> None:
        """Keep something that the reader should know, once; an empty text says nothing."""
        if text and text not in self.notes:
            self.tell("note", text)

    def write_predictions(self, key: FitKey, predictions: Predictions) -> None:
        """Write the predictions of one fit."""
        path = prediction_path(self.path, *key)
        write_predictions(path, predictions, self.label_names, **key._asdict(), corpus_hash=self.corpus_hash)

    def has_predictions(self, key: FitKey) -> bool:
        """Return whether there are predictions of a fit."""
        return prediction_path(self.path, *key).is_file()

    def write_detail(self, name: str, value: object) -> None:
        """Write a file of `details/`."""
        write_json(self.path / detail_file(name), value)

    def close(self) -> None:
        """Remove the journal: the run folder is complete."""
        (self.path / JOURNAL).unlink(missing_ok=True)

    def take_back(self) -> None:
        """Remove what a run wrote before anything was fitted, and the folders that are empty then."""
        for pattern in ("details/*.*", "predictions/*", LOG, CONFIG):
            for file in self.path.glob(pattern):
                file.unlink()
        for folder in (self.path / "predictions", self.path / "details", self.path):
            with suppress(OSError):  # somebody else's file is in it, or it is not there
                folder.rmdir()

    def put_in_order(self, models: Iterable[tuple[str, str | None]]) -> None:
        """Put what was found in the order of fits that run one after the other; `models` are names with sources."""
        sources: dict[str | None, list[str]] = {}  # None, for baselines, comes first
        for name, source in models:
            sources.setdefault(source, []).append(name)
        names = [name for group in sources.values() for name in group]
        place = {name: number for number, name in enumerate(names)}
        self.fits = _sorted(self.fits, lambda key: (key.fold, place[key.name], key.seed))
        self.courses = _sorted(self.courses, lambda key: (key.fold, place[key.name], key.seed))
        self.choices = _sorted(self.choices, lambda key: (key[1], place[key[0]]))
        self.probes = _sorted(self.probes, lambda name: place[name])
        self.trials = _sorted(self.trials, lambda key: (key[2], place[key[0]]))
        first = {source: place[group[0]] for source, group in sources.items()}
        self.neighbours = _sorted(
            self.neighbours, lambda name: (place[name], 1) if name in place else (first[name], 0)
        )

    def _take(self, kind: str, row: object) -> None:
        _TAKES[kind](self, row)

    # --- what scores are computed from ---------------------------------------------------------------------

    def inputs(self) -> Inputs:
        """Return what only the run could know, and scores are computed from.

        Raises
        ------
        PipelineError
            If a file that has to be there is absent, or one is damaged.
        """
        for name in INPUTS:
            if not (self.path / name).is_file():
                what = f"there is no {name} in it, which scores are computed from"
                fix = "an older version wrote this run, or it did not end: run again"
                raise PipelineError(str(self.path), what, fix)
        return read_details(Inputs, self.path / "details")

    def settings(self) -> Config:
        """Return the settings of the run."""
        return load_config(self.path / CONFIG)

    def documents(self) -> pl.DataFrame | None:
        """Return the facts about the test documents (`documents.COLUMNS`); None where the run wrote none."""
        return read_documents(self.path)

    def answers(self, of_curve: bool = False) -> list[SavedPredictions]:
        """Return the saved predictions, or those of the learning curve, with the documents that are one unit."""
        units = units_of(self.documents())
        saved = read_run_predictions(self.path / CURVE_FOLDER if of_curve else self.path)
        return [replace(entry, units=units) for entry in saved]


def _sorted(rows: dict[K, V], order: Callable[[K], int | tuple[int, ...]]) -> dict[K, V]:
    return {key: rows[key] for key in sorted(rows, key=order)}


def _take_fit(folder: RunFolder, row: Row) -> None:
    """Put a fit, and what is known of it, in the place of one of the same model, seed and fold."""
    fit = Fit.of_row(row["fit"])
    folder.fits[fit.key] = fit
    if "choice" in row:
        folder.choices[fit.name, fit.fold] = row["choice"]
    if "course" in row:
        folder.courses[fit.key] = row["course"]
    if "neighbours" in row:
        folder.neighbours[row["neighbours"]["source"]] = row["neighbours"]
    folder.gpu = folder.gpu or row.get("gpu")


def _take_source(folder: RunFolder, row: Row) -> None:
    """Take in what a source said of itself; a later one does not take away what an earlier one said of tokens."""
    folder.notes += [text for text in dict.fromkeys(row.get("notes", ())) if text not in folder.notes]
    folder.token_facts |= row.get("tokens", {})
    if "embedding" in row:
        folder.embeddings.append(row["embedding"])
    if "neighbours" in row:
        folder.neighbours[row["neighbours"]["source"]] = row["neighbours"]
    if "audit" in row:
        folder.audits[tuple(row["audit"]["parts"])] = row["audit"]["audit"]


def _take_trial(folder: RunFolder, row: Row) -> None:
    trial = Trial(**row["trial"] | {"score": Score(**row["trial"]["score"])})
    folder.trials.setdefault((row["name"], row["model"], row["fold"]), []).append(trial)


def _take_end(folder: RunFolder, row: Row) -> None:
    folder.state, folder.total_seconds = row["state"], row["total_seconds"]


_TAKES: dict[str, Callable[[RunFolder, Any], None]] = {
    "fit": _take_fit,
    "job": lambda folder, row: folder.jobs.add(JobKey(**row)),
    "trial": _take_trial,
    "source": _take_source,
    "probes": lambda folder, row: folder.probes.update({row["name"]: row}),
    "note": lambda folder, row: folder.notes.append(row),
    "tokens": lambda folder, row: folder.token_facts.update(row),
    "curve": lambda folder, row: setattr(folder, "curve", value_as(CurveSets, row)),
    "reuse": lambda folder, row: setattr(folder, "reuse", value_as(Reuse, row)),
    "added seeds": lambda folder, row: folder.added_seeds.update(row),
    "end": _take_end,
    STAGE: lambda folder, row: folder.stages.append(tuple(row)),
}
