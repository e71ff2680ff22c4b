"""Answers > where they go, some rows after the other: what every output does, and lines on standard output."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import RawIOBase
from pathlib import Path

import polars as pl

from pipeline.core.clean import clean
from pipeline.core.errors import PipelineError
from pipeline.predict.answers import AGAINST, CONFIDENCE, FOR, PREDICTED, REASON, UNLIKE, Answered

ENDINGS = (".csv", ".jsonl", ".parquet")
PLACES = 4  # decimals of a share on a line


class Output(ABC):
    """Where answers go, some rows after the other."""

    def __init__(self) -> None:
        self.said: list[str] = []  # what a person should know of how they were written
        self.names: Mapping[str, str] = {}  # of columns of answers that the input has too
        self.columns: list[str] = []  # of the first rows: a table has no others later

    @abstractmethod
    def write(self, answered: Answered) -> None:
        """Write some rows."""

    def table(self, answered: Answered) -> pl.DataFrame:
        """Return the columns of the input, then those of the answers, as in the first rows."""
        own = answered.documents.rows.columns
        if not self.columns:
            self.names = self.renamed(own.columns, answered.columns.columns)
            self.columns = own.columns
        for name in own.columns:
            if name not in self.columns:
                self._tell(f'the column "{name}" is not in the first rows, and so not in the output')
        lacking = [name for name in self.columns if name not in own.columns]
        own = own.with_columns(pl.lit(None, pl.String).alias(name) for name in lacking).select(self.columns)
        return own.hstack(answered.columns.rename(self.names, strict=False))

    def renamed(self, own: Sequence[str], added: Sequence[str]) -> dict[str, str]:
        """Return the new names of columns of answers, where the input has one that is called so."""
        taken = {*own, *added}
        names = {}
        for name in added:
            if name in own:
                numbered = (f"{name} ({number})" for number in range(2, len(taken) + 3))
                names[name] = next(new for new in numbered if new not in taken)
                taken.add(names[name])
                self._tell(f'the input has a column "{name}": the answers\' one is called "{names[name]}"')
        return names

    def _tell(self, words: str) -> None:
        if words not in self.said:
            self.said.append(words)


class Lines(Output):
    """A line a document on standard output, as soon as it is answered: answer, confidence, what is odd of it.

    `file` has no buffer, so that what was written is known where writing fails.
    """

    def __init__(self, file: RawIOBase) -> None:
        super().__init__()
        self._file = file

    def write(self, answered: Answered) -> None:
        """Write some rows."""
        names = answered.columns.columns
        top = [name for name in names if name.removeprefix("p(").startswith("top ")]
        beside = [name for name in (FOR, AGAINST) if name in names]
        table = answered.columns.select(*(top or (PREDICTED, CONFIDENCE)), *beside, UNLIKE, REASON)
        text = "".join("\t".join(map(_field, row)).rstrip("\t") + "\n" for row in table.iter_rows())
        self._write_whole(text.encode("utf-8", "backslashreplace"))

    def _write_whole(self, data: bytes) -> None:
        """Write all of it; where the disk is full, take back what would be half of a line."""
        begun = self._file.tell() if self._file.seekable() else None
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError:
            if begun is not None:
                with suppress(OSError):  # what failed first is what is told
                    self._file.truncate(begun)
            raise


def _field(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.{PLACES}f}"
    return "" if value is None else clean(str(value))


def cannot_be_written(error: OSError, out: Path | None) -> PipelineError:
    """Return what is said where answers cannot be written."""
    what = f"the answers cannot be written ({error.strerror or error})"
    where = str(out or "standard output")
    return PipelineError("cannot-be-written", where, what, "make room, or write them elsewhere")


def check_ending(path: Path, endings: Sequence[str]) -> None:
    """Raise PipelineError where the name of a new file says no format."""
    if path.suffix.lower() not in endings:
        what = f'the ending "{path.suffix}" says no format' if path.suffix else "the name has no ending"
        raise PipelineError(
            "output-name-ending", "--out", f"{path}: {what}", f"end it with {', '.join(endings)}"
        )


def check_out(path: Path) -> None:
    """Raise PipelineError where answers cannot be written to a path: before the first of them is made."""
    if path.is_dir():
        raise PipelineError("output-exists", "--out", f"{path} is a folder", "give a file")
    if path.exists():
        raise PipelineError(
            "output-exists", "--out", f"there is a file {path} already", "name another one, or remove it"
        )
    if not path.parent.is_dir():
        raise PipelineError("no-output-folder", "--out", f"there is no folder {path.parent}", "make it first")
