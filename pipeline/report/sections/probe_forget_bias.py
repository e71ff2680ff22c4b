"""Chart and table of the forget gates' first bias: accuracy, and the gates after training."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Block, Chart, Limits, Table
from pipeline.report.page.figures import Dot, DotPlot
from pipeline.report.page.formats import count, decimal, duration, interval, percent, points
from pipeline.report.page.tables import number
from pipeline.report.sections.by_network import table_by_network
from pipeline.run_folder.details.probes import BiasRow, ByNetwork, ForgetBias
from pipeline.run_folder.reading import Run


def forget_bias(found: ByNetwork[ForgetBias], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy by the first bias of the forget gates, and the gates before and after training."""
    first = found[0][1]
    dots = [dot for network, result in found for dot in _dots(network, result.biases, result.own)]
    seconds = sum(result.seconds for _, result in found)
    reading = (
        f"Means over {plural(first.seeds, 'seed')} on {count(first.test_documents)} test"
        f" documents; thin marks are single seeds, the intervals those of the difference from the run's own bias,"
        f" {first.own:g}. The fits on {count(first.train_documents)} documents took {duration(seconds)}."
    )
    figure = DotPlot(tuple(dots), "Accuracy on the test documents, %", own_groups=True)
    chart = Chart("Accuracy by the bias that the forget gates start from", reading, figure)
    return (chart, _bias_table(found, run, limits))


def _dots(network: str, biases: Sequence[BiasRow], own_bias: float) -> list[Dot]:
    """Return a dot for each bias; its interval is set at the accuracy that it differs from."""
    own = next((entry.accuracy for entry in biases if entry.bias == own_bias), None)
    dots = []
    for entry in biases:
        ends = entry.ci95
        lo, hi = (None, None) if own is None or ends is None else (own + ends[0], own + ends[1])
        label = f"{network}, bias {entry.bias:g}"
        dots.append(Dot(label, entry.accuracy, lo, hi, network, entry.seeds))
    return dots


def _bias_table(found: ByNetwork[ForgetBias], run: Run, limits: Limits) -> Table:
    note = (
        f"The gates are those of the last recurrent layer on {count(found[0][1].gate_documents)} test documents."
        " Tokens: the time constant −1 / ln(gate), after which a cell holds 37 % of what it held; after training that"
        " of the middle unit. The intervals are not corrected for their number; with one seed they hold the chance of"
        " documents alone."
    )
    return table_by_network(
        "Forget gates and accuracy by their first bias",
        [(network, entry) for network, result in found for entry in result.biases],
        (
            number("Bias", lambda one: f"{one.bias:g}"),
            number("Validation accuracy", lambda one: percent(one.validation_accuracy, run.places)),
            number("Test accuracy", lambda one: percent(one.accuracy, run.places)),
            number("From the run's bias, points", lambda one: points(one.difference, run.places)),
            number("95 % interval", lambda one: interval(one.ci95, points, run.places)),
            number("Gate at the start", lambda one: decimal(one.start_gate)),
            number("Mean gate after", lambda one: decimal(one.gate)),
            number("Tokens at the start", lambda one: decimal(one.start, 1)),
            number("Tokens after", lambda one: decimal(one.time_constant, 1)),
            number("Did not train", lambda one: count(one.untrained or None)),
        ),
        limits,
        note,
    )
