"""Lines: training curves, calibration, lines of points, and lines with bands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.core.clean import cell_text, clip
from pipeline.core.files import Json
from pipeline.report.page.chart_style import (
    INK,
    KIND_COLOURS,
    LINE_DASHES,
    OWN_GROUP_STYLES,
    SERIES_STYLES,
    SHADE,
    SMALL,
    Drawn,
    styled,
)
from pipeline.report.page.figures import (
    BandLine,
    Bands,
    Curves,
    Line,
    Lines,
    Reliability,
)

if TYPE_CHECKING:
    import altair as alt


def curve_chart(figure: Curves) -> Drawn:
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
    )
    return styled(alt.layer(*layers).properties(width=SMALL, height=150))


def _curve_values(figure: Curves) -> list[dict[str, Json]]:
    return [
        {
            **{"run": f"{p.run} {p.series}", "series": p.series, "updates": p.updates, "loss": p.value},
            "best": p.best,
        }
        for p in figure.points
    ]


def _series_encodings() -> tuple[alt.Color, alt.StrokeDash]:
    import altair as alt

    series = list(SERIES_STYLES)
    legend = alt.Legend(symbolType="stroke", symbolSize=300)
    colours = alt.Scale(domain=series, range=[SERIES_STYLES[name][0] for name in series])
    dashes = alt.Scale(domain=series, range=[list(SERIES_STYLES[name][1]) for name in series])
    colour = alt.Color("series:N", scale=colours, legend=legend)
    return colour, alt.StrokeDash("series:N", scale=dashes, legend=legend)


def reliability_chart(figure: Reliability) -> Drawn:
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
    colour = KIND_COLOURS[figure.kind]
    line = base.mark_line(color=colour, strokeWidth=1.8, point=alt.OverlayMarkDef(size=30, filled=True))
    layers = (bars, diagonal, line.encode(x, y))
    return styled(alt.layer(*layers).properties(width=SMALL, height=SMALL))


def line_chart(figure: Lines, width: int) -> Drawn:
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
    )
    return styled(alt.layer(*layers).properties(width=width, height=260))


def _line_values(figure: Lines) -> list[dict[str, Json]]:
    labels = _line_labels(figure.lines)
    return [
        {"line": label, "x": number, "y": 100 * value}
        for label, line in zip(labels, figure.lines, strict=True)
        for number, value in enumerate(line.values, start=1)
    ]


def _line_labels(lines: Sequence[Line] | Sequence[BandLine]) -> list[str]:
    return [clip(cell_text(line.label), 30) for line in lines]


def _line_encodings(
    figure: Lines | Bands, width: int, *, marked: bool = True
) -> tuple[alt.Color, alt.Shape, alt.StrokeDash]:
    """Return colour, shape and dash of each line; without marks the dash changes from line to line."""
    import altair as alt

    labels, n_styles = _line_labels(figure.lines), len(OWN_GROUP_STYLES)
    styles = [OWN_GROUP_STYLES[number % n_styles] for number in range(len(labels))]
    every = n_styles if marked else 1
    dashes = [LINE_DASHES[number // every % len(LINE_DASHES)] for number in range(len(labels))]
    symbol, size = (alt.Undefined, alt.Undefined) if marked else ("stroke", 400)
    legend = alt.Legend(
        columns=max(1, width // 150), labelLimit=200, symbolOpacity=1, symbolType=symbol, symbolSize=size
    )
    return (
        alt.Color("line:N", scale=alt.Scale(domain=labels, range=[c for c, _ in styles]), legend=legend),
        alt.Shape("line:N", scale=alt.Scale(domain=labels, range=[s for _, s in styles]), legend=legend),
        alt.StrokeDash("line:N", scale=alt.Scale(domain=labels, range=dashes), legend=legend),
    )


def band_chart(figure: Bands, width: int) -> Drawn:
    """Return a line and a band for each label."""
    import altair as alt

    values = _band_values(figure)
    x = _band_x(figure)
    scale = alt.Scale(type="log", nice=False) if figure.log_y else alt.Scale(zero=False)
    base = alt.Chart(alt.Data(values=values))
    colour, shape, dash = _line_encodings(figure, width, marked=figure.marked)
    powers = ".1~g" if figure.log_y else alt.Undefined  # 0.01, 1e-6
    axis = alt.Axis(tickCount=5, format=powers)
    y = alt.Y("y:Q", title=figure.y_axis, scale=scale, axis=axis)
    layers = [
        base.mark_area(opacity=0.18).encode(
            x=x, y=alt.Y("lo:Q", title=figure.y_axis, scale=scale), y2="hi:Q", color=colour
        ),
        base.mark_line(strokeWidth=1.8).encode(x=x, y=y, color=colour, strokeDash=dash),
    ]
    if figure.marked:
        points = base.mark_point(filled=True, size=45, opacity=1)
        layers.append(points.encode(x=x, y=y, color=colour, shape=shape))
    layers += _mark_layers(figure, y, width)
    return styled(alt.layer(*layers).properties(width=width, height=260))


def _mark_layers(figure: Bands, y: alt.Y, width: int) -> list[alt.Chart]:
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


def _band_x(figure: Bands) -> alt.X:
    """Return the x axis: logarithmic and marked at the points, or plain."""
    import altair as alt

    if not figure.log_x:
        axis = alt.Axis(grid=False, tickCount=8)
        return alt.X("x:Q", title=figure.x_axis, scale=alt.Scale(zero=False, nice=False), axis=axis)
    ticks = sorted({point.x for line in figure.lines for point in line.points})
    axis = alt.Axis(values=ticks, grid=False, format=",d", labelOverlap=True)
    return alt.X("x:Q", title=figure.x_axis, scale=alt.Scale(type="log", nice=False), axis=axis)


def _band_values(figure: Bands) -> list[dict[str, Json]]:
    unit = 100 if figure.percent else 1
    return [
        {
            "line": label,
            "x": point.x,
            "y": unit * point.value,
            "lo": unit * (point.value if point.lo is None else point.lo),
            "hi": unit * (point.value if point.hi is None else point.hi),
        }
        for label, line in zip(_line_labels(figure.lines), figure.lines, strict=True)
        for point in line.points
    ]
