"""Charts and table of the memory horizon: accuracy when all but the last k tokens are changed."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.report.page.blocks import Block, Chart, Limits, Table
from pipeline.report.page.figures import BandLine, BandPoint, Bands, Mark
from pipeline.report.page.formats import count, decimal, interval, percent, points
from pipeline.report.page.tables import number, text
from pipeline.report.sections.by_network import table_by_network
from pipeline.run_folder.details.probes import ByNetwork, HorizonPoint, MemoryHorizon
from pipeline.run_folder.reading import Run

MOST_CHARTS = 6  # one a network; the table has them all
CHANGES = {
    "dropped": "the rest dropped",
    "shuffled": "the rest shuffled",
    "replaced": "the rest from other documents",
}


def memory_horizon(found: ByNetwork[MemoryHorizon], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy by the number of last tokens that stay as they are, one chart a network, and all numbers."""
    knowing = [(network, result) for network, result in found if result.above_majority]
    charts = [_horizon_chart(network, result) for network, result in knowing[:MOST_CHARTS]]
    return (*charts, _horizon_table(found, run, limits))


class _Kept(NamedTuple):
    """What a network is right on when so many last tokens stay as they are, and the rest is changed."""

    change: str
    at: HorizonPoint


def _kept(result: MemoryHorizon) -> list[_Kept]:
    known = [change for change in CHANGES if change in result.changes]
    return [_Kept(change, point) for change in known for point in result.changes[change].points]


def _horizon_chart(network: str, result: MemoryHorizon) -> Chart:
    lines = {
        change: [_band_point(one, result) for one in _kept(result) if one.change == change and one.at.k]
        for change in CHANGES
    }
    figure = Bands(
        tuple(BandLine(CHANGES[change], tuple(drawn)) for change, drawn in lines.items() if drawn),
        "Last tokens left as they are (logarithmic)",
        "Accuracy, %",
        marks=(
            Mark("whole text", result.accuracy),
            Mark("most frequent class", result.majority, right=True),
        ),
    )
    reading = (
        f"{count(result.documents)} test documents, the longest of {count(result.longest)} tokens as"
        f" read. {result.last} The band around the line of dropped words reaches as far as the 95 % interval"
        " of its difference from the whole text."
    )
    return Chart(f"{network}: accuracy when all but the last tokens are changed", reading, figure)


def _band_point(one: _Kept, result: MemoryHorizon) -> BandPoint:
    """Return a point; the band of the dropped words alone is drawn, three would hide each other."""
    if one.change != "dropped":
        return BandPoint(one.at.k, one.at.accuracy, None, None)
    lo, hi = (max(0.0, min(1.0, result.accuracy + end)) for end in one.at.ci95)
    return BandPoint(one.at.k, one.at.accuracy, lo, hi)


def _horizon_table(found: ByNetwork[MemoryHorizon], run: Run, limits: Limits) -> Table:
    note = (
        "The horizon is the smallest number of tokens at which, and at every larger one, the interval ends at"
        f" {points(-found[0][1].rope)} points or above: tested from the largest down until one"
        " fails, so no correction for their number is due."
    )
    return table_by_network(
        "Accuracy and loss when all but the last tokens are changed",
        [(network, one) for network, result in found for one in _kept(result)],
        (
            text("Change", lambda one: CHANGES[one.change]),
            number("Last tokens kept", lambda one: count(one.at.k)),
            number("Accuracy", lambda one: percent(one.at.accuracy, run.places)),
            number("From the whole text, points", lambda one: points(one.at.difference, run.places)),
            number("95 % interval", lambda one: interval(one.at.ci95, points, run.places)),
            number("Log loss, nats", lambda one: decimal(one.at.log_loss)),
            number("More nats", lambda one: decimal(one.at.loss_difference)),
            number("Longer documents", lambda one: percent(one.at.longer, 0)),
        ),
        limits,
        note,
        fold=True,
    )
