"""Fields between delimiters that few files have, and quoted fields with blanks around them."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_builders import documents, write

from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.unusual import find_unusual

ROWS = [("so, a good film", "pos"), ("bad", "neg"), ("fine, fine, fine", "pos"), ("a sad, dull book", "neg")]
MARKS = (
    " ::: ", "::", ":::", "^", "~", "|||", " ||| ", "||", "\x01", "\\t", "§", "$$", "##", " => ", " -> ", " +++$+++ ",
    "@@",
)  # fmt: skip


def said(path: Path) -> str:
    return "\n".join(read_corpus(path).assumptions)


# --- unusual delimiters


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.dat", "a"])
def test_fields_between_unusual_delimiters_are_read(tmp_path: Path, name: str, mark: str) -> None:
    path = write(tmp_path / name, "".join(f"{text}{mark}{label}\n" for text, label in ROWS))
    assert documents(read_corpus(path)) == ROWS


@pytest.mark.parametrize("mark", MARKS)
def test_a_header_between_unusual_delimiters_is_one(tmp_path: Path, mark: str) -> None:
    path = write(
        tmp_path / "a.csv", f"label{mark}text\n" + "".join(f"{label}{mark}{text}\n" for text, label in ROWS)
    )
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert f"{path}: the first line is a header" in loaded.assumptions


@pytest.mark.parametrize("mark", MARKS)
def test_a_label_between_a_number_and_a_text_is_found(tmp_path: Path, mark: str) -> None:
    rows = [
        f"{number}{mark}{label}{mark}{text}, so\n"
        for number, (text, label) in enumerate([ROWS[1], *ROWS[:3]])
    ]
    path = write(tmp_path / "a.dat", "".join(rows))
    assert documents(read_corpus(path, text_column="3", label_column="2"))[1] == (
        "so, a good film, so",
        "pos",
    )


GENRES = """1 ::: Oscar et la dame rose (2009) ::: drama ::: Listening in to a conversation, Oscar learns the truth.
2 ::: Cupid (1997) ::: thriller ::: A brother and sister: with a past, and more.
3 ::: Young, Wild and Wonderful (1980) ::: drama ::: As the bus empties the students for their trip to the museum.
4 ::: The Secret Sin (1915) ::: thriller ::: To help their unemployed father make ends meet.
"""


def test_films_with_a_genre_are_read_by_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "train_data.txt", GENRES)
    loaded = read_corpus(path)
    assert [label for _, label in documents(loaded)] == ["drama", "thriller", "drama", "thriller"]
    assert documents(loaded)[1][0] == "A brother and sister: with a past, and more."
    assert f'{path}: fields are separated by " ::: "' in loaded.assumptions
    assert 'no header, UTF-8, fields between " ::: ", 4 records read' in loaded.reading.line()


def test_a_line_with_more_fields_goes_to_the_ledger_by_its_number(tmp_path: Path) -> None:
    lines = [*(f"{text}::{label}" for text, label in ROWS * 5), "a::b::pos"]
    loaded = read_corpus(write(tmp_path / "a.txt", "\n".join(lines) + "\n"), allow_losses=True)
    (dropped,) = loaded.ledger.dropped
    assert dropped.lines == (21,)


def test_sentences_and_their_mood_behind_an_at_sign_are_read(tmp_path: Path) -> None:
    lines = [
        "Sales rose , to EUR 5 mn .@positive",
        "Café sales fell .@negative",
        "It is in Oulu , Espoo .@positive",
    ]
    path = write(
        tmp_path / "Sentences_50Agree.txt", "\n".join([*lines, "So , no .@negative"]).encode("latin-1")
    )
    assert documents(read_corpus(path))[:2] == [
        ("Sales rose , to EUR 5 mn .", "positive"),
        ("Café sales fell .", "negative"),
    ]


def test_the_delimiter_inside_quotation_marks_belongs_to_the_text(tmp_path: Path) -> None:
    lines = [*(f'"{text}"||"{label}"' for text, label in ROWS * 5), '"a || b"||"pos"']
    loaded = read_corpus(write(tmp_path / "a.txt", "\n".join(lines) + "\n"))
    assert documents(loaded)[-1] == ("a || b", "pos")


def test_a_control_character_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "".join(f"{text}\x01{label}\n" for text, label in ROWS))
    assert "fields are separated by the character U+0001" in said(path)


@pytest.mark.parametrize(
    "text",
    [
        "text,label\na::b,pos\nc::d,neg\ne::f,pos\n",
        "pos,RT @a: good\nneg,RT @b: bad\npos,RT @c: so\n",
        "pos\ta => b\nneg\tc => d\npos\te => f\n",
        "http://a.b/c good\nhttp://a.b/d bad\nhttp://a.b/e so\n",
        "so :-) good\nso :-) bad\nso :-) fine\n",
        "one @a\ntwo @b\nthree @c\n",
        "RT @a good\nvia @b bad\nRT @a fine\nvia @b dull\n",
        "a == b\nc == d\ne == f\n",
        '"a, b","x::y"\n"c","x::z"\n"d, e, f","x::y"\n',
        "a::b\nc::d\n",
    ],
)
def test_what_stands_in_every_line_by_accident_divides_nothing(text: str) -> None:
    assert find_unusual(text) is None


# --- quoted fields with blanks around them


@pytest.mark.parametrize("mark", [", ", " , ", "; ", " ; ", " | "])
def test_a_blank_before_a_quotation_mark_does_not_break_quoting(tmp_path: Path, mark: str) -> None:
    lines = [
        'pos{}"good, film; or | not"',
        'neg{}"bad"',
        'pos{}"so ""fine"", and',
        'good"',
        'neg{}"dull, dull, dull"',
    ]
    path = write(tmp_path / "a.csv", "\n".join(line.format(mark) for line in lines) + "\n")
    loaded = read_corpus(path)
    assert [text for text, _ in documents(loaded)] == [
        "good, film; or | not",
        "bad",
        'so "fine", and\ngood',
        "dull, dull, dull",
    ]
    assert f"{path}: blanks around quoted fields are left out" in loaded.assumptions


def test_a_header_with_blanks_and_quotation_marks_names_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", '"text", "label"\n"good, so", "pos"\n"bad", "neg"\n')
    loaded = read_corpus(path)
    assert documents(loaded) == [("good, so", "pos"), ("bad", "neg")]
    assert loaded.reading.parts[0].label.words() == '"label" (by its name)'


def test_records_behind_quoted_fields_with_blanks_keep_their_lines(tmp_path: Path) -> None:
    text = 'text, label\n"good,\nso", "pos"\n"bad", "neg"\n"", "neg"\n'
    loaded = read_corpus(write(tmp_path / "a.csv", text), allow_losses=True)
    (dropped,) = loaded.ledger.dropped
    assert dropped.lines == (5,)


def test_marks_of_speech_behind_a_comma_stay_in_a_text_that_is_quoted(tmp_path: Path) -> None:
    text = 'text,label\n"he said, ""good"", so",pos\n"bad, ""dull""",neg\n'
    path = write(tmp_path / "a.csv", text)
    assert documents(read_corpus(path)) == [('he said, "good", so', "pos"), ('bad, "dull"', "neg")]
    assert "blanks around" not in said(path)


def test_marks_of_speech_that_enclose_no_whole_field_stay_as_they_are(tmp_path: Path) -> None:
    text = 'text,label\nso good,pos\n"bad" she said, "dull" it is,neg\n'
    loaded = read_corpus(write(tmp_path / "a.csv", text + "fine,pos\nsad,neg\n" * 20), allow_losses=True)
    assert [dropped.lines for dropped in loaded.ledger.dropped] == [(3,)]
    assert not any("blanks around" in words for words in loaded.assumptions)
