"""Whole runs that are stopped with Ctrl-C: what is scored, and what the reader is told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import whole_runs
from whole_runs import FILMS, read, stopping, write_films

from pipeline.core.fits import Fit


def perform(folder: Path, texts: Iterable[str] = FILMS, **options: Any) -> Path:
    """Run linear models."""
    write_films(folder, list(texts))
    return whole_runs.perform(folder, **{"run_models": "majority,bow,tfidf"} | options)


def stopped(folder: Path, **options: Any) -> tuple[dict[str, Any], str]:
    """Return metrics and report of a run that Ctrl-C ends."""
    with pytest.raises(KeyboardInterrupt):
        perform(folder, **options)
    return read(folder / "run"), (folder / "run" / "report.md").read_text(encoding="utf-8")


def test_a_run_stopped_in_a_later_fold_is_scored_on_the_folds_that_are_whole(tmp_path: Path) -> None:
    metrics, report = stopped(tmp_path, corpus_folds=3, executors=stopping("tfidf", fold=2))
    warning = (
        "the run did not end, so that only folds 0, 1 of 3 can be compared on the same test documents:"
        " the predictions of bow fold 2, majority fold 2 are left out [predictions-left-out]"
    )
    assert warning in metrics["warnings"]
    assert f"- {warning.partition(' [')[0]}" in report
    assert sorted((row["name"], row["fold"]) for row in metrics["results"]) == [
        (name, fold) for name in ("bow", "majority", "tfidf") for fold in (0, 1)
    ]
    assert metrics["corpus"]["tested"] == 40
    assert len(metrics["timing"]) == 8  # what was left out took its time too
    assert "8 of 9 fits finished. Not finished: tfidf fold 2." in report


def test_predictions_whose_fit_was_not_recorded_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes when the folder takes in the third fit, whose predictions are written by then."""
    of_row, taken = Fit.of_row, []

    def interrupted(row: Any) -> Fit:
        taken.append(row)
        if len(taken) == 3:
            raise KeyboardInterrupt
        return of_row(row)

    monkeypatch.setattr(Fit, "of_row", interrupted)
    metrics, report = stopped(tmp_path)
    warning = (
        "stopped before the fit was recorded: the predictions of tfidf are left out [predictions-left-out]"
    )
    assert warning in metrics["warnings"]
    assert f"- {warning.partition(' [')[0]}" in report
    assert [row["name"] for row in metrics["results"]] == ["bow", "majority"]
    assert metrics["corpus"]["tested"] == 12


def test_the_support_of_a_class_counts_each_document_once_over_folds(tmp_path: Path) -> None:
    run = perform(tmp_path, run_models="bow", corpus_folds=3)
    (model,) = read(run, "details/scores.json")["models"]
    assert [row["support"] for row in model["per_class"]] == [30, 30]


def test_test_documents_that_also_train_are_warned_of(tmp_path: Path) -> None:
    texts = [*FILMS[:58], "Good  film number0", "a bad one"]
    tested = write_films(tmp_path / "tested", texts[58:])
    run = perform(tmp_path, texts[:58], corpus_test=str(tested))
    warning = (
        "1 of 2 test documents also stands among the training or validation documents:"
        " a right answer on it is no evidence [test-documents-seen]"
    )
    assert warning in read(run)["warnings"]
    head = (run / "report.md").read_text(encoding="utf-8").split("## ")[0]
    assert f"> **{warning.removesuffix(' [test-documents-seen]')}**" in head
