"""Where a difference comes from: each cause in a section, and each network's gain beside its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.core.clean import plural
from pipeline.core.names import ModelName
from pipeline.report.page.blocks import Block, Chart, Fold, Limits, Nothing, Points, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.figures import Dot, DotPlot
from pipeline.report.page.formats import MISSING, count, interval, p_value
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.report.sections.answer import detectable
from pipeline.report.sections.ladder import ladder
from pipeline.report.sections.metric import ReportMetric, metric_of
from pipeline.report.sections.model_words import namer
from pipeline.run_folder.metrics.comparisons import Cause, Effect, Gains, LengthThird
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run


def causes(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return each cause in words, as dots and as a table, by document length too, and what was not tried."""
    entries = run.metrics.causes
    shown = [entry for entry in entries if entry.a is not None]
    absent = tuple(entry.sentence for entry in entries if entry.a is None)
    not_tried = (Points(absent, "Not tried in this run"),) if absent else ()
    if not shown:
        return _without_causes(run, absent)
    sentences = tuple(f"{_title(entry)}: {entry.sentence}" for entry in shown[: limits.rows])
    steps = ladder(run)
    shut = (
        Points(sentences, "Each step, everything else the same"),
        _chart(run, shown[: limits.rows]),
        _table(run, shown, limits),
        *_length_table(run, shown, limits),
        *not_tried,
    )
    return (
        Seen(
            _seen(run, shown),
            "One thing changes from left to right, in right answers of 100. Dashed: not tried.",
        ),
        *((steps,) if steps else ()),
        Fold("Each step in numbers, by document length, and what was not tried", shut),
    )


def _without_causes(run: Run, absent: tuple[str, ...]) -> tuple[Block, ...]:
    """Return the steps where two were tried, though no pair differs by one cause alone."""
    reason, steps = "No two models of this run differ by one cause alone.", ladder(run)
    if steps is None:
        return (Nothing(" ".join((reason, *absent))),)
    shut = (Fold("What was not tried", (Points(absent),)),) if absent else ()
    return (Seen("What each step adds", f"{reason} Dashed: not tried."), steps, *shut)


def _seen(run: Run, entries: Sequence[Cause]) -> str:
    """Return the step that changes most; it "seems" to where nothing was decided."""
    largest = max(entries, key=lambda one: abs(one.difference or 0.0))
    difference, decided = largest.difference or 0.0, largest.decision in ("beats", "loses", "equal")
    change = f"{abs(100 * difference):.0f} in 100" if abs(difference) >= 0.01 else "less than 1 in 100"
    if metric_of(run).name == "log loss":
        return f"{_title(largest)}: the step that changes most"
    verb = (
        ("adds" if decided else "seems to add")
        if difference >= 0
        else ("costs" if decided else "seems to cost")
    )
    name = namer(run)
    pair = f"{name(largest.a or '')} against {name(largest.b or '')}"
    return f"{_STEPS.get(largest.cause, _title(largest))} {verb} {change} ({pair})"


_STEPS = {
    "representation": "Averaging vectors instead of counting words",
    "pretraining": "Starting from trained vectors",
    "fine-tuning": "Training the vectors too",
    "capacity": "A hidden layer",
    "order": "Reading words in their order",
    "gates": "Gating the memory",
    "last state against pooled": "Reading every state, not the last alone,",
}


def _title(entry: Cause) -> str:
    return entry.cause.capitalize()


def _chart(run: Run, entries: Sequence[Cause]) -> Chart:
    dots = [
        Dot(f"{one.a} − {one.b}", one.difference, *one.ci95, _title(one))
        for one in entries
        if one.difference is not None and one.ci95 is not None
    ]
    figure = DotPlot(tuple(dots), metric_of(run).axis, run.metrics.verdict.rope, own_groups=True)
    sure = sum(one.decision in ("beats", "loses") for one in entries)
    reading = f"{sure} of {plural(len(dots), 'step')} shown to matter; what lies in the shaded band does not."
    return Chart("What each step adds, with 95 % intervals", reading, figure)


def _table(run: Run, entries: Sequence[Cause], limits: Limits) -> Table:
    metric, places = metric_of(run), run.places
    columns: Columns[Cause] = (
        text("Cause", _title),
        text("A", lambda one: one.a),
        text("B", lambda one: one.b),
        number(
            f"Smallest detectable, {metric.unit}",
            lambda one: metric.size(one.minimum_detectable_difference, places),
        ),
        number(metric.minus, lambda one: metric.signed(one.difference, places)),
        number("95 % interval", lambda one: interval(one.ci95, metric.signed, places)),
        number("p adjusted", lambda one: p_value(one.p_adjusted)),
        text("Decision", lambda one: one.decision or MISSING),
    )
    note = (
        "A step is one change between two models; the p-values are adjusted with those of all side questions."
    )
    return table_of("Where a difference comes from", entries, columns, limits.rows, METRICS, note)


