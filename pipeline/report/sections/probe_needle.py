"""Chart and table of the needle: accuracy by the distance of one decisive word."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.core.names import ModelName
from pipeline.report.page.blocks import Block, Chart, Limits, Table
from pipeline.report.page.figures import BandLine, BandPoint, Bands, Mark
from pipeline.report.page.formats import count, duration, interval, percent
from pipeline.report.page.tables import number
from pipeline.report.sections.by_network import table_by_network
from pipeline.run_folder.details.probes import ByNetwork, Needle, NeedleNetwork
from pipeline.run_folder.reading import Run


def needle(found: ByNetwork[Needle], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy by the distance of the needle, all networks in one chart, and all numbers."""
    networks = _named_apart(found)
    first = found[0][1]
    lines = tuple(
        BandLine(name, tuple(BandPoint(one.k, one.accuracy, *one.ci95) for one in network.points))
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


def _rates(result: Needle, networks: ByNetwork[NeedleNetwork]) -> str:
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


def _some(names: Sequence[str]) -> str:
    """Return the first words of a list and how many there are."""
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _needle_table(networks: ByNetwork[NeedleNetwork], run: Run, limits: Limits) -> Table:
    return table_by_network(
        "Accuracy by the distance of the needle",
        [(name, point) for name, network in networks for point in network.points],
        (
            number("Place from the end", lambda one: count(one.k)),
            number("Accuracy", lambda one: percent(one.accuracy, run.places)),
            number("95 % interval", lambda one: interval(one.ci95, percent, run.places)),
            number("Lowest seed", lambda one: percent(min(one.seeds), run.places)),
            number("Highest seed", lambda one: percent(max(one.seeds), run.places)),
        ),
        limits,
        fold=True,
    )
