"""What JSON does not have and is read all the same, is said with its lines; what cannot be read is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_builders import documents, write

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.table import read_records

A, B = '{"text": "good", "label": "a"}', '{"text": "bad", "label": "b"}'
REPEATED = 'the key "label" stands twice in an object; the last value counts (line 3)'
TWICE = '{"text": "so", "label": "b", "label": "a"}'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", f"{A}\n{B}\n{TWICE}\n", REPEATED),
        ("a.json", f"[{A},\n{B},\n{TWICE}]", REPEATED),
        ("a.json", f"[{A},\n{B},\n]", "a comma before a closing bracket is passed over (line 3)"),
        ("a.json", f"[{A},\n{B}]\n[{A}]", "2 arrays follow each other, and are read as one"),
        ("a.json", f"{A}\n{B} {A}\n", "several records stand in one line, and are all read (line 2)"),
        ("a.jsonl", f"{A}\n{B}{A}\n", "several records stand in one line, and are all read (line 2)"),
        ("a.jsonl", f'{A}\n{B}\n{{"text": NaN, "label": "a"}}', "bare NaN and Infinity are read as missing values"),
    ],
)  # fmt: skip
def test_what_is_read_all_the_same_is_said(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = write(tmp_path / name, content)
    loaded = read_corpus(path, allow_losses=True)
    assert documents(loaded)[:2] == [("good", "a"), ("bad", "b")]
    assert loaded.assumptions[1] == f"{path}: {said}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", f"{A}\n{B}\n"),
        ("a.json", f"[{A}, {B}]"),
        (
            "a.jsonl",
            f'{A}\n{{"text": "a \\"label\\": or \\"text\\"", "label": "b", "more": {{"text": 1}}}}\n',
        ),
    ],
)
def test_of_what_is_in_order_nothing_is_said(tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path / name, content)
    assert read_records(path).assumptions == (f"{path}: the encoding is UTF-8",)


@pytest.mark.parametrize("content", [f"[{A}, {B}] more", f"[{A}, {B}", f"[{A}, {B},"])
def test_nothing_after_an_array_and_no_cut_is_passed_over(tmp_path: Path, content: str) -> None:
    with pytest.raises(PipelineError, match="invalid JSON"):
        read_corpus(write(tmp_path / "a.json", content))


def test_a_byte_order_mark_between_records_is_no_part_of_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", f"{A}\n\ufeff{B}\n")
    assert documents(read_corpus(path)) == [("good", "a"), ("bad", "b")]
