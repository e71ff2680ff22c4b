"""Section about --tune: what was drawn, what it cost, what was chosen, and what a smaller budget would have found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.core.clean import plural
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Limits,
    Line,
    Lines,
    Nothing,
    Paragraph,
    Table,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, percent, seconds
from pipeline.report.sections.facts import status_sentence
from pipeline.run_folder.details.fitting import SpaceRow
from pipeline.run_folder.metrics.models import Trial, Tuned
from pipeline.run_folder.reading import METRICS, Run

BUDGETS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100)  # columns of the table; the largest budget is one too
LINES_DRAWN = 14  # what colour, shape and dash keep apart
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
        return (Nothing(status_sentence(run) or reason),)
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


def _curves(families: Sequence[Tuned]) -> dict[str, tuple[float, ...]]:
    """Return for each model the expected best accuracy of 1, 2, .. trials, the mean over its folds."""
    found: dict[str, list[Sequence[float]]] = {}
    for family in families:
        found.setdefault(family.name, []).append(family.expected_validation_accuracy)
    return {
        name: tuple(sum(values) / len(folds) for values in zip(*folds, strict=False))
        for name, folds in found.items()
    }


def _leading(curves: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
    """Return the curves that are drawn, the highest last point first."""
    ordered = sorted(curves.items(), key=lambda item: item[1][-1:], reverse=True)
    return dict(ordered[:LINES_DRAWN])


def _chart(curves: dict[str, tuple[float, ...]]) -> Chart:
    lines = tuple(Line(name, values) for name, values in _leading(curves).items())
    left_out = len(curves) - len(lines)
    more = f" Not drawn: {plural(left_out, 'model')} below these." if left_out else ""
    figure = Lines(lines, "Trials", "Expected best validation accuracy, %")
    return Chart("Expected best validation accuracy", f"{reading(curves)}{more}", figure)


def reading(curves: dict[str, tuple[float, ...]]) -> str:
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


def _curve_table(curves: dict[str, tuple[float, ...]], limits: Limits) -> Table:
    most = max(map(len, curves.values()), default=0)
    budgets = [n for n in BUDGETS if n < most] + [most] * (most > 0)
    lines = [
        row(name, *(percent(values[n - 1]) if n <= len(values) else MISSING for n in budgets))
        for name, values in curves.items()
    ]
    columns = (*words("Model"), *numbers(*(plural(n, "trial") for n in budgets)))
    title = "Expected best validation accuracy by number of trials"
    return short_table(title, columns, lines, limits.rows, METRICS, CURVE_NOTE)


def _every_point(curves: dict[str, tuple[float, ...]]) -> tuple[Table, ...]:
    """Return every point of the curves, shut, where the table of some numbers of trials leaves one out."""
    most = max(map(len, curves.values()), default=0)
    if all(n in BUDGETS for n in range(1, most)):
        return ()
    drawn = _leading(curves)
    rows = tuple(
        row(count(n), *(percent(values[n - 1]) if n <= len(values) else MISSING for values in drawn.values()))
        for n in range(1, most + 1)
    )
    return (Table("Every point of the curves", numbers("Trials", *drawn), rows, fold=True),)


# --- what was chosen, from what


def _chosen_table(families: Sequence[Tuned], limits: Limits) -> Table:
    lines = [_chosen_row(family) for family in families]
    columns = (
        *words("Model"),
        *numbers(
            "Fold",
            "Trials",
            "Seconds",
            "Log loss as it was",
            "Log loss chosen",
            "Accuracy as it was",
            "Accuracy chosen",
            "Trial chosen",
        ),
        *words("Settings chosen"),
    )
    note = f"Log loss and accuracy on the validation documents. {_fewer(families)}".strip()
    return short_table("Settings chosen", columns, lines, limits.rows, METRICS, note)


def _chosen_row(family: Tuned) -> tuple[Cell, ...]:
    trials = {trial.trial: trial for trial in family.trials}
    first, chosen = trials.get(1), trials.get(family.chosen or 0)
    shown = (first, chosen)
    return row(
        family.name,
        str(family.fold),
        count(len(trials)),
        seconds(family.seconds),
        *(decimal(trial.validation_log_loss) if trial else MISSING for trial in shown),
        *(percent(trial.validation_accuracy) if trial else MISSING for trial in shown),
        count(family.chosen),
        settings_text(chosen.settings) if chosen else "none: the run was stopped",
    )


def _fewer(families: Sequence[Tuned]) -> str:
    """Return which models had fewer trials than were asked for although all of theirs ended."""
    names = [family.name for family in families if family.chosen and len(family.trials) < family.asked]
    return (
        f"Fewer trials, since there are no other settings: {', '.join(dict.fromkeys(names))}."
        if names
        else ""
    )


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
    lines = [
        row(key, ", ".join(names), first, distribution)
        for (key, first, distribution), names in models.items()
    ]
    columns = words("Setting", "Models", "First trial", "Other trials")
    note = "A setting that was given is not drawn; of a list that was given, each trial takes one."
    return short_table("Search space", columns, lines, limits.rows, "details/tuning.json", note)


def _drawn(entry: SpaceRow) -> str:
    by, distribution = entry.fixed_by, entry.distribution
    if distribution:
        return f"{distribution} ({by})" if by else distribution
    return f"the same ({by})" if by else "the same"


def _trial_table(families: Sequence[Tuned], limits: Limits) -> Table:
    lines = [_trial_row(family, trial) for family in families for trial in family.trials]
    columns = (
        *words("Model"),
        *numbers("Fold", "Trial", "Validation accuracy", "Validation log loss", "Seconds"),
        *words("Settings", "Chosen"),
    )
    note = f"All trials together took {seconds(sum(family.seconds for family in families))} s."
    return short_table("Every trial", columns, lines, 2 * limits.rows, METRICS, note, fold=True)


def _trial_row(family: Tuned, trial: Trial) -> tuple[Cell, ...]:
    chosen = trial.trial == family.chosen
    return row(
        family.name,
        str(family.fold),
        count(trial.trial),
        percent(trial.validation_accuracy),
        Cell(decimal(trial.validation_log_loss), best=chosen),
        seconds(trial.seconds),
        settings_text(trial.settings),
        "chosen" if chosen else f"no fit: {trial.why_not}" if trial.why_not else "",
    )
