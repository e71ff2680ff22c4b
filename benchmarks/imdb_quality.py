"""`imdb_quality`: accuracy on IMDB's official test documents, by the product's own command.

Seeds are one unless `--seeds` says otherwise; the accuracy is then the mean over seeds. Test documents choose nothing.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.imdb import TEST, TRAIN, UNLABELLED, write_slice
from benchmarks.pipeline_run import MeasuredRun, read_run, run_pipeline
from benchmarks.results_file import Metric, Outcome, seconds
from benchmarks.sides import Options
from pipeline.errors import PipelineError, did_you_mean


@dataclass(frozen=True)
class Case:
    """One run: its arguments, the model whose accuracy counts, and the accuracy to reach in percent."""

    arguments: tuple[str, ...]
    model: str
    target: float
    unlabelled: bool = False


_LSTM = ("--models", "lstm", "--embeddings", "word2vec")
CASES = {
    "tfidf": Case(("--models", "tfidf", "--refit"), "tfidf", 90.6),
    "lstm": Case(_LSTM, "lstm@word2vec", 88.5),
    "lstm_unlabelled": Case(_LSTM, "lstm@word2vec", 90.0, unlabelled=True),
}


def measure(options: Options) -> Outcome:
    """Run every case, or those that `--only` names."""
    metrics: list[Metric] = []
    details: dict[str, Any] = {"seeds": options.seeds}
    for name in options.only or tuple(CASES):
        if name not in CASES:
            raise PipelineError("--only", f'there is no case "{name}"', did_you_mean(name, CASES))
    for name, case in CASES.items():
        if options.only and name not in options.only:
            continue
        run = _run(name, case, options)
        metrics += _metrics(name, case, run, options)
        details[name] = {
            "command": " ".join(["python run_pipeline.py", *_arguments(case, options, None)]),
            "finished_run": run.metrics["environment"]["command"].partition(" --out")[0]
            if name in options.runs
            else None,
            "peak_mib": run.peak_mib,
            **{key: run.metrics[key] for key in ("results", "summary", "timing")},
        }
        print(f"{name}: {metrics[-2].value:.2f} % in {run.seconds:.0f} s", file=sys.stderr, flush=True)
    return Outcome(metrics, details)


def _run(name: str, case: Case, options: Options) -> MeasuredRun:
    if name in options.runs:
        return read_run(options.runs[name], [options.folder.resolve()])
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as folder:
        slices = Path(folder).resolve()
        return run_pipeline(_arguments(case, options, slices), [options.folder.resolve(), slices])


def _arguments(case: Case, options: Options, folder: Path | None) -> list[str]:
    """Return the arguments of `run_pipeline.py`; with `CORPORA/` for the files where `folder` is None."""

    def file(name: str) -> str:
        return f"CORPORA/{name}" if folder is None else str(write_slice(options, name, folder).resolve())

    extra = ["--unlabelled", file(UNLABELLED)] if case.unlabelled else []
    seeds = ["--seeds", str(options.seeds)]
    return [file(TRAIN), "--test", file(TEST), *case.arguments, *seeds, *extra]


def _metrics(name: str, case: Case, run: MeasuredRun, options: Options) -> list[Metric]:
    entry = next(row for row in run.metrics["summary"] if row["name"] == case.model)
    each = tuple(100 * row["accuracy"] for row in run.metrics["results"] if row["name"] == case.model)
    shown = " ".join(_arguments(case, options, None)[3:])
    return [
        Metric(
            f"accuracy_{name}",
            100 * entry["accuracy"],
            "%",
            "higher",
            0.5,
            f"test accuracy (mean of seeds), `{shown}`",
            "unit",
            case.target,
            each,
        ),
        seconds(f"seconds_{name}", [run.seconds], f"wall seconds of that run, {name}"),
    ]
