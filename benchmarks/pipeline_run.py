"""Run the product as a person would, and watch the memory of its process tree."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.sides import ROOT, environment, failed
from pipeline.core.errors import PipelineError

_SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class MeasuredRun:
    """One run of `run_pipeline.py`."""

    seconds: float
    peak_mib: float  # resident memory of the process and its children together, sampled every 0.1 s
    metrics: dict[str, Any]  # metrics.json
    cpu_seconds: float | None = None  # of the processor, of the whole process tree; None: not watched

    @property
    def processor_use(self) -> float:
        """Per cent of one core that the run kept busy on average."""
        return 100 * (self.cpu_seconds or 0.0) / self.seconds


def run_pipeline(arguments: Sequence[str], corpora: Sequence[Path] = ()) -> MeasuredRun:
    """Run `python run_pipeline.py ARGUMENTS` into a folder that is thrown away; PipelineError if it fails.

    The folders `corpora` are called CORPORA in the metrics, which are kept with the results.
    """
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "run_pipeline.py", *arguments, "--out", str(out)]
        with (Path(folder) / "stderr.txt").open("w+b") as stderr:
            start, before = time.perf_counter(), _cpu_seconds_of_ended()
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=stderr
            )
            peak = watch_memory(process)
            spent, cpu = time.perf_counter() - start, _cpu_seconds_of_ended() - before
            stderr.seek(0)
            if process.returncode:
                raise failed(command, process.returncode, stderr.read().decode(errors="replace"))
        metrics = (out / "metrics.json").read_text(encoding="utf-8")
    return MeasuredRun(spent, peak, _called_corpora(metrics, corpora), cpu)


def read_run(folder: Path, corpora: Sequence[Path] = ()) -> MeasuredRun:
    """Return a finished run by what it wrote down: its own seconds, and the largest memory of its fits.

    Raises
    ------
    PipelineError
        If the folder is not that of a run, or the run was stopped before all of its fits ended.
    """
    try:
        state = json.loads((folder / "details" / "status.json").read_text(encoding="utf-8"))["state"]
        metrics = _called_corpora((folder / "metrics.json").read_text(encoding="utf-8"), corpora)
    except (OSError, ValueError, KeyError, TypeError):
        raise PipelineError(
            "not-a-finished-run", str(folder), "this is no folder of a run", "name one that has finished"
        ) from None
    if state != "done":
        raise PipelineError(
            "not-a-finished-run", str(folder), f"the run is {state}", "name one that has finished"
        )
    return MeasuredRun(
        metrics["total_seconds"], max(fit["peak_rss_mib"] for fit in metrics["timing"]), metrics
    )


def _called_corpora(metrics: str, corpora: Sequence[Path]) -> dict[str, Any]:
    for folder in corpora:
        metrics = metrics.replace(json.dumps(str(folder))[1:-1], "CORPORA")
    return json.loads(metrics)


def watch_memory(process: subprocess.Popen[bytes]) -> float:
    """Wait for the process to end; return the largest memory of its tree in MiB.

    Pages that processes share are counted once for each, so the figure is never too low.
    """
    peak = 0.0
    try:
        top = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _tree_mib(top))
            time.sleep(_SAMPLE_SECONDS)
    except BaseException:  # Ctrl-C above all: leave no run behind
        process.terminate()
        process.wait()
        raise
    return peak


def _cpu_seconds_of_ended() -> float:
    """Return the processor's seconds of all processes below this one that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree_mib(top: psutil.Process) -> float:
    total = 0
    try:
        family = [top, *top.children(recursive=True)]
    except psutil.Error:
        return 0.0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.Error:  # it ended between the two calls
            continue
    return total / 2**20
