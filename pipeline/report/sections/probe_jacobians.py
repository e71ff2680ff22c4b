"""The probe of Jacobian products: how far an earlier state moves what is read, and what bounds a plain network's."""

from __future__ import annotations

from pipeline.report.page.blocks import (
    Bands,
    Block,
    Cell,
    Chart,
    Limits,
    Table,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import MISSING, decimal
from pipeline.report.sections.probe_gradients import MOST_LINES, WITH_BANDS, line
from pipeline.run_folder.details.probes import ByNetwork, Jacobians, Quartiles, Recurrence
from pipeline.run_folder.reading import Run

DISTANCES = (10, 100)  # of the table, in tokens
BY_DISTANCE = (
    "How far a change of size 1 in a network's state moves its last hidden state, and its logits, so many tokens later:"
    " the most that any change can do, median of the documents. The state is h, of an LSTM h and c together; c is in"
    " other units than h, so a network with a cell is not to be set beside one without to the last digit. The logits"
    " are reached through the network's own head, which with max or mean reads the earlier states too; what all"
    " classes' logits have in common is taken off."
)
NOTE = (
    "A plain network's one-step Jacobian is diag(tanh') U: where the largest singular value of U times the largest"
    " slope tanh' is below 1, what is far must vanish (Pascanu, Mikolov, Bengio 2013). Above 1 it may, or may explode."
    " The spectral radius is the largest eigenvalue's size."
)


def jacobians(found: ByNetwork[Jacobians], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the spectral norms over distance, and the bounds of plain networks."""
    drawn = found[:MOST_LINES]
    lines = tuple(
        line(name, result.lag, result, with_bands=len(drawn) <= WITH_BANDS) for name, result in drawn
    )
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
        "How far a small change of a state moves the last hidden state so many words later, at most; median of the"
        " documents: 1 is as far as the change itself, less than 1 fades, more grows. Both axes are"
        f" logarithmic.{bands}{left_out}"
    )
    chart = Chart("How far an earlier state moves the last hidden state", reading, figure)
    bounded = [(name, result.recurrence) for name, result in found if result.recurrence]
    return (chart, _by_distance(found, limits), *((_bounds(bounded, limits),) if bounded else ()))


def _by_distance(found: ByNetwork[Jacobians], limits: Limits) -> Table:
    columns = (
        *words("Network"),
        *numbers(
            *(f"Hidden state, {distance} tokens on" for distance in DISTANCES),
            *(f"Logits, {distance} tokens on" for distance in DISTANCES),
        ),
    )
    lines = [row(name, *_at(result, result), *_at(result, result.logits)) for name, result in found]
    title = "What an earlier state moves"
    return short_table(title, columns, lines, limits.rows, "details/probes.json", BY_DISTANCE)


def _at(result: Jacobians, norms: Quartiles | None) -> list[str]:
    """Return the medians at `DISTANCES`; missing where documents are shorter, or an older version kept none."""
    at = dict(zip(result.lag, norms.median, strict=True)) if norms else {}
    return [MISSING if (norm := at.get(one)) is None else f"{norm:.1g}" for one in DISTANCES]


def _bounds(bounded: ByNetwork[Recurrence], limits: Limits) -> Table:
    columns = (
        *words("Network"),
        *numbers("Spectral radius of U", "Largest singular value of U", "tanh', mean", "tanh', largest"),
        *words("What is far must vanish"),
    )
    rows = tuple(_row(*one) for one in bounded[: limits.rows])
    return Table("What bounds a plain network", columns, rows, NOTE)


def _row(name: str, bound: Recurrence) -> tuple[Cell, ...]:
    figures = (bound.spectral_radius, bound.largest_singular_value, bound.mean_slope, bound.largest_slope)
    certain = (
        "whatever it reads"
        if bound.must_vanish
        else "in these documents"
        if bound.must_vanish_here
        else "not by this bound"
    )
    return row(name, *map(decimal, figures), certain)
