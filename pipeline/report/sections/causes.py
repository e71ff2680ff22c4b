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
from pipeline.report.page.formats import MISSING, count, interval, is_interval, is_number, p_value
from pipeline.report.sections.facts import status_sentence
from pipeline.report.sections.metric import ReportMetric, metric_of
from pipeline.run_folder.reading import Record, Run


def causes(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return each cause in words, as dots and as a table, by document length too, and what was not tried."""
    entries = run.rows("causes")
    shown = [entry for entry in entries if entry.get("a") is not None]
    absent = tuple(str(entry.get("sentence")) for entry in entries if entry.get("a") is None)
    if not entries:
        return (Nothing(status_sentence(run) or "The run recorded no causes."),)
    not_tried = (Points(absent, "Not tried in this run"),) if absent else ()
    if not shown:
        return (Nothing("No two models of this run differ by one cause alone."), *not_tried)
    sentences = tuple(f"{_title(entry)}: {entry.get('sentence')}" for entry in shown[: limits.rows])
    return (
        Points(sentences, "Each step, everything else the same"),
        *_chart(run, shown[: limits.rows]),
        _table(run, shown, limits),
        *_length_table(run, shown, limits),
        *not_tried,
    )


def _title(entry: Record) -> str:
    return str(entry.get("cause")).capitalize()


def _chart(run: Run, entries: Sequence[Record]) -> tuple[Chart, ...]:
    drawn = [e for e in entries if is_number(e.get("difference")) and is_interval(e.get("ci95"))]
    if not drawn:
        return ()
    rope = run.table("verdict").get("rope")
    dots = [
        Dot(f"{e.get('a')} − {e.get('b')}", e["difference"], e["ci95"][0], e["ci95"][1], _title(e))
        for e in drawn
    ]
    figure = DotPlot(
        tuple(dots),
        metric_of(run).axis,
        float(rope) if is_number(rope) else None,
        own_groups=True,
    )
    sure = [e for e in drawn if e.get("decision") in ("beats", "loses")]
    reading = (
        f"{len(sure)} of {plural(len(drawn), 'step')} shown to matter; what lies in the shaded band does not."
    )
    return (Chart("What each step adds, with 95 % intervals", reading, figure),)


def _table(run: Run, entries: Sequence[Record], limits: Limits) -> Table:
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


def _row(entry: Record, metric: ReportMetric, places: int) -> tuple[Cell, ...]:
    return row(
        _title(entry),
        str(entry.get("a")),
        str(entry.get("b")),
        metric.size(entry.get("minimum_detectable_difference"), places),
        metric.signed(entry.get("difference"), places),
        interval(entry.get("ci95"), metric.signed, places),
        p_value(entry.get("p_adjusted")),
        str(entry.get("decision") or MISSING),
    )


def _length_table(run: Run, entries: Sequence[Record], limits: Limits) -> tuple[Table, ...]:
    lines = [
        row(
            f"{entry.get('a')} − {entry.get('b')}",
            " to ".join(count(end) for end in part.get("tokens") or ()),
            count(part.get("documents")),
            metric_of(run).signed(part.get("difference"), run.places),
            interval(part.get("ci95"), metric_of(run).signed, run.places),
        )
        for entry in entries
        for part in entry.get("by_length") or ()
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
