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
    shorten,
    words,
)
from pipeline.report.page.formats import count, decimal, interval, is_interval, percent, points
from pipeline.report.sections.facts import Found
from pipeline.run_folder.reading import Record, Run

MOST_CHARTS = 6  # one a network; the table has them all
SOURCE = "details/probes.json"
CHANGES = {
    "dropped": "the rest dropped",
    "shuffled": "the rest shuffled",
    "replaced": "the rest from other documents",
}


def memory_horizon(found: Found, run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy by the number of last tokens that stay as they are, one chart a network, and all numbers."""
    knowing = [(network, result) for network, result in found if result.get("above_majority")]
    charts = [_horizon_chart(network, result) for network, result in knowing[:MOST_CHARTS]]
    return (*charts, _horizon_table(found, run, limits))


def _horizon_chart(network: str, result: Record) -> Chart:
    changes = result.get("changes") or {}
    lines = tuple(
        BandLine(
            label, tuple(_horizon_point(point, result, change) for point in _on_a_logarithm(changes, change))
        )
        for change, label in CHANGES.items()
    )
    marks = (
        Mark("whole text", float(result["accuracy"])),
        Mark("most frequent class", float(result["majority"]), right=True),
    )
    figure = Bands(
        tuple(line for line in lines if line.points),
        "Last tokens left as they are (logarithmic)",
        "Accuracy, %",
        marks=marks,
    )
    reading = (
        f"{count(result.get('documents'))} test documents, the longest of {count(result.get('longest'))} tokens as"
        f" read. {result.get('last')} The band around the line of dropped words reaches as far as the 95 % interval"
        " of its difference from the whole text."
    )
    return Chart(f"{network}: accuracy when all but the last tokens are changed", reading, figure)


def _on_a_logarithm(changes: Record, change: str) -> list[Record]:
    """Return the points of one change that a logarithmic axis can show: all but k = 0."""
    return [point for point in (changes.get(change) or {}).get("points") or () if point.get("k")]


def _horizon_point(point: Record, result: Record, change: str) -> BandPoint:
    """Return a point; the band of the dropped words alone is drawn, three would hide each other."""
    ends = point.get("ci95") if change == "dropped" and is_interval(point.get("ci95")) else None
    lo, hi = (max(0.0, min(1.0, result["accuracy"] + end)) for end in ends) if ends else (None, None)
    return BandPoint(point["k"], point["accuracy"], lo, hi)


def _horizon_table(found: Found, run: Run, limits: Limits) -> Table:
    every = [
        row(
            network,
            CHANGES[change],
            count(point.get("k")),
            percent(point.get("accuracy"), run.places),
            points(point.get("difference"), run.places),
            interval(point.get("ci95"), points, run.places),
            decimal(point.get("log_loss")),
            decimal(point.get("loss_difference")),
            percent(point.get("longer"), 0),
        )
        for network, result in found
        for change in CHANGES
        for point in ((result.get("changes") or {}).get(change) or {}).get("points") or ()
    ]
    rows, left_out = shorten(every, limits.rows, SOURCE)
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
        f" {points(-float(found[0][1].get('rope') or 0))} points or above: tested from the largest down until one"
        " fails, so no correction for their number is due."
    )
    return Table(
        "Accuracy and loss when all but the last tokens are changed",
        columns,
        rows,
        f"{note} {left_out}".strip(),
        fold=True,
    )
