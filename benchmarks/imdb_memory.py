"""`imdb_memory`: the most memory that a run on IMDB holds, all its processes together.

The models of a default run on the official split, one seed. Two epochs suffice: memory does not grow with them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from benchmarks.imdb import TEST, TRAIN, write_slice
from benchmarks.pipeline_run import run_pipeline
from benchmarks.results_file import Metric, Outcome, seconds
from benchmarks.sides import Options

MODELS = "bow,tfidf,nbsvm,ann,rnn,lstm"
ARGUMENTS = ("--models", MODELS, "--seeds", "1", "--set", "networks.max_epochs=2", "--no-cache")
MOST_GB = 2.5


def measure(options: Options) -> Outcome:
    """Run the product once a repeat (one by default)."""
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as folder:
        train, test = (str(write_slice(options, name, Path(folder)).resolve()) for name in (TRAIN, TEST))
        runs = [
            run_pipeline([train, "--test", test, *ARGUMENTS], [options.folder.resolve()])
            for _ in range(options.repeats or 1)
        ]
    peaks = tuple(run.peak_mib * 2**20 / 1e9 for run in runs)
    what = f"peak memory of the process tree on IMDB, `{MODELS}`"
    metrics = [
        Metric("peak_gb", median(peaks), "GB", "lower", 0.1, what, target=MOST_GB, repeats=peaks),
        seconds("seconds", [run.seconds for run in runs], "wall seconds of that run"),
    ]
    keys = ("timing", "stages", "total_seconds")
    return Outcome(
        metrics,
        {"arguments": " ".join(ARGUMENTS), "runs": [{k: run.metrics[k] for k in keys} for run in runs]},
    )
