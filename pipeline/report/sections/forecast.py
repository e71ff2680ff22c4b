"""What a run was expected to take, beside what it took: a table in the section on costs."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.page.blocks import Block, Limits
from pipeline.report.page.formats import count, decimal
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.run_folder.details.forecast import Forecast, Seconds
from pipeline.run_folder.names import detail_file
from pipeline.run_folder.reading import Run

WHAT_IT_RESTS_ON = (
    "Expected when the run began, from the sizes of its jobs and a fifth of a second of this machine's speed: usual is"
    " the first budget of each training, which validation ends earlier or later. `python -m pipeline plan` measures the"
    " jobs themselves. Minutes of all fits of a model, one after the other; of the whole run, with those at once that"
    " ran at once. Memory is that of one process."
)


@dataclass(frozen=True)
class Compared:
    """One model, or the whole run: minutes are of all its fits."""

    name: str
    seconds: Seconds
    took: float
    expected_mib: float | None
    peak_mib: float | None


def forecast_table(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the table; nothing for a run without a forecast."""
    found = run.details.forecast
    if found is None:
        return ()
    columns: Columns[Compared] = (
        text("Model", lambda one: one.name),
        number("Least, min", lambda one: decimal(one.seconds.least / 60, 2)),
        number("Usual, min", lambda one: decimal(one.seconds.usual / 60, 2)),
        number("At most, min", lambda one: decimal(one.seconds.most / 60, 2)),
        number("Took, min", lambda one: decimal(one.took / 60, 2)),
        number("Expected memory, MiB", lambda one: count(one.expected_mib)),
        number("Peak memory, MiB", lambda one: count(one.peak_mib)),
    )
    title = "What was expected, and what happened"
    rows = compare(run, found)
    return (table_of(title, rows, columns, limits.rows, detail_file("forecast"), WHAT_IT_RESTS_ON),)


def compare(run: Run, found: Forecast) -> list[Compared]:
    """Return a row for each model that was fitted, expected for as many fits as there were, and one for the run."""
    rows = []
    for row in found.rows:
        fits = [fit for fit in run.metrics.timing if fit.name == row.name]
        if fits and row.fits:
            of_fits = row.training_seconds.times(len(fits) / row.fits)
            took = sum(fit.fit_seconds for fit in fits)
            peak = max(fit.peak_rss_mib for fit in fits)
            rows.append(Compared(row.name, of_fits, took, row.peak_mib, peak))
    return [*rows, Compared("the whole run", found.seconds, run.metrics.total_seconds, found.peak_mib, None)]
