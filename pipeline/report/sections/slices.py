"""Section on where models win and lose: accuracy by length, unknown words, word frequency and class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pipeline.core.clean import plural
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Dot,
    DotPlot,
    Limits,
    Nothing,
    Paragraph,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.formats import (
    MISSING,
    count,
    decimal,
    interval,
    is_interval,
    is_number,
    percent,
    points,
)
from pipeline.report.sections.facts import status_sentence
from pipeline.run_folder.reading import Record, Run

# by: caption, what a group is a range of, how its ends are shown
MEASURES: dict[str, tuple[str, str, Callable[[Any], str]]] = {
    "length": ("by document length", "Tokens", count),
    "unknown words": ("by share of unknown tokens", "Unknown tokens", percent),
    "word frequency": (
        "by frequency of the words in training documents",
        "Typical word's training count",
        lambda value: decimal(value, 1),
    ),
    "class": ("by class", "Class", str),
}
MEANINGS = (
    "Groups of a measure are cut at quantiles of the test documents; equal values stay together. Unknown: the word"
    " stands in no training document. Typical word's training count: the geometric mean, over a document's tokens,"
    " of how often the word occurs in the training documents (1 is added before, taken off after)."
)


def slices(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return for each measure the difference of the two models of the verdict as a chart, and all accuracies."""
    found = [entry for entry in run.rows("slices") if entry.get("by") in MEASURES and entry.get("groups")]
    if not found:
        return (Nothing(status_sentence(run) or "There are too few test documents to be told apart."),)
    return (
        Paragraph(_caution(found)),
        *(block for entry in found for block in _of_measure(entry, run, limits)),
        Paragraph(MEANINGS, "muted"),
    )


def _caution(found: Sequence[Record]) -> str:
    drawn = [group for entry in found for group in entry["groups"] if is_interval(group.get("ci95"))]
    if not drawn:
        return "To explore, not to conclude from: with many groups some differ by chance alone."
    clear = sum(_leaves_out_zero(group) for group in drawn)
    return (
        f"To explore, not to conclude from: of {plural(len(drawn), 'group')} below, the 95 % interval of {clear}"
        f" leaves out zero; with no difference anywhere about {count(max(1, round(len(drawn) / 20)))} would."
        " These intervals are corrected for nothing and decide nothing; the groups overlap in their documents."
    )


def _leaves_out_zero(group: Record) -> bool:
    low, high = group["ci95"]
    return bool(low > 0 or high < 0)


def _of_measure(entry: Record, run: Run, limits: Limits) -> tuple[Block, ...]:
    caption, title, show = MEASURES[str(entry["by"])]
    return (*_chart(entry, caption, show, run, limits), _table(entry, caption, title, show, run, limits))


def _name(group: Record, show: Callable[[Any], str]) -> str:
    """Return a class, or the range of a measure.

    >>> _name({"label": None, "lo": 3, "hi": 12}, count), _name({"label": None, "lo": 0.0, "hi": 0.0}, percent)
    ('3 to 12', '0.0 %')
    """
    if group.get("label") is not None:
        return str(group["label"])
    lo, hi = show(group.get("lo")), show(group.get("hi"))
    return lo if lo == hi else f"{lo.removesuffix(' %')} to {hi}"


def _chart(
    entry: Record, caption: str, show: Callable[[Any], str], run: Run, limits: Limits
) -> tuple[Chart, ...]:
    drawn = [
        group
        for group in entry["groups"]
        if is_number(group.get("difference")) and is_interval(group.get("ci95"))
    ][: limits.rows]
    if not drawn:
        return ()
    verdict = run.table("verdict")
    rope = verdict.get("rope") if verdict.get("metric", "accuracy") == "accuracy" else None
    dots = [Dot(_name(g, show), g["difference"], g["ci95"][0], g["ci95"][1], "Difference") for g in drawn]
    figure = DotPlot(tuple(dots), "Difference in accuracy, points", float(rope) if is_number(rope) else None)
    title = f"{entry.get('a')} minus {entry.get('b')} {caption}"
    return (Chart(title, _reading(drawn, show, run.places), figure),)


def _reading(drawn: Sequence[Record], show: Callable[[Any], str], places: int) -> str:
    best, worst = (choose(drawn, key=lambda g: g["difference"]) for choose in (max, min))
    clear = sum(_leaves_out_zero(group) for group in drawn)
    high, low = (points(group["difference"], places) for group in (best, worst))
    ends = f"Highest: {_name(best, show)} ({high} points); lowest: {_name(worst, show)} ({low})."
    if high == low:
        ends = f"The same in every group: {high} points."
    return f"{ends} The interval of {clear} of {plural(len(drawn), 'group')} leaves out zero."


def _table(
    entry: Record, caption: str, title: str, show: Callable[[Any], str], run: Run, limits: Limits
) -> Table:
    names = list(dict.fromkeys(str(m["name"]) for g in entry["groups"] for m in g["models"]))
    compared = any(is_number(group.get("difference")) for group in entry["groups"])
    rows, left_out = shorten(
        [_row(group, names, compared, show, run.places) for group in entry["groups"]],
        limits.rows,
        "metrics.json",
    )
    between = numbers(f"{entry.get('a')} minus {entry.get('b')}, points", "95 % interval") if compared else ()
    columns = (*words(title), *numbers("Documents"), *between, *numbers(*names))
    note = f"Bold: the best of its row. Intervals of the accuracies are in metrics.json. {left_out}"
    return Table(f"Accuracy {caption}", columns, rows, note.strip())


def _row(
    group: Record, names: Sequence[str], compared: bool, show: Callable[[Any], str], places: int
) -> tuple[Cell, ...]:
    accuracies = {str(model["name"]): model.get("accuracy") for model in group["models"]}
    best = max((value for value in accuracies.values() if is_number(value)), default=None)
    between = (
        (points(group.get("difference"), places), interval(group.get("ci95"), points, places))
        if compared
        else ()
    )
    cells = [
        Cell(
            percent(accuracies.get(name), places) if name in accuracies else MISSING,
            best=accuracies.get(name) == best,
        )
        for name in names
    ]
    return row(_name(group, show), count(group["documents"]), *between, *cells)
