"""Labels that are no classes and parts that test nothing are refused in words, or said, before anything is trained."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from corpus_builders import write

from pipeline.core.errors import PipelineError
from pipeline.corpus.asked.cut import half
from pipeline.corpus.loading import read_corpus

TRAIN = "text,label\na good film,pos\na bad film,neg\nso good,pos\nso bad,neg\n"


def corpus_of(path: Path, rows: list[tuple[object, object]], header: str = "text,label") -> Path:
    return write(path, "\n".join([header, *(f"{text},{label}" for text, label in rows), ""]))


def refused(path: Path, **options: object) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path, **options)  # type: ignore[arg-type]
    return str(caught.value).partition("; read with ")[0]  # what that says has tests of its own


# --- labels


def test_a_decimal_of_many_values_is_called_a_number_with_the_cut_at_its_median(tmp_path: Path) -> None:
    path = corpus_of(tmp_path / "a.csv", [(f"film {n}", n / 4) for n in range(41)], "text,score")
    assert refused(path) == (
        f'{path}: column "score" holds 41 different numbers (0 to 10): a number to be predicted, '
        'and models here give classes; cut it in two classes, such as --label "score>5", or in thirds, up to 3.25, '
        'up to 6.75 and above: pandas.cut(frame["score"], [float("-inf"), 3.25, 6.75, float("inf")]), or name '
        "another column"
    )
    assert read_corpus(path, label_column="score>5").corpus.label_names == ("score<=5", "score>5")


def test_decimals_of_which_each_has_its_documents_may_be_codes_and_are_said(tmp_path: Path) -> None:
    rows = [(f"film {n} of {copy}", n / 4) for n in range(41) for copy in range(3)]
    assert read_corpus(corpus_of(tmp_path / "a.csv", rows, "text,score")).warnings == (
        'column "score" holds 41 different numbers (0 to 10), taken as classes; --label "score>5" cuts a number in two '
        "classes [decimals-as-classes]",
    )


def test_whole_numbers_are_called_a_number_where_they_are_too_rare_for_classes(tmp_path: Path) -> None:
    path = corpus_of(tmp_path / "a.csv", [(f"film {n}", 100 + n % 29) for n in range(60)], "text,score")
    assert "29 different numbers (100 to 128): a number to be predicted" in refused(path)
    test = corpus_of(tmp_path / "test.csv", [("a film", 100)], "text,score")
    assert len(read_corpus(path, test=test).corpus.label_names) == 29  # nothing is to be split
    other = corpus_of(tmp_path / "other.csv", [("a film", 40)], "text,score")
    assert refused(path, test=other).endswith(
        '; if these are numbers to be predicted, cut them in two classes: --label "score>114"'
    )
    often = corpus_of(tmp_path / "b.csv", [(f"film {n}", n % 29) for n in range(29 * 3)], "text,score")
    assert len(read_corpus(often).corpus.label_names) == 29


def test_stars_with_halves_are_classes(tmp_path: Path) -> None:
    path = corpus_of(tmp_path / "a.csv", [(f"film {n}", n % 10 / 2) for n in range(60)], "text,stars")
    assert len(read_corpus(path).corpus.label_names) == 10


def test_the_cut_at_the_median_leaves_both_sides_some() -> None:
    assert half(pl.Series(["0.5", "1.25", "9"])) == ">1.25"
    assert half(pl.Series(["1", "5", "5", "5"])) == ">=5"


def test_a_label_of_its_own_for_each_record_is_no_class(tmp_path: Path) -> None:
    path = corpus_of(tmp_path / "a.csv", [(f"a film about number {n}", f"id-{n}") for n in range(12)])
    assert refused(path) == (
        f'{path}: column "label" has 12 different labels in 12 records, such as "id-0": it tells records apart, and is '
        "no class; name the column of the classes with --label"
    )


def test_text_and_label_exchanged_are_told_with_the_two_options(tmp_path: Path) -> None:
    rows = [(f"mood {n % 2}", f"a long text about number {n} and more") for n in range(12)]
    path = corpus_of(tmp_path / "a.csv", rows, "text,label of it")
    assert refused(path, text_column="text", label_column="label of it") == (
        f'{path}: the label column "label of it" holds 12 values of 35 characters on average, the text column "text" '
        "2 values of 6 characters on average; exchange the two: --text 'label of it' --label text"
    )


def test_labels_as_long_as_texts_are_said(tmp_path: Path) -> None:
    rows = [(f"film {n}", "good " * 30 if n % 2 else "bad") for n in range(12)]
    assert read_corpus(corpus_of(tmp_path / "a.csv", rows)).warnings == (
        'labels have up to 149 characters, such as "good good good good good good good good good good good good…": '
        'is column "label" the label? [labels-are-long]',
    )


# --- texts and parts


def test_texts_of_marks_alone_are_said(tmp_path: Path) -> None:
    marks = corpus_of(tmp_path / "a.csv", [("!?." * (n + 1), n % 2) for n in range(12)])
    assert read_corpus(marks).warnings == (
        'no text in column "text" holds a letter or a digit: there is little to learn from marks alone'
        " [texts-of-marks-alone]",
    )
    emoji = corpus_of(tmp_path / "b.csv", [("\N{GRINNING FACE}" * (n + 1), n % 2) for n in range(12)])
    assert read_corpus(emoji).warnings == ()


def test_texts_of_which_nothing_can_be_seen_are_refused(tmp_path: Path) -> None:
    path = corpus_of(tmp_path / "a.csv", [("\N{ZERO WIDTH SPACE}" * (n + 1), n % 2) for n in range(12)])
    assert refused(path) == (
        f'{path}: no text in column "text" holds a character that can be seen; '
        "name the column with --text, or correct the file"
    )


@pytest.mark.parametrize("option", ["test", "validation"])
def test_a_file_of_which_no_record_can_be_used_is_refused_and_not_replaced(
    tmp_path: Path, option: str
) -> None:
    path, other = write(tmp_path / "a.csv", TRAIN), write(tmp_path / "b.csv", "text,label\nfine,\nworse,\n")
    assert refused(path, **{option: other}) == (
        f"{other}: none of the 2 records can be used: 2 no label ({other}:2, {other}:3); "
        f"give a file of documents with their labels, or leave out --{option}"
    )
    empty = write(tmp_path / "c.csv", "text,label\n,pos\n ,neg\n")
    assert refused(path, **{option: empty}) == (
        f'{empty}: none of the 2 records has a text in column "text"; name the column with --text, or correct the file'
    )


def test_a_test_of_one_class_is_said(tmp_path: Path) -> None:
    path, test = (
        write(tmp_path / "a.csv", TRAIN),
        write(tmp_path / "b.csv", "text,label\nfine,pos\nwell,pos\n"),
    )
    assert read_corpus(path, test=test).warnings == (
        'every test document is of class "pos": who always answers so is always right [part-of-one-class]',
    )
