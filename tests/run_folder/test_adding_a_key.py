"""A key of metrics.json is one field: a line in a type is in the schema, the check, the page and the builder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPES = "pipeline/run_folder/metrics/models.py"
BEFORE = "    chosen_by: ChosenBy\n"
FIELD = '    patience: Share | None\n    """what was left of the patience; `null` for linear models"""\n'

# What the changed package is asked, each answer on a line.
QUESTIONS = """
import json
from filled import filled
from pipeline.core.files import plain
from pipeline.run_folder.metrics import Metrics, check_metrics, metrics_schema
from pipeline.run_folder.metrics.models import Budget

def said(metrics):
    try:
        return check_metrics(metrics)
    except ValueError as error:
        return str(error).partition("says: ")[2]

print(json.dumps(metrics_schema()["$defs"]["Budget"]["properties"]["patience"]["anyOf"]))
built = filled(Metrics, {"budgets": [{"name": "bow"}]})
print(json.dumps(built["budgets"]))
print(said(built))
print(said(filled(Metrics, {"budgets": [{"patience": 2.0}]})))
built["budgets"][0].pop("patience")
print(said(built))
print(json.dumps(plain(Budget("bow", 1, 1, None, 0.5, "nothing"))))
"""


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the program that has one more field, and nothing else changed."""
    folder = tmp_path_factory.mktemp("changed")
    shutil.copytree(ROOT / "pipeline", folder / "pipeline")  # with what is compiled
    (folder / "docs" / "reference").mkdir(parents=True)
    for name in (
        "docs/__init__.py",
        "docs/make_run_folder.py",
        "docs/marked_sections.py",
        "docs/reference/run-folder.md",
    ):
        shutil.copy(ROOT / name, folder / name)
    shutil.copy(ROOT / "tests" / "filled.py", folder / "filled.py")
    types = (folder / TYPES).read_text(encoding="utf-8")
    assert types.count(BEFORE) == 1
    (folder / TYPES).write_text(types.replace(BEFORE, FIELD + BEFORE), encoding="utf-8")
    return folder


def python(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_a_new_field_is_in_the_schema_the_check_and_the_builder(changed: Path) -> None:
    schema, built, right, too_large, absent, written = python(changed, "-c", QUESTIONS).splitlines()
    assert json.loads(schema) == [{"maximum": 1.0, "minimum": 0.0, "type": "number"}, {"type": "null"}]
    assert json.loads(built)[0]["patience"] is None
    assert right == "None"
    assert too_large == "$.budgets[0].patience: input should be less than or equal to 1 (it is 2.0)"
    assert absent == "$.budgets[0].patience: field required"
    assert json.loads(written)["patience"] == 0.5


def test_a_new_field_is_a_row_of_the_page(changed: Path) -> None:
    python(changed, "-m", "docs.make_run_folder")
    page = (changed / "docs/reference/run-folder.md").read_text(encoding="utf-8").splitlines()
    assert "| `patience` | what was left of the patience; `null` for linear models |" in page
