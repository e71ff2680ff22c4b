"""The numbers behind a chart as a table, for charts whose numbers stand in no table beside them."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.report.page.blocks import Block, Chart, Limits, Table, numbers, row, shorten
from pipeline.report.page.figures import BandPoint, Bands
from pipeline.report.page.formats import MISSING, percent
from pipeline.report.page.scale import short


def with_numbers(block: Block, limits: Limits, source: str) -> tuple[Block, ...]:
    """Return the block, and behind a chart with bands the table of its points, shut; `source` has them all."""
    if isinstance(block, Chart) and isinstance(block.figure, Bands):
        return (block, _band_table(block, block.figure, limits, source))
    return (block,)


def _band_table(chart: Chart, figure: Bands, limits: Limits, source: str) -> Table:
    """Return a row for each place on the x axis and a column for each line."""
    points = [{point.x: point for point in line.points} for line in figure.lines]
    places = sorted({place for line in points for place in line})
    show = percent if figure.percent else short
    lines = [row(short(place), *(_value(line.get(place), show) for line in points)) for place in places]
    rows, left_out = shorten(lines, limits.rows, source)
    columns = numbers(figure.x_axis, *(line.label for line in figure.lines))
    return Table(f"Numbers: {chart.caption}", columns, rows, left_out, fold=True)


def _value(point: BandPoint | None, show: Callable[[float], str]) -> str:
    if point is None:
        return MISSING
    if point.lo is None or point.hi is None:
        return show(point.value)
    return f"{show(point.value)} ({show(point.lo)} to {show(point.hi)})"
