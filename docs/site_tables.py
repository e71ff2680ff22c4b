"""Parts of the site that are read out of the code when it is built: every command, every error."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

PACKAGE = Path(__file__).resolve().parents[1] / "pipeline"
UNKNOWN = ".."  # stands for what is known only when it happens


def commands() -> str:
    """Return a heading for each command, with its options."""
    import typer

    from pipeline import cli

    return "\n".join(_commands(typer.main.get_command(cli.app), "python -m pipeline"))


def _commands(command: Any, name: str) -> Iterator[str]:
    below = getattr(command, "commands", {})
    for part, one in below.items():
        yield from _commands(one, f"{name} {part}")
    if below:
        return
    yield f"### `{name}`\n\n{_plain(command.help)}\n\n| | |\n| --- | --- |"
    for parameter in command.params:
        named = (
            parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.metavar or parameter.name
        )
        yield f"| `{named}` | {_plain(getattr(parameter, 'help', None))} |"
    yield ""


def errors() -> str:
    """Return a table of every error that stands in the code of the package, in the order of its names."""
    rows = set()
    for path in PACKAGE.rglob("*.py"):
        for name, said in errors_of(path.read_text(encoding="utf-8")):
            if not said[1] == said[2] == UNKNOWN:
                rows.add(f"| `{name}` | {' | '.join(map(_plain, said))} |")
    return "\n".join(["| name | where | what | what to do |", "| --- | --- | --- | --- |", *sorted(rows)])


def errors_of(code: str) -> Iterator[tuple[str, list[str]]]:
    """Yield name, and where, what and fix of each `PipelineError` of which the code spells the name out.

    >>> list(errors_of('def f(n): raise PipelineError("no-such-file", "--a", f"it is {n}", "give one")'))
    [('no-such-file', ['--a', 'it is ..', 'give one'])]
    """
    for function in ast.walk(ast.parse(code)):
        if not isinstance(function, ast.FunctionDef):
            continue
        texts = _assigned(function)
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "PipelineError"
                and len(node.args) == 4
            ):
                name, *said = [_said(argument, texts) for argument in node.args]
                yield name, said


def _assigned(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Return what each name of the function is bound to, for names that are bound once."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _said(node: ast.expr, texts: dict[str, ast.expr]) -> str:
    """Return the words of an expression, with `..` for each part that the code does not spell out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_said(part, {}) for part in node.values)
    if isinstance(node, ast.IfExp):
        return " / ".join(_said(part, texts) for part in (node.body, node.orelse))
    if isinstance(node, ast.Name) and isinstance(
        texts.get(node.id), (ast.Constant, ast.JoinedStr, ast.IfExp)
    ):
        return _said(texts[node.id], {})
    return UNKNOWN


def _plain(text: str | None) -> str:
    """Return text as a cell of a Markdown table: what Markdown would read as marks stands as it is."""
    words = " ".join((text or "").split())
    for mark in "\\`*_[]<>|#$":
        words = words.replace(mark, f"\\{mark}")
    return words


def directive(write: Callable[[], str]) -> type[SphinxDirective]:
    """Return the directive that stands for what `write` returns."""

    class Written(SphinxDirective):
        def run(self) -> list[nodes.Node]:
            self.env.note_reread()
            return self.parse_text_to_nodes(write(), allow_section_headings=True)

    return Written
