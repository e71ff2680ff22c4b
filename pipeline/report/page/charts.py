"""Figures > inline SVG for the page and PNG for report.md, drawn offline with Altair and vl-convert.

Colours are Okabe and Ito's, which stay apart for colour-blind readers; shape or dash says the same as
colour. The page's style sheet replaces INK, LINE and SHADE by its own colours, so that one picture serves
light and dark.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.clean import cell_text, clip, prose
from pipeline.report.page.blocks import (
    BandLine,
    BandPoint,
    Bands,
    CurvePoint,
    Curves,
    Dot,
    DotPlot,
    Figure,
    Line,
    Lines,
    Reliability,
    ReliabilityBin,
)
from pipeline.report.page.formats import count, decimal, percent, points

INK, LINE, SHADE = "#1b1f24", "#d5dae0", "#e4e8ec"
GROUP_STYLES = {
    "Baseline": ("#d55e00", "square"),
    "Network": ("#0072b2", "circle"),
    "Control": ("#7a7a7a", "triangle-up"),
    "Made elsewhere": ("#cc79a7", "cross"),
    "Other": ("#009e73", "diamond"),
    "Difference": ("#0072b2", "circle"),
}
OWN_GROUP_STYLES = (  # for groups that a figure names itself, in their order
    ("#0072b2", "circle"),
    ("#d55e00", "square"),
    ("#009e73", "diamond"),
    ("#cc79a7", "triangle-up"),
    ("#e69f00", "triangle-down"),
    ("#56b4e9", "cross"),
    ("#7a7a7a", "triangle-right"),
)
LINE_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
SERIES_STYLES = {"training": ("#d55e00", (1, 0)), "validation": ("#0072b2", (5, 3))}
FONT = "Arial, Helvetica, Liberation Sans, sans-serif"  # drawn and shown with the same widths
PICTURE_FONT = "Liberation Sans"  # comes with vl-convert, so a PNG is the same on every machine
WIDE, NARROW, SMALL = 620, 300, 250  # plot widths in pixels
SHARPNESS = 1.5  # pixels of a PNG to one of the page
MOST_SAID = 150  # points of the training curves of a model that have a tooltip each
_SAYS = re.compile(
    r'<(path|line|rect)((?: [a-z-]+="[^"]*")*?) aria-label="([^"]*)" role="graphics-symbol"'
    r' aria-roledescription="[^"]*"((?: [a-z0-9-]+="[^"]*")*)/>'
)


@dataclass(frozen=True)
class Picture:
    """An SVG for a wide page and one for a phone (the same one where one serves both)."""

    wide: str
    narrow: str


@functools.lru_cache(maxsize=256)
def draw(figure: Figure) -> Picture:
    """Return the figure as SVG text to be set into a page; a mark that stands for numbers says them in a title."""
    if isinstance(figure, Curves):
        svg = _svg(_curve_chart(figure))
        return Picture(svg, svg)
    if isinstance(figure, Reliability):
        svg = _svg(_reliability_chart(figure))
        return Picture(svg, svg)
    if isinstance(figure, Bands):
        return Picture(_svg(_band_chart(figure, WIDE)), _svg(_band_chart(figure, NARROW)))
    if isinstance(figure, Lines):
        return Picture(_svg(_line_chart(figure, WIDE)), _svg(_line_chart(figure, NARROW)))
    return Picture(
        _svg(_dot_chart(figure, WIDE, labels_above=False)),
        _svg(_dot_chart(figure, NARROW, labels_above=True)),
    )


@functools.lru_cache(maxsize=64)  # a run draws its report twice
def png(picture: Picture) -> bytes:
    """Return the wide form of a picture as PNG, on white ground: what shows it may be light or dark."""
    import vl_convert

    start, rest = picture.wide.split(">", 1)
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    svg = start.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) + ">" + ground + rest
    return vl_convert.svg_to_png(svg.replace(FONT, PICTURE_FONT), scale=SHARPNESS)


def _svg(chart: Any) -> str:
    """Return `chart` as SVG; inside HTML it needs no namespace. (Marks that are not clipped have no ids.)"""
    import altair as alt
    import vl_convert

    version = "_".join(alt.SCHEMA_VERSION.split(".")[:2])
    svg = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=version)
    svg = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", svg)
    svg = _SAYS.sub(r"<\1\2\4><title>\3</title></\1>", svg)  # Vega's label of a mark, as a tooltip
    return re.sub(r' role="graphics-[a-z]+" aria-roledescription="[^"]*"', "", svg)


def _said(base: Any, size: int = 400) -> Any:
    """Return unseen points with a tooltip, large enough to be pointed at; their data have `says`."""
    import altair as alt

    return base.mark_point(size=size, filled=True, opacity=0, aria=True).encode(
        description=alt.Description("says:N")
    )


def _styled(chart: Any) -> Any:
    """Return `chart` on a transparent ground, in the page's font, without Vega's own descriptions."""
    text = {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    lines = {"gridColor": LINE, "domainColor": LINE, "tickColor": LINE}
    return (
        chart.configure(background="transparent", font=FONT, aria=False, padding=4)
        .configure_view(stroke=None)
        .configure_axis(**text, **lines)
        .configure_legend(**text, orient="top", title=None, symbolStrokeWidth=2, symbolSize=80)
        .configure_text(color=INK)
    )


def _dot_chart(figure: DotPlot, width: int, labels_above: bool) -> Any:
    import altair as alt

    base = alt.Chart(alt.Data(values=_dot_values(figure)))
    height = alt.Step(44 if labels_above else 30)
    y = alt.Y("line:O", axis=None if labels_above else _label_axis(figure), scale=alt.Scale(paddingInner=0.2))
    x_scale = alt.Scale(domain=_domain(figure), nice=True, zero=False)
    x = alt.X("value:Q", title=figure.axis, scale=x_scale, axis=alt.Axis(tickCount=5))
    colour, shape = _group_encodings(figure)
    layers = [
        *_zero_layers(base, figure),
        base.mark_rule(strokeWidth=2).encode(
            alt.X("lo:Q", title=figure.axis, scale=x_scale), y, x2="hi:Q", color=colour
        ),
        _run_layer(figure, x_scale, y, colour),
        base.mark_point(size=80, filled=True, opacity=1).encode(x, y, color=colour, shape=shape),
        base.mark_rule(strokeWidth=18, opacity=0, aria=True).encode(
            alt.X("lo:Q", title=figure.axis, scale=x_scale), y, x2="hi:Q", description="says:N"
        ),
        _said(base).encode(x, y),
    ]
    if labels_above:
        layers.append(
            base.mark_text(align="left", dy=-14, fontSize=12, limit=width).encode(
                y=y, text="label:N", x=alt.value(0)
            )
        )
    return _styled(alt.layer(*layers).properties(width=width, height=height))


def _dot_values(figure: DotPlot) -> list[dict[str, Any]]:
    return [
        {
            "line": number,
            "label": cell_text(dot.label),
            "value": 100 * dot.value,
            "lo": 100 * (dot.value if dot.lo is None else dot.lo),
            "hi": 100 * (dot.value if dot.hi is None else dot.hi),
            "group": _group(figure, dot),
            "says": _says_of_dot(figure, dot),
        }
        for number, dot in enumerate(figure.dots)
    ]


def _says_of_dot(figure: DotPlot, dot: Dot) -> str:
    show = percent if figure.axis.endswith("%") else points
    unit = "" if figure.axis.endswith("%") else " points"
    ends = "" if dot.lo is None or dot.hi is None else f" ({show(dot.lo)} to {show(dot.hi)})"
    return f"{prose(dot.label)}: {show(dot.value)}{unit}{ends}"


def _domain(figure: DotPlot) -> tuple[float, float]:
    """Return the ends of the axis: all intervals, and the band around zero where there is one."""
    values = [value for line in _dot_values(figure) for value in (line["lo"], line["hi"], line["value"])]
    if figure.band is not None:
        values += [-100 * figure.band, 100 * figure.band]
    return min(values), max(values)


def _group(figure: DotPlot, dot: Dot) -> str:
    if figure.own_groups:
        return clip(cell_text(dot.group), 30)
    return dot.group if dot.group in GROUP_STYLES else "Other"


def _group_styles(figure: DotPlot) -> dict[str, tuple[str, str]]:
    """Return colour and shape of each group, in the order of the dots."""
    groups = list(dict.fromkeys(_group(figure, dot) for dot in figure.dots))
    if figure.own_groups:
        styles = OWN_GROUP_STYLES
        return {group: styles[number % len(styles)] for number, group in enumerate(groups)}
    return {group: GROUP_STYLES[group] for group in groups}


def _label_axis(figure: DotPlot) -> Any:
    """Return an axis that shows each line's own label: two models may share a shortened name."""
    import json

    import altair as alt

    labels = json.dumps([clip(cell_text(dot.label), 44) for dot in figure.dots])
    return alt.Axis(
        title=None,
        labelExpr=f"{labels}[datum.value]",
        labelLimit=330,
        ticks=False,
        domain=False,
        labelPadding=10,
    )


