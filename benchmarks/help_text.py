"""`help`: how long `python run_pipeline.py --help` takes to answer, Python's start included."""

from __future__ import annotations

import sys
import time

from benchmarks.results_file import Outcome, seconds
from benchmarks.sides import Options, run_command
from pipeline.core.errors import PipelineError

REPEATS = 7


def measure(options: Options) -> Outcome:
    """Ask once uncounted, so that byte code is compiled, then seven times."""
    command = [sys.executable, "run_pipeline.py", "--help"]
    if "--models" not in run_command(command).stdout:
        raise PipelineError(
            "benchmark-failed", "run_pipeline.py --help", "the answer does not name --models", "mend it first"
        )
    spent = []
    for _ in range(options.repeats or REPEATS):
        start = time.perf_counter()
        run_command(command)
        spent.append(time.perf_counter() - start)
    what = "wall seconds of `python run_pipeline.py --help`"
    return Outcome([seconds("seconds", spent, what, target=0.5)])
