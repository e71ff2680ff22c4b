"""Blocks > places of their marks: the mistakes of each training side by side, confusions of a class in shades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.clean import cell_text
from pipeline.report.page.cards import Mistakes, MistakesOf
from pipeline.report.page.plots import SHAPES
from pipeline.report.page.scale import Scale, scale_of

TOUCHES = 2.6  # per cent of the width: nearer marks are laid above each other
LIFT = 13  # pixels from one to the next
RIGHT_HALF = 62.0  # per cent: from here on the numbers stand left of their marks
STEPS = 5  # shades of a confusion
DARKEST = 0.25  # of a class: from here on no darker


@dataclass(frozen=True)
class MistakeRow:
    """A row of the first picture: its marks (per cent, pixels up), and how its numbers are placed."""

    of: MistakesOf
    shape: str
    marks: tuple[tuple[float, float], ...]
    numbers: str
    style: str


def mistake_scale(block: Mistakes) -> Scale:
    """Return the axis of the first picture: from no mistake on."""
    counts = [float(number) for row in block.rows for number in row.counts]
    return scale_of([0.0, *counts], within=(0.0, float("inf")), most=5)


def mistake_rows(block: Mistakes) -> list[MistakeRow]:
    """Return the rows of the first picture, in the order given."""
    scale = mistake_scale(block)
    return [_row(row, scale) for row in block.rows]


def _row(row: MistakesOf, scale: Scale) -> MistakeRow:
    places = sorted(scale.at(number) for number in row.counts)
    if places[0] > RIGHT_HALF:
        style = f"right:calc({100 - places[0]:g}% + 16px)"
    else:
        style = f"left:calc({places[-1]:g}% + 16px)"
    numbers = ", ".join(f"{number:,}" for number in sorted(row.counts))
    return MistakeRow(row, SHAPES.get(row.group, "circle"), tuple(_apart(places)), numbers, style)


def _apart(places: Sequence[float]) -> list[tuple[float, float]]:
    """Return each place with its lift, so that no mark hides another one.

    >>> _apart([10.0, 11.0, 40.0])
    [(10.0, -6.5), (11.0, 6.5), (40.0, 0.0)]
    """
    groups: list[list[float]] = []
    for place in places:
        if groups and place - groups[-1][-1] < TOUCHES:
            groups[-1].append(place)
        else:
            groups.append([place])
    return [
        (place, LIFT * (number - (len(group) - 1) / 2))
        for group in groups
        for number, place in enumerate(group)
    ]


def mistakes_said(block: Mistakes) -> str:
    """Return the first picture in a sentence, for whoever does not see it."""
    each = [f"{row.name} {', '.join(f'{number:,}' for number in sorted(row.counts))}" for row in block.rows]
    return f"{block.what.capitalize()} of each training: {'; '.join(each)}."


def initials(labels: Sequence[str]) -> list[str]:
    """Return the shortest beginnings that tell labels apart, up to three letters; else their numbers.

    >>> initials(["business", "tech", "sports"]), initials(["class 1", "class 2"])
    (['B', 'T', 'S'], ['1', '2'])
    """
    for length in (1, 2, 3):
        short = [cell_text(label).strip()[:length].capitalize() for label in labels]
        if len(set(short)) == len(short) and all(short):
            return short
    return [str(number) for number in range(1, len(labels) + 1)]


def of_hundred(number: int, total: int) -> str:
    """Return a count as so many of 100; a dot where it is some, but less than one.

    >>> of_hundred(2, 8), of_hundred(1, 1000)
    ('25', '·')
    """
    return f"{100 * number / total:.0f}" if 100 * number >= 0.5 * total else "·"


def shade(number: int, total: int) -> int:
    """Return how dark a confusion is, from 1 to 5.

    >>> shade(1, 100), shade(30, 100)
    (1, 5)
    """
    return max(1, min(STEPS, round(STEPS * (number / total) / DARKEST)))
