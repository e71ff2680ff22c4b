"""Section about what the models cost: training, one document, memory, size."""

from __future__ import annotations

from typing import Any

from pipeline.report.page.blocks import (
    Block,
    Cell,
    Limits,
    Nothing,
    Paragraph,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, interval, is_number, seconds
from pipeline.report.sections.facts import n_folds, status_sentence, what_times_hold
from pipeline.report.sections.metric import metric_of
from pipeline.run_folder.reading import Record, Run

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
    entries = run.rows("costs")
    if not entries:
        return (Nothing(status_sentence(run) or "No model was trained, so nothing is known of costs."),)
    cheapest = run.table("cheapest")
    ordered = sorted(entries, key=_training)
    rows, left_out = shorten(
        [_cost_row(entry, cheapest, run) for entry in ordered], limits.rows, "metrics.json"
    )
    columns = (
        *words("Model"),
        *numbers(
            "Training, s", "One document, ms (median)", "95th percentile", "Peak memory, MiB", "Size, MB"
        ),
        *numbers(f"{_from_best(run, cheapest)}, {metric_of(run).unit}", "95 % interval"),
        *words("Close enough"),
    )
    rule = RULE if cheapest.get("best") is not None or n_folds(run) == 1 else RULE_OF_FOLDS
    note = f"{rule} {WHAT_COSTS_HOLD} {what_times_hold(run) if _several_at_once(run) else ''}"
    table = Table(
        "What each model costs, the cheapest to train first",
        columns,
        rows,
        f"{note.strip()} {left_out}".strip(),
    )
    sentence = cheapest.get("sentence")
    return (*((Paragraph(str(sentence)),) if sentence else ()), table)


def _from_best(run: Run, cheapest: Record) -> str:
    """Return what a model's difference is from: with folds none is chosen as the best."""
    if n_folds(run) > 1 and cheapest.get("best") is None:
        return "Minus the model it stands worst against"
    return "Minus the best"


def _training(entry: Record) -> float:
    value = entry.get("train_seconds")
    return value if is_number(value) else float("inf")


def _several_at_once(run: Run) -> bool:
    return any((entry.get("at_once") or 1) > 1 for entry in run.rows("timing"))


def _cost_row(entry: Record, cheapest: Record, run: Run) -> tuple[Cell, ...]:
    metric, places = metric_of(run), run.places
    name, size = str(entry.get("name")), entry.get("size_bytes")
    is_best = name == cheapest.get("best")
    tags = (("best by validation",) if is_best else ()) + (
        ("cheapest close enough",) if name == cheapest.get("name") else ()
    )
    return row(
        Cell(name, tags=tags),
        seconds(entry.get("train_seconds")),
        decimal(entry.get("latency_ms_p50"), 2),
        decimal(entry.get("latency_ms_p95"), 2),
        count(entry.get("peak_rss_mib")),
        decimal(size / 1e6, 2) if is_number(size) else MISSING,
        MISSING if is_best else metric.signed(entry.get("difference_from_best"), places),
        MISSING if is_best else interval(entry.get("ci95"), metric.signed, places),
        _CLOSE.get(entry.get("within_rope_of_best"), MISSING),
    )


_CLOSE: dict[Any, str] = {True: "yes", False: "not shown"}
