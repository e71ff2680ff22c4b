"""What the terminal and the log file show, and what `filtered_stderr` lets through."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core import console as console_module
from pipeline.core import noise
from pipeline.core.console import Console
from pipeline.core.noise import NOISE


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def at_second(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets the clock of the console."""
    now = [0.0]
    monkeypatch.setattr(console_module.time, "perf_counter", lambda: now[0])

    def set_clock(seconds: float) -> None:
        now[0] = seconds

    return set_clock


def test_without_a_terminal_a_stage_is_one_line_at_its_end(at_second: Callable[[float], None]) -> None:
    stream = io.StringIO()
    console = Console(stream)
    with console.stage("Training lstm@word2vec", total=20, unit="epochs") as stage:
        for _ in range(5):
            stage.advance(1, note="best validation accuracy 91.2 %")
        at_second(12.34)
    assert stream.getvalue() == (
        "Training lstm@word2vec: 5 of 20 epochs, 12.3 s, best validation accuracy 91.2 %\n"
    )
    assert console.stage_seconds == [("Training lstm@word2vec", 12.34)]


def test_a_long_stage_says_once_a_minute_where_it_is(at_second: Callable[[float], None]) -> None:
    stream = io.StringIO()
    with Console(stream).stage("Training rnn", total=3, unit="epochs") as stage:
        for second in (59, 60, 61):
            at_second(second)
            stage.advance()
    assert stream.getvalue().splitlines() == [
        "Training rnn: 2 of 3 epochs, 60.0 s",
        "Training rnn: 3 of 3 epochs, 61.0 s",
    ]


def test_a_stage_without_a_total_counts_what_was_done(at_second: Callable[[float], None]) -> None:
    stream = io.StringIO()
    console = Console(stream)
    with console.stage("Reading", unit="documents") as stage:
        stage.advance(12000)
    with console.stage("Tokenising"):
        pass
    assert stream.getvalue() == "Reading: 12,000 documents, 0.0 s\nTokenising: 0.0 s\n"


def test_a_stage_that_fails_says_so_and_is_not_counted(at_second: Callable[[float], None]) -> None:
    stream = io.StringIO()
    console = Console(stream)

    def train() -> None:
        with console.stage("Training rnn", total=20, unit="epochs") as stage:
            stage.advance(3)
            at_second(7)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    assert stream.getvalue() == "Training rnn: 3 of 20 epochs, stopped after 7.0 s\n"
    assert console.stage_seconds == []


def test_the_log_holds_every_message_those_before_it_was_opened_too(tmp_path: Path) -> None:
    console = Console(silent=True)
    console.warn("2 labels differ only in case")
    console.log_to(tmp_path / "run" / "log.txt")
    console.say("documents: 3")
    console.log("traceback")
    lines = (tmp_path / "run" / "log.txt").read_text(encoding="utf-8").splitlines()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "
    assert all(re.match(stamp, line) for line in lines)
    assert [re.sub(stamp, "", line) for line in lines] == [
        "warning: 2 labels differ only in case",
        "documents: 3",
        "traceback",
    ]


def test_a_silent_console_writes_nothing_to_its_stream(at_second: Callable[[float], None]) -> None:
    stream = Terminal()
    console = Console(stream, silent=True)
    console.say("a")
    console.warn("b")
    with console.stage("c"):
        pass
    assert stream.getvalue() == ""
    assert console.stage_seconds == [("c", 0.0)]


def test_a_terminal_shows_a_bar_the_note_and_brackets_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CI", raising=False)
    stream = Terminal()
    console = Console(stream)
    with console.stage("Training [bold]", total=20, unit="epochs") as stage:
        stage.advance(5, note="best [91 %]")
        console._bars.refresh()
        console.warn("label [/red] is odd")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert re.search(r"Training \[bold\] \S+ +5/20 epochs \S+ best \[91 %\]", shown)
    assert "warning: label [/red] is odd\n" in shown
    assert re.search(r"Training \[bold\]: 5 of 20 epochs, \d\.\d s, best \[91 %\]\n$", shown)


