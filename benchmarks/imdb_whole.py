"""`imdb_whole`: `bow,tfidf,rnn,lstm` on IMDB from start to end, by the product and by a script written by hand.

Both are whole commands in processes of their own, from Python's start to the last test accuracy (ours: to the
report), with the same dimension, units, epochs and batch size, and the script's settings of word2vec; nothing stops
early, one seed. Ours looks for the strength of the linear models on validation documents and keeps a network's best
epoch; the script (`by_hand.py`) takes scikit-learn's strength and the last epoch. Word vectors are trained anew.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.by_hand import BATCH, DIMENSION, EPOCHS, MAX_TOKENS, MODELS, UNITS
from benchmarks.imdb import TEST, TRAIN, write_slice
from benchmarks.pipeline_run import MeasuredRun, run_pipeline
from benchmarks.results_file import Metric, Outcome, peak_mib, processor_use, ratio, seconds
from benchmarks.sides import Options, run_command

LEAST_SPEED = 3.0
SETTINGS = {
    "word2vec.vector_size": DIMENSION,
    "word2vec.algorithm": "cbow",
    "word2vec.min_count": 5,
    "word2vec.epochs": 5,
    "networks.units": UNITS,
    "networks.batch_size": BATCH,
    "networks.max_tokens": MAX_TOKENS,
    "networks.max_epochs": EPOCHS,
    "networks.patience": EPOCHS,  # as many as there are: nothing stops early
}
ARGUMENTS = (
    *("--models", ",".join(MODELS), "--seeds", "1", "--no-cache"),
    *(part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")),
)


def measure(options: Options) -> Outcome:
    """Run both, one after the other, once a round (one round by default)."""
    runs: list[dict[str, Any]] = []
    for number in range(options.repeats or 1):
        runs.append({"ours": _run_ours(options), "by_hand": _run_by_hand(options)})
        print(f"round {number + 1}: {_shown(runs[-1])}", file=sys.stderr, flush=True)
    ours = [run["ours"]["seconds"] for run in runs]
    theirs = [run["by_hand"]["seconds"] for run in runs]
    return Outcome(
        [
            ratio(
                "times_as_fast",
                theirs,
                ours,
                f"`{','.join(MODELS)}` on IMDB, times as fast as the script written by hand",
                target=LEAST_SPEED,
            ),
            *(_gain(model, runs) for model in MODELS),
            seconds("seconds", ours, "seconds of the whole run"),
            seconds("seconds_by_hand", theirs, "seconds of the script written by hand"),
            *(_accuracy(side, model, runs) for side in ("ours", "by_hand") for model in MODELS),
            processor_use([run["ours"]["processor_use"] for run in runs], "of the whole run"),
            peak_mib(
                "peak_mib", [run["ours"]["peak_mib"] for run in runs], "peak memory of the process tree"
            ),
        ],
        {"arguments": " ".join(ARGUMENTS), "runs": runs},
    )


def _run_ours(options: Options) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as folder:
        train, test = (str(write_slice(options, name, Path(folder)).resolve()) for name in (TRAIN, TEST))
        run = run_pipeline([train, "--test", test, *ARGUMENTS], [options.folder.resolve()])
    return {
        "seconds": run.seconds,
        "peak_mib": run.peak_mib,
        "processor_use": run.processor_use,
        "accuracies": {model: _accuracy_of(run, model) for model in MODELS},
        **{key: run.metrics[key] for key in ("timing", "stages")},
    }


def _accuracy_of(run: MeasuredRun, model: str) -> float:
    found: float = next(row["accuracy"] for row in run.metrics["results"] if row["model"] == model)
    return found


def _run_by_hand(options: Options) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.by_hand", "--corpora", str(options.folder.resolve())]
    if options.documents:
        command += ["--documents", str(options.documents)]
    start = time.perf_counter()
    done = run_command(command)
    spent = time.perf_counter() - start
    answer = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": spent, "accuracies": answer["accuracies"], "steps": answer["seconds"]}


def _gain(model: str, runs: Sequence[dict[str, Any]]) -> Metric:
    gains = tuple(
        100 * (run["ours"]["accuracies"][model] - run["by_hand"]["accuracies"][model]) for run in runs
    )
    what = f"test accuracy of {model} less the script's (mean of rounds)"
    return Metric(
        f"accuracy_gain_{model}",
        fmean(gains),
        "points",
        "higher",
        1.0,
        what,
        "unit",
        target=0.0,
        repeats=gains,
    )


def _accuracy(side: str, model: str, runs: Sequence[dict[str, Any]]) -> Metric:
    each = tuple(100 * run[side]["accuracies"][model] for run in runs)
    what = f"test accuracy of {model}, {side.replace('_', ' ')} (mean of rounds)"
    return Metric(f"accuracy_{model}_{side}", fmean(each), "%", "higher", 1.0, what, "unit", repeats=each)


def _shown(run: dict[str, Any]) -> str:
    times = run["by_hand"]["seconds"] / run["ours"]["seconds"]
    return (
        f"ours {run['ours']['seconds']:.0f} s, by hand {run['by_hand']['seconds']:.0f} s, {times:.2f} times"
    )
