"""Section of paired differences: which models are told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

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
from pipeline.report.page.formats import MISSING, count, interval, is_interval, is_number, p_value
from pipeline.report.sections.facts import model_facts, status_sentence
from pipeline.report.sections.metric import metric_of
from pipeline.run_folder.reading import METRICS, Record, Run

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
    sizes = Counter(_family(entry) for entry in entries)
    lines = [_difference_row(entry, run, sizes) for entry in entries]
    note = (
        "Both models answer the same test documents. Smallest detectable: a true difference of that size would be"
        ' found four times out of five, before the correction; read it before an "equal" or a "cannot tell".'
        ' p adjusted: raised for the number of comparisons of its family (Holm); an "equal" is corrected for nothing.'
    )
    title = f"Paired differences in {metric.name}"
    table = short_table(title, columns, lines, limits.rows, METRICS, note)
    drawable = [e for e in entries if is_number(e.get("difference")) and is_interval(e.get("ci95"))]
    chart = _difference_chart(run, drawable[: limits.rows])
    return (Paragraph(_told_apart(entries)), *chart, table, *_mcnemar_table(entries, limits))


def _withheld_where_untrained(run: Run) -> list[Record]:
    """Return the comparisons; without a decision where a fit of one of the two did not train: it lost nothing."""
    untrained = {model.name for model in model_facts(run) if model.untrained_runs}
    return [
        entry | ({"decision": "withheld", "by": None} if untrained & {entry.get("a"), entry.get("b")} else {})
        for entry in run.rows("comparisons")
    ]


def _decision(entry: Record) -> str:
    return str(entry.get("decision") or MISSING)


def _told_apart(entries: Sequence[Record]) -> str:
    """Return which models are told apart, and how many pairs are equal or cannot be told."""
    decisions = [(entry, _decision(entry)) for entry in entries]
    told = [
        f"{e.get('a')} {said} {'to ' * (said == 'loses')}{e.get('b')}"
        for e, said in decisions
        if said in TOLD
    ]
    more = f" and {len(told) - SHOWN_TOLD} more" if len(told) > SHOWN_TOLD else ""
    start = f"Told apart: {', '.join(told[:SHOWN_TOLD])}{more}." if told else "No two models are told apart."
    others = Counter(said for _, said in decisions if said not in TOLD)
    rest = "; ".join(f"{said}: {number}" for said, number in others.items())
    return f"{start} Of {plural(len(entries), 'comparison')}, {rest}." if rest else start


def _mcnemar_table(entries: Sequence[Record], limits: Limits) -> tuple[Table, ...]:
    """Return the exact test of one seed's predictions; none with folds."""
    tested = [(entry, entry["mcnemar"]) for entry in entries if isinstance(entry.get("mcnemar"), dict)]
    if not tested:
        return ()
    lines = [
        row(
            str(entry.get("a")),
            str(entry.get("b")),
            str(test.get("seed")),
            count(test.get("only_a")),
            count(test.get("only_b")),
            p_value(test.get("p_value")),
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


def _family(entry: Record) -> str:
    """Return the family in which the p-value is corrected; older runs had one, with all comparisons."""
    return str(entry.get("family") or "side")


def _corrected_for(family: str, size: int) -> str:
    return plural(size, FAMILIES.get(family, "comparison")) if size > 1 else "nothing"


def _difference_row(entry: Record, run: Run, sizes: Counter[str]) -> tuple[Cell, ...]:
    places, verdict, metric, family = run.places, run.table("verdict"), metric_of(run), _family(entry)
    decisive = {entry.get("a"), entry.get("b")} == {verdict.get("a"), verdict.get("b")}
    tags = ("decides the answer",) if decisive else ("the answer",) if family == "verdict" else ()
    return row(
        Cell(str(entry.get("a")), tags=tags),
        str(entry.get("b")),
        metric.size(entry.get("minimum_detectable_difference"), places),
        metric.signed(entry.get("difference"), places),
        interval(entry.get("ci95"), metric.signed, places),
        p_value(entry.get("p_value")),
        p_value(entry.get("p_adjusted")),
        _corrected_for(family, sizes[family]),
        _decision(entry),
        BY.get(str(entry.get("by")), MISSING),
    )


BY = {"more than the rope": "more than the region", "perhaps less": "perhaps less than the region"}


def _difference_chart(run: Run, entries: Sequence[Record]) -> tuple[Chart, ...]:
    if not entries:
        return ()
    rope = run.table("verdict").get("rope")
    band = float(rope) if is_number(rope) else None
    dots = [
        Dot(f"{e.get('a')} − {e.get('b')}", e["difference"], e["ci95"][0], e["ci95"][1], "Difference")
        for e in entries
    ]
    figure = DotPlot(tuple(dots), metric_of(run).axis, band)
    shade = "" if band is None else f"{metric_of(run).exact(band)} either way"
    return (Chart("Differences with 95 % intervals", _difference_reading(entries, band, shade), figure),)


def _difference_reading(entries: Sequence[Record], band: float | None, shade: str) -> str:
    clear = sum(e["ci95"][0] > 0 or e["ci95"][1] < 0 for e in entries)
    reading = f"The interval of {clear} of {plural(len(entries), 'difference')} leaves out zero."
    if band is None:
        return reading
    inside = sum(-band <= e["ci95"][0] and e["ci95"][1] <= band for e in entries)
    return f"{reading} The shaded band ({shade}) counts as equal: {plural(inside, 'interval')} fully inside."
