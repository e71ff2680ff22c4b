"""What a report is made of, before it is Markdown or HTML: sections of blocks.

Blocks hold plain strings; both writers clean and escape them, so a section need not.
`kind` names the template that draws the block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pipeline.core.files import Json
from pipeline.report.page.figures import Figure
from pipeline.report.page.strips import Shade


@dataclass(frozen=True)
class Cell:
    """A table cell; `best` is set in bold, `tags` are short words behind the text, `bar` (0 to 1) is drawn with it."""

    text: str
    best: bool = False
    tags: tuple[str, ...] = ()
    bar: float | None = None


@dataclass(frozen=True)
class Column:
    """A table column; numbers are aligned right. `equation`: long texts, broken where they must be and never cut."""

    title: str
    number: bool = True
    equation: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under columns; the first cell names its row. `fold`: shut until it is opened (HTML).

    Where the first column has no title the rows are those of a matrix, or the numbers of an equation.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    fold: bool = False


@dataclass(frozen=True)
class Heat:
    """A confusion matrix: `counts[true][predicted]`, coloured by its share of the row."""

    kind: ClassVar[str] = "heat"
    caption: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    reading: str


@dataclass(frozen=True)
class Chart:
    """A picture with one line that says in words what it shows; `file` is where report.md finds it."""

    kind: ClassVar[str] = "chart"
    caption: str
    reading: str
    figure: Figure
    file: str = ""


@dataclass(frozen=True)
class Panel:
    """A block of rows under the words of a strip: `rows` of them, each `tall` times the usual height."""

    title: str
    rows: int
    shades: tuple[Shade, ...]
    tall: int = 1

    @property
    def height(self) -> int:
        """Its height in usual rows."""
        return self.rows * self.tall


@dataclass(frozen=True)
class Strip:
    """A few words of a document, and for each a bar and the rows of panels; shut until it is opened (HTML)."""

    kind: ClassVar[str] = "strip"
    caption: str
    reading: str
    words: tuple[str, ...]
    bars_title: str
    bars: str  # an SVG path over unit columns, from 0 up to -1
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Paragraph:
    """Prose; `tone` is plain or muted."""

    kind: ClassVar[str] = "paragraph"
    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class Points:
    """A list of short statements; `tone` is plain, warning or limits."""

    kind: ClassVar[str] = "points"
    items: tuple[str, ...]
    title: str = ""
    tone: str = "plain"


@dataclass(frozen=True)
class Code:
    """Lines to copy: a command or a file. `fold`: shut until it is opened (HTML)."""

    kind: ClassVar[str] = "code"
    text: str
    caption: str = ""
    fold: bool = False


@dataclass(frozen=True)
class Nothing:
    """The section has nothing to show, and why."""

    kind: ClassVar[str] = "nothing"
    reason: str


@dataclass(frozen=True)
class Grid:
    """Small charts or matrices side by side."""

    kind: ClassVar[str] = "grid"
    blocks: tuple[Chart | Heat, ...]


@dataclass(frozen=True)
class Agreement:
    """A part of the bar over the documents: how many of them, in words, and its `tone`: all, some or none right."""

    documents: int
    short: str
    says: str
    tone: str


@dataclass(frozen=True)
class GivenAnswer:
    """What a model said of a document that stands there without script; `sure` is empty where it is not known."""

    model: str
    predicted: str
    sure: str
    right: bool


@dataclass(frozen=True)
class FirstDocument:
    """The first document of its kind."""

    why: str
    number: int
    label: str
    text: str
    answers: tuple[GivenAnswer, ...]


@dataclass(frozen=True)
class Browser:
    """Documents to search and filter, on the page with script; `tables` in Markdown.

    `data` is what the script reads: JSON, every string in it cleaned. `firsts` stand there without script and on
    paper. `rule` says which documents these are, `method` how the contributions of words are made.
    """

    kind: ClassVar[str] = "browser"
    data: Mapping[str, Json]
    tables: tuple[Table, ...]
    rule: str
    method: tuple[str, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    firsts: tuple[FirstDocument, ...] = ()


Block = Table | Heat | Chart | Strip | Paragraph | Points | Code | Nothing | Grid | Browser


@dataclass(frozen=True)
class Section:
    """A titled part of the report; `id` is its anchor, `part` the heading of the contents that it stands under."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    part: str = ""
    part_number: int = 0

    @property
    def empty(self) -> bool:
        """Whether it has nothing to show but says why."""
        return all(isinstance(block, Nothing) for block in self.blocks)


@dataclass(frozen=True)
class Answer:
    """The head of the report: the answer, how it was decided, and what was compared on what."""

    sentence: str
    decided: str
    decision: str
    facts: tuple[tuple[str, str], ...]
    reading: str = ""
    rule: tuple[str, ...] = ()
    chart: Chart | None = None
    banner: str = ""
    warning: str = ""


@dataclass(frozen=True)
class Example:
    """A page that stands alone, such as a worked example: what it shows, its sections, and how it came out."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    conclusion: str
    agrees: bool  # else the conclusion is a warning


@dataclass(frozen=True)
class Limits:
    """How much of a long table is shown, so that the page stays small."""

    rows: int = 150
    confusion_classes: int = 20  # above this, the most confused pairs instead of the matrix
    pairs: int = 15
    browser_bytes: int = 380_000  # of the page, for the documents to browse


def words(*titles: str) -> tuple[Column, ...]:
    """Return columns of text."""
    return tuple(Column(title, number=False) for title in titles)


def numbers(*titles: str) -> tuple[Column, ...]:
    """Return columns of numbers."""
    return tuple(Column(title) for title in titles)


def row(*texts: object) -> tuple[Cell, ...]:
    """Return a table row of plain cells."""
    return tuple(text if isinstance(text, Cell) else Cell(str(text)) for text in texts)


def shorten(
    rows: Sequence[tuple[Cell, ...]], limit: int, source: str
) -> tuple[tuple[tuple[Cell, ...], ...], str]:
    """Return the first `limit` rows, and a note that says what was left out and where it is."""
    if len(rows) <= limit:
        return tuple(rows), ""
    return tuple(rows[:limit]), f"The first {limit:,} of {len(rows):,} rows; all are in {source}."


def short_table(
    caption: str,
    columns: tuple[Column, ...],
    rows: Sequence[tuple[Cell, ...]],
    limit: int,
    source: str,
    note: str = "",
    *,
    fold: bool = False,
) -> Table:
    """Return a table of the first `limit` rows; its note ends with what was left out and where it is."""
    kept, left_out = shorten(rows, limit, source)
    return Table(caption, columns, kept, f"{note} {left_out}".strip(), fold)
