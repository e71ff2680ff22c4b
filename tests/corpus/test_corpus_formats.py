"""Every format gives the same corpus, with the same hash."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import zstandard
from corpus_builders import CSV, LABELS, TEXTS, documents, write, write_classes
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.delimited import _read_clean, _read_with_csv_module
from pipeline.corpus.readers.dialects import Dialect
from pipeline.corpus.readers.encodings import TextSource
from pipeline.corpus.readers.packing import read_bytes
from pipeline.corpus.readers.table import READERS, find_format

ROWS = list(zip(TEXTS, LABELS, strict=True))
OBJECTS = [{"text": text, "label": label} for text, label in ROWS]
FILES = {
    "a.csv": CSV,
    "semicolon.csv": CSV.replace(",", ";"),
    "crlf.csv": CSV.replace("\n", "\r\n"),
    "old-mac.csv": CSV.replace("\n", "\r"),
    "blank-lines.csv": CSV.replace("\n", "\n\n"),
    "no-last-end.csv": CSV.rstrip("\n"),
    "a.tsv": CSV.replace(",", "\t"),
    "a.jsonl": "\n".join(json.dumps(record) for record in OBJECTS),
    "a.ndjson": "\n".join(json.dumps(record) for record in OBJECTS) + "\n",
    "array.json": json.dumps(OBJECTS, indent=1),
    "columns.json": json.dumps({"text": TEXTS, "label": LABELS}),
    "under-data.json": json.dumps({"version": 1, "data": OBJECTS}),
    "lines.json": "\n".join(json.dumps(record) for record in OBJECTS),
    "label-first.txt": "".join(f"{label}\t{text}\n" for text, label in ROWS),
    "text-first.txt": "".join(f"{text}\t{label}\r\n" for text, label in ROWS),
    "fasttext.txt": "".join(f"__label__{label} {text}\n" for text, label in ROWS),
    "fasttext.train": "".join(f"__label__{label} {text}\n" for text, label in ROWS),
    "a.csv.gz": gzip.compress(CSV.encode()),
    "a.csv.zst": zstandard.ZstdCompressor().compress(CSV.encode()),
    "utf8-bom.csv": b"\xef\xbb\xbf" + CSV.encode(),
    "utf16-bom.csv": CSV.encode("utf-16"),
    "utf16-le.csv": CSV.encode("utf-16-le"),
    "utf16-be.csv": CSV.encode("utf-16-be"),
}


@pytest.fixture
def expected(tmp_path: Path) -> str:
    return read_corpus(write(tmp_path / "reference.csv", CSV)).hash


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_documents_and_hash(tmp_path: Path, name: str, expected: str) -> None:
    loaded = read_corpus(write(tmp_path / name, FILES[name]))
    assert documents(loaded) == ROWS
    assert loaded.corpus.label_names == ("neg", "pos")
    assert loaded.corpus.records.tolist() == [0, 1, 2, 3]
    assert (loaded.ledger.rows_read, loaded.ledger.documents, loaded.ledger.dropped) == (4, 4, ())
    assert loaded.hash == expected


def test_parquet_gives_the_same_hash(tmp_path: Path, expected: str) -> None:
    pl.DataFrame(OBJECTS).write_parquet(tmp_path / "a.parquet")
    write(tmp_path / "b.parquet.gz", gzip.compress((tmp_path / "a.parquet").read_bytes()))
    assert read_corpus(tmp_path / "a.parquet").hash == expected
    assert read_corpus(tmp_path / "b.parquet.gz").hash == expected


def test_the_hash_changes_with_text_label_and_split(tmp_path: Path, expected: str) -> None:
    other_text = read_corpus(write(tmp_path / "b.csv", CSV.replace("so bad,", "so ba,"))).hash
    other_label = read_corpus(write(tmp_path / "c.csv", CSV.replace("so bad,neg", "so bad,pos"))).hash
    moved_bound = read_corpus(write(tmp_path / "d.csv", CSV.replace("film,neg\nso ", "filmso ,neg\n"))).hash
    halves = ("text,label\na good film,pos\na bad film,neg\n", "text,label\nso good,pos\nso bad,neg\n")
    first, second = (write(tmp_path / f"{number}.csv", half) for number, half in enumerate(halves))
    with_test = read_corpus(first, test=second).hash
    assert len({expected, other_text, other_label, moved_bound, with_test}) == 5


def test_a_folder_of_classes_is_read_in_sorted_order(tmp_path: Path) -> None:
    names = {"pos/2.txt": "so good", "pos/1.txt": "a good film", "neg/b": "so bad", "neg/a": "a bad film"}
    folder = write_classes(tmp_path / "films", {**names, "pos/.hidden": "x", "README": "about"})
    loaded = read_corpus(folder)
    assert documents(loaded) == [
        ("a bad film", "neg"),
        ("so bad", "neg"),
        ("a good film", "pos"),
        ("so good", "pos"),
    ]
    assert loaded.name == "films"
    assert loaded.warnings == (
        f"{folder}: 1 file beside the class folders not read (README) [files-not-read]",
    )


def test_train_and_test_folders_are_the_official_split(tmp_path: Path) -> None:
    parts = {"train/neg/1": "bad", "train/pos/1": "good", "train/unsup/1": "film", "test/pos/1": "fine"}
    loaded = read_corpus(write_classes(tmp_path / "films", parts))
    assert documents(loaded) == [("bad", "neg"), ("good", "pos"), ("fine", "pos")]
    assert loaded.corpus.split.tolist() == [-1, -1, 2]
    assert loaded.corpus.records.tolist() == [0, 1, 0]
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["film"]


def test_train_dev_and_test_files_in_a_folder_are_the_official_split(tmp_path: Path) -> None:
    for name in ("train.csv", "test.csv", "dev.csv"):
        write(tmp_path / "films" / name, CSV)
    assert read_corpus(tmp_path / "films").corpus.split.tolist() == [-1] * 4 + [1] * 4 + [2] * 4


def test_two_candidates_for_one_part(tmp_path: Path) -> None:
    for name in ("train.csv", "dev.csv", "valid.csv"):
        write(tmp_path / "films" / name, CSV)
    with pytest.raises(PipelineError) as caught:
        read_corpus(tmp_path / "films")
    assert str(caught.value) == (
        f'{tmp_path}/films: both "dev.csv" and "valid.csv" could be the validation part; '
        "keep one of them there"
    )


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "vehicles", {"train/1": "on rails", "car/1": "on roads"})
    assert documents(read_corpus(folder)) == [("on roads", "car"), ("on rails", "train")]


@pytest.mark.parametrize(
    ("name", "content", "column"),
    [
        ("more.txt", "one line\n\nanother line\n", None),
        ("more.csv", 'text\n"one line"\n"another line"\n', None),
        ("more.csv", "text\none line\nanother line\n", None),
        ("more.csv", "id,body\n1,one line\n2,another line\n3,\n", None),
        ("more.jsonl", '{"b": "one line", "c": "xxxxxxxxxxxxxx"}\n{"b": "another line", "c": "x"}', "b"),
    ],
)
def test_unlabelled_text_needs_a_text_column_alone(
    tmp_path: Path, name: str, content: str, column: str | None
) -> None:
    corpus = write(tmp_path / "a.csv", CSV.replace("text", column or "text"))
    loaded = read_corpus(corpus, unlabelled=write(tmp_path / name, content), text_column=column)
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["one line", "another line"]


def test_every_cell_is_a_string(tmp_path: Path) -> None:
    cells = ["007", "NA", "null", "None", "nan", "1.0", "true", " x "]
    content = "text,label\n" + "".join(
        f"{cell},{label}\n" for cell, label in zip(cells, "abababab", strict=True)
    )
    assert read_corpus(write(tmp_path / "a.csv", content)).corpus.texts.to_list() == cells


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([1, 10, 2, 1], ("1", "2", "10")),
        ([1.0, 0.0, 1.0, 0.0], ("0", "1")),
        ([0.5, 1.0, 0.5, 1.0], ("0.5", "1")),
        ([True, False, True, False], ("false", "true")),
        (["007", "7", "007", "7"], ("7", "007")),
    ],
)
def test_labels_that_are_not_strings_become_strings(tmp_path: Path, labels: list, names: tuple) -> None:
    frame = pl.DataFrame({"text": TEXTS, "label": labels})
    frame.write_parquet(tmp_path / "a.parquet")
    write(tmp_path / "a.json", json.dumps({"text": TEXTS, "label": labels}))
    first, second = read_corpus(tmp_path / "a.parquet"), read_corpus(tmp_path / "a.json")
    assert set(first.corpus.label_names) == set(names)
    assert first.hash == second.hash
    if "007" not in names:
        assert first.corpus.label_names == names


def test_a_label_that_is_not_a_number_is_missing(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": TEXTS, "label": [1.0, 0.0, float("nan"), 0.0]})
    frame.write_parquet(tmp_path / "a.parquet")
    (entry,) = read_corpus(tmp_path / "a.parquet", allow_losses=True).ledger.dropped
    assert (entry.reason, entry.rows) == ("no label", (2,))


def test_parquet_bytes_are_text_where_they_are_utf8(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": [b"good", b"caf\xc3\xa9", b"\xff", b"bad"], "label": list("abab")})
    frame.write_parquet(tmp_path / "a.parquet")
    loaded = read_corpus(tmp_path / "a.parquet", allow_losses=True)
    assert loaded.corpus.texts.to_list() == ["good", "café", "bad"]
    assert [(entry.reason, entry.rows) for entry in loaded.ledger.dropped] == [("undecodable bytes", (2,))]


def test_quoted_newlines_and_a_cell_of_a_megabyte(tmp_path: Path) -> None:
    long = "word " * 200_000
    content = f'text,label\r\n"one\r\ntwo ""three"", four",a\r\n{long},b\r\n'
    assert documents(read_corpus(write(tmp_path / "a.csv", content))) == [
        ('one\r\ntwo "three", four', "a"),
        (long, "b"),
    ]


def test_quotation_marks_of_a_tab_separated_file_without_quoting_are_characters(tmp_path: Path) -> None:
    content = 'text\tlabel\n"never closed\tneg\nfine\tpos\nand "\tneg\n'
    loaded = read_corpus(write(tmp_path / "a.tsv", content))
    assert loaded.corpus.texts.to_list() == ['"never closed', "fine", 'and "']
    assert f"{tmp_path}/a.tsv: quotation marks are ordinary characters" in loaded.assumptions


def test_a_mark_that_never_closes_is_a_character_where_every_line_is_whole_without_it(tmp_path: Path) -> None:
    loaded = read_corpus(write(tmp_path / "a.csv", 'text,label\n"bad,neg\nfine,pos\n'))
    assert documents(loaded) == [('"bad', "neg"), ("fine", "pos")]


def test_a_quoted_tab_separated_file_is_unquoted(tmp_path: Path) -> None:
    content = 'text\tlabel\n"he said ""no"""\tneg\n"two\nlines"\tpos\n'
    loaded = read_corpus(write(tmp_path / "a.tsv", content))
    assert loaded.corpus.texts.to_list() == ['he said "no"', "two\nlines"]


