"""Section about learning curves: accuracy by number of training documents, and where the families cross."""

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
    Nothing,
    Table,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import (
    MISSING,
    count,
    interval,
    p_value,
    percent,
    points,
)
from pipeline.report.sections.facts import n_folds, status_sentence
from pipeline.run_folder.metrics.comparisons import Crossing, SizeDifference
from pipeline.run_folder.metrics.models import Curve, CurvePoint
from pipeline.run_folder.reading import METRICS, Run

MOST_LINES = 7  # drawn; more could not be told apart
WHAT_A_SET_HOLDS = (
    "Of each size but the whole, several sets are drawn; each holds every class, and the smaller one of the same draw."
    " Validation documents shrink with it; vocabulary, word vectors and classifiers are learned anew from each set,"
    " with a seed of its own; the test documents are the same."
)
RULE = (
    "Where several sets were drawn the interval holds the chance of which documents are in them; that of the whole set"
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
        return (Nothing(status_sentence(run) or ("No set was finished." if asked else why)),)
    return (
        _chart(models, crossing),
        _points_table(run, models, limits),
        *_differences_table(run, crossing, limits),
    )


def _chart(models: Sequence[Curve], crossing: Crossing) -> Chart:
    ordered = sorted(models, key=lambda model: _drawn_first(model, crossing))
    drawn, rest = ordered[:MOST_LINES], ordered[MOST_LINES:]
    pair = {crossing.a, crossing.b} - {None}
    lines = tuple(
        BandLine(
            model.name, tuple(_band_point(point, not pair or model.name in pair) for point in model.points)
        )
        for model in drawn
    )
    whose = f" of {' and '.join(sorted(map(str, pair)))}" if pair else ""
    reading = f"{crossing.sentence} The bands{whose} are 95 % intervals of each accuracy by itself."
    if rest:
        reading += f" Not drawn: {', '.join(model.name for model in rest)}."
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
    lines = [_point_row(run, model.name, point) for model in models for point in model.points]
    columns = (
        *words("Model"),
        *numbers(
            "Training documents", "Accuracy", "95 % interval", "Lowest fit", "Highest fit", "Did not train"
        ),
    )
    of_fold = "Of the first fold's documents." if n_folds(run) > 1 else ""
    note = " ".join(filter(None, (WHAT_A_SET_HOLDS, _refitted(run), of_fold, _unfinished(run))))
    return short_table("Every point of the curves", columns, lines, limits.rows, METRICS, note)


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


def _point_row(run: Run, name: str, point: CurvePoint) -> tuple[Cell, ...]:
    seeds, several = point.seeds, len(point.seeds) > 1
    return row(
        name,
        count(point.documents),
        percent(point.accuracy, run.places),
        interval(point.ci95, percent, run.places),
        percent(min(seeds), run.places) if several else MISSING,
        percent(max(seeds), run.places) if several else MISSING,
        count(point.untrained) if point.untrained else MISSING,
    )


def _differences_table(run: Run, crossing: Crossing, limits: Limits) -> tuple[Table, ...]:
    if not crossing.differences:
        return ()
    lines = [
        row(
            count(entry.documents),
            points(entry.difference, run.places),
            interval(entry.ci95, points, run.places),
            p_value(entry.p_adjusted),
            _ahead(entry),
        )
        for entry in crossing.differences
    ]
    columns = (
        *numbers("Training documents", "Difference, points", "95 % interval", "p adjusted"),
        *words("Ahead"),
    )
    caption = f"{crossing.a} minus {crossing.b}, on the same test documents"
    return (short_table(caption, columns, lines, limits.rows, METRICS, RULE),)


def _ahead(entry: SizeDifference) -> str:
    if entry.untrained:
        return f"{' and '.join(entry.untrained)} did not train"
    return entry.ahead or "neither"
