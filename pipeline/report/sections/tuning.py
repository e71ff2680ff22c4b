"""Section about --tune: what was drawn, what it cost, what was chosen, and what a smaller budget would have found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Block, Cell, Chart, Limits, Paragraph, Table, numbers, row
from pipeline.report.page.figures import Line, Lines
from pipeline.report.page.formats import MISSING, count, decimal, percent, seconds
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.facts import nothing
from pipeline.run_folder.details.fitting import SpaceRow
from pipeline.run_folder.metrics.models import Trial, Tuned
from pipeline.run_folder.names import METRICS, detail_file
from pipeline.run_folder.reading import Run

BUDGETS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100)  # columns of the table; the largest budget is one too
LINES_DRAWN = 14  # what colour, shape and dash keep apart
Points = dict[str, tuple[float, ...]]  # of each model, the expected best accuracy of 1, 2, .. trials
HOW = (
    "Each model gets the same number of trials on each fold: one fit a trial, on the training documents, the first"
    " with the settings as they were, the others drawn at random from the search space. The lowest log loss on the"
    " validation documents chooses (with --metric macro-f1 or balanced-accuracy among the trials within one standard"
    " error of the best score by it), and every seed is trained with what it chose. Test documents choose nothing."
    " Training seconds elsewhere in this report leave the trials out."
)
CURVE_NOTE = (
    "The highest accuracy that so many trials would have found, estimated as if they were drawn from those that were"
    " made (Dodge et al. 2019, arXiv:1909.03004): the last value lies a little below the best trial, and the trial of"
    " the lowest log loss need not be the one of the highest accuracy."
)


def tuning(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the expected best accuracy by number of trials, what was chosen, the space, and every trial."""
    families, space = run.metrics.tuning, run.details.tuning.space if run.details.tuning else ()
    if not families:
        reason = (
            "Not tuned: without --tune, linear models choose their strength and networks when training ends, and"
            " nothing else."
        )
        return nothing(run, reason)
    curves = _curves(families)
    return (
        Paragraph(HOW),
        _chart(curves),
        _curve_table(curves, limits),
        *_every_point(curves),
        _chosen_table(families, limits),
        *((_space_table(space, limits),) if space else ()),
        _trial_table(families, limits),
    )


# --- the expected best of n trials


def _curves(families: Sequence[Tuned]) -> Points:
    """Return for each model the expected best accuracy of 1, 2, .. trials, the mean over its folds."""
    found: dict[str, list[Sequence[float]]] = {}
    for family in families:
        found.setdefault(family.name, []).append(family.expected_validation_accuracy)
    return {
        name: tuple(sum(values) / len(folds) for values in zip(*folds, strict=False))
        for name, folds in found.items()
    }


def _leading(curves: Points) -> Points:
    """Return the curves that are drawn, the highest last point first."""
    ordered = sorted(curves.items(), key=lambda item: item[1][-1:], reverse=True)
    return dict(ordered[:LINES_DRAWN])


def _chart(curves: Points) -> Chart:
    lines = tuple(Line(name, values) for name, values in _leading(curves).items())
    left_out = len(curves) - len(lines)
    more = f" Not drawn: {plural(left_out, 'model')} below these." if left_out else ""
    figure = Lines(lines, "Trials", "Expected best validation accuracy, %")
    return Chart("Expected best validation accuracy", f"{reading(curves)}{more}", figure)


def reading(curves: Points) -> str:
    """Return in one line which model leads with one trial and with all, and who gained most by trying more."""
    known = {name: values for name, values in curves.items() if values}
    if not known:
        return "No trial ended."
    most = min(len(values) for values in known.values())
    first, last = (max(known, key=lambda name: known[name][n - 1]) for n in (1, most))
    start, end = known[first][0], known[last][most - 1]
    if most == 1:
        return f"One trial each, with the settings as they were: {last} has the highest, {percent(end)}."
    gains = {name: values[most - 1] - values[0] for name, values in known.items()}
    gainer = max(gains, key=lambda name: gains[name])
    lead = (
        f"{first} leads with 1 trial ({percent(start)}) and with {most} ({percent(end)})"
        if first == last
        else f"With 1 trial {first} leads ({percent(start)}), with {most} {last} ({percent(end)})"
    )
    return f"{lead}; more trials gain most for {gainer} ({100 * gains[gainer]:+.1f} points)."


def _curve_table(curves: Points, limits: Limits) -> Table:
    most = max(map(len, curves.values()), default=0)
    budgets = [n for n in BUDGETS if n < most] + [most] * (most > 0)

    def best_of(n: int) -> ColumnOf[str]:
        return number(plural(n, "trial"), lambda name: _value_of(curves[name], n))

    title = "Expected best validation accuracy by number of trials"
    columns: Columns[str] = (text("Model", str), *map(best_of, budgets))
    return table_of(title, list(curves), columns, limits.rows, METRICS, CURVE_NOTE)


def _value_of(values: Sequence[float], trials: int) -> str:
    return percent(values[trials - 1]) if trials <= len(values) else MISSING


