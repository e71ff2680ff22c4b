"""What charts show, before it is drawn: plain values, in the order in which a reader meets them."""

from __future__ import annotations

from dataclasses import dataclass


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
    kind: str = "net"  # a class of the style sheet, as of `Span`


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
