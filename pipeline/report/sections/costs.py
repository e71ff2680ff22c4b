"""Section about what the models cost: training, one document, memory, size."""

from __future__ import annotations

from pipeline.report.page.blocks import Block, Cell, Limits
from pipeline.report.page.formats import MISSING, count, decimal, interval, seconds
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.report.sections.facts import n_folds, nothing, what_times_hold
from pipeline.report.sections.forecast import forecast_table
from pipeline.report.sections.metric import metric_of
from pipeline.report.sections.models_table import THE_CHOICE
from pipeline.run_folder.metrics.models import Cost
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

WHAT_COSTS_HOLD = (
    "Training: the mean over its fits of one of them, with the n-gram counts or the word vectors that it reads; the"
    " vectors count for every model that reads them, and trials of --tune are left out. One document: from its tokens"
    " to its probabilities, alone, on up to 50 test documents of the first fit. Size: the files that predicting"
    " needs."
)
RULE = (
    "Close enough: the 95 % interval of the paired difference ends no further than the region of"
    " practical equivalence below zero. It is compared with {model}, which has the best score on validation documents."
)
RULE_OF_FOLDS = (
    "Close enough: the 95 % interval of the paired difference from every other model ends no further than the region"
    " of practical equivalence below zero; with folds no model is chosen as the best, since validation documents are"
    " tested too."
)


def costs(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return what every model costs, and how far each is from the best by validation."""
    entries = run.metrics.costs
    if not entries:
        return nothing(run, "No model was trained, so nothing is known of costs.")
    cheapest, metric, places = run.metrics.cheapest, metric_of(run), run.places
    by_fold = cheapest.best is None and n_folds(run) > 1  # then none is chosen as the best
    start = "Minus the model it stands worst against" if by_fold else f"Minus {cheapest.best or 'the best'}"
    others = [entry for entry in entries if entry.name != cheapest.best]
    columns: Columns[Cost] = (
        text("Model", lambda one: Cell(one.name, tags=_tags(one.name, run))),
        number("Training, s", lambda one: seconds(one.train_seconds)),
        number("One document, ms (median)", lambda one: decimal(one.latency_ms_p50, 2)),
        number("95th percentile", lambda one: decimal(one.latency_ms_p95, 2)),
        number("Peak memory, MiB", lambda one: count(one.peak_rss_mib)),
        number("Size, MB", lambda one: decimal(one.size_bytes and one.size_bytes / 1e6, 2)),
        number(
            f"{start}, {metric.unit}",
            lambda one: metric.signed(one.difference_from_best if one in others else None, places),
        ),
        number(
            "95 % interval", lambda one: interval(one.ci95 if one in others else None, metric.signed, places)
        ),
        text("Close enough", lambda one: _CLOSE[one.within_rope_of_best]),
    )
    several_at_once = any(fit.at_once > 1 for fit in run.metrics.timing)
    rule = RULE_OF_FOLDS if by_fold else RULE.format(model=cheapest.best or "the model")
    note = f"{rule} {WHAT_COSTS_HOLD} {what_times_hold(run) if several_at_once else ''}".strip()
    title = "What each model costs, the cheapest to train first"
    ordered = sorted(entries, key=lambda entry: entry.train_seconds)
    table = table_of(title, ordered, columns, limits.rows, METRICS, note)
    return (table, *forecast_table(run, limits))


def _tags(name: str, run: Run) -> tuple[str, ...]:
    return (THE_CHOICE,) if name == run.metrics.advice.model else ()


_CLOSE = {True: "yes", False: "not shown", None: MISSING}
