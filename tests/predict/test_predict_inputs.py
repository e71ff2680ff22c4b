"""INPUT of any format: the same documents out of each, row by row, and a broken row is a row with its reason."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from predict_builders import Asked, asked  # noqa: F401 -- a fixture

from pipeline.core.errors import PipelineError
from pipeline.predict import blocks

DOCUMENTS = ["a good film", "a bad film", "", "good, good"]
GIVE = "give a file with a document a record, a text file with a document a line, or - for standard input"
ANSWERS = ["pos", "neg", "neg", "pos"]
AS_CSV = 'review,stars\na good film,5\na bad film,1\n,3\n"good, good",4\n'
AS_JSON = "".join(
    json.dumps({"review": text, "stars": stars}) + "\n"
    for text, stars in zip(DOCUMENTS, (5, 1, 3, 4), strict=True)
)


def answers(rows: list[dict[str, object]]) -> list[object]:
    return [row["predicted"] for row in rows]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "\n".join(DOCUMENTS) + "\n"),
        ("a.txt", "\n".join(DOCUMENTS)),
        ("crlf.txt", "\r\n".join(DOCUMENTS) + "\r\n"),
        ("bom.txt", b"\xef\xbb\xbf" + "\n".join(DOCUMENTS).encode()),
        ("wide.txt", "\n".join(DOCUMENTS).encode("utf-16")),
        ("mac.txt", "\r".join(DOCUMENTS)),
        ("no_ending", "\n".join(DOCUMENTS)),
        ("a.csv", AS_CSV),
        ("bom.csv", b"\xef\xbb\xbf" + AS_CSV.encode()),
        ("crlf.csv", AS_CSV.replace("\n", "\r\n")),
        ("semicolons.csv", AS_CSV.replace("good, good", "good+ good").replace(",", ";").replace("+", ",")),
        ("a.csv.gz", gzip.compress(AS_CSV.encode())),
        ("a.jsonl", AS_JSON),
        ("says_txt.txt", AS_JSON),
        ("a.json", "[" + ",".join(AS_JSON.splitlines()) + "]"),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value and len(value) < 20 else "",
)
def test_the_same_documents_come_out_of_every_format(asked: Asked, name: str, content: str | bytes) -> None:  # noqa: F811
    assert answers(asked.rows(name, content)) == ANSWERS


def test_parquet_is_read_by_row_groups_and_keeps_its_types(asked: Asked) -> None:  # noqa: F811
    frame = pl.DataFrame({"id": [1, 2, 3, 4], "review": DOCUMENTS, "tags": [["x"], [], None, ["y", "z"]]})
    frame.write_parquet(asked.folder / "a.parquet", row_group_size=2)
    found = pl.read_parquet(asked.predict("a.parquet", out="b.parquet"))
    assert found.select(frame.columns).equals(frame)
    assert found["predicted"].to_list() == ANSWERS
    assert found["p(pos)"].dtype == pl.Float32


def test_every_column_of_the_input_comes_first_and_all_of_the_answer_after_it(asked: Asked) -> None:  # noqa: F811
    (row, *_) = asked.rows("a.jsonl", '{"id": 7, "review": "a good good film", "more": {"x": [1]}}\n')
    assert row == {
        "id": 7,
        "review": "a good good film",
        "more": {"x": [1]},
        "predicted": "pos",
        "p(neg)": pytest.approx(0.1192, abs=1e-4),
        "p(pos)": pytest.approx(0.8808, abs=1e-4),
        "confidence": pytest.approx(0.8808, abs=1e-4),
        "unlike training": "",
        "reason": None,
    }
    assert list(row)[:4] == ["id", "review", "more", "predicted"]


def test_a_broken_line_of_json_is_a_row_with_its_reason(asked: Asked) -> None:  # noqa: F811
    rows = asked.rows("a.jsonl", '{"review": "good"}\n{"review": bad}\n[1]\n\n{"review": "bad"}\n')
    assert answers(rows) == ["pos", None, None, "neg"]
    assert [row["reason"] for row in rows] == [
        None,
        "this is no JSON (Expecting value, character 12)",
        "this is JSON, but no object with a text",
        None,
    ]
    assert rows[1]["p(pos)"] is None
    assert (
        "warning: 2 rows of 4 without an answer (row 2: this is no JSON (Expecting value, character 12), row 3: this is"
        " JSON, but no object with a text)"
    ) in asked.told


def test_a_record_of_csv_with_a_wrong_number_of_fields_is_a_row_with_its_reason(asked: Asked) -> None:  # noqa: F811
    content = "id,review\n1,good\n2\n3,bad,bad\n4,bad,,\nid,review\n5,good\n"
    rows = asked.rows("a.csv", content)
    assert answers(rows) == ["pos", None, None, "neg", None, "pos"]
    assert [row["reason"] for row in rows if row["reason"]] == [
        "the record has 1 fields, expected 2",
        "the record has 3 fields, expected 2",
        "the header again",
    ]


def test_a_quotation_mark_that_never_closes_costs_its_own_line_alone(asked: Asked) -> None:  # noqa: F811
    rows = asked.rows("a.csv", 'id,review\n1,"good\nfilm"\n2,"bad\n3,good\n4,bad\n')
    assert answers(rows) == ["pos", None, "pos", "neg"]
    assert rows[0]["review"] == "good\nfilm"
    assert rows[1]["reason"] == "a quotation mark opens in it and never closes"


def test_bytes_that_are_no_text_are_a_row_with_its_reason(asked: Asked) -> None:  # noqa: F811
    rows = asked.rows("a.txt", "ein gutes é good\nfilm ü good\nbad é".encode() + b"\xff\xfe\x81\ngood\n")
    assert answers(rows) == ["pos", "pos", None, "pos"]
    assert rows[2]["reason"] == "bytes that cannot be read in the file's encoding"


def test_an_older_encoding_is_found_or_can_be_named(asked: Asked) -> None:  # noqa: F811
    text = "ein schöner good Film für mich\ngrüße, das war nicht schlecht\n"
    found = asked.rows("a.txt", text.encode("cp1252"))
    assert [row["text"] for row in found] == text.splitlines()
    named = asked.rows("b.txt", "хорошо good\n".encode("koi8-r"), encoding="koi8-r")
    assert named[0]["text"] == "хорошо good"


def test_labels_on_lines_of_text_are_none_of_it(asked: Asked) -> None:  # noqa: F811
    rows = asked.rows("a.txt", "__label__pos a bad film\n__label__neg a bad film\n")
    assert [row["text"] for row in rows] == ["a bad film", "a bad film"]
    assert "accuracy 50.0 %, macro F1 33.3 %" in asked.told
    assert asked.rows("b.txt", "pos\tbad\nneg\tbad\n")[0]["text"] == "bad"
    assert asked.rows("c.txt", "pos\tbad\nother\tbad\n")[0]["text"] == "pos\tbad"


def test_a_line_without_the_label_that_others_have_is_all_text(asked: Asked) -> None:  # noqa: F811
    rows = asked.rows("a.txt", "pos\tgood film\n" * 2_001 + "bad film\n")  # more than decide what lines are
    assert [(row["text"], row["label"]) for row in rows[-2:]] == [("good film", "pos"), ("bad film", "")]


def test_what_lines_of_a_pipe_are_is_decided_by_the_first_one(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from_pipe(monkeypatch, b"pos\tgood film\nbad film\n")  # whether the second line is there yet is chance
    assert [(row["text"], row["label"]) for row in asked.rows("-")] == [
        ("good film", "pos"),
        ("bad film", ""),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.csv", None, "absent.csv: there is no such file or folder; give a file, a folder"),
        (
            "empty.txt",
            b"",
            f"empty.txt: the file is empty; {GIVE}",
        ),
        (
            "header.csv",
            b"review,stars\n",
            f"header.csv: it holds no rows; {GIVE}",
        ),
        (
            "broken.jsonl",
            b'{"review: 1\n',
            "broken.jsonl: none of its first 1 line is a JSON object: this is no JSON (Unterminated string starting at,"
            " character 2); give one object a line, or a file with the ending of what it is",
        ),
    ],
)
def test_an_input_that_cannot_be_read_is_told_by_name(
    asked: Asked,  # noqa: F811
    name: str,
    content: bytes | None,
    message: str,
) -> None:
    with pytest.raises(PipelineError) as raised:
        asked.predict(name, content)
    assert str(raised.value).replace(f"{asked.folder}/", "") == message


def test_a_folder_and_a_picture_are_no_input(asked: Asked) -> None:  # noqa: F811
    (asked.folder / "folder").mkdir()
    with pytest.raises(PipelineError, match="folder: this is a folder, expected a file; give a file"):
        asked.predict("folder")
    with pytest.raises(PipelineError, match=r"picture\.txt: this is a picture"):
        asked.predict("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))


def from_pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    stream = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(data)), isatty=lambda: False)  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "stdin", stream)


def test_standard_input_is_lines_unless_it_says_otherwise(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from_pipe(monkeypatch, b"a good film\nbad, bad\n\n")
    assert [row["text"] for row in asked.rows("-")] == ["a good film", "bad, bad", ""]
    from_pipe(monkeypatch, b'{"review": "bad", "id": 3}\n')
    assert asked.rows("-")[0]["id"] == 3
    from_pipe(monkeypatch, b"id,review\n3,bad\n")
    assert asked.rows("-")[0]["review"] == "bad"


def test_a_file_is_read_in_blocks_and_cut_nowhere_but_between_lines(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 7)
    lines = [f"é {'good' if number % 3 else 'bad'} {number}" for number in range(50)]
    rows = asked.rows("a.txt", "\n".join(lines))
    assert [row["text"] for row in rows] == lines
    assert answers(rows) == ["pos" if number % 3 else "neg" for number in range(50)]
    quoted = "id,review\n" + "".join(f'{number},"good\nfilm {number}"\n' for number in range(20))
    assert [row["review"] for row in asked.rows("a.csv", quoted)] == [f"good\nfilm {n}" for n in range(20)]


def test_a_line_that_has_no_end_is_refused_before_memory_is_full(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 64)
    monkeypatch.setattr(blocks, "LONGEST_LINE", 1 << 20)
    with pytest.raises(
        PipelineError, match=r"a\.txt: a line is longer than 1 MB; give a file with a document a line"
    ):
        asked.predict("a.txt", "good " * (1 << 18))


def test_what_is_half_written_never_stands_in_the_place_of_the_answers(asked: Asked) -> None:  # noqa: F811
    path = Path(asked.folder / "out.jsonl")
    with pytest.raises(PipelineError):
        asked.predict("a.jsonl", '{"other": 1, "more": "good"}\n')
    assert not path.exists()
    assert [file.name for file in asked.folder.iterdir() if "out" in file.name] == []
