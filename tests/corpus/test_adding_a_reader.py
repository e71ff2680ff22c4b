"""A reader is one function and one line, and so are an encoding, a layout of JSON and a rule for columns."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from corpus_builders import CSV, LABELS, TEXTS, documents, write

from pipeline.core.errors import PipelineError
from pipeline.core.reading import Chosen
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers import column_facts, columns, encoding_names, forms, json_layouts
from pipeline.corpus.readers.delimited import read_delimited
from pipeline.corpus.readers.encoding_names import Encoding
from pipeline.corpus.readers.encodings import read_source, reading_as
from pipeline.corpus.readers.records import RawTable, none_of
from pipeline.corpus.readers.table import READERS

ARROWS = "".join(f"{label} > {text}\n" for text, label in zip(TEXTS, LABELS, strict=True))


# --- the one file


def read_arrows(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read `label > text`, a record a line."""
    source = read_source(path)
    rows = [line.partition(" > ")[::2] for line in source.text().splitlines()]
    cells = pl.DataFrame(rows, schema={"label": pl.String, "text": pl.String}, orient="row")
    return RawTable(
        source.file,
        cells,
        none_of(len(rows)),
        text_column="text",
        label_column="label",
        find_lines=lambda: np.arange(1, len(rows) + 1),
    )


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READERS, ".arrows", read_arrows)  # the one line


@pytest.mark.parametrize("name", ["a.arrows", "a.ARROWS.gz"])
def test_its_documents_are_those_of_every_format(tmp_path: Path, name: str) -> None:
    content = gzip.compress(ARROWS.encode()) if name.endswith("gz") else ARROWS
    loaded = read_corpus(write(tmp_path / name, content))
    assert documents(loaded) == list(zip(TEXTS, LABELS, strict=True))
    assert loaded.hash == read_corpus(write(tmp_path / "a.csv", CSV)).hash


def test_a_record_that_is_left_out_is_named_by_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.arrows", ARROWS.replace("neg > a bad film", "neg > "))
    loaded = read_corpus(path, allow_losses=True)
    (dropped,) = loaded.ledger.dropped
    assert (dropped.rows, dropped.lines) == ((1,), (2,))


def test_an_ending_that_nothing_reads_is_told_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.arows", ARROWS)
    with pytest.raises(PipelineError) as error:
        read_corpus(path)
    assert str(error.value) == (
        f'{path}: the ending ".arows" is not one that can be read, and its content is of no kind that is known; '
        "convert it to one of .csv .tsv .jsonl .ndjson .json .parquet .feather .arrow "
        ".xlsx .xlsm .xlsb .xls .ods .db .sqlite .sqlite3 .txt .arrows (plain, .gz, .zst, .bz2, .xz or .zip)"
    )


# --- what else is one line


def test_a_delimiter_of_an_ending_of_its_own_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READERS, ".psv", partial(read_delimited, preferred="|"))
    loaded = read_corpus(write(tmp_path / "a.psv", CSV.replace(",", "|")))
    assert documents(loaded) == list(zip(TEXTS, LABELS, strict=True))


def test_an_encoding_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Encoding("Hebrew of DOS", "cp862")
    monkeypatch.setattr(encoding_names, "LEGACY", (line, *encoding_names.LEGACY))
    path = write(tmp_path / "a.csv", "text,label\nשלום,pos\nbad,neg\n".encode("cp862"))
    with reading_as("cp862"):
        loaded = read_corpus(path)
    assert documents(loaded) == [("שלום", "pos"), ("bad", "neg")]
    assert f"{path}: the encoding is Hebrew of DOS" in loaded.assumptions


def test_a_layout_of_json_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def apart(whole: json_layouts.Object, wanted: Sequence[str]) -> list[json_layouts.Object] | None:
        names, rows = whole.get("names"), whole.get("cells")
        if not isinstance(names, list) or not isinstance(rows, list):
            return None
        return [dict(zip(names, row, strict=True)) for row in rows]

    monkeypatch.setattr(json_layouts, "LAYOUTS", (apart, *json_layouts.LAYOUTS))
    rows = [list(row) for row in zip(TEXTS, LABELS, strict=True)]
    loaded = read_corpus(write(tmp_path / "a.json", json.dumps({"names": ["text", "label"], "cells": rows})))
    assert documents(loaded) == list(zip(TEXTS, LABELS, strict=True))


def test_a_rule_for_columns_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stars(table: RawTable, taken: Sequence[str]) -> Chosen | None:
        there = "stars" in table.cells.columns and "stars" not in taken
        return Chosen("stars", "as shops have it") if there else None

    monkeypatch.setattr(columns, "RULES", (("label", stars), *columns.RULES))
    path = write(tmp_path / "a.csv", "text,topic,stars\na good film,film,5\na bad film,book,1\nbad,film,3\n")
    loaded = read_corpus(path)
    assert documents(loaded) == [("a good film", "5"), ("a bad film", "1"), ("bad", "3")]
    assert f'{path}: the label is column "stars" (as shops have it)' in loaded.assumptions


def test_a_reason_for_which_a_column_is_no_label_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ("grades of a school", lambda facts: {*facts.sample} <= {*"ABCDF"})
    monkeypatch.setattr(column_facts, "NO_LABEL", (line, *column_facts.NO_LABEL))
    path = write(tmp_path / "a.csv", "text,grade,mood\ngood,A,glad\nbad,B,sad\nso,A,sad\nno,B,glad\n")
    assert documents(read_corpus(path)) == [("good", "glad"), ("bad", "sad"), ("so", "sad"), ("no", "glad")]


def test_a_way_of_writing_labels_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_pair(value: forms.Json) -> bool:
        return isinstance(value, list) and len(value) == 2

    line = forms.Form("first", "the first of two is the label", is_pair, lambda value: str(value[0]))
    monkeypatch.setitem(forms.FORMS, "label", (*forms.FORMS["label"], line))
    path = write(tmp_path / "a.jsonl", '{"text": "a", "label": ["x", 1]}\n{"text": "b", "label": ["y", 2]}\n')
    loaded = read_corpus(path, label_column="label")
    assert documents(loaded) == [("a", "x"), ("b", "y")]
    assert loaded.assumptions[-1] == f'{path}, column "label": the first of two is the label'
