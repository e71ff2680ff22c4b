"""What the cards of a report hold beside text, tables and charts: pictures of a few numbers, each with its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pipeline.report.page.plots import Span
from pipeline.report.page.scale import Scale


@dataclass(frozen=True)
class Seen:
    """What a section shows, as the title of its card: `title` says what is seen, `text` what was measured, of what."""

    kind: ClassVar[str] = "seen"
    title: str
    text: str = ""


@dataclass(frozen=True)
class MistakesOf:
    """The mistakes of a model, one number a training."""

    name: str
    group: str  # "base", "net" or "out"
    counts: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True)
class Mistakes:
    """How many answers are wrong, a mark a training, all models on one axis."""

    kind: ClassVar[str] = "mistakes"
    title: str
    text: str
    rows: tuple[MistakesOf, ...]
    what: str = "mistakes"


@dataclass(frozen=True)
class Step:
    """A step of a ladder; without a `value` it was not tried, and `option` tries it.

    Attributes
    ----------
    name, group : the model and its kind, "" for one that was not tried
    what : what is new in it
    value : right of 100, as it is shown
    share : height of its bar, of 1
    change, decision : the difference from an earlier step, and what was decided of it
    """

    name: str
    group: str
    what: str
    value: str = ""
    share: float = 0.0
    change: str = ""
    decision: str = ""
    option: str = ""


@dataclass(frozen=True)
class Ladder:
    """Models from simple to complex as levels, one thing more in each."""

    kind: ClassVar[str] = "ladder"
    steps: tuple[Step, ...]
    note: str = ""


@dataclass(frozen=True)
class Stage:
    """A stage of how answers are made: its name, what is counted there, what happens."""

    title: str
    number: str
    text: str


@dataclass(frozen=True)
class Flow:
    """The stages from text to answer, side by side."""

    kind: ClassVar[str] = "flow"
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Choice:
    """What to do: the verb on its ladder, the model, why, and what is to be known of it."""

    kind: ClassVar[str] = "choice"
    verb: str
    model: str
    group: str
    because: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Interval:
    """One difference on its axis, with what lies on either side."""

    kind: ClassVar[str] = "interval"
    span: Span
    scale: Scale
    left: str
    right: str
    says: str


@dataclass(frozen=True)
class Marked:
    """Short statements, each with its sign: `sure`, `open` or `small`, and the word for it."""

    kind: ClassVar[str] = "marked"
    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Attempts:
    """What to try next, numbered: why, and the command."""

    kind: ClassVar[str] = "attempts"
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ways:
    """Commands side by side: what each is for, and its lines."""

    kind: ClassVar[str] = "ways"
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Peeks:
    """A few documents: how each begins, its class, what became of it."""

    kind: ClassVar[str] = "peeks"
    items: tuple[tuple[str, str, str], ...]


Card = Seen | Mistakes | Ladder | Flow | Choice | Interval | Marked | Attempts | Ways | Peeks
