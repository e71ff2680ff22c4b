"""Chart and table of the forget gates' first bias: accuracy, and the gates after training."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Dot,
    DotPlot,
    Limits,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.formats import (
    MISSING,
    count,
    decimal,
    duration,
    interval,
    is_interval,
    is_number,
    percent,
    points,
)
from pipeline.report.sections.facts import Found
from pipeline.run_folder.reading import Record, Run

SOURCE = "details/probes.json"


def forget_bias(found: Found, run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy by the first bias of the forget gates, and the gates before and after training."""
    first = found[0][1]
    own = first.get("own", 1.0)
    dots = [
        dot for network, result in found for dot in _dots(network, result["biases"], result.get("own", 1.0))
    ]
    seconds = sum(result.get("seconds") or 0.0 for _, result in found)
    reading = (
        f"Means over {plural(first.get('seeds') or 0, 'seed')} on {count(first.get('test_documents'))} test"
        f" documents; thin marks are single seeds, the intervals those of the difference from the run's own bias,"
        f" {own:g}. The fits on {count(first.get('train_documents'))} documents took {duration(seconds)}."
    )
    figure = DotPlot(tuple(dots), "Accuracy on the test documents, %", own_groups=True)
    chart = Chart("Accuracy by the bias that the forget gates start from", reading, figure)
    return (chart, _bias_table(found, run, limits))


def _dots(network: str, biases: Sequence[Record], own_bias: float) -> list[Dot]:
    """Return a dot for each bias; its interval is set at the accuracy that it differs from."""
    own = next((entry["accuracy"] for entry in biases if entry["bias"] == own_bias), None)
    dots = []
    for entry in biases:
        ends = entry.get("ci95") or ()
        lo, hi = (own + end for end in ends) if is_number(own) and is_interval(ends) else (None, None)
        label, runs = f"{network}, bias {entry['bias']:g}", tuple(entry["seeds"])
        dots.append(Dot(label, entry["accuracy"], lo, hi, network, runs))
    return dots


def _bias_table(found: Found, run: Run, limits: Limits) -> Table:
    every = [_bias_row(network, entry, run) for network, result in found for entry in result["biases"]]
    rows, left_out = shorten(every, limits.rows, SOURCE)
    columns = (
        *words("Network"),
        *numbers(
            "Bias",
            "Validation accuracy",
            "Test accuracy",
            "From the run's bias, points",
            "95 % interval",
            "Gate at the start",
            "Mean gate after",
            "Tokens at the start",
            "Tokens after",
            "Did not train",
        ),
    )
    documents = count(found[0][1].get("gate_documents"))
    note = (
        f"The gates are those of the last recurrent layer on {documents} test documents. Tokens: the time"
        " constant −1 / ln(gate), after which a cell holds 37 % of what it held; after training that of the middle"
        " unit. The intervals are not corrected for their number; with one seed they hold the chance of documents"
        " alone."
    )
    return Table("Forget gates and accuracy by their first bias", columns, rows, f"{note} {left_out}".strip())


def _bias_row(network: str, entry: Record, run: Run) -> tuple[Cell, ...]:
    return row(
        network,
        f"{entry.get('bias'):g}",
        percent(entry.get("validation_accuracy"), run.places),
        percent(entry.get("accuracy"), run.places),
        points(entry.get("difference"), run.places),
        interval(entry.get("ci95"), points, run.places),
        decimal(entry.get("start_gate")),
        decimal(entry.get("gate")),
        decimal(entry.get("start"), 1),
        decimal(entry.get("time_constant"), 1),
        count(entry["untrained"]) if entry.get("untrained") else MISSING,
    )
