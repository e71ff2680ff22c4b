"""Pictures of what a network remembers: small ones that are made of words and a few marks, each with its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Notes:
    """Words of the notes, each with the chapter of docs/learn that explains it, as a path from a run's folder."""

    kind: ClassVar[str] = "notes"
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ReadWord:
    """A word, what the answer would be if the text ended there, and four units of the state (0 to 1).

    `of` is the place of the answer among the named ones, 0 where it is none of them; `share` its probability.
    """

    word: str
    of: int
    share: float
    units: tuple[float, ...]


@dataclass(frozen=True)
class Reader:
    """A network that reads word by word; `answers` names the colours."""

    kind: ClassVar[str] = "reader"
    says: str
    words: tuple[ReadWord, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class FadeRow:
    """How much of the last word's correction each earlier word gets: opacities, the last word first.

    `mark` is where it has fallen to one per cent, in words before the end; None: nowhere that is drawn.
    """

    name: str
    opacities: tuple[float, ...]
    mark: int | None


@dataclass(frozen=True)
class Fade:
    """Stripes, one a word, that grow pale with the distance from the end."""

    kind: ClassVar[str] = "fade"
    says: str
    rows: tuple[FadeRow, ...]
    note: str

    @property
    def words(self) -> int:
        """How many are drawn."""
        return max(len(row.opacities) for row in self.rows)


@dataclass(frozen=True)
class SlopeLine:
    """A line from what is right in order to what is right shuffled, both of 1; the labels stand where there is room."""

    name: str
    before: float
    after: float
    before_label: float = 0.0
    after_label: float = 0.0


@dataclass(frozen=True)
class Slope:
    """Lines between two columns, and a level that needs no reading."""

    kind: ClassVar[str] = "slope"
    says: str
    heads: tuple[str, str]
    lines: tuple[SlopeLine, ...]
    level: float
    level_name: str


@dataclass(frozen=True)
class UnitDots:
    """A dot a unit, in columns by how many words it holds; `marks` are words at a place, 0 to 1 of the width."""

    kind: ClassVar[str] = "units"
    says: str
    columns: tuple[tuple[float, int], ...]  # place, 0 to 1, and how many units
    marks: tuple[tuple[float, str], ...]

    @property
    def tallest(self) -> int:
        """The most units in a column."""
        return max(number for _, number in self.columns)


Picture = Notes | Reader | Fade | Slope | UnitDots
