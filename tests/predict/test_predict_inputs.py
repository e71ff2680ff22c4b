"""INPUT of any format: the same documents out of each, row by row, and a broken row is a row with its reason."""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
from contextlib import ExitStack
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from predict_builders import MODEL, Asked, asked  # noqa: F401 -- a fixture

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.records import RawTable, none_of
from pipeline.predict import blocks, delimited
from pipeline.predict.inputs import Asked as Question
from pipeline.predict.inputs import open_input
from pipeline.predict.rows import Rows, of_table

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
    assert answers(rows) == ["pos", None, None, None, "neg"]
    assert [row["reason"] for row in rows] == [
        None,
        "this is no JSON (Expecting value, character 12)",
        "this is JSON, but no object with a text",
        "the line is blank",
        None,
    ]
    assert rows[1]["p(pos)"] is None
    assert (
        "warning: 3 rows of 5 without an answer (row 2: this is no JSON (Expecting value, character 12), row 3: this is"
        " JSON, but no object with a text, row 4: the line is blank) [rows-without-an-answer]"
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


def reasons(rows: list[dict[str, object]]) -> list[object]:
    return [row["reason"] for row in rows]


def test_a_blank_line_of_a_table_is_a_row_and_of_one_column_an_empty_text(asked: Asked) -> None:  # noqa: F811
    rows = asked.rows("a.csv", "\nid,review\n1,good\n\n2,bad\n")
    assert answers(rows) == ["pos", None, "neg"]
    assert reasons(rows) == [None, "the line is blank", None]
    alone = asked.rows("b.csv", "review\ngood\n\nbad\n")
    assert [(row["review"], row["unlike training"]) for row in alone] == [
        ("good", ""),
        ("", "empty"),
        ("bad", ""),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("escaped.csv", b'id,review\n1,"so \\"good\\", film"\n2,"so \\"bad\\", bad"\n'),
        ("blanks.csv", b'id, review\n1, "so ""good"", film"\n2, "so ""bad"", bad"\n'),
        ("unusual.csv", b'id:::review\n1:::so "good", film\n2:::so "bad", bad\n'),
        ("one_line.jsonl", b'{"review": "so \\"good\\", film"}{"review": "so \\"bad\\", bad"}\n'),
        (
            "pairs.jsonl",
            b'{"row": {"review": "so \\"good\\", film"}}\n{"row": {"review": "so \\"bad\\", bad"}}\n',
        ),
    ],
)
def test_what_a_run_reads_out_of_a_file_is_answered_out_of_it(
    asked: Asked,  # noqa: F811
    name: str,
    content: bytes,
) -> None:
    texts = [rows.table.cells for rows in opened_rows(asked, name, content)]
    assert [text.strip() for frame in texts for text in column_like(frame, "review")] == [
        'so "good", film',
        'so "bad", bad',
    ]
    assert answers(asked.rows(name)) == ["pos", "neg"]


def opened_rows(asked: Asked, name: str, content: bytes) -> list[Rows]:  # noqa: F811
    path = asked.write(name, content)
    with ExitStack() as stack:
        return [*open_input(str(path), Question(None, ("review",), ()), stack).rows]


def column_like(frame: pl.DataFrame, name: str) -> list[str]:
    (column,) = [one for one in frame.columns if one.strip() == name]
    return frame[column].to_list()


