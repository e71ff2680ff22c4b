"""What a file is, is told by its content where its name tells nothing or something else."""

from __future__ import annotations

import contextlib
import json
import pickle
from pathlib import Path

import polars as pl
import pytest
from corpus_builders import CSV, LABELS, TEXTS, documents, write
from file_builders import arrow_file, arrow_stream, database, parquet, workbook, zipped

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.conll import looks_like_conll

ROWS = list(zip(TEXTS, LABELS, strict=True))
OBJECTS = [{"text": text, "label": label} for text, label in ROWS]
JSON_LINES = "".join(json.dumps(record) + "\n" for record in OBJECTS)
TABS = "".join(f"{label}\t{text}\n" for text, label in ROWS)
THREE_COLUMNS = "".join(f"{1234 + place}\t{label}\t{text}\n" for place, (text, label) in enumerate(ROWS))
WORKBOOK = workbook({"S": {1: ("text", "label"), **dict(enumerate(ROWS, 2))}})
AMONG_COMMAS, AMONG_TABS = (f"a table whose fields are separated by {marks}" for marks in ("commas", "tabs"))
PAIRS = "lines of a label and a text with a tab between"


def refusal(path: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    return str(caught.value)


READ_AS = {
    "table": (CSV, AMONG_COMMAS),
    "table.dat": (CSV, AMONG_COMMAS),
    "table.json": (CSV, AMONG_COMMAS),
    "table.jsonl": (CSV, AMONG_COMMAS),
    "table.parquet": (CSV, AMONG_COMMAS),
    "table.xlsx": (CSV, AMONG_COMMAS),
    "table.txt": (CSV, AMONG_COMMAS),
    "utf16": (CSV.encode("utf-16"), AMONG_COMMAS),
    "tabs.xls": (CSV.replace(",", "\t"), AMONG_TABS),
    "header.txt": (CSV.replace(",", "\t"), AMONG_TABS),
    "columns.txt": (THREE_COLUMNS, AMONG_TABS),
    "emotions.txt": (
        "".join(f"{text};{label}\n" for text, label in ROWS),
        "a table whose fields are separated by semicolons",
    ),
    "SMSSpamCollection": (TABS, PAIRS),
    "pairs.json": (TABS, PAIRS),
    "fast.csv": (
        "".join(f"__label__{label} {text}\n" for text, label in ROWS),
        "fastText lines (__label__, then the text)",
    ),
    "lines.csv": (JSON_LINES, "JSON Lines"),
    "lines.txt": (JSON_LINES, "JSON Lines"),
    "lines": (JSON_LINES, "JSON Lines"),
    "array.csv": (json.dumps(OBJECTS), "JSON"),
    "array.jsonl": (json.dumps(OBJECTS, indent=1), "JSON"),
    "columns.csv": (json.dumps({"text": TEXTS, "label": LABELS}), "JSON"),
    "parquet.csv": (parquet(), "a Parquet file"),
    "parquet": (parquet(), "a Parquet file"),
    "arrow.csv": (arrow_file(), "an Arrow file"),
    "stream": (arrow_stream(), "an Arrow file"),
    "book": (WORKBOOK, "an Excel workbook"),
}


@pytest.mark.parametrize("name", READ_AS)
def test_a_content_that_is_clear_is_read_and_said(tmp_path: Path, name: str) -> None:
    content, kind = READ_AS[name]
    path = write(tmp_path / name, content)
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    ending = path.suffix
    says = f"whatever the ending {ending} says" if ending else "though it has no ending that says so"
    assert loaded.assumptions[0] == f"{path}: the content is {kind}, {says}"


def test_a_name_that_says_what_the_content_is_needs_no_word(tmp_path: Path) -> None:
    for name, content in {
        "a.csv": CSV,
        "a.txt": TABS,
        "a.json": JSON_LINES,
        "a.feather": arrow_stream(),
    }.items():
        loaded = read_corpus(write(tmp_path / name, content))
        assert documents(loaded) == ROWS
        assert not any("the content is" in line for line in loaded.assumptions), name


CONVERT = "convert the records to .csv, .jsonl or .parquet"
AS_TEXT = "save it as plain text or .csv"
NO_PICKLE = "save the records as .csv, .jsonl or .parquet: reading a pickle runs code inside it"
NAMED = {
    "page.csv": (
        "\n<!DOCTYPE html>\n<html lang='en'>\n<div>some, text</div>\n",
        ":1: this is a web page (HTML); fetch the file itself: the address led to a page",
    ),
    "export.xls": (
        "<html><body><p>Sign in to export</p></body></html>",
        ":1: this is a web page (HTML); fetch the file itself: the address led to a page",
    ),
    "feed.txt": ('<?xml version="1.0"?><rss/>', f":1: this is an XML document; {CONVERT}"),
    "train.parquet": (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 20971520\n",
        ": this is a Git LFS pointer, which stands for the file; fetch the file itself (git lfs pull)",
    ),
    "train.csv": (
        "404: Not Found",
        ":1: this is a server's answer instead of the file; "
        "look at what the address answers, and fetch the file again",
    ),
    "answer.jsonl": (
        '{"error": "Repository not found"}',
        ":1: this is a server's answer instead of the file; "
        "look at what the address answers, and fetch the file again",
    ),
    "sheet.csv": (
        WORKBOOK,
        ": this is an Excel workbook; give it the ending .xlsx, or save the sheet as .csv",
    ),
    "old.csv": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "Workbook".encode("utf-16-le"),
        ": this is an Excel workbook; give it the ending .xlsx, or save the sheet as .csv",
    ),
    "letter.doc": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "WordDocument".encode("utf-16-le"),
        f": this is an old Office document, such as a .doc; {AS_TEXT}",
    ),
    "letter.docx": (
        zipped({"[Content_Types].xml": "", "word/document.xml": ""}),
        f": this is a Word document; {AS_TEXT}",
    ),
    "letter.csv": (r"{\rtf1\ansi hello}", f": this is a document in Rich Text Format; {AS_TEXT}"),
    "paper.txt": (
        b"%PDF-1.7\n%\xe2\xe3",
        ": this is a PDF document; take its text out, and give a .csv with a label for each text",
    ),
    "scan.csv": (b"\x89PNG\r\n\x1a\n", ": this is a picture; give the texts themselves"),
    "films.pkl": (pickle.dumps(ROWS), f": this is a pickle; {NO_PICKLE}"),
    "films.csv": (pickle.dumps(ROWS, protocol=2), f": this is a pickle; {NO_PICKLE}"),
    "first.csv": (pickle.dumps({"a": 1}, protocol=0), f": this is a pickle; {NO_PICKLE}"),
    "model.pt": (
        zipped({"model/data.pkl": b"\x80\x02", "model/version": "3"}),
        f": this is a checkpoint of PyTorch, which is a pickle; {NO_PICKLE}",
    ),
    "arrays.npz": (zipped({"a.npy": b"\x93NUMPY"}), f": this is a file of NumPy arrays; {CONVERT}"),
    "data.h5": (b"\x89HDF\r\n\x1a\n", f": this is an HDF5 file; {CONVERT}"),
    "films.dat": (
        bytes(257) + b"ustar\x0000" + bytes(248),
        ": this is a tar archive; unpack it, and give the file or folder inside",
    ),
    "films.7z": (
        b"7z\xbc\xaf\x27\x1c",
        ": this is an archive; unpack it, and give the file or folder inside",
    ),
    "work.ipynb": (
        json.dumps({"cells": [{"cell_type": "code", "source": []}]}, indent=1),
        f": this is a Jupyter notebook; {CONVERT}",
    ),
    "dump.sql": (
        "-- a dump\nCREATE TABLE reviews (text, label);\n",
        ":1: this is an SQL dump; load it into a database (sqlite3 FILE.db < FILE.sql), and give FILE.db::TABLE",
    ),
    "films.arff": ("% films\n@RELATION films\n", ":1: this is a file of Weka (ARFF); save it as .csv"),
    "svm.txt": (
        "1 3:0.5 7:1\n-1 2:1\n",
        ":1: this is a file of numbered features (SVMlight) without text; give the texts themselves",
    ),
    "noise.csv": (
        bytes((37 * place * place) % 251 for place in range(4000)),
        f": this is binary data of no kind that is known; {CONVERT}",
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_content_that_is_not_read_is_called_what_it_is(tmp_path: Path, name: str) -> None:
    content, message = NAMED[name]
    path = write(tmp_path / name, content)
    assert refusal(path) == f"{path}{message}"


CONLL = (
    "words with tags, one a line (CoNLL), and not of documents with a label each; "
    "write a .csv or .jsonl with the text of each sentence and its label"
)


@pytest.mark.parametrize("name", ["eng.train.txt", "train.conll", "train", "train.csv", "train.tsv"])
@pytest.mark.parametrize("blank", [" ", "\t"])
def test_words_with_tags_are_named_whatever_the_ending(tmp_path: Path, name: str, blank: str) -> None:
    lines = "-DOCSTART- -X- O O\n\nPeter NNP I-NP B-PER\nsleeps VBZ I-VP O\n. . O O\n\nHe PRP I-NP O\nruns VBZ I-VP O\n"
    path = write(tmp_path / name, lines.replace(" ", blank))
    assert refusal(path) == f"{path}:1: this is a file of {CONLL}"


def test_words_with_tags_of_two_columns_and_of_ten() -> None:
    assert looks_like_conll("Peter B-PER\nsleeps O\n. O\n\nHe O\nruns O\n")
    word = "\t{}\t{}\tNOUN\tNN\t_\t0\troot\t_\t_\n"
    sentence = "# text = a cat\n" + "".join(f"{place}{word.format(*'ab')}" for place in (1, 2, 3))
    assert looks_like_conll(f"{sentence}\n{sentence}\n")


def test_labelled_lines_with_blank_lines_between_are_no_words_with_tags() -> None:
    assert not looks_like_conll("pos\tgood\n\nneg\tbad\n\npos\tfine\n\n")
    assert not looks_like_conll("a good film\nso it was\n\na bad film\nso it was\n")


def test_text_alone_is_no_corpus(tmp_path: Path) -> None:
    prose = "Just a line, and so on.\nAnother one.\nOne, two, three.\n"
    path = write(tmp_path / "prose.txt", prose)
    assert refusal(path) == (
        f"{path}:1: the lines hold text without a label: no __label__ before it, no tab between the two; "
        "write `label<TAB>text`, or use .csv, .jsonl or folders; text without labels is for --unlabelled"
    )
    path = write(tmp_path / "prose", prose)
    assert refusal(path) == (
        f"{path}: the file has no ending, and its content is of no kind that is known; "
        "convert it to one of .csv .tsv .jsonl .ndjson .json .parquet .feather .arrow "
        ".xlsx .xlsm .xlsb .xls .ods .db .sqlite .sqlite3 .txt (plain, .gz, .zst, .bz2, .xz or .zip)"
    )


@pytest.mark.parametrize("name", ["more", "more.en", "more.txt"])
def test_unlabelled_lines_may_have_any_ending(tmp_path: Path, name: str) -> None:
    more = write(tmp_path / name, "Just a line, and so on.\nAnother one.\n")
    loaded = read_corpus(write(tmp_path / "a.csv", CSV), unlabelled=more)
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["Just a line, and so on.", "Another one."]


def test_unlabelled_text_in_a_table_without_an_ending(tmp_path: Path) -> None:
    more = write(tmp_path / "more", "id,text\n1,one\n2,two\n")
    loaded = read_corpus(write(tmp_path / "a.csv", CSV), unlabelled=more)
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["one", "two"]


# --- formats of lines


def test_a_line_of_trec_has_a_class_and_a_finer_one(tmp_path: Path) -> None:
    lines = (
        "DESC:manner How did café start ?\nENTY:animal What animal ?\nDESC:def What is x ?\nNUM:date When ?\n"
    )
    path = write(tmp_path / "train_5500.label", lines.encode("latin-1"))
    loaded = read_corpus(path)
    assert documents(loaded) == [
        ("How did café start ?", "DESC"),
        ("What animal ?", "ENTY"),
        ("What is x ?", "DESC"),
        ("When ?", "NUM"),
    ]
    assert (
        f"{path}: each line is COARSE:fine and a text; the label is COARSE (--label fine takes both)"
        in loaded.assumptions
    )
    fine = read_corpus(path, label_column="fine").corpus
    assert fine.label_names == ("DESC:def", "DESC:manner", "ENTY:animal", "NUM:date")


def test_a_tree_gives_its_words_and_the_label_at_its_top(tmp_path: Path) -> None:
    lines = "(3 (2 It) (4 (4 works) (2 .)))\r\n\r\n(1 (2 It) (1 (0 fails) (2 -RRB-)))\r\n"
    path = write(tmp_path / "train.txt", lines)
    loaded = read_corpus(path)
    assert documents(loaded) == [("It works .", "3"), ("It fails -RRB-", "1")]
    assert (
        f"{path}: each line is a tree; the label at its top is read, those of parts of it are not"
        in loaded.assumptions
    )


@pytest.mark.parametrize(
    "line", ["(3 (2 It) (4 works)", "(3 (2 It)) (4 works)", "(3 ((2 It) (4 works))))", "it"]
)
def test_a_tree_that_is_not_whole(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "train.txt", "(3 (2 It) (4 works))\n" * 20 + f"{line}\n")
    assert refusal(path) == (
        f"{path}:21: the line is not one whole tree such as (3 (2 It) (4 works)): its parentheses do not match; "
        "correct the line, or leave it out"
    )


def test_json_objects_over_several_lines_each(tmp_path: Path) -> None:
    pretty = "".join(json.dumps(record, indent=2) + "\n" for record in OBJECTS)
    assert documents(read_corpus(write(tmp_path / "a.json", pretty))) == ROWS
    path = write(tmp_path / "a.jsonl", pretty)
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert loaded.assumptions[0] == f"{path}: the content is JSON, whatever the ending .jsonl says"
    dropped = read_corpus(
        write(tmp_path / "b.json", pretty.replace('"a bad film"', '""')), allow_losses=True
    ).ledger.dropped
    assert [(entry.rows, entry.lines) for entry in dropped] == [((1,), (5,))]


@pytest.mark.parametrize("name", ["deep.json", "deep.jsonl"])
@pytest.mark.parametrize("mark", ["[", '{"a":'])
def test_json_of_endless_depth(tmp_path: Path, name: str, mark: str) -> None:
    path = write(tmp_path / name, '{"text": ' + mark * 100_000)
    assert refusal(path) == (
        f"{path}:1: the JSON holds lists or objects within each other more deeply than can be read; "
        "give one object a record, with a text and a label"
    )


# --- Arrow and Parquet


def test_a_stream_that_may_be_cut_short_is_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path / "a.arrow", arrow_stream()[:-8])
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert loaded.warnings == (
        f"{path}: the stream of records has no end mark, so it may have been cut short [stream-without-end]",
    )


