"""Only the columns that are read as text and label matter: whatever else a file holds, no record is lost by it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from corpus_builders import LABELS, TEXTS, documents, write
from file_builders import FRAME, arrow_file, arrow_stream, database, parquet

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.frames import as_table

ROWS = list(zip(TEXTS, LABELS, strict=True))
MOMENT = dt.datetime(2024, 5, 1, 12, 30)
PLAIN: dict[str, pl.Series] = {
    "binary": pl.Series([b"a", b"\xff", None, b"\0"]),
    "boolean": pl.Series([True, False, None, True]),
    "categorical": pl.Series(["a", "b", "a", None], dtype=pl.Categorical),
    "date": pl.Series([MOMENT.date(), None] * 2),
    "date beyond all calendars": pl.Series([2**31 - 1, -(2**31), 0, None], dtype=pl.Int32).cast(pl.Date),
    "datetime": pl.Series([MOMENT, None] * 2),
    "datetime beyond all calendars": pl.Series([2**62, -(2**62), 0, None]).cast(pl.Datetime("us")),
    "datetime with a zone": pl.Series([MOMENT, None] * 2).dt.replace_time_zone("Europe/Berlin"),
    "decimal": pl.Series([Decimal("1.50"), None] * 2),
    "duration": pl.Series([dt.timedelta(seconds=90), None] * 2),
    "enum": pl.Series(["a", "b", "a", None], dtype=pl.Enum(["a", "b"])),
    "float": pl.Series([1.5, float("nan"), float("inf"), None]),
    "huge integer": pl.Series([2**100, None] * 2, dtype=pl.Int128),
    "integer": pl.Series([1, -1, None, 0], dtype=pl.Int8),
    "null": pl.Series([None] * 4, dtype=pl.Null),
    "string": pl.Series(["a", "é", "", None]),
    "time": pl.Series([MOMENT.time(), None] * 2),
    "unsigned": pl.Series([2**64 - 1, None] * 2, dtype=pl.UInt64),
}
NESTED = {
    "{}": pl.col("x"),
    "a list of one {}": pl.concat_list("x"),
    "a list of two {}": pl.concat_list("x", "x"),
    "an empty list of {}": pl.concat_list("x").list.head(0),
    "an array of {}": pl.concat_arr("x"),
    "an object of {}": pl.struct("x"),
    "an object of a list of {}": pl.struct(pl.concat_list("x", "x")),
    "an object of an object of {}": pl.struct(pl.struct("x").alias("y")),
    "a list of objects of {}": pl.concat_list(pl.struct("x")),
    "a list of lists of {}": pl.concat_list(pl.concat_list("x")),
}
WRITERS = {"a.parquet": parquet, "a.feather": arrow_file, "a.arrow": arrow_stream}


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("nesting", NESTED)
def test_a_column_of_any_type_stands_beside_text_and_label(tmp_path: Path, kind: str, nesting: str) -> None:
    other = PLAIN[kind].alias("x").to_frame().select(NESTED[nesting].alias("other")).to_series()
    if "beyond" in kind and nesting not in ("{}", "an object of {}"):
        pytest.skip("Polars takes seconds to panic")
    frame = FRAME.with_columns(other)
    for name, written in WRITERS.items():
        if name != "a.parquet" or "null" not in kind:  # Polars cannot write each of these
            loaded = read_corpus(write(tmp_path / name, written(frame)))
            assert (documents(loaded), loaded.ledger.dropped, loaded.warnings) == (ROWS, (), ())


def test_an_object_of_python_is_an_empty_cell() -> None:
    table = as_table("f", FRAME.with_columns(pl.Series("other", [object()] * 4, dtype=pl.Object)))
    assert table.cells["other"].to_list() == [None] * 4


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        (pl.Series([dt.timedelta(minutes=1, seconds=30), None]), ["PT1M30S", None]),
        (pl.Series([[b"pos"], [b"n"]]), ['["pos"]', '["n"]']),
        (pl.Series([{"bytes": b"\xff\xd8", "path": "a.jpg"}]), ['{"bytes":null,"path":"a.jpg"}']),
        (pl.Series([[dt.timedelta(seconds=1)]]), ['["PT1S"]']),
    ],
)
def test_how_unusual_values_are_written(column: pl.Series, cells: list[str | None]) -> None:
    assert as_table("f", column.alias("x").to_frame()).cells["x"].to_list() == cells


def test_values_that_no_string_can_show_are_empty_and_it_is_said() -> None:
    table = as_table("f", FRAME.with_columns(other=PLAIN["date beyond all calendars"]))
    assert table.cells["other"].to_list() == [None] * 4
    assert table.assumptions == (
        'f: column "other" (Date) holds values that cannot be written, and is empty',
    )


# --- bytes that are no text -------------------------------------------------------------------------------


def test_bytes_in_an_unused_column_of_a_database_lose_no_record(tmp_path: Path) -> None:
    rows = [(*row, b"\xff\xd8\xff") for row in ROWS]
    path = database(tmp_path / "a.db", {"t (text, label, picture)": rows})
    loaded = read_corpus(f"{path}::t")
    assert (documents(loaded), loaded.ledger.dropped) == (ROWS, ())


LATIN = [b"text,note,label\n", *(f"{text},ok,{label}\n".encode() for text, label in ROWS)]


def test_a_bad_byte_in_an_unused_column_loses_no_record_and_is_said(tmp_path: Path) -> None:
    lines = [*LATIN, "café,ok,pos\n".encode(), b"fine,caf\xc3,pos\n"]
    path = write(tmp_path / "a.csv", b"".join(lines))
    loaded = read_corpus(path)
    assert documents(loaded)[4:] == [("café", "pos"), ("fine", "pos")]
    assert loaded.ledger.dropped == ()
    assert f'{path}: undecodable bytes in unused columns lose no record (1 in "note")' in loaded.assumptions


@pytest.mark.parametrize("line", [b"caf\xc3 noir,ok,pos\n", b"fine,ok,po\xc3s\n"])
def test_a_bad_byte_in_text_or_label_leaves_the_record_out(tmp_path: Path, line: bytes) -> None:
    path = write(tmp_path / "a.csv", b"".join([*LATIN, "café,ok,pos\n".encode(), line]))
    loaded = read_corpus(path, allow_losses=True)
    assert len(loaded.corpus.texts) == 5
    assert [(entry.reason, entry.lines) for entry in loaded.ledger.dropped] == [("undecodable bytes", (7,))]


def test_a_bad_byte_in_a_column_that_is_joined_with_others_leaves_the_record_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"".join([*LATIN, "café,ok,pos\n".encode(), b"fine,caf\xc3,pos\n"]))
    loaded = read_corpus(path, text_column="text,note", allow_losses=True)
    assert [(entry.reason, entry.lines) for entry in loaded.ledger.dropped] == [("undecodable bytes", (7,))]


def test_each_of_several_files_knows_its_own_bad_bytes(tmp_path: Path) -> None:
    good = "text,note,label\ncafé,ok,pos\nso bad,ok,neg\n".encode()
    first = write(tmp_path / "a.csv", good + b"so good,caf\xc3,pos\n")
    second = write(tmp_path / "b.csv", good.replace(b"so", b"as") + b"caf\xc3 noir,fine,pos\n")
    loaded = read_corpus((first, second), allow_losses=True)
    assert [(entry.file, entry.lines) for entry in loaded.ledger.dropped] == [(str(second), (4,))]


def test_a_test_record_with_a_bad_byte_in_an_unused_column_is_kept_without_a_warning(tmp_path: Path) -> None:
    train = write(tmp_path / "a.csv", b"".join(LATIN))
    test = write(tmp_path / "b.csv", b"".join([*LATIN, "café,ok,pos\n".encode(), b"fine,caf\xc3,pos\n"]))
    loaded = read_corpus(train, test=test)
    assert not any("undecodable" in line for line in loaded.warnings)
    assert len(loaded.corpus.texts) == 10


# --- where nothing can be decoded -------------------------------------------------------------------------


def test_a_file_of_which_nothing_can_be_decoded_says_so_and_how_to_name_its_encoding(tmp_path: Path) -> None:
    lines = [
        b"text,label\n",
        *(b"caf\xc3 noir\x81 %d,%s\n" % (number, b"ab"[number % 2 :][:1]) for number in range(4)),
    ]
    path = write(tmp_path / "a.csv", b"".join(lines))
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert "undecodable bytes" in str(caught.value)
    assert "--encoding" in str(caught.value)
    assert "(empty)" not in str(caught.value)


def test_a_bad_byte_in_a_header_is_a_sign_in_the_name_of_its_column(tmp_path: Path) -> None:
    header = b"text,caf\xc3 noir\x81,label\n"
    path = write(tmp_path / "a.csv", header + "".join(f"{text},é,{label}\n" for text, label in ROWS).encode())
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert loaded.ledger.dropped == ()