def _group_encodings(figure: DotPlot) -> tuple[Any, Any]:
    import altair as alt

    styles = _group_styles(figure)
    groups = list(styles)
    legend = None if groups == ["Difference"] else alt.Legend()
    colours = alt.Scale(domain=groups, range=[colour for colour, _ in styles.values()])
    shapes = alt.Scale(domain=groups, range=[shape for _, shape in styles.values()])
    return (
        alt.Color("group:N", scale=colours, legend=legend),
        alt.Shape("group:N", scale=shapes, legend=legend),
    )


def _run_layer(figure: DotPlot, x_scale: Any, y: Any, colour: Any) -> Any:
    """Return a thin tick for each single run, so that the spread over seeds is seen."""
    import altair as alt

    lo, hi = _domain(figure)
    values = [
        {"line": number, "run": 100 * run, "group": _group(figure, dot)}
        for number, dot in enumerate(figure.dots)
        for run in dot.runs
        if len(dot.runs) > 1 and lo <= 100 * run <= hi
    ]
    ticks = alt.Chart(alt.Data(values=values)).mark_tick(thickness=1.5, size=12, opacity=0.7)
    return ticks.encode(x=alt.X("run:Q", title=figure.axis, scale=x_scale), y=y, color=colour)


def _zero_layers(base: Any, figure: DotPlot) -> list[Any]:
    import altair as alt

    if figure.band is None:
        return []
    edge = 100 * figure.band
    ground = alt.Chart(alt.Data(values=[{"lo": -edge, "hi": edge, "zero": 0}]))
    return [
        ground.mark_rect(color=SHADE).encode(x="lo:Q", x2="hi:Q"),
        ground.mark_rule(color=INK, strokeWidth=1).encode(x="zero:Q"),
    ]


