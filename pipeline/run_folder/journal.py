"""What a run finds, written as it is found: a file of lines that outlives a kill at any moment.

A line is appended as soon as there is something to keep, so that the cost of a fit does not grow with the number
of fits before it. The file goes when the run folder is complete; a folder that still has it is of a run that is
going on, or that was ended from outside.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from pipeline.core.errors import PipelineError
from pipeline.core.files import plain
from pipeline.core.fits import Row

JOURNAL = Path("details", "journal.jsonl")
BEGIN, STAGE = "begin", "stage"


@dataclass(frozen=True)
class Line:
    """One line of a journal."""

    at: float  # seconds since 1970
    kind: str
    row: Any  # as JSON has it


@dataclass
class Journal:
    """The journal of a run that is going on."""

    path: Path
    _stages: int = field(default=0)  # of those that ended, so many are written

    @classmethod
    def begin(cls, run: Path, row: Row) -> Journal:
        """Begin the journal of a run folder with `row`, and with which process writes it."""
        journal = cls(run / JOURNAL)
        process = psutil.Process()
        writer = {"process": process.pid, "created": process.create_time()}
        journal.path.parent.mkdir(parents=True, exist_ok=True)
        journal._append(BEGIN, row | writer)
        return journal

    def write(self, kind: str, row: object, stages: Sequence[tuple[str, float]] = ()) -> None:
        """Append a row of a kind, and those `stages` (title, seconds) that ended since the last time."""
        for stage in stages[self._stages :]:
            self._append(STAGE, stage)
        self._stages = len(stages)
        self._append(kind, row)

    def _append(self, kind: str, row: object) -> None:
        line = json.dumps({"at": time.time(), "kind": kind, "row": plain(row)}, ensure_ascii=False)
        left = f"{line}\n".encode()
        with self.path.open("ab", buffering=0) as file:
            size = file.tell()
            try:
                while left:
                    left = left[file.write(left) :]
            except OSError:  # a full disk: nothing is to follow half a line
                file.truncate(size)
                raise


def read_journal(run: Path) -> Iterator[Line]:
    """Yield the lines of a run folder's journal; one that a kill cut short is left out.

    Raises
    ------
    PipelineError
        If a line is not what a run writes.
    """
    path = run / JOURNAL
    *whole, _ = path.read_bytes().split(b"\n")
    for number, line in enumerate(whole, start=1):
        try:
            entry = json.loads(line)
            yield Line(entry["at"], entry["kind"], entry["row"])
        except (ValueError, KeyError, TypeError):
            what = "this is no line of a run's journal"
            raise PipelineError(f"{path}:{number}", what, "restore the file, or run again") from None


def writer_is_alive(begin: Line) -> bool:
    """Return whether the process that began a journal is still there; told from others by when it was created."""
    try:
        return bool(psutil.Process(begin.row["process"]).create_time() == begin.row["created"])
    except psutil.Error:
        return False
