"""The folder of a run: all that writes predictions, models and what fits found, and reads what scores come from.

What comes in is written at once: files first, then a line of the journal with their sha256, so that a kill loses no fit
that had ended. Read again, the journal gives the same rows.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import file_hash, write_json
from pipeline.core.fits import (
    FitKey,
    FitResult,
    JobEnded,
    JobKey,
    Result,
    Row,
    SourceResult,
)
from pipeline.core.warned import Warned
from pipeline.run_folder.details import Inputs, read_details
from pipeline.run_folder.documents import read_documents, units_of
from pipeline.run_folder.journal import JOURNAL, RESUMED, STAGE, Journal, Line, read_journal
from pipeline.run_folder.lock import RunLock
from pipeline.run_folder.models import write_model
from pipeline.run_folder.names import CONFIG, CURVE_FOLDER, INPUTS, UNFINISHED, detail_file
from pipeline.run_folder.predictions import (
    SavedPredictions,
    prediction_path,
    read_run_predictions,
    validation_path,
    write_predictions,
)
from pipeline.run_folder.record import RunRecord
from pipeline.run_folder.stopped import StoppedRun, files_of, vanished, without
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config
from pipeline.tasks.answers import Answers

LOG = "log.txt"


@dataclass(kw_only=True)
class RunFolder(RunRecord):
    """A run folder, and what it holds so far.

    All that was found comes in as rows by `tell`.
    """

    path: Path
    label_names: tuple[str, ...] = ()  # (C,)
    corpus_hash: str = ""
    journal: Journal | None = None  # None: nothing of it would be read again
    lock: RunLock | None = None  # what keeps other processes out
    _unfinished: Path | None = None  # of the smaller sets: a folder in that of the run
    ended: str | None = None  # when a run was ended from outside, UTC, ISO 8601
    reported: bool = False  # scores and a report of them stand in it
    _told: int = 0  # of the ended stages

    @property
    def goes_on(self) -> bool:
        """Whether rows come in while the run lasts."""
        return self.journal is not None

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
        began, damage = time.perf_counter(), None
        if self.journal is None:
            folder = RunFolder(path=path, label_names=self.label_names, corpus_hash=self.corpus_hash)
        elif not (path / JOURNAL).is_file():
            folder = RunFolder.create(path, *known, {}, began=began, lock=self.lock)
        else:
            stopped = StoppedRun.read(path, {"texts": {}})
            folder = RunFolder.going_on(stopped, *known, {}, began=began, lock=self.lock)
            damage = stopped.damage
        folder.damage, folder._unfinished = damage, self.unfinished / CURVE_FOLDER.name
        return folder

    @property
    def unfinished(self) -> Path:
        """The folder of what a run needs until it has ended, such as the vectors that its fits read."""
        return self._unfinished or self.path / UNFINISHED

    def keep(self, result: Result, job: JobKey | None = None) -> None:
        """Write what a job gave: its files, then its line of the journal; None: it comes from elsewhere.

        The line that says that a job has ended counts those that it gave, so that one which is lost is missed.
        """
        self._check_ours()
        written: list[Path] = []
        if isinstance(result, FitResult | SourceResult) and result.model is not None:
            written += write_model(self.path, result.model)
        if isinstance(result, FitResult) and isinstance(result.predictions, Answers):
            written.append(self.write_predictions(result.fit.key, result.predictions))
        if isinstance(result, FitResult) and isinstance(result.on_validation, Answers):
            path = validation_path(self.path, *result.fit.key)
            written.append(self._write_answers(path, result.fit.key, result.on_validation))
        row = result.row
        if isinstance(result, FitResult | SourceResult):
            row["files"] = {file.relative_to(self.path).as_posix(): file_hash(file) for file in written}
        if isinstance(result, JobEnded):
            row["lines"] = self.given[result.key]
        self.tell(result.kind, row, job)

    def tell(self, kind: str, row: object, job: JobKey | None = None) -> None:
        """Take in one row of a kind and what stages have ended, and write them to the journal."""
        self._check_ours()
        told, self._told = self._told, len(self.ended_stages)
        for each in (*((STAGE, stage, None) for stage in self.ended_stages[told:]), (kind, row, job)):
            self.take_row(*each)
            if self.journal:
                self.total_seconds = self.journal.write(*each).seconds

    def _check_ours(self) -> None:
        """Raise a PipelineError if the folder is no longer there, or another process has it."""
        if self.lock is not None:
            self.lock.check()
        if self.journal is not None and not self.journal.path.is_file():
            raise vanished(self.path)

    def note(self, text: Warned | None) -> None:
        """Keep something that the reader should know, once."""
        if text and text not in self.notes:
            self.tell("note", text)

    def write_predictions(self, key: FitKey, predictions: Answers) -> Path:
        """Write the predictions of one fit, and return their file."""
        return self._write_answers(prediction_path(self.path, *key), key, predictions)

    def _write_answers(self, path: Path, key: FitKey, answers: Answers) -> Path:
        write_predictions(path, answers, self.label_names, **key._asdict(), corpus_hash=self.corpus_hash)
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

    def forget(self, jobs: Iterable[JobKey]) -> None:
        """Have jobs that ended done again, and what rests on them: nothing that they gave is in the folder after that.

        A kill at any moment leaves the journal with or without them, so what takes their place is never beside them.
        """
        if self.journal is None:
            self.jobs -= {*jobs}
            return
        lines = read_journal(self.path).lines
        kept = tuple(without(lines, {*jobs}))
        if kept == lines:
            return
        self.journal.write_anew(kept)
        for name in files_of(lines) - files_of(kept):
            (self.path / name).unlink(missing_ok=True)
        self._begin_anew()
        self._take_lines(kept)

    def take_back(self) -> None:
        """Remove what a run wrote before anything was fitted, and the folders that are empty then."""
        if self.lock is not None:
            self.lock.check()  # else it is another process's
        for pattern in ("details/*.*", "predictions/*", LOG, CONFIG):
            for file in self.path.glob(pattern):
                file.unlink()
        for began in (CURVE_FOLDER, UNFINISHED):  # this run's own, whole
            shutil.rmtree(self.path / began, ignore_errors=True)
        for folder in (self.path / "predictions", self.path / "details", self.path):
            with suppress(OSError):  # somebody else's file is in it, or it is not there
                folder.rmdir()

    def _take_lines(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.take_row(line.kind, line.row, line.job)
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
                raise PipelineError("other-version", str(self.path), what, fix)
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
