"""Section of paired differences: which models are told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.core.clean import plural
from pipeline.core.wording import FIRST_METRIC, in_words
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Column,
    Fold,
    Limits,
    Nothing,
    Paragraph,
    Shut,
    Table,
    row,
)
from pipeline.report.page.cards import Seen
from pipeline.report.page.formats import MINUS, MISSING, count, interval, p_value
from pipeline.report.page.plots import Span
from pipeline.report.page.scale import scale_of, short
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.report.sections.facts import model_facts, status_sentence
from pipeline.report.sections.metric import metric_of
from pipeline.report.sections.model_words import decision_cell, kind_of, namer
from pipeline.report.words.task import task_of
from pipeline.run_folder.metrics.comparisons import Comparison, McNemar
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

TOLD = ("beats", "loses")  # decisions that tell two models apart
SHOWN_TOLD = 6  # pairs that the first sentence names


def differences(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return a row a pair with its interval as a picture; p-values, corrections and McNemar's test shut."""
    entries = _withheld_where_untrained(run)
    if not entries:
        return (Nothing(_why_no_differences(run)),)
    metric = metric_of(run)
    by_metric = f"How much better the first model is, by {metric.name}"
    what = task_of(run).more if run.metrics.verdict.metric == FIRST_METRIC else by_metric
    rope = metric.exact(run.metrics.verdict.rope)
    text = f"{what}, on the same documents. The shaded band, {rope} either way, counts as equal."
    exact: tuple[Shut, ...] = (
        Paragraph(_told_apart(entries), "muted"),
        _difference_table(run, entries, limits),
        *_mcnemar_table(entries, limits),
    )
    return (
        Seen(_seen(entries, namer(run)), text),
        _forest(run, entries),
        Fold("In statisticians' words: p, corrections, McNemar's test", exact),
    )


MOST_PAIRS = 14  # rows with a picture; the table below has all


def _seen(entries: Sequence[Comparison], name: Callable[[str], str]) -> str:
    """Return how many differences were shown, and the largest of them."""
    shown = [entry for entry in entries if entry.decision in TOLD]
    number = in_words(len(entries))
    if not shown:
        return f"None of {number} differences was shown" if len(entries) > 1 else "No difference was shown"
    first = min(shown, key=lambda entry: -abs(entry.difference))
    word = "better" if first.decision == "beats" else "worse"
    said = f"{name(first.a)} is {word} than {name(first.b)}"
    if len(shown) == 1:
        return f"One difference of {number} was shown: {said}" if len(entries) > 1 else said
    return f"{in_words(len(shown)).capitalize()} differences of {number} were shown; the largest: {said}"


def _forest(run: Run, entries: Sequence[Comparison]) -> Table:
    """Return the pairs of the answer, then the others, as many as are seen at once."""
    metric, places, name, kind = metric_of(run), run.places, namer(run), kind_of(run)
    ordered = sorted(entries, key=lambda entry: entry.family != "verdict")
    drawn = ordered[:MOST_PAIRS]
    ends = [end for entry in drawn for end in entry.ci95]
    per = 1 if metric.name == "log loss" else 100
    scale = scale_of(
        ends, lambda value: _signed(round(per * value, 6)), band=run.metrics.verdict.rope, most=7
    )
    columns = (
        Column("Compared", number=False),
        Column("", scale=scale),
        Column(metric.unit.capitalize()),
        Column("95 % interval"),
        Column("Decision", number=False),
        Column("Could have been seen"),
    )
    rows = tuple(
        row(
            Cell(name(one.a), kind=kind(one.a), beside=f"against {name(one.b)}", tags=_decider(one, run)),
            Cell("", span=Span.of(one.difference, one.ci95, (), kind(one.a))),
            Cell(metric.signed(one.difference, places), best=True),
            interval(one.ci95, metric.signed, places),
            decision_cell(one.decision),
            metric.size(one.minimum_detectable_difference, places),
        )
        for one in drawn
    )
    note = (
        "Could have been seen: a true difference of that size would have been found in four runs of five. It is larger"
        f" where two models disagree on more {task_of(run).unit}s.{_left_open(drawn)}"
    )
    left = (
        f" The first {len(drawn)} of {len(ordered)} pairs; the others stand below."
        if len(drawn) < len(ordered)
        else ""
    )
    return Table("Differences", columns, rows, note + left)


def _left_open(entries: Sequence[Comparison]) -> str:
    """Return why a row may be open though its interval leaves out zero; empty where none is so."""
    if not any(one.decision == "cannot tell" and (one.ci95[0] > 0 or one.ci95[1] < 0) for one in entries):
        return ""
    return (
        " An interval on one side of 0 may still say cannot tell: of many pairs one lies there by chance, so each"
        " decision asks for more (Holm)."
    )


