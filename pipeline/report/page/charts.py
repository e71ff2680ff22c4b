"""Figures > inline SVG for the page and PNG for report.md, drawn offline with Altair and vl-convert."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from pipeline.report.page.chart_style import FONT, NARROW, WIDE, Drawn
from pipeline.report.page.dot_charts import dot_chart
from pipeline.report.page.figures import Bands, Curves, Figure, Lines, Reliability
from pipeline.report.page.line_charts import band_chart, curve_chart, line_chart, reliability_chart

PICTURE_FONT = "Liberation Sans"  # comes with vl-convert, so a PNG is the same on every machine
SHARPNESS = 1.5  # pixels of a PNG to one of the page
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
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):  # no check of each part against Vega-Lite's schema, which takes most of the time
        return _drawn(figure)


def _drawn(figure: Figure) -> Picture:
    if isinstance(figure, Curves):
        svg = _svg(curve_chart(figure))
        return Picture(svg, svg)
    if isinstance(figure, Reliability):
        svg = _svg(reliability_chart(figure))
        return Picture(svg, svg)
    if isinstance(figure, Bands):
        return Picture(_svg(band_chart(figure, WIDE)), _svg(band_chart(figure, NARROW)))
    if isinstance(figure, Lines):
        return Picture(_svg(line_chart(figure, WIDE)), _svg(line_chart(figure, NARROW)))
    return Picture(
        _svg(dot_chart(figure, WIDE, labels_above=False)),
        _svg(dot_chart(figure, NARROW, labels_above=True)),
    )


@functools.lru_cache(maxsize=64)  # a run draws its report twice
def png(picture: Picture) -> bytes:
    """Return the wide form of a picture as PNG, on white ground: what shows it may be light or dark."""
    import vl_convert

    start, rest = picture.wide.split(">", 1)
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    svg = start.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) + ">" + ground + rest
    return vl_convert.svg_to_png(svg.replace(FONT, PICTURE_FONT), scale=SHARPNESS)


def _svg(chart: Drawn) -> str:
    """Return `chart` as SVG; inside HTML it needs no namespace. (Marks that are not clipped have no ids.)"""
    import altair as alt
    import vl_convert

    version = "_".join(alt.SCHEMA_VERSION.split(".")[:2])
    svg = vl_convert.vegalite_to_svg(chart.to_dict(validate=False), vl_version=version)
    svg = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", svg)
    svg = _SAYS.sub(r"<\1\2\4><title>\3</title></\1>", svg)  # Vega's label of a mark, as a tooltip
    return re.sub(r' role="graphics-[a-z]+" aria-roledescription="[^"]*"', "", svg)
