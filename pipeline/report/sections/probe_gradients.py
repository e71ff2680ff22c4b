"""The probe of the gradient's reach: its profile over distance, and what it comes to for each network."""

from __future__ import annotations

from pipeline.report.page.blocks import (
    BandLine,
    BandPoint,
    Bands,
    Block,
    Cell,
    Chart,
    Limits,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, is_number, percent
from pipeline.run_folder.reading import Record, Run

Found = list[tuple[str, Record]]

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


def gradients(found: Found, run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the median norm over distance of each network, and a table of what it comes to."""
    rows, left_out = shorten([_row(*one) for one in found], limits.rows, "details/probes.json")
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
    return (_chart(found), Table("How far the gradient reaches", columns, rows, f"{NOTE} {left_out}".strip()))


def _row(name: str, result: Record) -> tuple[Cell, ...]:
    trained, before = result.get("trained") or {}, result.get("untrained") or {}
    return row(
        name,
        _fall(trained),
        _fall(before),
        decimal(trained.get("tokens_per_e"), 1),
        decimal(trained.get("fit_r2"), 2),
        percent(trained.get("documents_longer"), 0),
        percent(trained.get("vanished"), 0),
        percent(trained.get("exploded"), 0),
        percent((result.get("clipped") or {}).get("all_epochs"), 0),
    )


def _fall(profile: Record) -> str:
    """Return the distance at which a profile has fallen to 1 %, or how far it was looked back in vain."""
    if is_number(profile.get("falls_after")):
        return count(profile["falls_after"])
    if profile.get("low_between"):
        first, last = profile["low_between"]
        return f"only at {count(first)} to {count(last)}"
    return f"not within {count(profile.get('looked_back'))}" if profile else MISSING


def _chart(found: Found) -> Chart:
    with_before = 2 * len(found) <= MOST_LINES
    drawn = found[:MOST_LINES]
    lines = []
    for name, result in drawn:
        lines.append(line(name, result["trained"], "distance", with_bands=len(drawn) <= WITH_BANDS))
        if with_before and result.get("untrained"):
            lines.append(line(f"{name}, before training", result["untrained"], "distance"))
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


def line(name: str, profile: Record, x: str, *, with_bands: bool = False) -> BandLine:
    """Return a line over `x`, as far as its values can be drawn on a logarithmic axis."""
    columns = zip(
        profile[x], profile["median"], profile["lower_quartile"], profile["upper_quartile"], strict=True
    )
    points = []
    for place, value, lower, upper in columns:
        if not is_number(value) or value < FLOOR:
            break
        low, high = (max(lower, FLOOR), max(upper, FLOOR)) if with_bands else (None, None)
        points.append(BandPoint(place, value, low, high))
    return BandLine(name, tuple(points))
