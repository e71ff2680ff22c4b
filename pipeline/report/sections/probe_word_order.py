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
    short_table,
    words,
)
from pipeline.report.page.formats import (
    MINUS,
    MISSING,
    count,
    decimal,
    interval,
    percent,
    points,
)
from pipeline.run_folder.details.probes import ByNetwork, WordOrder
from pipeline.run_folder.reading import Run

MOST_CHARTS = 6  # networks in the chart; the table has them all
SOURCE = "details/probes.json"


def word_order(found: ByNetwork[WordOrder], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy as written and shuffled beside the most frequent class, and the share that survives."""
    return (_order_chart(found), _order_table(found, run, limits), *_trained_on_shuffled_words(found, run))


def _order_chart(found: ByNetwork[WordOrder]) -> Chart:
    dots = [dot for network, result in found[:MOST_CHARTS] for dot in _order_dots(network, result)]
    majority = found[0][1].majority
    dots.append(Dot("always the most frequent class", majority, None, None, "no reading"))
    reading = (
        "Thin marks are single shuffles; the interval of a shuffled dot is that of its difference from the text as"
        " written."
    )
    figure = DotPlot(tuple(dots), "Accuracy, %", own_groups=True)
    return Chart("Accuracy with the words in their order and shuffled", reading, figure)


def _order_dots(network: str, result: WordOrder) -> tuple[Dot, Dot]:
    accuracy = result.accuracy
    lo, hi = (max(0.0, min(1.0, accuracy + end)) for end in result.ci95)
    runs = tuple(one.accuracy for one in result.shuffled)
    return (
        Dot(f"{network}, as written", accuracy, None, None, "as written"),
        Dot(f"{network}, shuffled", result.shuffled_accuracy, lo, hi, "shuffled", runs),
    )


def _order_table(found: ByNetwork[WordOrder], run: Run, limits: Limits) -> Table:
    lines = [_order_row(network, result, run) for network, result in found]
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
    return short_table("What is left when words are shuffled", columns, lines, limits.rows, SOURCE, note)


def _order_row(network: str, result: WordOrder, run: Run) -> tuple[Cell, ...]:
    shuffled = [one.accuracy for one in result.shuffled]
    return row(
        network,
        count(result.documents),
        percent(result.accuracy, run.places),
        percent(result.shuffled_accuracy, run.places),
        percent(min(shuffled), run.places) if shuffled else MISSING,
        percent(max(shuffled), run.places) if shuffled else MISSING,
        points(result.difference, run.places),
        interval(result.ci95, points, run.places),
        percent(result.majority, run.places),
        percent(result.share, 0).replace("-", MINUS),
        interval(result.share_ci95, percent, 0).replace("-", MINUS),
        decimal(result.log_loss),
        decimal(result.shuffled_log_loss),
    )


def _trained_on_shuffled_words(found: ByNetwork[WordOrder], run: Run) -> tuple[Paragraph, ...]:
    """Return how networks that were trained on shuffled words do beside those of this probe; () without any."""
    accuracies = {entry.name: entry.accuracy for entry in run.metrics.summary}
    told = []
    for network, result in found:
        control = str(ModelName.parse(network).on_shuffled_words())
        if control in accuracies and network in accuracies:
            told.append(
                f"Trained on shuffled words, {control} is right on {percent(accuracies[control], run.places)} of"
                f" all test documents, {network} on {percent(accuracies[network], run.places)} (means over"
                f" seeds); here {network}, trained on words in order, has"
                f" {percent(result.shuffled_accuracy, run.places)} on shuffled ones."
            )
    return tuple(Paragraph(text) for text in told)
