"""The documents beside the README: generated pages up to date, links that resolve, versions that fit."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from markdown_pages import ROOT, first_cells, read, shell_commands
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from report_builders import build_run

from docs import make_run_folder
from pipeline.core.models import MODELS
from pipeline.corpus.readers.table import READERS
from pipeline.embeddings.table import SOURCES
from pipeline.models.baselines.table import BASELINES
from pipeline.report import draw_report

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PAGES = [
    *("CONTRIBUTING.md", "CHANGELOG.md", "data/README.md", "reports/README.md"),
    *(page.relative_to(ROOT).as_posix() for page in sorted((ROOT / "docs").rglob("*.md"))),
]
PROJECT = tomllib.loads(read("pyproject.toml"))["project"]


def load_script(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def configuration() -> ModuleType:
    return load_script("docs/make_configuration.py")


# --- pages made from the code ----------------------------------------------------------------------------


def test_the_configuration_page_is_up_to_date(configuration: ModuleType) -> None:
    assert read("docs/reference/configuration.md") == configuration.page(), "run `make configuration`"


def test_the_tables_of_the_run_folder_page_are_up_to_date(tmp_path: Path) -> None:
    page = tmp_path / "run-folder.md"
    page.write_text(read("docs/reference/run-folder.md"), encoding="utf-8")
    make_run_folder.write(page)
    assert page.read_text(encoding="utf-8") == read("docs/reference/run-folder.md"), "run `make run-folder`"


def test_a_row_of_the_run_folder_page_tells_of_fields_that_belong_together() -> None:
    row = "| `trained`, `why_not` | `false` and the reason when the fit did not train |"
    assert row in read("docs/reference/run-folder.md").splitlines()


def test_a_row_of_the_configuration_page() -> None:
    row = (
        "| `max_tokens` | 400 | a whole number from 1 | `--max-tokens` "
        "| Tokens of a document that a recurrent network reads. |"
    )
    assert row in read("docs/reference/configuration.md").splitlines()
    assert "| `networks.units` | 128 | 64 |" in read("docs/reference/configuration.md").splitlines()


# --- links, commands, names ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["README.md", *PAGES])
def test_no_page_names_a_place_of_one_machine(page: str) -> None:
    places = re.findall(r"(?<![\w.:/])(?:/(?:home|root|tmp|work|opt|Users)/\S*|[A-Z]:\\\S*)", read(page))
    assert places == []


def test_the_module_table_names_every_module_and_no_other() -> None:
    named = {
        name for name in first_cells(read("CONTRIBUTING.md"), "What's where") if name.startswith("pipeline/")
    }
    there = {
        f"pipeline/{path.name}" + ("/" if path.is_dir() else "")
        for path in (ROOT / "pipeline").iterdir()
        if not path.name.startswith("__") and path.name != "py.typed"
    }
    assert named == there


def test_every_path_of_the_module_table_exists() -> None:
    for name in first_cells(read("CONTRIBUTING.md"), "What's where"):
        assert (ROOT / name).exists(), name


def test_the_make_targets_of_the_recipes_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", read("CONTRIBUTING.md")))
    assert {"check", "test-all", "demo", "golden", "render", "bench"} <= named <= targets


def test_make_targets_are_no_files() -> None:
    makefile = read("Makefile")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert sorted(phony[1].split()) == sorted(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_make_targets_call_scripts_that_exist() -> None:
    for script in re.findall(r"\$\(PYTHON\) (\S+\.py)", read("Makefile")):
        assert (ROOT / script).is_file(), script


def test_contributors_are_shown_commands_that_exist() -> None:
    for command in shell_commands(read("CONTRIBUTING.md")):
        assert command in ("python -m pip install -e '.[dev]'", "make check")


@pytest.mark.parametrize(
    ("name", "module", "table"),
    [
        ("SOURCES", "pipeline/embeddings/table.py", SOURCES),
        ("BASELINES", "pipeline/models/baselines/table.py", BASELINES),
        ("MODELS", "pipeline/core/models.py", MODELS),
        ("READERS", "pipeline/corpus/readers/table.py", READERS),
    ],
)
def test_recipes_name_the_file_where_the_table_stands(name: str, module: str, table: dict) -> None:
    recipe = read("CONTRIBUTING.md").partition(f"one line to `{name}` in [")[2]
    assert recipe.startswith(f"{module}]({module})")
    assert table
    assigned = [node.target for node in ast.parse(read(module)).body if isinstance(node, ast.AnnAssign)]
    assert name in [ast.unparse(target) for target in assigned]


def test_recipes_name_tests_that_exist() -> None:
    named = re.findall(r"`(tests/[\w/]+(?:\.py)?)/?`", read("CONTRIBUTING.md"))
    named += re.findall(r"pytest ([\w/. ]+)`", read("CONTRIBUTING.md"))
    for path in " ".join(named).split():
        assert (ROOT / path).exists(), path


# --- decisions, changes, licence -------------------------------------------------------------------------


def test_decisions_are_numbered_without_gaps() -> None:
    assert [page.name[:5] for page in DECISIONS] == [f"{n:04}-" for n in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_is_one_page_of_four_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]} ")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Measurement", "When to revisit"]
    assert len(text.splitlines()) <= 60


def test_what_is_not_released_stands_on_top_of_the_changes() -> None:
    assert re.findall(r"^## (.*)$", read("CHANGELOG.md"), re.MULTILINE)[0] == "Unreleased"


def test_the_licence_is_the_one_that_the_package_declares() -> None:
    assert PROJECT["license"] == "MIT"
    assert read("LICENSE").splitlines()[:3] == ["MIT License", "", "Copyright (c) 2026 The embedseq authors"]


# --- installation ----------------------------------------------------------------------------------------


def constraints() -> dict[str, str]:
    lines = [line.split("==") for line in read("constraints.txt").splitlines()]
    return {canonicalize_name(name): version for name, version in lines}


def test_constraints_are_names_and_versions_only() -> None:
    for line in read("constraints.txt").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line), line


def test_the_constraints_satisfy_every_requirement() -> None:
    extras = PROJECT["optional-dependencies"].values()
    wanted = [Requirement(text) for texts in (PROJECT["dependencies"], *extras) for text in texts]
    pinned = constraints()
    for requirement in wanted:
        if requirement.name != PROJECT["name"]:
            assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


@pytest.mark.skipif(os.name == "nt", reason="a bash script")
def test_the_check_script_is_executable_and_bash_reads_it() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run([shutil.which("bash") or "bash", "-n", script], check=False).returncode == 0
    lines = script.read_text(encoding="utf-8").splitlines()
    assert "set -euo pipefail" in lines
    assert lines[-1].startswith("python -m pytest")
    assert "python -m pip install -e '.[test]'" in "\n".join(lines)


# --- the picture of a report -----------------------------------------------------------------------------


def test_the_picture_is_taken_of_the_newest_run(tmp_path: Path) -> None:
    renderer = load_script("docs/render_report.py")
    for name, seconds in (("a", 20), ("b", 30), ("c", 10)):
        page = tmp_path / name / "report.html"
        page.parent.mkdir()
        page.touch()
        os.utime(page, (seconds, seconds))
    (tmp_path / "d").mkdir()
    assert renderer.newest_run(tmp_path) == tmp_path / "b"
    assert renderer.newest_run(tmp_path / "d") is None


@pytest.mark.longer
def test_the_gallery_shows_small_pictures_of_sections_that_have_something_to_show(
    browser: Any, tmp_path: Path
) -> None:
    gallery = load_script("docs/make_gallery.py")
    run = build_run(
        tmp_path, environment={"command": "python run_pipeline.py /home/me/films.csv --out /tmp/x --seeds 2"}
    )
    draw_report(run)
    text = gallery.page_text([gallery._show(browser, run, 1, tmp_path)])
    linked = re.findall(r"^!\[films: .*\]\((.*)\)$", text, re.MULTILINE)
    assert linked == [
        f"1-films-{name}.jpg" for name in ("answer", "differences", "causes", "memory", "phone")
    ]
    assert "\n    python run_pipeline.py films.csv --seeds 2\n" in text
    for name in linked:
        content = (tmp_path / name).read_bytes()
        assert content.startswith(b"\xff\xd8\xff")  # a JPEG
        assert len(content) < gallery.LARGEST


def test_first_cells_reads_a_table_below_its_heading() -> None:
    text = "\n## A\n\n| x |\n| --- |\n| `one` | `two` |\n\n## B\n\n| `three` |\n"
    assert first_cells(text, "A") == ["one"]


def test_every_function_that_a_path_names_stands_in_its_file() -> None:
    named = re.findall(r"\[`(\w+)`\]\((pipeline/[\w/]+\.py)\)", read("CONTRIBUTING.md"))
    assert len(named) > 20
    missing = [
        f"{name} in {path}"
        for name, path in named
        if not re.search(rf"^(def|class) {name}\b|^{name}\b.*=", read(path), re.MULTILINE)
    ]
    assert missing == []
