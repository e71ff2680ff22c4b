"""A column that says which part a record is of is used; records that an annotator rejected are left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corpus_builders import write

from pipeline.core.values import TEST, UNASSIGNED, VALIDATION, Dropped
from pipeline.corpus.loading import read_corpus


def split_file(path: Path, name: str, parts: list[str], rows: int = 20, label: str = "xy") -> Path:
    lines = [f"it was said {i},{label[i % len(label)]},{parts[i % len(parts)]}" for i in range(rows)]
    return write(path, "\n".join([f"text,label,{name}", *lines]) + "\n")


@pytest.mark.parametrize("name", ["split", "Set", "fold", "partition", "data_split"])
@pytest.mark.parametrize(
    "words", [("train", "dev", "test"), ("Training", "validation", "TEST"), ("train", "val", "eval")]
)
def test_a_column_of_parts_is_used(tmp_path: Path, name: str, words: tuple[str, str, str]) -> None:
    train, validation, test = words
    path = split_file(tmp_path / "a.csv", name, [train, train, validation, train, test])
    loaded = read_corpus(path)
    assert loaded.corpus.records.tolist() == [
        *(i for i in range(20) if i % 5 in (0, 1, 3)),
        2,
        7,
        12,
        17,
        4,
        9,
        14,
        19,
    ]
    assert loaded.corpus.split.tolist() == [UNASSIGNED] * 12 + [VALIDATION] * 4 + [TEST] * 4
    assert loaded.corpus.texts[12] == "it was said 2"
    assert [(part.part, part.read) for part in loaded.reading.parts] == [
        ("", 12),
        ("validation", 4),
        ("test", 4),
    ]
    assert loaded.assumptions[-1] == (
        f'{path}: column "{name}" says which records are for validation and test; leave it out of the file to have '
        "test documents drawn at random"
    )


def test_records_of_a_part_keep_their_lines_in_the_ledger(tmp_path: Path) -> None:
    path = split_file(tmp_path / "a.csv", "split", ["train", "train", "test"])
    path.write_text(path.read_text() + "no label,,test\nno label,,train\n")
    loaded = read_corpus(path)
    assert loaded.ledger.rows_read == 22
    assert {*loaded.ledger.dropped} == {
        Dropped("no label", str(path), (20,), (22,)),
        Dropped("no label", str(path), (21,), (23,)),
    }


def test_a_part_without_labels_is_left_out(tmp_path: Path) -> None:
    lines = [f"it was said {i},{'xy'[i % 2]},train" for i in range(12)] + [
        f"who knows {i},,test" for i in range(9)
    ]
    path = write(tmp_path / "a.csv", "\n".join(["text,label,split", *lines]) + "\n")
    loaded = read_corpus(path)
    assert len(loaded.corpus.texts) == 12
    assert [(one.reason, len(one.rows)) for one in loaded.ledger.dropped] == [
        ('in a part without labels (column "split")', 9)
    ]


@pytest.mark.parametrize(
    ("name", "parts"),
    [("fold", ["0", "1", "2"]), ("split", ["train", "test", "other"]), ("set", ["dev", "test"])],
)
def test_a_column_that_says_parts_in_other_words_is_told_and_not_used(
    tmp_path: Path, name: str, parts: list[str]
) -> None:
    loaded = read_corpus(split_file(tmp_path / "a.csv", name, parts))
    assert {*loaded.corpus.split.tolist()} == {UNASSIGNED}
    values = ", ".join(f'"{part}"' for part in parts)
    assert loaded.assumptions[-1].endswith(
        f'column "{name}" ({values}) seems to say which part a record is of, and is not used; to test on some of its '
        "records, write them to a file of their own and name that with --test"
    )


def test_a_column_of_parts_is_not_used_beside_a_test_file(tmp_path: Path) -> None:
    path = split_file(tmp_path / "a.csv", "split", ["train", "test"])
    loaded = read_corpus(path, test=write(tmp_path / "b.csv", "text,label\nhe said,x\nshe said,y\n"))
    assert (loaded.corpus.split == TEST).sum() == 2
    assert (
        f'{path}: column "split" is not used, since other files are the parts of the corpus'
        in loaded.assumptions
    )


def test_a_column_that_is_named_as_the_label_says_no_parts(tmp_path: Path) -> None:
    loaded = read_corpus(split_file(tmp_path / "a.csv", "split", ["train", "test"]), label_column="split")
    assert loaded.corpus.label_names == ("test", "train")


# --- Prodigy


def answers(path: Path, *given: str) -> Path:
    rows = [
        {
            "text": f"it was said {i}",
            "label": "xy"[i // 2 % 2],
            "_task_hash": -i,
            "answer": given[i % len(given)],
        }
        for i in range(12)
    ]
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


def test_records_that_an_annotator_did_not_accept_are_left_out(tmp_path: Path) -> None:
    path = answers(tmp_path / "a.jsonl", "accept", "accept", "reject", "accept", "accept", "ignore")
    loaded = read_corpus(path)
    assert len(loaded.corpus.texts) == 8
    assert [(one.reason, one.lines) for one in loaded.ledger.dropped] == [
        ('rejected by the annotator (column "answer")', (3, 9)),
        ('ignored by the annotator (column "answer")', (6, 12)),
    ]
    assert loaded.assumptions[-1] == (
        f'{path}: column "answer" is Prodigy\'s: records that are no "accept" there are left out'
    )


@pytest.mark.parametrize("given", [("accept",), ("yes", "no"), ("accept", "reject", "perhaps")])
def test_other_answers_leave_nothing_out(tmp_path: Path, given: tuple[str, ...]) -> None:
    assert len(read_corpus(answers(tmp_path / "a.jsonl", *given)).corpus.texts) == 12


def test_answers_that_are_named_as_the_label_are_labels(tmp_path: Path) -> None:
    loaded = read_corpus(answers(tmp_path / "a.jsonl", "accept", "reject"), label_column="answer")
    assert loaded.corpus.label_names == ("accept", "reject")
