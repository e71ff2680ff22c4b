"""Blocks > plain text for a terminal, with the figures of the report and no markup."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from functools import singledispatch

from pipeline.core.clean import CELL_LIMIT, cell_text, clean, clip, code_text, prose
from pipeline.core.columns import aligned, display_width, padded, widths_of
from pipeline.report.page.blocks import Block, Cell, Code, Column, Example, Paragraph, Points, Table

NARROWEST, WIDTH = 80, 100
INDENT = "  "
BAR = 20  # characters of the longest
LONGEST = 38  # characters of a cell, so that two stand in the narrowest line
_SPELT: dict[str, str | int | None] = {
    "σ": "sigmoid",
    "·": "*",
    "²": "^2",
    "ᵀ": "^T",
    "█": "#",
    "‹": "<",
    "›": ">",
    "…": "...",
}


def write_plain(blocks: Sequence[Block], width: int = WIDTH, *, below: bool = False) -> str:
    """Return tables, points, paragraphs and code as text; charts have none.

    Columns of a table that is wider than `width` go on `below`, or stay in one line.
    """
    written = (_written(block, width, below) for block in blocks)
    return "\n\n".join(text for text in written if text)


def write_example(example: Example, width: int = WIDTH, encoding: str | None = "utf-8") -> str:
    """Return a page as lines of at most `width` characters (80 to 100), where words allow it.

    Signs that `encoding` lacks are spelt: sigmoid, *, ^2, ^T.
    """
    width = min(max(width, NARROWEST), WIDTH)
    parts = [_title(example.title, width, "="), _prose(example.lead, width)]
    for section in example.sections:
        parts += [_title(section.title, width, "-"), write_plain(section.blocks, width, below=True)]
    text = "\n\n".join([*parts, _prose(example.conclusion, width)])
    return text if _can(text, encoding) else text.translate(str.maketrans(_SPELT))


def _can(text: str, encoding: str | None) -> bool:
    """Return whether the signs of equations in `text` can be written in this encoding."""
    try:
        "".join(sign for sign in _SPELT if sign in text).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _title(text: str, width: int, line: str) -> str:
    lines = textwrap.wrap(prose(text), width)
    return "\n".join([*lines, line * max(map(display_width, lines))])


def _prose(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(prose(text), width))


@singledispatch
def _written(block: Block, width: int, below: bool) -> str:
    """Return a block as text; those that have a form here have a function below, charts have none."""
    return ""


@_written.register
def _table(table: Table, width: int, below: bool) -> str:
    """Return a table under its caption: columns in line, or a line for each column where there is one row only."""
    upright = len(table.rows) == 1 and bool(table.columns[0].title)
    lines = _one_row(table.columns, table.rows[0], width) if upright else _rows(table, width, below=below)
    return "\n".join([*textwrap.wrap(clean(table.caption), width), *lines, *_wrapped(table.note, width)])


def _one_row(columns: Sequence[Column], cells: Sequence[Cell], width: int) -> list[str]:
    widest = max((display_width(column.title) for column in columns), default=0)
    lines: list[str] = []
    for column, cell in zip(columns, cells, strict=True):
        start = INDENT + padded(column.title, widest) + INDENT
        lines += textwrap.wrap(
            cell_text(cell.text) or "-", width, initial_indent=start, subsequent_indent=" " * len(start)
        )
    return lines


def _rows(table: Table, width: int, *, below: bool) -> list[str]:
    """Return the lines of a table; its equations are broken, bars stand where they fit."""
    columns, room = table.columns, width - len(INDENT)
    longest = LONGEST if below else CELL_LIMIT
    heads = [Cell(column.title) for column in columns]
    grid = [_texts(columns, line, longest) for line in (heads, *table.rows)]
    rights = [column.number for column in columns]
    for place, column in enumerate(columns):
        if column.equation:
            grid = list(_broken(grid, place, room))
    if any(cell.bar is not None for line in table.rows for cell in line) and _length(grid) + BAR + 2 <= room:
        bars = [sum(cell.bar or 0 for cell in line) for line in table.rows]
        grid = [[*line, "█" * round(BAR * bar)] for line, bar in zip(grid, [0, *bars], strict=True)]
        rights.append(False)
    groups = _groups(widths_of(grid), room) if below else [range(len(rights))]
    return [
        (INDENT + line).rstrip()
        for group in groups
        for line in aligned([[line[place] for place in group] for line in grid], [rights[p] for p in group])
    ]


def _texts(columns: Sequence[Column], cells: Sequence[Cell], longest: int) -> list[str]:
    return [
        " ".join([clean(cell.text) if column.equation else clip(clean(cell.text), longest), *cell.tags])
        for column, cell in zip(columns, cells, strict=True)
    ]


def _length(grid: Sequence[Sequence[str]]) -> int:
    return sum(width + 2 for width in widths_of(grid)) - 2


def _broken(grid: Sequence[Sequence[str]], long: int, width: int) -> Iterator[list[str]]:
    """Yield the lines with the texts of one column broken to fill the width; what comes behind stands at their end."""
    room = max(width - _length(grid) + widths_of(grid)[long], 1)
    for line in grid:
        name = line[:long]
        *parts, last = textwrap.wrap(line[long], room, subsequent_indent=INDENT) or [""]
        for part in parts:
            yield [*name, part, *("" for _ in line[long + 1 :])]
            name = ["" for _ in name]
        yield [*name, padded(last, room), *line[long + 1 :]]


def _groups(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """Yield the places of columns that fit beside each other, each time after the first column."""
    group = [0]
    for place in range(1, len(widths)):
        if len(group) > 1 and sum(widths[each] + 2 for each in (*group, place)) > room + 2:
            yield group
            group = [0]
        group.append(place)
    yield group


@_written.register
def _points(points: Points, width: int, below: bool) -> str:
    lines = [line for item in points.items for line in _wrapped(item, width)]
    return "\n".join([points.title, *lines] if points.title else lines)


@_written.register
def _paragraph(paragraph: Paragraph, width: int, below: bool) -> str:
    return _prose(paragraph.text, width)


@_written.register
def _code(code: Code, width: int, below: bool) -> str:
    lines = [INDENT + line for line in code_text(code.text).splitlines()]
    return "\n".join([clean(code.caption), *lines] if code.caption else lines)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(prose(text), width, initial_indent=INDENT, subsequent_indent=INDENT)
