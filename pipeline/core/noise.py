"""Keep what TensorFlow, its drivers and Ray print away from the terminal."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# Lines that TensorFlow, Ray and the libraries below them write whatever the log level is, and that say nothing about
# this run; level 3 does not silence them all (tensorflow/tensorflow#100442). Everything else is passed on.
NOISE = (
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: I ",  # information lines, TensorFlow's form
    r"^I\d{4} \d\d:\d\d:\d+\.\d+ ",  # the same, absl's form
    r"^WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR",
    r"Unable to register cu(FFT|DNN|BLAS) factory: Attempting to register factory for plugin",
    r"computation placer already registered",
    r"Could not find cuda drivers on your machine, GPU will not be used",
    r"failed call to cuInit: .*(CUDA_ERROR_NO_DEVICE|no CUDA-capable device|UNKNOWN ERROR \(303\))",
    r"TF-TRT Warning: Could not find TensorRT",
    r"oneDNN custom operations are on\.",
    r"This TensorFlow binary is optimized (to use available CPU instructions|with oneAPI)",
    r"^To enable the following instructions: .*rebuild TensorFlow with the appropriate compiler flags\.",
    r"Local rendezvous is aborting with status: OUT_OF_RANGE: End of sequence",
    r"Allocation of \d+ exceeds 10% of free system memory\.",
    r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ [IWE] \d+ \d+\] \S+\.cc:\d+: ",  # Ray's own log
)

_FILTER_PROGRAM = """
import re, sys
noise = re.compile(sys.argv[1].encode())
for line in sys.stdin.buffer:
    if not noise.search(line):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


def quiet_tensorflow() -> None:
    """Ask TensorFlow and absl for errors only; call it before TensorFlow is imported.

    What the user has set in the environment stays. TF_ENABLE_ONEDNN_OPTS is left alone: it changes numbers.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def quiet(debug: bool) -> Iterator[None]:
    """Keep TensorFlow's chatter from the terminal, unless `debug` asks for all of it."""
    if debug:
        yield
        return
    quiet_tensorflow()
    with filtered_stderr():
        yield


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Drop all that is written to file descriptor 2 while the block runs: a library's words about its own panic."""
    try:
        sys.stderr.flush()
        terminal = os.dup(2)
    except (AttributeError, OSError, ValueError):  # no standard error at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


@contextmanager
def filtered_stderr() -> Iterator[None]:
    """Drop the lines of `NOISE` from standard error while the block runs; pass on all others.

    C++ code writes to file descriptor 2, so replacing `sys.stderr` would not reach it. The filter is a child
    process rather than a thread: it still shows the last words of a process that aborts or is killed.
    """
    try:
        sys.stderr.flush()
        terminal = os.dup(2)
    except (AttributeError, OSError, ValueError):  # no standard error at all: nothing to filter
        yield
        return
    command = [sys.executable, "-I", "-S", "-c", _FILTER_PROGRAM, "|".join(NOISE)]
    # a session of its own: Ctrl-C must not end the filter before the last line has passed
    child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    assert child.stdin is not None
    os.dup2(child.stdin.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)
        child.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # a worker process may hold the pipe longer
            child.wait(timeout=2)  # until the last line has passed
