"""The folder of a run: all that writes predictions, models and what fits found, and reads what scores come from.

What comes in is written at once: files first, then a line of the journal with their sha256, so that a kill loses no fit
that had ended. Read again, the journal gives the same rows.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import file_hash, write_json
from pipeline.core.fits import Fit, FitKey, FitResult, JobKey, Result, Row, Score, SourceResult, Trial
from pipeline.run_folder.details import Inputs, read_details
from pipeline.run_folder.details.fitting import CurveSets
from pipeline.run_folder.documents import read_documents, units_of
from pipeline.run_folder.journal import BEGIN, END, JOB, JOURNAL, RESUMED, STAGE, Journal, Line
from pipeline.run_folder.lock import RunLock
from pipeline.run_folder.metrics.corpus import Reuse
from pipeline.run_folder.metrics.rows import value_as
from pipeline.run_folder.models import write_model
from pipeline.run_folder.predictions import (
    SavedPredictions,
    prediction_path,
    read_run_predictions,
    write_predictions,
)
from pipeline.run_folder.reading import CONFIG, CURVE_FOLDER, INPUTS, UNFINISHED, detail_file
from pipeline.run_folder.stopped import StoppedRun, vanished
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
    lock: RunLock | None = None  # what keeps other processes out
    state: str = "running"
    total_seconds: float = 0.0  # over all parts of the run, until its last line
    resumed: list[Row] = field(default_factory=list)  # how it went on: a row each time
    damage: str = ""  # what of an earlier part was damaged, in a sentence
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
    sources: dict[tuple[int, str], Row] = field(default_factory=dict)  # what each said, by fold and name
    failed: dict[JobKey, str] = field(default_factory=dict)  # jobs that could not be done, and why
    # by how many seeds a network had by then: those that stood far from the others, and are trained again
    far_off: dict[int, list[Row]] = field(default_factory=dict)
    added_seeds: dict[str, int] = field(default_factory=dict)  # by model: trainings beyond the first ones
    stages: list[tuple[str, float]] = field(default_factory=list)  # title, seconds
    ended_stages: list[tuple[str, float]] = field(default_factory=list)  # of this part, as it grows
    gpu: str | None = None
    _unfinished: Path | None = None  # of the smaller sets: a folder in that of the run
    _first_fits: dict[FitKey, Fit] = field(default_factory=dict)
    ended: str | None = None  # when a run was ended from outside, UTC, ISO 8601
    reported: bool = False  # scores and a report of them stand in it
    _told: int = 0  # of the ended stages
    _prepares: bool = False  # does again what each part of a run does before its fits

    @classmethod
    def create(
        cls,
        path: Path,
        label_names: tuple[str, ...],
        corpus_hash: str,
        begin: Row,
        *,
        began: float | None = None,
        lock: RunLock | None = None,
    ) -> RunFolder:
        """Return the folder of a run that begins.

        Parameters
        ----------
        begin : what of the run the first line of its journal holds; `texts`: of files, by their path in the folder
        began : when the run began, by `time.perf_counter`
        lock : what keeps other processes out
        """
        journal = Journal.begin(path, {"texts": {}} | begin, time.perf_counter() if began is None else began)
        return cls(path=path, label_names=label_names, corpus_hash=corpus_hash, journal=journal, lock=lock)

    @classmethod
    def of(cls, stopped: StoppedRun) -> RunFolder:
        """Return the folder of a run that was stopped, as far as it had come; nothing of it enters its journal."""
        ended = datetime.fromtimestamp(stopped.lines[-1].at, UTC).isoformat(timespec="seconds")
        folder = cls(path=stopped.path, state="killed", ended=ended)
        folder._take_lines(stopped.lines)
        return folder

    @classmethod
    def going_on(
        cls,
        stopped: StoppedRun,
        label_names: tuple[str, ...],
        corpus_hash: str,
        resumed: Row,
        *,
        began: float,
        lock: RunLock | None = None,
    ) -> RunFolder:
        """Return the folder of a run that goes on; a report of it that was made before takes no part in it.

        `resumed` is what the journal holds of this part of the run: `time`, `command`, `host`, and `texts` of files.
        """
        lines = stopped.without_conclusion()
        journal = Journal(stopped.path / JOURNAL, began - stopped.lines[-1].seconds)
        journal.write_anew(lines)
        folder = cls(path=stopped.path, label_names=label_names, corpus_hash=corpus_hash)
        folder.journal, folder.lock = journal, lock
        folder._take_lines(lines)
        folder.tell(RESUMED, {"texts": {}} | resumed)
        for file in stopped.unrecorded():
            file.unlink()  # else what reads all predictions would take them for those of a fit
        return folder

    def for_curve(self) -> RunFolder:
        """Return the folder of the smaller sets' fits, which enter no other table: its journal begins or goes on."""
        path, known = self.path / CURVE_FOLDER, (self.label_names, self.corpus_hash)
        began, damage = time.perf_counter(), ""
        if self.journal is None:
            folder = RunFolder(path=path, label_names=self.label_names, corpus_hash=self.corpus_hash)
        elif not (path / JOURNAL).is_file():
            folder = RunFolder.create(path, *known, {}, began=began, lock=self.lock)
        else:
            stopped = StoppedRun.read(path)
            folder = RunFolder.going_on(stopped, *known, {}, began=began, lock=self.lock)
            damage = stopped.damage
        folder.damage, folder._unfinished = damage, self.unfinished / CURVE_FOLDER.name
        return folder

    @property
    def unfinished(self) -> Path:
        """The folder of what a run needs until it has ended, such as the vectors that its fits read."""
        return self._unfinished or self.path / UNFINISHED

    def first_fit(self, name: str, seed: int, fold: int) -> Fit:
        """Return the first training of a seed, though a second may have taken its place."""
        key = FitKey(name, seed, fold)
        return self._first_fits.get(key, self.fits[key])

    def done(self) -> set[FitKey]:
        """Return which fits the folder holds."""
        return set(self.fits)

    def keep(self, result: Result) -> None:
        """Write what a fit, a trial, a probe or a source gave: its files, then its line of the journal."""
        self._check_ours()
        written: list[Path] = []
        if isinstance(result, FitResult | SourceResult) and result.model is not None:
            written += write_model(self.path, result.model)
        if isinstance(result, FitResult) and isinstance(result.predictions, Predictions):
            written.append(self.write_predictions(result.fit.key, result.predictions))
        row = result.row
        if isinstance(result, FitResult | SourceResult):
            row["files"] = {file.relative_to(self.path).as_posix(): file_hash(file) for file in written}
        self.tell(result.kind, row)

    def tell(self, kind: str, row: object) -> None:
        """Take in one row of a kind and what stages have ended, and write them to the journal."""
        self._check_ours()
        told, self._told = self._told, len(self.ended_stages)
        for each in (*((STAGE, stage) for stage in self.ended_stages[told:]), (kind, row)):
            self._take(*each)
            if self.journal:
                self.total_seconds = self.journal.write(*each).seconds

    def _check_ours(self) -> None:
        """Raise a PipelineError if the folder is no longer there, or another process has it."""
        if self.lock is not None:
            self.lock.check()
        if self.journal is not None and not self.journal.path.is_file():
            raise vanished(self.path)

    def note(self, text: str) -> None:
        """Keep something that the reader should know, once; an empty text says nothing."""
        if text and text not in self.notes:
            self.tell("note", text)

    def write_predictions(self, key: FitKey, predictions: Predictions) -> Path:
        """Write the predictions of one fit, and return their file."""
        path = prediction_path(self.path, *key)
        write_predictions(path, predictions, self.label_names, **key._asdict(), corpus_hash=self.corpus_hash)
        return path

    def has_predictions(self, key: FitKey) -> bool:
        """Return whether there are predictions of a fit."""
        return prediction_path(self.path, *key).is_file()

    def write_detail(self, name: str, value: object) -> None:
        """Write a file of `details/`."""
        write_json(self.path / detail_file(name), value)

    def close(self) -> None:
        """Remove the journals, and what fits needed: the run has come to its end, and its folder is complete."""
        shutil.rmtree(self.unfinished, ignore_errors=True)
        shutil.rmtree((self.path / CURVE_FOLDER / JOURNAL).parent, ignore_errors=True)
        (self.path / JOURNAL).unlink(missing_ok=True)

    def take_back(self) -> None:
        """Remove what a run wrote before anything was fitted, and the folders that are empty then."""
        if self.lock is not None:
            self.lock.check()  # else it is another process's
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
        first = {str(source): place[group[0]] for source, group in sources.items()}
        self._put_sources_in_order(first)
        self.neighbours = _sorted(
            self.neighbours, lambda name: (place[name], 1) if name in place else (first[name], 0)
        )

    def _put_sources_in_order(self, place: Mapping[str, int]) -> None:
        """Order what sources said as if their vectors had been made one after the other."""
        self.sources = _sorted(self.sources, lambda key: (key[0], place[key[1]]))
        for row in self.sources.values():
            self.token_facts |= row.get("tokens", {})
        said = dict.fromkeys(text for row in self.sources.values() for text in row.get("notes", ()))
        ordered = iter([text for text in said if text in self.notes])
        self.notes = [next(ordered) if text in said else text for text in self.notes]
        self.embeddings.sort(key=lambda row: place[row["source"]])
        parts = [tuple(row["parts"]) for row in self.sources.values()]
        self.audits = _sorted(self.audits, parts.index)

    def _take(self, kind: str, row: object) -> None:
        _TAKES[kind](self, row)

    def _take_lines(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._take(line.kind, line.row)
            self.total_seconds = line.seconds

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
    if fit.again is not None and fit.key in folder.fits and folder.fits[fit.key].again is None:
        folder._first_fits[fit.key] = folder.fits[fit.key]
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
    folder.sources[row["fold"], row["source"]] = row
    folder.notes += [text for text in dict.fromkeys(row.get("notes", ())) if text not in folder.notes]
    folder.token_facts |= row.get("tokens", {})
    if "embedding" in row:
        others = [known for known in folder.embeddings if known["source"] != row["source"]]
        folder.embeddings = [*others, row["embedding"]]
    if "neighbours" in row:
        folder.neighbours[row["neighbours"]["source"]] = row["neighbours"]
    if "audit" in row and not (row["audit"]["shuffled"] and tuple(row["parts"]) in folder.audits):
        folder.audits[tuple(row["parts"])] = row["audit"]


def _take_trial(folder: RunFolder, row: Row) -> None:
    """Put a trial in the place of an earlier one of the same number."""
    trial = Trial(**row["trial"] | {"score": Score(**row["trial"]["score"])})
    trials = folder.trials.setdefault((row["name"], row["model"], row["fold"]), [])
    trials[:] = sorted(
        [one for one in trials if one.number != trial.number] + [trial], key=lambda one: one.number
    )


def _take_job(folder: RunFolder, row: Row) -> None:
    key = JobKey(**row)
    folder.jobs.add(key)
    folder.failed.pop(key, None)  # in an earlier part of the run


def _take_resumed(folder: RunFolder, row: Row) -> None:
    folder.resumed.append({name: row[name] for name in row if name != "texts"})
    folder.state, folder._prepares = "killed" if folder.journal is None else "running", True


def _take_tokens(folder: RunFolder, row: Row) -> None:
    """Take in what is told when all is prepared for the fits."""
    folder.token_facts |= row
    folder._prepares = False


def _take_stage(folder: RunFolder, row: tuple[str, float]) -> None:
    """Take in a stage that ended; what each part of the run does before its fits is one stage in all."""
    title, seconds = row
    titles = [known for known, _ in folder.stages]
    if folder._prepares and title in titles:
        place = titles.index(title)
        folder.stages[place] = title, folder.stages[place][1] + seconds
    else:
        folder.stages.append((title, seconds))


_TAKES: dict[str, Callable[[RunFolder, Any], None]] = {
    BEGIN: lambda folder, row: None,
    RESUMED: _take_resumed,
    "fit": _take_fit,
    "failed": lambda folder, row: folder.failed.update({JobKey(**row["key"]): row["why"]}),
    "far off": lambda folder, row: folder.far_off.setdefault(row["seeds"], []).extend(row["fits"]),
    JOB: _take_job,
    "trial": _take_trial,
    "source": _take_source,
    "probes": lambda folder, row: folder.probes.update({row["name"]: row}),
    "note": lambda folder, row: folder.notes.append(row),
    "tokens": _take_tokens,
    "curve": lambda folder, row: setattr(folder, "curve", value_as(CurveSets, row)),
    "reuse": lambda folder, row: setattr(folder, "reuse", value_as(Reuse, row)),
    "added seeds": lambda folder, row: folder.added_seeds.update(row),
    END: lambda folder, row: setattr(folder, "state", row["state"]),
    STAGE: _take_stage,
}