def test_500_classes(tmp_path: Path) -> None:
    rows = "".join(f"document {number},class {number % 500}\n" for number in range(1500))
    loaded = read_corpus(write(tmp_path / "a.csv", "text,label\n" + rows))
    assert len(loaded.corpus.label_names) == 500
    assert documents(loaded)[1234] == ("document 1234", "class 234")


@given(st.lists(st.text(alphabet='ab,"\n\r é', max_size=12), min_size=1, max_size=6))
def test_the_clean_path_and_the_csv_module_read_the_same(pieces: list[str]) -> None:
    body = "t,l\n" + "\n".join(",".join(pieces[i : i + 2]) for i in range(0, len(pieces), 2))
    source = TextSource("f.csv", body.encode(), "UTF-8")
    clean = _read_clean(source, Dialect(","))
    if clean is None:
        return
    slow, wrong, undecodable = _read_with_csv_module(source, Dialect(","))
    assert clean.rows() == slow.rows()
    assert (wrong.any(), undecodable) == (False, {})


def test_marks_inside_a_field_are_read_as_the_csv_module_reads_them(tmp_path: Path) -> None:
    loaded = read_corpus(write(tmp_path / "a.csv", 'text,label\n""so"" good,pos\na 5" disk,neg\n'))
    assert loaded.corpus.texts.to_list() == ['so"" good', 'a 5" disk']
    loaded = read_corpus(write(tmp_path / "b.csv", 'label,text\npos,""so""\nneg,bad\n'))
    assert loaded.corpus.texts.to_list() == ['so""', "bad"]


