"""Runs that SIGKILL ends, each at another moment, in a process of its own: `report` finishes their folders."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from killed import SETTINGS, described, is_unfinished, killed, read

from pipeline.commands import unfinished
from pipeline.commands.run import run_experiment
from pipeline.commands.unfinished import finish
from pipeline.commands.verify import verify
from pipeline.core.console import Console
from pipeline.core.fits import FitKey
from pipeline.experiment import conclude
from pipeline.experiment.plan import plan_models
from pipeline.experiment.planned_run import PlannedRun
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.journal import Journal
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config
from pipeline.tasks.answers import Predictions

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")

RECORDED = "core.fits", "Fit.of_row"  # the folder takes a fit in, whose predictions are written by then


def finished(run: Path) -> dict[str, Any]:
    """Return the metrics of a killed run's folder once it is finished, and agrees with itself."""
    finish(run, Console(silent=True))
    assert verify(run).differences == ()
    assert list(run.rglob("*.part")) == []
    return read(run)


NOTHING = (
    "the run was killed before its report was written; `python -m pipeline report` wrote it; nothing is missing"
    " [run-ended-early]"
)


def lacking(what: str) -> str:
    return (
        "the run was killed before its report was written; `python -m pipeline report` wrote it;"
        f" missing: {what} [run-ended-early]"
    )


# --- between the fits


@pytest.mark.slow
def test_a_run_that_is_killed_during_a_fit_has_a_report_of_those_before(tmp_path: Path) -> None:
    run = killed(tmp_path, ("experiment.fit_linear", "_fit"), call=3)
    assert not (run / "metrics.json").exists()
    metrics = finished(run)
    assert [row["name"] for row in metrics["results"]] == ["bow", "majority"]
    assert lacking("the fits of tfidf") in metrics["warnings"]
    report = (run / "report.md").read_text(encoding="utf-8")
    assert "This run was killed before it ended: 2 of 3 fits finished. Not finished: tfidf." in report
    assert read(run, "details/status.json")["state"] == read(run, "details/run.json")["state"] == "killed"
    stages = [row["stage"] for row in metrics["stages"]]
    assert stages[:2] == [f"Reading {tmp_path / 'films.csv'}", "Tokenising"]
    assert metrics["total_seconds"] > 0


@pytest.mark.slow
def test_predictions_whose_fit_was_not_recorded_are_left_out(tmp_path: Path) -> None:
    run = killed(tmp_path, RECORDED, call=3)
    assert len(list((run / "predictions").iterdir())) == 3
    metrics = finished(run)
    assert [row["name"] for row in metrics["results"]] == ["bow", "majority"]
    left_out = (
        "stopped before the fit was recorded: the predictions of tfidf are left out [predictions-left-out]"
    )
    assert left_out in metrics["warnings"]
    assert lacking("the fits of tfidf") in metrics["warnings"]
    assert [one["name"] for one in read(run, "details/choices.json")] == [
        "bow"
    ]  # tfidf's was told before its fit


@pytest.mark.longer
def test_whole_folds_are_compared(tmp_path: Path) -> None:
    run = killed(tmp_path, RECORDED, call=9, corpus_folds=3)
    metrics = finished(run)
    assert sorted((row["name"], row["fold"]) for row in metrics["results"]) == [
        (name, fold) for name in ("bow", "majority", "tfidf") for fold in (0, 1)
    ]
    assert metrics["corpus"]["tested"] == 40
    assert lacking("the fits of tfidf fold 2") in metrics["warnings"]


@pytest.mark.slow
def test_a_run_that_is_killed_before_any_fit_has_a_report_too(tmp_path: Path) -> None:
    metrics = finished(killed(tmp_path, ("experiment.fit_linear", "_fit")))
    assert metrics["results"] == []
    assert lacking("the fits of majority, bow, tfidf") in metrics["warnings"]


