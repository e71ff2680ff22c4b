"""Damaged files of every format are read or refused in words: no traceback, and no crash of a library."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import zstandard
from corpus_builders import write
from file_builders import arrow_file, arrow_stream, database, open_document_sheet, parquet, workbook, zipped

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus

N_FAST, N_ALL = 300, 10_000
ROWS = [
    (f'document {n} is "{word}", as été\nor so', label)
    for n in range(8)
    for word, label in (("good", "a"), ("bad", "b"))
]
LINES = [(text.replace("\n", " "), label) for text, label in ROWS]
FRAME = pl.DataFrame(ROWS, schema=["text", "label"], orient="row")
OBJECTS = [{"text": text, "label": label, "more": [1.5, {"a": None}]} for text, label in ROWS]
CSV = "text,label\n" + "".join('"{}",{}\n'.format(text.replace('"', '""'), label) for text, label in ROWS)
SHEET = {1: ("text", "label", "n"), **{at: (*row, at) for at, row in enumerate(ROWS, 2)}}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return a sound file of each format, by its name; behind :: what is asked of it."""
    data = CSV.encode()
    db = database(tmp_path_factory.mktemp("sound") / "a.db", {"t (text, label)": ROWS}).read_bytes()
    json_lines = "".join(json.dumps(record) + "\n" for record in OBJECTS).encode()
    return {
        "a.csv": data,
        "latin.csv": CSV.encode("latin-1"),
        "utf16.csv": CSV.encode("utf-16"),
        "a.tsv": "".join(f"{label}\t{text}\n" for text, label in LINES).encode(),
        "a": data,
        "a.jsonl": json_lines,
        "lines": json_lines,
        "a.json": json.dumps(OBJECTS, indent=1).encode(),
        "columns.json": json.dumps(
            {"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]}
        ).encode(),
        "blanks.csv": CSV.replace('",', '" , ').replace('\n"', '\n "').encode(),
        "colons.txt": "".join(f"{label} ::: {text}\n" for text, label in LINES).encode(),
        "words.iob": "".join(f"BOS {text} EOS\tO O {label}\n" for text, label in LINES).encode(),
        "parts.json": json.dumps({part: [list(row) for row in LINES] for part in ("train", "test")}).encode(),
        "hits.json": json.dumps({"n": 1, "hits": {"hits": [{"_source": one} for one in OBJECTS]}}).encode(),
        "tasks.json": json.dumps(
            [
                {
                    "data": {"text": text},
                    "annotations": [{"result": [{"from_name": "mood", "value": {"choices": [label]}}]}],
                }
                for text, label in ROWS
            ]
        ).encode(),
        "pairs.txt": "".join(f"{label}\t{text}\n" for text, label in LINES).encode(),
        "fast.txt": "".join(f"__label__{label} {text}\n" for text, label in LINES).encode(),
        "trees.txt": "".join(
            f"({n % 2} (2 {label}) (4 (1 good) (2 film{n})))\n" for n, (_, label) in enumerate(ROWS)
        ).encode(),
        "trec.label": "".join(f"{label.upper()}:fine {text}\n" for text, label in LINES).encode(),
        "a.parquet": parquet(FRAME),
        "a.feather": arrow_file(FRAME),
        "a.arrow": arrow_stream(FRAME),
        "a.xlsx": workbook({"S": SHEET, "Empty": {}}),
        "a.ods": open_document_sheet([("text", "label"), *ROWS]),
        "a.db": db,
        "b.db::t": db,
        "c.db.gz::t": gzip.compress(db),
        "a.csv.gz": gzip.compress(data),
        "a.csv.zst": zstandard.compress(data),
        "a.csv.bz2": bz2.compress(data),
        "a.csv.xz": lzma.compress(data),
        "a.csv.zip": zipped({"a.csv": data}),
        "two.zip": zipped({"train.csv": data, "test.csv": data}),
        "b.zip::in/a.csv": zipped({"in/a.csv": data, "b.csv": data}),
    }


# --- damage


def flipped(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 2, 8, 40))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def overwritten(data: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(data))
    piece = chance.choice(
        (bytes(20), b"\xff" * 8, b'"', b"\r", b"\n\n", b"\\", b"[" * 9, chance.randbytes(30))
    )
    data[start : start + chance.choice((0, len(piece)))] = piece
    return data


def cut(data: bytearray, chance: random.Random) -> bytearray:
    return (
        data[: chance.randrange(len(data))] if chance.random() < 0.7 else data[chance.randrange(len(data)) :]
    )


def without_a_piece(data: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(data))
    del data[start : start + chance.randrange(1, 200)]
    return data


def repeated(data: bytearray, chance: random.Random) -> bytearray:
    start, length = chance.randrange(len(data)), chance.randrange(1, 400)
    at = chance.randrange(len(data))
    return data[:at] + data[start : start + length] * chance.choice((1, 2, 30)) + data[at:]


def joined(data: bytearray, chance: random.Random) -> bytearray:
    half = data[chance.randrange(len(data)) :]
    return half + data if chance.random() < 0.5 else data + half


DAMAGES: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    flipped, overwritten, cut, without_a_piece, repeated, joined,
)  # fmt: skip


def damaged(number: int, sound: dict[str, bytes]) -> tuple[str, bytes]:
    """Return the name and content of damaged file `number`, always the same for a number."""
    chance = random.Random(number)
    name = [*sound][number % len(sound)]
    data = bytearray(sound[name])
    if chance.random() < 0.1:  # the end of one file behind the beginning of another
        other = sound[chance.choice([*sound])]
        data = data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]
    for _ in range(chance.choice((1, 1, 2, 3))):
        data = chance.choice(DAMAGES)(data, chance) if data else data
    return name, bytes(data)


def outcome(folder: Path, name: str, content: bytes) -> str:
    """Return "read" or "refused"."""
    file, mark, part = name.partition("::")
    path = write(folder / file, content)
    try:
        read_corpus(f"{path}{mark}{part}")
    except PipelineError:
        return "refused"
    return "read"


def test_the_sound_files_are_read(tmp_path: Path, sound: dict[str, bytes]) -> None:
    asked = {name for name, content in sound.items() if outcome(tmp_path, name, content) == "refused"}
    assert asked == {"a.db"}  # a table of it has to be named


@pytest.mark.parametrize("first", range(0, N_FAST, 100))
def test_damaged_files_are_read_or_refused_in_words(
    tmp_path: Path, sound: dict[str, bytes], first: int
) -> None:
    outcomes = {outcome(tmp_path, *damaged(number, sound)) for number in range(first, first + 100)}
    assert outcomes == {"read", "refused"}


@pytest.mark.slow
@pytest.mark.parametrize("first", range(N_FAST, N_ALL, 100))
def test_ten_thousand_damaged_files(tmp_path: Path, sound: dict[str, bytes], first: int) -> None:
    for number in range(first, first + 100):
        assert outcome(tmp_path, *damaged(number, sound)) in ("read", "refused")
