"""`default_run`: `python run_pipeline.py`, all models on bbc-news with three seeds, from start to report."""

from __future__ import annotations

from statistics import median

from benchmarks.pipeline_run import run_pipeline
from benchmarks.results_file import Metric, Outcome, seconds
from benchmarks.sides import Options


def measure(options: Options) -> Outcome:
    """Run the product once a repeat (one by default); a slice is `--quick`, whatever the number."""
    arguments = [] if options.documents is None else ["--quick"]
    runs = [run_pipeline(arguments) for _ in range(options.repeats or 1)]
    peaks = tuple(run.peak_mib / 1024 for run in runs)
    what = "peak memory of the process tree of the default run"
    metrics = [
        seconds("seconds", [run.seconds for run in runs], "wall seconds of the default run", target=360.0),
        Metric("peak_gib", median(peaks), "GiB", "lower", 0.1, what, target=2.5, repeats=peaks),
    ]
    times = ("timing", "stages", "total_seconds")
    return Outcome(metrics, {"timing": [{key: run.metrics[key] for key in times} for run in runs]})