def _curve_chart(figure: Curves) -> Any:
    import altair as alt

    base = alt.Chart(alt.Data(values=_curve_values(figure)))
    last = max((point.updates for point in figure.points), default=1)
    updates = alt.Axis(tickMinStep=1, tickCount=min(last, 6), grid=False)
    x = alt.X("updates:Q", title="Updates", scale=alt.Scale(nice=False), axis=updates)
    y = alt.Y("loss:Q", title="Loss", scale=alt.Scale(domain=[0, figure.top]), axis=alt.Axis(tickCount=4))
    colour, dash = _series_encodings()
    dots = alt.OverlayMarkDef(size=12, filled=True)  # an only evaluation is a point, not a line
    lines = base.mark_line(strokeWidth=1.8, opacity=0.85, point=dots)
    kept = base.mark_point(filled=True, size=60, opacity=1).transform_filter("datum.best")
    layers = (
        lines.encode(x=x, y=y, color=colour, strokeDash=dash, detail="run:N"),
        kept.encode(x=x, y=y, color=colour),
        _said(base.transform_filter("datum.says"), size=120).encode(x=x, y=y),
    )
    return _styled(alt.layer(*layers).properties(width=SMALL, height=150))


def _curve_values(figure: Curves) -> list[dict[str, Any]]:
    few = len(figure.points) <= MOST_SAID
    return [
        {"run": f"{p.run} {p.series}", "series": p.series, "updates": p.updates, "loss": p.value}
        | {"best": p.best, "says": _says_of_evaluation(p) if few or p.best else None}
        for p in figure.points
    ]


def _says_of_evaluation(point: CurvePoint) -> str:
    kept = ", the weights kept" if point.best else ""
    return f"{point.series} loss {decimal(point.value)} after {point.updates:,} updates ({point.run}){kept}"


