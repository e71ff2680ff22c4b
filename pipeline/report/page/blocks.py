"""What a report is made of, before it is Markdown or HTML: sections of blocks.

Blocks hold plain strings; both writers clean and escape them, so a section need not.
`kind` names the template that draws the block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

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
class Dot:
    """One line of a dot plot: a value, its interval, and the single runs behind it."""

    label: str
    value: float
    lo: float | None
    hi: float | None
    group: str
    runs: tuple[float, ...] = ()


@dataclass(frozen=True)
class DotPlot:
    """Values with intervals, one line each, in the order given; `band` is shaded around zero.

    `own_groups`: the dots' groups are names of this run, to be told apart by colour and shape in their order.
    """

    dots: tuple[Dot, ...]
    axis: str
    band: float | None = None
    own_groups: bool = False


@dataclass(frozen=True)
class CurvePoint:
    """One evaluation of one run: `best` marks the one whose weights were kept."""

    run: str
    series: str
    updates: int  # so far
    value: float
    best: bool


@dataclass(frozen=True)
class Curves:
    """Loss by updates for one model, training and validation; `top` is shared by all models."""

    points: tuple[CurvePoint, ...]
    top: float


@dataclass(frozen=True)
class Line:
    """One line of a line chart: a value at each whole number from 1 on, fractions of 1 shown as percent."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Lines:
    """Lines that share both axes, in the order given."""

    lines: tuple[Line, ...]
    x_axis: str
    y_axis: str


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers of about the same stated probability, from `lo` to `hi`; all are fractions of 1."""

    lo: float
    hi: float
    confidence: float
    accuracy: float
    share: float  # of all answers


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram of one model: share of right answers against stated probability."""

    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class BandPoint:
    """A value with its interval; fractions of 1, shown as percent unless the chart says otherwise."""

    x: float
    value: float
    lo: float | None
    hi: float | None


@dataclass(frozen=True)
class BandLine:
    """One line of a chart with bands, x ascending."""

    label: str
    points: tuple[BandPoint, ...]


@dataclass(frozen=True)
class Mark:
    """A value to compare lines with, drawn across the chart; its label stands at the left, or at the right end."""

    label: str
    value: float
    right: bool = False


@dataclass(frozen=True)
class Bands:
    """Lines with their intervals as bands.

    Attributes
    ----------
    log_x : a logarithmic axis that is marked at the points; else a plain one
    log_y : a logarithmic axis; every value and end of an interval is above 0 then
    percent : values are fractions of 1, shown as percent
    marked : a mark at every point, which tells lines apart without colour; without, dashes do
    marks : values that the lines are compared with, such as chance
    """

    lines: tuple[BandLine, ...]
    x_axis: str
    y_axis: str
    log_x: bool = True
    log_y: bool = False
    percent: bool = True
    marked: bool = True
    marks: tuple[Mark, ...] = ()


Figure = DotPlot | Curves | Lines | Reliability | Bands


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
class Browser:
    """Documents to search and filter, on the page with script; `tables` in Markdown, and without script.

    `data` is what the script reads: JSON, every string in it cleaned. `rule` says which documents these are,
    `method` how the contributions of words are made.
    """

    kind: ClassVar[str] = "browser"
    data: Mapping[str, Any]
    tables: tuple[Table, ...]
    rule: str
    method: tuple[str, ...] = ()


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
    browser_bytes: int = 1_200_000  # of the page, for the documents to browse


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
