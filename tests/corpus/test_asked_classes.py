"""`--map`, `--drop-class`, `--only-known-classes`: classes merged, renamed and left out, each record in the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_builders import documents, write

from pipeline.core.errors import PipelineError
from pipeline.core.values import Dropped
from pipeline.corpus.asked.classes import ClassOptions, read_map
from pipeline.corpus.loading import read_corpus

STARS = "text,label\na,1\nb,2\nc,3\nd,4\ne,5\nf,3\n"
TEST = "text,label\ng,5\nh,9\ni,1\nj,8\nk,9\n"


def mapped(rules: str, *drop: str, only_known: bool = False) -> ClassOptions:
    return ClassOptions(read_map(rules), drop, only_known)


def refused(path: Path, classes: ClassOptions, test: Path | None = None) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path, test=test, classes=classes)
    return str(caught.value).partition("; read with ")[0]  # what that says has tests of its own


# --- --map


def test_classes_are_merged_and_left_out_as_the_rules_say(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", STARS)
    loaded = read_corpus(path, classes=mapped("4,5=good;1,2=bad;3="))
    assert documents(loaded) == [("a", "bad"), ("b", "bad"), ("d", "good"), ("e", "good")]
    assert loaded.corpus.records.tolist() == [0, 1, 3, 4]
    assert loaded.ledger.dropped == (Dropped('of class "3" (--map)', str(path), (2, 5), (4, 7)),)
    assert loaded.assumptions[-1] == (
        'classes: "4", "5" become "good"; "1", "2" become "bad"; "3" is left out (--map)'
    )


def test_a_class_that_no_rule_names_stays_and_that_is_said(tmp_path: Path) -> None:
    loaded = read_corpus(write(tmp_path / "a.csv", STARS), classes=mapped("5=4"))
    assert loaded.corpus.label_names == ("1", "2", "3", "4")
    assert loaded.assumptions[-1] == ('classes: "5" becomes "4"; "1", "2", "3", "4" stay as they are')


def test_names_may_hold_the_marks_of_a_rule_in_quotation_marks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\na,"x,y"\nb,x=y\nc,"it\'s; so"\nd,z\n')
    rules = """ 'x,y' , "x=y" = 'a;b' ; 'it''s; so'=z """
    assert documents(read_corpus(path, classes=mapped(rules))) == [
        ("a", "a;b"),
        ("b", "a;b"),
        ("c", "z"),
        ("d", "z"),
    ]


def test_rules_hold_for_test_files_too_and_may_name_what_only_they_have(tmp_path: Path) -> None:
    path, test = write(tmp_path / "a.csv", STARS), write(tmp_path / "test.csv", TEST)
    loaded = read_corpus(path, test=test, classes=mapped("8,9=;4,5=good;1,2=bad"))
    assert documents(loaded)[6:] == [("g", "good"), ("i", "bad")]
    assert loaded.corpus.records[6:].tolist() == [0, 2]
    assert loaded.ledger.dropped == (
        Dropped('of class "8" (--map)', str(test), (3,), (5,)),
        Dropped('of class "9" (--map)', str(test), (1, 4), (3, 6)),
    )


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ("4,5", '"4,5" is no rule'),
        ("=good", '"=good" is no rule'),
        ("4=good=fine", '"4=good=fine" is no rule'),
        ("4=good,fine", '"4=good,fine" is no rule'),
        ("'4=good", "the quotation mark at character 1 encloses no whole name"),
        ("4='good'x", "the quotation mark at character 3 encloses no whole name"),
    ],
)
def test_what_is_no_rule_is_refused_before_a_file_is_read(rules: str, what: str) -> None:
    with pytest.raises(PipelineError) as caught:
        read_map(rules)
    assert str(caught.value) == (
        f'--map: {what}; write it like --map "4,5=good;1,2=bad;3=", and names that hold , ; or = in quotation'
        " marks of their own"
    )


def test_a_class_in_two_rules_is_refused() -> None:
    with pytest.raises(PipelineError) as caught:
        read_map("4=good;4=bad")
    assert str(caught.value) == '--map: "4" stands in two places; name each class once'


def test_a_name_that_no_record_has_is_refused_with_what_may_be_meant(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\na,positive\nb,negative\n")
    assert refused(path, mapped("postive=pos")) == (
        '--map: no record has the label "postive" in column "label"; did you mean "positive"?'
    )
    assert refused(write(tmp_path / "b.csv", STARS), mapped("9=x")) == (
        '--map: no record has the label "9" in column "label"; the labels are "1", "2", "3", "4", "5"'
    )


# --- --drop-class


def test_classes_are_left_out_one_by_one_or_as_a_list(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", STARS)
    loaded = read_corpus(path, classes=mapped("", "1,2", "3"))
    assert documents(loaded) == [("d", "4"), ("e", "5")]
    assert [(entry.reason, entry.rows) for entry in loaded.ledger.dropped] == [
        ('of class "1" (--drop-class)', (0,)),
        ('of class "2" (--drop-class)', (1,)),
        ('of class "3" (--drop-class)', (2, 5)),
    ]
    assert loaded.assumptions[-1] == (
        'classes: "1", "2", "3" are left out (--drop-class); "4", "5" stay as they are'
    )


def test_of_many_classes_the_ledger_has_one_reason(tmp_path: Path) -> None:
    rows = "".join(f"text {number},{number}\n" for number in range(14))
    path = write(tmp_path / "a.csv", f"text,label\n{rows}")
    loaded = read_corpus(
        path, label_column="label", classes=mapped("", ",".join(str(number) for number in range(2, 14)))
    )
    (entry,) = loaded.ledger.dropped
    assert (entry.reason, entry.rows) == ("of a class left out (--drop-class)", tuple(range(2, 14)))


def test_a_class_whose_own_name_holds_a_comma_wins_over_the_list(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\na,"x, y"\nb,x\nc,y\n')
    assert read_corpus(path, classes=mapped("", "x, y")).corpus.label_names == ("x", "y")


def test_a_class_is_named_as_the_map_leaves_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", STARS)
    loaded = read_corpus(path, classes=mapped("4,5=good", "good"))
    assert loaded.corpus.label_names == ("1", "2", "3")
    assert refused(path, mapped("4,5=good", "4")) == (
        '--drop-class: no record has the label "4" in column "label"; the labels are "1", "2", "3", "good"'
    )


# --- --only-known-classes


def test_records_of_a_class_unknown_to_training_are_left_out_counted_and_said(tmp_path: Path) -> None:
    path, test = write(tmp_path / "a.csv", STARS), write(tmp_path / "test.csv", TEST)
    loaded = read_corpus(path, test=test, classes=mapped("", only_known=True))
    assert documents(loaded)[6:] == [("g", "5"), ("i", "1")]
    assert loaded.corpus.records[6:].tolist() == [0, 2]
    reason = "of a class that training does not have (--only-known-classes)"
    assert loaded.ledger.dropped == (Dropped(reason, str(test), (1, 3, 4), (3, 5, 6)),)
    assert loaded.warnings == (
        f"{test}: 3 of 5 records left out (--only-known-classes), of classes that training does not have: "
        '"9" (2), "8" (1) [unknown-classes-left-out]',
    )


def test_a_class_that_is_left_out_of_training_is_unknown_to_no_one(tmp_path: Path) -> None:
    path, test = write(tmp_path / "a.csv", STARS), write(tmp_path / "test.csv", TEST)
    loaded = read_corpus(path, validation=test, classes=mapped("", "5", only_known=True))
    assert documents(loaded)[5:] == [("i", "1")]
    assert [(entry.reason[:12], entry.rows) for entry in loaded.ledger.dropped] == [
        ('of class "5"', (4,)),
        ('of class "5"', (0,)),
        ("of a class t", (1, 3, 4)),
    ]


def test_without_the_option_the_refusal_names_it_the_class_and_the_records(tmp_path: Path) -> None:
    path, test = write(tmp_path / "a.csv", STARS), write(tmp_path / "test.csv", TEST)
    assert refused(path, ClassOptions(), test) == (
        f'{test}:3: column `label` is "9"; the labels are "1", "2", "3", "4", "5"; correct the 3 rows with such '
        "labels (3, 5, 6), or leave them out with --only-known-classes"
    )


def test_one_class_left_is_refused_with_the_options_that_left_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", STARS)
    assert refused(path, mapped("2,3,4,5=", "")) == (
        '--map: every document left has the label "1"; a comparison needs two classes: merge or leave out fewer'
    )
    assert refused(path, mapped("1,2,3=low", "4", "5")) == (
        '--map and --drop-class: every document left has the label "low"; a comparison needs two classes: '
        "merge or leave out fewer"
    )
