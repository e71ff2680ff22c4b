"""Files of the run folder: JSON and safetensors, each whole or absent, and nothing that runs code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import (
    FEW_STRENGTHS,
    THREE_DOCUMENTS,
    int32,
    labelled,
    matrix_of,
    request_of,
    tokens_of,
    train_network,
)
from safetensors.numpy import load_file
from saved_builders import particulars

from pipeline.core import files
from pipeline.core.files import write_json, write_whole
from pipeline.embeddings.table import embed
from pipeline.models.baselines.fitting import fit_baseline
from pipeline.models.networks.build import NetworkSpec, build
from pipeline.models.networks.prediction import predict_probabilities
from pipeline.models.save import files_of_baseline, files_of_embedding, files_of_network
from pipeline.run_folder.models import model_folder, write_model
from pipeline.settings.tables import Config
from pipeline.text.ngrams import learn_ngrams

LABELS = ("neg", "pos")
TRAIN = labelled([[2, 3], [4], [5, 2]], [0, 1, 0])


def write_vectors(run: Path) -> None:
    """Write vectors that a network names; which they are plays no part."""
    write_model(run, files_of_embedding(embed("random", request_of(tokens_of(THREE_DOCUMENTS)))))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_json_comes_back_as_it_was_written(tmp_path: Path) -> None:
    value = {"text": 'caf\u00e9 "\u6771\u4eac"\n', "list": [1, 2.5, True, None], "table": {"deep": []}}
    write_json(tmp_path / "deep" / "value.json", value)
    assert read(tmp_path / "deep" / "value.json") == value


def test_numpy_becomes_plain_and_what_is_not_finite_becomes_null(tmp_path: Path) -> None:
    value = {
        1: np.float32(0.5),
        "counts": np.array([[1, 2], [3, 4]]),
        "flag": np.bool_(True),
        "pair": (np.int64(1), float("nan")),
        "infinite": [np.inf, -np.inf, np.float64("nan")],
    }
    write_json(tmp_path / "value.json", value)
    assert read(tmp_path / "value.json") == {
        "1": 0.5,
        "counts": [[1, 2], [3, 4]],
        "flag": True,
        "pair": [1, None],
        "infinite": [None, None, None],
    }


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "value.json"
    write_whole(path, b"old")

    def fail(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_can_be_read_by_others(tmp_path: Path) -> None:
    write_whole(tmp_path / "value", b"")
    assert (tmp_path / "value").stat().st_mode & 0o777 == 0o644


def test_an_embedding_is_saved_with_its_vocabulary(tmp_path: Path) -> None:
    embedded = embed("random", request_of(tokens_of(THREE_DOCUMENTS)))
    write_model(tmp_path, files_of_embedding(embedded))
    folder = tmp_path / "models" / "embedding-random"
    arrays = load_file(folder / "vectors.safetensors")
    np.testing.assert_array_equal(arrays["vectors"], embedded.matrix.vectors)
    np.testing.assert_array_equal(arrays["covered"], embedded.matrix.covered)
    assert read(folder / "vocabulary.json") == {
        "tokens": ["<pad>", "<unk>", "good", "film", "!", "bad", "plot"],
        "counts": [0, 0, 3, 2, 1, 1, 1],
        "n_learned": 7,
    }


@pytest.mark.longer
@pytest.mark.parametrize("tuned", [False, True])
def test_a_network_can_be_built_again_from_its_files(tmp_path: Path, tuned: bool) -> None:
    matrix = matrix_of(6)
    fitted = train_network("lstm", TRAIN, head="max+mean", matrix=matrix, tuned=tuned)
    write_vectors(tmp_path)
    of = particulars("lstm:max+mean@random", LABELS, Config())
    write_model(tmp_path, files_of_network(of, fitted, "random"))
    folder = model_folder(tmp_path, "lstm:max+mean@random")
    described, weights = read(folder / "model.json"), load_file(folder / "weights.safetensors")
    assert ("embedding/embeddings" in weights) == tuned  # a frozen table is named, not copied
    again = build(NetworkSpec(**described["network"]))
    again.get_layer("embedding").set_weights([matrix.vectors])
    for weight in again.trainable_weights:
        layer, *_, name = weight.path.split("/")
        weight.assign(weights.pop(f"{layer}/{name}"))
    assert not weights
    expected = predict_probabilities(fitted.model, TRAIN.indexed, 2)
    np.testing.assert_array_equal(predict_probabilities(again, TRAIN.indexed, 2), expected)


def test_a_network_is_described_by_what_predicting_needs(tmp_path: Path) -> None:
    fitted = train_network("ann", TRAIN, matrix=matrix_of(6))
    write_vectors(tmp_path)
    of = particulars("ann@random", LABELS, Config(), seed=2)
    write_model(tmp_path, files_of_network(of, fitted, "random"))
    models = tmp_path / "models"
    folder = models / "ann@random" / "s2.f0"  # of the first seed of the first fold the folder above
    found = read(folder / "model.json")
    assert found.pop("files") == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("weights.safetensors", "golden.json")
    }
    assert found.pop("embedding_files") == {
        name: hashlib.sha256((models / "embedding-random" / name).read_bytes()).hexdigest()
        for name in ("vectors.safetensors", "vocabulary.json")
    }
    text = (folder / "model.json").read_text(encoding="utf-8")
    before = text.partition(',\n "sha256"')[0]
    assert found.pop("sha256") == hashlib.sha256(before.encode()).hexdigest()
    assert {"embedseq", "python", "numpy", "polars"} <= set(found.pop("versions"))
    assert found == {
        "format_version": 4,
        "writing": {"escapes": False, "names": [], "form": "", "labels": "str"},
        "kind": "network",
        "name": "ann@random",
        "seed": 2,
        "fold": 0,
        "task": "classify",
        "thresholds": None,
        "shuffle_seed": None,
        "network": {
            "model": "ann",
            "head": "",
            "embedding_rows": 6,
            "embedding_dim": 3,
            "tuned": False,
            "n_classes": 2,
            "units": 4,
            "layers": 1,
            "embedding_dropout": 0.0,
            "dropout": 0.0,
            "frozen_first": False,
            "word_dropout": 0.0,
            "piece_tokens": 0,
            "bptt": 0,
            "forget_bias": 3.0,
            "n_letters": None,
            "task": "classify",
        },
        "embedding": "embedding-random",
        "label_names": ["neg", "pos"],
        "tokenizer": {
            "name": "words",
            "lowercase": True,
            "html_breaks": True,
            "normalization": "nfc",
            "unspaced": "auto",
            "vowel_signs": True,
            "letter_variants": True,
        },
        "word_breaker": None,
        "max_tokens": 400,
        "keep": "last",
        "networks": asdict(Config().networks),
        "best_updates": 2,
    }


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["bow", "tfidf", "nbsvm"])
def test_a_linear_model_can_be_computed_again_from_its_files(tmp_path: Path, name: str) -> None:
    train = tokens_of([*THREE_DOCUMENTS, ("dull",)])
    ngrams, counts = learn_ngrams(train)
    settings = FEW_STRENGTHS
    labels = int32([0, 1, 0, 2])
    fitted = fit_baseline(name, counts, labels, n_classes=3, strength=1.0, settings=settings)
    write_model(tmp_path, files_of_baseline(particulars(name, ("a", "b", "c"), Config()), fitted, ngrams))
    arrays = load_file(tmp_path / "models" / name / "weights.safetensors")
    features = (counts.toarray() > 0).astype(float)
    if name == "tfidf":
        dense = counts.toarray().astype(float)
        features = np.where(dense > 0, 1 + np.log(np.maximum(dense, 1)), 0.0) * arrays["idf"]
        features /= np.linalg.norm(features, axis=1, keepdims=True)
    logits = features @ arrays["coefficients"].T + arrays["intercepts"]
    probabilities = softmax(logits)
    if name == "nbsvm":
        each = 1 / (1 + np.exp(-logits))
        probabilities = each / each.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, fitted.predict_probabilities(counts), atol=1e-6)
    assert arrays["classes"].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(arrays["ngram_keys"], ngrams.keys)
    described = read(tmp_path / "models" / name / "model.json")
    assert described["probabilities"] == ("one-versus-rest" if name == "nbsvm" else "softmax")
    assert described["tokens"] == ["!", "bad", "dull", "film", "good", "plot"]
    assert (described["ngram_min"], described["ngram_max"]) == (1, 2)


def test_majority_is_saved_as_class_frequencies(tmp_path: Path) -> None:
    ngrams, counts = learn_ngrams(tokens_of(THREE_DOCUMENTS))
    fitted = fit_baseline(
        "majority", counts, int32([0, 1, 0]), n_classes=2, strength=1.0, settings=FEW_STRENGTHS
    )
    write_model(tmp_path, files_of_baseline(particulars("majority", LABELS, Config()), fitted, ngrams))
    arrays = load_file(tmp_path / "models" / "majority" / "weights.safetensors")
    np.testing.assert_allclose(arrays["class_prior"], [2 / 3, 1 / 3])


def test_the_scale_of_counts_is_saved(tmp_path: Path) -> None:
    ngrams, counts = learn_ngrams(tokens_of(THREE_DOCUMENTS), ngram_max=1)
    settings = replace(FEW_STRENGTHS, bow_binary=False)
    fitted = fit_baseline("bow", counts, int32([0, 1, 0]), n_classes=2, strength=1.0, settings=settings)
    write_model(tmp_path, files_of_baseline(particulars("bow", LABELS, Config()), fitted, ngrams))
    arrays = load_file(tmp_path / "models" / "bow" / "weights.safetensors")
    assert arrays["scale"].tolist() == [1, 1, 1, 2, 1]  # "good" stands twice in one document
