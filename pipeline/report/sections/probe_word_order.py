"""Chart and table of the word order probe: accuracy as written and shuffled."""

from __future__ import annotations

from pipeline.core.names import ModelName
from pipeline.report.page.blocks import Block, Chart, Limits, Paragraph, Table
from pipeline.report.page.figures import Dot, DotPlot
from pipeline.report.page.formats import MINUS, count, decimal, interval, percent, points
from pipeline.report.page.tables import number
from pipeline.report.sections.by_network import table_by_network
from pipeline.run_folder.details.probes import ByNetwork, WordOrder
from pipeline.run_folder.reading import Run

MOST_CHARTS = 6  # networks in the chart; the table has them all
NOTE = (
    "Share that survives: (shuffled − most frequent class) / (as written − most frequent class); it is left out"
    " where the network is not shown to be better than the most frequent class."
)


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
    return (
        Dot(f"{network}, as written", accuracy, None, None, "as written"),
        Dot(f"{network}, shuffled", result.shuffled_accuracy, lo, hi, "shuffled", _shuffles(result)),
    )


def _order_table(found: ByNetwork[WordOrder], run: Run, limits: Limits) -> Table:
    return table_by_network(
        "What is left when words are shuffled",
        found,
        (
            number("Documents", lambda one: count(one.documents)),
            number("As written", lambda one: percent(one.accuracy, run.places)),
            number("Shuffled", lambda one: percent(one.shuffled_accuracy, run.places)),
            number("Lowest", lambda one: percent(min(_shuffles(one), default=None), run.places)),
            number("Highest", lambda one: percent(max(_shuffles(one), default=None), run.places)),
            number("Difference, points", lambda one: points(one.difference, run.places)),
            number("95 % interval", lambda one: interval(one.ci95, points, run.places)),
            number("Most frequent class", lambda one: percent(one.majority, run.places)),
            number("Share that survives", lambda one: percent(one.share, 0).replace("-", MINUS)),
            number(
                "95 % interval of it", lambda one: interval(one.share_ci95, percent, 0).replace("-", MINUS)
            ),
            number("Log loss as written", lambda one: decimal(one.log_loss)),
            number("Log loss shuffled", lambda one: decimal(one.shuffled_log_loss)),
        ),
        limits,
        NOTE,
    )


def _shuffles(result: WordOrder) -> tuple[float, ...]:
    return tuple(one.accuracy for one in result.shuffled)


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