@pytest.mark.slow
def test_a_learning_curve_is_said_to_lack_its_last_sets(tmp_path: Path) -> None:
    run = killed(
        tmp_path, RECORDED, call=13, n_docs=320, run_learning_curve=True
    )  # the first fit of set 4 of 6: three sets of 57 documents are whole
    metrics = finished(run)
    assert lacking("fits of the learning curve") in metrics["warnings"]
    assert metrics["learning_curve"]["sizes"] == [57, 230]
    assert len(metrics["results"]) == 3


def test_a_network_has_one_seed_on_each_smaller_set_and_no_other_is_missed(tmp_path: Path) -> None:
    planned = plan_models(("bow", "lstm"), ("learned",))
    run = PlannedRun(Config(), Any, planned, RunFolder(path=tmp_path))  # type: ignore[arg-type]
    run.folder.tell("curve", {"sets": [{"set": 1, "train": 50}, {"set": 0, "train": 100}]})
    answers = Predictions(np.array([0]), np.array([0], np.int32), np.array([[1.0, 0.0]], np.float32))
    for name in ("bow", "lstm@learned"):
        assert not unfinished.curve_is_whole(run)
        curve = replace(run.folder.for_curve(), label_names=("bad", "good"))
        curve.write_predictions(FitKey(name, 0, 1), answers)
    assert unfinished.curve_is_whole(run)


# --- between the last fit and the end


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the metrics of the same run when nothing kills it."""
    settings = load_config(None, SETTINGS, described(tmp_path_factory.mktemp("whole")))
    run = run_experiment(settings, Console(silent=True), "embedseq films.csv")
    assert not is_unfinished(run)
    return read(run)


def slow(*case: Any) -> Any:
    return pytest.param(*case, marks=pytest.mark.slow)


@pytest.mark.longer
@pytest.mark.parametrize(
    ("place", "call", "already"),
    [
        (("commands.run", "conclude"), 1, False),
        slow(("experiment.conclude", "score_run"), 1, False),
        slow(("experiment.conclude", "write_scores"), 1, False),
        slow(("report", "draw_report"), 1, False),
        slow(("experiment.conclude", "documents_shown"), 1, True),
        (("experiment.conclude", "word_contributions"), 1, True),
        slow(("experiment.conclude", "make_receipts"), 2, True),
        slow(("run_folder.folder", "RunFolder.close"), 1, True),
    ],
)
def test_after_the_last_fit_nothing_is_lost(
    tmp_path: Path, whole: dict[str, Any], place: tuple[str, str], call: int, already: bool
) -> None:
    run = killed(tmp_path, place, call)
    assert (run / "report.md").exists() is already
    if already:
        assert read(run)["results"] == whole["results"]
    metrics = finished(run)
    same = ("results", "summary", "comparisons", "verdict", "slices", "hard_documents", "contamination")
    assert {key: metrics[key] for key in same} == {key: whole[key] for key in same}
    assert [row["name"] for row in metrics["costs"]] == [row["name"] for row in whole["costs"]]
    before_its_end = place == ("commands.run", "conclude")
    assert (NOTHING in metrics["warnings"]) is before_its_end
    assert read(run, "details/contributions.json")["documents"]
    assert read(run, "details/documents_shown.json")
    assert is_unfinished(run) is before_its_end


def test_what_decorates_the_report_cannot_cost_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error there leaves a run that ended, with scores and report, and `report` tries again."""

    def fail(*arguments: Any) -> None:
        raise MemoryError("12 GiB asked for")

    told = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(conclude, "word_contributions", fail)
        run = run_experiment(load_config(None, SETTINGS, described(tmp_path)), Console(told), "")
    assert (
        "warning: texts or word contributions could not be added to the report (MemoryError: 12 GiB asked for);"
        f" `python -m pipeline report {run}` tries again [report-without-texts]"
    ) in told.getvalue()
    assert read(run, "details/status.json")["state"] == "done"
    assert len(read(run)["results"]) == 3
    assert (run / "report.html").exists()
    assert is_unfinished(run)
    metrics = finished(run)
    assert not any("killed" in text for text in metrics["warnings"])
    assert read(run, "details/contributions.json")["documents"]
    assert not is_unfinished(run)


