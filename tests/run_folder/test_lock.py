"""Who may write into a run folder: real processes race for one, are killed in it, and are told from others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.run_folder import lock
from pipeline.run_folder.lock import LOCK, Holder, RunLock, check_free

ROOT = Path(__file__).parents[2]
# Takes the folder when the file `go` is there, says so, and holds it until it is ended.
HOLDER = """
import sys, time
from pathlib import Path
from pipeline.core.errors import PipelineError
from pipeline.run_folder.lock import RunLock

run, go = map(Path, sys.argv[1:])
print("ready", flush=True)
while not go.exists():
    time.sleep(0.001)
try:
    lock = RunLock.take(run, lambda text: print("told", text, flush=True))
except PipelineError as error:
    print("refused", error, flush=True)
else:
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    """Give a list of processes that are ended after the test."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def hold(run: Path, go: Path, processes: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    """Start a process that takes the folder when `go` is there, and return it when it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run), str(go)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    processes.append(process)
    assert said(process) == "ready"
    return process


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def folder(tmp_path: Path) -> Path:
    run = tmp_path / "run"
    run.mkdir()
    return run


def elsewhere(run: Path, seconds_ago: float = 0.0, beat: int = 7) -> Holder:
    """Write the file of a holder on another machine, whose last sign of life was so long ago; return the holder."""
    holder = replace(Holder.of_this_process(), host="cupboard", machine="another", process=12, beat=beat)
    holder = replace(holder, user="ada", since="2026-11-30T10:00:00+00:00")
    (run / LOCK).write_text(json.dumps(asdict(holder)), encoding="utf-8")
    at = time.time() - seconds_ago
    os.utime(run / LOCK, (at, at))
    return holder


def refusal(run: Path) -> str:
    with pytest.raises(PipelineError) as error:
        RunLock.take(run, print)
    return str(error.value)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let signs of life follow each other fast, and a silent holder be watched for a second."""
    monkeypatch.setattr(lock, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(lock, "WATCH_SECONDS", 1.0)


# --- this machine


@pytest.mark.longer
@pytest.mark.parametrize("dead", [False, True], ids=["free", "left by a killed process"])
def test_of_processes_that_race_for_a_folder_exactly_one_has_it(
    tmp_path: Path, processes: list[subprocess.Popen[str]], dead: bool
) -> None:
    run, go = folder(tmp_path), tmp_path / "go"
    if dead:
        first = hold(run, tmp_path, processes)
        assert said(first) == "held"
        first.kill()
        first.wait()
    racing = [hold(run, go, processes) for _ in range(5)]
    go.touch()
    words = [said(process) for process in racing]
    told = [word for word in words if word.startswith("told")]
    assert len(told) == dead
    words = [said(process) if word in told else word for process, word in zip(racing, words, strict=True)]
    winner = racing[words.index("held")]
    assert sorted(word.split()[0] for word in words) == ["held", *["refused"] * 4]
    assert json.loads((run / LOCK).read_text())["process"] == winner.pid
    in_use = f"refused {run}: it is in use by process {winner.pid} of "
    assert all(word.startswith(in_use) for word in words if word != "held")


def test_a_killed_holder_is_taken_over_and_said(
    tmp_path: Path, processes: list[subprocess.Popen[str]]
) -> None:
    run = folder(tmp_path)
    first = hold(run, tmp_path, processes)
    assert said(first) == "held"
    holder = Holder(**json.loads((run / LOCK).read_text()))
    first.send_signal(signal.SIGKILL)
    first.wait()
    told: list[str] = []
    with RunLock.take(run, told.append):
        assert told == [f"{run} was held by {holder}; that process is gone, and this one takes over"]
        assert str(holder).startswith(f"process {first.pid} of ")


def test_a_holder_that_only_sleeps_is_left_alone(
    tmp_path: Path, processes: list[subprocess.Popen[str]]
) -> None:
    """A process of this machine that is stopped gives no sign, and will go on."""
    run = folder(tmp_path)
    first = hold(run, tmp_path, processes)
    assert said(first) == "held"
    first.send_signal(signal.SIGSTOP)
    os.utime(run / LOCK, (0, 0))
    assert f"it is in use by process {first.pid} of " in refusal(run)
    with pytest.raises(PipelineError):
        check_free(run)


def test_a_folder_is_let_go_with_the_block_and_an_empty_one_goes_with_it(tmp_path: Path) -> None:
    run = folder(tmp_path)
    with RunLock.take(run, print):
        (run / "file").touch()
        assert "wait until that has ended, or end it" in refusal(run)
    assert [file.name for file in run.iterdir()] == ["file"]
    check_free(run)
    (run / "file").unlink()
    with RunLock.take(run, print):
        pass
    assert not run.exists()


@pytest.mark.usefixtures("hurried")
def test_the_number_of_a_process_that_another_has_now_is_no_holder(tmp_path: Path) -> None:
    """As after a clock that was set, from which the time of creation is reckoned: only a sign of life tells."""
    run = folder(tmp_path)
    holder = replace(Holder.of_this_process(), created=1.0, beat=3)
    (run / LOCK).write_text(json.dumps(asdict(holder)), encoding="utf-8")
    told: list[str] = []
    with RunLock.take(run, told.append):
        assert len(told) == 1


@pytest.mark.usefixtures("hurried")
def test_a_clock_that_jumps_costs_no_live_holder_its_folder(tmp_path: Path) -> None:
    """The holder's creation, reckoned from another clock, is not what it was; its signs go on."""
    run = folder(tmp_path)
    with RunLock.take(run, print) as held:
        held._holder = replace(held._holder, created=held._holder.created + 3600)
        time.sleep(0.2)
        assert "it is in use by" in refusal(run)
        held.check()


