"""Packed files are told by their first bytes, and an archive of several files is asked about."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from corpus_builders import CSV, LABELS, TEXTS, documents, write, write_classes
from file_builders import zipped

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.packing import PACKED, Packing, open_content, read_bytes

ROWS = list(zip(TEXTS, LABELS, strict=True))
PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": lambda data: zipped({"a.csv": data}),
}


def refusal(path: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    return str(caught.value)


@pytest.mark.parametrize("ending", PACK)
def test_each_way_of_packing_is_taken_off(tmp_path: Path, ending: str) -> None:
    loaded = read_corpus(write(tmp_path / f"a.csv{ending}", PACK[ending](CSV.encode())))
    assert documents(loaded) == ROWS
    assert not any("packed" in line for line in loaded.assumptions)


@pytest.mark.parametrize(
    ("ending", "name"), [(".gz", "gzip"), (".bz2", "bzip2"), (".xz", "xz"), (".zst", "zstd"), (".zip", "zip")]
)
def test_a_packed_file_that_is_not_called_so_is_unpacked_and_said(
    tmp_path: Path, ending: str, name: str
) -> None:
    path = write(tmp_path / "a.csv", PACK[ending](CSV.encode()))
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert loaded.assumptions[0] == f"{path}: the content is packed ({name})"


@pytest.mark.parametrize("ending", PACK)
def test_a_file_that_is_called_packed_and_is_not_is_read_and_said(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"a.csv{ending}", CSV)
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert loaded.assumptions[0] == f"{path}: the content is not packed, whatever the ending {ending} says"


def test_packings_within_each_other(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv.gz", gzip.compress(bz2.compress(CSV.encode())))
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert loaded.assumptions[0] == f"{path}: the content is packed (bzip2 in gzip)"
    data = CSV.encode()
    for _ in range(5):
        data = gzip.compress(data)
    path = write(tmp_path / "deep.csv.gz", data)
    assert refusal(path) == f"{path}: it is packed more than 4 times; unpack it"


def test_an_archive_of_one_file_has_the_format_of_its_member(tmp_path: Path) -> None:
    lines = "".join(f"{label}\t{text}\n" for text, label in ROWS)
    path = write(tmp_path / "archive.zip", zipped({"deep/lines.txt": lines, "__MACOSX/._lines.txt": "x"}))
    assert documents(read_corpus(path)) == ROWS
    assert read_corpus(path).name == "archive"


def test_what_stands_beside_the_data_in_an_archive_is_left_and_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", zipped({"README.md": "#", "LICENSE": "free", "train.csv": CSV}))
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert loaded.assumptions[0] == f"{path}: train.csv is read, and nothing else in it (README.md, LICENSE)"


def test_an_archive_of_several_files_that_is_called_otherwise_is_refused_with_their_names(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "a.csv", zipped({"train.csv": CSV, "test.csv": CSV}))
    assert refusal(path) == (
        f"{path}: the archive holds 2 files (train.csv, test.csv), expected one; "
        "name one (a.csv::train.csv), or unpack it and give the folder"
    )
    empty = write(tmp_path / "empty.zip", zipped({".DS_Store": "x"}))
    assert refusal(empty) == f"{empty}: the archive holds no file; give a file with records"


def test_a_member_is_named_behind_two_colons(tmp_path: Path) -> None:
    other = "text,label\nfine,a\npoor,b\n"
    path = write(
        tmp_path / "a.zip", zipped({"train.csv": CSV, "in/test.csv.gz": gzip.compress(other.encode())})
    )
    loaded = read_corpus(f"{path}::train.csv", test=None)
    assert documents(loaded) == ROWS
    assert loaded.assumptions[0] == f"{path}::train.csv: the encoding is UTF-8"
    assert documents(read_corpus(f"{path}::in/test.csv.gz")) == [("fine", "a"), ("poor", "b")]
    assert refusal(Path(f"{path}::tain.csv")) == (
        f'{path}::tain.csv: the archive has no member "tain.csv"; did you mean "train.csv"?'
    )


def test_a_file_whose_name_holds_two_colons_is_that_file(tmp_path: Path) -> None:
    assert documents(read_corpus(write(tmp_path / "a::b.csv", CSV))) == ROWS


def test_a_part_of_a_file_that_has_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", CSV)
    assert refusal(Path(f"{path}::Sheet1")) == (
        f'{path}::Sheet1: "Sheet1" would be a sheet or a table, and there is none in a file of this kind; give {path}'
    )


@pytest.mark.parametrize("ending", [".bz2", ".xz", ".zip"])
def test_data_that_are_cut_short(tmp_path: Path, ending: str) -> None:
    long = CSV + "".join(f"text {number},pos\n" for number in range(500))
    path = write(tmp_path / f"a.csv{ending}", PACK[ending](long.encode())[:-9])
    assert refusal(path).startswith(f"{path}: the file is not whole {ending} data (")


def test_an_archive_with_a_password(tmp_path: Path) -> None:
    """The bit that says so is set by hand in both headers: the reader asks for a password then."""
    data = bytearray(zipped({"a.csv": CSV}))
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[at : at + 2] = struct.pack("<H", 1)
    path = write(tmp_path / "a.zip", bytes(data))
    assert refusal(path) == (
        f"{path}: the archive cannot be unpacked (File 'a.csv' is encrypted, password required for extraction); "
        "unpack it, and give the file inside"
    )


def test_documents_in_class_folders_may_be_packed(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"neg/1.gz": gzip.compress(b"so bad"), "pos/1": "so good"}
    assert documents(read_corpus(write_classes(tmp_path / "films", files))) == [
        ("so bad", "neg"),
        ("so good", "pos"),
    ]


def test_a_way_of_packing_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hexadecimal digits behind a mark."""
    import io
    import re

    unpack = lambda file: io.BytesIO(bytes.fromhex(file.read()[4:].decode()))  # noqa: E731
    monkeypatch.setitem(PACKED, ".hex", Packing("hexadecimal", re.compile(b"HEX:"), unpack))
    path = write(tmp_path / "a.csv.hex", b"HEX:" + CSV.encode().hex().encode())
    assert documents(read_corpus(path)) == ROWS
    assert read_bytes(path, 4) == b"text"
    with open_content(path) as content:
        assert (content.name, content.plain) == ("a.csv", False)
