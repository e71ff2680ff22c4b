"""An option is one field: a line in a table is in --help, --set, a file and the configuration page, and is checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = '    """`[vocabulary]`: which training tokens get a row."""\n'
FIELD = """
    stems: int = setting(
        2, "Endings that are cut off a word.", Check(minimum=0, maximum=5), option="--stems N", quick=1
    )
"""

# What the changed package is asked, each answer on a line.
QUESTIONS = """
import sys
from pathlib import Path

from pipeline import cli
from pipeline.core.errors import PipelineError
from pipeline.settings.reading import load_config
from pipeline.settings.tables import deciding

def refusal(*layers):
    try:
        load_config(*layers)
    except PipelineError as error:
        return str(error)

file = Path("run.toml")
file.write_text("[vocabulary]\\nstems = 3\\n")
print(load_config().vocabulary.stems, load_config(None, ["run.quick=true"]).vocabulary.stems)
print(cli.settings_of(["--stems", "4"]).vocabulary.stems)
print(load_config(None, ["vocabulary.stems=5"]).vocabulary.stems)
print(load_config(file).vocabulary.stems)
print(deciding(load_config(file))["vocabulary.stems"])
file.write_text("[vocabulary]\\nmin_count = 1\\nstems = 6\\n")
print(refusal(file))
print(refusal(None, ["vocabulary.stem=1"]))
try:
    cli.run_main(["--stems", "7"])
except SystemExit as ended:
    print(ended.code)
"""


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the program that has one more field, and nothing else changed."""
    folder = tmp_path_factory.mktemp("changed")
    shutil.copytree(ROOT / "pipeline", folder / "pipeline")  # with what is compiled
    (folder / "docs" / "reference").mkdir(parents=True)
    for name in ("run_pipeline.py", "docs/make_configuration.py"):
        shutil.copy(ROOT / name, folder / name)
    table = folder / "pipeline/settings/corpus.py"
    before = table.read_text(encoding="utf-8")
    assert before.count(TABLE) == 1
    table.write_text(before.replace(TABLE, TABLE + FIELD), encoding="utf-8")
    return folder


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )


def test_a_new_field_is_an_option_in_help(changed: Path) -> None:
    text = python(changed, "run_pipeline.py", "--help").stdout
    assert "\n  --stems N              Endings that are cut off a word. Default: 2.\n" in text


def test_a_new_field_is_read_from_each_layer_and_checked_in_each(changed: Path) -> None:
    answered = python(changed, "-c", QUESTIONS)
    assert answered.stdout.splitlines() == [
        "2 1",
        "4",
        "5",
        "3",
        "3",
        "run.toml:3:1: vocabulary.stems is 6; give a whole number from 0 to 5",
        '--set vocabulary.stem=1: [vocabulary] has no key "stem"; did you mean "stems"?',
        "2",
    ]
    assert (
        answered.stderr
        == "--stems: vocabulary.stems is 7; give a whole number from 0 to 5 [setting-out-of-range]\n"
    )


def test_a_new_field_is_a_row_of_the_configuration_page(changed: Path) -> None:
    python(changed, "docs/make_configuration.py")
    page = (changed / "docs/reference/configuration.md").read_text(encoding="utf-8").splitlines()
    row = "| `stems` | 2 | a whole number from 0 to 5 | `--stems` | Endings that are cut off a word. |"
    assert row in page
    assert "| `vocabulary.stems` | 2 | 1 |" in page
