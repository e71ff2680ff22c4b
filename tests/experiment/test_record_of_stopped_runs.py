"""Whole runs that are stopped with Ctrl-C: what is scored, and what the reader is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.core.fits import Fit
from pipeline.experiment import fit_linear
from pipeline.settings.reading import load_config


def perform(folder: Path, texts: list[str], **options: object) -> Path:
    """Run linear models on documents of two classes in turn."""
    labels = [("pos", "neg")[number % 2] for number in range(len(texts))]
    pl.DataFrame({"text": texts, "label": labels}).write_csv(folder / "films.csv")
    given: dict[str, object] = {
        "corpus.path": str(folder / "films.csv"),
        "run.out": str(folder / "run"),
        "run.models": "majority,bow,tfidf",
    }
    given |= {key.replace("_", ".", 1): value for key, value in options.items()}
    return run_experiment(load_config(None, (), given), Console(silent=True), "")


FILMS = [f"{('good', 'bad')[number % 2]} film number{number}" for number in range(60)]


def stop_at(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, call: int) -> None:
    """Let the person press Ctrl-C when `place.name` is called for the `call`-th time, from 1."""
    original: Callable[..., Any] = getattr(place, name)
    calls = iter(range(1, 1000))

    def called(*arguments: Any, **named: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return original(*arguments, **named)

    monkeypatch.setattr(place, name, called)


def stopped(folder: Path, **options: object) -> tuple[dict[str, Any], str]:
    """Return metrics and report of a run that Ctrl-C ends."""
    with pytest.raises(KeyboardInterrupt):
        perform(folder, FILMS, **options)
    run = folder / "run"
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return metrics, (run / "report.md").read_text(encoding="utf-8")


def test_a_run_stopped_in_a_later_fold_is_scored_on_the_folds_that_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, fit_linear, "_fit", 9)  # tfidf in the last of three folds
    metrics, report = stopped(tmp_path, corpus_folds=3)
    warning = (
        "the run did not end, so that only folds 0, 1 of 3 can be compared on the same test documents:"
        " the predictions of bow fold 2, majority fold 2 are left out"
    )
    assert warning in metrics["warnings"]
    assert f"- {warning}" in report
    assert sorted((row["name"], row["fold"]) for row in metrics["results"]) == [
        (name, fold) for name in ("bow", "majority", "tfidf") for fold in (0, 1)
    ]
    assert metrics["corpus"]["tested"] == 40
    assert len(metrics["timing"]) == 8  # what was left out took its time too
    assert "8 of 9 fits finished. Not finished: tfidf fold 2." in report


def test_predictions_whose_fit_was_not_recorded_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, Fit, "of_row", 3)  # its predictions are written by then
    metrics, report = stopped(tmp_path)
    warning = "stopped before the fit was recorded: the predictions of tfidf are left out"
    assert warning in metrics["warnings"]
    assert f"- {warning}" in report
    assert [row["name"] for row in metrics["results"]] == ["bow", "majority"]
    assert metrics["corpus"]["tested"] == 12


def test_the_support_of_a_class_counts_each_document_once_over_folds(tmp_path: Path) -> None:
    run = perform(tmp_path, FILMS, run_models="bow", corpus_folds=3)
    (model,) = json.loads((run / "details" / "scores.json").read_text(encoding="utf-8"))["models"]
    assert [row["support"] for row in model["per_class"]] == [30, 30]


def test_test_documents_that_also_train_are_warned_of(tmp_path: Path) -> None:
    texts = [*FILMS[:58], "Good  film number0", "a bad one"]
    pl.DataFrame({"text": texts[58:], "label": ["pos", "neg"]}).write_csv(tmp_path / "test.csv")
    run = perform(tmp_path, texts[:58], corpus_test=str(tmp_path / "test.csv"))
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    warning = (
        "1 of 2 test documents also stands among the training or validation documents:"
        " a right answer on it is no evidence"
    )
    assert warning in metrics["warnings"]
    head = (run / "report.md").read_text(encoding="utf-8").split("## ")[0]
    assert f"> **{warning}" in head
