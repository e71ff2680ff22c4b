"""The probe of time constants: for how many tokens the units of a gated network hold."""

from __future__ import annotations

from pipeline.report.page.blocks import Block, Chart, Limits
from pipeline.report.page.figures import BandLine, BandPoint, Bands
from pipeline.report.page.formats import not_drawn
from pipeline.run_folder.details.probes import ByNetwork, TimeConstants
from pipeline.run_folder.reading import Run

MOST_LINES = 7


def time_constants(found: ByNetwork[TimeConstants], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the share of units that hold longer, by the number of tokens."""
    lines = tuple(
        BandLine(name, tuple(BandPoint(one.tokens, one.units, None, None) for one in result.held_for))
        for name, result in found[:MOST_LINES]
    )
    reading = (
        "Share of the units whose value falls to 37 % only after more than so many tokens, by the mean of the gate that"
        f" keeps it.{not_drawn([name for name, _ in found[MOST_LINES:]])}"
    )
    figure = Bands(lines, "Tokens (logarithmic)", "Units that hold longer, %")
    return (Chart("How long units hold", reading, figure),)
