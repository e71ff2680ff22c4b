"""Blocks > plain text for a terminal, with the figures of the report and no markup."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.core.clean import cell_text, clean, prose
from pipeline.report.page.blocks import Block, Cell, Column, Paragraph, Points, Table
from pipeline.report.page.markdown import display_width

WIDTH = 100
INDENT = "  "


def write_plain(blocks: Sequence[Block]) -> str:
    """Return tables, points and paragraphs as text; charts have none."""
    written = [_WRITERS[block.kind](block) for block in blocks if block.kind in _WRITERS]
    return "\n\n".join(text for text in written if text)


def _table(table: Table) -> str:
    """Return a table under its caption: columns in line, or a line for each column where there is one row only."""
    one_row = len(table.rows) == 1
    lines = _one_row(table.columns, table.rows[0]) if one_row else _rows(table.columns, table.rows)
    return "\n".join([clean(table.caption), *lines, *_wrapped(table.note)])


def _one_row(columns: Sequence[Column], cells: Sequence[Cell]) -> list[str]:
    width = max((display_width(column.title) for column in columns), default=0)
    lines: list[str] = []
    for column, cell in zip(columns, cells, strict=True):
        start = INDENT + _padded(column.title, width, right=False) + INDENT
        lines += textwrap.wrap(
            cell_text(cell.text) or "-", WIDTH, initial_indent=start, subsequent_indent=" " * len(start)
        )
    return lines


def _rows(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[str]:
    grid = [
        [column.title for column in columns],
        *([" ".join([cell_text(cell.text), *cell.tags]) for cell in line] for line in rows),
    ]
    widths = [max(display_width(line[place]) for line in grid) for place in range(len(columns))]
    return [
        (
            INDENT
            + INDENT.join(
                _padded(text, width, right=column.number)
                for text, width, column in zip(line, widths, columns, strict=True)
            )
        ).rstrip()
        for line in grid
    ]


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - display_width(text))
    return blanks + text if right else text + blanks


def _points(points: Points) -> str:
    lines = [line for item in points.items for line in _wrapped(item)]
    return "\n".join([points.title, *lines] if points.title else lines)


def _paragraph(paragraph: Paragraph) -> str:
    return "\n".join(textwrap.wrap(prose(paragraph.text), WIDTH))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(prose(text), WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)


_WRITERS: dict[str, Callable[[Any], str]] = {"table": _table, "points": _points, "paragraph": _paragraph}
