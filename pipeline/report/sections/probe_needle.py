"""Chart and table of the needle: accuracy by the distance of one decisive word."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.core.names import ModelName
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
from pipeline.report.page.formats import count, duration, interval, is_interval, percent
from pipeline.report.sections.facts import Found
from pipeline.run_folder.reading import Record, Run

SOURCE = "details/probes.json"


def needle(found: Found, run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy by the distance of the needle, all networks in one chart, and all numbers."""
    networks = _named_apart(found)
    first = found[0][1]
    lines = tuple(
        BandLine(name, tuple(_point_with_band(point) for point in network["points"]))
        for name, network in networks
    )
    figure = Bands(
        lines,
        "Place of the decisive word, counted from the end (logarithmic)",
        "Accuracy on new documents, %",
        marks=(Mark("chance", float(first["chance"])),),
    )
    seconds = sum(network.get("seconds") or 0.0 for _, network in networks)
    reading = (
        f"Means over {plural(first.get('seeds') or 0, 'seed')} with 95 % intervals. Each fit:"
        f" {count(first.get('epochs'))} epochs{_steps(first)} on {count(first.get('training_documents'))} made-up"
        f" documents of {count(first.get('length'))} tokens, tested on {count(first.get('test_documents'))} at each"
        f" distance; the fits took {duration(seconds)}. Around the needle: {_some(first.get('neutral_words') or ())}."
        f"{_rates(first, networks)}"
    )
    chart = Chart("Accuracy by the distance of one decisive word", reading, figure)
    return (chart, _needle_table(networks, run, limits))


def _steps(result: Record) -> str:
    return f" ({count(result['steps'])} steps)" if result.get("steps") else ""


def _rates(result: Record, networks: list[tuple[str, Record]]) -> str:
    """Return which learning rates were tried and taken; nothing where an older version tried none."""
    if not result.get("rates"):
        return ""
    taken = ", ".join(f"{one['learning_rate']:g} {name}" for name, one in networks)
    return (
        f" Every network tried the learning rates {', '.join(f'{rate:g}' for rate in result['rates'])} and took the"
        f" best on {count(result.get('validation_documents'))} other documents: {taken}."
    )


def _named_apart(found: Found) -> list[tuple[str, Record]]:
    """Return every network that was trained, with its source where there are several."""
    source_of = {network: ModelName.parse(network).source for network, _ in found}
    several = len(set(source_of.values())) > 1
    return [
        (f"{one['name']}@{source_of[network]}" if several else str(one["name"]), one)
        for network, result in found
        for one in result.get("networks") or ()
    ]


def _point_with_band(point: Record) -> BandPoint:
    lo, hi = point["ci95"] if is_interval(point.get("ci95")) else (None, None)
    return BandPoint(point["k"], point["accuracy"], lo, hi)


def _some(names: Sequence[str]) -> str:
    """Return the first words of a list and how many there are."""
    return (
        f"{', '.join(map(str, names[:8]))} and {len(names) - 8} more" if len(names) > 8 else ", ".join(names)
    )


def _needle_table(networks: list[tuple[str, Record]], run: Run, limits: Limits) -> Table:
    every = [
        row(
            name,
            count(point.get("k")),
            percent(point.get("accuracy"), run.places),
            interval(point.get("ci95"), percent, run.places),
            percent(min(point["seeds"]), run.places),
            percent(max(point["seeds"]), run.places),
        )
        for name, network in networks
        for point in network["points"]
    ]
    rows, left_out = shorten(every, limits.rows, SOURCE)
    columns = (
        *words("Network"),
        *numbers("Place from the end", "Accuracy", "95 % interval", "Lowest seed", "Highest seed"),
    )
    return Table("Accuracy by the distance of the needle", columns, rows, left_out, fold=True)
