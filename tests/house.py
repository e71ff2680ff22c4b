"""Figures of the package's structure: `python -m tests.house` prints them, `test_house.py` holds their bounds."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "pipeline"
LONG_MODULE, LONG_FUNCTION = 400, 50  # lines: all of a module's, of a function's those that hold code


@dataclass(frozen=True)
class Figure:
    """One number, and the most that it may be."""

    what: str
    value: int
    most: int


@cache
def modules() -> dict[str, ast.Module]:
    """Return the syntax tree of each module, by its name within the package; the package itself is ""."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def room_of(module: str) -> str:
    """Return the entry at the top of the package in which a module lies.

    >>> room_of("report.page.charts"), room_of("cli")
    ('report', 'cli')
    """
    return module.partition(".")[0]


def imports(module: str) -> Iterator[str]:
    """Yield the modules of the package that a module imports, those inside functions and for types among them."""
    known = modules()
    for node in ast.walk(known[module]):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            inside = name.removeprefix("pipeline.")
            if inside == name:
                continue
            yield inside if inside in known else inside.rpartition(".")[0]


def arrows_between_rooms() -> dict[str, set[str]]:
    """Return the rooms that each room imports."""
    found: dict[str, set[str]] = {room_of(module): set() for module in modules() if module}
    for module in modules():
        if module:
            others = {room_of(name) for name in imports(module) if name}
            found[room_of(module)] |= others - {room_of(module)}
    return found


def floors() -> int:
    """Return the longest chain of rooms that import each other; a circle of rooms is no house."""
    arrows = arrows_between_rooms()
    floor: dict[str, int] = {}
    for room in TopologicalSorter(arrows).static_order():
        floor[room] = 1 + max((floor[other] for other in arrows[room]), default=0)
    return max(floor.values())


def circles() -> int:
    """Return 1 if modules import each other in a circle, else 0."""
    try:
        TopologicalSorter({module: set(imports(module)) - {module} for module in modules()}).prepare()
    except CycleError:
        return 1
    return 0


def code_lines() -> int:
    """Return the lines of the package without blanks, comments and docstrings."""
    return sum(len(_code_lines_of(path)) for path in PACKAGE.rglob("*.py"))


@cache
def _code_lines_of(path: Path) -> frozenset[int]:
    text = path.read_text(encoding="utf-8")
    quiet = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet:
            lines.update(range(token.start[0], token.end[0] + 1))
    return frozenset(lines - _docstring_lines(ast.parse(text)))


def _docstring_lines(tree: ast.Module) -> set[int]:
    """Return the lines of texts that stand alone: docstrings, and those below fields."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def long_modules() -> list[str]:
    """Return the modules of more than `LONG_MODULE` lines."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    return sorted(str(path.relative_to(PACKAGE)) for path, lines in lengths.items() if lines > LONG_MODULE)


def long_functions() -> list[str]:
    """Return the functions with more than `LONG_FUNCTION` lines of code."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        code = _code_lines_of(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                lines = sum(line in code for line in range(node.lineno, (node.end_lineno or node.lineno) + 1))
                if lines > LONG_FUNCTION:
                    found.append(f"{path.relative_to(PACKAGE)}: {node.name}, {lines} lines")
    return found


def files_with(pattern: str, under: str = "") -> list[str]:
    """Return the files below a folder of the package that hold the pattern."""
    return sorted(
        str(path.relative_to(PACKAGE))
        for path in (PACKAGE / under).rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"))
    )


def count(pattern: str, under: str = "") -> int:
    """Return how often the pattern stands in the files below a folder of the package."""
    return sum(
        len(re.findall(pattern, path.read_text(encoding="utf-8"))) for path in (PACKAGE / under).rglob("*.py")
    )


def entries() -> int:
    """Return the files and folders at the top of the package that hold code, `__init__.py` apart."""
    names = {room_of(module) for module in modules() if module}
    return len(names)


SPLITS_A_NAME = r"""(partition|split)\(\s*["']@["']"""


def figures() -> list[Figure]:
    """Return every figure with its bound: where the package stands, lowered with each step that lowers it."""
    return [
        Figure("entries at the top of the package", entries(), 20),
        Figure("floors of imports between them", floors(), 11),
        Figure("circles of modules", circles(), 0),
        Figure("files that take a model's name apart", len(files_with(SPLITS_A_NAME)), 1),
        Figure("uses of `Any`", count(r"\bAny\b"), 73),
        Figure('`.get("` in the report', count(r"""\.get\(["']""", "report"), 0),
        Figure(f"modules over {LONG_MODULE} lines", len(long_modules()), 0),
        Figure(f"functions over {LONG_FUNCTION} lines of code", len(long_functions()), 0),
        Figure("lines of code in the package", code_lines(), 54_600),
    ]


if __name__ == "__main__":
    for figure in figures():
        print(f"{figure.value:>7,}  of {figure.most:>7,} at most  {figure.what}")
    for title, names in (("long modules", long_modules()), ("long functions", long_functions())):
        print(f"\n{title}:", *(f"\n  {name}" for name in names))
