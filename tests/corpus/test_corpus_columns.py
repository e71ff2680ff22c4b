"""Delimiter, header, encoding and columns are found, and what was assumed is said."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from corpus_builders import CSV, documents, write, write_classes

from pipeline.core.errors import PipelineError
from pipeline.core.values import Dropped
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.delimited import column_names
from pipeline.corpus.readers.encodings import decode


def test_what_was_assumed_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.csv", CSV.replace(",", ";"))
    assert read_corpus(path).assumptions == (
        f"{path}: the encoding is UTF-8",
        f"{path}: fields are separated by semicolons",
        f"{path}: the first line is a header",
        f'{path}: the text is column "text" (by its name)',
        f'{path}: the label is column "label" (by its name)',
    )


def found(tmp_path: Path, content: str, **columns: str) -> tuple[list[tuple[str, str]], str]:
    loaded = read_corpus(write(tmp_path / "a.csv", content), **columns)
    return documents(loaded), loaded.assumptions[-1].removeprefix(f"{tmp_path}/a.csv: ")


@pytest.mark.parametrize(
    ("content", "first"),
    [
        ("id,Review_Text, Sentiment \n1,good film,pos\n2,bad film,neg\n", ("good film", "pos")),
        ("title,body,class\nA,a long body of text,x\nB,another long body,y\n", ("a long body of text", "x")),
        ("text,label,category\ngood,a,b\nbad,c,d\n", ("good", "a")),
        ("p,q,r\n1,some long text here,x\n2,other long text here,y\n3,a third long text,x\n",
         ("some long text here", "x")),
        ("p,q,r\nsome long text here,2020,x\nother long text here,2020,y\n", ("some long text here", "x")),
        ("p,q\na positive one,good\na negative one,bad\n", ("a positive one", "good")),
        ("p,q\nfine,great\npoor,awful\nnice,great\nugly,awful\nokay,great\n", ("fine", "great")),
    ],
)  # fmt: skip
def test_columns_are_found_by_name_then_by_content(tmp_path: Path, content: str, first: tuple) -> None:
    assert found(tmp_path, content)[0][0] == first


def test_columns_that_the_user_names(tmp_path: Path) -> None:
    content = "text,label,notes,topic\ngood film,pos,n1,x\nbad film,neg,n2,y\n"
    assert found(tmp_path, content, text_column="notes", label_column="topic")[0] == [
        ("n1", "x"),
        ("n2", "y"),
    ]


def test_no_header(tmp_path: Path) -> None:
    oil, chips = '"3","Oil falls","Prices of oil fell again"\n', '"4","Chips","A new chip is much faster"\n'
    rows = oil + chips + '"3","Coal","The price of coal rose on Friday"\n'
    path = write(tmp_path / "a.csv", rows)
    loaded = read_corpus(path)
    assert documents(loaded)[0] == ("Prices of oil fell again", "3")
    assert loaded.corpus.records.tolist() == [0, 1, 2]
    assert loaded.assumptions[2:] == (
        f"{path}: there is no header; the columns are called 1, 2, 3",
        f'{path}: the text is column "3" (the longest text)',
        f'{path}: the label is column "1" (no other column could be it)',
    )


def test_a_header_that_is_repeated_below_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", CSV + CSV)
    loaded = read_corpus(path)
    assert len(documents(loaded)) == 8
    assert loaded.ledger.dropped == (Dropped("header again", str(path), (4,), (6,)),)


def test_no_header_where_the_first_label_comes_again(tmp_path: Path) -> None:
    assert len(found(tmp_path, "good film,pos\nbad film,neg\nfine film,pos\n")[0]) == 3


def test_a_numbered_column_can_be_chosen(tmp_path: Path) -> None:
    rows = "1,Oil,Prices of oil fell\n2,Chips,A new chip is faster\n"
    columns = {"text_column": "2", "label_column": "1"}
    assert found(tmp_path, rows, **columns)[0] == [("Oil", "1"), ("Chips", "2")]


def test_a_test_file_of_one_record_without_header(tmp_path: Path) -> None:
    corpus = write(tmp_path / "a.csv", "good film,pos\nbad film,neg\nfine film,pos\n")
    loaded = read_corpus(corpus, test=write(tmp_path / "test.csv", "poor film,neg\n"))
    assert documents(loaded)[3:] == [("poor film", "neg")]


def test_commas_in_the_text_of_a_semicolon_file(tmp_path: Path) -> None:
    assert found(tmp_path, "body;mark\nwell, yes;a\nno, no;b\n")[0] == [("well, yes", "a"), ("no, no", "b")]


def test_where_two_delimiters_would_do_the_ending_decides(tmp_path: Path) -> None:
    content = "good film,pos\tx\nbad film,neg\ty\nfine film,pos\tx\n"
    comma = read_corpus(write(tmp_path / "a.csv", content))
    tab = read_corpus(write(tmp_path / "a.tsv", content))
    assert comma.corpus.label_names == ("neg y", "pos x")  # a tab in a label is a blank, which is said
    assert tab.corpus.label_names == ("x", "y")


def error_of(path: Path, **columns: str) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path, **columns)
    return str(caught.value)


def test_columns_that_cannot_be_settled(tmp_path: Path) -> None:
    texts = write(tmp_path / "a.csv", "p,q,label\ngood film,fine film,x\nbad film,poor film,y\n")
    labels = write(tmp_path / "b.csv", "text,topic,sentiment\ngood,x,pos\nbad,y,neg\n")
    assert error_of(texts) == (
        f'{texts}: columns "p" (good film, bad film), "q" (fine film, poor film) could each be the text; '
        "choose one: --text p, --text q, or both: --text p,q; read with header in line 1, UTF-8"
    )
    assert error_of(labels) == (
        f'{labels}: columns "topic" (x, y), "sentiment" (pos, neg) could each be the label; '
        "choose one: --label topic, --label sentiment; read with header in line 1, UTF-8"
    )


def test_columns_that_are_not_there_or_not_plain(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", CSV)
    assert error_of(path, text_column="txt") == (
        f'--text: {path} has no column "txt"; its columns are "text", "label"; read with header in line 1, UTF-8'
    )
    assert error_of(path, label_column="text", text_column="text") == (
        '--label: "text" is also the text column; name two different columns; read with header in line 1, UTF-8'
    )
    nested = tmp_path / "a.parquet"
    pl.DataFrame({"text": ["a", "b"], "label": [["x", "y"], ["y"]]}).write_parquet(nested)
    assert error_of(nested, label_column="label") == (
        f'--label: column "label" of {nested} holds lists or objects such as ["x","y"], '
        "expected one string a record; name another column, or convert it"
    )


def test_a_test_file_with_other_column_names(tmp_path: Path) -> None:
    test = write(tmp_path / "test.csv", "id,sentence,target\n1,good,pos\n2,bad,neg\n")
    loaded = read_corpus(write(tmp_path / "a.csv", CSV), test=test)
    assert documents(loaded)[4:] == [("good", "pos"), ("bad", "neg")]
    assert loaded.assumptions[-1] == (
        f'{test}: the label is column "target" (its values are the labels of the corpus)'
    )


@pytest.mark.parametrize(
    ("data", "encoding", "damaged"),
    [
        (b"plain", "UTF-8", False),
        ("café".encode(), "UTF-8", False),
        ("\ufeffcafé".encode(), "UTF-8 with a byte order mark", False),
        ("café".encode("utf-16"), "UTF-16", False),
        ("a café".encode("utf-16-be"), "UTF-16", False),
        ("café".encode("cp1252"), "Windows-1252", False),
        ("\u201cgood\u201d \u2013 \u00a35".encode("cp1252"), "Windows-1252", False),
        (b"\xff\xfa damaged", "UTF-8", True),
        ("naïve café ".encode() + b"\xe9", "UTF-8", True),
    ],
)
def test_encodings(data: bytes, encoding: str, damaged: bool) -> None:
    source = decode("f", data)
    assert (source.encoding, source.damaged) == (encoding, damaged)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_accents_and_curly_quotes_survive_each_encoding(tmp_path: Path, encoding: str) -> None:
    content = "text,label\nle café “noir” – 5 €,pos\nl’été,neg\n"
    loaded = read_corpus(write(tmp_path / "a.csv", content.encode(encoding)))
    assert loaded.corpus.texts.to_list() == ["le café “noir” – 5 €", "l’été"]


def test_the_encoding_is_found_for_each_file_of_a_folder(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "f", {"a/1": "café", "b/1": "café".encode("cp1252"), "b/2": "x"})
    loaded = read_corpus(folder)
    assert loaded.corpus.texts.to_list() == ["café", "café", "x"]
    assert loaded.assumptions == (
        f"{folder}: each folder is a class, each file a document",
        f"{folder}: the encoding is UTF-8; 1 file is Windows-1252 (b/1)",
        f'{folder}: read as Windows-1252: "café"; --encoding names another',
    )


@pytest.mark.parametrize(
    ("first", "names"),
    [
        (["text", "text (2)", "text"], ["text", "text (2)", "text (3)"]),
        (["text", "label (2)", "label", "label"], ["text", "label (2)", "label", "label (3)"]),
        (["a", "a", "a", "b", "b"], ["a", "a (2)", "a (3)", "b", "b (2)"]),
    ],
)
def test_names_of_a_header_are_made_distinct(first: list[str], names: list[str]) -> None:
    assert column_names(first, True) == names


def test_a_header_that_has_a_name_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label,label\ngood,pos,a\nbad,neg,b\n")
    assert error_of(path) == (
        f'{path}: columns "label" (pos, neg), "label (2)" (a, b) could each be the label; '
        'choose one: --label label, --label "label (2)"; read with header in line 1, UTF-8'
    )
    assert documents(read_corpus(path, label_column="label (2)")) == [("good", "a"), ("bad", "b")]
    loaded = read_corpus(path, label_column="label")
    assert documents(loaded) == [("good", "pos"), ("bad", "neg")]
    assert loaded.assumptions[-1] == f'{path}: the text is column "text" (by its name)'
    assert (
        f'{path}: "label" is the first column of that name; beside it stands "label (2)"'
        in loaded.assumptions
    )
