"""A run that was stopped, as its folder has it: what is whole is trusted, what is damaged set aside by name.

A job is trusted if its line says that it ended and all that it gave is whole. So what is lost with a damaged file or
line is taken out of the journal, and the run that goes on computes it again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.files import file_hash, write_whole
from pipeline.core.fits import FitKey, JobKey, Row
from pipeline.run_folder.journal import (
    BEGIN,
    END,
    JOB,
    JOURNAL,
    RESUMED,
    Line,
    ReadJournal,
    read_journal,
    rewrite,
)
from pipeline.run_folder.lock import LOCK
from pipeline.run_folder.predictions import FOLDER as PREDICTIONS
from pipeline.run_folder.reading import METRICS

ASIDE = "damaged"  # the folder for what was set aside
_NETWORK_JOBS = ("network", "again", "mean")  # a job a fit


@dataclass(frozen=True)
class StoppedRun:
    """What the folder of a run holds that was stopped, however that happened.

    Attributes
    ----------
    lines : of the journal, without those of damaged pieces; the first says which run it is
    damage : a sentence that says what was damaged; empty where all was whole
    """

    path: Path
    lines: tuple[Line, ...]
    damage: str

    @classmethod
    def read(cls, path: Path) -> StoppedRun:
        """Return what the folder holds, after what is damaged was set aside.

        Raises
        ------
        PipelineError
            If the journal's first line is damaged, or another version wrote it.
        """
        journal = read_journal(path)
        for unfinished in path.rglob("*.part"):  # what was being written
            unfinished.unlink(missing_ok=True)
        files = damaged_files(path, journal.lines)
        texts = _texts_written_again(path, journal.lines)
        lines = tuple(trusted(journal.lines, _first_gap(journal), files))
        for piece in files:
            _set_aside(path, piece)
        if journal.damaged:
            _set_lines_aside(path, journal)
        if lines != journal.lines or journal.damaged:
            rewrite(path / JOURNAL, lines)
        pieces = [f"line {line.number} of {JOURNAL.as_posix()}" for line in journal.damaged]
        return cls(path, lines, _sentence(path, [*pieces, *files, *texts]))

    @property
    def begin(self) -> Row:
        """What the run was begun with."""
        row: Row = self.lines[0].row
        return row

    @property
    def files(self) -> set[str]:
        """The files that fits and sources gave, as paths within the folder."""
        return set(_files_of(self.lines))

    def unrecorded(self) -> set[Path]:
        """Return the predictions of no fit that the journal has: a kill came before its line."""
        return {*self.path.glob(f"{PREDICTIONS}/*")} - {self.path / name for name in self.files}

    def without_conclusion(self) -> tuple[Line, ...]:
        """Return the lines without those of a report that was made of what had finished."""
        parts = [place for place, line in enumerate(self.lines) if line.kind == RESUMED]
        last = parts[-1] if parts else 0
        ends = (place for place, line in enumerate(self.lines) if line.kind == END and place > last)
        return self.lines[: next(ends, len(self.lines))]


def vanished(run: Path) -> PipelineError:
    """Return the error of a run whose folder is gone."""
    what = "the run's files are no longer there: they were moved or deleted while it was going on"
    return PipelineError(str(run), what, "run again")


def holds(path: Path) -> Literal["nothing", "a run that can go on", "a finished run", "other files"]:
    """Return what is in a folder, which need not be there.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    if not path.is_dir() or all(file.name.removeprefix(".").startswith(LOCK) for file in path.iterdir()):
        return "nothing"
    if (path / JOURNAL).is_file():
        return "a run that can go on"
    return "a finished run" if (path / METRICS).is_file() else "other files"


def damaged_files(run: Path, lines: Iterable[Line]) -> list[str]:
    """Return the files of fits and sources that are not those the run wrote: changed, cut short or gone."""
    wanted = {name: line.row["files"][name] for name, line in _files_of(lines).items()}
    return [name for name, sha256 in wanted.items() if _hash_if_there(run / name) != sha256]


