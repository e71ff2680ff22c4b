"""Commands: what the program prints, and those of the documents, read as the program itself reads them."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import typer
from markdown_pages import ROOT, read

from pipeline import cli
from pipeline.experiment.plan import plan_models
from pipeline.settings.options import resolved

SCRIPT = typer.main.get_command(cli.script)
PROGRAM: Any = typer.main.get_command(cli.app)


def status_of(start: Callable[[list[str]], None], *arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        start(list(arguments))
    code = ended.value.code
    return code if isinstance(code, int) else 0


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert status_of(cli.main, *arguments, "--help") == 0
    return capsys.readouterr().out


def check_run(arguments: list[str]) -> None:
    """Read the arguments as the script would, up to the plan of models."""
    params = SCRIPT.make_context("run_pipeline.py", arguments).params
    config = resolved(params | {"config": None})  # the README's file is one that the reader has
    plan_models(config.run.models, config.run.embeddings)


def check_program(arguments: list[str]) -> None:
    """Read the arguments of `python -m pipeline`, subcommand after subcommand."""
    command = PROGRAM
    while hasattr(command, "commands"):
        command = command.commands[arguments[0]]
        arguments = arguments[1:]
    command.make_context(command.name, arguments)


def check_install(arguments: list[str]) -> None:
    """Check the extra that is installed, and the constraints file if one is named."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    *options, requirement = arguments
    assert options in (["-e"], ["-c", "constraints.txt", "-e"])
    extra = re.fullmatch(r"\.\[(\w+)\]", requirement)
    assert extra is not None
    assert extra[1] in project["optional-dependencies"]
    assert "-c" not in options or (ROOT / "constraints.txt").is_file()


def check_nothing_more(arguments: list[str]) -> None:
    assert arguments == []


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "python run_pipeline.py": check_run,
    "python -m pipeline": check_program,
    "python -m pip install": check_install,
    "python -m pytest": check_nothing_more,
}


def import_all(code: str) -> int:
    """Do the imports of a program and nothing else; return how many there are. One that cannot be done is an error."""
    wanted = [node for node in ast.parse(code).body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(wanted, []), "imports", "exec"), {"__name__": "imports"})
    return len(wanted)


def check_command(command: str) -> None:
    """Read one command of the README; an error says what is wrong with it."""
    start = next((start for start in COMMANDS if f"{command} ".startswith(f"{start} ")), None)
    assert start is not None, f"{command}: not one of {', '.join(COMMANDS)}"
    COMMANDS[start](shlex.split(command.removeprefix(start)))
