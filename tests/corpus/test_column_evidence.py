"""What a column holds outweighs a weak name; what was assumed, and what would say otherwise, is told."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from corpus_builders import write

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus

SHORT = ("sun", "sea", "rain", "snow", "hail")
WORDS = ("we", "went", "there", "by", "train", "and", "saw", "hills", "lakes", "towns", "people", "birds")


def short(number: int) -> str:
    return f"{SHORT[number % 5]} and {SHORT[number % 4]} {number}"


def long(number: int) -> str:
    return " ".join(WORDS[(number * place) % 12] for place in range(1, 40)) + f" {number}"


def table(header: str, *makers: object, rows: int = 60) -> str:
    """Return a CSV whose cells are made of the number of their record, or taken in turns from a list."""
    lines = [header]
    for number in range(rows):
        cells = [make(number) if callable(make) else make[number % len(make)] for make in makers]  # type: ignore[index]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def chosen(path: Path) -> tuple[str, str]:
    first = read_corpus(path).reading.parts[0]
    assert first.text is not None
    assert first.label is not None
    return first.text.words(), first.label.words()


def refused(path: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    return str(caught.value).removeprefix(f"{path}: ").removesuffix("; read with header in line 1, UTF-8")


# --- the text


@pytest.mark.parametrize("weak", ["title", "headline", "subject", "Summary"])
def test_a_much_longer_text_of_unknown_name_outweighs_a_title(tmp_path: Path, weak: str) -> None:
    path = write(tmp_path / "a.csv", table(f"{weak},selftext,label", short, long, "xy"))
    text, label = chosen(path)
    assert text.startswith('"selftext" (')
    assert text.endswith(f' times as long as "{weak}"; --text {weak},selftext takes both)')
    assert label == '"label" (by its name)'


def test_a_title_stays_the_text_beside_a_column_that_few_records_fill(tmp_path: Path) -> None:
    def notes(number: int) -> str:
        return long(number) if number % 10 == 0 else ""

    path = write(tmp_path / "a.csv", table("title,notes,label", short, notes, "xy"))
    assert chosen(path)[0] == '"title" (by its name)'


def test_a_title_stays_the_text_beside_stock_answers(tmp_path: Path) -> None:
    answers = [long(1), long(2)]
    path = write(tmp_path / "a.csv", table("title,advice,label", short, answers, "xy"))
    assert chosen(path)[0] == '"title" (by its name)'


def test_a_title_beside_a_text_that_is_hardly_longer_is_taken_and_both_are_offered(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", table("title,teaser,label", short, lambda n: f"see why {short(n)}", "xy")
    )
    assert chosen(path)[0] == '"title" (by its name; --text title,teaser takes both)'


@pytest.mark.parametrize("strong", ["text", "review", "sentence", "content", "body", "message", "comment"])
def test_a_strong_name_wins_over_a_longer_text(tmp_path: Path, strong: str) -> None:
    path = write(tmp_path / "a.csv", table(f"{strong},background,label", short, long, "xy"))
    assert chosen(path)[0] == f'"{strong}" (by its name)'


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("title,body,label", '"body" (by its name; --text title,body takes both)'),
        (
            "hypothesis,premise,label",
            '"premise" (the longest of the columns with a text\'s name; --text hypothesis,premise takes both)',
        ),
    ],
)
def test_two_good_texts_are_offered_as_one(tmp_path: Path, header: str, text: str) -> None:
    path = write(tmp_path / "a.csv", table(header, short, long, "xy"))
    assert chosen(path)[0] == text
    assert len(read_corpus(path, text_column=header.removesuffix(",label")).corpus.texts) == 60


def test_a_text_in_another_form_is_not_offered(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table("text,cleaned_text,label", long, long, "xy"))
    assert chosen(path)[0] == '"text" (by its name)'


def test_the_question_which_text_offers_both(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", "question1,question2,is_duplicate\nwhy so,why then,1\nwhat of,who is,0\n"
    )
    assert refused(path).endswith(
        "choose one: --text question1, --text question2, or both: --text question1,question2"
    )


@pytest.mark.parametrize("values", [["pos", "neg"], ["0", "1"]])
def test_exchanged_names_of_text_and_label_are_told_with_the_option(
    tmp_path: Path, values: list[str]
) -> None:
    path = write(tmp_path / "a.csv", table("label,text", long, values))
    assert chosen(path) == (
        '"label" (the longest text: it and "text" seem exchanged; --text text --label label takes them as they are '
        "called)",
        '"text" (no other column could be it)',
    )


# --- the label


def sometimes(number: int) -> str:
    return "xy"[number // 10 % 2] if number % 10 == 0 else ""


def test_a_mostly_empty_label_is_not_replaced(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        table("text,label,lang,mood", long, sometimes, ["en", "de"], ["sad", "sad", "gay"]),
    )
    assert refused(path) == (
        'column "label" is called a label, and has a value in 6 of 60 records (10.0 %); choose another column: '
        "--label mood, --label lang, or fill it, or go on with the 6 alone: --label label --allow-losses"
    )
    assert len(read_corpus(path, label_column="label", allow_losses=True).corpus.texts) == 6


def test_an_empty_label_is_not_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table("text,label,zone", long, [""], ["n", "n", "s"]))
    assert refused(path) == (
        'column "label" is called a label, and has a value in none of 60 records; choose another column: '
        "--label zone, or fill it"
    )


def test_a_column_without_any_value_that_an_export_calls_tags_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table("text,Tags,zone", long, [""], ["n", "n", "s"]))
    assert chosen(path)[1] == '"zone" (no other column could be it; "Tags" is none: empty)'


def test_a_mostly_empty_column_beside_the_label_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table("text,sentiment,sentiment_gold", long, "xy", sometimes))
    assert chosen(path)[1] == (
        '"sentiment" (by its name; "sentiment_gold" has a value in 6 of 60 records (10.0 %))'
    )


def test_another_column_is_the_label_where_the_one_that_is_called_so_is_the_same_in_all_records(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "a.csv", table("text,sentiment,lang", long, ["none"], ["en", "de"]))
    assert chosen(path)[1] == (
        '"lang" (no other column could be it; "sentiment" is none: the same in all records)'
    )


@pytest.mark.parametrize(
    ("header", "makers", "order"),
    [
        # the name: where a record is from last, what may be a label before what is unknown
        (
            "lang,zone,note,verdict",
            (["en", "de"], ["n", "n", "s", "s"], long, ["in", "in", "in", "out", "out", "out"]),
            "verdict, zone, lang",
        ),
        # the share filled
        ("p,note,q", (["a", "b", ""], long, ["c", "d"]), "q, p"),
        # classes against documents
        ("p,note,q", ([f"k{number}" for number in range(25)], long, ["c", "d"]), "q, p"),
        # balance
        ("p,note,q", (["a"] * 9 + ["b"], long, ["c", "d"]), "q, p"),
        # type: words before numbers, numbers before yes and no
        (
            "o,p,note,q",
            (["yes", "no"], ["1", "2", "2", "1"], long, ["c", "d", "d", "d", "c", "c"]),
            "q, p, o",
        ),
    ],
)
def test_columns_that_could_be_the_label_stand_by_likelihood_not_by_place(
    tmp_path: Path, header: str, makers: tuple, order: str
) -> None:
    path = write(tmp_path / "a.csv", table(header, *makers))
    options = ", ".join(f"--label {name}" for name in order.split(", "))
    assert refused(path).endswith(f"could each be the label; choose one: {options}")


# --- many columns


def test_many_columns_are_read_in_time_that_grows_as_they_do(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        makers = [[f"k{number}" for number in range(count % 7 + 2)], ["a", "b", "b"]] * (count // 2)
        path = write(tmp_path / "a.csv", table(",".join(f"{i}_x" for i in range(count)), *makers, rows=30))
        began = time.process_time()
        with pytest.raises(PipelineError):
            read_corpus(path)
        return time.process_time() - began

    seconds(10)
    assert seconds(800) < 16 * max(seconds(100), 0.05)  # eight times the columns; each with each would be 64
