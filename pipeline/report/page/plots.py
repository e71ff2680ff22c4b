"""Figures > places in per cent for the page: words are HTML there, marks are SVG that is as wide as its card.

So text keeps its size from phone to wall, can be searched, copied and read aloud, and one picture serves every width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch

from pipeline.core.clean import cell_text, clip, prose
from pipeline.report.page.figures import (
    BandPoint,
    Bands,
    CurvePoint,
    Curves,
    Dot,
    DotPlot,
    Figure,
    Lines,
    Reliability,
)
from pipeline.report.page.formats import count, decimal, percent, points
from pipeline.report.page.scale import Scale, log_scale, scale_of, short

KINDS = {"Baseline": "base", "Network": "net", "Difference": "net", "Control": "out", "Made elsewhere": "out"}
SHAPES = {"base": "square", "out": "triangle"}  # of a kind; any other is a circle
OWN_SHAPES = ("circle", "square", "triangle")
OWN_COLOURS = 7  # .g0 to .g6 of the style sheet
DASHES = ("", "6 3", "2 2", "8 3 2 3")
MOST_SAID = 150  # points of a picture that say their numbers where they are pointed at
LABEL = 30  # characters of a line's name


@dataclass(frozen=True)
class Span:
    """One row of a picture: a value, its interval, a tick for each training.

    Attributes
    ----------
    lo, hi : ends of the interval; None where there is none
    kind : a class of the style sheet: `base`, `net`, `out`, or `g0` to `g6` for groups of a figure's own
    shape : of the mark
    says : what is told where it is pointed at
    """

    value: float
    lo: float | None
    hi: float | None
    ticks: tuple[float, ...] = ()
    kind: str = "net"
    shape: str = "circle"
    says: str = ""

    @classmethod
    def of(
        cls, value: float, ends: Sequence[float] | None, ticks: Sequence[float] = (), kind: str = "net"
    ) -> Span:
        """Return a row of a model or a difference."""
        lo, hi = ends if ends is not None else (None, None)
        several = tuple(ticks) if len(ticks) > 1 else ()
        return cls(value, lo, hi, several, kind, SHAPES.get(kind, "circle"))


@dataclass(frozen=True)
class PictureRow:
    """A row with its words: a label, the picture, the number."""

    label: str
    span: Span
    number: str


@dataclass(frozen=True)
class RowPlot:
    """Rows below each other on one axis; `legend` names the groups where there are several."""

    rows: tuple[PictureRow, ...]
    scale: Scale
    axis: str
    legend: tuple[tuple[str, str, str], ...] = ()  # kind, shape, name
    template: str = "row_plot"


@dataclass(frozen=True)
class Stroke:
    """A line, or the outline of an area, as an SVG path in a box of 100 to 100."""

    path: str
    kind: str
    dash: str = ""
    area: bool = False


@dataclass(frozen=True)
class Point:
    """A mark, in per cent from left and from the top."""

    x: float
    y: float
    kind: str
    shape: str = "circle"
    size: float = 7.0  # pixels
    says: str = ""


@dataclass(frozen=True)
class Plane:
    """A picture with two axes; `notes` are words at a height: text, per cent from the top, at the right end."""

    x: Scale
    y: Scale
    x_title: str
    y_title: str
    strokes: tuple[Stroke, ...]
    points: tuple[Point, ...] = ()
    legend: tuple[tuple[str, str, str, str], ...] = ()  # kind, shape, dash, name
    notes: tuple[tuple[str, float, bool], ...] = ()
    square: bool = False
    template: str = "plane"


Plot = RowPlot | Plane


@singledispatch
def plot(figure: Figure) -> Plot:
    """Return what the page draws of a figure; each kind has a function below."""
    raise TypeError(f"no picture is known of a {type(figure).__name__}")


# --- rows


@plot.register
def _dots(figure: DotPlot) -> RowPlot:
    in_percent = figure.axis.endswith("%")
    styles = _styles(figure)
    ends = [end for dot in figure.dots for end in (dot.value, dot.lo, dot.hi) if end is not None]
    scale = scale_of(ends, lambda value: short(round(100 * value, 6)), band=figure.band)
    rows = tuple(
        PictureRow(cell_text(dot.label), _span(dot, styles[dot.group], in_percent), _number(dot, in_percent))
        for dot in figure.dots
    )
    several = len(styles) > 1
    legend = tuple((kind, shape, clip(cell_text(name), LABEL)) for name, (kind, shape) in styles.items())
    return RowPlot(rows, scale, figure.axis, legend if several else ())


def _styles(figure: DotPlot) -> dict[str, tuple[str, str]]:
    """Return class and shape of each group, in the order of the dots."""
    groups = list(dict.fromkeys(dot.group for dot in figure.dots))
    if figure.own_groups:
        return {name: _own(number) for number, name in enumerate(groups)}
    kinds = {name: KINDS.get(name, "g2") for name in groups}
    return {name: (kind, SHAPES.get(kind, "circle")) for name, kind in kinds.items()}


def _own(number: int) -> tuple[str, str]:
    return f"g{number % OWN_COLOURS}", OWN_SHAPES[number % len(OWN_SHAPES)]


def _number(dot: Dot, in_percent: bool) -> str:
    return percent(dot.value).removesuffix(" %") if in_percent else points(dot.value)


def _span(dot: Dot, style: tuple[str, str], in_percent: bool) -> Span:
    kind, shape = style
    show, unit = (percent, "") if in_percent else (points, " points")
    ends = "" if dot.lo is None or dot.hi is None else f" ({show(dot.lo)} to {show(dot.hi)})"
    span = Span.of(dot.value, None if dot.lo is None or dot.hi is None else (dot.lo, dot.hi), dot.runs, kind)
    return replace(span, shape=shape, says=f"{prose(dot.label)}: {show(dot.value)}{unit}{ends}")


# --- planes


@plot.register
def _curves(figure: Curves) -> Plane:
    """Return loss by updates: training dashed and pale, validation solid, the state that was kept as a mark."""
    x = scale_of(
        [0.0, *(float(point.updates) for point in figure.points)], most=4, within=(0.0, float("inf"))
    )
    y = replace(scale_of([0.0, figure.top], most=3, within=(0.0, float("inf"))), hi=figure.top or 1.0)
    styles = {"training": ("soft", "5 3"), "validation": ("net", "")}
    runs: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for one in figure.points:
        runs.setdefault((one.run, one.series), []).append((one.updates, one.value))
    strokes = tuple(
        Stroke(_path(places, x, y), *styles[series])
        for (_, series), places in runs.items()
        if len(places) > 1
    )
    marks = tuple(
        Point(x.at(one.updates), round(100 - y.at(one.value), 1), "net", says=_says(one))
        for one in figure.points
        if one.best
    )
    return Plane(x, y, "updates", "loss", strokes, marks)


def _says(one: CurvePoint) -> str:
    kept = ", the weights kept" if one.best else ""
    return f"{one.series} loss {decimal(one.value)} after {one.updates:,} updates ({one.run}){kept}"


@plot.register
def _reliability(figure: Reliability) -> Plane:
    """Return right answers against stated probability: the more answers, the larger the mark; pale where few."""
    ends = ((0.0, "0"), (0.5, "50"), (1.0, "100"))
    axis = Scale(0.0, 1.0, ends)
    marks = tuple(
        Point(
            axis.at(one.confidence),
            100 - axis.at(one.accuracy),
            figure.kind if one.share >= 0.02 else f"{figure.kind} pale",
            size=round(6 + 14 * one.share**0.5, 1),
            says=f"{percent(one.confidence)} stated, {percent(one.accuracy)} right;"
            f" {percent(one.share)} of the answers",
        )
        for one in figure.bins
    )
    diagonal = Stroke("M0 100L100 0", "line", "4 4")
    return Plane(axis, axis, "says, of 100", "right, of 100", (diagonal,), marks, square=True)


@plot.register
def _lines(figure: Lines) -> Plane:
    last = max((len(line.values) for line in figure.lines), default=1)
    x = scale_of([1.0, float(max(last, 2))], most=8, within=(1.0, float("inf")))
    x = replace(x, ticks=tuple((place, text) for place, text in x.ticks if place.is_integer()))
    y = scale_of((value for line in figure.lines for value in line.values), _hundredths)
    named = [(line.label, [(float(n), v) for n, v in enumerate(line.values, 1)]) for line in figure.lines]
    strokes, marks, legend = [], [], []
    for number, (label, places) in enumerate(named):
        kind, shape, dash = _line_style(number, marked=True)
        strokes.append(Stroke(_path(places, x, y), kind, dash))
        name = clip(cell_text(label), LABEL)
        marks += [_at(x, y, a, b, (kind, shape), f"{name}, {count(a)}: {percent(b)}") for a, b in places]
        legend.append((kind, shape, dash, name))
    return Plane(x, y, figure.x_axis, figure.y_axis, tuple(strokes), tuple(marks), tuple(legend))


@plot.register
def _bands(figure: Bands) -> Plane:
    x, y = _band_scales(figure)
    strokes: list[Stroke] = []
    marks: list[Point] = []
    legend = []
    few = sum(len(line.points) for line in figure.lines) <= MOST_SAID
    for number, line in enumerate(figure.lines):
        kind, shape, dash = _line_style(number, marked=figure.marked)
        name = clip(cell_text(line.label), LABEL)
        strokes += _area(line.points, x, y, kind)
        strokes.append(Stroke(_path([(one.x, one.value) for one in line.points], x, y), kind, dash))
        if figure.marked:
            says = [_says_of_band_point(name, one, figure.percent) if few else "" for one in line.points]
            style = kind, shape
            marks += [
                _at(x, y, one.x, one.value, style, text) for one, text in zip(line.points, says, strict=True)
            ]
        legend.append((kind, shape if figure.marked else "", dash, name))
    for mark in figure.marks:
        strokes.append(Stroke(f"M0 {100 - y.at(mark.value):g}H100", "line", "2 4"))
    notes = tuple((cell_text(mark.label), 100 - y.at(mark.value), mark.right) for mark in figure.marks)
    shown = tuple(legend) if len(legend) > 1 else ()
    return Plane(x, y, figure.x_axis, figure.y_axis, tuple(strokes), tuple(marks), shown, notes)


def _band_scales(figure: Bands) -> tuple[Scale, Scale]:
    held = [one for line in figure.lines for one in line.points]
    places = sorted({one.x for one in held})
    x = log_scale(places, _apart(places)) if figure.log_x else scale_of(places, most=6)
    if not figure.log_x and places:
        x = replace(x, lo=places[0], hi=max(places[-1], places[0] + 1e-9))
    heights = [value for one in held for value in (one.value, one.lo, one.hi) if value is not None]
    heights += [mark.value for mark in figure.marks]
    if figure.log_y:
        return x, log_scale(heights)
    return x, scale_of(heights, _hundredths if figure.percent else short)


def _apart(places: Sequence[float]) -> list[float]:
    """Return places of a logarithmic axis that can be named without touching: each a third larger, at most eight."""
    kept: list[float] = []
    least = (places[-1] / places[0]) ** (1 / 8) if places and places[0] > 0 else 1.0
    for place in places:
        if not kept or place >= kept[-1] * max(least, 1.3):
            kept.append(place)
    return kept


def _hundredths(value: float) -> str:
    return short(round(100 * value, 6))


def _says_of_band_point(label: str, point: BandPoint, in_percent: bool) -> str:
    show = percent if in_percent else "{:.3g}".format
    ends = "" if point.lo is None or point.hi is None else f" ({show(point.lo)} to {show(point.hi)})"
    return f"{label}, {count(point.x)}: {show(point.value)}{ends}"


def _line_style(number: int, *, marked: bool) -> tuple[str, str, str]:
    """Return class, shape and dash of a line; without marks the dash changes from line to line."""
    kind, shape = _own(number)
    return kind, shape, DASHES[number // (OWN_COLOURS if marked else 1) % len(DASHES)]


def _at(x: Scale, y: Scale, across: float, up: float, style: tuple[str, str], says: str) -> Point:
    return Point(x.at(across), round(100 - y.at(up), 1), *style, says=says)


def _path(places: Iterable[tuple[float, float]], x: Scale, y: Scale) -> str:
    pairs = [f"{x.at(across):.4g} {100 - y.at(up):.4g}" for across, up in places]
    return "M" + "L".join(pairs) if pairs else ""


def _area(held: Sequence[BandPoint], x: Scale, y: Scale, kind: str) -> list[Stroke]:
    """Return the band around a line; none where its points have no intervals."""
    ends = [(one.x, one.lo, one.hi) for one in held if one.lo is not None and one.hi is not None]
    if len(ends) < 2:
        return []
    there = [(place, hi) for place, _, hi in ends]
    back = [(place, lo) for place, lo, _ in reversed(ends)]
    return [Stroke(_path([*there, *back], x, y) + "Z", kind, area=True)]
