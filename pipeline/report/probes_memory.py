"""Charts and tables of the probes that change what a network reads: memory horizon, word order, needle, forget"
" bias."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.report.blocks import (
    BandLine,
    BandPoint,
    Bands,
    Block,
    Cell,
    Chart,
    Dot,
    DotPlot,
    Limits,
    Mark,
    Paragraph,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.formats import (
    MINUS,
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
from pipeline.report.run_folder import Record, Run

if TYPE_CHECKING:
    from pipeline.report.probes import Found

MOST_CHARTS = 6  # one a network; the table has them all
SOURCE = "details/probes.json"
CHANGES = {
    "dropped": "the rest dropped",
    "shuffled": "the rest shuffled",
    "replaced": "the rest from other documents",
}


# --- memory horizon --------------------------------------------------------------------------------------


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


# --- word order ------------------------------------------------------------------------------------------


def word_order(found: Found, run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy as written and shuffled beside the most frequent class, and the share that survives."""
    return (_order_chart(found), _order_table(found, run, limits), *_trained_on_shuffled_words(found, run))


def _order_chart(found: Found) -> Chart:
    dots = [dot for network, result in found[:MOST_CHARTS] for dot in _order_dots(network, result)]
    majority = float(found[0][1]["majority"])
    dots.append(Dot("always the most frequent class", majority, None, None, "no reading"))
    reading = (
        "Thin marks are single shuffles; the interval of a shuffled dot is that of its difference from the text as"
        " written."
    )
    figure = DotPlot(tuple(dots), "Accuracy, %", own_groups=True)
    return Chart("Accuracy with the words in their order and shuffled", reading, figure)


def _order_dots(network: str, result: Record) -> tuple[Dot, Dot]:
    accuracy, ends = float(result["accuracy"]), result.get("ci95")
    lo, hi = (max(0.0, min(1.0, accuracy + end)) for end in ends) if is_interval(ends) else (None, None)
    runs = tuple(one["accuracy"] for one in result.get("shuffled") or ())
    return (
        Dot(f"{network}, as written", accuracy, None, None, "as written"),
        Dot(f"{network}, shuffled", float(result["shuffled_accuracy"]), lo, hi, "shuffled", runs),
    )


def _order_table(found: Found, run: Run, limits: Limits) -> Table:
    rows, left_out = shorten(
        [_order_row(network, result, run) for network, result in found], limits.rows, SOURCE
    )
    columns = (
        *words("Network"),
        *numbers(
            "Documents",
            "As written",
            "Shuffled",
            "Lowest",
            "Highest",
            "Difference, points",
            "95 % interval",
            "Most frequent class",
            "Share that survives",
            "95 % interval of it",
            "Log loss as written",
            "Log loss shuffled",
        ),
    )
    note = (
        "Share that survives: (shuffled − most frequent class) / (as written − most frequent class); it is left out"
        " where the network is not shown to be better than the most frequent class."
    )
    return Table("What is left when words are shuffled", columns, rows, f"{note} {left_out}".strip())


def _order_row(network: str, result: Record, run: Run) -> tuple[Cell, ...]:
    shuffled = [one.get("accuracy") for one in result.get("shuffled") or ()]
    return row(
        network,
        count(result.get("documents")),
        percent(result.get("accuracy"), run.places),
        percent(result.get("shuffled_accuracy"), run.places),
        percent(min(shuffled), run.places) if shuffled else MISSING,
        percent(max(shuffled), run.places) if shuffled else MISSING,
        points(result.get("difference"), run.places),
        interval(result.get("ci95"), points, run.places),
        percent(result.get("majority"), run.places),
        percent(result.get("share"), 0).replace("-", MINUS),
        interval(result.get("share_ci95"), percent, 0).replace("-", MINUS),
        decimal(result.get("log_loss")),
        decimal(result.get("shuffled_log_loss")),
    )


def _trained_on_shuffled_words(found: Found, run: Run) -> tuple[Paragraph, ...]:
    """Return how networks that were trained on shuffled words do beside those of this probe, where the run has"
    " some."""
    accuracies = {str(entry.get("name")): entry.get("accuracy") for entry in run.rows("summary")}
    told = []
    for network, result in found:
        model, at, source = network.partition("@")
        control = f"{model}:shuffled-words{at}{source}"
        if is_number(accuracies.get(control)):
            told.append(
                f"Trained on shuffled words, {control} is right on {percent(accuracies[control], run.places)} of"
                f" all test documents, {network} on {percent(accuracies.get(network), run.places)} (means over"
                f" seeds); here {network}, trained on words in order, has"
                f" {percent(result.get('shuffled_accuracy'), run.places)} on shuffled ones."
            )
    return tuple(Paragraph(text) for text in told)


# --- needle ----------------------------------------------------------------------------------------------


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
        marks=(Mark("chance", float(first["chance"]), right=True),),
    )
    seconds = sum(network.get("seconds") or 0.0 for _, network in networks)
    reading = (
        f"Means over {count(first.get('seeds'))} seeds with 95 % intervals. Each fit: {count(first.get('epochs'))}"
        f" epochs on {count(first.get('training_documents'))} made-up documents of {count(first.get('length'))}"
        f" tokens, tested on {count(first.get('test_documents'))} at each distance; the fits took"
        f" {duration(seconds)}. Around the needle: {_some(first.get('neutral_words') or ())}."
    )
    chart = Chart("Accuracy by the distance of one decisive word", reading, figure)
    return (chart, _needle_table(networks, run, limits))


def _named_apart(found: Found) -> list[tuple[str, Record]]:
    """Return every network that was trained, with its source where there are several."""
    sources = {network.partition("@")[2] for network, _ in found}
    return [
        (f"{one['name']}@{network.partition('@')[2]}" if len(sources) > 1 else str(one["name"]), one)
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


# --- forget bias -----------------------------------------------------------------------------------------


def forget_bias(found: Found, run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy by the first bias of the forget gates, and the gates before and after training."""
    dots = [
        Dot(
            f"{network}, bias {entry['bias']:g}",
            entry["accuracy"],
            None,
            None,
            network,
            tuple(entry["seeds"]),
        )
        for network, result in found
        for entry in result["biases"]
    ]
    first = found[0][1]
    seconds = sum(result.get("seconds") or 0.0 for _, result in found)
    reading = (
        f"Means over {count(first.get('seeds'))} seeds on {count(first.get('test_documents'))} test documents; thin"
        f" marks are single seeds. The fits on {count(first.get('train_documents'))} documents took"
        f" {duration(seconds)}."
    )
    figure = DotPlot(tuple(dots), "Accuracy on the test documents, %", own_groups=True)
    chart = Chart("Accuracy by the bias that the forget gates start from", reading, figure)
    return (chart, _bias_table(found, run, limits))


def _bias_table(found: Found, run: Run, limits: Limits) -> Table:
    every = [_bias_row(network, entry, run) for network, result in found for entry in result["biases"]]
    rows, left_out = shorten(every, limits.rows, SOURCE)
    columns = (
        *words("Network"),
        *numbers(
            "Bias",
            "Validation accuracy",
            "Test accuracy",
            "From bias 1, points",
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
        f"The gates are those of the first layer, reading forwards, on {documents} test documents. Tokens: the time"
        " constant −1 / ln(gate), after which a cell holds 37 % of what it held; after training that of the middle"
        " unit."
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
