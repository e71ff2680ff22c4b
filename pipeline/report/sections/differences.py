"""Section of paired differences: which models are told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Block, Cell, Chart, Limits, Nothing, Paragraph, Table
from pipeline.report.page.figures import Dot, DotPlot
from pipeline.report.page.formats import MISSING, count, interval, p_value
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.report.sections.facts import model_facts, status_sentence
from pipeline.report.sections.metric import metric_of
from pipeline.run_folder.metrics.comparisons import Comparison, McNemar
from pipeline.run_folder.reading import METRICS, Run

TOLD = ("beats", "loses")  # decisions that tell two models apart
SHOWN_TOLD = 6  # pairs that the first sentence names


def differences(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the paired differences as a chart and a table, and McNemar's test of one seed."""
    entries = _withheld_where_untrained(run)
    if not entries:
        return (Nothing(_why_no_differences(run)),)
    chart = _difference_chart(run, entries[: limits.rows])
    table = _difference_table(run, entries, limits)
    return (Paragraph(_told_apart(entries)), chart, table, *_mcnemar_table(entries, limits))


def _withheld_where_untrained(run: Run) -> list[Comparison]:
    """Return the comparisons; without a decision where a fit of one of the two did not train: it lost nothing."""
    untrained = {model.name for model in model_facts(run) if model.untrained_runs}
    return [
        replace(entry, decision="withheld", by=None) if untrained & {entry.a, entry.b} else entry
        for entry in run.metrics.comparisons
    ]


def _told_apart(entries: Sequence[Comparison]) -> str:
    """Return which models are told apart, and how many pairs are equal or cannot be told."""
    told = [
        f"{entry.a} {entry.decision} {'to ' * (entry.decision == 'loses')}{entry.b}"
        for entry in entries
        if entry.decision in TOLD
    ]
    more = f" and {len(told) - SHOWN_TOLD} more" if len(told) > SHOWN_TOLD else ""
    start = f"Told apart: {', '.join(told[:SHOWN_TOLD])}{more}." if told else "No two models are told apart."
    others = Counter(entry.decision for entry in entries if entry.decision not in TOLD)
    rest = "; ".join(f"{said}: {number}" for said, number in others.items())
    return f"{start} Of {plural(len(entries), 'comparison')}, {rest}." if rest else start


def _mcnemar_table(entries: Sequence[Comparison], limits: Limits) -> tuple[Table, ...]:
    """Return the exact test of one seed's predictions; none with folds."""
    tested = [(entry, entry.mcnemar) for entry in entries if entry.mcnemar]
    columns: Columns[tuple[Comparison, McNemar]] = (
        text("A", lambda one: one[0].a),
        text("B", lambda one: one[0].b),
        number("Seed", lambda one: one[1].seed),
        number("Only A right", lambda one: count(one[1].only_a)),
        number("Only B right", lambda one: count(one[1].only_b)),
        number("p (McNemar, exact)", lambda one: p_value(one[1].p_value)),
    )
    note = (
        "McNemar's test knows the documents alone: it is of these two fitted models, not of their kinds, and"
        " decides nothing here. Its p-values are not corrected."
    )
    table = table_of("One seed's predictions", tested, columns, limits.rows, METRICS, note, fold=True)
    return (table,) if tested else ()


def _why_no_differences(run: Run) -> str:
    if len(model_facts(run)) < 2:
        return "There is nothing to compare: fewer than two models have results."
    return status_sentence(run) or "The run made no comparison."


FAMILIES = {"verdict": "baseline", "side": "side question"}  # what each has a number of


def _difference_table(run: Run, entries: Sequence[Comparison], limits: Limits) -> Table:
    metric, places = metric_of(run), run.places
    sizes = Counter[str](entry.family for entry in entries)
    columns: Columns[Comparison] = (
        text("A", lambda one: Cell(one.a, tags=_tags(one, run))),
        text("B", lambda one: one.b),
        number(
            f"Smallest detectable, {metric.unit}",
            lambda one: metric.size(one.minimum_detectable_difference, places),
        ),
        number(metric.minus, lambda one: metric.signed(one.difference, places)),
        number("95 % interval", lambda one: interval(one.ci95, metric.signed, places)),
        number("p", lambda one: p_value(one.p_value)),
        number("p adjusted", lambda one: p_value(one.p_adjusted)),
        text("Corrected for", lambda one: _corrected_for(one, sizes)),
        text("Decision", lambda one: one.decision),
        text("By", lambda one: BY[one.by]),
    )
    note = (
        "Both models answer the same test documents. Smallest detectable: a true difference of that size would be"
        ' found four times out of five, before the correction; read it before an "equal" or a "cannot tell".'
        ' p adjusted: raised for the number of comparisons of its family (Holm); an "equal" is corrected for nothing.'
    )
    return table_of(f"Paired differences in {metric.name}", entries, columns, limits.rows, METRICS, note)


def _tags(entry: Comparison, run: Run) -> tuple[str, ...]:
    if {entry.a, entry.b} == {run.metrics.verdict.a, run.metrics.verdict.b}:
        return ("decides the answer",)
    return ("the answer",) if entry.family == "verdict" else ()


def _corrected_for(entry: Comparison, sizes: Counter[str]) -> str:
    size = sizes[entry.family]
    return plural(size, FAMILIES[entry.family]) if size > 1 else "nothing"


BY = {
    "more than the rope": "more than the region",
    "perhaps less": "perhaps less than the region",
    None: MISSING,
}


def _difference_chart(run: Run, entries: Sequence[Comparison]) -> Chart:
    rope, metric = run.metrics.verdict.rope, metric_of(run)
    dots = tuple(Dot(f"{one.a} − {one.b}", one.difference, *one.ci95, "Difference") for one in entries)
    clear = sum(one.ci95[0] > 0 or one.ci95[1] < 0 for one in entries)
    inside = sum(-rope <= one.ci95[0] and one.ci95[1] <= rope for one in entries)
    reading = (
        f"The interval of {clear} of {plural(len(entries), 'difference')} leaves out zero. The shaded band"
        f" ({metric.exact(rope)} either way) counts as equal: {plural(inside, 'interval')} fully inside."
    )
    return Chart("Differences with 95 % intervals", reading, DotPlot(dots, metric.axis, rope))
