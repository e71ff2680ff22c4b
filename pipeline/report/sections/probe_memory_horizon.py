"""Charts and table of the memory horizon: accuracy when all but the last k tokens are changed."""

from __future__ import annotations

from pipeline.report.page.blocks import (
    BandLine,
    BandPoint,
    Bands,
    Block,
    Chart,
    Limits,
    Mark,
    Table,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import count, decimal, interval, percent, points
from pipeline.run_folder.details.probes import ByNetwork, HorizonPoint, MemoryHorizon
from pipeline.run_folder.reading import Run

MOST_CHARTS = 6  # one a network; the table has them all
SOURCE = "details/probes.json"
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


def _horizon_chart(network: str, result: MemoryHorizon) -> Chart:
    lines = tuple(
        BandLine(
            label,
            tuple(_horizon_point(point, result, change) for point in _points_of(result, change) if point.k),
        )
        for change, label in CHANGES.items()
    )
    marks = (
        Mark("whole text", result.accuracy),
        Mark("most frequent class", result.majority, right=True),
    )
    figure = Bands(
        tuple(line for line in lines if line.points),
        "Last tokens left as they are (logarithmic)",
        "Accuracy, %",
        marks=marks,
    )
    reading = (
        f"{count(result.documents)} test documents, the longest of {count(result.longest)} tokens as"
        f" read. {result.last} The band around the line of dropped words reaches as far as the 95 % interval"
        " of its difference from the whole text."
    )
    return Chart(f"{network}: accuracy when all but the last tokens are changed", reading, figure)


def _points_of(result: MemoryHorizon, change: str) -> tuple[HorizonPoint, ...]:
    return result.changes[change].points if change in result.changes else ()


def _horizon_point(point: HorizonPoint, result: MemoryHorizon, change: str) -> BandPoint:
    """Return a point; the band of the dropped words alone is drawn, three would hide each other."""
    if change != "dropped":
        return BandPoint(point.k, point.accuracy, None, None)
    lo, hi = (max(0.0, min(1.0, result.accuracy + end)) for end in point.ci95)
    return BandPoint(point.k, point.accuracy, lo, hi)


def _horizon_table(found: ByNetwork[MemoryHorizon], run: Run, limits: Limits) -> Table:
    lines = [
        row(
            network,
            CHANGES[change],
            count(point.k),
            percent(point.accuracy, run.places),
            points(point.difference, run.places),
            interval(point.ci95, points, run.places),
            decimal(point.log_loss),
            decimal(point.loss_difference),
            percent(point.longer, 0),
        )
        for network, result in found
        for change in CHANGES
        for point in _points_of(result, change)
    ]
    columns = (
        *words("Network", "Change"),
        *numbers(
            "Last tokens kept",
            "Accuracy",
            "From the whole text, points",
            "95 % interval",
            "Log loss, nats",
            "More nats",
            "Longer documents",
        ),
    )
    note = (
        "The horizon is the smallest number of tokens at which, and at every larger one, the interval ends at"
        f" {points(-found[0][1].rope)} points or above: tested from the largest down until one"
        " fails, so no correction for their number is due."
    )
    title = "Accuracy and loss when all but the last tokens are changed"
    return short_table(title, columns, lines, limits.rows, SOURCE, note, fold=True)
