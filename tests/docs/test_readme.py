"""The README and the pages of names: commands are read by the program itself, names are those of the tables."""

from __future__ import annotations

import re
from typing import Any

import pytest
from command_lines import PROGRAM, SCRIPT, check_command
from markdown_pages import ROOT, names_after, prose, read, relative_links, shell_commands

from pipeline.cli import statuses
from pipeline.core.errors import NOT_ALL
from pipeline.core.models import LAST, MODELS, POOLED, networks
from pipeline.core.names import MODES, SHUFFLED_WORDS
from pipeline.corpus.readers.table import READERS
from pipeline.embeddings.table import SOURCES

README = read("README.md")
NAMES = read("docs/reference/names.md")

INSTALL_AND_RUN = "python -m pip install -e '.[demo]' && python run_pipeline.py"
INSTALL_AND_TEST = "python -m pip install -e '.[test]' && python -m pytest"


@pytest.mark.parametrize("command", sorted(set(shell_commands(README))))
def test_each_command_is_one_that_the_program_reads(command: str) -> None:
    check_command(command)


@pytest.mark.parametrize(
    "command",
    [
        "python run_pipeline.py --modles bow",
        "python run_pipeline.py --models bowl",
        "python run_pipeline.py --set networks.unit=64",
        "python -m pipeline inspect corpora a.csv",
        "python -m pip install -e '.[demos]'",
        "python -m pytest -x",
        "python run_pipelines.py",
    ],
)
def test_a_wrong_command_would_be_found(command: str) -> None:
    with pytest.raises(Exception):  # noqa: B017  of the library, the program or an assertion: any will do
        check_command(command)


@pytest.mark.parametrize("line", [INSTALL_AND_RUN, INSTALL_AND_TEST])
def test_two_commands_do_the_main_job_and_the_tests(line: str) -> None:
    assert README.count(f"\n{line}\n") == 1


def options_of(command: Any) -> set[str]:
    below = [options_of(child) for child in getattr(command, "commands", {}).values()]
    return {option for parameter in command.params for option in parameter.opts}.union(*below)


def test_every_option_in_the_text_exists() -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", prose(README)))
    assert named
    assert named <= options_of(PROGRAM) | {"--help"}


def test_models_heads_sources_and_modes_are_those_of_the_tables() -> None:
    of_text = {name for name, entry in MODELS.items() if entry.tasks == ("generate",)}
    taggers = {name for name, entry in MODELS.items() if "classify" not in entry.tasks} - of_text
    assert names_after(NAMES, "Models") == set(MODELS) - taggers - of_text
    assert names_after(NAMES, "Language models") == of_text
    assert names_after(NAMES, "Taggers") == taggers
    assert names_after(NAMES, "Heads") == {LAST, *POOLED, f"lstm:{SHUFFLED_WORDS}"}
    assert {head for network in networks().values() for head in network.heads} == {LAST, *POOLED}
    assert names_after(NAMES, "Embeddings") == set(SOURCES)
    assert names_after(NAMES, "Modes") == set(MODES)


@pytest.mark.parametrize(
    ("option", "start", "names"),
    [
        (
            "--models",
            "Models, separated by commas: ",
            [name for name, entry in MODELS.items() if "classify" in entry.tasks],
        ),
        ("--embeddings", "Embeddings, separated by commas: ", [*SOURCES]),
    ],
)
def test_the_help_names_every_entry_of_the_table(option: str, start: str, names: list[str]) -> None:
    texts = {parameter.opts[0]: str(getattr(parameter, "help", "")) for parameter in SCRIPT.params}
    listed = texts[option].removeprefix(start).partition(". ")[0]
    named = listed.partition("; ")[0].replace("or a vector file", "").split(", ")
    assert set(names) <= {name.strip() for name in named}


def test_every_ending_that_is_read_is_named() -> None:
    assert set(READERS) <= set(re.findall(r"`(\.\w+)`", read("docs/reference/reading.md")))


def test_the_exit_statuses_are_those_of_the_program() -> None:
    table = read("docs/reference/messages.md").partition("## Exit status")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == [
        str(status)
        for status in (
            0,
            statuses.FAULT,
            statuses.MISTAKE,
            statuses.DIFFERENCE,
            NOT_ALL,
            statuses.INTERRUPTED,
        )
    ]


@pytest.mark.parametrize("target", sorted(set(relative_links(README))))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_it_is_read_on_a_few_screens() -> None:
    assert len(README.splitlines()) <= 110
    assert README.index("\n## Your own text\n") < README.index("\n## Swap an embedding\n")


def test_no_figure_is_left_to_be_filled_in() -> None:
    assert re.findall(r"\{\{.*?\}\}", README) == []
