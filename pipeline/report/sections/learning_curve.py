"""Section about learning curves: accuracy by number of training documents, and where the families cross."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.report.page.blocks import Block, Chart, Limits, Table
from pipeline.report.page.figures import BandLine, BandPoint, Bands
from pipeline.report.page.formats import count, interval, not_drawn, p_value, percent, points
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.report.sections.facts import n_folds, nothing
from pipeline.run_folder.metrics.comparisons import Crossing, SizeDifference
from pipeline.run_folder.metrics.models import Curve, CurvePoint
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

MOST_LINES = 7  # drawn; more could not be told apart
WHAT_A_SET_HOLDS = (
    "Of each size but the whole, several sets are drawn; each holds every class, and the smaller one of the same draw."
    " Validation documents shrink with it. Vocabulary, word vectors and classifiers are learned anew from each set,"
    " with a seed of its own. The test documents are the same."
)
RULE = (
    "Where several sets were drawn the interval holds the chance of which documents are in them. That of the whole set"
    " speaks of these training documents alone. Ahead: the p-value, adjusted for the number of sizes, is below 0.05 and"
    " the 95 % interval leaves out zero. The curves cross between the last size at which one model is ahead and the"
    " first at which the other one is. Nothing is said of sizes beyond the data."
)


def learning_curve(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return accuracy by number of training documents with bands, and the paired differences at each."""
    curve = run.metrics.learning_curve
    models, crossing = curve.models or (), curve.crossing
    if not models or crossing is None:
        asked = run.metrics.setting("run.learning_curve")
        why = "Not asked for: --learning-curve trains on smaller sets of documents too."
        return nothing(run, "No set was finished." if asked else why)
    return (
        _chart(models, crossing),
        _points_table(run, models, limits),
        *_differences_table(run, crossing, limits),
    )


def _chart(models: Sequence[Curve], crossing: Crossing) -> Chart:
    ordered = sorted(models, key=lambda model: _drawn_first(model, crossing))
    pair = {crossing.a, crossing.b} - {None}
    lines = tuple(
        BandLine(
            model.name, tuple(_band_point(point, not pair or model.name in pair) for point in model.points)
        )
        for model in ordered[:MOST_LINES]
    )
    whose = f" of {' and '.join(sorted(map(str, pair)))}" if pair else ""
    reading = f"{crossing.sentence} The bands{whose} are 95 % intervals of each accuracy by itself."
    reading += not_drawn([model.name for model in ordered[MOST_LINES:]])
    figure = Bands(lines, "Training documents (logarithmic)", "Accuracy on the test documents, %")
    return Chart("Accuracy by number of training documents", reading, figure)


def _drawn_first(model: Curve, crossing: Crossing) -> tuple[bool, float]:
    """Return what sorts models: the two of the crossing first, then by their last accuracy."""
    return model.name not in (crossing.a, crossing.b), -model.points[-1].accuracy


def _band_point(point: CurvePoint, with_band: bool) -> BandPoint:
    """Return a point of a curve; seven bands on one another would hide each other."""
    lo, hi = point.ci95 if with_band else (None, None)
    return BandPoint(point.documents, point.accuracy, lo, hi)


def _points_table(run: Run, models: Sequence[Curve], limits: Limits) -> Table:
    columns: Columns[tuple[str, CurvePoint]] = (
        text("Model", lambda one: one[0]),
        number("Training documents", lambda one: count(one[1].documents)),
        number("Accuracy", lambda one: percent(one[1].accuracy, run.places)),
        number("95 % interval", lambda one: interval(one[1].ci95, percent, run.places)),
        number("Lowest fit", lambda one: percent(min(_several(one[1]), default=None), run.places)),
        number("Highest fit", lambda one: percent(max(_several(one[1]), default=None), run.places)),
        number("Did not train", lambda one: count(one[1].untrained or None)),
    )
    rows = [(model.name, point) for model in models for point in model.points]
    of_fold = "Of the first fold's documents." if n_folds(run) > 1 else ""
    note = " ".join(filter(None, (WHAT_A_SET_HOLDS, _refitted(run), of_fold, _unfinished(run))))
    return table_of("Every point of the curves", rows, columns, limits.rows, METRICS, note)


def _several(point: CurvePoint) -> tuple[float, ...]:
    """Return the accuracy of each fit where there are several."""
    return point.seeds if len(point.seeds) > 1 else ()


def _refitted(run: Run) -> str:
    if not run.metrics.setting("run.refit"):
        return ""
    return "With --refit the validation documents are among the training documents counted here."


def _unfinished(run: Run) -> str:
    """Return the sets that not every fit finished."""
    finished = run.metrics.learning_curve.sizes or ()
    asked = [one.train for one in run.details.curve_sets.sets] if run.details.curve_sets else []
    missing = [count(size) for size in dict.fromkeys(asked) if size not in finished]
    return f"Not finished, so left out: {', '.join(missing)} training documents." if missing else ""


def _differences_table(run: Run, crossing: Crossing, limits: Limits) -> tuple[Table, ...]:
    entries = crossing.differences
    columns: Columns[SizeDifference] = (
        number("Training documents", lambda one: count(one.documents)),
        number("Difference, points", lambda one: points(one.difference, run.places)),
        number("95 % interval", lambda one: interval(one.ci95, points, run.places)),
        number("p adjusted", lambda one: p_value(one.p_adjusted)),
        text("Ahead", _ahead),
    )
    caption = f"{crossing.a} minus {crossing.b}, on the same test documents"
    return (table_of(caption, entries, columns, limits.rows, METRICS, RULE),) if entries else ()


def _ahead(entry: SizeDifference) -> str:
    if entry.untrained:
        return f"{' and '.join(entry.untrained)} did not train"
    return entry.ahead or "neither"
