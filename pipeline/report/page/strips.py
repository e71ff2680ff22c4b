"""States over words as inline SVG: one stroke for each run of equal shade, so that a page can hold many cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

SHADES = 8  # steps above the palest, which is not drawn


@dataclass(frozen=True)
class Shade:
    """Every cell of one shade, as the strokes of an SVG path over unit cells."""

    opacity: str
    path: str


def shades(rows: Sequence[Sequence[float]], lowest: float, highest: float) -> tuple[Shade, ...]:
    """Return the cells of a grid by shade: palest at `lowest`, darkest at `highest`; what is outside is brought in.

    >>> shades([[0.0, 1.0, 1.0], [0.5, 0.0, 1.0]], 0.0, 1.0)
    (Shade(opacity='0.5', path='M0 1.5h1'), Shade(opacity='1', path='M1 0.5h2M2 1.5h1'))
    """
    strokes: dict[int, list[str]] = {}
    for number, cells in enumerate(rows):
        place = 0
        for level, run in groupby(_level(value, lowest, highest) for value in cells):
            length = len(list(run))
            strokes.setdefault(level, []).append(f"M{place} {number}.5h{length}")
            place += length
    return tuple(Shade(f"{level / SHADES:g}", "".join(strokes[level])) for level in sorted(strokes) if level)


def _level(value: float, lowest: float, highest: float) -> int:
    share = (value - lowest) / (highest - lowest)
    return round(SHADES * min(max(share, 0.0), 1.0))


def bars(values: Sequence[float]) -> str:
    """Return bars from 0 to 1 as the strokes of an SVG path, upwards from 0.

    >>> bars([1.0, 0.25])
    'M0.5 0v-1M1.5 0v-0.25'
    """
    return "".join(f"M{place}.5 0v-{value:g}" for place, value in enumerate(values) if value > 0)