@pytest.mark.parametrize(("variable", "value"), [("TERM", "dumb"), ("CI", "true")])
def test_a_log_that_looks_like_a_terminal_has_lines_and_no_bars(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    assert Console(Terminal()).draws_bars
    monkeypatch.setenv(variable, value)
    assert not Console(Terminal()).draws_bars


def test_without_colours_no_warning_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    yellow = "\x1b[33m"
    for no_colour in ("", "1"):
        monkeypatch.setenv("NO_COLOR", no_colour)
        stream = Terminal()
        Console(stream).warn("a")
        assert (yellow in stream.getvalue()) is (no_colour == "")


def test_stages_can_stand_inside_each_other_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    console = Console(Terminal())
    with console.stage("outer", total=1), console.stage("inner"):
        pass
    with console.stage("again"):
        pass
    assert [title for title, _ in console.stage_seconds] == ["inner", "outer", "again"]


# Lines as TensorFlow 2.16 to 2.21 and Ray 2.60 print them (first part), and lines that a user needs (second part).
KNOWN_NOISE = """\
2026-01-02 14:44:05.157831: I external/local_xla/xla/tsl/cuda/cudart_stub.cc:32] Could not find cuda drivers
2026-01-02 14:44:05.176998: E external/xla/cuda_fft.cc:467] Unable to register cuFFT factory: Attempting to \
register factory for plugin cuFFT when one has already been registered
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
E0000 00:00:1758131045.203198 3722035 cuda_dnn.cc:8579] Unable to register cuDNN factory: Attempting to \
register factory for plugin cuDNN when one has already been registered
W0000 00:00:1758131045.228000 3722035 computation_placer.cc:177] computation placer already registered. Please
I0000 00:00:1758131045.300000 3722035 gpu_device.cc:2022] Created device /job:localhost
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the appropriate \
compiler flags.
2026-01-02 14:44:07.000000: W tensorflow/compiler/py_utils.cc:38] TF-TRT Warning: Could not find TensorRT
2026-01-02 14:44:09.000000: E xla/cuda_platform.cc:51] failed call to cuInit: INTERNAL: CUDA error: Failed \
call to cuInit: UNKNOWN ERROR (303)
2026-01-02 14:44:09.000000: W tensorflow/local_rendezvous.cc:404] Local rendezvous is aborting \
with status: OUT_OF_RANGE: End of sequence
2026-01-02 14:44:09.000000: W tsl/cpu_impl.cc:83] Allocation of 99 exceeds 10% of free system memory.
[2026-11-30 18:00:25,256 E 27495 31342] task_manager.cc:1545: Failed to push error to driver for task 18b2ad3c
"""
OLDER_NOISE = (  # printed without a level in front, or with another
    "Could not find cuda drivers on your machine, GPU will not be used.",
    "oneDNN custom operations are on. You may see slightly different numerical results",
    "This TensorFlow binary is optimized to use available CPU instructions in performance-critical code.",
)
REAL_ERRORS = """\
2026-01-02 14:44:09.000000: E xla/cuda_executor.cc:10] failed to allocate 2.00GiB: CUDA_ERROR_OUT_OF_MEMORY
2026-01-02 14:44:09.000000: W tensorflow/op_kernel.cc:1] RESOURCE_EXHAUSTED: OOM when allocating tensor
E0000 00:00:1758131045.2 37 cuda_dnn.cc:456] Could not create cudnn handle: CUDNN_STATUS_INTERNAL_ERROR
F0000 00:00:1758131045.2 37 tensor.cc:844] Check failed: dtype() == expected_dtype (3 vs. 1)
Traceback (most recent call last):
"""


def test_the_filter_drops_known_noise_and_shows_the_last_words_of_a_crash() -> None:
    program = (
        "import os, sys; from pipeline.core.noise import filtered_stderr\n"
        "with filtered_stderr():\n"
        "    os.write(2, sys.argv[1].encode())\n"
        "    print('from Python', file=sys.stderr)\n"
        "os.write(2, b'2026-01-02 14:44:05.1: I after the block\\n')\n"
        "with filtered_stderr():\n"
        "    os.write(2, b'last words')\n"
        "    os.abort()\n"
    )
    command = [sys.executable, "-c", program, KNOWN_NOISE + REAL_ERRORS]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    after = "2026-01-02 14:44:05.1: I after the block\n"
    assert ended.stderr == f"{REAL_ERRORS}from Python\n{after}last words"


def test_ctrl_c_does_not_end_the_filter() -> None:
    program = (
        "import os, signal, time; from pipeline.core.noise import filtered_stderr\n"
        "try:\n"
        "    with filtered_stderr():\n"
        "        time.sleep(0.3)\n"
        "        try:\n"
        "            os.killpg(0, signal.SIGINT)\n"
        "            time.sleep(10)\n"
        "        finally:\n"
        "            os.write(2, b'inside ')\n"
        "except KeyboardInterrupt:\n"
        "    os.write(2, b'interrupted')\n"
    )
    command = [sys.executable, "-c", program]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False, start_new_session=True
    )
    assert (ended.returncode, ended.stderr) == (0, "inside interrupted")


def test_every_pattern_of_noise_has_its_example() -> None:
    lines = [*KNOWN_NOISE.splitlines(), *OLDER_NOISE]
    assert [pattern for pattern in NOISE if not any(re.search(pattern, line) for line in lines)] == []
    assert [line for line in REAL_ERRORS.splitlines() if re.search("|".join(NOISE), line)] == []


def test_quiet_tensorflow_leaves_what_the_user_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    noise.quiet_tensorflow()
    assert console_module.os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    assert "TF_ENABLE_ONEDNN_OPTS" not in console_module.os.environ
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    noise.quiet_tensorflow()
    assert console_module.os.environ["TF_CPP_MIN_LOG_LEVEL"] == "2"
