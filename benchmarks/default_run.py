"""`default_run`: `python run_pipeline.py`, all models on bbc-news with three seeds, from start to report."""

from __future__ import annotations

from statistics import median

from benchmarks.pipeline_run import run_pipeline
from benchmarks.results_file import Metric, Outcome, processor_use, seconds
from benchmarks.sides import Options

LEAST_GAIN = 25.0


def measure(options: Options) -> Outcome:
    """Run the product as it is and one job at a time, in turns, once a repeat (one by default).

    A slice is `--quick`, whatever the number.
    """
    arguments = ["--no-cache"] if options.documents is None else ["--no-cache", "--quick"]
    one_job = [*arguments, "--set", "run.side_by_side=1"]
    runs, one_by_one = [], []
    for _ in range(options.repeats or 1):
        runs.append(run_pipeline(arguments))
        one_by_one.append(run_pipeline(one_job))
    peaks = tuple(run.peak_mib / 1024 for run in runs)
    gains = tuple(
        100 * (1 - run.seconds / alone.seconds) for run, alone in zip(runs, one_by_one, strict=True)
    )
    what = "peak memory of the process tree of the default run"
    gain = "less time than one job at a time"
    metrics = [
        seconds("seconds", [run.seconds for run in runs], "wall seconds of the default run", target=300.0),
        seconds("seconds_one_by_one", [run.seconds for run in one_by_one], "wall seconds, one job at a time"),
        Metric("gain", median(gains), "%", "higher", 5.0, gain, "unit", LEAST_GAIN, gains),
        processor_use([run.processor_use for run in runs], "over the default run"),
        Metric("peak_gib", median(peaks), "GiB", "lower", 0.1, what, target=2.5, repeats=peaks),
    ]
    times = ("timing", "stages", "total_seconds")
    return Outcome(metrics, {"timing": [{key: run.metrics[key] for key in times} for run in runs]})
