"""Data sets as the Hub and the library `datasets` keep them: Parquet with class names, folders of save_to_disk."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from corpus_builders import documents, write

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus

TRAIN = [("a good film", 1), ("a bad film", 0)]
TEST = [("so good", 1), ("so bad", 0)]
FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
}


def frame(rows: Sequence[tuple[str, int | str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["text", "label"], orient="row")


def parquet(path: Path, rows: Sequence[tuple[str, int | str]]) -> Path:
    """Write Parquet as `datasets` does: the names of classes are in the schema's metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame(rows).write_parquet(path, metadata={"huggingface": json.dumps({"info": {"features": FEATURES}})})
    return path


def saved_to_disk(folder: Path, shards: Sequence[Sequence[tuple[str, int]]]) -> None:
    """Write what Dataset.save_to_disk does."""
    folder.mkdir(parents=True)
    names = [f"data-{number:05d}-of-{len(shards):05d}.arrow" for number in range(len(shards))]
    for name, rows in zip(names, shards, strict=True):
        frame(rows).write_ipc_stream(folder / name)
    write(folder / "dataset_info.json", json.dumps({"description": "", "features": FEATURES}))
    state = {"_data_files": [{"filename": name} for name in names], "_split": folder.name}
    write(folder / "state.json", json.dumps(state))


def test_classes_are_called_by_their_names(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", TRAIN)
    loaded = read_corpus(path)
    assert documents(loaded) == [("a good film", "pos"), ("a bad film", "neg")]
    assert loaded.assumptions[0] == f'{path}: the numbers in column "label" are classes, from 0: "neg", "pos"'
    packed = write(tmp_path / "b.parquet.gz", gzip.compress(path.read_bytes()))
    assert read_corpus(packed).hash == loaded.hash


def test_names_stay_where_the_column_holds_other_values(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", [("a good film", "good"), ("a bad film", "1")])
    assert documents(read_corpus(path)) == [("a good film", "good"), ("a bad film", "1")]


def test_a_downloaded_repository(tmp_path: Path) -> None:
    """README.md, data/train-*, data/test-*, and a split without labels, whose label is -1."""
    data = tmp_path / "imdb" / "plain_text"
    for number, row in enumerate(TRAIN):
        parquet(data / f"train-{number:05d}-of-00002.parquet", [row])
    parquet(data / "test-00000-of-00001.parquet", TEST)
    parquet(data / "unsupervised-00000-of-00001.parquet", [("a film", -1)])
    write(tmp_path / "imdb" / "README.md", "---\ndataset_info:\n---\n")
    write(tmp_path / "imdb" / ".gitattributes", "*.parquet filter=lfs")
    loaded = read_corpus(tmp_path / "imdb")
    assert documents(loaded) == [
        ("a good film", "pos"),
        ("a bad film", "neg"),
        ("so good", "pos"),
        ("so bad", "neg"),
    ]
    assert loaded.corpus.split.tolist() == [-1, -1, 2, 2]
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["a film"]


def test_a_test_split_without_labels_is_no_test_part(tmp_path: Path) -> None:
    parquet(tmp_path / "data" / "train-00000-of-00001.parquet", TRAIN)
    parquet(tmp_path / "data" / "test-00000-of-00001.parquet", [("so good", -1), ("so bad", -1)])
    loaded = read_corpus(tmp_path)
    assert loaded.corpus.split.tolist() == [-1, -1]
    assert loaded.unlabelled is not None
    assert loaded.unlabelled.to_list() == ["so good", "so bad"]


def test_a_dictionary_that_was_saved_to_disk(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    saved_to_disk(folder / "train", [TRAIN[:1], TRAIN[1:]])
    saved_to_disk(folder / "test", [TEST])
    write(folder / "dataset_dict.json", json.dumps({"splits": ["train", "test"]}))
    loaded = read_corpus(folder)
    assert documents(loaded) == [
        ("a good film", "pos"),
        ("a bad film", "neg"),
        ("so good", "pos"),
        ("so bad", "neg"),
    ]
    assert loaded.corpus.split.tolist() == [-1, -1, 2, 2]


def test_a_data_set_that_was_saved_to_disk(tmp_path: Path) -> None:
    saved_to_disk(tmp_path / "films", [TRAIN])
    write(tmp_path / "films" / "cache-0123456789abcdef.arrow", "what .map() left")
    assert documents(read_corpus(tmp_path / "films")) == [("a good film", "pos"), ("a bad film", "neg")]


def test_damaged_names_of_classes_are_passed_over(tmp_path: Path) -> None:
    for number, metadata in enumerate(
        ("{", "[]", '{"info": 1}', '{"info": {"features": {"label": {"_type": 1}}}}')
    ):
        path = tmp_path / f"{number}.parquet"
        frame(TRAIN).write_parquet(path, metadata={"huggingface": metadata})
        assert documents(read_corpus(path)) == [("a good film", "1"), ("a bad film", "0")]


def test_a_repository_in_the_cache_of_the_hub(tmp_path: Path) -> None:
    cache = tmp_path / "datasets--films"
    parquet(cache / "blobs" / "0a1b", TRAIN)
    write(cache / "refs" / "main", "c0ffee")
    (cache / "snapshots" / "c0ffee" / "data").mkdir(parents=True)
    (cache / "snapshots" / "c0ffee" / "data" / "train-00000.parquet").symlink_to(cache / "blobs" / "0a1b")
    loaded = read_corpus(cache)
    assert documents(loaded) == [("a good film", "pos"), ("a bad film", "neg")]
    data = cache / "snapshots" / "c0ffee" / "data"
    assert f"{data}: links to files outside the folder are read: train-00000.parquet" in loaded.assumptions
    (cache / "snapshots" / "decaf").mkdir()
    with pytest.raises(PipelineError) as caught:
        read_corpus(cache)
    assert str(caught.value) == (
        f"{cache}: there are 2 versions of the corpus (c0ffee, decaf); "
        f"name one of them, such as {cache}/snapshots/c0ffee"
    )
