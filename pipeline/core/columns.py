"""Texts in columns under each other, as a terminal and a file of plain text show them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def display_width(text: str) -> int:
    """Return the columns that `text` takes in a terminal: two for wide characters, none for marks.

    >>> display_width("né"), display_width("日本")
    (2, 4)
    """
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` with blanks behind it, or before it where it stands at the right."""
    blanks = " " * (width - display_width(text))
    return blanks + text if right else text + blanks


def widths_of(lines: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column of these lines is."""
    return [max(map(display_width, column)) for column in zip(*lines, strict=True)]


def aligned(lines: Sequence[Sequence[str]], rights: Sequence[bool], between: str = "  ") -> list[str]:
    """Return lines of cells as texts, each column as wide as its widest cell; `rights` stand at the right.

    >>> aligned([["model", "F1"], ["bow", "0.5"]], [False, True])
    ['model   F1', 'bow    0.5']
    """
    widths = widths_of(lines)
    return [
        between.join(
            padded(text, width, right=right) for text, width, right in zip(line, widths, rights, strict=True)
        )
        for line in lines
    ]
