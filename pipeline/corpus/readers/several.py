"""Several tables as one: joined by the names of their columns, each record with its place in its own file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.values import Bool
from pipeline.core.wording import quoted
from pipeline.corpus.readers.column_names import is_known_name
from pipeline.corpus.readers.packing import is_empty
from pipeline.corpus.readers.records import RawTable, none_of
from pipeline.corpus.readers.table import ending_of, read_headless, read_records

WITH_OPTIONAL_FIELDS = (".jsonl", ".ndjson", ".json")  # formats in which a record may lack a field


class DifferingColumns(PipelineError):
    """Files that were to be read as one have not the same columns."""


def read_several(paths: Sequence[Path], wanted: Sequence[str], name: str) -> list[RawTable]:
    """Return the tables of files that are parts of one, brought to the same columns; empty files left out.

    A file without a header gets the names of those that have one; columns in another order are joined by name.

    Parameters
    ----------
    paths : sequence of Path
    wanted : sequence of str
        Column names the user gave.
    name : str
        What the files are called together in messages.

    Raises
    ------
    PipelineError
        Columns that differ, or no records at all.
    """
    tables = [read_records(path, wanted) for path in paths if not is_empty(path)]
    if not tables:
        raise PipelineError(
            "file-is-empty", name, "the files are empty", "give files with one document a record"
        )
    first = _with_the_header(tables, wanted)
    names = _all_fields(first, tables)
    kept = [table for table in (_agreeing(table, first, names) for table in tables) if len(table.cells)]
    if not kept:
        raise PipelineError(
            "file-is-empty", name, "the files hold no records", "give files with one document a record"
        )
    return kept


def join(tables: Sequence[RawTable], name: str, *notes: str) -> RawTable:
    """Return tables of the same columns as one; each record is named by its own file.

    Parameters
    ----------
    tables : sequence of RawTable
    name : str
        What they are called together.
    notes : str
        What was assumed of all of them.
    """
    if len(tables) == 1:
        return replace(tables[0], assumptions=(*notes, *tables[0].assumptions))
    unlabelled = [table.unlabelled for table in tables if table.unlabelled is not None]
    return RawTable(
        file=name,
        cells=pl.concat([table.cells for table in tables]),
        wrong_fields=np.concatenate([table.wrong_fields for table in tables]),
        undecodable=_joined_masks(tables, lambda table: table.undecodable),
        assumptions=(*notes, *_said_of_all(tables, name)),
        encoding=" and ".join(dict.fromkeys(table.encoding for table in tables if table.encoding)),
        divided=" and ".join(dict.fromkeys(table.divided for table in tables if table.divided)),
        header_line=tables[0].header_line,
        text_column=_shared(table.text_column for table in tables),
        label_column=_shared(table.label_column for table in tables),
        nested=frozenset().union(*(table.nested for table in tables)),
        warnings=tuple(line for table in tables for line in table.warnings),
        unlabelled=pl.concat(unlabelled) if unlabelled else None,
        left_out=_joined_masks(tables, lambda table: table.left_out),
        pieces=tuple(tables),
    )


def _joined_masks(
    tables: Sequence[RawTable], masks: Callable[[RawTable], Mapping[str, Bool]]
) -> dict[str, Bool]:
    """Return the masks that any of the tables has, of all their records; none of a table without such a mask."""
    names = dict.fromkeys(name for table in tables for name in masks(table))
    return {
        name: np.concatenate([masks(table).get(name, none_of(len(table.cells))) for table in tables])
        for name in names
    }


def with_class(table: RawTable, name: str, column: str = "label") -> RawTable:
    """Return a table whose records all are of the class `name`."""
    return replace(table, cells=table.cells.with_columns(pl.lit(name).alias(column)), label_column=column)


# --- the same columns


def _with_the_header(tables: Sequence[RawTable], wanted: Sequence[str]) -> RawTable:
    """Return the first table whose header is the likeliest: it has known names, else more tables have it."""
    shared = Counter(tuple(table.cells.columns) for table in tables)

    def likelihood(table: RawTable) -> tuple[int, int]:
        known = sum(is_known_name(name) or name in wanted for name in table.cells.columns)
        return (known, 0 if _is_numbered(table) else shared[tuple(table.cells.columns)])

    return max(tables, key=likelihood)


def _is_numbered(table: RawTable) -> bool:
    """Whether a table's columns are called 1, 2, 3, since it has no header."""
    return table.cells.columns == [str(number) for number in range(1, table.cells.width + 1)]


