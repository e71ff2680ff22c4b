"""A model in ONNX answers as it does here, asked of the real ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from saved_by_hand import EVERY, LABELS, saved

from pipeline.export.onnx_file import export_onnx
from pipeline.export.reader import Reader

TEXTS = ["a good film", "so bad", "", "nothing of this is known", "a very good plot and a very bad film " * 3]


def asked(folder: Path, texts: list[str]) -> np.ndarray:
    """Return what ONNX Runtime answers with the files of a folder."""
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(folder / "model.onnx")
    read = Reader((folder / "tokenizer.json").read_text(encoding="utf-8"))
    return session.run(["probabilities"], read.inputs(texts))[0]


@pytest.mark.parametrize("name", EVERY)
def test_every_model_answers_in_onnx_as_it_does_here(tmp_path: Path, name: str) -> None:
    model = saved(name)
    said = export_onnx(model, tmp_path / "out")
    answers = asked(tmp_path / "out", TEXTS)
    assert answers.shape == (5, len(LABELS))
    np.testing.assert_allclose(answers, model.answer(pl.Series(TEXTS)), atol=1e-5)
    alike = name in ("majority", "nbsvm of one")
    assert (np.ptp(answers, axis=0).max() < 1e-6) == alike  # else any graph would do
    assert said.startswith(f"{model.name} in {tmp_path / 'out'}: model.onnx, tokenizer.json and reader.py, ")