def _signed(value: float) -> str:
    return "0" if value == 0 else f"{'+' if value > 0 else MINUS}{short(abs(value))}"


def _withheld_where_untrained(run: Run) -> list[Comparison]:
    """Return the comparisons; without a decision where a fit of one of the two did not train: it lost nothing."""
    untrained = {model.name for model in model_facts(run) if model.untrained_runs}
    return [
        replace(entry, decision="withheld", by=None) if untrained & {entry.a, entry.b} else entry
        for entry in run.metrics.comparisons
    ]


def _told_apart(entries: Sequence[Comparison]) -> str:
    """Return which models are told apart, and how many pairs are equal or cannot be told."""
    told = [
        f"{entry.a} {entry.decision} {'to ' * (entry.decision == 'loses')}{entry.b}"
        for entry in entries
        if entry.decision in TOLD
    ]
    more = f" and {len(told) - SHOWN_TOLD} more" if len(told) > SHOWN_TOLD else ""
    start = f"Told apart: {', '.join(told[:SHOWN_TOLD])}{more}." if told else "No two models are told apart."
    others = Counter(entry.decision for entry in entries if entry.decision not in TOLD)
    rest = "; ".join(f"{said}: {number}" for said, number in others.items())
    return f"{start} Of {plural(len(entries), 'comparison')}, {rest}." if rest else start


def _mcnemar_table(entries: Sequence[Comparison], limits: Limits) -> tuple[Table, ...]:
    """Return the exact test of one seed's predictions; none with folds."""
    tested = [(entry, entry.mcnemar) for entry in entries if entry.mcnemar]
    columns: Columns[tuple[Comparison, McNemar]] = (
        text("A", lambda one: one[0].a),
        text("B", lambda one: one[0].b),
        number("Seed", lambda one: one[1].seed),
        number("Only A right", lambda one: count(one[1].only_a)),
        number("Only B right", lambda one: count(one[1].only_b)),
        number("p (McNemar, exact)", lambda one: p_value(one[1].p_value)),
    )
    note = (
        "McNemar's test knows the documents alone: it is of these two fitted models, not of their kinds, and"
        " decides nothing here. Its p-values are not corrected."
    )
    table = table_of("One seed's predictions", tested, columns, limits.rows, METRICS, note, fold=True)
    return (table,) if tested else ()


def _why_no_differences(run: Run) -> str:
    if len(model_facts(run)) < 2:
        return "There is nothing to compare: fewer than two models have results."
    return status_sentence(run) or "The run made no comparison."


FAMILIES = {"verdict": "baseline", "side": "side question"}  # what each has a number of


def _difference_table(run: Run, entries: Sequence[Comparison], limits: Limits) -> Table:
    metric, places = metric_of(run), run.places
    sizes = Counter[str](entry.family for entry in entries)
    columns: Columns[Comparison] = (
        text("A", lambda one: Cell(one.a, tags=_tags(one, run))),
        text("B", lambda one: one.b),
        number(
            f"Smallest detectable, {metric.unit}",
            lambda one: metric.size(one.minimum_detectable_difference, places),
        ),
        number(metric.minus, lambda one: metric.signed(one.difference, places)),
        number("95 % interval", lambda one: interval(one.ci95, metric.signed, places)),
        number("p", lambda one: p_value(one.p_value)),
        number("p adjusted", lambda one: p_value(one.p_adjusted)),
        text("Corrected for", lambda one: _corrected_for(one, sizes)),
        text("Decision", lambda one: one.decision),
        text("By", lambda one: BY[one.by]),
    )
    note = (
        "The two models of a row answer the same test documents. Smallest detectable: a true difference of that size"
        ' would be found four times out of five, before the correction; read it before an "equal" or a "cannot tell".'
        ' p adjusted: raised for the number of comparisons of its family (Holm); an "equal" is corrected for nothing.'
    )
    return table_of(f"Paired differences in {metric.name}", entries, columns, limits.rows, METRICS, note)


def _decider(entry: Comparison, run: Run) -> tuple[str, ...]:
    return ("the answer",) if "decides the answer" in _tags(entry, run) else ()


def _tags(entry: Comparison, run: Run) -> tuple[str, ...]:
    if {entry.a, entry.b} == {run.metrics.verdict.a, run.metrics.verdict.b}:
        return ("decides the answer",)
    return ("the answer",) if entry.family == "verdict" else ()


def _corrected_for(entry: Comparison, sizes: Counter[str]) -> str:
    size = sizes[entry.family]
    return plural(size, FAMILIES[entry.family]) if size > 1 else "nothing"


BY = {
    "more than the rope": "more than the region",
    "perhaps less": "perhaps less than the region",
    None: MISSING,
}
