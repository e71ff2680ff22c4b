"""What `--seeds auto` does to the comparison with a baseline: `python -m benchmarks.seeds_added`, a table.

A network and a linear model are equally good; three seeds, six, or as many as the rule asks for, of the same made-up
results (`statistics_simulated`). In the last rows one training in ten collapses: 7 % of its right answers go wrong,
so that the network is 0.7 % of its accuracy worse, and those rows are not of equal models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.statistics_simulated import LEVEL, Setting, simulate
from pipeline.core.values import Float64
from pipeline.evaluation.estimates import split_variance, unpaired_estimate
from pipeline.evaluation.seeds import ENOUGH_SHARE
from pipeline.settings.run import FIRST_SEEDS, MOST_SEEDS

REPEATS, SEED = 2000, 20_261_130
TESTS = ((445, 0.97), (445, 0.9), (2000, 0.9))  # documents, accuracy
NOISES = ("steady seeds", "some luck", "much luck", "documents by chance")
COLLAPSES, LOST = 0.1, 0.07  # share of the trainings that collapse, and of their right answers that go wrong


@dataclass(frozen=True)
class Rates:
    """What one number of seeds gives: shares of the comparisons, median half width in points, mean number of seeds."""

    called: float
    held: float
    half_width: float
    seeds: float


def enough(differences: Float64) -> int:
    """Return the number of seeds at which the rule stops; `differences` float64 (S, N), S the bound."""
    for n_seeds in range(FIRST_SEEDS, len(differences)):
        if share(differences[:n_seeds]) <= ENOUGH_SHARE:
            return n_seeds
    return len(differences)


def share(differences: Float64) -> float:
    """Return the seeds' share of the variance, as `seeds_share` has it: the baseline is part of the differences."""
    parts = split_variance(differences, np.zeros((1, differences.shape[1])))
    return sum(parts.seeds) / max(parts.total, 2 / (differences.shape[1] + 2) ** 2)


def rates(tables: list[Float64], counts: list[int], true: float) -> Rates:
    """Return the rates of the comparisons with so many of each table's seeds."""
    estimates = [
        unpaired_estimate(table[:count], np.zeros((1, table.shape[1])))
        for table, count in zip(tables, counts, strict=True)
    ]
    ends = np.array([estimate.interval for estimate in estimates])  # (R, 2)
    return Rates(
        called=float(np.mean([estimate.p_value < LEVEL for estimate in estimates])),
        held=float(np.mean((ends[:, 0] <= true) & (true <= ends[:, 1]))),
        half_width=float(np.median(ends[:, 1] - ends[:, 0])) / 2,
        seeds=float(np.mean(counts)),
    )


def tables_of(setting: Setting, collapsing: bool, number: int) -> tuple[list[Float64], float]:
    """Return the differences of each repeat, float64 (S, N), and the true one."""
    generator = np.random.default_rng([SEED, number])
    tables = list(simulate(setting, 0.0, REPEATS, generator))
    if not collapsing:
        return tables, 0.0
    return [
        _collapsed(table, setting.accuracy, generator) for table in tables
    ], -COLLAPSES * LOST * setting.accuracy


def _collapsed(table: Float64, accuracy: float, generator: np.random.Generator) -> Float64:
    """Return differences in which some seeds lose `LOST` of what they have right, in the mean."""
    fallen = generator.random((len(table), 1)) < COLLAPSES
    lost = generator.random(table.shape) < LOST * accuracy
    return table - (fallen & lost)


def rows() -> Iterator[tuple[str, str, list[Rates]]]:
    """Yield noise, test, and the rates with three seeds, with six and by the rule."""
    cases = [(noise, test, False) for noise in NOISES for test in TESTS]
    cases += [("some luck", test, True) for test in TESTS]
    for number, (noise, (n_docs, accuracy), collapsing) in enumerate(cases):
        setting = Setting(MOST_SEEDS, n_docs, accuracy, noise, "a linear model")
        tables, true = tables_of(setting, collapsing, number)
        counts = [[FIRST_SEEDS] * REPEATS, [MOST_SEEDS] * REPEATS, [enough(table) for table in tables]]
        name = f"{noise}, one in ten collapses" if collapsing else noise
        yield name, f"{n_docs:,}, {accuracy:.0%}", [rates(tables, count, true) for count in counts]


def main() -> None:
    """Print the table."""
    print("| noise | documents, accuracy | called, 3 / 6 / auto | held, 3 / 6 / auto | half width | seeds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for noise, test, found in rows():
        called = " / ".join(f"{100 * one.called:.1f}" for one in found)
        held = " / ".join(f"{100 * one.held:.1f}" for one in found)
        width = " / ".join(f"{100 * one.half_width:.1f}" for one in found)
        print(f"| {noise} | {test} | {called} | {held} | {width} | {found[-1].seeds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
