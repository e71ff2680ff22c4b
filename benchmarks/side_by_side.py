"""`side_by_side`: whole runs on made-up documents, their fits one after the other or two at once.

Networks on short documents (10 tokens), networks on long ones (200) and ten folds of the baselines take turns with
both ways: A B A B, each in a fresh process. Words are
drawn at random, the first of a document tells its class. No fit stops early, so that both ways do the same work.
Seconds, and seconds of the processor, are those of the whole run, with its workers and their start.
"""

from __future__ import annotations

import resource
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from benchmarks.results_file import Metric, Outcome, ratio, seconds
from benchmarks.sides import Figures, Options, Side, alternate, clock

ROUNDS, EPOCHS, WORDS = 3, 5, 2_000
WRONG = 0.2  # share of documents whose first word tells the other class: no model is done at once


@dataclass(frozen=True)
class Case:
    """What one run fits."""

    models: str
    tokens: int  # of a document
    documents: int
    seeds: int = 1
    folds: int = 0


CASES = {
    "short": Case("ann,lstm", tokens=10, documents=5_000, seeds=8),
    "long": Case("ann,lstm", tokens=200, documents=1_000, seeds=4),
    "folds": Case("bow,tfidf", tokens=25, documents=20_000, folds=10),
}


def measure(options: Options) -> Outcome:
    """Return how many times as fast two fits at once are, in each case."""
    runs = alternate(__name__, tuple(SIDES), options, options.repeats or ROUNDS)
    metrics: list[Metric] = []
    for case in CASES:
        taken = {at_once: [run["seconds"] for run in runs[f"{case}_{at_once}"]] for at_once in (1, 2)}
        what = f"{case}: one after the other / two at once"
        metrics.append(ratio(f"{case}_speed", taken[1], taken[2], what))
        for at_once in (1, 2):
            spent = [run["cpu_seconds"] for run in runs[f"{case}_{at_once}"]]
            what = f"{case}, {at_once} at once: seconds of the processor"
            metrics.append(seconds(f"{case}_cpu_seconds_{at_once}", spent, what))
    return Outcome(metrics, {"runs": runs})


def run_case(case: str, at_once: int, options: Options, seed: int) -> Figures:
    """Return the seconds of one run, those of the processor, and the accuracy, which is the same for both ways."""
    from pipeline.commands.run import run_experiment
    from pipeline.core.console import Console
    from pipeline.run_folder.predictions import read_run_predictions
    from pipeline.settings.reading import load_config

    asked = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        corpus, run = Path(folder) / "corpus.parquet", Path(folder) / "run"
        _write_corpus(corpus, asked.tokens, options.documents or asked.documents, np.random.default_rng(seed))
        settings = (f"networks.max_epochs={EPOCHS}", f"networks.patience={EPOCHS}")
        given = {"corpus.path": str(corpus), "run.out": str(run), "run.seeds": asked.seeds}
        given |= {"run.models": asked.models, "corpus.folds": asked.folds, "run.embeddings": "learned:frozen"}
        config = load_config(None, (*settings, f"run.side_by_side={at_once}"), given)
        with clock() as figures:
            run_experiment(config, Console(silent=True), "benchmark")
        saved = read_run_predictions(run)
    right = [float((one.predictions.predicted == one.predictions.labels).mean()) for one in saved]
    return {**figures, "cpu_seconds": _cpu_seconds(), "accuracy": median(right), "fits": len(saved)}


def _write_corpus(path: Path, tokens: int, documents: int, generator: np.random.Generator) -> None:
    classes = np.arange(documents) % 2
    labels = np.array(["bad", "good"])[classes]
    told = np.array(["bad", "good"])[np.where(generator.random(documents) < WRONG, 1 - classes, classes)]
    words = generator.integers(WORDS, size=(documents, tokens - 1))  # (N, T - 1)
    texts = [" ".join([first, *(f"w{word}" for word in row)]) for first, row in zip(told, words, strict=True)]
    pl.DataFrame({"text": texts, "label": labels}).write_parquet(path)


def _cpu_seconds() -> float:
    """Return the processor's seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


SIDES: dict[str, Side] = {
    f"{case}_{at_once}": partial(run_case, case, at_once) for case in CASES for at_once in (1, 2)
}
