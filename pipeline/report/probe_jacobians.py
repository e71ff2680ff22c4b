"""The probe of Jacobian products: what is left of an earlier state, and what bounds a plain network's."""

from __future__ import annotations

from pipeline.report.blocks import Bands, Block, Cell, Chart, Limits, Table, numbers, row, words
from pipeline.report.formats import decimal
from pipeline.report.probe_gradients import MOST_LINES, WITH_BANDS, line
from pipeline.report.run_folder import Record, Run

Found = list[tuple[str, Record]]

NOTE = (
    "A plain network's one-step Jacobian is diag(tanh') U: where the largest singular value of U times the largest"
    " slope tanh' is below 1, what is far must vanish (Pascanu, Mikolov, Bengio 2013). Above 1 it may, or may explode."
    " The spectral radius is the largest eigenvalue's size."
)


def jacobians(found: Found, run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the spectral norms over distance, and the bounds of plain networks."""
    drawn = found[:MOST_LINES]
    lines = tuple(line(name, result, "lag", with_bands=len(drawn) <= WITH_BANDS) for name, result in drawn)
    figure = Bands(
        lines,
        "Tokens between the two states (logarithmic)",
        "Largest singular value",
        log_y=True,
        percent=False,
    )
    bands = " Bands hold the middle half of the documents." if len(drawn) <= WITH_BANDS else ""
    left_out = (
        f" Not drawn: {', '.join(name for name, _ in found[MOST_LINES:])}." if found[MOST_LINES:] else ""
    )
    reading = (
        "The most that is left of a small change of a state so many words later, median of the documents: 1 keeps its"
        f" size, less than 1 fades, more grows. Both axes are logarithmic.{bands}{left_out}"
    )
    chart = Chart("Norm of the product of Jacobians", reading, figure)
    bounded = [(name, result["recurrence"]) for name, result in found if result.get("recurrence")]
    return (chart, *((_bounds(bounded, limits),) if bounded else ()))


def _bounds(bounded: Found, limits: Limits) -> Table:
    columns = (
        *words("Network"),
        *numbers("Spectral radius of U", "Largest singular value of U", "tanh', mean", "tanh', largest"),
        *words("What is far must vanish"),
    )
    rows = tuple(_row(*one) for one in bounded[: limits.rows])
    return Table("What bounds a plain network", columns, rows, NOTE)


def _row(name: str, bound: Record) -> tuple[Cell, ...]:
    keys = ("spectral_radius", "largest_singular_value", "mean_slope", "largest_slope")
    certain = (
        "whatever it reads"
        if bound.get("must_vanish")
        else "in these documents"
        if bound.get("must_vanish_here")
        else "not by this bound"
    )
    return row(name, *(decimal(bound.get(key)) for key in keys), certain)
