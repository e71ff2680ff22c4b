"""Chart and table of the word order probe: accuracy as written and shuffled."""

from __future__ import annotations

from pipeline.core.names import ModelName
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Dot,
    DotPlot,
    Limits,
    Paragraph,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.formats import (
    MINUS,
    MISSING,
    count,
    decimal,
    interval,
    is_interval,
    is_number,
    percent,
    points,
)
from pipeline.report.sections.facts import Found
from pipeline.run_folder.reading import Record, Run

MOST_CHARTS = 6  # networks in the chart; the table has them all
SOURCE = "details/probes.json"


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
    accuracy, ends = float(result["accuracy"]), result.get("ci95") or ()
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
    """Return how networks that were trained on shuffled words do beside those of this probe; () without any."""
    accuracies = {str(entry.get("name")): entry.get("accuracy") for entry in run.rows("summary")}
    told = []
    for network, result in found:
        control = str(ModelName.parse(network).on_shuffled_words())
        if is_number(accuracies.get(control)):
            told.append(
                f"Trained on shuffled words, {control} is right on {percent(accuracies[control], run.places)} of"
                f" all test documents, {network} on {percent(accuracies.get(network), run.places)} (means over"
                f" seeds); here {network}, trained on words in order, has"
                f" {percent(result.get('shuffled_accuracy'), run.places)} on shuffled ones."
            )
    return tuple(Paragraph(text) for text in told)