def _all_fields(first: RawTable, tables: Sequence[RawTable]) -> list[str]:
    """Return the columns of the first table, and those that records of others have beside them."""
    names = dict.fromkeys(first.cells.columns)
    for table in tables:
        if _may_lack_fields(table) and {*first.cells.columns} < {*table.cells.columns}:
            names |= dict.fromkeys(table.cells.columns)
    return [*names]


def _may_lack_fields(table: RawTable) -> bool:
    return ending_of(Path(table.file)) in WITH_OPTIONAL_FIELDS


def _agreeing(table: RawTable, first: RawTable, names: list[str]) -> RawTable:
    """Return a table with the columns `names`, most of them those of the first table."""
    own = table.cells.columns
    if own == names:
        return table
    if {*own} == {*names}:
        note = (
            f"{table.file}: the columns stand in another order than in {first.file}, and are joined by name"
        )
        return replace(table, cells=table.cells.select(names), assumptions=(*table.assumptions, note))
    if _may_lack_fields(table) and {*own} < {*names}:
        missing = [name for name in names if name not in own]
        empty = [pl.lit(None, dtype=pl.String).alias(name) for name in missing]
        note = f"{table.file}: no record has {quoted(missing)}"
        cells = table.cells.with_columns(empty).select(names)
        return replace(table, cells=cells, assumptions=(*table.assumptions, note))
    if _has_no_header(table, first, names) and (headless := _without_header(table)) is not None:
        called = dict(zip(headless.cells.columns, names, strict=True))
        damage = {called[column]: damaged for column, damaged in headless.undecodable.items()}
        note = f"{table.file}: there is no header; the columns are called as in {first.file}"
        return replace(
            headless,
            cells=headless.cells.rename(called),
            undecodable=damage,
            assumptions=(*_but_of_header(headless), note),
        )
    raise DifferingColumns(
        "columns-differ",
        table.file,
        _difference(own, names, first.file),
        "give files with the same columns, or one of them",
    )


def _has_no_header(table: RawTable, first: RawTable, names: list[str]) -> bool:
    """Whether what names a table's columns is a record: a value of it recurs in the same column of the first table."""
    own = table.cells.columns
    if len(own) != len(names) or {*own} & {*names}:
        return False
    columns = zip(own, names, strict=True)
    return _is_numbered(table) or any(
        value in first.cells[name] for value, name in columns if name in first.cells
    )


def _without_header(table: RawTable) -> RawTable | None:
    return table if _is_numbered(table) else read_headless(Path(table.file))


def _but_of_header(table: RawTable) -> Iterator[str]:
    """Yield a table's assumptions but the one that its columns are called by numbers."""
    return (line for line in table.assumptions if "there is no header" not in line)


def _difference(own: list[str], names: list[str], first: str) -> str:
    lacks = [name for name in names if name not in own]
    has = [name for name in own if name not in names]
    told = [f"it lacks {quoted(lacks)}"] * bool(lacks) + [f"it has {quoted(has)} beside them"] * bool(has)
    return f"the columns are not those of {first}: {' and '.join(told)}"


# --- what was assumed


def _said_of_all(tables: Sequence[RawTable], name: str) -> Iterator[str]:
    """Yield each assumption once, with the files that it is of where it is not of all."""
    files = defaultdict(list)
    for table in tables:
        for line in table.assumptions:
            files[line.removeprefix(f"{table.file}: ")].append(table.file)
    for words, those in files.items():
        if len(those) == len(tables):
            yield f"{name}: {words}"
        elif len(those) == 1 and words.startswith(those[0]):
            yield words
        else:
            yield f"{first_places(those)}: {words}"


def _shared(names: Iterator[str | None]) -> str | None:
    """Return the name that all tables give, None where they differ."""
    found = {*names}
    return found.pop() if len(found) == 1 else None