def test_fields_with_blanks_around_them_are_cut_where_none_is_open(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delimited, "SAMPLE_BYTES", 60)
    monkeypatch.setattr(blocks, "BLOCK", 70)
    content = "id, review\n" + "".join(f'{number}, "good,\nfilm {number}"\n' for number in range(20))
    rows = asked.rows("a.csv", content)
    assert [row[" review"] for row in rows] == [f"good,\nfilm {number}" for number in range(20)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_lines_of_wide_characters_are_cut_between_them(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 30)
    lines = [f"good \u0a0a film {number}" for number in range(20)]  # a character with the bytes of line ends
    rows = asked.rows("a.txt", "\n".join(lines).encode(encoding), encoding=encoding)
    assert [row["text"] for row in rows] == lines
    assert "NUL" not in asked.told


def test_nul_bytes_are_left_out_everywhere_and_that_is_said(asked: Asked) -> None:  # noqa: F811
    assert asked.rows("a.txt", b"go\0od\nb\0ad\n")[0]["text"] == "good"
    assert "a.txt: 2 NUL bytes left out" in asked.told
    assert MODEL.answer(pl.Series(["go\0od"])).tolist() == MODEL.answer(pl.Series(["good"])).tolist()


def test_a_text_that_is_missing_or_a_list_is_a_row_with_its_reason(asked: Asked) -> None:  # noqa: F811
    content = '{"review": "good"}\n{"review": null}\n{"other": 1}\n{"review": [1, 2]}\n{"review": ["bad", "film"]}\n'
    first = asked.rows("a.jsonl", content)
    later = asked.rows("b.jsonl", "\n".join(content.splitlines()[::-1]))[::-1]
    for rows in (first, later):
        assert answers(rows) == ["pos", None, None, None, "neg"]
        assert reasons(rows)[1:4] == [
            "there is no text",
            "there is no text",
            "a list or an object in the place of a text",
        ]
    assert reasons(asked.rows("c.csv", "id,review\n1,\\N\n2,good\n")) == ["there is no text", None]
    frame = pl.DataFrame({"review": [[1.5, 2.5], None, [3.5, 4.5]], "id": [1, 2, 3]})
    frame.write_parquet(asked.folder / "d.parquet")
    assert reasons(asked.rows("d.parquet")) == [
        "a list or an object in the place of a text",
        "there is no text",
        "a list or an object in the place of a text",
    ]


def test_what_a_run_leaves_out_of_a_table_is_a_row_with_that_reason() -> None:
    cells = pl.DataFrame({"review": ["Reviews of May", "good", "bad"]})
    above = np.array([True, False, False])
    table = RawTable("a.xlsx", cells, none_of(3), left_out={"line above the table": above})
    (rows,) = of_table(table)
    assert rows.broken == {0: "line above the table"}


def test_a_text_that_only_looks_like_a_list_is_a_text(asked: Asked) -> None:  # noqa: F811
    (row,) = asked.rows("a.jsonl", '{"review": "[\\"good\\", 1]"}\n')
    assert (row["predicted"], row["reason"]) == ("pos", None)


def test_values_of_json_stay_values(asked: Asked) -> None:  # noqa: F811
    (row, _) = asked.rows(
        "a.json", '[{"review": "good", "n": 1.5, "tags": ["x"]}, {"review": "bad", "n": 2}]'
    )
    assert (row["n"], row["tags"], row["predicted"]) == (1.5, ["x"], "pos")


def test_what_csv_and_json_have_no_types_for_is_written_all_the_same(asked: Asked) -> None:  # noqa: F811
    frame = pl.DataFrame({
        "review": ["good", "bad"],
        "took": [timedelta(seconds=5.5), None],
        "raw": [b"ab", b"\xff"],
        "tags": [["x", "y"], None],
        "numbers": [[1.5, 2.5], []],
        "more": [{"a": 1, "b": [b"c"]}, None],
        "price": [Decimal("1.50"), None],
        "at": [time(1, 2, 3), None],
        "kind": pl.Series(["k", None], dtype=pl.Categorical),
    })  # fmt: skip
    frame.write_parquet(asked.folder / "a.parquet")
    frame.write_ipc(asked.folder / "a.feather")
    kept = [name for name in frame.columns if name != "review"]
    for name in ("a.parquet", "a.feather"):
        table = pl.read_csv(asked.predict(name, out="b.csv"), infer_schema=False).select(kept)
        assert table.row(0) == (
            *(
                "PT5.5S",
                "ab",
                '["x","y"]',
                "[1.5,2.5]",
                '{"a":1,"b":["c"]}',
                "1.50",
                "01:02:03.000000000",
                "k",
            ),
        )
        assert table.row(1) == (None, "\ufffd", None, "[]", None, None, None, None)
        line = asked.rows(name)[0]
        assert [line[column] for column in kept] == [
            *("PT5.5S", "ab", ["x", "y"], [1.5, 2.5], {"a": 1, "b": ["c"]}, "1.50", "01:02:03", "k")
        ]
        assert pl.read_parquet(asked.predict(name, out="b.parquet")).select(kept).equals(frame.select(kept))


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"free, text, review\nbad\n", ["free, text, review", "bad"]),  # prose: blanks behind its commas
        (b"good,review\nonly good\n", ["good,review", "only good"]),  # no second field below
        (b"id,review\n1,bad\n", ["bad"]),
        (b"id,review\n", ["id,review"]),
    ],
)
def test_a_first_line_is_a_header_only_where_it_names_columns(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    sent: bytes,
    found: list[str],
) -> None:
    from_pipe(monkeypatch, sent)
    rows = asked.rows("-")
    assert [row.get("review", row.get("text")) for row in rows] == found


