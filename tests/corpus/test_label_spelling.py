"""Labels that are written in several ways, or say that there is none; texts that say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.corpus.asked.classes import ClassOptions, read_map
from pipeline.corpus.loading import read_corpus
from tests.corpus_builders import write


def _file(path: Path, labels: Sequence[str]) -> Path:
    rows = "".join(f'a film number {number},"{label}"\n' for number, label in enumerate(labels))
    return write(path, "text,label\n" + rows)


def _classes(path: Path) -> tuple[str, ...]:
    return read_corpus(path, allow_losses=True).corpus.label_names


@pytest.mark.parametrize(
    "other", ["pos ", "\u00a0pos", "po\u00ads", "pos\u200b", "\ufeffpos", "pos\u200d", "\tpos", "pos\u3000"]
)
def test_labels_that_differ_in_what_nobody_sees_are_one(tmp_path: Path, other: str) -> None:
    assert _classes(_file(tmp_path / "a.csv", ["pos", other, "neg"] * 3)) == ("neg", "pos")


def test_two_forms_of_a_letter_and_two_blanks_are_one_and_said(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.csv", ["caf\u00e9", "cafe\u0301", "so  so", "so so"])
    loaded = read_corpus(path)
    assert loaded.corpus.label_names == ("caf\u00e9", "so so")
    assert loaded.assumptions[-1] == (
        f'{path}, column "label": labels such as "cafe‹U+0301›", "so  so" are read as "café", "so so": '
        "they differ in what nobody sees (blanks, characters without width, two forms of a letter)"
    )


def test_a_rule_finds_a_label_that_is_written_with_what_nobody_sees(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.csv", ["pos\u200b", "neg", "bad "])
    options = ClassOptions(read_map("pos\u200b=good"), drop=("bad ",))
    assert read_corpus(path, classes=options).corpus.label_names == ("good", "neg")


@pytest.mark.parametrize("marks", ["''", "``", "“”", "«»"])
def test_quotation_marks_around_every_label_are_left_out(tmp_path: Path, marks: str) -> None:
    labels = [f"{marks[0]}{label}{marks[1]}" for label in ("pos", "neg")]
    assert _classes(_file(tmp_path / "a.csv", labels * 3)) == ("neg", "pos")
    assert _classes(_file(tmp_path / "b.csv", [*labels, "it's"])) == tuple(sorted([*labels, "it's"]))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (("1", "01", "1.0", "spam"), 'labels "01", "1", "1.0" differ only in how a number is written; they are '
         'kept apart; --map "01,1.0=1" joins them [labels-alike]'),
        (("sci-fi", "Sci_Fi", "drama"), 'labels "Sci_Fi", "sci-fi" differ only in case, blanks or hyphens; they '
         'are kept apart; --map "Sci_Fi=sci-fi" joins them [labels-alike]'),
        (("\uff11", "1", "2"), 'labels "1", "\uff11" differ only in the form of their characters; they are kept '
         'apart; --map "\uff11=1" joins them [labels-alike]'),
        (("Pos", "POS", "neg"), 'labels "POS", "Pos" differ only in case or blanks; they are kept apart; '
         '--map "Pos=POS" joins them [labels-alike]'),
    ],
)  # fmt: skip
def test_labels_that_may_be_one_are_told_once_with_the_map_that_joins_them(
    tmp_path: Path, labels: tuple[str, ...], said: str
) -> None:
    assert read_corpus(_file(tmp_path / "a.csv", labels * 2)).warnings == (said,)


@pytest.mark.parametrize(
    "labels", [("C++", "C#", "C"), ("+", "-", "--+"), ("1", "-1", "10"), ("e1", "1e1", "x")]
)
def test_labels_that_differ_in_marks_are_not_alike(tmp_path: Path, labels: tuple[str, ...]) -> None:
    assert read_corpus(_file(tmp_path / "a.csv", labels * 2)).warnings == ()


# --- labels that say that there is none


@pytest.mark.parametrize(
    "missing",
    ["nan", "NaN", "NULL", "None", "N/A", "NA", "-", "Not Available", "#N/A", "<NA>", "?", "(null)", "n.a."],
)
def test_a_label_that_spells_a_missing_value_goes_to_the_ledger(tmp_path: Path, missing: str) -> None:
    path = _file(tmp_path / "a.csv", ["pos", "neg"] * 30 + [missing])
    loaded = read_corpus(path)
    assert loaded.corpus.label_names == ("neg", "pos")
    assert [(entry.reason, entry.lines) for entry in loaded.ledger.dropped] == [("missing value", (62,))]
    assert loaded.assumptions[-1] == (
        f'label "{missing}" (1 record) is read as a missing value; --map "{missing}={missing}" keeps it as a class'
    )


@pytest.mark.parametrize("labels", [("FAVOR", "AGAINST", "NONE"), ("yes", "no", "none"), ("EU", "AS", "NA")])
def test_an_answer_that_is_called_none_is_a_class_and_said(tmp_path: Path, labels: tuple[str, ...]) -> None:
    loaded = read_corpus(_file(tmp_path / "a.csv", labels * 6))
    assert {*loaded.corpus.label_names} == {*labels}
    assert loaded.assumptions[-1] == (
        f'class "{labels[2]}" (6 documents) is kept: it may be an answer as well as a missing value; '
        f"--drop-class {labels[2]} leaves it out"
    )


def test_none_is_missing_where_it_is_written_otherwise_than_the_labels_or_seldom(tmp_path: Path) -> None:
    assert _classes(_file(tmp_path / "a.csv", ["pos", "neg", "None"] * 6)) == ("neg", "pos")
    assert _classes(_file(tmp_path / "b.csv", ["pos", "neg"] * 30 + ["none"] * 4)) == ("neg", "pos")
    assert _classes(_file(tmp_path / "c.csv", ["1", "2", "None"] * 6)) == ("1", "2")


def test_plus_and_minus_are_classes(tmp_path: Path) -> None:
    assert _classes(_file(tmp_path / "a.csv", ["+", "-"] * 6)) == ("+", "-")


def test_a_missing_label_that_a_rule_names_is_a_class(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.csv", ["pos", "neg", "nan"] * 6)
    assert read_corpus(path, classes=ClassOptions(read_map("nan=nan"))).corpus.label_names == (
        "nan",
        "neg",
        "pos",
    )


def test_many_missing_labels_are_refused_with_what_keeps_them(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.csv", ["pos", "neg", "nan"] * 6)
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value).startswith(
        f"{path}: 6 of 18 records are left out (33.3 %): 6 missing value ({path}:4, {path}:7, {path}:10 and 3 more); "
        "correct them, choose other columns with --text and --label, or go on without them: --allow-losses; "
        '--map "NAME=NAME" keeps a label NAME that is read as a missing value; read with'
    )


def test_numbers_beside_nan_are_read_without_the_zero(tmp_path: Path) -> None:
    assert _classes(_file(tmp_path / "a.csv", ["0.0", "1.0"] * 30 + ["nan"])) == ("0", "1")


def test_a_missing_label_of_a_test_file_goes_to_the_ledger(tmp_path: Path) -> None:
    corpus = _file(tmp_path / "a.csv", ["pos", "neg"] * 6)
    test = _file(tmp_path / "t.csv", ["pos", "neg"] * 30 + ["NULL"])
    loaded = read_corpus(corpus, test=test)
    assert [(entry.reason, entry.file, entry.lines) for entry in loaded.ledger.dropped] == [
        ("missing value", str(test), (62,))
    ]


def test_texts_that_say_only_that_there_is_none_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"a film number {number},{'pos' if number % 2 else 'neg'}\n" for number in range(6))
    path = write(tmp_path / "a.csv", f"text,label\n{rows}[deleted],pos\nNULL,neg\n[deleted],pos\n")
    loaded = read_corpus(path)
    assert len(loaded.corpus.texts) == 9
    assert loaded.warnings == (
        '3 texts say only that there is none ("[deleted]" (2), "NULL" (1)) in column "text", and are kept'
        " [texts-that-say-none]",
    )


# --- labels of a test file that are written otherwise


@pytest.mark.parametrize(
    ("training", "tested", "rule"),
    [
        (("pos", "neg"), ("Pos", "Neg"), "Neg=neg;Pos=pos"),
        (("0", "1"), ("00", "01"), "00=0;01=1"),
        (("pos", "neg"), ("positive", "negative"), "negative=neg;positive=pos"),
        (("very good", "bad"), ("very_good", "BAD"), "BAD=bad;very_good=very good"),
    ],
)
def test_a_test_file_with_other_spellings_is_refused_with_the_map_that_joins_them(
    tmp_path: Path, training: tuple[str, ...], tested: tuple[str, ...], rule: str
) -> None:
    corpus, test = _file(tmp_path / "a.csv", training * 3), _file(tmp_path / "t.csv", tested * 2)
    with pytest.raises(PipelineError) as caught:
        read_corpus(corpus, test=test)
    assert (
        f'; --map "{rule}" joins them with the labels of the corpus; else correct the 4 rows with such labels '
        "(2, 3, 4 and 1 more), or leave them out with --only-known-classes; read with"
    ) in str(caught.value)
    joined = read_corpus(corpus, test=test, classes=ClassOptions(read_map(rule)))
    assert {*joined.corpus.label_names} == {*training}


def test_blanks_around_the_labels_of_a_test_file_are_no_difference(tmp_path: Path) -> None:
    corpus, test = _file(tmp_path / "a.csv", ["pos", "neg"] * 3), _file(tmp_path / "t.csv", ["pos ", " neg"])
    assert read_corpus(corpus, test=test).corpus.label_names == ("neg", "pos")
