"""The probe of Jacobian products: how far an earlier state moves what is read, and what bounds a plain network's."""

from __future__ import annotations

from pipeline.report.page.blocks import Block, Chart, Limits, Table
from pipeline.report.page.figures import Bands
from pipeline.report.page.formats import MISSING, decimal
from pipeline.report.page.tables import number, text
from pipeline.report.sections.by_network import MOST_LINES, WITH_BANDS, line, table_by_network, what_is_drawn
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
READING = (
    "How far a small change of a state moves the last hidden state so many words later, at most; median of the"
    " documents: 1 is as far as the change itself, less than 1 fades, more grows. Both axes are logarithmic."
)


def jacobians(found: ByNetwork[Jacobians], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the spectral norms over distance, and the bounds of plain networks."""
    lines = tuple(
        line(name, result.lag, result, with_bands=len(found) <= WITH_BANDS)
        for name, result in found[:MOST_LINES]
    )
    x_axis, y_axis = "Tokens between the two states (logarithmic)", "Largest singular value"
    figure = Bands(lines, x_axis, y_axis, log_y=True, percent=False)
    title = "How far an earlier state moves the last hidden state"
    bounded = [(name, result.recurrence) for name, result in found if result.recurrence]
    return (
        Chart(title, READING + what_is_drawn(found), figure),
        _by_distance(found, limits),
        *((_bounds(bounded, limits),) if bounded else ()),
    )


def _by_distance(found: ByNetwork[Jacobians], limits: Limits) -> Table:
    near, far = DISTANCES
    return table_by_network(
        "What an earlier state moves",
        found,
        (
            number(f"Hidden state, {near} tokens on", lambda one: _at(one, one, near)),
            number(f"Hidden state, {far} tokens on", lambda one: _at(one, one, far)),
            number(f"Logits, {near} tokens on", lambda one: _at(one, one.logits, near)),
            number(f"Logits, {far} tokens on", lambda one: _at(one, one.logits, far)),
        ),
        limits,
        BY_DISTANCE,
    )


def _at(result: Jacobians, norms: Quartiles | None, distance: int) -> str:
    """Return the median at a distance; missing where documents are shorter, or an older version kept none."""
    norm = dict(zip(result.lag, norms.median, strict=True)).get(distance) if norms else None
    return MISSING if norm is None else f"{norm:.1g}"


def _bounds(bounded: ByNetwork[Recurrence], limits: Limits) -> Table:
    return table_by_network(
        "What bounds a plain network",
        bounded[: limits.rows],
        (
            number("Spectral radius of U", lambda one: decimal(one.spectral_radius)),
            number("Largest singular value of U", lambda one: decimal(one.largest_singular_value)),
            number("tanh', mean", lambda one: decimal(one.mean_slope)),
            number("tanh', largest", lambda one: decimal(one.largest_slope)),
            text("What is far must vanish", _certain),
        ),
        limits,
        NOTE,
    )


def _certain(bound: Recurrence) -> str:
    if bound.must_vanish:
        return "whatever it reads"
    return "in these documents" if bound.must_vanish_here else "not by this bound"
