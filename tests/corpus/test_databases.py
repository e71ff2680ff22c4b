"""A table of an SQLite database, which is read and never written."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import pytest
from corpus_builders import LABELS, TEXTS, documents, write
from file_builders import database

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.databases import read_database

ROWS = list(zip(TEXTS, LABELS, strict=True))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    tables = {"reviews (text, label)": ROWS, "buyers (id, name, town)": [(1, "Ada", "Ulm")]}
    return database(tmp_path / "shop.db", tables)


def refusal(path: Path | str) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    return str(caught.value)


def test_a_table_is_named_behind_two_colons(shop: Path) -> None:
    loaded = read_corpus(f"{shop}::reviews")
    assert documents(loaded) == ROWS
    assert loaded.name == "shop"


def test_without_a_table_the_tables_are_named(shop: Path) -> None:
    assert refusal(shop) == (
        f'{shop}: this is an SQLite database, and no table is named; it has "buyers" ("id", "name", "town"; 1 row); '
        f'"reviews" ("text", "label"; 4 rows); name one ({shop}::buyers), or export it as .csv or .parquet'
    )


def test_a_table_that_is_not_there(shop: Path) -> None:
    assert refusal(f"{shop}::review") == (
        f'{shop}::review: the SQLite database has no table "review"; did you mean "reviews"?'
    )


def test_a_database_without_tables(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", {"gone (text)": []})
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE gone")
    connection.close()
    assert refusal(path) == f"{path}: the SQLite database has no table; give one with a document a row"
    assert refusal(f"{path}::gone") == (
        f'{path}::gone: the SQLite database has no table "gone"; it has no table at all'
    )


def test_more_tables_than_can_be_shown(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", {f"t{number} (a)": [] for number in range(7)})
    assert '"t4" ("a"; 0 rows); and 2 more; name one' in refusal(path)


def test_values_are_spelt_as_in_every_format(tmp_path: Path) -> None:
    values = [1, 1.0, 0.5, "007", None, b"caf\xc3\xa9", b"\xff"]
    path = database(
        tmp_path / "a.db", {"t (text, label)": [(f"text {at}", value) for at, value in enumerate(values)]}
    )
    table = read_database(Path(f"{path}::t"))
    assert table.cells["label"].to_list() == ["1", "1", "0.5", "007", None, "café", "�"]
    assert table.undecodable["label"].tolist() == [False] * 6 + [True]
    assert table.place(4) == f"{path}::t:record 4"


def test_a_table_with_quotation_marks_and_a_view(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", {"t (text, label)": ROWS})
    connection = sqlite3.connect(path)
    connection.execute('CREATE VIEW "the ""best""" AS SELECT text, label FROM t')
    connection.close()
    assert documents(read_corpus(f'{path}::the "best"')) == ROWS


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_packed_database_is_read_too(tmp_path: Path, mode: str) -> None:
    path = database(tmp_path / "a.db", {"t (text, label)": ROWS})
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.close()
    packed = write(tmp_path / "a.db.gz", gzip.compress(path.read_bytes()))
    assert documents(read_corpus(f"{packed}::t")) == ROWS


def test_nothing_is_written_beside_a_database(shop: Path) -> None:
    connection = sqlite3.connect(shop)
    connection.execute("PRAGMA journal_mode = wal")
    connection.close()
    before = shop.read_bytes()
    read_corpus(f"{shop}::reviews")
    assert shop.read_bytes() == before
    assert [path.name for path in shop.parent.iterdir()] == ["shop.db"]


def test_what_still_lies_in_the_log_of_a_database_is_read(shop: Path) -> None:
    writer = sqlite3.connect(shop)
    writer.execute("PRAGMA journal_mode = wal")
    writer.execute("INSERT INTO reviews VALUES ('so so', 'neg')")
    writer.commit()
    assert documents(read_corpus(f"{shop}::reviews")) == [*ROWS, ("so so", "neg")]
    writer.close()


def test_a_damaged_database(shop: Path) -> None:
    write(shop, shop.read_bytes()[:2000])
    assert refusal(f"{shop}::reviews") == (
        f"{shop}::reviews: the SQLite database cannot be read (database disk image is malformed); "
        "write it again, or export the table as .csv or .parquet"
    )
