"""How a file is read, before and after its records are: the decisions that a refusal rests on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.core.errors import PipelineError
from pipeline.core.reading import PartRead
from pipeline.corpus.readers.columns import Columns
from pipeline.corpus.readers.records import RawTable


def how_read(table: RawTable, columns: Columns | None = None) -> PartRead:
    """Return how a file is read, as far as its columns are known."""
    return PartRead(
        file=table.file,
        text=None if columns is None else columns.text,
        label=None if columns is None else columns.label,
        header_line=table.header_line,
        encoding=table.encoding,
        read=len(table.cells),
        divided=table.divided,
    )


@contextmanager
def resting_on(part: PartRead) -> Iterator[None]:
    """Let a refusal say the decisions about columns, header and encoding that it rests on."""
    try:
        yield
    except PipelineError as error:
        decided = ", ".join(part.decisions())
        if not decided:
            raise
        raise PipelineError(
            error.name, error.where, error.what, f"{error.fix}; read with {decided}"
        ) from None
