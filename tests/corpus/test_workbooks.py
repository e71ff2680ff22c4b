"""A sheet of a workbook is a table like any other."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest
from corpus_builders import LABELS, TEXTS, documents, write
from file_builders import open_document_sheet, workbook, zipped

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.workbooks import read_workbook

ROWS = list(zip(TEXTS, LABELS, strict=True))
HEADED = {1: ("text", "label"), **dict(enumerate(ROWS, 2))}


def refusal(path: Path | str) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.xlsx", "a.xlsm", "a.xlsx.gz", "a.xlsx.zip"])
def test_the_only_sheet_is_read(tmp_path: Path, name: str) -> None:
    book = workbook({"Films": HEADED})
    packed = {".gz": gzip.compress(book), ".zip": zipped({"a.xlsx": book})}
    path = write(tmp_path / name, packed.get(Path(name).suffix, book))
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert f'{path}: the sheet "Films" is read' in loaded.assumptions


def test_a_sheet_of_open_document_is_read(tmp_path: Path) -> None:
    sheet = open_document_sheet([("text", "label"), *ROWS])
    assert documents(read_corpus(write(tmp_path / "a.ods", sheet))) == ROWS
    path = write(tmp_path / "a.csv", sheet)
    assert refusal(path) == (
        f"{path}: this is an OpenDocument sheet; give it the ending .ods, or save the sheet as .csv"
    )


def test_a_cell_is_what_a_csv_file_would_hold(tmp_path: Path) -> None:
    cells = [
        (1, "1"),
        (1.0, "1"),
        (0.5, "0.5"),
        (True, "true"),
        ("007", "007"),
        (123456789012345, "123456789012345"),
    ]
    rows = {1: ("text", "label"), **{at: (f"text {at}", cell) for at, (cell, _) in enumerate(cells, 2)}}
    table = read_workbook(write(tmp_path / "a.xlsx", workbook({"S": rows})))
    assert table.cells["label"].to_list() == [text for _, text in cells]


def test_rows_keep_their_numbers_in_the_sheet(tmp_path: Path) -> None:
    rows = {
        2: ("text", "label"),
        4: ("good", "pos"),
        5: ("bad", None),
        8: ("fine", "pos"),
        9: ("poor", "neg"),
    }
    path = write(tmp_path / "a.xlsx", workbook({"S": rows}))
    loaded = read_corpus(path, allow_losses=True)
    assert documents(loaded) == [("good", "pos"), ("fine", "pos"), ("poor", "neg")]
    assert [(entry.reason, entry.rows, entry.lines) for entry in loaded.ledger.dropped] == [
        ("no label", (1,), (5,))
    ]


def test_a_sheet_without_a_header(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", workbook({"S": dict(enumerate(ROWS, 1))}))
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert f"{path}: there is no header; the columns are called 1, 2" in loaded.assumptions


def test_a_column_without_any_cell_is_none(tmp_path: Path) -> None:
    rows = {at: (text, None, label) for at, (text, label) in HEADED.items()}
    assert read_workbook(write(tmp_path / "a.xlsx", workbook({"S": rows}))).cells.columns == ["text", "label"]


def test_of_several_sheets_the_one_with_records_is_read(tmp_path: Path) -> None:
    sheets = {"About": {1: ("films of 2024",)}, "Empty": {}, "Films": HEADED}
    assert documents(read_corpus(write(tmp_path / "a.xlsx", workbook(sheets)))) == ROWS


def test_several_sheets_with_records_are_asked_about(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx", workbook({"Train": HEADED, "Test": {1: ("text", "label"), 2: ("ok", "pos")}})
    )
    assert refusal(path) == (
        f'{path}: 2 sheets hold records: "Train" (5 rows), "Test" (2 rows); name one: "{path}::Train"'
    )
    loaded = read_corpus(f"{path}::Train", test=f"{path}::Test")
    assert documents(loaded) == [*ROWS, ("ok", "pos")]
    assert loaded.name == "a"
    assert (
        refusal(f"{path}::Trian")
        == f'{path}::Trian: the workbook has no sheet "Trian"; did you mean "Train"?'
    )


def test_a_workbook_without_records(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", workbook({"S": {}}))
    assert refusal(path) == f"{path}: no sheet holds records; give one with a document a row"
    assert refusal(f"{path}::S") == f'{path}::S: the sheet "S" is empty; give one with a document a row'


def test_a_damaged_workbook(tmp_path: Path) -> None:
    book = workbook({"S": HEADED})
    damaged = bytearray(book)
    at = book.index(b"xl/workbook.xml") + 30
    damaged[at : at + 20] = bytes(20)
    path = write(tmp_path / "a.xlsx", bytes(damaged))
    assert refusal(path).startswith(f"{path}: the workbook cannot be read (")


def test_without_the_package_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    path = write(tmp_path / "a.xlsx", workbook({"S": HEADED}))
    assert refusal(path) == (
        f"{path}: this is a workbook, and the package that reads them, fastexcel, is not installed; "
        "run `pip install -e '.[excel]'`, or save the sheet as .csv"
    )
