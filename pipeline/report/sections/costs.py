"""Section about what the models cost: training, one document, memory, size."""

from __future__ import annotations

from pipeline.report.page.blocks import (
    Block,
    Cell,
    Limits,
    Nothing,
    Paragraph,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, interval, seconds
from pipeline.report.sections.facts import n_folds, status_sentence, what_times_hold
from pipeline.report.sections.metric import metric_of
from pipeline.run_folder.metrics.models import Cost
from pipeline.run_folder.reading import METRICS, Run

WHAT_COSTS_HOLD = (
    "Training: the mean over its fits of one of them, with the n-gram counts or the word vectors that it reads; the"
    " vectors count for every model that reads them, and trials of --tune are left out. One document: from its tokens"
    " to its probabilities, alone, on up to 50 test documents of the first fit. Size: the files that predicting"
    " needs."
)
RULE = (
    "Close enough: the 95 % interval of the paired difference from the best ends no further than the region of"
    " practical equivalence below zero. Cheapest: the fewest training seconds among those."
)
RULE_OF_FOLDS = (
    "Close enough: the 95 % interval of the paired difference from every other model ends no further than the region"
    " of practical equivalence below zero; with folds no model is chosen as the best, since validation documents are"
    " tested too. Cheapest: the fewest training seconds among those."
)


def costs(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return one line on the cheapest model that is close to the best, and what every model costs."""
    entries = run.metrics.costs
    if not entries:
        return (Nothing(status_sentence(run) or "No model was trained, so nothing is known of costs."),)
    cheapest = run.metrics.cheapest
    lines = [_cost_row(entry, run) for entry in sorted(entries, key=lambda entry: entry.train_seconds)]
    columns = (
        *words("Model"),
        *numbers(
            "Training, s", "One document, ms (median)", "95th percentile", "Peak memory, MiB", "Size, MB"
        ),
        *numbers(f"{_from_best(run)}, {metric_of(run).unit}", "95 % interval"),
        *words("Close enough"),
    )
    rule = RULE if cheapest.best is not None or n_folds(run) == 1 else RULE_OF_FOLDS
    several_at_once = any(fit.at_once > 1 for fit in run.metrics.timing)
    note = f"{rule} {WHAT_COSTS_HOLD} {what_times_hold(run) if several_at_once else ''}".strip()
    title = "What each model costs, the cheapest to train first"
    return (Paragraph(cheapest.sentence), short_table(title, columns, lines, limits.rows, METRICS, note))


def _from_best(run: Run) -> str:
    """Return what a model's difference is from: with folds none is chosen as the best."""
    if n_folds(run) > 1 and run.metrics.cheapest.best is None:
        return "Minus the model it stands worst against"
    return "Minus the best"


def _cost_row(entry: Cost, run: Run) -> tuple[Cell, ...]:
    metric, places, cheapest = metric_of(run), run.places, run.metrics.cheapest
    is_best = entry.name == cheapest.best
    titles = {"best by validation": cheapest.best, "cheapest close enough": cheapest.name}
    tags = tuple(title for title, name in titles.items() if name == entry.name)
    return row(
        Cell(entry.name, tags=tags),
        seconds(entry.train_seconds),
        decimal(entry.latency_ms_p50, 2),
        decimal(entry.latency_ms_p95, 2),
        count(entry.peak_rss_mib),
        MISSING if entry.size_bytes is None else decimal(entry.size_bytes / 1e6, 2),
        MISSING if is_best else metric.signed(entry.difference_from_best, places),
        MISSING if is_best else interval(entry.ci95, metric.signed, places),
        _CLOSE[entry.within_rope_of_best],
    )


_CLOSE = {True: "yes", False: "not shown", None: MISSING}
