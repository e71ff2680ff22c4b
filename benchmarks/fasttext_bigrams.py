"""`fasttext`: `tfidf` on IMDB against fastText's supervised classifier with bigrams, from text to test score.

Ours is the product's command with its defaults: a tenth of the training documents chooses the strength of the
regularisation. Its seconds are the stages between texts in memory and the last test prediction, as the run writes
them down; the whole command, Python's start and the report included, is shown beside. fastText takes all training
documents in random order, with the settings of its authors for such corpora (10 dimensions, 5 epochs, the learning
rate that was best on held-out documents; with its defaults it is 5 points worse), and as many threads as the machine
has cores (12 at most, its own default).
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks.imdb import TEST, TRAIN, read_reviews, write_slice
from benchmarks.pipeline_run import run_pipeline
from benchmarks.results_file import Metric, Outcome, seconds
from benchmarks.sides import Figures, Options, run_peer
from pipeline.core.resources import usable_cores

ROUNDS = 3
MOST_TIMES = 3.0
DEFAULT_THREADS = 12  # fastText's own


def measure(options: Options) -> Outcome:
    """Run both in turn."""
    runs: dict[str, list[Figures]] = {"embedseq": [], "fasttext": []}
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as folder:
        for _ in range(options.repeats or ROUNDS):
            runs["embedseq"].append(_run_ours(options, Path(folder)))
            runs["fasttext"].append(_run_fasttext(options, Path(folder)))
    ours, theirs = ([run["seconds"] for run in runs[side]] for side in runs)
    times = tuple(one / other for one, other in zip(ours, theirs, strict=True))
    right, other_right = ([100 * run["accuracy"] for run in runs[side]] for side in runs)
    gains = tuple(one - other for one, other in zip(right, other_right, strict=True))
    gain = "test accuracy of `tfidf` on IMDB less fastText's with bigrams (mean of rounds)"
    return Outcome(
        [
            Metric("gain", fmean(gains), "points", "higher", 0.5, gain, "unit", target=0.0, repeats=gains),
            Metric(
                "times_fasttext",
                median(times),
                "times",
                "lower",
                0.15,
                "seconds from text to test score / fastText's",
                target=MOST_TIMES,
                repeats=times,
            ),
            _accuracy("accuracy", right, "test accuracy of tfidf (mean of rounds)"),
            _accuracy("accuracy_fasttext", other_right, "test accuracy of fastText (mean of rounds)"),
            seconds("seconds", ours, "seconds from text to test score"),
            seconds("seconds_fasttext", theirs, "the same of fastText"),
            seconds(
                "seconds_command",
                [run["command_seconds"] for run in runs["embedseq"]],
                "wall seconds of the whole command, report included",
            ),
        ],
        {"runs": runs},
    )


def _accuracy(id: str, each: list[float], what: str) -> Metric:
    return Metric(id, fmean(each), "%", "higher", 0.5, what, "unit", repeats=tuple(each))


def _run_ours(options: Options, folder: Path) -> Figures:
    train, test = (str(write_slice(options, name, folder).resolve()) for name in (TRAIN, TEST))
    run = run_pipeline([train, "--test", test, "--models", "tfidf"])
    return {
        "seconds": seconds_from_text(run.metrics),
        "command_seconds": run.seconds,
        "accuracy": run.metrics["results"][0]["accuracy"],
        "stages": {stage["stage"].replace(train, TRAIN): stage["seconds"] for stage in run.metrics["stages"]},
    }


def seconds_from_text(metrics: dict[str, Any]) -> float:
    """Return the seconds of a run's stages after the files were read.

    >>> stages = [{"stage": "Reading reviews.csv", "seconds": 2.0}, {"stage": "Tokenising", "seconds": 1.5}]
    >>> seconds_from_text({"stages": stages})
    1.5
    """
    return sum(stage["seconds"] for stage in metrics["stages"] if not stage["stage"].startswith("Reading"))


def _run_fasttext(options: Options, folder: Path) -> Figures:
    files = []
    for name in (TRAIN, TEST):
        reviews = read_reviews(options, name)
        files.append(folder / f"{name}.json")
        # fastText takes documents in the order of the file, which is sorted by label
        reviews = reviews.sample(fraction=1.0, shuffle=True, seed=0)
        pairs = zip(reviews["label"].to_list(), reviews["text"].to_list(), strict=True)
        files[-1].write_text(json.dumps([*map(list, pairs)]), encoding="utf-8")
    threads = min(usable_cores(), DEFAULT_THREADS)
    return run_peer("fasttext_bigrams.py", options, [*map(str, files), str(threads)])