@pytest.mark.longer
def test_without_the_corpus_the_scores_are_there_and_the_texts_can_be_added_later(tmp_path: Path) -> None:
    run = killed(tmp_path, ("experiment.conclude", "score_run"))
    (tmp_path / "films.csv").rename(tmp_path / "away.csv")
    assert len(finished(run)["results"]) == 3
    assert not (run / "details" / "documents_shown.json").exists()
    (tmp_path / "away.csv").rename(tmp_path / "films.csv")
    finished(run)
    assert read(run, "details/contributions.json")["documents"]
    assert not is_unfinished(run)


@pytest.mark.slow
def test_texts_of_another_corpus_are_not_shown(tmp_path: Path) -> None:
    run = killed(tmp_path, ("experiment.conclude", "score_run"))
    films = tmp_path / "films.csv"
    films.write_text(films.read_text().replace("film", "song"))
    assert len(finished(run)["results"]) == 3
    assert not (run / "details" / "documents_shown.json").exists()
    assert not is_unfinished(run)  # it will not be the same corpus again


# --- networks, other processes, the command


@pytest.mark.slow
def test_a_network_without_its_probes_and_answers_made_elsewhere(tmp_path: Path) -> None:
    outside = tmp_path / "theirs.csv"
    outside.write_text("document,predicted\n" + "".join(f"{n},pos\n" for n in range(60)))
    run = killed(
        tmp_path,
        ("experiment.probe_fitted", "probe_network"),
        run_models="bow,ann",
        run_embeddings="learned",
        run_compare=str(outside),
        corpus_folds=2,
    )
    metrics = finished(run)
    assert [(row["name"], row["fold"]) for row in metrics["results"]] == [
        (name, fold) for name in ("ann@learned", "bow", "theirs") for fold in (0, 1)
    ]  # probes come when nothing else is left to do
    assert lacking("the probes of ann@learned") in metrics["warnings"]
    assert [one["name"] for one in read(run, "details/histories.json")] == ["ann@learned"] * 2
    assert read(run, "details/neighbours.json")[-1]["source"] == "ann@learned"
    assert metrics["embeddings"][0]["source"] == "learned"


@pytest.mark.slow
def test_workers_end_with_the_run_and_what_they_had_told_is_kept(tmp_path: Path) -> None:
    """The second of two fits in worker processes is told to the first process, which is killed then."""
    run = killed(tmp_path, RECORDED, call=3, corpus_folds=4, run_side_by_side=2)
    children = json.loads((tmp_path / "children.json").read_text())
    assert len(children) >= 2
    deadline = time.monotonic() + 20
    while any(psutil.pid_exists(child) for child in children):
        assert time.monotonic() < deadline, "a worker goes on without its run"
        time.sleep(0.1)
    metrics = finished(run)
    assert len([line for line in metrics["timing"] if line["at_once"] == 2]) == 2


@pytest.mark.slow
def test_the_command_finishes_a_run_and_verify_asks_for_it(tmp_path: Path) -> None:
    run = killed(tmp_path, ("experiment.conclude", "score_run"))

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline", *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )

    before = command("verify", str(run))
    assert (before.returncode, before.stderr) == (
        2,
        f"{run}: the run did not come to its end: it has no metrics.json;"
        " finish it with `python -m pipeline report` [not-a-finished-run]\n",
    )
    drawn = command("report", str(run))
    assert (drawn.returncode, drawn.stdout.splitlines()[-1]) == (0, f"Report: {run / 'report.html'}")
    after = command("verify", str(run))
    assert (after.returncode, after.stdout.splitlines()[-1]) == (0, "Everything agrees.")


def test_a_run_that_a_full_disk_ended_says_so_though_its_end_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Journal, kind: str, *_: Any) -> None:
        raise OSError(28, f"No space left on device for {kind}")

    monkeypatch.setattr(Journal, "write", full)
    with pytest.raises(OSError, match="for "):
        run_experiment(load_config(None, SETTINGS, described(tmp_path)), Console(silent=True), "films.csv")
