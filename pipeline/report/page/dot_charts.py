"""Dots with intervals: models, and differences between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.core.clean import cell_text, clip
from pipeline.core.files import Json
from pipeline.report.page.chart_style import GROUP_STYLES, INK, OWN_GROUP_STYLES, SHADE, Drawn, styled
from pipeline.report.page.figures import Dot, DotPlot

if TYPE_CHECKING:
    import altair as alt


def dot_chart(figure: DotPlot, width: int) -> Drawn:
    import altair as alt

    base = alt.Chart(alt.Data(values=_dot_values(figure)))
    y = alt.Y("line:O", axis=_label_axis(figure), scale=alt.Scale(paddingInner=0.2))
    x_scale = alt.Scale(domain=_domain(figure), nice=True, zero=False)
    x = alt.X("value:Q", title=figure.axis, scale=x_scale, axis=alt.Axis(tickCount=5))
    colour, shape = _group_encodings(figure)
    layers = [
        *_zero_layers(figure),
        base.mark_rule(strokeWidth=2).encode(
            alt.X("lo:Q", title=figure.axis, scale=x_scale), y, x2="hi:Q", color=colour
        ),
        _run_layer(figure, x_scale, y, colour),
        base.mark_point(size=80, filled=True, opacity=1).encode(x, y, color=colour, shape=shape),
    ]
    return styled(alt.layer(*layers).properties(width=width, height=alt.Step(30)))


def _dot_values(figure: DotPlot) -> list[dict[str, Json]]:
    return [
        {
            "line": number,
            "label": cell_text(dot.label),
            "value": 100 * dot.value,
            "lo": 100 * (dot.value if dot.lo is None else dot.lo),
            "hi": 100 * (dot.value if dot.hi is None else dot.hi),
            "group": _group(figure, dot),
        }
        for number, dot in enumerate(figure.dots)
    ]


def _domain(figure: DotPlot) -> tuple[float, float]:
    """Return the ends of the axis: all intervals, and the band around zero where there is one."""
    values = [100 * end for dot in figure.dots for end in (dot.value, dot.lo, dot.hi) if end is not None]
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


def _label_axis(figure: DotPlot) -> alt.Axis:
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


def _group_encodings(figure: DotPlot) -> tuple[alt.Color, alt.Shape]:
    import altair as alt

    styles = _group_styles(figure)
    groups = list(styles)
    legend = None if groups == ["Difference"] else alt.Legend()
    colours = alt.Scale(domain=groups, range=[colour for colour, _ in styles.values()])
    shapes = alt.Scale(domain=groups, range=[shape for _, shape in styles.values()])
    colour = alt.Color("group:N", scale=colours, legend=legend)
    return colour, alt.Shape("group:N", scale=shapes, legend=legend)


def _run_layer(figure: DotPlot, x_scale: alt.Scale, y: alt.Y, colour: alt.Color) -> alt.Chart:
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
    x = alt.X("run:Q", title=figure.axis, scale=x_scale)
    layer: alt.Chart = ticks.encode(x=x, y=y, color=colour)
    return layer


def _zero_layers(figure: DotPlot) -> list[alt.Chart]:
    import altair as alt

    if figure.band is None:
        return []
    edge = 100 * figure.band
    ground = alt.Chart(alt.Data(values=[{"lo": -edge, "hi": edge, "zero": 0}]))
    return [
        ground.mark_rect(color=SHADE).encode(x="lo:Q", x2="hi:Q"),
        ground.mark_rule(color=INK, strokeWidth=1).encode(x="zero:Q"),
    ]
