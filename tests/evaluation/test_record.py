"""What a run's record keeps of a run that stopped, and the row ledger as metrics.json has it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.values import Dropped
from pipeline.corpus.facts import describe_dropped
from pipeline.evaluation.recorded import predictions_of_whole_folds, recorded_predictions
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Predictions


def saved(name: str, seed: int, fold: int) -> SavedPredictions:
    """Return one right answer, to the document of the fold's number."""
    predictions = Predictions(
        np.array([fold]), np.array([0], dtype=np.int32), np.array([[0.75, 0.25]], dtype=np.float32)
    )
    return SavedPredictions(name, seed, fold, "hash", ("neg", "pos"), predictions)


def keys(entries: list[SavedPredictions]) -> list[tuple[str, int, int]]:
    return [(entry.name, entry.seed, entry.fold) for entry in entries]


# --- which predictions are scored


FOLD_0 = [("bow", 0, 0), ("lstm@learned", 0, 0), ("lstm@learned", 1, 0)]
FOLD_1 = [("bow", 0, 1), ("lstm@learned", 0, 1), ("lstm@learned", 1, 1)]


@pytest.mark.parametrize(
    ("finished", "left_out"),
    [
        (FOLD_0, []),
        (FOLD_0[:2], []),  # stopped in the first fold: its models answer the same documents
        ([*FOLD_0, *FOLD_1], []),
        ([*FOLD_0, FOLD_1[0]], [FOLD_1[0]]),
        ([*FOLD_0, *FOLD_1[:2]], FOLD_1[:2]),  # one seed is missing
        ([*FOLD_0, *FOLD_1, ("bow", 0, 2)], [("bow", 0, 2)]),
        (
            [("bow", 0, 0), ("tfidf", 0, 0), *FOLD_1],
            [("bow", 0, 0), ("tfidf", 0, 0)],
        ),  # none is whole: fold 1 has the most fits
        ([], []),
    ],
)
def test_only_folds_that_every_model_and_seed_finished_are_kept(
    finished: list[tuple[str, int, int]], left_out: list[tuple[str, int, int]]
) -> None:
    kept, others = predictions_of_whole_folds([saved(*fit) for fit in finished])
    assert keys(others) == left_out
    assert keys(kept) == [fit for fit in finished if fit not in left_out]


def test_predictions_without_a_recorded_fit_are_told_apart() -> None:
    entries = [saved("bow", 0, 0), saved("bow", 0, 1), saved("tfidf", 0, 0)]
    kept, others = recorded_predictions(entries, {("bow", 0, 0), ("tfidf", 0, 0), ("ann@learned", 0, 0)})
    assert keys(kept) == [("bow", 0, 0), ("tfidf", 0, 0)]
    assert keys(others) == [("bow", 0, 1)]


# --- the row ledger


def test_the_ledger_has_a_row_for_each_reason_and_file() -> None:
    entries = [
        Dropped("no text", "train.csv", (3, 9), (5, 11)),
        Dropped("no label", "train.csv", (4,), (6,)),
        Dropped("no text", "test.csv", (3,), (5,)),
    ]
    assert describe_dropped(entries, {"train.csv", "test.csv"}) == [
        {"reason": "no text", "count": 2, "file": "train.csv", "rows": [3, 9], "lines": [5, 11]},
        {"reason": "no label", "count": 1, "file": "train.csv", "rows": [4], "lines": [6]},
        {"reason": "no text", "count": 1, "file": "test.csv", "rows": [3], "lines": [5]},
    ]


def test_documents_of_a_folder_are_one_row_for_each_reason() -> None:
    entries = [Dropped("no text", f"films/pos/{number}", (number,), ()) for number in range(25)]
    entries.append(Dropped("undecodable bytes", "films/neg/7", (31,), ()))
    assert describe_dropped(entries, {"films"}) == [
        {
            "reason": "no text",
            "count": 25,
            "file": "films/pos/0, films/pos/1, films/pos/2 and 22 more",
            "rows": list(range(20)),
            "lines": [],
        },
        {"reason": "undecodable bytes", "count": 1, "file": "films/neg/7", "rows": [31], "lines": []},
    ]


def test_files_without_lines_are_not_taken_for_documents_of_a_folder() -> None:
    entries = [Dropped("no text", "train.parquet", (3,), ()), Dropped("no text", "test.parquet", (5,), ())]
    assert [row["file"] for row in describe_dropped(entries, {"train.parquet", "test.parquet"})] == [
        "train.parquet",
        "test.parquet",
    ]
