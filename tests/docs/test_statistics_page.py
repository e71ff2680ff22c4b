"""docs/explanations/statistics.md: its tables are those of the kept results, simulated as it says."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.results_file import RESULTS, read_result
from benchmarks.statistics_simulated import (
    FOLD_CASES,
    Setting,
    cross_validate,
    measure_setting,
    settings,
    simulate,
)
from benchmarks.statistics_verdicts import DECISIONS, judge, measure_more, more_metrics
from pipeline.evaluation.differences import estimate_difference
from pipeline.evaluation.pooling import pool_folds
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Predictions

sys.path.append(str(Path(__file__).parents[2] / "docs"))

import make_statistics


def test_the_tables_are_those_of_the_results() -> None:
    names = ("statistics", "statistics_references")
    written = make_statistics.tables(*(read_result(RESULTS / f"{name}.json") for name in names))
    page = make_statistics.PAGE.read_text(encoding="utf-8")
    assert make_statistics.fill(page, written) == page


def test_a_line_holds_mean_and_range() -> None:
    rows = [
        {"called_though_equal": 0.04, "coverage": 0.96, "power": 0.8},
        {"called_though_equal": 0.06, "coverage": 0.95, "power": 0.7},
    ]
    assert make_statistics._table("seeds", [("5", rows), ("10", [])]).splitlines() == [
        "| seeds | settings | equal models told apart | 95 % intervals that hold the truth | power |",
        "| --- | --- | --- | --- | --- |",
        "| 5 | 2 | 5.0 (4.0 to 6.0) | 95.5 (95.0 to 96.0) | 75.0 (70.0 to 80.0) |",
    ]


@pytest.mark.parametrize("against", ["a linear model", "a network"])
def test_simulated_models_have_the_accuracies_that_are_asked_for(against: str) -> None:
    setting = Setting(3, 500, 0.9, "some luck", against)
    studies = list(simulate(setting, (0.0, 0.05), 400, np.random.default_rng(1)))
    assert {(a.shape, b.shape) for study in studies for a, b in study} == {
        ((3, 500), (1 if against == "a linear model" else 3, 500))
    }
    # the means of 400 tables of 3 x 500; seeds spread by a point
    for number, difference in enumerate((0.0, 0.05)):
        found = [study[number][0].mean() - study[number][1].mean() for study in studies]
        assert np.mean(found) == pytest.approx(difference, abs=0.003)


def test_one_seed_compares_two_fixed_models() -> None:
    setting = Setting(1, 400, 0.8, "much luck", "a linear model")
    row = measure_setting(setting, 0, 400)
    assert row["coverage"] == pytest.approx(0.95, abs=0.03)
    assert row["called_though_equal"] == pytest.approx(0.05, abs=0.04)
    assert row["power"] == pytest.approx(0.8, abs=0.08)
    assert len(settings()) == len(set(settings()))


def test_the_simulation_judges_as_the_product_does() -> None:
    generator = np.random.default_rng(0)
    for n_docs, n_seeds in ((300, 2), (12, 3)):
        labels = np.ones(n_docs, np.int32)
        right = [generator.random((seeds, n_docs)) < 0.8 for seeds in (n_seeds, 1)]
        runs = [
            pool_folds(
                SavedPredictions(name, seed, 0, "h", ("no", "yes"), _answers(labels, row))
                for seed, row in enumerate(table)
            )[name]
            for name, table in zip("ab", right, strict=True)
        ]
        ours, theirs = judge(*(table.astype(float) for table in right)), estimate_difference(*runs)
        assert ours.interval == pytest.approx(theirs.interval)
        assert ours.p_value == pytest.approx(theirs.p_value)
        assert (ours.few is None) == (theirs.few is None) == (n_docs == 300)


def _answers(labels: np.ndarray, right: np.ndarray) -> Predictions:
    table = np.stack([~right, right], axis=1).astype(np.float32)
    return Predictions(np.arange(len(labels)), labels, table)


def test_the_other_simulations_in_small() -> None:
    found = measure_more(6)
    assert {name: len(rows) for name, rows in found.items()} == {
        "copies": 3,
        "metrics": 8,
        "small": 4,
        "verdicts": 4,
        "power": 9,
    }
    assert [row["documents"] for row in found["copies"]] == [445, 545, 891]
    assert all(sum(row[decision] for decision in DECISIONS) == pytest.approx(1) for row in found["verdicts"])
    assert {metric.id for metric in more_metrics(found)} >= {
        "called_on_copies",
        "false_beats",
        "verdict_power_11",
    }


def test_every_document_is_tested_in_one_fold() -> None:
    case = FOLD_CASES[3]
    differences, fold_of = cross_validate(case, np.random.default_rng(0))
    assert differences.shape == (3, 300)
    assert np.bincount(fold_of).tolist() == [60] * 5
    assert set(np.unique(differences)) == {-1.0, 0.0, 1.0}
    assert (differences != differences[0]).any()  # trees differ by seed
