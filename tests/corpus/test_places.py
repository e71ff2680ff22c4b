"""What is named as a corpus and is no file: addresses, public data sets, standard input, pipes and devices."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from corpus_builders import CSV, LABELS, TEXTS, documents, write
from file_builders import database, parquet, workbook

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.public_sets import PUBLIC_SETS
from pipeline.corpus.readers import packing

ROWS = list(zip(TEXTS, LABELS, strict=True))


def refusal(source: Path | str, **more: str | Path) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(source, **more)
    return str(caught.value)


ADDRESSES = {
    "https://data.example.org/c.csv": "download it first, and give the file",
    "http://data.example.org/c.csv?raw=true": "download it first, and give the file",
    "s3://bucket/c.parquet": "copy it here first (aws s3 cp), and give the file",
    "gs://bucket/c.parquet": "copy it here first (gcloud storage cp), and give the file",
    "hf://datasets/stanfordnlp/imdb": "download it first (hf download), and give the folder",
    "ftp://host.example/c.csv": "download it first, and give the file",
    "file:///no/such/c.csv": "give the path alone",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_never_fetched(tmp_path: Path, address: str) -> None:
    message = f"{address}: this is an address, and no address is ever fetched; {ADDRESSES[address]}"
    assert refusal(address) == message
    corpus = write(tmp_path / "a.csv", CSV)
    for option in ("test", "validation", "unlabelled"):
        assert refusal(corpus, **{option: address}) == message


def test_an_address_without_its_beginning() -> None:
    assert refusal("www.example.org/c.csv") == (
        "https://www.example.org/c.csv: this is an address, and no address is ever fetched; "
        "download it first, and give the file"
    )


def test_the_name_of_a_public_data_set_is_told_its_home() -> None:
    for name in ("imdb", "IMDB", "stanfordnlp/imdb"):
        assert refusal(name) == (
            f"{name}: there is no such file or folder, and no data set is downloaded; "
            "fetch it from https://ai.stanford.edu/~amaas/data/sentiment/ and give the file or folder "
            "(data/README.md says how), or give a built-in corpus (bbc-news, word-order, labels-apart, "
            "labels-together, agreement, brackets)"
        )
    for name in (
        "ag_news",
        "ag-news",
        "sst2",
        "20newsgroups",
        "yelp_polarity",
        "trec",
        "emotion",
        "sms_spam",
    ):
        assert "no data set is downloaded; fetch it from http" in refusal(name)


def test_every_home_is_an_address() -> None:
    assert all(home.startswith(("http://", "https://")) for home in PUBLIC_SETS.values())
    assert all(name == name.lower().replace("-", "_") for name in PUBLIC_SETS)


def test_a_file_that_is_called_as_a_data_set_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "imdb", CSV)
    assert documents(read_corpus("imdb")) == ROWS


# --- what is no file


def test_a_pipe_is_refused_with_what_to_do(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert refusal(tmp_path / "pipe.csv") == (
        f"{tmp_path}/pipe.csv: this is a pipe, expected a file; "
        "send what comes through it into standard input, and give - as CORPUS"
    )


def test_a_device_is_refused() -> None:
    assert refusal("/dev/zero") == "/dev/zero: this is a device, expected a file; give a file"


def test_a_member_of_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refusal(f"{tmp_path}::a.csv") == f"{tmp_path}: this is a folder, expected a file; give a file"


def test_a_part_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "shop.db", "x")
    assert refusal(f"{tmp_path}/shp.db::reviews") == (
        f'{tmp_path}/shp.db: there is no such file or folder; did you mean "{tmp_path}/shop.db"?'
    )


# --- standard input


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch):
    """Return a function that sends bytes into standard input."""

    def sent(data: bytes) -> None:
        packing._copy_of_standard_input.cache_clear()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    yield sent
    packing._copy_of_standard_input.cache_clear()


JSON_LINES = "".join(f'{{"text": "{text}", "label": "{label}"}}\n' for text, label in ROWS)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (CSV.encode(), "a table whose fields are separated by commas"),
        (JSON_LINES.encode(), "JSON Lines"),
        (parquet(), "a Parquet file"),
        (workbook({"S": {1: ("text", "label"), **dict(enumerate(ROWS, 2))}}), "an Excel workbook"),
    ],
)
@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input_is_told_by_its_content(send, data: bytes, kind: str, name: str) -> None:
    send(data)
    loaded = read_corpus(name)
    assert documents(loaded) == ROWS
    assert loaded.name == "standard-input"
    assert (
        loaded.assumptions[0]
        == f"standard input: the content is {kind}, though it has no ending that says so"
    )
    assert documents(read_corpus(name)) == ROWS  # it can be read again


def test_standard_input_gives_the_hash_of_the_file(send, tmp_path: Path) -> None:
    send(CSV.encode())
    assert read_corpus("-").hash == read_corpus(write(tmp_path / "a.csv", CSV)).hash


def test_a_mistake_in_standard_input_is_named_by_its_line(send) -> None:
    send((JSON_LINES + '{"text": }\n').encode())
    assert refusal("-") == "standard input:5:10: invalid JSON (Expecting value); correct the line"


def test_a_database_in_standard_input(send, tmp_path: Path) -> None:
    send(database(tmp_path / "a.db", {"t (text, label)": ROWS}).read_bytes())
    assert refusal("-").startswith(
        "standard input: this is an SQLite database, and no table is named; it has"
    )


def test_nothing_in_standard_input(send, monkeypatch: pytest.MonkeyPatch) -> None:
    send(b"")
    assert refusal("-") == "standard input: the file is empty; give a file with one document a record"
    send(CSV.encode())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert refusal("-") == (
        "standard input: nothing is sent into it; send a file into it (cat FILE | COMMAND -), or give the file"
    )


@pytest.mark.parametrize("option", ["test", "validation", "unlabelled"])
def test_standard_input_is_the_corpus_alone(tmp_path: Path, option: str) -> None:
    corpus = write(tmp_path / "a.csv", CSV)
    assert (
        refusal(corpus, **{option: "-"}) == f"--{option}: standard input is read as CORPUS alone; give a file"
    )


def test_standard_input_is_not_joined_with_files(tmp_path: Path) -> None:
    corpus = write(tmp_path / "a.csv", CSV)
    with pytest.raises(PipelineError) as caught:
        read_corpus(["-", corpus])
    assert str(caught.value) == (
        "standard input: it is not read together with files; give it alone, or files alone"
    )


def test_a_file_called_as_standard_input_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "standard input", CSV)
    assert documents(read_corpus("standard input")) == ROWS
