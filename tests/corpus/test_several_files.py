"""Several files are read as one corpus: joined by the names of their columns, each record with its own place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from corpus_builders import CSV, documents, write

from pipeline.core.errors import PipelineError
from pipeline.core.values import Dropped
from pipeline.corpus.loading import read_corpus

FIRST, SECOND = "text,label\na good film,pos\na bad film,neg\n", "text,label\nso good,pos\nso bad,neg\n"
ALL = [("a good film", "pos"), ("a bad film", "neg"), ("so good", "pos"), ("so bad", "neg")]


def halves(folder: Path, first: str = FIRST, second: str = SECOND, ending: str = "csv") -> list[Path]:
    return [write(folder / f"part-{number}.{ending}", text) for number, text in enumerate((first, second))]


def refused(*paths: Path | str) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(paths if len(paths) > 1 else paths[0])
    return str(caught.value)


@pytest.mark.parametrize("how", ["named", "pattern", "folder", "deep pattern"])
def test_files_are_read_as_one_however_they_are_named(tmp_path: Path, how: str) -> None:
    whole = read_corpus(write(tmp_path / "whole" / "whole.csv", CSV)).hash
    paths = halves(tmp_path / "parts")
    named = {
        "named": paths,
        "pattern": f"{tmp_path}/parts/part-*.csv",
        "folder": tmp_path / "parts",
        "deep pattern": f"{tmp_path}/**/part-?.csv",
    }
    loaded = read_corpus(named[how])
    assert documents(loaded) == ALL
    assert loaded.hash == whole
    assert loaded.corpus.records.tolist() == [0, 1, 2, 3]
    assert loaded.name == ("parts" if how == "folder" else "part")


def test_each_record_keeps_its_file_and_line(tmp_path: Path) -> None:
    first, second = halves(tmp_path, second=SECOND + "nothing,\n\n,pos\n")
    assert read_corpus([first, second], allow_losses=True).ledger.dropped == (
        Dropped("no text", str(second), (3,), (6,)),
        Dropped("no label", str(second), (2,), (4,)),
    )
    test = [
        write(tmp_path / f"test-{number}.csv", text)
        for number, text in enumerate((FIRST, "text,label\nx,odd\n"))
    ]
    with pytest.raises(PipelineError) as caught:
        read_corpus([first, write(tmp_path / "part-1.csv", SECOND)], test=test)
    assert str(caught.value).startswith(f'{test[1]}:2: column `label` is "odd"; ')


def test_records_without_lines_are_named_by_their_number_in_their_own_file(tmp_path: Path) -> None:
    good, nothing, bad = ("so good", "pos"), ("nothing", None), ("so bad", "neg")
    for number, rows in enumerate(([good, nothing, bad], [good, bad, nothing])):
        frame = pl.DataFrame(rows, schema=["text", "label"], orient="row")
        frame.write_parquet(tmp_path / f"{number}.parquet")
    assert read_corpus(tmp_path, allow_losses=True).ledger.dropped == (
        Dropped("no label", f"{tmp_path}/0.parquet", (1,), ()),
        Dropped("no label", f"{tmp_path}/1.parquet", (2,), ()),
    )


def test_what_was_assumed_is_said_once(tmp_path: Path) -> None:
    first, second = halves(tmp_path)
    both = f"{first} and 1 more"
    assert read_corpus([first, second]).assumptions == (
        f"{both}: 2 files are read as one (part-0.csv, part-1.csv)",
        f"{both}: the encoding is UTF-8",
        f"{both}: fields are separated by commas",
        f"{both}: the first line is a header",
        f'{both}: the text is column "text" (by its name)',
        f'{both}: the label is column "label" (by its name)',
    )


# --- columns


def test_columns_in_another_order_are_joined_by_name(tmp_path: Path) -> None:
    first, second = halves(tmp_path, second="label,text\npos,so good\nneg,so bad\n")
    loaded = read_corpus([first, second])
    assert documents(loaded) == ALL
    said = f"{second}: the columns stand in another order than in {first}, and are joined by name"
    assert said in loaded.assumptions


def test_differing_columns_are_named(tmp_path: Path) -> None:
    first, second = halves(tmp_path, second="text,mood\nso good,pos\nso bad,neg\n")
    assert refused(first, second) == (
        f'{second}: the columns are not those of {first}: it lacks "label" and it has "mood" beside them; '
        "give files with the same columns, or one of them"
    )


def test_another_header_is_no_record(tmp_path: Path) -> None:
    first, second = halves(tmp_path, second="review,mood\nso good,pos\nso bad,neg\n")
    assert refused(first, second) == (
        f'{second}: the columns are not those of {first}: it lacks "text", "label" and it has "review", "mood" beside '
        "them; give files with the same columns, or one of them"
    )


@pytest.mark.parametrize("headless", [0, 1])
def test_a_file_without_the_header_of_the_others_is_found(tmp_path: Path, headless: int) -> None:
    """`split -l` leaves the header in the first file alone; the first line of others looks like one."""
    texts = [FIRST, SECOND]
    texts[headless] = texts[headless].removeprefix("text,label\n")
    paths = halves(tmp_path, *texts)
    loaded = read_corpus(paths)
    assert documents(loaded) == ALL
    said = f"{paths[headless]}: there is no header; the columns are called as in {paths[1 - headless]}"
    assert said in loaded.assumptions


def test_files_without_any_header_are_joined_by_place(tmp_path: Path) -> None:
    numbers = ("1,a good film\n0,a bad film\n", "1,so good\n0,so bad\n")
    loaded = read_corpus(halves(tmp_path, *numbers), text_column="2", label_column="1")
    assert [text for text, _ in documents(loaded)] == [text for text, _ in ALL]


def test_a_field_that_no_record_of_one_file_has_is_empty_there(tmp_path: Path) -> None:
    first = "".join(json.dumps({"text": text, "label": label, "by": "ada"}) + "\n" for text, label in ALL[:2])
    second = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ALL[2:])
    for order in ((first, second), (second, first)):
        paths = halves(tmp_path, *order, ending="jsonl")
        loaded = read_corpus(paths)
        assert sorted(documents(loaded)) == sorted(ALL)
        assert f'{paths[order.index(second)]}: no record has "by"' in loaded.assumptions


# --- formats, shards


def test_files_of_several_formats_are_joined(tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", FIRST)
    second = write(
        tmp_path / "b.jsonl", '{"text": "so good", "label": "pos"}\n{"text": "so bad", "label": "neg"}\n'
    )
    assert documents(read_corpus([first, second])) == ALL


def test_one_corpus_in_two_formats_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "films.csv", CSV)
    write(tmp_path / "films.tsv", CSV.replace(",", "\t"))
    assert refused(tmp_path) == (
        f'{tmp_path}: both "films.csv" and "films.tsv" could be the corpus; keep one of them there'
    )


def test_empty_shards_are_passed_over_and_missing_ones_told(tmp_path: Path) -> None:
    for number, text in ((0, FIRST), (1, ""), (3, SECOND), (4, "text,label\n")):
        write(tmp_path / f"data-{number:05d}-of-00006.csv", text)
    loaded = read_corpus(tmp_path)
    assert documents(loaded) == ALL
    assert loaded.warnings == (
        f"{tmp_path}: 2 of 6 shards are missing: number 2, 5 [numbered-files-missing]",
    )
    for path in tmp_path.iterdir():
        path.write_text("", encoding="utf-8")
    assert refused(tmp_path) == f"{tmp_path}: the files are empty; give files with one document a record"


def test_shards_that_are_empty_inside_their_packing_are_passed_over(tmp_path: Path) -> None:
    for number, text in enumerate((FIRST, "", SECOND)):
        write(tmp_path / f"part-{number}.csv.gz", gzip.compress(text.encode()))
    assert documents(read_corpus(tmp_path)) == ALL


def test_files_of_the_same_name_are_told_by_their_folders(tmp_path: Path) -> None:
    paths = [write(tmp_path / year / "r.csv", text) for year, text in (("2019", FIRST), ("2020", SECOND))]
    loaded = read_corpus(f"{tmp_path}/**/r.csv")
    assert documents(loaded) == ALL
    assert loaded.assumptions[0].endswith(f"2 files are read as one ({paths[0]}, {paths[1]})")


def test_a_pattern_that_matches_nothing(tmp_path: Path) -> None:
    assert refused(f"{tmp_path}/reviews-*.csv") == (
        f"{tmp_path}/reviews-*.csv: no file or folder matches this pattern; "
        'correct it; "**" stands for folders of any depth'
    )


def test_a_file_whose_name_has_the_marks_of_a_pattern_is_that_file(tmp_path: Path) -> None:
    assert documents(read_corpus(write(tmp_path / "films [1].csv", CSV))) == ALL


def test_a_built_in_corpus_stands_alone(tmp_path: Path) -> None:
    assert refused("word-order", write(tmp_path / "a.csv", CSV)) == (
        "word-order: a built-in corpus is not read together with others; name it alone, or files alone"
    )


def test_files_named_as_parts_are_parts(tmp_path: Path) -> None:
    """What a shell makes of *.csv in a folder with train.csv and test.csv."""
    paths = [write(tmp_path / name, text) for name, text in (("test.csv", SECOND), ("train.csv", FIRST))]
    loaded = read_corpus(paths)
    assert loaded.corpus.split.tolist() == [-1, -1, 2, 2]
    assert f"{paths[0]} and 1 more: train is train.csv; test is test.csv" in loaded.assumptions


def test_files_named_one_by_one_are_all_read_where_not_all_are_parts(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, text) for name, text in (("train.csv", FIRST), ("more.csv", SECOND))]
    loaded = read_corpus(paths)
    assert documents(loaded) == ALL
    assert loaded.corpus.split.tolist() == [-1] * 4


def test_several_test_and_unlabelled_files(tmp_path: Path) -> None:
    corpus = write(tmp_path / "films.csv", CSV)
    halves(tmp_path / "test")
    for number, text in enumerate(("one line\nanother\n", "a third\n")):
        write(tmp_path / f"more-{number}.txt", text)
    loaded = read_corpus(corpus, test=f"{tmp_path}/test/*.csv", unlabelled=f"{tmp_path}/more-*.txt")
    assert loaded.corpus.split.tolist() == [-1] * 4 + [2] * 4
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["one line", "another", "a third"]