def test_a_last_empty_cell_without_line_end_is_not_lost(tmp_path: Path) -> None:
    loaded = read_corpus(write(tmp_path / "a.csv", CSV + "so so,"))
    assert [(entry.reason, entry.lines) for entry in loaded.ledger.dropped] == [("no label", (6,))]


BROKEN = {
    "broken.parquet": (
        "not parquet",
        "{path}: the file is not whole Parquet data; "
        "write it again, or give it the ending of what it is (.csv, .jsonl, .txt)",
    ),
    "broken.jsonl": (
        '{"text": "a", "label": "b"}\n{"text": "a",\n',
        "{path}:2:14: invalid JSON (Expecting property name enclosed in double quotes); correct the line",
    ),
    "broken.json": (
        '[{"text": "a", "label": "b"},\n {"text": }]',
        "{path}:2:11: invalid JSON (Expecting value); correct the line",
    ),
    "unended.json": (
        '[{"text": "a", "label": "b"}\n',
        "{path}:2:1: invalid JSON (Expecting ',' delimiter); correct the line",
    ),
    "list.jsonl": (
        '["a"]\n',
        '{path}:1: the record is an array, expected an object such as {{"text": "...", "label": "..."}}; '
        "correct the record",
    ),
    "empty.csv": ("\n", "{path}: the file is empty; give a file with one document a record"),
    "header.csv": (
        "text,label\n",
        "{path}: the file holds no records; give a file with one document a record",
    ),
    "book.xlsx": (
        "PK",
        "{path}: the workbook cannot be read (calamine error: Cannot detect file format); save it as .csv",
    ),
    "prose.txt": (
        "just a line\nand another\n",
        "{path}:1: the lines hold text without a label: no __label__ before it, no tab between the two; "
        "write `label<TAB>text`, or use .csv, .jsonl or folders; text without labels is for --unlabelled",
    ),
    "two.txt": (
        "__label__a x\n__label__a __label__b y\n",
        '{path}:2: the document has two labels, "__label__a" and "__label__b"; expected one; '
        "keep one label a line",
    ),
    "one.csv": (
        "text,label\ngood,pos\nfine,pos\n",
        '{path}: "text" is the text and no other column could be the label: "label" (the same in all records); '
        "add a label column, or name one with --label; read with header in line 1, UTF-8",
    ),
    "single.csv": (
        "text\ngood\nbad\n",
        '{path}: "text" is the text and no other column could be the label; '
        "add a label column, or name one with --label; read with header in line 1, UTF-8",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_a_clear_error(tmp_path: Path, name: str) -> None:
    content, message = BROKEN[name]
    path = write(tmp_path / name, content)
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value) == message.format(path=path)


def test_an_open_quotation_mark_is_named_by_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\n"good, or so",pos\n"bad,neg\nfine,pos\n')
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value) == (
        f'{path}:3: a quotation mark opens here and never closes; close it, or write it twice ("") '
        "inside a quoted field"
    )


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_packed_data_that_is_cut_short(tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]) -> None:
    path = write(tmp_path / f"a.csv{ending}", pack(CSV.encode())[:-9])
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value).startswith(f"{path}: the file is not whole {ending} data (")