def test_a_column_that_is_named_makes_a_header_of_the_first_line(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from_pipe(monkeypatch, b"id,body\n1,good\n")
    assert asked.rows("-", text="body")[0]["body"] == "good"


def test_packed_standard_input_is_unpacked_and_other_content_is_named(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from_pipe(monkeypatch, gzip.compress(b"a good film\nbad\n"))
    assert answers(asked.rows("-")) == ["pos", "neg"]
    for data, message in (
        (gzip.compress(b"good\n" * 99)[:-9], "standard input: the file is not whole .gz data"),
        (
            b"PK\x03\x04" + bytes(40),
            "standard input: this is a .zip, which cannot be read as it comes; give the file",
        ),
        (
            b"%PDF-1.7\n",
            "standard input: this is a PDF document, which is not read line by line; give the file itself",
        ),
        (bytes(range(1, 9)) * 9, "standard input: this is binary data of no kind that is known"),
    ):
        from_pipe(monkeypatch, data)
        with pytest.raises(PipelineError, match=f"^{re.escape(message)}"):
            asked.predict("-")


def test_each_object_of_a_pipe_is_answered_when_it_has_come(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for sent in ([b'{"review": "good"}\n', b'{"review": "bad"}\n'], [b"id,review\n1,good\n", b"2,bad\n"]):
        pipe = Pipe(sent)
        stream = SimpleNamespace(buffer=pipe, isatty=lambda: False)
        monkeypatch.setattr(sys, "stdin", stream)
        with ExitStack() as stack:
            rows = open_input("-", Question(None, ("review",), ()), stack).rows
            assert next(rows).n_rows == 1
            assert len(pipe.sent) == 1  # the second one has not been asked for
            assert next(rows).n_rows == 1


class Pipe(io.BufferedReader):
    """Hands out what was sent, piece by piece."""

    def __init__(self, sent: list[bytes]) -> None:
        super().__init__(io.BytesIO())  # type: ignore[arg-type]
        self.sent = sent

    def peek(self, size: int = 0) -> bytes:
        return self.sent[0] if self.sent else b""

    def read1(self, size: int = -1) -> bytes:
        return self.sent.pop(0) if self.sent else b""


def test_what_is_half_written_never_stands_in_the_place_of_the_answers(asked: Asked) -> None:  # noqa: F811
    path = Path(asked.folder / "out.jsonl")
    with pytest.raises(PipelineError):
        asked.predict("a.jsonl", '{"other": 1, "more": "good"}\n')
    assert not path.exists()
    assert [file.name for file in asked.folder.iterdir() if "out" in file.name] == []
