"""Folders as people have them: parts by their names, a file or a folder a class, and what is not clear is asked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from corpus_builders import CSV, documents, write_classes

from pipeline.core.errors import PipelineError
from pipeline.core.values import Dropped
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.entries import visible

ALL = [("a good film", "pos"), ("a bad film", "neg"), ("so good", "pos"), ("so bad", "neg")]
TEST_CSV = "text,label\nfine,pos\n"
GOOD, BAD = "a good film\nso good\n", "a bad film\n\nso bad\n"


def refused(folder: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(folder)
    return str(caught.value).replace(str(folder), "F")


def said(folder: Path) -> list[str]:
    loaded = read_corpus(folder)
    return [line.replace(str(folder), "F") for line in (*loaded.assumptions, *loaded.warnings)]


# --- parts


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train.csv", "test.csv"),
        ("sst_train.csv", "sst_test.csv"),
        ("Training.csv", "TESTING.csv"),
        ("twitter-2016trainA.csv", "twitter-2016testA.csv"),
        ("train-00000-of-00001.csv", "test-00000-of-00001.csv"),
        ("data/train.csv", "data/test.csv"),
        ("train/part-0.csv", "test/part-0.csv"),
        ("default/train/0000.csv", "default/test/0000.csv"),
        ("train.csv", "eval.csv"),
        ("train.csv/part-00000.csv", "test.csv/part-00000.csv"),
    ],
)
def test_parts_are_found_by_the_words_of_names(tmp_path: Path, train: str, test: str) -> None:
    folder = write_classes(tmp_path / "films", {train: CSV, test: TEST_CSV, "README.md": "# films"})
    loaded = read_corpus(folder)
    assert documents(loaded) == [*ALL, ("fine", "pos")]
    assert loaded.corpus.split.tolist() == [-1] * 4 + [2]


def test_all_parts_with_what_is_said_of_them(tmp_path: Path) -> None:
    files = {"train.csv": CSV, "val.csv": TEST_CSV, "test.csv": TEST_CSV, "unsupervised.txt": "one\ntwo\n"}
    others = {
        "README.md": "x",
        "_SUCCESS": "",
        ".DS_Store": "x",
        "sample_submission.csv": "id,label\n1,pos\n",
    }
    folder = write_classes(tmp_path / "films", {**files, **others, "images/1.png": b"\x89PNG"})
    loaded = read_corpus(folder)
    assert loaded.corpus.split.tolist() == [-1] * 4 + [1, 2]
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["one", "two"]
    assert said(folder)[:2] == [
        "F: train is train.csv; validation is val.csv; test is test.csv; unlabelled is unsupervised.txt",
        "F: not read, since they hold no records: .DS_Store, README.md, _SUCCESS",
    ]
    assert said(folder)[-1] == "F: not read: sample_submission.csv, images [files-not-read]"


def test_eval_is_the_validation_part_where_another_is_the_test_part(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "f", {"train.csv": CSV, "test.csv": TEST_CSV, "eval.csv": TEST_CSV})
    assert read_corpus(folder).corpus.split.tolist() == [-1] * 4 + [1, 2]


def test_the_file_called_as_the_part_alone_is_the_part(tmp_path: Path) -> None:
    files = {"train.csv": CSV, "test.csv": TEST_CSV, "test_labels.csv": "id,label\n1,pos\n"}
    folder = write_classes(tmp_path / "f", files)
    assert read_corpus(folder).corpus.split.tolist() == [-1] * 4 + [2]
    assert said(folder)[-1] == "F: not read: test_labels.csv [files-not-read]"


def test_two_files_with_labels_that_could_be_one_part(tmp_path: Path) -> None:
    files = {"train.csv": CSV, "dev_matched.csv": CSV, "dev_mismatched.csv": CSV}
    assert refused(write_classes(tmp_path / "f", files)) == (
        f'{tmp_path}/f/dev_matched.csv and 1 more: both "dev_matched.csv" and "dev_mismatched.csv" could be the '
        "validation part; keep one of them there"
    ).replace(f"{tmp_path}/f", "F")


def test_two_files_of_different_columns_that_could_be_one_part(tmp_path: Path) -> None:
    files = {"train.csv": CSV, "test_data.csv": "text\nx\n", "test_data_solution.csv": "id,label\n1,pos\n"}
    assert refused(write_classes(tmp_path / "f", files)) == (
        'F/test_data.csv and 1 more: both "test_data.csv" and "test_data_solution.csv" could be the test part; '
        "keep one of them there"
    )


def test_a_test_file_beside_one_that_is_not_called_train(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "f", {"reviews.csv": CSV, "reviews_test.csv": TEST_CSV})
    assert refused(folder) == (
        'F: "reviews_test.csv" is the test part by its name, and none is called train; '
        "name the training file as CORPUS, such as F/reviews.csv, and F/reviews_test.csv with --test"
    )


def test_a_folder_with_one_file_of_records_is_that_file(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "f", {"deep/er/reviews.csv": CSV, "deep/README": "x", "LICENSE": "x"})
    assert documents(read_corpus(folder)) == ALL
    assert said(folder)[:2] == [
        "F: the corpus lies in F/deep/er",
        "F/deep/er/reviews.csv: the encoding is UTF-8",
    ]


@pytest.mark.parametrize(
    "test",
    [
        "id,text\n1,fine\n2,poor\n",
        "text,label\nfine,-1\npoor,-1\n",
        "text,label\nfine,\npoor,\n",
        "text,label\nfine,?\npoor,?\n",
    ],
)
def test_a_test_part_without_labels_is_unlabelled_text(tmp_path: Path, test: str) -> None:
    """The test files of GLUE and of Kaggle hold no answers."""
    folder = write_classes(tmp_path / "f", {"train.csv": CSV, "dev.csv": TEST_CSV, "test.csv": test})
    loaded = read_corpus(folder)
    assert loaded.corpus.split.tolist() == [-1] * 4 + [1]
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["fine", "poor"]
    assert said(folder)[-2:] == [
        'F/test.csv: 2 unlabelled texts (column "text", named as in the corpus)',
        "F/test.csv: without labels, and so no test part; read as unlabelled text [part-without-labels]",
    ]


# --- a file a class


@pytest.mark.parametrize(
    ("neg", "pos"),
    [
        ("neg.txt", "pos.txt"),
        ("rt-polarity.neg", "rt-polarity.pos"),
        ("neg_reviews.txt", "pos_reviews.txt"),
        ("deep/folder/neg", "deep/folder/pos"),
    ],
)
def test_a_text_file_a_class_has_a_document_a_line(tmp_path: Path, neg: str, pos: str) -> None:
    folder = write_classes(tmp_path / "f", {neg: BAD, pos: GOOD, "readme.txt": "about"})
    assert sorted(documents(read_corpus(folder))) == sorted(ALL)
    assert any(
        line.endswith("each file is a class, named after it, and each line a document")
        for line in said(folder)
    )


def test_the_lines_of_a_file_a_class_keep_their_places(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "f", {"neg.txt": BAD, "pos.txt": GOOD.encode() + b"\xff\xff\x81\n"})
    assert read_corpus(folder).ledger.dropped == (
        Dropped("undecodable bytes", f"{folder}/pos.txt", (2,), (3,)),
    )


def test_a_file_a_class_in_each_part(tmp_path: Path) -> None:
    files = {
        "train-neg.txt": BAD,
        "train-pos.txt": GOOD,
        "test-neg.txt": "poor\nweak\n",
        "test-pos.txt": "fine\nnew\n",
    }
    loaded = read_corpus(write_classes(tmp_path / "f", {**files, "train-unsup.txt": "one\n"}))
    assert documents(loaded)[4:] == [("poor", "neg"), ("weak", "neg"), ("fine", "pos"), ("new", "pos")]
    assert loaded.corpus.split.tolist() == [-1] * 4 + [2] * 4
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["one"]


def test_text_without_labels_beside_a_file_a_class(tmp_path: Path) -> None:
    loaded = read_corpus(
        write_classes(tmp_path / "f", {"neg.txt": BAD, "pos.txt": GOOD, "unlabeled.txt": "one\n"})
    )
    assert loaded.corpus.label_names == ("neg", "pos")
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["one"]


def test_files_of_tags_are_no_documents_a_line(tmp_path: Path) -> None:
    review = "<review>\n<text>\ngood\n</text>\n</review>\n"
    folder = write_classes(tmp_path / "f", {"negative.review": review, "positive.review": review})
    assert refused(folder) == (
        "F: there is text without labels (negative.review, positive.review), and no folder for each class; "
        "put the documents of each class in a folder named after it"
    )


def test_a_table_a_class_where_no_column_is_a_label(tmp_path: Path) -> None:
    files = {"spam.csv": "id,text\n1,win money\n2,free money\n", "ham.csv": "id,text\n3,see you\n4,at home\n"}
    folder = write_classes(tmp_path / "f", files)
    assert documents(read_corpus(folder)) == [
        ("see you", "ham"),
        ("at home", "ham"),
        ("win money", "spam"),
        ("free money", "spam"),
    ]
    assert "F: each file is a class, named after it, since no column is a label" in said(folder)


def test_tables_with_labels_of_their_own_are_joined_whatever_they_are_called(tmp_path: Path) -> None:
    tab = "{}\t{}\n".format
    files = {
        "amazon_labelled.txt": tab("a good film", 1) + tab("a bad film", 0),
        "yelp_labelled.txt": tab("so good", 1) + tab("so bad", 0),
    }
    loaded = read_corpus(write_classes(tmp_path / "f", files))
    assert documents(loaded) == [("a good film", "1"), ("a bad film", "0"), ("so good", "1"), ("so bad", "0")]


# --- a folder a class


def test_documents_lie_at_any_depth_below_their_class(tmp_path: Path) -> None:
    files = {
        "review/txt/neg/cv000.txt": "bad",
        "review/txt/neg/more/1": "worse",
        "review/txt/pos/cv000.txt": "good",
    }
    folder = write_classes(tmp_path / "f", {**files, "review/README": "x"})
    assert documents(read_corpus(folder)) == [("bad", "neg"), ("worse", "neg"), ("good", "pos")]
    assert said(folder)[0] == "F: the corpus lies in F/review/txt"


def test_parts_may_be_words_in_the_names_of_folders(tmp_path: Path) -> None:
    files = {"20news-bydate-train/a/1": "x", "20news-bydate-train/b/1": "y", "20news-bydate-test/a/1": "z"}
    assert read_corpus(write_classes(tmp_path / "f", files)).corpus.split.tolist() == [-1, -1, 2]


def test_classes_below_every_class_are_told(tmp_path: Path) -> None:
    files = {f"{kind}/{label}/1": f"{kind} {label}" for kind in ("books", "dvd") for label in ("neg", "pos")}
    folder = write_classes(tmp_path / "f", files)
    assert {label for _, label in documents(read_corpus(folder))} == {"books", "dvd"}
    assert said(folder)[-1] == (
        'F: the folders "books", "dvd" are the classes; each of them holds "neg", "pos": '
        "to have these as classes, give one folder, such as F/books [classes-may-lie-deeper]"
    )
    texts = {f"{kind}/{label}.txt": "x\ny\n" for kind in ("books", "dvd") for label in ("neg", "pos")}
    assert said(write_classes(tmp_path / "h", texts))[-1] == (
        'F: the folders "books", "dvd" are the classes; each of them holds "neg.txt", "pos.txt": '
        "to have these as classes, give one folder, such as F/books [classes-may-lie-deeper]"
    )
    numbered = {f"{kind}/fold{number}/1": "x" for kind in ("neg", "pos") for number in (1, 2)}
    assert read_corpus(write_classes(tmp_path / "g", numbered)).warnings == ()


def test_binary_files_are_left_out_by_name(tmp_path: Path) -> None:
    files = {
        "neg/1.txt": "bad",
        "neg/a.pdf": b"%PDF-1.4 x",
        "pos/1.txt": "good",
        "pos/b.bin": bytes(range(256)),
    }
    folder = write_classes(tmp_path / "f", {**files, "pos/utf16.txt": "fine".encode("utf-16")})
    loaded = read_corpus(folder)
    assert documents(loaded) == [("bad", "neg"), ("good", "pos"), ("fine", "pos")]
    assert loaded.ledger.dropped == (
        Dropped("a binary file, not text", f"{folder}/neg/a.pdf", (1,), ()),
        Dropped("a binary file, not text", f"{folder}/pos/b.bin", (3,), ()),
    )


@pytest.mark.parametrize("empty", ["", " \n\n"])
def test_an_empty_file_beside_others_is_named(tmp_path: Path, empty: str) -> None:
    folder = write_classes(tmp_path / "f", {"train.csv": CSV, "notes": empty, "more.txt": empty})
    assert said(folder)[-1] == "F: not read: more.txt, notes [files-not-read]"


def test_empty_folders_and_web_pages_are_told(tmp_path: Path) -> None:
    files = {"neg/1.txt": "bad", "pos/1.html": "<b>good</b>", "pos/2": "fine"}
    folder = write_classes(tmp_path / "f", files)
    (folder / "neutral" / "deep").mkdir(parents=True)
    assert said(folder)[-2:] == [
        'F: "neutral" holds no files and is no class [class-folders-empty]',
        "F: 1 document of 3 are web pages; their tags are read as words [web-pages-as-texts]",
    ]


def test_links_out_of_the_folder_and_to_nothing_are_told(tmp_path: Path) -> None:
    elsewhere = write_classes(tmp_path / "elsewhere", {"1": "worse"})
    folder = write_classes(tmp_path / "f", {"neg/1": "bad", "pos/1": "good"})
    (folder / "neg" / "linked").symlink_to(elsewhere)
    (folder / "neg" / "inside").symlink_to(folder / "pos" / "1")
    (folder / "pos" / "broken").symlink_to(tmp_path / "gone")
    assert documents(read_corpus(folder)) == [
        ("bad", "neg"),
        ("good", "neg"),
        ("worse", "neg"),
        ("good", "pos"),
    ]
    assert said(folder)[2:] == [
        f"F/neg/linked: a link out of the folder, to {elsewhere}; what lies there is read",
        f"F/pos/broken: a link to {tmp_path}/gone, which is not there",
    ]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "f", {"deep/train.csv": CSV, "deep/pos/1": "x", "deep/pos/2": "y"})
    (folder / "deep" / "itself").symlink_to(folder / "deep" / "itself")
    (folder / "deep" / "above").symlink_to(tmp_path)
    (folder / "deep" / "pos" / "itself").symlink_to(folder / "deep" / "pos" / "itself")
    assert documents(read_corpus(folder)) == ALL


def test_folders_that_are_named_are_classes(tmp_path: Path) -> None:
    """What a shell makes of FOLDER/*."""
    folder = write_classes(tmp_path / "f", {"neg/1": "bad", "pos/1": "good"})
    assert documents(read_corpus(f"{folder}/*")) == [("bad", "neg"), ("good", "pos")]


def test_an_archive_beside_a_folder_is_a_folder_too(tmp_path: Path) -> None:
    """Their common folder is that of the whole machine, which nobody looks through."""
    archive = packed(write_classes(tmp_path / "neg", {"1": "bad", "2": "worse"}), ".zip")
    loaded = read_corpus([archive, write_classes(tmp_path / "pos", {"1": "good"})])
    assert documents(loaded) == [("bad", "neg.zip"), ("worse", "neg.zip"), ("good", "pos")]
    assert loaded.warnings == ()


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        visible(tmp_path / "gone")
    assert str(caught.value) == (
        f"{tmp_path}/gone: the folder cannot be read (No such file or directory); check the path, and who may read it"
    )


def test_folders_of_classes_that_are_named_are_joined(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a/neg/1": "bad", "a/pos/1": "good", "b/neg/1": "worse", "b/pos/1": "fine"})
    found = documents(read_corpus([tmp_path / "a", tmp_path / "b"]))
    assert found == [("bad", "neg"), ("good", "pos"), ("worse", "neg"), ("fine", "pos")]


def test_files_and_folders_are_not_named_together(tmp_path: Path) -> None:
    write_classes(tmp_path, {"neg/1": "bad", "pos/1": "good", "a.txt": "one", "b.txt": "two"})
    for names, message in (
        (("neg", "pos", "a.txt"), "files and folders are named together; name files alone, or folders"),
        (("a.txt", "b.txt"), "there is text without labels (a.txt, b.txt), and no folder for each class; "),
    ):
        with pytest.raises(PipelineError) as caught:
            read_corpus([tmp_path / name for name in names])
        assert message in str(caught.value)


# --- folders of tables


def test_a_folder_of_tables_a_class(tmp_path: Path) -> None:
    files = {"neg/a.csv": "text\nbad\nworse\n", "pos/a.csv": "text\ngood\n", "pos/b.csv": "text\nfine\n"}
    folder = write_classes(tmp_path / "f", files)
    assert documents(read_corpus(folder)) == [
        ("bad", "neg"),
        ("worse", "neg"),
        ("good", "pos"),
        ("fine", "pos"),
    ]


def test_folders_named_by_a_column_and_its_value(tmp_path: Path) -> None:
    files = {"mood=neg/part-0.csv": "text\nbad\n", "mood=pos/part-0.csv": "text\ngood\n"}
    folder = write_classes(tmp_path / "f", {**files, "_SUCCESS": ""})
    assert documents(read_corpus(folder)) == [("bad", "neg"), ("good", "pos")]
    assert 'F: column "mood" is the value in the names of the folders' in said(folder)


def test_several_corpora_in_one_folder_are_asked_for(tmp_path: Path) -> None:
    files = {f"{name}/{part}.csv": CSV for name in ("plain", "tokens") for part in ("train", "test")}
    assert refused(write_classes(tmp_path / "f", files)) == (
        'F: the folders "plain", "tokens" each hold a corpus of their own; name one of them, such as F/plain'
    )


# --- archives


def packed(folder: Path, ending: str) -> Path:
    """Return an archive of a folder, the folder itself removed."""
    names = {".zip": "zip", ".tar.gz": "gztar"}
    archive = shutil.make_archive(str(folder), names[ending], folder.parent, folder.name)
    shutil.rmtree(folder)
    return Path(archive)


@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
def test_an_archive_of_files_is_read_as_its_folder(tmp_path: Path, ending: str) -> None:
    files = {
        "train/neg/1": "bad",
        "train/pos/1": "good",
        "train/pos/2": " ",
        "test/pos/1": "fine",
        "README": "x",
    }
    archive = packed(write_classes(tmp_path / "films", files), ending)
    loaded = read_corpus(archive, allow_losses=True)
    assert documents(loaded) == [("bad", "neg"), ("good", "pos"), ("fine", "pos")]
    assert loaded.name == "films"
    assert loaded.ledger.dropped == (Dropped("no text", f"{archive}/films/train/pos/2", (2,), ()),)
    assert loaded.assumptions[0] == f"{archive}: the corpus lies in {archive}/films"
    assert list(tmp_path.iterdir()) == [archive]


def test_a_mistake_in_an_archive_names_it(tmp_path: Path) -> None:
    archive = packed(
        write_classes(tmp_path / "f", {"train.csv": CSV, "dev.csv": CSV, "valid.csv": CSV}), ".zip"
    )
    with pytest.raises(PipelineError) as caught:
        read_corpus(archive)
    assert str(caught.value) == (
        f'{archive}/f: both "dev.csv" and "valid.csv" could be the validation part; keep one of them there'
    )


def test_a_damaged_archive(tmp_path: Path) -> None:
    archive = packed(write_classes(tmp_path / "f", {"neg/1": "bad" * 900, "pos/1": "good"}), ".tar.gz")
    archive.write_bytes(archive.read_bytes()[:60])
    with pytest.raises(PipelineError) as caught:
        read_corpus(archive)
    assert str(caught.value).startswith(f"{archive}: the archive cannot be unpacked (")
