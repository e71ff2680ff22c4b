"""A header is found wherever it stands; lines that are no records go to the ledger, each with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_builders import documents, write

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.header import Beginning, find_beginning

ROWS = [("a film that was good", "pos"), ("a film that was bad", "neg")] * 6
RECORDS = "".join(f"{text} {number},{label}\n" for number, (text, label) in enumerate(ROWS))
HEADER = "remarks of the guest,verdict of the guest\n"


def left_out(path: Path, **columns: str) -> list[tuple[str, tuple[int, ...]]]:
    """Return the reasons for which lines of a file of 12 documents were left out, each with its lines."""
    loaded = read_corpus(path, **columns)
    assert len(documents(loaded)) == len(ROWS)
    assert loaded.corpus.label_names == ("neg", "pos")
    assert loaded.warnings == ()
    return [(entry.reason, entry.lines) for entry in loaded.ledger.dropped]


ABOVE, AGAIN, BELOW = "line above the table", "header again", "line below the table"
COMMENT, BLANK = "comment or rule", "blank record"


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (HEADER + RECORDS, []),
        ("Survey of guests 2024\n\n" + HEADER + RECORDS, [(ABOVE, (1,))]),
        ("Survey of guests,\nas of May,\n" + HEADER + RECORDS, [(ABOVE, (1, 2))]),
        ("# exported on Monday, by Q\n# all rows\n" + HEADER + RECORDS, [(ABOVE, (1, 2))]),
        ("sep=;\n" + (HEADER + RECORDS).replace(",", ";"), [(ABOVE, (1,))]),
        ("\ufeffsep=,\r\n" + (HEADER + RECORDS).replace("\n", "\r\n"), [(ABOVE, (1,))]),
        ('"sep=|"\n' + (HEADER + RECORDS).replace(",", "|"), [(ABOVE, (1,))]),
        ("Survey of guests\n" + RECORDS, [(ABOVE, (1,))]),
        (HEADER + RECORDS + HEADER, [(AGAIN, (14,))]),
        ("\ufeff" + HEADER + RECORDS + "\ufeff" + HEADER, [(AGAIN, (14,))]),
        (HEADER + "-------,-------\n" + RECORDS, [(COMMENT, (2,))]),
        (HEADER + RECORDS + "# to be continued\n", [(COMMENT, (14,))]),
        (HEADER + RECORDS + "\n(12 rows affected)\n", [(BELOW, (15,))]),
        (HEADER + RECORDS + "Total:,12\n", [(BELOW, (14,))]),
        (HEADER + RECORDS + "Total: 12,\n,\n", [(BLANK, (15,)), (BELOW, (14,))]),
        (HEADER + RECORDS + ",\n" * 5, [(BLANK, (14, 15, 16, 17, 18))]),
    ],
)
def test_lines_that_are_no_records(tmp_path: Path, content: str, lines: list) -> None:
    assert left_out(write(tmp_path / "a.csv", content)) == lines


def test_lines_that_are_no_records_of_a_file_that_polars_does_not_read(tmp_path: Path) -> None:
    content = "Survey, of guests, 2024\n" + HEADER + RECORDS.replace("good 0", 'go"od') + "(12 rows)\n"
    assert left_out(write(tmp_path / "a.csv", content)) == [(ABOVE, (1,)), (BELOW, (15,))]


def test_the_line_of_the_header_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Survey of guests\n\n\n" + HEADER + RECORDS)
    loaded = read_corpus(path)
    assert "header in line 4" in loaded.reading.line()
    assert f"{path}: the line 4 is a header" in loaded.assumptions
    assert loaded.corpus.records.tolist() == [*range(1, 13)]


@pytest.mark.parametrize("text", ["1", "remarks of the guest", "Remarks of the Guest"])
def test_a_column_is_named_by_its_number_or_but_for_case(tmp_path: Path, text: str) -> None:
    assert left_out(write(tmp_path / "a.csv", HEADER + RECORDS), text_column=text, label_column="2") == []


def test_a_number_beyond_the_last_column(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", HEADER + RECORDS)
    with pytest.raises(PipelineError) as caught:
        read_corpus(path, label_column="3")
    assert str(caught.value) == (
        f'--label: {path} has no column "3"; its columns are "remarks of the guest", "verdict of the guest"; '
        "read with header in line 1, UTF-8"
    )


LONG, PROSE = "a text of many words", "a text of so many words that it is none"


@pytest.mark.parametrize(
    ("rows", "begins"),
    [
        ([["mood", "page"], ["fine", "3"], ["dull", "4"], ["odd", "5"]], Beginning(0, True)),
        ([["0", "1"], [LONG, "x"], [LONG, "y"], [LONG, "x"]], Beginning(0, True)),
        ([["7", LONG], ["8", LONG], ["9", LONG]], Beginning(0, False)),
        ([["x", LONG], *[["x", LONG], ["y", LONG]] * 4], Beginning(0, False)),
        ([["taste", LONG], *[["x", LONG], ["y", LONG]] * 4], Beginning(0, False)),
        ([["taste", "what did you like about it?"], *[["x", "sun"], ["y", "sea"]] * 4], Beginning(0, True)),
        ([["title of it"], ["mood", "page"], ["fine", "3"], ["dull", "4"], ["odd", "5"]], Beginning(1, True)),
        ([["fine", "3"], ["dull", "4"], ["odd", "5"]], Beginning(0, False)),
        ([["rare", PROSE], *[["x", PROSE + "."], ["y", PROSE + "!"]] * 4], Beginning(0, False)),
        ([["how was it for you?", PROSE], *[["x", PROSE + "."], ["y", PROSE + "!"]] * 4], Beginning(0, True)),
        (
            [["Survey", "", ""], ["", "", ""], ["n", "a", "b"], *[["3", LONG, "x"], ["4", LONG, "y"]] * 4],
            Beginning(2, True),
        ),
    ],
)
def test_where_a_table_begins(rows: list[list[str]], begins: Beginning) -> None:
    assert find_beginning(rows) == begins