def _every_point(curves: Points) -> tuple[Table, ...]:
    """Return every point of the curves, shut, where the table of some numbers of trials leaves one out."""
    most = max(map(len, curves.values()), default=0)
    if all(n in BUDGETS for n in range(1, most)):
        return ()
    drawn = _leading(curves)
    rows = tuple(
        row(count(n), *(_value_of(values, n) for values in drawn.values())) for n in range(1, most + 1)
    )
    return (Table("Every point of the curves", numbers("Trials", *drawn), rows, fold=True),)


# --- what was chosen, from what


def _chosen_table(families: Sequence[Tuned], limits: Limits) -> Table:
    def of(number_of: int | None, family: Tuned) -> Trial | None:
        return next((trial for trial in family.trials if trial.trial == number_of), None)

    columns: Columns[Tuned] = (
        text("Model", lambda one: one.name),
        number("Fold", lambda one: one.fold),
        number("Trials", lambda one: count(len(one.trials))),
        number("Seconds", lambda one: seconds(one.seconds)),
        number("Log loss as it was", lambda one: _loss(of(1, one))),
        number("Log loss chosen", lambda one: _loss(of(one.chosen, one))),
        number("Accuracy as it was", lambda one: _accuracy(of(1, one))),
        number("Accuracy chosen", lambda one: _accuracy(of(one.chosen, one))),
        number("Trial chosen", lambda one: count(one.chosen)),
        text("Settings chosen", lambda one: _settings_of(of(one.chosen, one))),
    )
    note = f"Log loss and accuracy on the validation documents. {_fewer(families)}".strip()
    return table_of("Settings chosen", families, columns, limits.rows, METRICS, note)


def _loss(trial: Trial | None) -> str:
    return decimal(trial.validation_log_loss) if trial else MISSING


def _accuracy(trial: Trial | None) -> str:
    return percent(trial.validation_accuracy) if trial else MISSING


def _settings_of(trial: Trial | None) -> str:
    return settings_text(trial.settings) if trial else "none: the run was stopped"


def _fewer(families: Sequence[Tuned]) -> str:
    """Return which models had fewer trials than were asked for although all of theirs ended."""
    names = [family.name for family in families if family.chosen and len(family.trials) < family.asked]
    several = ", ".join(dict.fromkeys(names))
    return f"Fewer trials, since there are no other settings: {several}." if names else ""


def settings_text(settings: Mapping[str, object]) -> str:
    """Return settings as a reader types them after --set.

    >>> settings_text({"networks.units": 64, "baselines.bow_strengths": [0.1], "baselines.bow_binary": True})
    'networks.units=64 baselines.bow_strengths=0.1 baselines.bow_binary=true'
    """
    return " ".join(f"{key}={_value(value)}" for key, value in settings.items()) or MISSING


def _value(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(_value, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _space_table(space: Sequence[SpaceRow], limits: Limits) -> Table:
    """Return a row for each setting; models that draw it alike share the row."""
    models: dict[tuple[str, str, str], list[str]] = {}
    for entry in space:
        drawn = entry.key, _value(entry.first), _drawn(entry)
        models.setdefault(drawn, []).append(entry.model)
    columns: Columns[tuple[tuple[str, str, str], list[str]]] = (
        text("Setting", lambda one: one[0][0]),
        text("Models", lambda one: ", ".join(one[1])),
        text("First trial", lambda one: one[0][1]),
        text("Other trials", lambda one: one[0][2]),
    )
    note = "A setting that was given is not drawn; of a list that was given, each trial takes one."
    return table_of("Search space", list(models.items()), columns, limits.rows, detail_file("tuning"), note)


def _drawn(entry: SpaceRow) -> str:
    by, distribution = entry.fixed_by, entry.distribution
    if distribution:
        return f"{distribution} ({by})" if by else distribution
    return f"the same ({by})" if by else "the same"


def _trial_table(families: Sequence[Tuned], limits: Limits) -> Table:
    columns: Columns[tuple[Tuned, Trial]] = (
        text("Model", lambda one: one[0].name),
        number("Fold", lambda one: one[0].fold),
        number("Trial", lambda one: count(one[1].trial)),
        number("Validation accuracy", lambda one: percent(one[1].validation_accuracy)),
        number("Validation log loss", lambda one: Cell(_loss(one[1]), best=one[1].trial == one[0].chosen)),
        number("Seconds", lambda one: seconds(one[1].seconds)),
        text("Settings", lambda one: settings_text(one[1].settings)),
        text("Chosen", lambda one: _outcome(*one)),
    )
    trials = [(family, trial) for family in families for trial in family.trials]
    note = f"All trials together took {seconds(sum(family.seconds for family in families))} s."
    return table_of("Every trial", trials, columns, 2 * limits.rows, METRICS, note, fold=True)


def _outcome(family: Tuned, trial: Trial) -> str:
    if trial.trial == family.chosen:
        return "chosen"
    return f"no fit: {trial.why_not}" if trial.why_not else ""