# --- another machine


def test_a_holder_elsewhere_with_a_young_sign_of_life_is_left_alone(tmp_path: Path) -> None:
    run = folder(tmp_path)
    elsewhere(run, seconds_ago=20)
    assert refusal(run) == (
        f"{run}: it is in use by process 12 of ada on cupboard, since 2026-11-30T10:00:00+00:00,"
        " last sign of life 20 s ago; wait until that has ended, or end it"
    )


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("seconds_ago", [61, -3600], ids=["long ago", "in the future: a clock was set back"])
def test_a_silent_holder_elsewhere_is_watched_and_then_taken_over(tmp_path: Path, seconds_ago: float) -> None:
    run = folder(tmp_path)
    holder = elsewhere(run, seconds_ago)
    told: list[str] = []
    began = time.monotonic()
    with RunLock.take(run, told.append):
        assert time.monotonic() - began >= 1.0
        assert told == [f"{run} was held by {holder}; that process is gone, and this one takes over"]


@pytest.mark.usefixtures("hurried")
def test_a_holder_elsewhere_whose_number_rises_is_there_whatever_the_clocks_say(tmp_path: Path) -> None:
    run = folder(tmp_path)
    elsewhere(run, seconds_ago=3600)
    threading.Timer(0.3, elsewhere, (run, 3600), {"beat": 8}).start()
    # a new token comes with the file that is written by hand: keep the first one
    first = json.loads((run / LOCK).read_text())["token"]
    original = Holder.of_this_process
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Holder, "of_this_process", classmethod(lambda cls: replace(original(), token=first)))
        assert "in use by process 12 of ada on cupboard" in refusal(run)


@pytest.mark.usefixtures("hurried")
def test_a_process_whose_folder_was_taken_over_while_it_slept_writes_nothing_more(tmp_path: Path) -> None:
    run = folder(tmp_path)
    with RunLock.take(run, print) as held:
        held.check()
        other = elsewhere(run)
        held._beats.join(20)  # it gives no further sign
        with pytest.raises(PipelineError) as error:
            held.check()
        assert str(error.value) == (
            f"{run}: {other}, has taken it over while this process gave no sign of life; let that run come to its end"
        )
    assert (
        json.loads((run / LOCK).read_text())["host"] == "cupboard"
    )  # and it does not take that one's file away


# --- files that say nothing


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("content", [b"", b"\x00\xff", b'{"host": 1}'])
def test_a_file_that_names_no_holder_is_watched_too(tmp_path: Path, content: bytes) -> None:
    run = folder(tmp_path)
    (run / LOCK).write_bytes(content)
    assert "it is in use by process 0 of an unknown user on an unknown machine" in refusal(run)
    os.utime(run / LOCK, (0, 0))
    with RunLock.take(run, print):
        assert json.loads((run / LOCK).read_text())["process"] == os.getpid()


def test_signs_of_life_go_on_and_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT_SECONDS", 0.01)
    run = folder(tmp_path)
    with RunLock.take(run, print):
        beats = [0]
        deadline = time.monotonic() + 20
        while beats[-1] < 5 and time.monotonic() < deadline:
            beats.append(json.loads((run / LOCK).read_text())["beat"])  # never half a file
        assert beats == sorted(beats)
        assert beats[-1] >= 5
