"""The probe of the gradient's reach: its profile over distance, and what it comes to for each network."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.report.page.blocks import (
    BandLine,
    BandPoint,
    Bands,
    Block,
    Cell,
    Chart,
    Limits,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, percent
from pipeline.run_folder.details.probes import ByNetwork, Gradients, Profile, Quartiles
from pipeline.run_folder.reading import Run

FLOOR = 1e-12  # a line ends where its value falls below
MOST_LINES = 6  # that can be told apart without marks; from here on without those before training
WITH_BANDS = 2  # bands of more lines hide each other
NOTE = (
    "Falls to 1 %: the distance from the last word beyond which the median norm stays below 1 % of its value at the"
    " end (the largest of the last five words). Factor e: the tokens over which it falls to 37 %, by a straight line"
    " through its logarithm; R²: how much of the curve that line explains. Vanished: documents whose first word gets"
    " less than a millionth of their largest norm. Exploded: documents in which some word gets more than 1,000 times"
    " the norm at the end."
)


def gradients(found: ByNetwork[Gradients], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the median norm over distance of each network, and a table of what it comes to."""
    lines = [_row(*one) for one in found]
    columns = (
        *words("Network"),
        *numbers(
            "Falls to 1 % after, tokens",
            "Before training",
            "Factor e, tokens",
            "R²",
            "Longer documents",
            "Vanished",
            "Exploded",
            "Clipped steps",
        ),
    )
    title = "How far the gradient reaches"
    return (_chart(found), short_table(title, columns, lines, limits.rows, "details/probes.json", NOTE))


def _row(name: str, result: Gradients) -> tuple[Cell, ...]:
    trained, before = result.trained, result.untrained
    return row(
        name,
        _fall(trained),
        _fall(before),
        decimal(trained.tokens_per_e, 1),
        decimal(trained.fit_r2, 2),
        percent(trained.documents_longer, 0),
        percent(trained.vanished, 0),
        percent(trained.exploded, 0),
        percent(result.clipped.all_epochs, 0) if result.clipped else MISSING,
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
    with_before = 2 * len(found) <= MOST_LINES
    drawn = found[:MOST_LINES]
    lines = []
    for name, result in drawn:
        lines.append(line(name, result.trained.distance, result.trained, with_bands=len(drawn) <= WITH_BANDS))
        if with_before and result.untrained:
            lines.append(line(f"{name}, before training", result.untrained.distance, result.untrained))
    left_out = (
        f" Not drawn: {', '.join(name for name, _ in found[MOST_LINES:])}." if found[MOST_LINES:] else ""
    )
    bands = " Bands hold the middle half of the documents." if len(drawn) <= WITH_BANDS else ""
    figure = Bands(
        tuple(lines),
        "Tokens before the last one",
        "Gradient, of the document's largest",
        log_x=False,
        log_y=True,
        percent=False,
        marked=False,
    )
    reading = (
        "The length of the loss's gradient by each word's vector, median of the sampled documents, as a share of the"
        " largest in its document; the axis is logarithmic, so that a straight line is a steady decay."
    )
    return Chart("Gradient by distance from the end", f"{reading}{bands}{left_out}", figure)


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
