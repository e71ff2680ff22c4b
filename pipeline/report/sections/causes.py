"""The section that reads the ladder of models as causes: where a difference comes from."""

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
    Nothing,
    Points,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, interval, p_value
from pipeline.report.sections.metric import ReportMetric, metric_of
from pipeline.run_folder.metrics.comparisons import Cause
from pipeline.run_folder.reading import Run


def causes(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return each cause in words, as dots and as a table, by document length too, and what was not tried."""
    entries = run.metrics.causes
    shown = [entry for entry in entries if entry.a is not None]
    absent = tuple(entry.sentence for entry in entries if entry.a is None)
    not_tried = (Points(absent, "Not tried in this run"),) if absent else ()
    if not shown:
        return (Nothing("No two models of this run differ by one cause alone."), *not_tried)
    sentences = tuple(f"{_title(entry)}: {entry.sentence}" for entry in shown[: limits.rows])
    return (
        Points(sentences, "Each step, everything else the same"),
        _chart(run, shown[: limits.rows]),
        _table(run, shown, limits),
        *_length_table(run, shown, limits),
        *not_tried,
    )


def _title(entry: Cause) -> str:
    return entry.cause.capitalize()


def _chart(run: Run, entries: Sequence[Cause]) -> Chart:
    dots = [
        Dot(f"{one.a} − {one.b}", one.difference, *one.ci95, _title(one))
        for one in entries
        if one.difference is not None and one.ci95 is not None
    ]
    figure = DotPlot(tuple(dots), metric_of(run).axis, run.metrics.verdict.rope, own_groups=True)
    sure = sum(one.decision in ("beats", "loses") for one in entries)
    reading = f"{sure} of {plural(len(dots), 'step')} shown to matter; what lies in the shaded band does not."
    return Chart("What each step adds, with 95 % intervals", reading, figure)


def _table(run: Run, entries: Sequence[Cause], limits: Limits) -> Table:
    metric = metric_of(run)
    columns = (
        *words("Cause", "A", "B"),
        *numbers(f"Smallest detectable, {metric.unit}", metric.minus, "95 % interval", "p adjusted"),
        *words("Decision"),
    )
    rows, left_out = shorten(
        [_row(entry, metric, run.places) for entry in entries], limits.rows, "metrics.json"
    )
    note = (
        "A step is one change between two models; the p-values are adjusted with those of all side questions."
    )
    return Table("Where a difference comes from", columns, rows, f"{note} {left_out}".strip())


def _row(entry: Cause, metric: ReportMetric, places: int) -> tuple[Cell, ...]:
    return row(
        _title(entry),
        entry.a or MISSING,
        entry.b or MISSING,
        metric.size(entry.minimum_detectable_difference, places),
        metric.signed(entry.difference, places),
        interval(entry.ci95, metric.signed, places),
        p_value(entry.p_adjusted),
        entry.decision or MISSING,
    )


def _length_table(run: Run, entries: Sequence[Cause], limits: Limits) -> tuple[Table, ...]:
    lines = [
        row(
            f"{entry.a} − {entry.b}",
            " to ".join(count(end) for end in part.tokens),
            count(part.documents),
            metric_of(run).signed(part.difference, run.places),
            interval(part.ci95, metric_of(run).signed, run.places),
        )
        for entry in entries
        for part in entry.by_length or ()
    ]
    if not lines:
        return ()
    columns = (
        *words("Difference"),
        *numbers("Tokens", "Documents", metric_of(run).unit.capitalize(), "95 % interval"),
    )
    rows, left_out = shorten(lines, limits.rows, "metrics.json")
    note = "Thirds of the test documents by length. The intervals are not corrected for their number."
    return (Table("Gates by document length", columns, rows, f"{note} {left_out}".strip()),)
