"""A run that was stopped, as its folder has it: what is whole is trusted, what is damaged set aside by name.

A job is trusted if its line says that it ended and all that it gave is whole: every line, which it counts, and every
file. Else all of it is taken out of the journal, and the run that goes on computes it again.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.files import file_hash, write_whole
from pipeline.core.fits import JobKey, Row
from pipeline.core.warned import Warned, warning
from pipeline.run_folder.journal import (
    BEGIN,
    END,
    FAR_OFF,
    JOB,
    JOURNAL,
    RESUMED,
    REUSE,
    Line,
    ReadJournal,
    read_journal,
    rewrite,
)
from pipeline.run_folder.lock import LOCK
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.predictions import FOLDER as PREDICTIONS

ASIDE = "damaged"  # the folder for what was set aside


@dataclass(frozen=True)
class StoppedRun:
    """What the folder of a run holds that was stopped, however that happened.

    Attributes
    ----------
    lines : of the journal, without those of damaged pieces; the first says which run it is
    damage : a sentence that says what was damaged; None where all was whole
    """

    path: Path
    lines: tuple[Line, ...]
    damage: Warned | None

    @classmethod
    def read(cls, path: Path, begin: Row | None = None) -> StoppedRun:
        """Return what the folder holds, after what is damaged was set aside.

        `begin` is what it was begun with, where that is known, so that no line has to say it.

        Raises
        ------
        PipelineError
            If the journal's first line is damaged, or another version wrote it.
        """
        journal = read_journal(path, begin)
        for unfinished in path.rglob("*.part"):  # what was being written
            unfinished.unlink(missing_ok=True)
        files = damaged_files(path, journal.lines)
        texts = _texts_written_again(path, journal.lines)
        lines = tuple(trusted(journal.lines, files))
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
        return files_of(self.lines)

    def unrecorded(self) -> set[Path]:
        """Return the predictions of no fit that the journal has: a kill came before its line."""
        return {*self.path.glob(f"{PREDICTIONS}/*")} - {self.path / name for name in self.files}

    @property
    def conclusion(self) -> tuple[Line, ...]:
        """The last lines, of a report that was made of what had finished; the first says how the run had ended."""
        parts = [place for place, line in enumerate(self.lines) if line.kind == RESUMED]
        last = parts[-1] if parts else 0
        ends = (place for place, line in enumerate(self.lines) if line.kind == END and place > last)
        return self.lines[next(ends, len(self.lines)) :]

    def without_conclusion(self) -> tuple[Line, ...]:
        """Return the lines without those of such a report; what jobs gave stays, and that its verdict was counted."""
        before = self.lines[: len(self.lines) - len(self.conclusion)]
        return *before, *(line for line in self.conclusion if line.job is not None or line.kind == REUSE)


def vanished(run: Path) -> PipelineError:
    """Return the error of a run whose folder is gone."""
    what = "the run's files are no longer there: they were moved or deleted while it was going on"
    return PipelineError("run-vanished", str(run), what, "run again")


def holds(path: Path) -> Literal["nothing", "a run that can go on", "a finished run", "other files"]:
    """Return what is in a folder, which need not be there.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    if not path.is_dir():
        return "nothing"
    if (path / JOURNAL).is_file():
        return "a run that can go on"
    if all(_is_left_over(file, path) for file in path.rglob("*")):
        return "nothing"
    return "a finished run" if (path / METRICS).is_file() else "other files"


def _is_left_over(file: Path, run: Path) -> bool:
    """Whether a kill before the journal's first line leaves it: a lock, a folder, what was being written."""
    lock = file.parent == run and file.name.removeprefix(".").startswith(LOCK)
    return lock or file.suffix == ".part" or (file.is_dir() and not file.is_symlink())


def damaged_files(run: Path, lines: Iterable[Line]) -> list[str]:
    """Return the files of fits and sources that are not those the run wrote: changed, cut short or gone."""
    wanted = {name: line.row["files"][name] for name, line in _files_of(lines).items()}
    return [name for name, sha256 in wanted.items() if _hash_if_there(run / name) != sha256]


def trusted(lines: Sequence[Line], lost: Iterable[str]) -> Iterator[Line]:
    """Yield the lines of a journal without those of jobs that are not whole: they are to be done again.

    Parameters
    ----------
    lines : the whole lines
    lost : files that are damaged
    """
    files = _files_of(lines)
    return without(lines, {files[name].job for name in lost} | set(_missing_lines(lines)))


def without(lines: Sequence[Line], broken: set[JobKey | None]) -> Iterator[Line]:
    """Yield the lines of a journal without those of jobs that are to be done again, and of what rests on them.

    Which seeds of a network stand far from the others is decided again once they are trained again.
    """
    gone = broken | _resting_on({line.job for line in lines if line.kind == JOB}, broken)
    trained = {(key.name, key.fold) for key in gone if key and key.kind in ("network", "again")}
    for line in lines:
        is_gone = line.job is not None and line.job in gone
        is_void = line.kind == FAR_OFF and (line.row["name"], line.row["fold"]) in trained
        if not is_gone and not is_void:
            yield line


def files_of(lines: Iterable[Line]) -> set[str]:
    """Return the files that fits and sources gave, as paths within the folder."""
    return set(_files_of(lines))


def _missing_lines(lines: Iterable[Line]) -> Iterator[JobKey | None]:
    """Yield the jobs that ended, and of which fewer lines are there than they gave."""
    given: Counter[JobKey | None] = Counter()
    for line in lines:
        if line.kind != JOB:
            given[line.job] += 1
        elif given[line.job] != line.row["lines"]:
            yield line.job


def _resting_on(ended: set[JobKey | None], broken: set[JobKey | None]) -> set[JobKey | None]:
    """Return the jobs that ended and have to be done again with those that are broken.

    A second training takes the place of the first, files included: neither stays without the other.
    """
    found: set[JobKey | None] = set()
    while True:
        whole = ended - broken - found
        more = {key for key in whole if key and not {*key.rests_on} <= whole}
        more |= {key for key in whole if key and key.second in broken}
        if not more:
            return found
        found |= more


def _files_of(lines: Iterable[Line]) -> dict[str, Line]:
    """Return the line that last spoke of each file, by the file's path within the folder."""
    return {name: line for line in lines if line.kind in ("fit", "source") for name in line.row["files"]}


def _hash_if_there(path: Path) -> str | None:
    try:
        return file_hash(path)
    except OSError:
        return None


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


def _sentence(run: Path, pieces: Sequence[str]) -> Warned | None:
    if not pieces:
        return None
    what = first_places(pieces, shown=5)
    told = f"damaged or gone: {what}; what was left is set aside in {run / ASIDE}, and computed again"
    return warning("run-pieces-damaged", told)
