"""Texts and labels in two files; word lists and dictionaries beside files that are classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from tests.corpus_builders import documents, write_classes

TEXTS, LABELS = "a good film\na bad film\nso good\nso bad\n", "pos\nneg\npos\nneg\n"
ALL = [("a good film", "pos"), ("a bad film", "neg"), ("so good", "pos"), ("so bad", "neg")]
ONE_TEXT, ONE_LABEL = "a good book\n", "pos\n"
CLASSES: dict[str, str | bytes] = {"pos.txt": "a good film\nso good\n", "neg.txt": "a bad film\nso bad\n"}
OF_CLASSES = [("a bad film", "neg"), ("so bad", "neg"), ("a good film", "pos"), ("so good", "pos")]


def refused(folder: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(folder)
    return str(caught.value).replace(str(folder), "F")


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        ("texts.txt", "labels.txt"),
        ("X.txt", "y.txt"),
        ("seq.in", "label"),
        ("sentences.txt", "sentiment.txt"),
        ("data.txt", "targets.txt"),
        ("films.txt", "labels.txt"),
        ("imdb.text", "imdb.label"),
        ("imdb_reviews.txt", "imdb_gold.txt"),
        ("reviews.txt.gz.txt", "labels.gz.txt"),
    ],
)
def test_labels_in_a_file_beside_the_texts_belong_to_them_line_by_line(
    tmp_path: Path, texts: str, labels: str
) -> None:
    folder = write_classes(tmp_path / "F", {texts: TEXTS, labels: LABELS})
    loaded = read_corpus(folder)
    assert documents(loaded) == ALL
    assert f"{folder / texts}: line by line the labels are those of {labels}" in loaded.assumptions
    assert documents(read_corpus([folder / labels, folder / texts])) == ALL


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        ("{}_text.txt", "{}_labels.txt"),
        ("{}/seq.in", "{}/label"),
        ("X_{}.txt", "y_{}.txt"),
        ("{}.txt", "{}.labels"),
        ("{}/sentences.txt", "{}/labels.txt"),
    ],
)
def test_pairs_of_files_are_parts(tmp_path: Path, texts: str, labels: str) -> None:
    files = {texts: TEXTS, labels: LABELS}
    tested = {name.format("test"): text for name, text in ((texts, ONE_TEXT), (labels, ONE_LABEL))}
    folder = write_classes(
        tmp_path / "F", {**{name.format("train"): text for name, text in files.items()}, **tested}
    )
    loaded = read_corpus(folder)
    assert documents(loaded) == [*ALL, ("a good book", "pos")]
    assert loaded.corpus.split.tolist() == [-1] * 4 + [2]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("mapping.txt", "0\tnegative\n1\tpositive\n"),
        ("mapping.txt", "0\t-\tnegative\n1\t+\tpositive\n"),
        ("id2label.json", '{"0": "negative", "1": "positive"}'),
        ("label2id.json", '{"negative": 0, "positive": 1}'),
        ("classes.txt", "negative\npositive\n"),
    ],
)
def test_numbers_are_called_as_a_file_beside_them_says(tmp_path: Path, file: str, content: str) -> None:
    folder = write_classes(tmp_path / "F", {"texts.txt": TEXTS, "labels.txt": "1\n0\n1\n0\n", file: content})
    loaded = read_corpus(folder)
    assert loaded.corpus.label_names == ("negative", "positive")
    assert documents(loaded)[0] == ("a good film", "positive")


def test_tables_of_one_column_are_joined_record_by_record(tmp_path: Path) -> None:
    files = {"X_train.csv": "text\n" + TEXTS, "y_train.csv": "label\n" + LABELS}
    assert documents(read_corpus(write_classes(tmp_path / "F", {**files}))) == ALL


def test_blank_lines_keep_the_places_of_the_others(tmp_path: Path) -> None:
    files = {"texts.txt": "a good film\n\nso good\nso bad\n", "labels.txt": LABELS}
    loaded = read_corpus(write_classes(tmp_path / "F", {**files}), allow_losses=True)
    assert documents(loaded) == [ALL[0], *ALL[2:]]
    assert [(entry.reason, entry.lines) for entry in loaded.ledger.dropped] == [("no text", (2,))]


def test_files_of_different_lengths_are_refused(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "F", {"texts.txt": TEXTS, "labels.txt": "pos\nneg\n"})
    assert refused(folder) == (
        "F/labels.txt: there are 2 labels, and 4 texts in texts.txt, to which they seem to belong line by line; "
        "give files of as many lines; else join the two as columns of one .csv, called text and label"
    )


def test_folders_of_texts_and_of_labels_are_no_classes(tmp_path: Path) -> None:
    files = {
        "texts/1.txt": "a good film",
        "labels/1.txt": "pos",
        "texts/2.txt": "a bad film",
        "labels/2.txt": "neg",
    }
    assert refused(write_classes(tmp_path / "F", {**files})) == (
        'F: the folders "labels", "texts" hold files of the same names: they look like texts and their labels, no '
        "classes; join them as columns of one .csv, called text and label"
    )


# --- beside files and folders that are classes


@pytest.mark.parametrize(
    "name",
    ["vocab.txt", "stopwords.txt", "stop_words_en.txt", "requirements.txt", "LICENSE.txt", "README.txt"],
)
def test_files_beside_files_that_are_classes_are_no_class_and_named(tmp_path: Path, name: str) -> None:
    folder = write_classes(tmp_path / "F", {**CLASSES, name: "the good\nof this\nand that\n"})
    loaded = read_corpus(folder)
    assert documents(loaded) == OF_CLASSES
    assert f"{folder}: not read, since they hold no records: {name}" in loaded.assumptions


def test_a_list_of_words_is_no_class_but_where_it_is_named(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "F", {**CLASSES, "english.txt": "good\nbad\nso\n"})
    loaded = read_corpus(folder)
    assert documents(loaded) == OF_CLASSES
    assert loaded.warnings == (
        f"{folder}: not read, since their lines are single words: english.txt; to have classes of them, name all files"
        " [word-lists-not-read]",
    )
    named = read_corpus([folder / name for name in ("pos.txt", "neg.txt", "english.txt")])
    assert named.corpus.label_names == ("english", "neg", "pos")


@pytest.mark.parametrize(
    "inside", [{"dict/a.txt": "x\ny\n"}, {"dict/a.txt": "x\ny\n", "dict/b.txt": "z\nw\n"}]
)
def test_a_folder_of_words_beside_files_that_are_classes_is_not_the_corpus(
    tmp_path: Path, inside: dict[str, str | bytes]
) -> None:
    folder = write_classes(tmp_path / "F", {**CLASSES, **inside})
    loaded = read_corpus(folder)
    assert documents(loaded) == OF_CLASSES
    assert loaded.warnings == (f"{folder}: not read: dict [files-not-read]",)


def test_a_folder_of_words_beside_folders_that_are_classes_is_no_class(tmp_path: Path) -> None:
    files = {"pos/1": "a good film", "neg/1": "a bad film", "lexicon/words.txt": "good\nbad\n"}
    folder = write_classes(tmp_path / "F", {**files})
    loaded = read_corpus(folder)
    assert loaded.corpus.label_names == ("neg", "pos")
    assert (
        loaded.warnings[0]
        == f"{folder}: 1 file beside the class folders not read (lexicon/) [files-not-read]"
    )


def test_files_and_one_folder_that_could_be_the_corpus_are_named(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "F", {**CLASSES, "more/a.csv": "text,label\na,x\nb,y\n"})
    assert refused(folder) == (
        "F: both the text files (neg.txt, pos.txt) and the folder F/more could be the corpus; name the files, or F/more"
    )