def _length_table(run: Run, entries: Sequence[Cause], limits: Limits) -> tuple[Table, ...]:
    metric = metric_of(run)
    columns: Columns[tuple[Cause, LengthThird]] = (
        text("Difference", lambda one: f"{one[0].a} − {one[0].b}"),
        number("Tokens", lambda one: " to ".join(map(count, one[1].tokens))),
        number("Documents", lambda one: count(one[1].documents)),
        number(metric.unit.capitalize(), lambda one: metric.signed(one[1].difference, run.places)),
        number("95 % interval", lambda one: interval(one[1].ci95, metric.signed, run.places)),
    )
    thirds = [(entry, third) for entry in entries for third in entry.by_length or ()]
    note = "Thirds of the test documents by length. The intervals are not corrected for their number."
    table = table_of("Gates by document length", thirds, columns, limits.rows, METRICS, note)
    return (table,) if thirds else ()


# --- where the gain comes from: read from paired comparisons, never from overlapping intervals


OUTCOMES = {
    "beats": "a gain",
    "loses": "a loss",
    "equal": "no difference that matters",
    "cannot tell": "cannot be told from none",
    "withheld": "withheld, since one of the two did not train",
}
ONE_SEED = " This is about these fitted models only: they were trained with one seed."
EFFECTS = {
    "pretraining": "compare a source of trained vectors with random",
    "fine-tuning": "add a source with :tuned",
}


def gains(run: Run, limits: Limits) -> tuple[Points, ...]:
    """Return where each network's gain comes from, a line for each; none where no pair of sources tells."""
    seeds = _seeds(run)
    lines = [
        gain_sentence(entry, metric_of(run), run.places) + (ONE_SEED if _one_seed(entry, seeds) else "")
        for entry in run.metrics.gains
    ]
    return (Points(tuple(lines[: limits.rows]), "Where the gain comes from"),) if lines else ()


def _seeds(run: Run) -> dict[str, set[int]]:
    """Return the seeds of each model."""
    found: dict[str, set[int]] = {}
    for entry in run.metrics.results:
        found.setdefault(entry.name, set()).add(entry.seed)
    return found


def _one_seed(gain: Gains, seeds: dict[str, set[int]]) -> bool:
    """Return whether a comparison rests on one training of each side, whose luck no interval holds."""
    return any(
        len(seeds.get(effect.a, set()) & seeds.get(effect.b, set())) == 1
        for effect in gain.effects
        if effect.decision != "withheld"
    )


def gain_sentence(gain: Gains, metric: ReportMetric, places: int) -> str:
    """Return where one model's gain comes from: pretraining, fine-tuning, both or neither, with the figures."""
    effects: dict[str, Effect] = {effect.effect: effect for effect in gain.effects}
    shown = [_effect_sentence(effects[name], metric, places) for name in EFFECTS if name in effects]
    absent = [
        f"{name.capitalize()} was not tried: {advice}."
        for name, advice in EFFECTS.items()
        if name not in effects
    ]
    return " ".join([f"{gain.model}: {_conclusion(effects)}", *shown, *absent])


def _conclusion(effects: Mapping[str, Effect]) -> str:
    said = {name: effects[name].decision for name in EFFECTS if name in effects}
    sure = [name for name, decision in said.items() if decision == "beats"]
    if sure:
        return f"the gain comes from {' and from '.join(sure)}."
    tried = [name for name, decision in said.items() if decision != "withheld"]
    if not tried:
        return "where a gain comes from cannot be said."
    return f"neither {' nor '.join(tried)} shows a gain." if len(tried) > 1 else f"{tried[0]} shows no gain."


def _effect_sentence(effect: Effect, metric: ReportMetric, places: int) -> str:
    figures = (
        f"{metric.signed(effect.difference, places)} {metric.unit} (95 % interval"
        f" {interval(effect.ci95, metric.signed, places)})"
    )
    sources = " minus ".join(str(ModelName.parse(name).source or "") for name in (effect.a, effect.b))
    outcome, (low, high) = OUTCOMES[effect.decision], effect.ci95
    if effect.decision == "cannot tell" and (low > 0 or high < 0):
        outcome += ", once corrected for the number of side questions"
    smallest = effect.minimum_detectable_difference
    if effect.decision in ("equal", "cannot tell") and smallest is not None:
        figures = f"{detectable(smallest, metric, places).lower()}; {figures}"
    return f"{effect.effect.capitalize()}, {sources}: {figures}, {outcome}."
