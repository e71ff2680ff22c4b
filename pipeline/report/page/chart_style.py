"""How charts look: colours, shapes and dashes of their groups, and the fonts.

Colours are Okabe and Ito's, which stay apart for colour-blind readers; shape or dash says the same as
colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import altair as alt

Drawn: TypeAlias = "alt.LayerChart | alt.FacetChart"

INK, LINE, SHADE = "#1b1f24", "#d5dae0", "#e4e8ec"
GROUP_STYLES = {
    "Baseline": ("#d55e00", "square"),
    "Network": ("#0072b2", "circle"),
    "Control": ("#7a7a7a", "triangle-up"),
    "Made elsewhere": ("#cc79a7", "cross"),
    "Other": ("#009e73", "diamond"),
    "Difference": ("#0072b2", "circle"),
}
KIND_COLOURS = {  # of the classes of the style sheet
    "base": GROUP_STYLES["Baseline"][0],
    "net": GROUP_STYLES["Network"][0],
    "out": GROUP_STYLES["Control"][0],
}
OWN_GROUP_STYLES = (  # for groups that a figure names itself, in their order; orange is that of models that count words
    ("#0072b2", "circle"),
    ("#009e73", "square"),
    ("#cc79a7", "diamond"),
    ("#a0785a", "triangle-up"),
    ("#5b4b9a", "triangle-down"),
    ("#56b4e9", "cross"),
    ("#7a7a7a", "triangle-right"),
)
LINE_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
SERIES_STYLES = {"training": ("#7a7a7a", (1, 0)), "validation": ("#0072b2", (5, 3))}
FONT = "Arial, Helvetica, Liberation Sans, sans-serif"  # drawn and shown with the same widths
WIDE, SMALL = 620, 250  # plot widths in pixels


def styled(chart: Drawn) -> Drawn:
    """Return `chart` on a transparent ground, in the page's font, without Vega's own descriptions."""
    text = {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    lines = {"gridColor": LINE, "domainColor": LINE, "tickColor": LINE}
    drawn: Drawn = (
        chart.configure(background="transparent", font=FONT, aria=False, padding=4)
        .configure_view(stroke=None)
        .configure_axis(**text, **lines)
        .configure_legend(**text, orient="top", title=None, symbolStrokeWidth=2, symbolSize=80)
        .configure_text(color=INK)
    )
    return drawn
