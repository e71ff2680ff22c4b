"""Every record is used or in the ledger, by reason, record and line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from corpus_builders import CSV, documents, write, write_classes

from pipeline.core.errors import PipelineError
from pipeline.core.values import Dropped
from pipeline.corpus.loading import read_corpus

BAD = (
    b"text,label\na good film,pos\na \xff\xfe film,neg\nso bad,neg\ncaf\xc3\xa9,pos\n"
    b",pos\n  ,neg\nno label,\nthree,x,y\none\nfine,pos\n"
)
BY_NAME = 'text "text" (by its name), label "label" (by its name), header in line 1, UTF-8'


def test_bad_training_records_are_named_by_reason_record_and_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", BAD)
    loaded = read_corpus(path, allow_losses=True)
    assert documents(loaded) == [("a good film", "pos"), ("so bad", "neg"), ("café", "pos"), ("fine", "pos")]
    assert loaded.corpus.records.tolist() == [0, 2, 3, 9]
    assert loaded.ledger.rows_read == 10
    assert loaded.ledger.dropped == (
        Dropped("undecodable bytes", str(path), (1,), (3,)),
        Dropped("wrong number of fields", str(path), (7, 8), (9, 10)),
        Dropped("no text", str(path), (4, 5), (6, 7)),
        Dropped("no label", str(path), (6,), (8,)),
    )


def test_a_record_is_named_by_the_line_where_it_starts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\n"two\nlines",pos\n\nbad,neg\n"more\nlines",\nno,neg\n')
    loaded = read_corpus(path, allow_losses=True)
    assert loaded.ledger.dropped == (Dropped("no label", str(path), (2,), (6,)),)


def test_test_records_are_kept_and_predicted(tmp_path: Path) -> None:
    test = write(tmp_path / "test.csv", BAD)
    loaded = read_corpus(write(tmp_path / "a.csv", CSV), test=test, allow_losses=True)
    assert documents(loaded)[4:] == [
        ("a good film", "pos"),
        ("a \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} film", "neg"),
        ("so bad", "neg"),
        ("café", "pos"),
        ("", "pos"),
        ("  ", "neg"),
        ("fine", "pos"),
    ]
    assert loaded.corpus.split.tolist() == [-1] * 4 + [2] * 7
    assert loaded.corpus.records.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 9]
    assert loaded.ledger.rows_read == 14
    assert loaded.ledger.dropped == (
        Dropped("no label", str(test), (6,), (8,)),
        Dropped("wrong number of fields", str(test), (7, 8), (9, 10)),
    )
    assert loaded.warnings == (
        f"{test}: 2 records without text, kept as empty ({test}:6, {test}:7) [damaged-test-records-kept]",
        f"{test}: 1 record with undecodable bytes, kept with U+FFFD in their place ({test}:3) "
        "[damaged-test-records-kept]",
        f"{test}: 3 of 10 records are left out (30.0 %): 1 no label ({test}:8), "
        f"2 wrong number of fields ({test}:9, {test}:10) [losses-over-2-percent]",
    )


def test_a_test_record_with_a_field_too_many_is_kept_if_its_label_is_known(tmp_path: Path) -> None:
    test = write(tmp_path / "test.csv", CSV + "good,pos,extra\ngood, or so,pos\n")
    loaded = read_corpus(write(tmp_path / "a.csv", CSV), test=test)
    assert documents(loaded)[8:] == [("good", "pos")]
    assert loaded.ledger.dropped == (Dropped("wrong number of fields", str(test), (5,), (7,)),)
    assert loaded.warnings == (
        f"{test}: 1 record with a wrong number of fields, kept ({test}:6) [damaged-test-records-kept]",
        f"{test}: 1 of 6 records are left out (16.7 %): 1 wrong number of fields ({test}:7) [losses-over-2-percent]",
    )


def test_a_test_record_with_an_undecodable_label_is_dropped(tmp_path: Path) -> None:
    test = write(tmp_path / "test.csv", b"text,label\ncaf\xc3\xa9,pos\ngood,p\xff\xffs\n")
    loaded = read_corpus(write(tmp_path / "a.csv", CSV), test=test, allow_losses=True)
    assert loaded.ledger.dropped == (Dropped("undecodable bytes", str(test), (1,), (3,)),)


@pytest.mark.parametrize("ending", ["json", "jsonl", "parquet"])
def test_null_and_missing_values(tmp_path: Path, ending: str) -> None:
    records = [
        {"text": "good", "label": 1},
        {"text": None, "label": 0},
        {"text": "bad", "label": 0},
        {"text": "no label"},
    ]
    path = tmp_path / f"a.{ending}"
    if ending == "parquet":
        pl.DataFrame(records).write_parquet(path)
    else:
        lines = [json.dumps(record) for record in records]
        write(path, "\n".join(lines) if ending == "jsonl" else "[\n" + ",\n".join(lines) + "]")
    loaded = read_corpus(path, allow_losses=True)
    lines = {"json": ((3,), (5,)), "jsonl": ((2,), (4,)), "parquet": ((), ())}[ending]
    assert documents(loaded) == [("good", "1"), ("bad", "0")]
    assert loaded.ledger.dropped == (
        Dropped("no text", str(path), (1,), lines[0]),
        Dropped("no label", str(path), (3,), lines[1]),
    )


def test_a_test_record_whose_text_is_null_is_kept_as_empty(tmp_path: Path) -> None:
    test = write(
        tmp_path / "test.jsonl",
        '{"text": null, "label": "pos"}\n{"label": "neg"}\n{"text": "x", "label": "neg"}\n',
    )
    loaded = read_corpus(write(tmp_path / "a.csv", CSV), test=test)
    assert documents(loaded)[4:] == [("", "pos"), ("", "neg"), ("x", "neg")]


def test_lines_without_a_tab_and_fasttext_lines_without_label_or_text(tmp_path: Path) -> None:
    tabs = write(tmp_path / "tabs.txt", "pos\tgood\nneg\tbad\nlost\npos\tfine\n")
    loaded = read_corpus(tabs, allow_losses=True)
    assert loaded.ledger.dropped == (Dropped("wrong number of fields", str(tabs), (2,), (3,)),)
    fast = write(
        tmp_path / "fast.txt", "__label__a good\n__label__b\nno label\n__label__b bad\n\n__label__a x\n"
    )
    assert read_corpus(fast, allow_losses=True).ledger.dropped == (
        Dropped("no text", str(fast), (1,), (2,)),
        Dropped("no label", str(fast), (2,), (3,)),
    )


def test_documents_of_a_folder_are_named_by_their_file(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "f", {"a/1": "x", "a/2": " \n", "b/1": "y", "b/2": b"\xff\xff\x81"})
    assert read_corpus(folder, allow_losses=True).ledger.dropped == (
        Dropped("undecodable bytes", f"{folder}/b/2", (3,), ()),
        Dropped("no text", f"{folder}/a/2", (1,), ()),
    )


def test_the_ledger_covers_all_three_files(tmp_path: Path) -> None:
    paths = {name: write(tmp_path / f"{name}.csv", CSV + "x,\n") for name in ("corpus", "test", "validation")}
    loaded = read_corpus(paths["corpus"], test=paths["test"], validation=paths["validation"])
    assert (loaded.ledger.rows_read, loaded.ledger.documents) == (15, 12)
    assert [entry.file for entry in loaded.ledger.dropped] == [
        str(paths[name]) for name in ("corpus", "validation", "test")
    ]
    assert loaded.corpus.split.tolist() == [-1] * 4 + [1] * 4 + [2] * 4


def test_no_usable_record(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\n,pos\ngood,\n")
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value) == (
        f"{path}: none of the 2 records has both text and label: 1 no text ({path}:2), 1 no label ({path}:3); "
        f'check the columns "text", "label" (--text, --label); read with {BY_NAME}'
    )


def test_most_records_of_another_width_than_the_header(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\na,b,c\nd,e,f\ng,h\n")
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value) == (
        f"{path}:2: the record has 3 fields, the header has 2, as in 2 of 3 records; "
        'enclose fields that hold the delimiter in quotation marks ("), or correct the header'
    )


def test_a_label_that_training_does_not_have(tmp_path: Path) -> None:
    corpus = write(tmp_path / "a.csv", CSV.replace("pos", "positive").replace("neg", "negative"))
    test = write(tmp_path / "test.csv", 'text,label\n"two\nlines",positive\nbad,postive\n')
    with pytest.raises(PipelineError) as caught:
        read_corpus(corpus, test=test)
    assert str(caught.value) == (
        f'{test}:4: column `label` is "postive"; the labels are "negative", "positive"; '
        "correct the row, or leave it out with --only-known-classes; "
        f"read with {BY_NAME}"
    )


def test_several_such_labels_among_many(tmp_path: Path) -> None:
    rows = "".join(f"document {number},topic {number % 12}\n" for number in range(24))
    corpus = write(tmp_path / "a.csv", "text,label\n" + rows)
    test = write(tmp_path / "test.csv", "text,label\n" + "x,topic 1a\n" * 5)
    with pytest.raises(PipelineError) as caught:
        read_corpus(corpus, validation=test)
    assert str(caught.value) == (
        f'{test}:2: column `label` is "topic 1a"; the nearest of the 12 labels are '
        '"topic 1", "topic 11", "topic 10"; correct the 5 rows with such labels (2, 3, 4 and 2 more), '
        "or leave them out with --only-known-classes; "
        f"read with {BY_NAME}"
    )


def test_labels_that_differ_only_in_case_are_kept_apart_with_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\na,Pos\nb,pos\nc,pos \nd,neg\ne,NEG\n")
    loaded = read_corpus(path)
    assert loaded.corpus.label_names == ("NEG", "Pos", "neg", "pos")
    assert loaded.warnings == (
        'labels "NEG", "neg" differ only in case or blanks; they are kept apart; --map "NEG=neg" joins them'
        " [labels-alike]",
        'labels "Pos", "pos" differ only in case or blanks; they are kept apart; --map "Pos=pos" joins them'
        " [labels-alike]",
    )