def _series_encodings() -> tuple[Any, Any]:
    import altair as alt

    series = list(SERIES_STYLES)
    legend = alt.Legend(symbolType="stroke", symbolSize=300)
    colours = alt.Scale(domain=series, range=[SERIES_STYLES[name][0] for name in series])
    dashes = alt.Scale(domain=series, range=[list(SERIES_STYLES[name][1]) for name in series])
    return (
        alt.Color("series:N", scale=colours, legend=legend),
        alt.StrokeDash("series:N", scale=dashes, legend=legend),
    )


def _reliability_chart(figure: Reliability) -> Any:
    """Return right answers against stated probability, the diagonal, and as bars the share of the answers."""
    import altair as alt

    values = [
        {
            "lo": 100 * one.lo,
            "hi": 100 * one.hi,
            "stated": 100 * one.confidence,
            "right": 100 * one.accuracy,
            "share": 100 * one.share,
            "zero": 0,
            "says": _says_of_bin(one),
        }
        for one in figure.bins
    ]
    base, scale = alt.Chart(alt.Data(values=values)), alt.Scale(domain=[0, 100], nice=False)
    ticks = alt.Axis(values=[0, 25, 50, 75, 100], grid=False)
    x = alt.X("stated:Q", title="Stated probability, %", scale=scale, axis=ticks)
    y = alt.Y("right:Q", title="Right, %", scale=scale, axis=ticks)
    bars = base.mark_rect(color=SHADE).encode(
        alt.X("lo:Q", scale=scale, axis=ticks, title="Stated probability, %"),
        alt.Y("zero:Q", scale=scale, axis=ticks, title="Right, %"),
        x2="hi:Q",
        y2="share:Q",
    )
    ends = alt.Chart(alt.Data(values=[{"stated": 0, "right": 0}, {"stated": 100, "right": 100}]))
    diagonal = ends.mark_line(color=INK, strokeWidth=1, strokeDash=[3, 3]).encode(x, y)
    colour = GROUP_STYLES["Network"][0]
    line = base.mark_line(color=colour, strokeWidth=1.8, point=alt.OverlayMarkDef(size=30, filled=True))
    layers = (bars, diagonal, line.encode(x, y), _said(base).encode(x, y))
    return _styled(alt.layer(*layers).properties(width=SMALL, height=SMALL))


def _says_of_bin(one: ReliabilityBin) -> str:
    return f"{percent(one.confidence)} stated, {percent(one.accuracy)} right; {percent(one.share)} of the answers"


