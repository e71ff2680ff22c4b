"""Section of paired differences: which models are told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from pipeline.core.clean import plural
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Dot,
    DotPlot,
    Limits,
    Nothing,
    Paragraph,
    Table,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import MISSING, count, interval, p_value
from pipeline.report.sections.facts import model_facts, status_sentence
from pipeline.report.sections.metric import metric_of
from pipeline.run_folder.metrics.comparisons import Comparison
from pipeline.run_folder.reading import METRICS, Run

TOLD = ("beats", "loses")  # decisions that tell two models apart
SHOWN_TOLD = 6  # pairs that the first sentence names


def differences(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the paired differences as a chart and a table, and McNemar's test of one seed."""
    entries = _withheld_where_untrained(run)
    if not entries:
        return (Nothing(_why_no_differences(run)),)
    metric = metric_of(run)
    columns = (
        *words("A", "B"),
        *numbers(f"Smallest detectable, {metric.unit}", metric.minus, "95 % interval", "p", "p adjusted"),
        *words("Corrected for", "Decision", "By"),
    )
    sizes = Counter[str](entry.family for entry in entries)
    lines = [_difference_row(entry, run, sizes) for entry in entries]
    note = (
        "Both models answer the same test documents. Smallest detectable: a true difference of that size would be"
        ' found four times out of five, before the correction; read it before an "equal" or a "cannot tell".'
        ' p adjusted: raised for the number of comparisons of its family (Holm); an "equal" is corrected for nothing.'
    )
    title = f"Paired differences in {metric.name}"
    table = short_table(title, columns, lines, limits.rows, METRICS, note)
    chart = _difference_chart(run, entries[: limits.rows])
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
    if not tested:
        return ()
    lines = [
        row(
            entry.a,
            entry.b,
            str(test.seed),
            count(test.only_a),
            count(test.only_b),
            p_value(test.p_value),
        )
        for entry, test in tested
    ]
    columns = (*words("A", "B"), *numbers("Seed", "Only A right", "Only B right", "p (McNemar, exact)"))
    note = (
        "McNemar's test knows the documents alone: it is of these two fitted models, not of their kinds, and"
        " decides nothing here. Its p-values are not corrected."
    )
    title = "One seed's predictions"
    return (short_table(title, columns, lines, limits.rows, METRICS, note, fold=True),)


def _why_no_differences(run: Run) -> str:
    if len(model_facts(run)) < 2:
        return "There is nothing to compare: fewer than two models have results."
    return status_sentence(run) or "The run made no comparison."


FAMILIES = {"verdict": "baseline", "side": "side question"}  # what each has a number of


def _difference_row(entry: Comparison, run: Run, sizes: Counter[str]) -> tuple[Cell, ...]:
    places, verdict, metric = run.places, run.metrics.verdict, metric_of(run)
    size = sizes[entry.family]
    decisive = {entry.a, entry.b} == {verdict.a, verdict.b}
    tags = ("decides the answer",) if decisive else ("the answer",) if entry.family == "verdict" else ()
    return row(
        Cell(entry.a, tags=tags),
        entry.b,
        metric.size(entry.minimum_detectable_difference, places),
        metric.signed(entry.difference, places),
        interval(entry.ci95, metric.signed, places),
        p_value(entry.p_value),
        p_value(entry.p_adjusted),
        plural(size, FAMILIES[entry.family]) if size > 1 else "nothing",
        entry.decision,
        BY[entry.by],
    )


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
