"""Figures > the PNG that report.md shows, drawn offline with Altair and vl-convert. The page has `plots`."""

from __future__ import annotations

import functools
import re

from pipeline.report.page.chart_style import FONT, WIDE, Drawn
from pipeline.report.page.dot_charts import dot_chart
from pipeline.report.page.figures import Bands, Curves, Figure, Lines, Reliability
from pipeline.report.page.line_charts import band_chart, curve_chart, line_chart, reliability_chart

PICTURE_FONT = "Liberation Sans"  # comes with vl-convert, so a PNG is the same on every machine
SHARPNESS = 1.5  # pixels of a PNG to one of the page


@functools.lru_cache(maxsize=256)
def draw(figure: Figure) -> str:
    """Return the figure as SVG text."""
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):  # no check of each part against Vega-Lite's schema, which takes most of the time
        return _drawn(figure)


def _drawn(figure: Figure) -> str:
    if isinstance(figure, Curves):
        return _svg(curve_chart(figure))
    if isinstance(figure, Reliability):
        return _svg(reliability_chart(figure))
    if isinstance(figure, Bands):
        return _svg(band_chart(figure, WIDE))
    return _svg(line_chart(figure, WIDE) if isinstance(figure, Lines) else dot_chart(figure, WIDE))


@functools.lru_cache(maxsize=64)  # a run draws its report twice
def png(picture: str) -> bytes:
    """Return a picture as PNG, on white ground: what shows it may be light or dark."""
    import vl_convert

    start, rest = picture.split(">", 1)
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    svg = start.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) + ">" + ground + rest
    return vl_convert.svg_to_png(svg.replace(FONT, PICTURE_FONT), scale=SHARPNESS)


def _svg(chart: Drawn) -> str:
    """Return `chart` as SVG without a namespace. (Marks that are not clipped have no ids.)"""
    import altair as alt
    import vl_convert

    version = "_".join(alt.SCHEMA_VERSION.split(".")[:2])
    svg = vl_convert.vegalite_to_svg(chart.to_dict(validate=False), vl_version=version)
    svg = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", svg)
    return re.sub(r' role="graphics-[a-z]+" aria-roledescription="[^"]*"', "", svg)
