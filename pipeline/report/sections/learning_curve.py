"""Section about learning curves: accuracy by number of training documents, and where the families cross."""

from __future__ import annotations

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
    shorten,
    words,
)
from pipeline.report.page.formats import (
    MISSING,
    count,
    interval,
    is_interval,
    is_number,
    p_value,
    percent,
    points,
)
from pipeline.report.sections.facts import n_folds, status_sentence
from pipeline.run_folder.reading import Record, Run

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
    curve = run.table("learning_curve")
    models = [model for model in curve.get("models") or () if model and _points_of(model)]
    if not models:
        asked = (run.table("config").get("run") or {}).get("learning_curve")
        why = "Not asked for: --learning-curve trains on smaller sets of documents too."
        return (Nothing(status_sentence(run) or ("No set was finished." if asked else why)),)
    crossing = curve.get("crossing") or {}
    return (
        _chart(models, crossing),
        _points_table(run, models, limits),
        *_differences_table(run, crossing, limits),
    )


def _points_of(model: Record) -> list[Record]:
    """Return the points that can be drawn."""
    needed = ("documents", "accuracy")
    return [
        point
        for point in model.get("points") or ()
        if point and all(is_number(point.get(key)) for key in needed)
    ]


def _chart(models: list[Record], crossing: Record) -> Chart:
    ordered = sorted(models, key=lambda model: _drawn_first(model, crossing))
    drawn, rest = ordered[:MOST_LINES], ordered[MOST_LINES:]
    pair = {crossing.get("a"), crossing.get("b")} - {None}
    lines = tuple(
        BandLine(
            str(model.get("name")),
            tuple(_band_point(point, not pair or model.get("name") in pair) for point in _points_of(model)),
        )
        for model in drawn
    )
    whose = f" of {' and '.join(sorted(map(str, pair)))}" if pair else ""
    reading = [
        str(crossing.get("sentence") or ""),
        f"The bands{whose} are 95 % intervals of each accuracy by itself.",
    ]
    if rest:
        reading.append(f"Not drawn: {', '.join(str(model.get('name')) for model in rest)}.")
    figure = Bands(lines, "Training documents (logarithmic)", "Accuracy on the test documents, %")
    return Chart(
        "Accuracy by number of training documents", " ".join(text for text in reading if text), figure
    )


def _drawn_first(model: Record, crossing: Record) -> tuple[bool, float]:
    """Return what sorts models: the two of the crossing first, then by their last accuracy."""
    last = _points_of(model)[-1]["accuracy"]
    return model.get("name") not in (crossing.get("a"), crossing.get("b")), -last


def _band_point(point: Record, with_band: bool) -> BandPoint:
    """Return a point of a curve; seven bands on one another would hide each other."""
    lo, hi = point["ci95"] if with_band and is_interval(point.get("ci95")) else (None, None)
    return BandPoint(point["documents"], point["accuracy"], lo, hi)


def _points_table(run: Run, models: list[Record], limits: Limits) -> Table:
    every = [
        _point_row(run, str(model.get("name")), point) for model in models for point in _points_of(model)
    ]
    rows, left_out = shorten(every, limits.rows, "metrics.json")
    columns = (
        *words("Model"),
        *numbers(
            "Training documents", "Accuracy", "95 % interval", "Lowest fit", "Highest fit", "Did not train"
        ),
    )
    of_fold = "Of the first fold's documents." if n_folds(run) > 1 else ""
    notes = (WHAT_A_SET_HOLDS, _refitted(run), of_fold, _unfinished(run), left_out)
    return Table("Every point of the curves", columns, rows, " ".join(note for note in notes if note))


def _refitted(run: Run) -> str:
    if not (run.table("config").get("run") or {}).get("refit"):
        return ""
    return "With --refit the validation documents are among the training documents counted here."


def _unfinished(run: Run) -> str:
    """Return the sets that not every fit finished."""
    finished = run.table("learning_curve").get("sizes") or ()
    asked = [one.get("train") for one in run.details.curve_sets.get("sets") or ()]
    missing = [count(size) for size in dict.fromkeys(asked) if size not in finished]
    return f"Not finished, so left out: {', '.join(missing)} training documents." if missing else ""


def _point_row(run: Run, name: str, point: Record) -> tuple[Cell, ...]:
    seeds = [value for value in point.get("seeds") or () if is_number(value)]
    several = len(seeds) > 1
    return row(
        name,
        count(point.get("documents")),
        percent(point.get("accuracy"), run.places),
        interval(point.get("ci95"), percent, run.places),
        percent(min(seeds), run.places) if several else MISSING,
        percent(max(seeds), run.places) if several else MISSING,
        count(point["untrained"]) if point.get("untrained") else MISSING,
    )


def _differences_table(run: Run, crossing: Record, limits: Limits) -> tuple[Table, ...]:
    entries = [entry for entry in crossing.get("differences") or () if entry]
    if not entries:
        return ()
    rows, left_out = shorten(
        [
            row(
                count(entry.get("documents")),
                points(entry.get("difference"), run.places),
                interval(entry.get("ci95"), points, run.places),
                p_value(entry.get("p_adjusted")),
                _ahead(entry),
            )
            for entry in entries
        ],
        limits.rows,
        "metrics.json",
    )
    columns = (
        *numbers("Training documents", "Difference, points", "95 % interval", "p adjusted"),
        *words("Ahead"),
    )
    caption = f"{crossing.get('a')} minus {crossing.get('b')}, on the same test documents"
    return (Table(caption, columns, rows, f"{RULE} {left_out}".strip()),)


def _ahead(entry: Record) -> str:
    untrained = entry.get("untrained") or ()
    return f"{' and '.join(untrained)} did not train" if untrained else str(entry.get("ahead") or "neither")