def test_a_missing_file_names_the_nearest_sibling(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", CSV)
    with pytest.raises(PipelineError) as caught:
        read_corpus(tmp_path / "reviws.csv")
    assert str(caught.value) == (
        f'{tmp_path}/reviws.csv: there is no such file or folder; did you mean "{tmp_path}/reviews.csv"?'
    )


def test_a_misspelt_built_in_name_and_a_name_like_nothing() -> None:
    with pytest.raises(PipelineError) as caught:
        read_corpus("bbc-new")
    assert str(caught.value) == 'bbc-new: there is no such file or folder; did you mean "bbc-news"?'
    with pytest.raises(PipelineError) as caught:
        read_corpus("/no/such/zzzz")
    assert str(caught.value) == (
        "/no/such/zzzz: there is no such file or folder; "
        "give a file, a folder, or a built-in corpus (bbc-news, word-order, labels-apart, "
        "labels-together, agreement, brackets)"
    )


def test_folders_without_classes_or_documents(tmp_path: Path) -> None:
    flat = write_classes(tmp_path / "flat", {"1.txt": "x"})
    (tmp_path / "empty" / "pos").mkdir(parents=True)
    with pytest.raises(PipelineError) as caught:
        read_corpus(flat)
    assert str(caught.value) == (
        f"{flat}: there is text without labels (1.txt), and no folder for each class; "
        "put the documents of each class in a folder named after it"
    )
    with pytest.raises(PipelineError) as caught:
        read_corpus(tmp_path / "empty")
    assert str(caught.value) == (
        f"{tmp_path}/empty: the class folders hold no files; put one document in each file"
    )


def test_a_test_file_for_a_folder_that_has_its_own(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "films", {"train/a/1": "x", "train/b/1": "y", "test/a/1": "z"})
    with pytest.raises(PipelineError) as caught:
        read_corpus(folder, test=write(tmp_path / "test.csv", CSV))
    assert str(caught.value) == (
        f"--test: the corpus {folder} has a part of its own, test; "
        f"leave out --test, or give {folder}/train as CORPUS"
    )


def test_unlabelled_text_is_looked_for_under_the_name_it_has_in_the_corpus(tmp_path: Path) -> None:
    corpus = write(tmp_path / "c.csv", "blurb,stars\na fine film,1\na poor film,0\n")
    more = write(tmp_path / "more.csv", "aside,blurb\nno words,one line\nof mine,a line\n")
    loaded = read_corpus(corpus, unlabelled=more)
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["one line", "a line"]
    other = write(tmp_path / "other.csv", "aside,remark\nno words,one line\nof mine,a line\n")
    with pytest.raises(PipelineError) as error:  # not --text: that names the corpus's column too
        read_corpus(corpus, unlabelled=other)
    assert str(error.value) == (
        f'{other}: columns "aside" (no words, of mine), "remark" (one line, a line) could each be the text; '
        'name its text column "blurb", as in the corpus, or leave the other columns out'
    )


def test_labels_of_a_fasttext_file_are_no_unlabelled_text(tmp_path: Path) -> None:
    corpus = write(tmp_path / "a.csv", CSV)
    lines = "__label__pos a good film\n__label__a\t__label__b so so\n__label__c\nplain line\n"
    for name in ("more.txt", "more.train"):
        path = write(tmp_path / name, lines)
        loaded = read_corpus(corpus, unlabelled=path)
        assert loaded.unlabelled is not None
        assert loaded.unlabelled.to_list() == ["a good film", "so so", "plain line"]
        assert loaded.assumptions[-1] == (
            f"{path}: 3 unlabelled texts (a line each, fastText labels left out), 1 without text left out"
        )


@pytest.mark.parametrize("name", ["empty", "blank", "blank.csv"])
def test_unlabelled_text_that_holds_nothing(tmp_path: Path, name: str) -> None:
    corpus, path = write(tmp_path / "a.csv", CSV), tmp_path / name
    if name == "blank.csv":
        write(path, 'text,id\n"",1\n" ",2\n')
    else:
        path.mkdir()
        write(path / ("1" if name == "blank" else ".hidden"), " \n")
    with pytest.raises(PipelineError) as caught:
        read_corpus(corpus, unlabelled=path)
    assert str(caught.value) == (
        f"--unlabelled: {path} holds no text; give a file with a document a line, or leave out --unlabelled"
    )


def test_an_empty_folder_for_unlabelled_text_counts_as_none(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "f", {"a/1": "x", "b/1": "y", "unsup/.keep": ""})
    assert read_corpus(folder).unlabelled is None


def test_any_blank_ends_a_fasttext_label(tmp_path: Path) -> None:
    lines = "__label__neg\tw13 w2\n__label__pos \t w1\n__label__no\u00a0break\vx\n"
    loaded = read_corpus(write(tmp_path / "a.txt", lines))
    assert documents(loaded) == [("w13 w2", "neg"), ("w1", "pos"), ("x", "no break")]  # read as a blank
    path = write(tmp_path / "two.txt", "__label__a x\n__label__a\t__label__b\ty\n")
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value) == (
        f'{path}:2: the document has two labels, "__label__a" and "__label__b"; expected one; '
        "keep one label a line"
    )


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "array.json", "columns.json"])
def test_labels_of_thousands_of_digits(tmp_path: Path, name: str) -> None:
    long, short = "1" * 5000, "7"
    contents = {
        "a.csv": f"text,label\ngood,{long}\nbad,{short}\n",
        "a.jsonl": f'{{"text": "good", "label": {long}}}\n{{"text": "bad", "label": {short}}}\n',
        "array.json": f'[{{"text": "good", "label": {long}}}, {{"text": "bad", "label": {short}}}]',
        "columns.json": f'{{"text": ["good", "bad"], "label": [{long}, {short}]}}',
    }
    assert documents(read_corpus(write(tmp_path / name, contents[name]))) == [("good", long), ("bad", short)]


