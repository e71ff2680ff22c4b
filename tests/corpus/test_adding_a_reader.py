"""A reader is one function and one line: files of its ending are read, packed ones too, and messages know it."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from corpus_builders import CSV, LABELS, TEXTS, documents, write

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.encodings import read_source
from pipeline.corpus.readers.records import RawTable, no_problems
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
        no_problems(len(rows)),
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
    loaded = read_corpus(write(tmp_path / "a.arrows", ARROWS.replace("neg > a bad film", "neg > ")))
    (dropped,) = loaded.ledger.dropped
    assert (dropped.rows, dropped.lines) == ((1,), (2,))


def test_an_ending_that_nothing_reads_is_told_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.arrow", ARROWS)
    with pytest.raises(PipelineError) as error:
        read_corpus(path)
    assert str(error.value) == (
        f'{path}: the ending ".arrow" is not one that can be read; '
        "convert it to one of .csv .tsv .jsonl .ndjson .json .parquet .txt .arrows (plain, .gz or .zst)"
    )
