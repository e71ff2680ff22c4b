"""`--text title,body` joins columns, `--label "stars>3"` cuts a column of numbers in two."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_builders import documents, write

from pipeline.core.errors import PipelineError
from pipeline.core.values import Dropped
from pipeline.corpus.loading import read_corpus

PARTS = "title,body,label\nGood,a film,pos\n,so bad,neg\nFine,  ,pos\n"
STARS = "text,stars\nfine,4\nbad,2\nso so,3\ngood,5.0\n"
ODD = "old,many\nlost,\n"


def refused(path: Path, **options: str) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path, **options)  # type: ignore[arg-type]
    return str(caught.value).partition("; read with ")[0]  # what that says has tests of its own


# --- --text


def test_columns_are_joined_with_a_blank_line_and_empty_parts_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", PARTS + ",,neg\n")
    loaded = read_corpus(path, text_column="title,body", allow_losses=True)
    assert documents(loaded) == [("Good\n\na film", "pos"), ("so bad", "neg"), ("Fine", "pos")]
    assert loaded.ledger.dropped == (Dropped("no text", str(path), (3,), (5,)),)
    assert (
        f'{path}: the text is columns "title", "body", joined with a blank line between' in loaded.assumptions
    )


def test_the_order_of_the_list_is_that_of_the_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", PARTS)
    assert documents(read_corpus(path, text_column=" body , title"))[0] == ("a film\n\nGood", "pos")


def test_columns_without_a_header_are_joined_by_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a good start,a film I liked,1\na bad start,a film I hated,0\n" * 2)
    loaded = read_corpus(path, text_column="1,2", label_column="3")
    assert documents(loaded)[0] == ("a good start\n\na film I liked", "1")
    assert loaded.ledger.documents == 4


def test_a_column_whose_own_name_holds_a_comma_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", '"title,body",title,body,label\nwhole,t,b,pos\nall,t,b,neg\n')
    assert documents(read_corpus(path, text_column="title,body")) == [("whole", "pos"), ("all", "neg")]


def test_a_part_whose_name_holds_a_comma_stands_in_quotation_marks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", '"why, then",title,label\nb,t,pos\nbb,tt,neg\n')
    assert documents(read_corpus(path, text_column="title,'why, then'"))[0] == ("t\n\nb", "pos")


def test_a_joined_column_is_not_taken_for_the_label(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "category,body,verdict\nx,good film,yes\ny,bad film,no\n")
    assert documents(read_corpus(path, text_column="category,body")) == [
        ("x\n\ngood film", "yes"),
        ("y\n\nbad film", "no"),
    ]


def test_a_test_file_is_joined_alike(tmp_path: Path) -> None:
    test = write(tmp_path / "test.csv", "label,body,title\npos,b,t\nneg,,\n")
    loaded = read_corpus(write(tmp_path / "a.csv", PARTS), test=test, text_column="title,body")
    assert documents(loaded)[3:] == [("t\n\nb", "pos"), ("", "neg")]


def test_a_missing_part_is_named_in_training_and_test(tmp_path: Path) -> None:
    path, test = write(tmp_path / "a.csv", PARTS), write(tmp_path / "test.csv", "text,label\na,pos\n")
    assert refused(path, text_column="title,bodi") == (
        f'--text: {path} has no column "bodi"; its columns are "title", "body", "label"'
    )
    assert refused(path, text_column="title,body", label_column="lable") == (
        f'--label: {path} has no column "lable"; its columns are "title", "body", "label"'
    )
    assert refused(path, test=str(test), text_column="title,body") == (
        f'--text: {test} has no column "title"; its columns are "text", "label"'
    )


def test_a_part_twice_and_a_part_that_is_the_label_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", PARTS)
    assert refused(path, text_column="title,title") == (
        '--text: "title" stands twice in "title,title"; name each column once'
    )
    assert refused(path, text_column="title,label", label_column="label") == (
        '--text: "label" is also part of the text; name each column once'
    )


def test_unlabelled_text_is_joined_where_it_has_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", PARTS)
    both = write(tmp_path / "both.csv", "title,body\nt,b\n,c\n")
    one = write(tmp_path / "one.csv", "text\na line of text\n")
    for file, texts in ((both, ["t\n\nb", "c"]), (one, ["a line of text"])):
        loaded = read_corpus(path, unlabelled=file, text_column="title,body")
        assert loaded.unlabelled is not None
        assert loaded.unlabelled.to_list() == texts


# --- --label "stars>3"


def test_numbers_are_cut_in_two_classes_and_other_labels_go_to_the_ledger(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", STARS + ODD)
    loaded = read_corpus(path, label_column="stars>3", allow_losses=True)
    assert documents(loaded) == [
        ("fine", "stars>3"),
        ("bad", "stars<=3"),
        ("so so", "stars<=3"),
        ("good", "stars>3"),
    ]
    assert loaded.ledger.dropped == (
        Dropped("no number as label", str(path), (4,), (6,)),
        Dropped("no label", str(path), (5,), (7,)),
    )
    assert f'{path}: column "stars" is cut in two classes, "stars>3" and "stars<=3"' in loaded.assumptions


@pytest.mark.parametrize(
    ("asked", "classes", "of_three"),
    [
        ("stars>=3", {"stars>=3", "stars<3"}, "stars>=3"),
        ("stars<3", {"stars<3", "stars>=3"}, "stars>=3"),
        ("stars<=3", {"stars<=3", "stars>3"}, "stars<=3"),
        ("stars==3.0", {"stars==3.0", "stars!=3.0"}, "stars==3.0"),
        ("stars != 3", {"stars != 3", "stars == 3"}, "stars == 3"),
        ("stars>-1.5e0", None, None),
    ],
)
def test_every_sign_has_its_other_class(
    tmp_path: Path, asked: str, classes: set[str] | None, of_three: str | None
) -> None:
    path = write(tmp_path / "a.csv", STARS)
    if classes is None:
        assert "every document has the label" in refused(path, label_column=asked)
        return
    loaded = read_corpus(path, label_column=asked)
    assert {*loaded.corpus.label_names} == classes
    assert dict(documents(loaded))["so so"] == of_three


def test_a_decimal_comma_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text;note\nfine;3,5\nbad;2,75\ngood;4\n")
    assert documents(read_corpus(path, label_column="note>3")) == [
        ("fine", "note>3"),
        ("bad", "note<=3"),
        ("good", "note>3"),
    ]


def test_labels_that_are_no_numbers_are_losses(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", STARS + "old,many\nolder,none\n")
    assert refused(path, label_column="stars>3") == (
        f"{path}: 2 of 6 records are left out (33.3 %): 2 no number as label ({path}:6, {path}:7); correct them, "
        "choose other columns with --text and --label, or go on without them: --allow-losses"
    )


def test_the_reading_line_says_what_was_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "title,body,stars\nGood,a film,4\nBad,so bad,1\n")
    loaded = read_corpus(path, text_column="title,body", label_column="stars>3")
    assert loaded.reading.line() == (
        f'{path}: text "title,body" (--text), label "stars" (--label "stars>3"), header in line 1, UTF-8, 2 records '
        'read, 2 used; 2 classes: "stars<=3" (1), "stars>3" (1)'
    )


def test_a_column_that_is_really_called_so_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,stars>3,stars\nfine,yes,1\nbad,no,5\n")
    assert documents(read_corpus(path, label_column="stars>3")) == [("fine", "yes"), ("bad", "no")]


def test_a_test_file_is_cut_at_the_same_number(tmp_path: Path) -> None:
    test = write(tmp_path / "test.csv", "text,stars\na,9\nb,1\nc,none\n")
    loaded = read_corpus(
        write(tmp_path / "a.csv", STARS), test=test, label_column="stars>3", allow_losses=True
    )
    assert documents(loaded)[4:] == [("a", "stars>3"), ("b", "stars<=3")]
    assert loaded.ledger.dropped == (Dropped("no number as label", str(test), (2,), (4,)),)


def test_a_column_without_numbers_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", STARS)
    assert refused(path, label_column="text>3", text_column="stars") == (
        f'--label: column "text" of {path} holds no number, but "fine"; "text>3" compares numbers; '
        "name a column of numbers, or the label's column alone"
    )
    assert refused(path, label_column="starz>3") == (
        f'--label: {path} has no column "starz"; its columns are "text", "stars"'
    )