def test_the_layouts_that_pandas_writes(tmp_path: Path, expected: str) -> None:
    rows = {str(number): record for number, record in enumerate(OBJECTS)}
    columns = {key: {row: record[key] for row, record in rows.items()} for key in ("text", "label")}
    assert read_corpus(write(tmp_path / "columns.json", json.dumps(columns))).hash == expected
    renamed = {"p": columns["text"], "q": columns["label"]}
    assert read_corpus(write(tmp_path / "renamed.json", json.dumps(renamed))).hash == expected
    named = {"remark": {"x": "good", "y": "bad"}, "mark": {"x": "a", "y": "b"}}
    loaded = read_corpus(write(tmp_path / "n.json", json.dumps(named)), text_column="remark")
    assert documents(loaded) == [("good", "a"), ("bad", "b")]


def test_layouts_of_pandas_that_are_not_read(tmp_path: Path) -> None:
    layouts = {
        "ragged": {"text": {"0": "good", "1": "bad"}, "label": {"0": "a"}},
    }
    for name, content in layouts.items():
        path = write(tmp_path / f"{name}.json", json.dumps(content))
        with pytest.raises(PipelineError) as caught:
            read_corpus(path)
        assert str(caught.value) == (
            f"{path}:1: the file is one object that holds neither records nor whole columns; "
            'write one object a record, as pandas does with to_json(path, orient="records")'
        )


