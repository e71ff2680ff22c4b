"""Workbooks (.xlsx, .xls, .ods ..): one sheet as a table, `book.xlsx::Sheet` where several hold records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.core.noise import silent_stderr
from pipeline.core.reading import NO_HEADER
from pipeline.corpus.readers.delimited import column_names
from pipeline.corpus.readers.header import find_beginning, left_out
from pipeline.corpus.readers.packing import PART, open_content
from pipeline.corpus.readers.records import RawTable, none_of

if TYPE_CHECKING:
    from fastexcel import ExcelReader

INSTALL = "run `pip install -e '.[excel]'`, or save the sheet as .csv"


def read_workbook(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read the only sheet of a workbook that holds records, or the one that is named.

    A cell becomes what a .csv file would hold: "1" for 1 and 1.0, "true", "2024-05-01"; one with an error is empty.
    """
    with open_content(path) as content:
        data, part = content.stream.read(), content.part
    with _damage_explained(path):
        workbook = _opened(path, data)
        name, rows = _asked(path, workbook, part) if part else _only(path, workbook)
        return _as_table(path, name, rows, wanted)


def _opened(path: Path, data: bytes) -> ExcelReader:
    try:
        import fastexcel
    except ImportError:
        what = "this is a workbook, and the package that reads them, fastexcel, is not installed"
        raise PipelineError("package-missing", str(path), what, INSTALL) from None
    return fastexcel.read_excel(data)


@contextmanager
def _damage_explained(path: Path) -> Iterator[None]:
    """Turn whatever the library fails with into a PipelineError; it panics on some damaged workbooks."""
    try:
        with silent_stderr():
            yield
    except (PipelineError, KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:
        reason = str(error).partition("\n")[0]
        raise PipelineError(
            "file-damaged", str(path), f"the workbook cannot be read ({reason})", "save it as .csv"
        ) from None


def _asked(path: Path, workbook: ExcelReader, name: str) -> tuple[str, pl.DataFrame]:
    if name not in workbook.sheet_names:
        fix = did_you_mean(name, workbook.sheet_names)
        raise PipelineError("no-such-member", str(path), f'the workbook has no sheet "{name}"', fix)
    return name, _rows(workbook, name)


def _only(path: Path, workbook: ExcelReader) -> tuple[str, pl.DataFrame]:
    """Return the one sheet with records and its rows."""
    rows = {name: _rows(workbook, name) for name in workbook.sheet_names}
    filled = {name: sheet for name, sheet in rows.items() if len(sheet) > 1}
    if len(filled) == 1:
        return next(iter(filled.items()))
    if not filled:
        raise PipelineError(
            "file-is-empty", str(path), "no sheet holds records", "give one with a document a row"
        )
    sheets = ", ".join(f'"{name}" ({plural(len(sheet), "row")})' for name, sheet in filled.items())
    fix = f'name one: "{path}{PART}{next(iter(filled))}"'
    raise PipelineError("several-members", str(path), f"{len(filled)} sheets hold records: {sheets}", fix)


_ROW = "row"  # the column that numbers the rows of a sheet, from 1


def _rows(workbook: ExcelReader, name: str) -> pl.DataFrame:
    """Return the rows of a sheet that are not empty, as strings, with the number of each in `_ROW`."""
    sheet = workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
    cells = sheet.rename({old: str(place) for place, old in enumerate(sheet.columns)})
    filled = [column for column in cells.columns if cells[column].is_not_null().any()]
    numbered = cells.select(pl.int_range(1, pl.len() + 1).alias(_ROW), *filled)
    return numbered.filter(pl.any_horizontal(pl.col(filled).is_not_null())) if filled else numbered.clear()


def _as_table(path: Path, name: str, rows: pl.DataFrame, wanted: Sequence[str]) -> RawTable:
    if rows.is_empty():
        raise PipelineError(
            "file-is-empty", str(path), f'the sheet "{name}" is empty', "give one with a document a row"
        )
    cells = rows.drop(_ROW)
    records = [[cell or "" for cell in row] for row in cells.rows()]
    begins = find_beginning(records, wanted)
    above, header = begins.above, begins.header
    names = column_names(records[above], header)
    kept = [*range(above), *range(above + header, len(records))]
    table = cells[kept].rename(dict(zip(cells.columns, names, strict=True)))
    numbers = rows[_ROW].to_numpy().astype(np.int64)
    return RawTable(
        file=str(path),
        cells=table,
        wrong_fields=none_of(len(kept)),
        left_out=left_out(table, above, header),
        assumptions=(
            f'{path}: the sheet "{name}" is read',
            f"{path}: {f'row {numbers[above]}' if above else 'the first row'} is a header"
            if header
            else f"{path}: there is no header; the columns are called {', '.join(names)}",
        ),
        header_line=int(numbers[above]) if header else NO_HEADER,
        find_lines=lambda: numbers[kept],
    )
