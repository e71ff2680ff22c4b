"""Section on where models win and lose: accuracy by length, unknown words, word frequency and class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.core.clean import plural
from pipeline.core.wording import FIRST_METRIC, in_words
from pipeline.report.page.blocks import Block, Cell, Chart, Fold, Grid, Limits, Paragraph, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.figures import Dot, DotPlot
from pipeline.report.page.formats import Number, count, decimal, interval, percent, points
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.facts import nothing
from pipeline.report.sections.model_words import namer
from pipeline.run_folder.metrics.documents import Group, Slice
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

# by: caption, what a group is a range of, how its ends are shown
MEASURES: dict[str, tuple[str, str, Callable[[Number], str]]] = {
    "length": ("by document length", "Tokens", count),
    "unknown words": ("by share of unknown tokens", "Unknown tokens", percent),
    "word frequency": (
        "by frequency of the words in training documents",
        "Typical word's training count",
        lambda value: decimal(value, 1),
    ),
    "class": ("by class", "Class", str),
}
SHOWN = 2  # measures that are drawn before anything is opened: those of few groups, in which most stand out
FEW_GROUPS = 8
MEANINGS = (
    "Groups of a measure are cut at quantiles of the test documents; equal values stay together. Unknown: the word"
    " stands in no training document. Typical word's training count: the geometric mean, over a document's tokens,"
    " of how often the word occurs in the training documents (1 is added before, taken off after)."
)


def slices(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return for each measure the difference of the two models of the verdict as a chart, and all accuracies."""
    found = run.metrics.slices
    if not found:
        return nothing(run, "There are too few test documents to be told apart.")
    by_telling = sorted(found, key=lambda entry: -_stand_out(entry))
    first = [entry for entry in by_telling if len(entry.groups) <= FEW_GROUPS][:SHOWN]
    shown, others = (
        tuple(chart for entry in entries for chart in _chart(entry, run, limits))
        for entries in (first, [entry for entry in by_telling if entry not in first])
    )
    tables = tuple(_table(entry, run, limits) for entry in found)
    return (
        Seen(_seen(found, namer(run)), _caution(found)),
        *((Grid(shown),) if shown else ()),
        *((Fold(f"By other measures ({len(others)})", (Grid(others),)),) if others else ()),
        Fold("Accuracy of every model in every group", (*tables, Paragraph(MEANINGS, "muted"))),
    )


def _stand_out(entry: Slice) -> int:
    """Return how many groups of a measure have an interval that leaves out zero."""
    return sum(_leaves_out_zero(group.ci95) for group in entry.groups if group.ci95)


def _seen(found: Sequence[Slice], name: Callable[[str], str]) -> str:
    """Return how many groups stand out, of the two models of the verdict."""
    groups = [
        group for entry in found for group in entry.groups if group.difference is not None and group.ci95
    ]
    first = found[0]
    if not groups or first.a is None or first.b is None:
        return "Right answers by kind of document"
    clear = sum(map(_stand_out, found))
    lower = sum((group.difference or 0.0) < 0 for group in groups)
    n = len(groups)
    where = (
        f"lower in all {n} groups"
        if lower == n
        else f"higher in all {n} groups"
        if lower == 0
        else f"higher in {n - lower} of {n} groups"
    )
    stands = "none stands" if clear == 0 else f"{in_words(clear)} {'stands' if clear == 1 else 'stand'}"
    return f"{name(first.a)} is {where}, and {stands} out"


def _caution(found: Sequence[Slice]) -> str:
    intervals = [group.ci95 for entry in found for group in entry.groups if group.ci95]
    if not intervals:
        return "To explore, not to conclude from: with many groups some differ by chance alone."
    clear, chance = sum(map(_leaves_out_zero, intervals)), max(1, round(len(intervals) / 20))
    return (
        f"To explore, not to conclude from: {_counted(clear)} of {plural(len(intervals), 'group')} stand"
        f"{'s' if clear == 1 else ''} out, and {in_words(chance)} would by chance. Right: the first model is better."
    )


def _counted(groups: int) -> str:
    return "none" if groups == 0 else in_words(groups)


def _leaves_out_zero(interval: tuple[float, float]) -> bool:
    return interval[0] > 0 or interval[1] < 0


def _name(group: Group, by: str) -> str:
    """Return a class, or the range of a measure.

    >>> _name(Group(None, 3, 12, 9, (), None, None), "length")
    '3 to 12'
    >>> _name(Group(None, 0.0, 0.0, 9, (), None, None), "unknown words")
    '0.0 %'
    """
    if group.label is not None:
        return group.label
    lo, hi = (MEASURES[by][2](end) for end in (group.lo, group.hi))
    return lo if lo == hi else f"{lo.removesuffix(' %')} to {hi}"


def _chart(entry: Slice, run: Run, limits: Limits) -> tuple[Chart, ...]:
    drawn = [
        Dot(_name(group, entry.by), group.difference, *group.ci95, "Difference")
        for group in entry.groups[: limits.rows]
        if group.difference is not None and group.ci95 is not None
    ]
    if not drawn:
        return ()
    verdict = run.metrics.verdict
    rope = verdict.rope if verdict.metric == FIRST_METRIC else None
    figure = DotPlot(tuple(drawn), "Difference in accuracy, points", rope)
    name = namer(run)
    title = f"{name(entry.a or '')} minus {name(entry.b or '')} {MEASURES[entry.by][0]}"
    return (Chart(title, _reading(drawn, run.places), figure),)


def _reading(drawn: Sequence[Dot], places: int) -> str:
    best, worst = (choose(drawn, key=lambda dot: dot.value) for choose in (max, min))
    clear = sum(_leaves_out_zero((dot.lo or 0.0, dot.hi or 0.0)) for dot in drawn)
    high, low = (points(dot.value, places) for dot in (best, worst))
    ends = f"Highest: {best.label} ({high} points). Lowest: {worst.label} ({low} points)."
    if high == low:
        ends = f"The same in every group: {high} points."
    return f"{ends} The interval of {clear} of {plural(len(drawn), 'group')} leaves out zero."


def _table(entry: Slice, run: Run, limits: Limits) -> Table:
    caption, title, _ = MEASURES[entry.by]

    def accuracy(place: int) -> ColumnOf[Group]:
        return number(
            entry.groups[0].models[place].name,
            lambda group: Cell(
                percent(group.models[place].accuracy, run.places),
                best=group.models[place].accuracy == max(model.accuracy for model in group.models),
            ),
        )

    between: Columns[Group] = (
        number(f"{entry.a} minus {entry.b}, points", lambda group: points(group.difference, run.places)),
        number("95 % interval", lambda group: interval(group.ci95, points, run.places)),
    )
    compared = any(group.difference is not None for group in entry.groups)
    columns: Columns[Group] = (
        text(title, lambda group: _name(group, entry.by)),
        number("Documents", lambda group: count(group.documents)),
        *(between if compared else ()),
        *map(accuracy, range(len(entry.groups[0].models))),
    )
    note = "Bold: the best of its row. Intervals of the accuracies are in metrics.json."
    return table_of(f"Accuracy {caption}", entry.groups, columns, limits.rows, METRICS, note)