def test_hidden_folders_in_a_class_are_not_read(tmp_path: Path) -> None:
    files = ("neg/1", "neg/.git/conf.txt", "neg/more/.cache/2", "neg/more/2", "pos/1", "__MACOSX/pos/1")
    folder = write_classes(
        tmp_path / "films", dict(zip(files, ("bad", "x", "x", "worse", "good", "x"), strict=True))
    )
    assert documents(read_corpus(folder)) == [("bad", "neg"), ("worse", "neg"), ("good", "pos")]


def test_links_are_followed_once_and_never_upwards(tmp_path: Path) -> None:
    elsewhere = write_classes(tmp_path / "elsewhere", {"2": "worse", "deep/3": "worst"})
    folder = write_classes(tmp_path / "films", {"neg/1": "bad", "pos/1": "good"})
    (folder / "neg" / "linked").symlink_to(elsewhere)
    (folder / "neg" / "linked-again").symlink_to(elsewhere)
    (elsewhere / "loop").symlink_to(elsewhere)
    (elsewhere / "up").symlink_to(folder)
    (folder / "pos" / "up").symlink_to(tmp_path)
    (folder / "pos" / "file").symlink_to(elsewhere / "2")
    loaded = read_corpus(folder)
    assert documents(loaded) == [
        ("bad", "neg"),
        ("worse", "neg"),
        ("worst", "neg"),
        ("good", "pos"),
        ("worse", "pos"),
    ]


def test_a_class_called_train_may_hold_folders(tmp_path: Path) -> None:
    files = {"train/fast/1": "on rails", "car/1": "on roads", "test/slow/1": "in a laboratory"}
    folder = write_classes(tmp_path / "vehicles", files)
    loaded = read_corpus(folder)
    assert documents(loaded) == [("on roads", "car"), ("in a laboratory", "test"), ("on rails", "train")]
    assert loaded.corpus.split.tolist() == [-1, -1, -1]
    assert loaded.warnings == (
        f'{folder}: "test", "train" are read as classes, since "car" stands beside them [class-named-as-a-part]',
    )


def test_what_may_stand_beside_the_parts(tmp_path: Path) -> None:
    parts = {"train/neg/1": "bad", "train/pos/1": "good", "Test/pos/1": "fine", "dev/neg/1": "poor"}
    others = {"unsup/1": "film", ".git/conf": "x", "README": "about"}
    loaded = read_corpus(write_classes(tmp_path / "films", {**parts, **others}))
    assert loaded.corpus.split.tolist() == [-1, -1, 1, 2]
    for name in ("train.csv", "test.csv", "figures/one.txt"):
        write(tmp_path / "tables" / name, CSV)
    assert read_corpus(tmp_path / "tables").corpus.split.tolist() == [-1] * 4 + [2] * 4


def test_a_hidden_file_has_a_name_too(tmp_path: Path) -> None:
    assert read_corpus(write(tmp_path / ".hidden.csv", CSV)).name == "hidden"
    folder = write_classes(tmp_path / ".films", {"a/1": "x", "b/1": "y"})
    assert read_corpus(folder).name == "films"


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_only_the_beginning_of_a_file_is_unpacked_to_find_its_format(tmp_path: Path, ending: str) -> None:
    """What follows is cut off: it cannot be read to its end."""
    text = b"__label__pos " + b"".join(b"%d " % number for number in range(400_000))
    packed = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}[ending](text)
    path = tmp_path / f"films.unknown{ending}"
    path.write_bytes(packed[: len(packed) // 2])
    assert read_bytes(path, 13) == b"__label__pos "
    assert find_format(path).reader is READERS[".txt"]
