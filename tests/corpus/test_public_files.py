"""Columns of files in the shapes of public data sets and exports: which are found, which are asked for.

Texts are made up; headers and kinds of cells are those of the files.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from corpus_builders import documents, write

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.unsettled import Unsettled

N = 60
WORDS = (
    "harbour", "sail", "anchor", "oven", "flour", "yeast", "the", "of", "and", "we", "they", "this", "day", "room",
)  # fmt: skip
ONE_LABEL = (
    "give --task multilabel for several labels a text, keep one, or choose another column with --label"
)
Row = Callable[[int], Sequence[object]]


def text(number: int, words: int = 12, kind: int = 0) -> str:
    """Return a text of some words, another for each number and kind."""
    return " ".join(random.Random(31 * number + 1000 * kind).choices(WORDS, k=words))


def some(number: int, values: Sequence[str], kind: int = 0) -> str:
    """Return one of the values, by chance."""
    return random.Random(17 * number + 1000 * kind).choice(values)


def table(header: str, row: Row, mark: str = ",", above: str = "", below: str = "") -> str:
    """Return `N` records under a header (names divided by bars; none where it is empty)."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark, lineterminator="\n")
    writer.writerows([header.split("|")] if header else [])
    writer.writerows(row(number) for number in range(N))
    return above + out.getvalue() + below


def objects(record: Callable[[int], dict[str, object]]) -> str:
    """Return `N` records, a JSON object a line."""
    return "".join(json.dumps(record(number)) + "\n" for number in range(N))


def pair(number: int) -> tuple[str, str]:
    """Return a text and a label."""
    return text(number), "ab"[number % 2]