@pytest.mark.parametrize(
    ("name", "content", "kind"), [("a.arrow", arrow_file(), "Arrow"), ("a.parquet", parquet(), "Parquet")]
)
def test_typed_tables_that_are_cut_short(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    path = write(tmp_path / name, content[:-30])
    assert refusal(path) == (
        f"{path}: the file is not whole {kind} data; "
        "write it again, or give it the ending of what it is (.csv, .jsonl, .txt)"
    )


def test_feather_of_the_first_version(tmp_path: Path) -> None:
    path = write(tmp_path / "a.feather", b"FEA1" + bytes(20) + b"FEA1")
    assert refusal(path) == (
        f"{path}: this is Feather of the first version, which is not read; "
        "write it again as Parquet, or with a newer to_feather"
    )


def test_arrow_labels_are_spelt_as_in_every_format(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": TEXTS, "label": [1.0, 0.0, 1.0, None]})
    loaded = read_corpus(write(tmp_path / "a.feather", arrow_file(frame)), allow_losses=True)
    assert documents(loaded) == [("a good film", "1"), ("a bad film", "0"), ("so good", "1")]
    assert [(entry.reason, entry.rows) for entry in loaded.ledger.dropped] == [("no label", (3,))]


def test_a_database_under_any_name_is_a_database(tmp_path: Path) -> None:
    path = database(tmp_path / "w.magnitude", {"reviews (text, label)": ROWS})
    assert documents(read_corpus(f"{path}::reviews")) == ROWS
    assert "this is an SQLite database" in refusal(path)


@pytest.mark.parametrize(("name", "content"), [("a.arrow", arrow_file()), ("a.parquet", parquet())])
def test_a_panic_of_the_library_is_a_refusal_and_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    """Of each byte one bit is turned: some are lengths and types, and the library's own threads end with a panic."""
    data = bytearray(content)
    for place in range(8, len(data) - 8, 9):
        data[place] ^= 0x10
        with contextlib.suppress(PipelineError):
            read_corpus(write(tmp_path / name, bytes(data)))
        data[place] ^= 0x10
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl", "a"])
@pytest.mark.parametrize("content", [b"", b" \n\n", b"\x00" * 40, b"\xef\xbb\xbf", b"\xff\xfe\n\x00"])
def test_a_file_without_a_character_is_empty(tmp_path: Path, name: str, content: bytes) -> None:
    path = write(tmp_path / name, content)
    assert refusal(path) == f"{path}: the file is empty; give a file with one document a record"
