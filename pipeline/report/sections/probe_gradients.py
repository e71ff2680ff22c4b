"""The probe of the gradient's reach: its profile over distance, and what it comes to for each network."""

from __future__ import annotations

from pipeline.report.page.blocks import Block, Chart, Limits
from pipeline.report.page.figures import Bands
from pipeline.report.page.formats import MISSING, count, decimal, percent
from pipeline.report.page.tables import number
from pipeline.report.sections.by_network import MOST_LINES, WITH_BANDS, line, table_by_network, what_is_drawn
from pipeline.run_folder.details.probes import ByNetwork, Gradients, Profile
from pipeline.run_folder.reading import Run

NOTE = (
    "Falls to 1 %: the distance from the last word beyond which the median norm stays below 1 % of its value at the"
    " end (the largest of the last five words). Factor e: the tokens over which it falls to 37 %, by a straight line"
    " through its logarithm; R²: how much of the curve that line explains. Vanished: documents whose first word gets"
    " less than a millionth of their largest norm. Exploded: documents in which some word gets more than 1,000 times"
    " the norm at the end."
)
READING = (
    "The length of the loss's gradient by each word's vector, median of the sampled documents, as a share of the"
    " largest in its document; the axis is logarithmic, so that a straight line is a steady decay."
)


def gradients(found: ByNetwork[Gradients], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the median norm over distance of each network, and a table of what it comes to."""
    return (
        _chart(found),
        table_by_network(
            "How far the gradient reaches",
            found,
            (
                number("Falls to 1 % after, tokens", lambda one: _fall(one.trained)),
                number("Before training", lambda one: _fall(one.untrained)),
                number("Factor e, tokens", lambda one: decimal(one.trained.tokens_per_e, 1)),
                number("R²", lambda one: decimal(one.trained.fit_r2, 2)),
                number("Longer documents", lambda one: percent(one.trained.documents_longer, 0)),
                number("Vanished", lambda one: percent(one.trained.vanished, 0)),
                number("Exploded", lambda one: percent(one.trained.exploded, 0)),
                number(
                    "Clipped steps",
                    lambda one: percent(one.clipped.all_epochs, 0) if one.clipped else MISSING,
                ),
            ),
            limits,
            NOTE,
        ),
    )


def _fall(profile: Profile | None) -> str:
    """Return the distance at which a profile has fallen to 1 %, or how far it was looked back in vain."""
    if profile is None:
        return MISSING
    if profile.falls_after is not None:
        return count(profile.falls_after)
    if profile.low_between:
        first, last = profile.low_between
        return f"only at {count(first)} to {count(last)}"
    return f"not within {count(profile.looked_back)}"


def _chart(found: ByNetwork[Gradients]) -> Chart:
    lines = []
    for name, result in found[:MOST_LINES]:
        lines.append(line(name, result.trained.distance, result.trained, with_bands=len(found) <= WITH_BANDS))
        if result.untrained and 2 * len(found) <= MOST_LINES:
            lines.append(line(f"{name}, before training", result.untrained.distance, result.untrained))
    x_axis, y_axis = "Tokens before the last one", "Gradient, of the document's largest"
    figure = Bands(tuple(lines), x_axis, y_axis, log_x=False, log_y=True, percent=False, marked=False)
    return Chart("Gradient by distance from the end", READING + what_is_drawn(found), figure)
