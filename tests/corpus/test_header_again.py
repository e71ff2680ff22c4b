"""The header in other letters further down, and a second line of it, are no records: both are in the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_builders import documents, write
from file_builders import workbook

from pipeline.corpus.loading import read_corpus

AGAIN, SECOND = "header again", "second line of the header"
RECORDS = [(f"a film of {number} hours", "good" if number % 2 else "bad") for number in range(12)]


def left_out(path: Path) -> list[tuple[str, tuple[int, ...]]]:
    """Return what was left out of a file of 12 documents, each reason with the numbers of its records."""
    loaded = read_corpus(path)
    assert documents(loaded) == RECORDS
    assert loaded.warnings == ()
    return [(entry.reason, entry.rows) for entry in loaded.ledger.dropped]


@pytest.mark.parametrize("again", ["Text,Label", " text , LABEL ", "TEXT,label", "\ufeffText,Label"])
def test_a_header_in_other_letters_further_down_is_no_record(tmp_path: Path, again: str) -> None:
    lines = [f"{text},{label}" for text, label in RECORDS]
    content = "\n".join(["text,label", *lines[:6], again, *lines[6:]]) + "\n"
    assert left_out(write(tmp_path / "a.csv", content)) == [(AGAIN, (6,))]


def test_a_word_that_is_the_name_of_the_only_column_is_a_text(tmp_path: Path) -> None:
    for name in ("good", "bad"):
        texts = [f"{text} so {name}" for text, _ in RECORDS]
        write(tmp_path / name / "1.csv", "\n".join(["text", *texts, "Text"]) + "\n")
    assert len(read_corpus(tmp_path).corpus.texts) == 26


@pytest.mark.parametrize(
    "second",
    [
        ",,Response,Open-Ended Response",
        ",,Open-Ended Response,Response",
        ",,Very satisfied,Open-Ended Response",
        "string,string,text,category",
    ],
)
def test_a_second_line_of_the_header_is_no_record(tmp_path: Path, second: str) -> None:
    lines = [f"id{number}x,c{number},{text},{label}" for number, (text, label) in enumerate(RECORDS)]
    content = "\n".join(["Respondent ID,Collector,What was it?,Label", second, *lines]) + "\n"
    assert left_out(write(tmp_path / "a.csv", content)) == [(SECOND, (0,))]


def test_a_second_line_of_the_header_of_a_workbook_is_no_record(tmp_path: Path) -> None:
    rows = [("Respondent ID", "Text", "Label"), ("", "Open-Ended Response", "Response")]
    rows += [(f"id{number}", text, label) for number, (text, label) in enumerate(RECORDS)]
    path = write(tmp_path / "a.xlsx", workbook({"all": dict(enumerate(rows, 1))}))
    assert left_out(path) == [(SECOND, (0,))]


def test_a_record_of_these_words_with_its_number_is_a_record(tmp_path: Path) -> None:
    lines = [f"id{number}x,{text},{label}" for number, (text, label) in enumerate(RECORDS)]
    content = "\n".join(["number,text,label", "id99x,response,good", *lines]) + "\n"
    assert len(read_corpus(write(tmp_path / "a.csv", content)).corpus.texts) == 13
