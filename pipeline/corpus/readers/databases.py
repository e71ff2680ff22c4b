"""SQLite: one table of a database, named as `shop.db::reviews`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.core.wording import quoted
from pipeline.corpus.readers.delimited import column_names
from pipeline.corpus.readers.json_records import as_string
from pipeline.corpus.readers.packing import PART, open_content, split_part
from pipeline.corpus.readers.records import RawTable, as_cells, none_of

SQLITE_MAGIC = b"SQLite format 3\x00"
TABLES_SHOWN = 5
_WRITE_VERSION = slice(18, 20)  # of the file's header: 2 asks for a log beside the file, 1 does not


def read_database(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read the table of an SQLite database that is named behind `::`; the file is opened for reading alone."""
    with open_content(path) as content:
        part = content.part
        data = b"" if content.plain else content.stream.read()
    with _damage_explained(path), closing(_connected(split_part(path)[0], data)) as database:
        tables = _tables(database)
        if part not in tables:
            raise _not_named(path, database, tables, part)
        cursor = database.execute(f"SELECT * FROM {_name(part)}")
        names = column_names([column[0] for column in cursor.description], True)
        rows = cursor.fetchall()
    columns = {name: [_as_cell(row[place]) for row in rows] for place, name in enumerate(names)}
    cells, undecodable = as_cells(columns)
    return RawTable(str(path), cells, none_of(len(cells)), undecodable)


def _connected(file: Path, data: bytes) -> sqlite3.Connection:
    """Open a database where it lies, or the one that `data`, taken out of a packed file, are."""
    if data:
        database = sqlite3.connect(":memory:")
        database.deserialize(data[: _WRITE_VERSION.start] + b"\x01\x01" + data[_WRITE_VERSION.stop :])
    else:
        log = file.with_name(f"{file.name}-wal")
        unchanging = (
            "" if log.exists() else "&immutable=1"
        )  # without a log nothing is written beside the file
        database = sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro{unchanging}", uri=True)
    database.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    return database


@contextmanager
def _damage_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OverflowError, MemoryError) as error:
        fix = "write it again, or export the table as .csv or .parquet"
        raise PipelineError(
            "file-damaged", str(path), f"the SQLite database cannot be read ({error})", fix
        ) from None


def _tables(database: sqlite3.Connection) -> list[str]:
    found = database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
    return [name for (name,) in found if name and not name.startswith("sqlite_")]


def _not_named(
    path: Path, database: sqlite3.Connection, tables: list[str], asked: str | None
) -> PipelineError:
    """Return the refusal that names the tables, their columns and how many rows they have."""
    if asked:
        what = f'the SQLite database has no table "{asked}"'
        return PipelineError(
            "no-such-member",
            str(path),
            what,
            did_you_mean(asked, tables) if tables else "it has no table at all",
        )
    if not tables:
        return PipelineError(
            "file-is-empty", str(path), "the SQLite database has no table", "give one with a document a row"
        )
    shown = "; ".join(_described(database, table) for table in tables[:TABLES_SHOWN])
    more = f"; and {len(tables) - TABLES_SHOWN} more" if len(tables) > TABLES_SHOWN else ""
    what = f"this is an SQLite database, and no table is named; it has {shown}{more}"
    fix = f"name one ({path}{PART}{tables[0]}), or export it as .csv or .parquet"
    return PipelineError("no-such-member", str(path), what, fix)


def _described(database: sqlite3.Connection, table: str) -> str:
    (rows,) = database.execute(f"SELECT count(*) FROM {_name(table)}").fetchone()
    columns = [column[0] for column in database.execute(f"SELECT * FROM {_name(table)} LIMIT 0").description]
    return f'"{table}" ({quoted(columns)}; {plural(rows, "row")})'


def _name(table: str) -> str:
    """Return a table's name as SQL has it."""
    return '"' + table.replace('"', '""') + '"'


def _as_cell(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return as_string(value) if isinstance(value, str | int | float) else None
