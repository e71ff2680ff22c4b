"""Ctrl-C and --minutes in processes of their own: what had finished is scored, and the same command goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from killed import SETTINGS, described, is_unfinished, read

from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.settings.reading import load_config

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals as POSIX has them")
ROOT = Path(__file__).parents[2]
# a training of hours, whose updates are short
LONG = (
    "networks.max_epochs=1000000",
    "networks.units=4",
    "embeddings.dimension=4",
    "networks.patience=1000000",
)
NETWORK = ("--models", "bow,lstm", "--embeddings", "learned", "--seeds", "1", "--no-probes")


class Command:
    """A run in a process of its own, in a process group of its own as a terminal gives it."""

    def __init__(self, folder: Path, *arguments: str, sets: tuple[str, ...] = LONG) -> None:
        described(folder)
        self.run = folder / "run"
        given = [part for one in sets for part in ("--set", one)]
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-u", "-m", "pipeline", "run", str(folder / "films.csv")),
                *("--out", str(self.run), *arguments, *given),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )

    def wait_for(self, pattern: str, seconds: float = 300) -> None:
        """Wait until the log says something."""
        deadline, log = time.monotonic() + seconds, self.run / "log.txt"
        while not (log.exists() and re.search(pattern, log.read_text(encoding="utf-8"))):
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, "it did not come so far"
            time.sleep(0.05)

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C in the terminal: every process of the group gets it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def ended(self, seconds: float = 300) -> tuple[int, str, str]:
        """Return the exit status, and what was said on both streams."""
        out, err = self.process.communicate(timeout=seconds)
        return self.process.returncode, out, err


@pytest.mark.slow
def test_ctrl_c_once_in_a_training_ends_it_and_scores_what_had_finished(tmp_path: Path) -> None:
    command = Command(tmp_path, *NETWORK)
    command.wait_for("Training lstm.*(started|%)")
    command.press_ctrl_c()
    status, out, err = command.ended()
    run = command.run
    assert status == 130
    assert "Stopping as soon as nothing is lost by it; Ctrl-C again ends at once\n" in out
    assert err == (
        f"Interrupted. Finished: bow; what there is stands in {run}; the same command, with --out {run}, goes on\n"
    )
    assert [row["name"] for row in read(run)["results"]] == ["bow"]
    assert read(run, "details/status.json")["state"] == "interrupted"
    report = (run / "report.md").read_text(encoding="utf-8")
    assert "This run was interrupted: 1 of 2 fits finished. Not finished: lstm@learned." in report
    assert is_unfinished(run)


@pytest.mark.longer
def test_ctrl_c_twice_ends_at_once_and_nothing_that_had_finished_is_lost(tmp_path: Path) -> None:
    # the second training of a linear model takes hours, and looks at no flag
    script = tmp_path / "slow.py"
    script.write_text(
        "import itertools, sys, time\n"
        "from pipeline.experiment import fit_linear\n"
        "from pipeline.cli import main\n"
        "original, calls = fit_linear._fit, itertools.count(1)\n"
        "def fit(*arguments, **named):\n"
        "    if next(calls) == 2:\n"
        "        time.sleep(3600)\n"
        "    return original(*arguments, **named)\n"
        "fit_linear._fit = fit\n"
        "main(sys.argv[1:])\n"
    )
    described(tmp_path)
    run = tmp_path / "run"
    process = subprocess.Popen(
        [
            *(sys.executable, "-u", str(script), "run", str(tmp_path / "films.csv"), "--out", str(run)),
            *("--models", "majority,bow,tfidf", "--set", "run.side_by_side=1"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    wait_until((run / "predictions").is_dir)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: "Stopping" in (run / "log.txt").read_text())
    time.sleep(0.5)
    assert process.poll() is None  # it waits for the model
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - began < 10
    assert not (run / "metrics.json").exists()
    assert is_unfinished(run)
    assert read(run, "details/status.json")["state"] == "interrupted"
    assert "Interrupted. Finished: majority;" in err


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


@pytest.mark.slow
def test_minutes_end_a_run_with_its_scores_in_time_and_without_an_error(tmp_path: Path) -> None:
    command = Command(tmp_path, *NETWORK, "--minutes", "1", "--set", "run.side_by_side=1")
    began = time.monotonic()
    command.wait_for("The time is over: stopping as soon as nothing is lost by it")
    assert (
        30 < time.monotonic() - began < 60
    )  # a quarter of the minute is kept back; starting Python counts here
    command.wait_for("Scoring: started", seconds=15)
    status, out, err = command.ended()
    run = command.run
    assert (status, err) == (0, "")
    assert f"of 2 fits are there; the same command, with --out {run}, goes on\n" in out
    assert read(run, "details/status.json")["state"] == "out of time"
    assert "This run was stopped when its time was over: " in (run / "report.md").read_text(encoding="utf-8")
    assert is_unfinished(run)


def perform(folder: Path, **options: Any) -> Path:
    return run_experiment(load_config(None, SETTINGS, described(folder, **options)), Console(silent=True), "")


@pytest.mark.longer
def test_a_run_that_was_out_of_time_goes_on_to_the_result_of_one_that_was_not(tmp_path: Path) -> None:
    (tmp_path / "stopped").mkdir()
    (tmp_path / "whole").mkdir()
    options = {"corpus_folds": 2, "run_side_by_side": 1}
    stopped = perform(tmp_path / "stopped", run_minutes=0.00001, **options)
    assert read(stopped)["results"] == []
    assert read(stopped, "details/run.json")["state"] == "out of time"
    assert perform(tmp_path / "stopped", **options) == stopped
    whole = perform(tmp_path / "whole", **options)
    same = ("results", "summary", "comparisons", "verdict", "slices", "hard_documents", "warnings")
    first, second = read(stopped), read(whole)
    assert {key: first[key] for key in same} == {key: second[key] for key in same}
    assert not is_unfinished(stopped)


@pytest.mark.slow
def test_workers_end_their_trainings_when_the_first_process_says_so(tmp_path: Path) -> None:
    command = Command(tmp_path, *NETWORK, "--set", "run.side_by_side=2", sets=(*LONG, "corpus.folds=2"))
    command.wait_for("(?s)Training lstm.*Training lstm")
    children = psutil.Process(command.process.pid).children(recursive=True)
    assert len(children) >= 2
    command.press_ctrl_c()
    status, out, err = command.ended(60)
    assert status == 130, err
    assert "ended without a word" not in out
    finished = read(command.run, "details/status.json")["finished"]
    assert set(finished) <= {"bow fold 1", "bow fold 2"}  # what takes longest begins first
    wait_until(lambda: not any(child.is_running() for child in children))
