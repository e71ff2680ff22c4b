"""The page on exports: its reader is the one that goes with an export, and its lines do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from markdown_pages import ROOT, read
from saved_by_hand import saved

from pipeline.export.onnx_file import write_onnx

PAGE = read("docs/how-to/export.md")
READER, USE = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_reader_on_the_page_is_the_one_that_is_exported() -> None:
    own = (ROOT / "pipeline" / "export" / "reader.py").read_text(encoding="utf-8")
    docstring, code = own.split("\n\n", 1)
    assert docstring.startswith('"""')
    assert code == READER
    assert len(READER.splitlines()) <= 40


def test_the_lines_of_the_page_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime")
    model = saved("tfidf")
    write_onnx(model, tmp_path / "tfidf.onnx")
    monkeypatch.chdir(tmp_path)
    exec(compile(READER + USE, "docs/how-to/export.md", "exec"), {})
    label, probability = capsys.readouterr().out.split()
    answer = model.answer(pl.Series(["The team won in the last minute."]))[0]
    assert label == model.label_names[answer.argmax()]
    assert float(probability) == pytest.approx(answer.max(), abs=1e-5)
