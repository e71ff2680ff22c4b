"""What the parts of several probes share: a table that names the network in every row, and lines with quartiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pipeline.report.page.blocks import Column, Limits, Table, row, short_table
from pipeline.report.page.figures import BandLine, BandPoint
from pipeline.report.page.formats import not_drawn
from pipeline.report.page.tables import Columns
from pipeline.run_folder.details.probes import ByNetwork, Quartiles
from pipeline.run_folder.names import detail_file

R = TypeVar("R")

PROBES_FILE = detail_file("probes")
FLOOR = 1e-12  # a line ends where its value falls below
MOST_LINES = 6  # that can be told apart without marks
WITH_BANDS = 2  # bands of more lines hide each other


def table_by_network(
    caption: str,
    rows: ByNetwork[R],
    columns: Columns[R],
    limits: Limits,
    note: str = "",
    *,
    fold: bool = False,
) -> Table:
    """Return a table of rows that each belong to a network, whose name stands in front."""
    heads = (Column("Network", number=False), *(Column(column.title, column.number) for column in columns))
    lines = [row(name, *(column.show(one) for column in columns)) for name, one in rows]
    return short_table(caption, heads, lines, limits.rows, PROBES_FILE, note, fold=fold)


def what_is_drawn(found: ByNetwork[R]) -> str:
    """Return, behind a blank, what the bands of a chart hold, where it has some, and which networks it leaves out."""
    bands = " Bands hold the middle half of the documents." if len(found) <= WITH_BANDS else ""
    return bands + not_drawn([name for name, _ in found[MOST_LINES:]])


def line(name: str, places: Sequence[int], norms: Quartiles, *, with_bands: bool = False) -> BandLine:
    """Return a line over `places`, as far as its values can be drawn on a logarithmic axis."""
    columns = zip(places, norms.median, norms.lower_quartile, norms.upper_quartile, strict=True)
    points = []
    for place, value, lower, upper in columns:
        if value is None or value < FLOOR:
            break
        low, high = (max(lower or 0.0, FLOOR), max(upper or 0.0, FLOOR)) if with_bands else (None, None)
        points.append(BandPoint(place, value, low, high))
    return BandLine(name, tuple(points))
