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
    short_table,
    words,
)
from pipeline.report.page.formats import count, duration, interval, percent
from pipeline.run_folder.details.probes import ByNetwork, Needle, NeedleNetwork, NeedlePoint
from pipeline.run_folder.reading import Run

SOURCE = "details/probes.json"


def needle(found: ByNetwork[Needle], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy by the distance of the needle, all networks in one chart, and all numbers."""
    networks = _named_apart(found)
    first = found[0][1]
    lines = tuple(
        BandLine(name, tuple(_point_with_band(point) for point in network.points))
        for name, network in networks
    )
    figure = Bands(
        lines,
        "Place of the decisive word, counted from the end (logarithmic)",
        "Accuracy on new documents, %",
        marks=(Mark("chance", first.chance),),
    )
    seconds = sum(network.seconds for _, network in networks)
    reading = (
        f"Means over {plural(first.seeds, 'seed')} with 95 % intervals. Each fit:"
        f" {count(first.epochs)} epochs ({count(first.steps)} steps) on {count(first.training_documents)} made-up"
        f" documents of {count(first.length)} tokens, tested on {count(first.test_documents)} at each"
        f" distance; the fits took {duration(seconds)}. Around the needle: {_some(first.neutral_words)}."
        f"{_rates(first, networks)}"
    )
    chart = Chart("Accuracy by the distance of one decisive word", reading, figure)
    return (chart, _needle_table(networks, run, limits))


def _rates(result: Needle, networks: list[tuple[str, NeedleNetwork]]) -> str:
    """Return which learning rates were tried and taken."""
    taken = ", ".join(f"{one.learning_rate:g} {name}" for name, one in networks)
    return (
        f" Every network tried the learning rates {', '.join(f'{rate:g}' for rate in result.rates)} and took the"
        f" best on {count(result.validation_documents)} other documents: {taken}."
    )


def _named_apart(found: ByNetwork[Needle]) -> list[tuple[str, NeedleNetwork]]:
    """Return every network that was trained, with its source where there are several."""
    source_of = {network: ModelName.parse(network).source for network, _ in found}
    several = len(set(source_of.values())) > 1
    return [
        (f"{one.name}@{source_of[network]}" if several else one.name, one)
        for network, result in found
        for one in result.networks
    ]


def _point_with_band(point: NeedlePoint) -> BandPoint:
    return BandPoint(point.k, point.accuracy, *point.ci95)


def _some(names: Sequence[str]) -> str:
    """Return the first words of a list and how many there are."""
    return (
        f"{', '.join(map(str, names[:8]))} and {len(names) - 8} more" if len(names) > 8 else ", ".join(names)
    )


def _needle_table(networks: list[tuple[str, NeedleNetwork]], run: Run, limits: Limits) -> Table:
    lines = [
        row(
            name,
            count(point.k),
            percent(point.accuracy, run.places),
            interval(point.ci95, percent, run.places),
            percent(min(point.seeds), run.places),
            percent(max(point.seeds), run.places),
        )
        for name, network in networks
        for point in network.points
    ]
    columns = (
        *words("Network"),
        *numbers("Place from the end", "Accuracy", "95 % interval", "Lowest seed", "Highest seed"),
    )
    return short_table(
        "Accuracy by the distance of the needle", columns, lines, limits.rows, SOURCE, fold=True
    )
