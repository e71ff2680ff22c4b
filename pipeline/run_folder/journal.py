"""What a run finds, written as it is found: a file of lines that outlives a kill at any moment.

A line is appended as soon as there is something to keep, so that the cost of a fit does not grow with the number
of fits before it. Each carries a checksum and lies on the disk before the run goes on. The file goes when the run has
come to its end and its folder is complete; a folder that still has it is of a run that is going on, or that can go on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from pipeline.core.errors import PipelineError
from pipeline.core.files import plain, unfinished
from pipeline.core.fits import JobKey, Row

JOURNAL = Path("details", "journal.jsonl")
VERSION = 4  # of what a line holds
BEGIN, RESUMED, STAGE, JOB, REUSE, END = "begin", "resumed", "stage", "job", "reuse", "end"
FAR_OFF = "far off"  # which seeds of a network stand far from the others

_CHECKED = re.compile(rb'(.*), "check": "([0-9a-f]{16})"\}', re.DOTALL)


@dataclass(frozen=True)
class Line:
    """One line of a journal."""

    at: float  # seconds since 1970, by a clock that may be set
    seconds: float  # that the run had taken until then, over all its parts, by a clock that is never set
    kind: str
    row: Any  # as JSON has it
    job: JobKey | None = None  # that gave it; None: it is of the run itself


@dataclass
class Journal:
    """The journal of a run that is going on."""

    path: Path
    began: float  # by `time.perf_counter`, less the seconds that earlier parts of the run took

    @classmethod
    def begin(cls, run: Path, row: Row, began: float) -> Journal:
        """Begin the journal of a run folder with `row`."""
        journal = cls(run / JOURNAL, began)
        journal.write_anew([journal.line(BEGIN, row | {"version": VERSION})])
        return journal

    def line(self, kind: str, row: object, job: JobKey | None = None) -> Line:
        """Return a row of a kind as a line that is written now."""
        return Line(time.time(), time.perf_counter() - self.began, kind, plain(row), job)

    def write(self, kind: str, row: object, job: JobKey | None = None) -> Line:
        """Append a row of a kind, which `job` gave; it lies on the disk when this returns."""
        line = self.line(kind, row, job)
        left = _encoded(line)
        with self.path.open("ab", buffering=0) as file:
            size = file.tell()
            try:
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError as error:  # a full disk: nothing is to follow half a line
                file.truncate(size)
                error.filename = str(self.path)
                raise
        return line

    def write_anew(self, lines: Iterable[Line]) -> None:
        """Put these lines in the place of all that the file holds."""
        rewrite(self.path, lines)


def rewrite(path: Path, lines: Iterable[Line]) -> None:
    """Write a journal whole: at any moment the file is the old one or the new one."""
    with unfinished(path) as part, part.open("wb") as file:
        file.writelines(map(_encoded, lines))
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True)
class DamagedLine:
    """A line that is not what a run wrote: cut short by a kill, or changed on the disk."""

    number: int  # from 1
    content: bytes


@dataclass(frozen=True)
class ReadJournal:
    """What a journal holds: its whole lines, of which the first says which run it is, and the others apart."""

    lines: tuple[Line, ...]
    damaged: tuple[DamagedLine, ...]

    @property
    def begin(self) -> Row:
        """What the run was begun with."""
        row: Row = self.lines[0].row
        return row


def read_journal(run: Path, begin: Row | None = None) -> ReadJournal:
    """Return what the journal of a run folder holds.

    Parameters
    ----------
    begin : what its first line holds, where that is known: a damaged one is then a line like others

    Raises
    ------
    PipelineError
        If its first line is damaged, so that nothing is known of the run, or another version wrote it.
    """
    path = run / JOURNAL
    known = None if begin is None else Line(0.0, 0.0, BEGIN, begin | {"version": VERSION})
    lines: list[Line] = []
    damaged: list[DamagedLine] = []
    for number, content in enumerate(re.findall(rb"[^\n]*\n|[^\n]+", path.read_bytes()), start=1):
        line = _decoded(content)
        if line is not None:
            lines.append(line)
        elif number == 1 and known is None:
            _refuse_begin(run, content)
        else:
            damaged.append(DamagedLine(number, content))
    if not lines or lines[0].kind != BEGIN:
        lines.insert(0, known or _refuse_begin(run, b""))
    _check_version(run, lines[0].row)
    return ReadJournal(tuple(lines), tuple(damaged))


def _encoded(line: Line) -> bytes:
    """Return a line as the file has it: JSON, whose last key is a checksum of all before it."""
    text = json.dumps(asdict(line), ensure_ascii=False)[:-1].encode()
    return b'%s, "check": "%s"}\n' % (text, _checksum(text))


def _decoded(content: bytes) -> Line | None:
    """Return what `_encoded` made a line of; None of what is not whole."""
    found = _CHECKED.fullmatch(content.removesuffix(b"\n"))
    if found is None or not content.endswith(b"\n") or _checksum(found[1]) != found[2]:
        return None
    fields = json.loads(found[1] + b"}")
    job = fields.pop("job", None)
    return Line(**fields, job=job and JobKey(*job))


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode()


def _refuse_begin(run: Path, content: bytes) -> NoReturn:
    """Raise an error that says what is wrong with a journal's first line."""
    try:
        entry = json.loads(content)
        if entry["kind"] == BEGIN and "check" not in entry:  # as the first version wrote it
            _check_version(run, entry["row"])
    except (ValueError, KeyError, TypeError):
        pass
    what = "its first line is damaged, and that alone says which run this is"
    raise PipelineError(
        "run-file-damaged", str(run / JOURNAL), what, "restore the file, or begin anew with another --out"
    )


def _check_version(run: Path, begin: Row) -> None:
    found = begin.get("version", 1)
    if found == VERSION:
        return
    what = f"the journal of this run is of version {found}, and this program reads version {VERSION}"
    fix = f"`python -m pipeline report {run}` of the version that began it scores what had finished; else run again"
    raise PipelineError("other-version", str(run), what, fix)