FOUND: dict[str, tuple[str, str, str]] = {  # by file: its content, the text column, the label column
    "reviews of a shop for apps.csv": (
        table(
            "reviewId|userName|userImage|content|score|thumbsUpCount|version|at|replyContent|repliedAt|appId",
            lambda i: (
                *(
                    f"gp:{i:016x}",
                    f"User {i}",
                    f"https://play.example/{i}",
                    text(i),
                    i % 5 + 1,
                    i % 3,
                    f"5.{i % 4}.0",
                ),
                *("2018-01-02 10:02:03", text(i, 9) if i % 9 == 0 else "", "2018-01-03 11:00:00", "com.app"),
            ),
        ),
        "content",
        "score",
    ),
    "hate speech.csv": (
        table(
            "|count|hate_speech|offensive_language|neither|class|tweet",
            lambda i: (
                3 * i,
                3,
                some(i, "0123"),
                some(i, "0123", 1),
                some(i, "0123", 2),
                i % 3,
                "RT @u: " + text(i),
            ),
        ),
        "tweet",
        "class",
    ),
    "news aggregator.csv": (
        table(
            "ID|TITLE|URL|PUBLISHER|CATEGORY|STORY|HOSTNAME|TIMESTAMP",
            lambda i: (
                *(i + 1, text(i, 9), f"http://www.x.example/a/{i}", f"Paper {i % 9}", "btem"[i % 4]),
                *(f"ddUyU0VZz0BRneMioxUPQVP6sIxvM{i // 7}", "www.x.example", 1394470370698 + 977 * i),
            ),
        ),
        "TITLE",
        "CATEGORY",
    ),
    "drug reviews.tsv": (
        table(
            "|drugName|condition|review|rating|date|usefulCount",
            lambda i: (
                206461 + 7 * i,
                some(i, "VGL"),
                some(i, "AP", 1),
                text(i),
                float(i % 10 + 1),
                "May 3, 2012",
                i % 40,
            ),
            "\t",
        ),
        "review",
        "rating",
    ),
    "assistant.jsonl": (
        objects(
            lambda i: {
                **{
                    "id": str(i),
                    "locale": "en-US",
                    "partition": "train",
                    "scenario": ("alarm", "audio")[i % 2],
                },
                **{
                    "intent": ("alarm_set", "audio_mute")[i % 2],
                    "utt": text(i, 7),
                    "annot_utt": text(i, 7) + " [time : now]",
                },
                "worker_id": str(i % 9),
            }
        ),
        "utt",
        "intent",
    ),
    "resumes.csv": (
        table(
            "ID|Resume_str|Resume_html|Category",
            lambda i: (
                16852973 + 31 * i,
                text(i, 60),
                f"<div>{text(i, 60)}</div>{'<b>x</b>' * 20}",
                ("HR", "IT")[i % 2],
            ),
        ),
        "Resume_str",
        "Category",
    ),
    "papers.jsonl": (
        objects(
            lambda i: {
                **{"id": f"0704.{i:04}", "submitter": f"A B{i % 30}", "title": text(i, 8, 1), "doi": None},
                **{
                    "comments": f"{i % 30} pages",
                    "abstract": text(i, 60),
                    "categories": ("hep-ph", "math.CO")[i % 2],
                },
                **{"update_date": "2008-11-26", "authors_parsed": [["B", "A", ""]]},
            }
        ),
        "abstract",
        "categories",
    ),
    "annotated in a browser.csv": (
        table(
            "annotation_id|annotator|created_at|id|lead_time|sentiment|text",
            lambda i: (
                i + 1,
                1 + i // 30,
                f"2023-01-01T10:00:{i:02}.1234Z",
                i + 1,
                round(2 + 0.37 * i, 3),
                "pn"[i % 2],
                text(i),
            ),
        ),
        "text",
        "sentiment",
    ),
    "boxed choices.jsonl": (
        objects(lambda i: {"id": i, "text": text(i), "sentiment": {"choices": ["pn"[i % 2]]}}),
        "text",
        "sentiment",
    ),
    "text in an object.jsonl": (
        objects(lambda i: {"id": i, "data": {"text": text(i)}, "label": "ab"[i % 2]}),
        "text",
        "label",
    ),
    "accepted or not.jsonl": (
        objects(
            lambda i: {
                **{"text": text(i), "_input_hash": 977 * i - 10**6, "_task_hash": 977 * i, "label": "SPAM"},
                **{
                    "_view_id": "classification",
                    "answer": ("accept", "reject")[i % 2],
                    "meta": {"source": "ab"[i % 2]},
                },
            }
        ),
        "text",
        "answer",
    ),
    "accepted options.jsonl": (
        objects(
            lambda i: {
                "text": text(i),
                "_task_hash": 977 * i,
                "options": [{"id": "A"}],
                "accept": ["AB"[i % 2]],
            }
        ),
        "text",
        "accept",
    ),
    "one of several.jsonl": (
        objects(lambda i: {"text": text(i), "cats": {"POS": i % 2, "NEG": 1 - i % 2}}),
        "text",
        "cats",
    ),
    "lists in cells.csv": (
        table("text|labels|username", lambda i: (text(i), f"['{'ab'[i % 2]}']", ("ada", "bo")[i // 3 % 2])),
        "text",
        "labels",
    ),
    "words in lists.csv": (
        table("tokens|label", lambda i: (repr(text(i).split()), "ab"[i % 2])),
        "tokens",
        "label",
    ),
    "words in lists.jsonl": (
        objects(lambda i: {"tokens": text(i).split(), "label": i % 2}),
        "tokens",
        "label",
    ),
    "answers to a form.csv": (
        table(
            "Timestamp|What did you like about\nthe stay? (please write)|Overall, how was it?",
            lambda i: (f"{i % 12 + 1}/3/2024 10:00:00", text(i, 14), ("Yes", "No")[i % 2]),
        ),
        "What did you like about\nthe stay? (please write)",
        "Overall, how was it?",
    ),
    "answers to a survey.csv": (
        table(
            "StartDate|ResponseId|Q1|Q2",
            lambda i: (
                (
                    ("Start Date", "Response ID", "What did you like?", "How was it?"),
                    (
                        '{"ImportId":"startDate"}',
                        '{"ImportId":"_recordId"}',
                        '{"ImportId":"QID1"}',
                        '{"ImportId":"QID2"}',
                    ),
                )[i]
                if i < 2
                else ("2024-01-02 10:00:00", f"R_{i}aX9", text(i, 14), ("Yes", "No")[i % 2])
            ),
        )
        + "2024-01-02 10:00:00,R_91,fine,Yes\n2024-01-02 10:00:00,R_92,poor,No\n",
        "Q1",
        "Q2",
    ),
    "shop.jsonl": (
        objects(
            lambda i: {
                **{
                    "reviewerID": f"A{i:012X}",
                    "asin": f"B{i % 20:07}",
                    "reviewerName": f"N {i}",
                    "verified": i % 3 == 0,
                },
                **{"reviewText": text(i, 30), "overall": float(i % 5 + 1), "summary": text(i, 4, 1)},
                **{"unixReviewTime": 1393545600 + 86400 * i, "reviewTime": "02 28, 2014"},
            }
        ),
        "reviewText",
        "overall",
    ),
    "food.csv": (
        table(
            "Id|ProductId|UserId|ProfileName|HelpfulnessNumerator|HelpfulnessDenominator|Score|Time|Summary|Text",
            lambda i: (
                i + 1,
                f"B0{i % 20}",
                f"A{i:012X}",
                f"name {i}",
                i % 3,
                i % 4,
                i % 5 + 1,
                1303862400 + i,
                text(i, 4),
                text(i),
            ),
        ),
        "Text",
        "Score",
    ),
    "class and its number.csv": (
        table(
            "target|target_names|content", lambda i: (i % 4, ("biz", "tech", "sport", "art")[i % 4], text(i))
        ),
        "content",
        "target_names",
    ),
    "surnames.csv": (
        table(
            "name|nationality",
            lambda i: (text(i, 2).replace(" ", "")[:9] + "xyz"[i % 3], ("Czech", "Irish")[i % 2]),
        ),
        "name",
        "nationality",
    ),
    "texts without blanks.csv": (
        table("", lambda i: ("好坏"[i % 2], f"这家酒店房间{text(i, 9).replace(' ', '')}{i}")),
        "2",
        "1",
    ),
    "mostly empty label.csv": (
        table("text|label|topic", lambda i: (text(i), "x" if i % 9 == 0 else "", "ab"[i % 2])),
        "text",
        "topic",
    ),
    "annotators.csv": (
        table(
            "text|annotator_1|annotator_2|final_label",
            lambda i: (text(i), *some(i, ["ab", "ba"]), "ab"[i % 2]),
        ),
        "text",
        "final_label",
    ),
    "index of pandas.csv": (table("Unnamed: 0|0|1", lambda i: (7 * i % 997, *pair(i))), "0", "1"),
    "frame without names.csv": (table("|0|1", lambda i: (i, *pair(i))), "0", "1"),
    "row names of R.csv": (table("remark|verdict", lambda i: (i + 1, *pair(i))), "remark", "verdict"),
    "comma at the end.csv": (table("remark|verdict", lambda i: (*pair(i), "")), "remark", "verdict"),
    "decimals that are none.csv": (
        table("text|stars", lambda i: (text(i), f"{i % 5 + 1}.0")),
        "text",
        "stars",
    ),
    "blank after commas.csv": (
        "text, category, label\n" + "".join(f"{text(i)}, c{i % 9}, {'ab'[i % 2]}\n" for i in range(N)),
        "text",
        " label",
    ),
    "sentences in four columns.tsv": (
        table("", lambda i: ("gj04", "01"[i % 2], "" if i % 2 else "*", text(i)), "\t"),
        "4",
        "2",
    ),
    "tweets in six columns.csv": (
        table(
            "",
            lambda i: (
                "04"[i // 30],
                1467810369 + 17 * i,
                "Mon Apr 06 22:19:45 PDT 2009",
                "NO_QUERY",
                f"u{7 * i % 31}",
                text(i),
            ),
        ),
        "6",
        "1",
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_columns_that_are_found(tmp_path: Path, name: str) -> None:
    content, text_column, label_column = FOUND[name]
    loaded = read_corpus(write(tmp_path / name, content))
    (part,) = loaded.reading.parts
    assert part.text is not None
    assert part.label is not None
    assert (part.text.column, part.label.column, part.used) == (text_column, label_column, N)


ASKED: dict[
    str, tuple[str, str, list[str]]
] = {  # by file: its content, "text" or "label", the columns that would do
    "toxic.csv": (
        table(
            "id|comment_text|toxic|obscene|insult",
            lambda i: (f"{i:016x}", text(i), i % 2, some(i, "01"), some(i, "01", 1)),
        ),
        "label",
        ["toxic", "obscene", "insult"],
    ),
    "clothing.csv": (
        table(
            "|Clothing ID|Age|Title|Review Text|Rating|Recommended IND|Positive Feedback Count|Class Name",
            lambda i: (
                i,
                700 + i % 50,
                20 + i,
                text(i, 4),
                text(i, 30),
                i % 5,
                some(i, "01"),
                i % 9,
                ("Knits", "Pants")[i % 2],
            ),
        ),
        "label",
        ["Class Name", "Rating"],
    ),
    "premises.jsonl": (
        objects(
            lambda i: {
                **{
                    "annotator_labels": ["neutral"] * 5,
                    "captionID": f"{i}.jpg#4",
                    "gold_label": ("neutral", "same")[i % 2],
                },
                **{
                    "sentence1": text(i, 14),
                    "sentence1_parse": f"(ROOT (S {text(i, 20)}))",
                    "sentence2": text(i, 7, 1),
                },
            }
        ),
        "text",
        ["sentence1", "sentence2"],
    ),
    "tickets.csv": (
        table(
            "Summary|Issue key|Issue id|Issue Type|Status|Project key|Assignee|Created|Description",
            lambda i: (
                *(
                    text(i, 6, 1),
                    f"ABC-{i}",
                    10000 + i,
                    ("Bug", "Story")[i % 2],
                    some(i, ["Open", "Done"]),
                    "ABC",
                ),
                *(some(i, ["ann", "bob"], 1), "12/Jan/24 9:05 AM", text(i, 30)),
            ),
        ),
        "label",
        ["Issue Type", "Status"],
    ),
    "tickets half described.csv": (
        table(
            "Summary|Description|Priority", lambda i: (text(i, 9), text(i, 30) if i % 2 else "", "ab"[i % 2])
        ),
        "text",
        ["Summary", "Description"],
    ),
    "pairs.csv": (
        table(
            "id|qid1|qid2|question1|question2|is_duplicate",
            lambda i: (i, 2 * i + 1, 2 * i + 2, text(i, 10), text(i, 9, 1), i % 2),
        ),
        "text",
        ["question1", "question2"],
    ),
    "coarse and fine.csv": (
        table("label-coarse|label-fine|text", lambda i: (i % 3, i % 9, text(i))),
        "label",
        ["label-coarse", "label-fine"],
    ),
    "tweets about games.csv": (
        table("", lambda i: (2401 + i, ("Borderlands", "Dota2")[i // 30], some(i, "PN"), text(i))),
        "label",
        ["2", "3"],
    ),
    "complaints.csv": (
        table(
            "Date received|Product|Complaint narrative|Company response|Timely response?|Complaint ID",
            lambda i: (
                *("01/02/2016", ("Bank account", "Mortgage")[i % 2], text(i, 70) if i % 5 else ""),
                *(some(i, [text(1, 13), text(2, 13)]), ("Yes", "No")[i % 3 == 0], 2000000 + i),
            ),
        ),
        "label",
        ["Product", "Timely response?"],
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_columns_that_are_asked_for(tmp_path: Path, name: str) -> None:
    content, role, columns = ASKED[name]
    asked: list[Unsettled] = []
    with pytest.raises(PipelineError):
        read_corpus(write(tmp_path / name, content), ask=asked.append)  # type: ignore[arg-type] # answers nothing
    assert [(one.role, [*one.columns]) for one in asked] == [(role, columns)]


REFUSED = {  # by file: its content, and what is said
    "numbers.csv": (
        table("text|score", lambda i: (text(i), f"0.{i + 100}")),
        '{path}: column "score" holds 60 different numbers (0.1 to 0.159): a number to be predicted, '
        'and models here give classes; cut it in two classes, such as --label "score>0.129", or in thirds, up to '
        '0.119, up to 0.139 and above: pandas.cut(frame["score"], [float("-inf"), 0.119, 0.139, float("inf")]), or '
        "name another column; "
        "read with header in line 1, UTF-8",
    ),
    "several labels.jsonl": (
        objects(lambda i: {"text": text(i), "labels": ["a", "b"] if i % 3 else ["a"], "lang": "ab"[i % 2]}),
        '{path}: column "labels" holds lists or objects such as ["a"], expected one label a record; '
        "give --task multilabel for several labels a text, keep one, or choose another column: --label lang; "
        "read with UTF-8",
    ),
    "scores.jsonl": (
        objects(lambda i: {"text": text(i), "cats": {"POS": 0.9, "NEG": 0.1}}),
        '{path}: column "cats" holds lists or objects such as {{"POS": 0.9, "NEG": 0.1}}, '
        "expected one label a record; "
        f"{ONE_LABEL}; read with UTF-8",
    ),
    "no labels.csv": (
        table(
            "id|text|username|created_at|lang|url|weight|hash",
            lambda i: (
                *(5000 + 3 * i, text(i), ("ada", "bo")[i % 2], "2024-01-02", "en"),
                *(f"https://x.example/{i}", i * 0.37, f"{i + 2**40:x}"),
            ),
        ),
        '{path}: "text" is the text and no other column could be the label: "id" (an identifier), '
        '"username" (names of people), "created_at" (a time), "lang" (the same in all records), '
        '"url" (where something lies), "weight" (a measurement), "hash" (an identifier); '
        "add a label column, or name one with --label; "
        "read with header in line 1, UTF-8",
    ),
    "numbers and days.csv": (
        table(
            "remarks|p|q|r|s",
            lambda i: (text(i), 5 * i % 997, f"{i % 28 + 1}.3.2024", f"{i + 2**40:x}", "@u" + "ab"[i % 2]),
        ),
        '{path}: "remarks" is the text and no other column could be the label: '
        '"p" (numbers with many different values), "q" (dates or times), '
        '"r" (a value of its own for each record), "s" (user names); '
        "add a label column, or name one with --label; read with header in line 1, UTF-8",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_label_is_named_with_its_reason(tmp_path: Path, name: str) -> None:
    content, told = REFUSED[name]
    path = write(tmp_path / name, content)
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value) == told.format(path=path)


def test_a_list_of_several_labels_that_stands_late_is_named_by_its_line(tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": text(i), "label": ["a", "b"] if i == 700 else ["ab"[i % 2]]}) for i in range(800)
    ]
    path = write(tmp_path / "late.jsonl", "\n".join(lines))
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value) == (
        f'{path}:701: column "label" is ["a", "b"]; in others lists of one label are read as that label; '
        f"{ONE_LABEL}; read with UTF-8"
    )


def test_what_is_made_of_lists_objects_and_numbers_is_said(tmp_path: Path) -> None:
    rows = [
        {"tokens": ["It", "is"], "label": ["a"]},
        {"tokens": ["So", "so"], "label": ["b"]},
        {"tokens": [], "label": []},
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    loaded = read_corpus(path, allow_losses=True)
    assert documents(loaded) == [("It is", "a"), ("So so", "b")]
    assert loaded.assumptions[-2:] == (
        f'{path}, column "tokens": lists of words are joined by blanks',
        f'{path}, column "label": lists of one label are read as that label',
    )
    stars = write(tmp_path / "b.csv", "text,stars\ngood,2.0\nbad,1.0\n")
    loaded = read_corpus(stars)
    assert loaded.corpus.label_names == ("1", "2")
    assert (
        loaded.assumptions[-1]
        == f'{stars}, column "stars": whole numbers such as 1.0 are read without the zero'
    )


def two_topics(extra: str) -> str:
    """Return documents with two columns that could be the label, the second called `extra`."""
    return table(f"text|topic|{extra}", lambda i: (text(i), "ab"[i % 2], "pn"[i // 2 % 2]))


def test_of_several_that_would_do_the_one_that_every_file_has_is_the_label(tmp_path: Path) -> None:
    corpus = write(tmp_path / "a.csv", two_topics("sentiment"))
    test = write(tmp_path / "t.csv", table("text|sentiment", lambda i: (text(i, kind=1), "pn"[i % 2])))
    loaded = read_corpus(corpus, test=test)
    assert (
        f'{corpus}: the label is column "sentiment" (the only one that every file has)' in loaded.assumptions
    )
    assert loaded.corpus.label_names == ("n", "p")


@pytest.mark.parametrize("header", ["id|sentence|target", ""])
def test_the_label_of_a_test_file_is_the_column_with_the_labels_of_the_corpus(
    tmp_path: Path, header: str
) -> None:
    corpus = write(tmp_path / "a.csv", table("text|sentiment", lambda i: (text(i), "pn"[i % 2])))
    test = write(tmp_path / "t.csv", table(header, lambda i: (900 + i, text(i, kind=1), "pn"[i % 2])))
    part = read_corpus(corpus, test=test).reading.parts[1]
    assert part.label is not None
    assert (part.label.column, part.label.how, part.used) == (
        "target" if header else "3",
        "its values are the labels of the corpus",
        N,
    )


def test_a_test_file_without_labels_is_refused_and_no_other_column_is_put_in_their_place(
    tmp_path: Path,
) -> None:
    corpus = write(
        tmp_path / "a.csv", table("id|text|target|retweeted", lambda i: (i, text(i), i % 2, some(i, "01")))
    )
    test = write(
        tmp_path / "t.csv", table("id|text|retweeted", lambda i: (i, text(i, kind=1), some(i, "01")))
    )
    with pytest.raises(PipelineError) as caught:
        read_corpus(corpus, test=test)
    assert str(caught.value) == (
        f'{test}: there is no column "target", and no other one holds its labels ("0", "1"): a file without labels '
        "cannot be scored; give one with labels; read with header in line 1, UTF-8"
    )


@pytest.mark.parametrize(("train", "test"), [("1.0", "1"), ("1", "1.0"), ("1.0", "1.00")])
def test_numbers_that_are_written_in_two_ways_are_the_same_labels(
    tmp_path: Path, train: str, test: str
) -> None:
    rows = "text,label\n" + "good,{one}\nbad,0{zero}\n" * 2
    corpus, other = (
        write(tmp_path / name, rows.format(one=one, zero=one[1:]))
        for name, one in (("a.csv", train), ("t.csv", test))
    )
    loaded = read_corpus(corpus, test=other)
    assert (loaded.corpus.label_names, loaded.corpus.labels.tolist()) == (("0", "1"), [1, 0] * 4)


def test_lists_in_cells_are_read_as_python_and_numpy_show_them(tmp_path: Path) -> None:
    rows = "tokens;label\n['It', \"isn't\"];['a']\n['So' 'so' 'well'];['b']\n"
    path = write(tmp_path / "a.csv", rows)
    assert documents(read_corpus(path)) == [("It isn't", "a"), ("So so well", "b")]
    path = write(tmp_path / "b.csv", "text;label\n[deleted] by a reader;a\n[link] of it;b\n")
    assert documents(read_corpus(path)) == [("[deleted] by a reader", "a"), ("[link] of it", "b")]
