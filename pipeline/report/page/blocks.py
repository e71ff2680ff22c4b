"""What a report is made of, before it is Markdown or HTML: sections of blocks.

Blocks hold plain strings; both writers clean and escape them, so a section need not.
`kind` names the template that draws the block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from pipeline.core.files import Json
from pipeline.report.page.browsed import Agreement, FirstDocument
from pipeline.report.page.cards import Card, Mistakes, Seen
from pipeline.report.page.figures import Figure
from pipeline.report.page.plots import Span
from pipeline.report.page.scale import Scale
from pipeline.report.page.stories import Picture
from pipeline.report.page.strips import Shade


@dataclass(frozen=True)
class Cell:
    """A table cell.

    Attributes
    ----------
    best : set in bold
    tags : short words behind the text
    bar : 0 to 1, drawn with the text
    kind : of the model that the text names: its mark stands before it
    below : a second line, smaller; `beside` stands in the line
    chip : the text is a word of decision: `good`, `bad`, `open` or `plain`
    span : what a column of pictures draws
    """

    text: str
    best: bool = False
    tags: tuple[str, ...] = ()
    bar: float | None = None
    kind: str = ""
    below: str = ""
    beside: str = ""
    chip: str = ""
    span: Span | None = None


@dataclass(frozen=True)
class Column:
    """A table column; numbers are aligned right.

    `equation`: long texts, broken where they must be and never cut. `scale`: a column of pictures, whose numbers stand
    in their row; the page alone has it.
    """

    title: str
    number: bool = True
    equation: bool = False
    scale: Scale | None = None


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

    @property
    def pictured(self) -> bool:
        """Whether a column of it holds pictures."""
        return any(column.scale for column in self.columns)


@dataclass(frozen=True)
class Heat:
    """A confusion matrix: `counts[true][predicted]`, coloured by its share of the row."""

    kind: ClassVar[str] = "heat"
    caption: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    reading: str
    group: str = ""  # kind of the model that it is of


@dataclass(frozen=True)
class Chart:
    """A picture with one line that says in words what it shows; `file` is where report.md finds it."""

    kind: ClassVar[str] = "chart"
    caption: str
    reading: str
    figure: Figure
    file: str = ""
    group: str = ""  # kind of the model that it is of


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
    """A few words of a document, and for each a bar and the rows of panels."""

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

    @property
    def look(self) -> str:
        """What it holds, which says how many stand side by side."""
        first = self.blocks[0]
        return "heat" if isinstance(first, Heat) else type(first.figure).__name__.lower()


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


Shut = Table | Chart | Paragraph | Points | Code | Grid | Strip


@dataclass(frozen=True)
class Fold:
    """Blocks that few need: shut until they are opened (HTML). What it holds is not shut once more."""

    kind: ClassVar[str] = "fold"
    summary: str
    blocks: tuple[Shut, ...]


Block = (
    Table
    | Heat
    | Chart
    | Strip
    | Paragraph
    | Points
    | Code
    | Nothing
    | Grid
    | Browser
    | Fold
    | Card
    | Picture
)


@dataclass(frozen=True)
class Section:
    """A card of the report.

    `id` is its anchor, `title` its name in the contents, `part` the heading that it stands under, `span` its columns of
    twelve.
    """

    id: str
    title: str
    blocks: tuple[Block, ...]
    part: str = ""
    part_number: int = 0
    span: int = 12

    @property
    def empty(self) -> bool:
        """Whether it has nothing to show but says why."""
        return all(isinstance(block, Nothing) for block in self.blocks)

    @property
    def seen(self) -> Seen:
        """What stands at its head."""
        return next((block for block in self.blocks if isinstance(block, Seen)), Seen(self.title))

    @property
    def body(self) -> tuple[Block, ...]:
        """What stands below its head."""
        return tuple(block for block in self.blocks if not isinstance(block, Seen))

    @property
    def bare(self) -> bool:
        """Whether its blocks are cards of their own, so that it is none."""
        return any(isinstance(block, Grid) for block in self.blocks)


@dataclass(frozen=True)
class Part:
    """Sections under one heading of the page; `text` says what they are, `short` its name on a phone."""

    id: str
    title: str
    text: str = ""
    sections: tuple[Section, ...] = ()
    short: str = ""


@dataclass(frozen=True)
class Offer:
    """What a run was not asked for: the question that it would answer, what to add to the command, how long it takes.

    `section` is the one that it would fill; "" where it changes all of them.
    """

    question: str
    option: str
    minutes: str
    section: str = ""


@dataclass(frozen=True)
class Answer:
    """The head of the report.

    Attributes
    ----------
    headline : what to do
    lead : the counts of the models that were compared
    sentence : the verdict, in statisticians' words
    decided, decision : how it was decided, and the word for it
    tone : of the decision's chip: `good`, `bad`, `open` or `plain`
    facts : what was compared on what
    line : the same in a line above the headline
    reading : how the corpus was read
    rule : what makes a difference a decision
    picture : the mistakes of each model
    kinds : the kind of each model, by the name that sentences call it; its mark stands before it
    offers : what the run was not asked for
    banner, warning : what has to be known before anything is done with the answer
    """

    headline: str
    lead: str
    sentence: str
    decided: str
    decision: str
    facts: tuple[tuple[str, str], ...]
    line: tuple[str, ...] = ()
    reading: str = ""
    rule: tuple[str, ...] = ()
    picture: Mistakes | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    offers: tuple[Offer, ...] = ()
    tone: str = "plain"
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
    confusion_classes: int = (
        12  # more cannot be read in a quarter of the page: the most confused pairs, not the matrix
    )
    pairs: int = 15
    browser_bytes: int = 105_000  # of the page, for the documents to browse


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
