"""Answers > a file by the ending of its name: whole, or none, never half of one."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import polars as pl

from pipeline.core.files import unfinished
from pipeline.predict.answers import Answered
from pipeline.predict.json_lines import readable
from pipeline.predict.outputs import Output
from pipeline.predict.typed_columns import JsonTypes, for_csv, for_json


class _Csv(Output):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file, self._begun = file, False

    def write(self, answered: Answered) -> None:
        for_csv(self.table(answered)).write_csv(self._file, include_header=not self._begun)
        self._file.flush()  # so that a full disk is told here
        self._begun = True


class _JsonLines(Output):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def write(self, answered: Answered) -> None:
        objects = answered.documents.rows.objects
        if objects is None:
            for_json(self.table(answered)).write_ndjson(self._file)
            self._file.flush()  # so that a full disk is told here
            return
        table = self.table(answered)
        names = [self.names.get(name, name) for name in answered.columns.columns]
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
        self._of_json = JsonTypes()
        self._parts: list[Path] = []

    def table(self, answered: Answered) -> pl.DataFrame:
        typed = answered.documents.rows.typed
        if typed is None:
            return super().table(answered)
        self.names = self.names or self.renamed(typed.columns, answered.columns.columns)
        return typed.hstack(answered.columns.rename(self.names, strict=False))

    def write(self, answered: Answered) -> None:
        table = self.table(answered)
        self._schema = self._schema or table.schema
        path = self._folder / f"{len(self._parts):09d}.parquet"
        table.cast(self._schema).write_parquet(path)
        self._of_json.count(answered.documents.rows.objects or (), self.columns)
        self._parts.append(path)

    def join(self, new: Path) -> None:
        """Write the rows of all parts into one file, in their order."""
        typed = self._of_json.typed(self.columns)
        if len(self._parts) == 1 and not typed:
            shutil.copyfile(self._parts[0], new)
            return
        parts = pl.scan_parquet(self._parts, glob=False)
        parts.with_columns(typed).sink_parquet(new, maintain_order=True)


@contextmanager
def opened(path: Path) -> Iterator[Output]:
    """Yield what writes into a file that takes the place of `path` when the block has ended well."""
    ending = path.suffix.lower()
    with unfinished(path) as new:
        if ending == ".parquet":
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
                parts = _Parquet(Path(folder))
                yield parts
                parts.join(new)
            return
        kinds: dict[str, Callable[[BinaryIO], Output]] = {".csv": _Csv, ".jsonl": _JsonLines}
        with new.open("wb") as file:
            yield kinds[ending](file)
