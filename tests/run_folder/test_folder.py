"""The folder of a run that is being filled: what it is given, it holds, and holds again after a kill."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from pipeline.core.fits import (
    Fit,
    FitKey,
    FitResult,
    ModelFiles,
    ProbesResult,
    Score,
    SecondTraining,
    SourceResult,
    Trial,
    TrialResult,
)
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.predictions import prediction_path, read_predictions
from pipeline.run_folder.stopped import StoppedRun
from pipeline.tasks.answers import Predictions

ANSWERS = Predictions(
    np.array([4, 7]), np.array([0, 1], np.int32), np.array([[0.75, 0.25], [0.5, 0.5]], np.float32)
)
AGAIN = SecondTraining(1, 0.5, 0.25, 0.125)
FIT = Fit("lstm@word2vec", 1, 0, fit_seconds=2.5, warnings=("it read little",), again=AGAIN)
NETWORK = FitResult(
    FIT,
    ANSWERS,
    ModelFiles("model", "lstm@word2vec", {"kernel": np.eye(2)}, {"name": "lstm@word2vec"}),
    course={"name": "lstm@word2vec", "evaluations": [{"updates": 8}]},
    neighbours={"source": "lstm@word2vec", "words": []},
    gpu="a card",
)
TRIAL = Trial(1, {"networks.units": 8}, Score(0.5, 0.7), 1.5)


def filled(path: Path) -> RunFolder:
    """Return a run folder that was given one result of each kind."""
    folder = RunFolder.create(path, ("bad", "good"), "hash", {"about": "films"})
    folder.keep(
        SourceResult(
            ("few words",),
            "word2vec",
            0,
            ("word2vec",),
            embedding={"source": "word2vec"},
            tokens={"vocabulary": 9},
        )
    )
    folder.keep(TrialResult("lstm@word2vec", "lstm", 0, TRIAL))
    folder.keep(NETWORK)
    folder.keep(ProbesResult("lstm@word2vec", 0, {"name": "lstm@word2vec", "probes": {"states": {}}}))
    folder.note("few words")
    folder.note("few documents")
    return folder


def test_predictions_and_models_are_files(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    assert folder.done() == {FitKey("lstm@word2vec", 1, 0)}
    saved = read_predictions(prediction_path(tmp_path, "lstm@word2vec", 1, 0))
    assert (saved.name, saved.seed, saved.fold, saved.corpus_hash) == ("lstm@word2vec", 1, 0, "hash")
    np.testing.assert_array_equal(saved.predictions.probabilities, ANSWERS.probabilities)
    names = {file.name for file in (tmp_path / "models" / "lstm@word2vec").iterdir()}
    assert names == {"weights.safetensors", "golden.json", "model.json"}


def test_a_killed_run_is_read_again_as_it_was(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    (tmp_path / "details" / ".fits.json.x.part").touch()
    stopped = StoppedRun.read(tmp_path)
    again = RunFolder.of(stopped)
    assert stopped.begin["about"] == "films"
    assert list(tmp_path.rglob("*.part")) == []
    assert again.notes == ["few words", "few documents"]
    kept = ("fits", "trials", "courses", "embeddings", "neighbours", "token_facts", "probed", "gpu")
    for name in kept:
        assert getattr(again, name), name
        assert getattr(again, name) == getattr(folder, name), name
    assert (again.state, again.total_seconds >= 0) == ("killed", True)


def test_a_fit_whose_second_training_came_to_nothing_keeps_what_is_known_of_the_first(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    folder.keep(FitResult(replace(FIT, fit_seconds=4.0)))
    assert [fit.fit_seconds for fit in folder.fits.values()] == [4.0]
    assert folder.courses == {FIT.key: NETWORK.course}
    assert prediction_path(tmp_path, *FIT.key).exists()


def test_the_fits_of_the_curve_have_a_journal_of_their_own(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    before = (tmp_path / "details" / "journal.jsonl").read_bytes()
    curve = folder.for_curve()
    curve.keep(FitResult(Fit("bow", 0, 3), ANSWERS))
    assert (tmp_path / "details" / "learning_curve" / "predictions" / "bow.s0.f3.parquet").exists()
    assert curve.has_predictions(FitKey("bow", 0, 3))
    assert (tmp_path / "details" / "journal.jsonl").read_bytes() == before
    assert FitKey("bow", 0, 3) not in folder.done()
    assert folder.for_curve().done() == {FitKey("bow", 0, 3)}
    folder.close()
    assert list(tmp_path.rglob("journal.jsonl")) == []


def test_what_was_written_before_any_fit_is_taken_back_but_for_files_of_others(tmp_path: Path) -> None:
    run = tmp_path / "run"
    folder = RunFolder.create(run, ("bad", "good"), "hash", {})
    folder.write_predictions(FitKey("theirs", 0, 0), ANSWERS)
    folder.write_detail("status", {})
    (run / "config.toml").touch()
    (run / "notes.txt").write_text("mine")
    folder.take_back()
    assert [path.name for path in run.rglob("*")] == ["notes.txt"]


def test_a_fit_is_a_row_and_comes_back_from_it() -> None:
    assert Fit.of_row(asdict(FIT)) == FIT
