"""A model in ONNX answers as it does here, asked of the real ONNX Runtime."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from saved_by_hand import EVERY, LABELS, saved

from pipeline.core.errors import PipelineError
from pipeline.export import onnx_file, onnx_graph
from pipeline.export.onnx_file import OnnxFile, write_onnx
from pipeline.export.onnx_graph import onnx_model
from pipeline.models.golden import TEXTS

pytest.importorskip("onnxruntime")
OWN = ["a good film", "so bad", "a very good plot and a very bad film " * 3]


@pytest.mark.parametrize("name", EVERY)
def test_every_model_answers_in_onnx_as_it_does_here(tmp_path: Path, name: str) -> None:
    model, texts = saved(name), pl.Series([*TEXTS, *OWN])
    write_onnx(model, tmp_path / "model.onnx")
    file = OnnxFile(tmp_path / "model.onnx")
    answers = file.answer(texts)
    assert answers.shape == (len(texts), len(LABELS))
    np.testing.assert_allclose(answers, model.answer(texts), atol=1e-5)
    alone = np.concatenate([file.answer(texts[place : place + 1]) for place in range(len(texts))])
    np.testing.assert_allclose(alone, answers, atol=1e-6)  # whatever a text is padded beside
    alike = name in ("majority", "nbsvm of one")
    assert (np.ptp(answers, axis=0).max() < 1e-6) == alike  # else any graph would do


def operators(name: str) -> list[str]:
    return [node.op_type for node in onnx_model(saved(name)).graph.node]


def test_a_recurrent_layer_is_one_node() -> None:
    assert operators("bilstm:last@random").count("LSTM") == 2  # layers
    assert operators("gru:mean@random").count("GRU") == 1
    assert operators("rnn@random").count("RNN") == 1
    assert "Loop" not in operators("bilstm:max+mean@random")


def test_a_file_says_what_it_is() -> None:
    made = onnx_model(saved("lstm@random"), {"more": "told"})
    told = {one.key: one.value for one in made.metadata_props}
    assert told.pop("embedseq")
    assert json.loads(told.pop("labels")) == list(LABELS)
    assert told == {"model": "lstm@random", "more": "told"}
    assert [(one.domain, one.version) for one in made.opset_import] == [("", 17)]
    assert [one.name for one in made.graph.input] == ["rows", "lengths"]
    assert [one.name for one in onnx_model(saved("bow")).graph.input] == ["ids", "counts"]


def refusal(tmp_path: Path, name: str = "lstm@random") -> str:
    with pytest.raises(PipelineError) as error:
        write_onnx(saved(name), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
    return str(error.value)


def test_a_cell_without_an_operator_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(onnx_graph._CELLS, "lstm")
    assert refusal(tmp_path) == (
        "--model: ONNX has no operator for the cell lstm of lstm@random; export a network of rnn, gru"
    )


def test_what_is_too_large_for_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 100)
    assert refusal(tmp_path) == (
        "--to onnx: lstm@random is 0.0 GB, and a file of ONNX holds 0.0 GB at most;"
        " keep fewer words with --words N, or write --to bundle"
    )


def test_a_package_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "find_spec", lambda package: None)
    assert (
        refusal(tmp_path)
        == "--to onnx: the package onnx is not installed; run `pip install 'embedseq[export]'`"
    )
