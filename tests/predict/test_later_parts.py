"""A file whose later part is not like its first megabytes: right, or a row with its reason, or said."""

from __future__ import annotations

import json

import polars as pl
import pytest
from predict_builders import Asked, asked  # noqa: F401 -- a fixture

from pipeline.core.errors import PipelineError
from pipeline.predict import blocks, delimited, predicting

FIRST = [f"{number},{'good' if number % 2 else 'bad'} film" for number in range(20)]
N_FIRST = len(FIRST)


@pytest.fixture(autouse=True)
def read_in_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge files by their first 100 bytes."""
    monkeypatch.setattr(blocks, "BLOCK", 100)
    monkeypatch.setattr(delimited, "SAMPLE_BYTES", 100)


def later(asked: Asked, *lines: str, encoding: str = "utf-8") -> list[dict[str, object]]:  # noqa: F811
    """Return the answers to lines that follow on many others in a table."""
    content = "\n".join(["id,review", *FIRST, *lines, ""])
    rows = asked.rows("a.csv", content.encode(encoding))
    assert [row["predicted"] for row in rows[:N_FIRST]] == ["neg", "pos"] * (N_FIRST // 2)
    return rows[N_FIRST:]


def test_more_or_fewer_fields_are_a_reason(asked: Asked) -> None:  # noqa: F811
    rows = later(asked, "20,good,bad", "21", "22;good", "23,good")
    assert [(row["predicted"], row["reason"]) for row in rows] == [
        (None, "the record has 3 fields, expected 2"),
        (None, "the record has 1 fields, expected 2"),
        (None, "the record has 1 fields, expected 2"),
        ("pos", None),
    ]


def test_a_text_that_becomes_a_number_is_a_text(asked: Asked) -> None:  # noqa: F811
    (row, _) = later(asked, "20,17", "21,good")
    assert (row["review"], row["predicted"], row["reason"]) == ("17", "neg", None)


def test_quotation_marks_may_begin_anywhere(asked: Asked) -> None:  # noqa: F811
    rows = later(asked, '20,"good,', 'good"', "21,bad")
    assert [(row["review"], row["predicted"]) for row in rows] == [("good,\ngood", "pos"), ("bad", "neg")]


@pytest.mark.parametrize(
    ("encoding", "said"), [("cp1252", "further on the encoding is Windows-1252"), ("utf-8", "")]
)
def test_another_encoding_is_found_and_said(asked: Asked, encoding: str, said: str) -> None:  # noqa: F811
    (row,) = later(asked, "20,ein schöner good Film für mich", encoding=encoding)
    assert (row["review"], row["predicted"]) == ("ein schöner good Film für mich", "pos")
    assert said in asked.told
    assert ("the encoding is" in asked.told) == bool(said)


def test_of_json_other_types_and_keys_are_answered_or_a_reason(asked: Asked) -> None:  # noqa: F811
    first = [{"review": "good"}] * N_FIRST
    others = [
        {"review": 5},
        {"review": ["a", "good"]},
        {"review": {"x": 1}},
        {"text": "good"},
        {"review": None},
    ]
    content = "".join(json.dumps(row) + "\n" for row in (*first, *others, {"review": "bad", "more": 1}))
    rows = asked.rows("a.jsonl", content)[N_FIRST:]
    assert [(row["predicted"], row["reason"]) for row in rows] == [
        ("neg", None),
        ("pos", None),
        (None, "a list or an object in the place of a text"),
        (None, "there is no text"),
        (None, "there is no text"),
        ("neg", None),
    ]
    assert rows[-1]["more"] == 1


# --- lines below a table


@pytest.mark.parametrize(
    "line", ["Total", "Total,,5", "Total,7,5", "(2 rows affected),,", "Grand total:,,12.5", "2 records"]
)
def test_a_line_below_the_table_has_that_as_its_reason(asked: Asked, line: str) -> None:  # noqa: F811
    rows = asked.rows("a.csv", f"id,review,n\n1,good,2\n2,bad,3\n{line}\n\n")
    assert [row["predicted"] for row in rows] == ["pos", "neg", None, None]
    assert [row["reason"] for row in rows[2:]] == ["line below the table", "the line is blank"]


@pytest.mark.parametrize(
    "content",
    [
        "review,n\ngood,1\nTime well spent,\n",  # a text, whatever it begins with
        "id,review,n\nTotal,,5\n2,bad,3\n",  # others follow
        "review\ngood\ntotal\n",  # a column of texts alone
    ],
)
def test_a_document_that_looks_like_one_is_answered(asked: Asked, content: str) -> None:  # noqa: F811
    assert [row["reason"] for row in asked.rows("a.csv", content)] == [None, None]


# --- JSON to Parquet


def test_numbers_of_json_are_numbers_in_parquet_as_far_as_all_are(asked: Asked) -> None:  # noqa: F811
    rows = [
        {
            "review": "good",
            "id": 1,
            "score": 1,
            "yes": True,
            "mixed": 1,
            "list": [1],
            "large": 2**60,
            "odd": 1,
        },
        {
            "review": "bad",
            "id": None,
            "score": 2.5,
            "yes": False,
            "mixed": "x",
            "list": [],
            "large": 3,
            "odd": True,
        },
        {"review": "bad", "score": 1e300},
    ]
    content = "".join(json.dumps(row) + "\n" for row in rows for _ in range(20))
    found = pl.read_parquet(asked.predict("a.jsonl", content, out="a.parquet"))[::20]
    assert {name: found[name].to_list() for name in rows[0]} == {
        "review": ["good", "bad", "bad"],
        "id": [1, None, None],
        "score": [1.0, 2.5, 1e300],
        "yes": [True, False, None],
        "mixed": ["1", "x", None],
        "list": ["[1]", "[]", None],
        "large": [2**60, 3, None],
        "odd": ["1", "true", None],
    }


def test_what_is_no_number_of_parquet_stays_text(asked: Asked) -> None:  # noqa: F811
    rows = [{"review": "good", "big": 2**70, "both": 2**60}, {"review": "bad", "both": 0.5}]
    content = "".join(json.dumps(row) + "\n" for row in rows)
    found = pl.read_parquet(asked.predict("a.jsonl", content, out="a.parquet"))
    assert found["big"].to_list() == [str(2**70), None]
    assert found["both"].to_list() == [str(2**60), "0.5"]


def test_values_of_records_that_an_export_wrapped_stay_text(asked: Asked) -> None:  # noqa: F811
    row = {"id": 1, "row": {"review": "good", "id": "a7"}}
    found = pl.read_parquet(asked.predict("a.jsonl", json.dumps(row) + "\n", out="a.parquet"))
    assert found["id"].to_list() == ["a7"]


# --- what is wrong is named


def test_a_fault_of_the_program_is_not_said_to_be_one_of_the_file(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no number of rows")

    monkeypatch.setattr(predicting, "answer", broken)
    with pytest.raises(ValueError, match=r"^no number of rows$"):
        asked.predict("a.txt", "good\n")


def test_a_file_that_ends_early_is_named(asked: Asked) -> None:  # noqa: F811
    import gzip

    packed = gzip.compress("\n".join(f"good film {number * 7919 % 1000}" for number in range(3000)).encode())
    with pytest.raises(PipelineError, match=r"a\.txt\.gz: the file is not whole \.gz data"):
        asked.predict("a.txt.gz", packed[: len(packed) // 2])
