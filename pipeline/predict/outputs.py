"""Answers > a file by the ending of its name, or lines on standard output: whole, or the old one, never half of one."""

from __future__ import annotations

import json
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

import polars as pl

from pipeline.core.clean import clean
from pipeline.core.errors import PipelineError
from pipeline.core.files import unfinished
from pipeline.predict.answers import AGAINST, CONFIDENCE, FOR, PREDICTED, REASON, UNLIKE, Answered
from pipeline.predict.json_lines import readable
from pipeline.predict.typed_columns import for_csv, for_json

ENDINGS = (".csv", ".jsonl", ".parquet")
PLACES = 4  # decimals of a share on a line


class Output(ABC):
    """Where answers go, some rows after the other."""

    def __init__(self) -> None:
        self.said: list[str] = []  # what a person should know of how they were written
        self._names: Mapping[str, str] = {}  # of columns of answers that the input has too
        self._columns: list[str] | None = None  # of the first rows: a table has no others later

    @abstractmethod
    def write(self, answered: Answered) -> None:
        """Write some rows."""

    def _table(self, answered: Answered) -> pl.DataFrame:
        """Return the columns of the input, then those of the answers, as in the first rows."""
        own = answered.documents.rows.columns
        if self._columns is None:
            self._names = self._renamed(own.columns, answered.columns.columns)
            self._columns = own.columns
        for name in own.columns:
            if name not in self._columns:
                self._tell(f'the column "{name}" is not in the first rows, and so not in the output')
        lacking = [name for name in self._columns if name not in own.columns]
        own = own.with_columns(pl.lit(None, pl.String).alias(name) for name in lacking).select(self._columns)
        return own.hstack(answered.columns.rename(self._names, strict=False))

    def _renamed(self, own: Sequence[str], added: Sequence[str]) -> dict[str, str]:
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


class _Csv(Output):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file, self._begun = file, False

    def write(self, answered: Answered) -> None:
        for_csv(self._table(answered)).write_csv(self._file, include_header=not self._begun)
        self._file.flush()  # so that a full disk is told here
        self._begun = True


class _JsonLines(Output):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def write(self, answered: Answered) -> None:
        objects = answered.documents.rows.objects
        if objects is None:
            for_json(self._table(answered)).write_ndjson(self._file)
            self._file.flush()  # so that a full disk is told here
            return
        table = self._table(answered)
        names = [self._names.get(name, name) for name in answered.columns.columns]
        rows = table.select(names).iter_rows(named=True)
        lines = ({**(readable(own) if own else {}), **row} for own, row in zip(objects, rows, strict=True))
        text = "".join(f"{json.dumps(line, ensure_ascii=False, default=float)}\n" for line in lines)
        self._file.write(text.encode("utf-8", "replace"))
        self._file.flush()


class _Parquet(Output):
    """Each table of rows in a file of its own, which are joined at the end: memory holds one of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._schema: pl.Schema | None = None
        self.parts: list[Path] = []

    def _table(self, answered: Answered) -> pl.DataFrame:
        typed = answered.documents.rows.typed
        if typed is None:
            return super()._table(answered)
        self._names = self._names or self._renamed(typed.columns, answered.columns.columns)
        return typed.hstack(answered.columns.rename(self._names, strict=False))

    def write(self, answered: Answered) -> None:
        table = self._table(answered)
        self._schema = self._schema or table.schema
        path = self._folder / f"{len(self.parts):09d}.parquet"
        table.cast(self._schema).write_parquet(path)
        self.parts.append(path)


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


def check_out(path: Path) -> None:
    """Raise PipelineError where answers cannot be written to a path: before the first of them is made."""
    if path.suffix.lower() not in ENDINGS:
        what = f'the ending "{path.suffix}" says no format' if path.suffix else "the name has no ending"
        raise PipelineError(
            "output-name-ending", "--out", f"{path}: {what}", f"end it with {', '.join(ENDINGS)}"
        )
    if path.is_dir():
        raise PipelineError("output-exists", "--out", f"{path} is a folder", "give a file")
    if path.exists():
        raise PipelineError(
            "output-exists", "--out", f"there is a file {path} already", "name another one, or remove it"
        )
    if not path.parent.is_dir():
        raise PipelineError("no-output-folder", "--out", f"there is no folder {path.parent}", "make it first")


@contextmanager
def opened(path: Path) -> Iterator[Output]:
    """Yield what writes into a file that takes the place of `path` when the block has ended well."""
    ending = path.suffix.lower()
    with unfinished(path) as new:
        if ending == ".parquet":
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
                parts = _Parquet(Path(folder))
                yield parts
                _join(parts.parts, new)
            return
        kinds: dict[str, Callable[[BinaryIO], Output]] = {".csv": _Csv, ".jsonl": _JsonLines}
        with new.open("wb") as file:
            yield kinds[ending](file)


def _join(parts: Sequence[Path], new: Path) -> None:
    """Write the rows of all parts into one file, in their order."""
    if len(parts) == 1:
        shutil.copyfile(parts[0], new)
        return
    pl.scan_parquet(list(parts), glob=False).sink_parquet(new, maintain_order=True)