def trusted(lines: Sequence[Line], gap: int | None, lost: Iterable[str]) -> Iterator[Line]:
    """Yield the lines of a journal whose content is whole.

    Parameters
    ----------
    lines : the whole lines
    gap : how many whole lines stand before the first damaged one, where others follow it; that one may be of any job
        that ended later, so none of these is known to be whole
    lost : files that are damaged
    """
    files = _files_of(lines)
    without: set[int] = set()
    for name in lost:
        without |= _lines_beside(lines, files[name])
    for place, line in enumerate(lines):
        after = gap is not None and place >= gap
        if id(line) not in without and not (line.kind == JOB and after):
            yield line


def _lines_beside(lines: Sequence[Line], owner: Line) -> set[int]:
    """Return, by `id`, the lines of the fit or source that `owner` speaks of, of its probes and of its job."""
    if owner.kind == "source":
        key = JobKey("source", owner.row["embedding"]["source"])
        return {id(owner), *(id(line) for line in lines if line.kind == JOB and JobKey(**line.row) == key)}
    fit = _fit_key(owner)
    same = [line for line in lines if line.kind == "fit" and _fit_key(line) == fit]
    probes = [line for line in lines if line.kind == "probes" and line.row["name"] == fit.name]
    jobs = [line for line in lines if line.kind == JOB and _made(JobKey(**line.row), fit)]
    first = fit.seed == fit.fold == 0
    return {id(line) for line in (*same, *(probes if first else ()), *jobs)}


def _made(job: JobKey, fit: FitKey) -> bool:
    """Return whether a job is one that makes a fit; one of baselines makes several, which it names."""
    if job.kind == "baselines":
        return job.fold == fit.fold and fit.name in job.name.split(",")
    return job.kind in _NETWORK_JOBS and FitKey(job.name, job.seed, job.fold) == fit


def _fit_key(line: Line) -> FitKey:
    return FitKey(*(line.row["fit"][name] for name in FitKey._fields))


def _files_of(lines: Iterable[Line]) -> dict[str, Line]:
    """Return the line that last spoke of each file, by the file's path within the folder."""
    return {name: line for line in lines if line.kind in ("fit", "source") for name in line.row["files"]}


def _hash_if_there(path: Path) -> str | None:
    try:
        return file_hash(path)
    except OSError:
        return None


def _first_gap(journal: ReadJournal) -> int | None:
    return min((one.before for one in journal.damaged), default=None)


# --- what is set aside ------------------------------------------------------------------------------------


def _aside(run: Path, name: str) -> Path:
    path = run / ASIDE / f"{name}.damaged"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _set_aside(run: Path, name: str) -> None:
    if (run / name).exists():
        os.replace(run / name, _aside(run, name))


def _set_lines_aside(run: Path, journal: ReadJournal) -> None:
    with _aside(run, JOURNAL.as_posix()).open("ab") as file:
        file.writelines(line.content.removesuffix(b"\n") + b"\n" for line in journal.damaged)


def _texts_written_again(run: Path, lines: Iterable[Line]) -> list[str]:
    """Write those files again whose text the journal has, where they are damaged or gone; return their names."""
    texts: dict[str, str] = {}
    for line in lines:
        if line.kind in (BEGIN, RESUMED):
            texts |= line.row["texts"]
    damaged = []
    for name, text in texts.items():
        path = run / name
        if not path.is_file() or path.read_bytes() != text.encode():
            damaged.append(name)
            _set_aside(run, name)
            write_whole(path, text.encode())
    return damaged


def _sentence(run: Path, pieces: Sequence[str]) -> str:
    if not pieces:
        return ""
    what = first_places(pieces, shown=5)
    return f"damaged or gone: {what}; what was left is set aside in {run / ASIDE}, and computed again"