def _line_chart(figure: Lines, width: int) -> Any:
    """Return a line for each label, told apart by colour, shape of the points and, past seven lines, dashes."""
    import altair as alt

    last = max((len(line.values) for line in figure.lines), default=1)
    step = math.ceil(last / 10)
    ticks = alt.Axis(values=[1, *range(step if step > 1 else 2, last + 1, step)], grid=False, format="d")
    x = alt.X("x:Q", title=figure.x_axis, scale=alt.Scale(domain=[1, max(last, 2)]), axis=ticks)
    y = alt.Y("y:Q", title=figure.y_axis, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5))
    base = alt.Chart(alt.Data(values=_line_values(figure)))
    colour, shape, dash = _line_encodings(figure, width)
    layers = (
        base.mark_line(strokeWidth=1.8).encode(x=x, y=y, color=colour, strokeDash=dash),
        base.mark_point(filled=True, size=45, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
        _said(base).encode(x=x, y=y),
    )
    return _styled(alt.layer(*layers).properties(width=width, height=260))


def _line_values(figure: Lines) -> list[dict[str, Any]]:
    labels = _line_labels(figure.lines)
    return [
        {"line": label, "x": number, "y": 100 * value, "says": f"{label}, {number}: {percent(value)}"}
        for label, line in zip(labels, figure.lines, strict=True)
        for number, value in enumerate(line.values, start=1)
    ]


def _line_labels(lines: Sequence[Line] | Sequence[BandLine]) -> list[str]:
    return [clip(cell_text(line.label), 30) for line in lines]


def _line_encodings(figure: Lines | Bands, width: int, *, marked: bool = True) -> tuple[Any, Any, Any]:
    """Return colour, shape and dash of each line; without marks the dash changes from line to line."""
    import altair as alt

    labels, n_styles = _line_labels(figure.lines), len(OWN_GROUP_STYLES)
    styles = [OWN_GROUP_STYLES[number % n_styles] for number in range(len(labels))]
    every = n_styles if marked else 1
    dashes = [LINE_DASHES[number // every % len(LINE_DASHES)] for number in range(len(labels))]
    stroke: dict[str, Any] = {} if marked else {"symbolType": "stroke", "symbolSize": 400}
    legend = alt.Legend(columns=max(1, width // 150), labelLimit=200, symbolOpacity=1, **stroke)
    return (
        alt.Color("line:N", scale=alt.Scale(domain=labels, range=[c for c, _ in styles]), legend=legend),
        alt.Shape("line:N", scale=alt.Scale(domain=labels, range=[s for _, s in styles]), legend=legend),
        alt.StrokeDash("line:N", scale=alt.Scale(domain=labels, range=dashes), legend=legend),
    )


def _band_chart(figure: Bands, width: int) -> Any:
    """Return a line and a band for each label."""
    import altair as alt

    values = _band_values(figure)
    x = _band_x(figure, values)
    scale = alt.Scale(type="log", nice=False) if figure.log_y else alt.Scale(zero=False)
    base = alt.Chart(alt.Data(values=values))
    colour, shape, dash = _line_encodings(figure, width, marked=figure.marked)
    y = alt.Y("y:Q", title=figure.y_axis, scale=scale, axis=alt.Axis(tickCount=5, **_power_format(figure)))
    layers = [
        base.mark_area(opacity=0.18).encode(
            x=x, y=alt.Y("lo:Q", title=figure.y_axis, scale=scale), y2="hi:Q", color=colour
        ),
        base.mark_line(strokeWidth=1.8).encode(x=x, y=y, color=colour, strokeDash=dash),
    ]
    if figure.marked:
        points = base.mark_point(filled=True, size=45, opacity=1)
        layers.append(points.encode(x=x, y=y, color=colour, shape=shape))
        layers.append(_said(base).encode(x=x, y=y))
    layers += _mark_layers(figure, y, width)
    return _styled(alt.layer(*layers).properties(width=width, height=260))


def _mark_layers(figure: Bands, y: Any, width: int) -> list[Any]:
    """Return a dotted line with its label for each value that the lines are compared with."""
    import altair as alt

    unit, layers = 100 if figure.percent else 1, []
    for mark in figure.marks:
        base = alt.Chart(alt.Data(values=[{"y": unit * mark.value, "label": cell_text(mark.label)}]))
        layers += [
            base.mark_rule(color=INK, strokeWidth=1, strokeDash=[2, 4]).encode(y=y),
            base.mark_text(
                align="right" if mark.right else "left", baseline="bottom", dy=-3, fontSize=11
            ).encode(x=alt.value(width if mark.right else 4), y=y, text="label:N"),
        ]
    return layers


def _band_x(figure: Bands, values: list[dict[str, Any]]) -> Any:
    """Return the x axis: logarithmic and marked at the points, or plain."""
    import altair as alt

    if not figure.log_x:
        axis = alt.Axis(grid=False, tickCount=8)
        return alt.X("x:Q", title=figure.x_axis, scale=alt.Scale(zero=False, nice=False), axis=axis)
    ticks = sorted({point["x"] for point in values})
    axis = alt.Axis(values=ticks, grid=False, format=",d", labelOverlap=True)
    return alt.X("x:Q", title=figure.x_axis, scale=alt.Scale(type="log", nice=False), axis=axis)


def _power_format(figure: Bands) -> dict[str, Any]:
    """Return how a logarithmic axis writes its numbers: 0.01, 1e-6."""
    return {"format": ".1~g"} if figure.log_y else {}


def _band_values(figure: Bands) -> list[dict[str, Any]]:
    unit = 100 if figure.percent else 1
    return [
        {
            "line": label,
            "x": point.x,
            "y": unit * point.value,
            "lo": unit * (point.value if point.lo is None else point.lo),
            "hi": unit * (point.value if point.hi is None else point.hi),
            "says": _says_of_band_point(label, point, figure.percent),
        }
        for label, line in zip(_line_labels(figure.lines), figure.lines, strict=True)
        for point in line.points
    ]


def _says_of_band_point(label: str, point: BandPoint, in_percent: bool) -> str:
    show = percent if in_percent else "{:.3g}".format
    ends = "" if point.lo is None or point.hi is None else f" ({show(point.lo)} to {show(point.hi)})"
    return f"{label}, {count(point.x)}: {show(point.value)}{ends}"
