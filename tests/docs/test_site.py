"""The pages of the site: links that lead somewhere, commands that the program reads, nothing that asks a host."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from command_lines import COMMANDS, check_command
from markdown_pages import FENCED, ROOT, prose, read, shell_commands

from docs.asked_hosts import asked, loads_of
from docs.site_tables import commands, errors_of

PAGES = [
    *(
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "data/README.md",
        "reports/README.md",
        "benchmarks/README.md",
    ),
    *(page.relative_to(ROOT).as_posix() for page in sorted((ROOT / "docs").rglob("*.md"))),
]
PARTS = ("start", "how-to", "reference", "explanations")


@cache
def anchors(page: str) -> set[str]:
    """Return the names of a page's headings, as a code host and the site make them."""
    headings = re.findall(r"^#{1,6} (.*)$", FENCED.sub("", read(page)), re.MULTILINE)
    return {slug(heading) for heading in headings}


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.replace("\\", "").lower()).replace(" ", "-")


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("The advice", "the-advice"),
        ("`results`: one entry a fit", "results-one-entry-a-fit"),
        ("predictions/*.parquet", "predictionsparquet"),
    ],
)
def test_a_heading_is_named_as_a_code_host_names_it(heading: str, name: str) -> None:
    assert slug(heading) == name


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    for path, anchor in re.findall(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)", prose(read(page))):
        if re.match(r"https?:|mailto:", path):
            continue
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target.resolve().relative_to(ROOT).as_posix()), f"{path}#{anchor}"


@pytest.mark.parametrize("part", PARTS)
def test_every_command_of_a_page_is_one_that_the_program_reads(part: str) -> None:
    commands = {
        command.partition("  #")[0].strip()
        for page in sorted((ROOT / "docs" / part).glob("*.md"))
        if page.stem != "add-a-source"  # its commands are those of a source that the page adds
        for command in shell_commands(page.read_text(encoding="utf-8"))
        if f"{command} ".startswith(tuple(f"{start} " for start in COMMANDS if start != "python -m pytest"))
    }
    for command in sorted(commands):
        try:
            check_command(command)
        except Exception as error:
            pytest.fail(f"{command}: {error}")


@pytest.mark.parametrize(
    "part", ["start", "tutorials", "how-to", "learn", "reference", "explanations", "project"]
)
def test_every_page_stands_in_the_contents_of_its_part(part: str) -> None:
    contents = (ROOT / "docs" / part / ("README.md" if part == "learn" else "index.md")).read_text(
        encoding="utf-8"
    )
    listed = set(re.findall(r"^([\w-]+)$", contents.partition("```{toctree}")[2], re.MULTILINE))
    pages = {page.stem for page in (ROOT / "docs" / part).iterdir() if page.suffix in (".md", ".ipynb")}
    assert pages - {"index", "README"} == listed


def test_commands_are_listed_with_what_they_take() -> None:
    lines = commands().splitlines()
    start = lines.index("### `python -m pipeline cache`")
    assert lines[start + 2].startswith("Show where word vectors are kept between runs")
    assert lines[start + 6].startswith("| `--clear` | ")
    assert "### `python -m pipeline inspect corpus`" in lines


def test_an_error_is_listed_with_what_the_code_spells_out() -> None:
    code = (
        "def f(n):\n    what = f'it is {n}'\n    raise PipelineError('no-such-file', '--a', what, fix(n))\n"
        "def g():\n    raise ValueError('no')\n"
    )
    assert list(errors_of(code)) == [("no-such-file", ["--a", "it is ..", ".."])]


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ('<a href="https://a.org/">a link</a>', ".html", []),
        ('<link rel="stylesheet" href="https://a.org/a.css">', ".html", ["https://a.org/a.css"]),
        ('<link rel="canonical" href="https://a.org/">', ".html", []),
        ('<script src="//a.org/a.js"></script>', ".html", ["//a.org/a.js"]),
        ("@import 'https://a.org/font.css';", ".css", ["https://a.org/font.css"]),
        ('node.src = "https://a.org/a.js"', ".js", ["https://a.org/a.js"]),
        ("// see https://a.org", ".js", []),
    ],
)
def test_what_a_browser_would_fetch_is_found(text: str, kind: str, found: list[str]) -> None:
    assert loads_of(text, kind) == found


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_asks_no_host(tmp_path: Path) -> None:
    pytest.importorskip("furo")
    command = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "-c", "docs", "-D", "nb_execution_mode=off"]
    built = subprocess.run(
        [*command, "-d", str(tmp_path / "trees"), ".", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.stderr == ""
    assert list(asked(tmp_path / "site")) == []
    assert (tmp_path / "site" / "docs" / "start" / "install.html").is_file()
