"""`corpora`: what the product says of public corpora, one whole run a case (`corpora_cases.py`).

Every run's accuracies, verdict and seconds are kept; the tables of the README and of docs/project/results.md are made
from them. No case has a figure to reach: what is found is what is shown.
"""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.corpora_cases import CORPUS_RUNS, CorpusRun
from benchmarks.imdb import write_slice
from benchmarks.pipeline_run import MeasuredRun, read_run, run_pipeline
from benchmarks.quality import check_same_run
from benchmarks.results_file import Metric, Outcome, seconds
from benchmarks.sides import Options

_KEPT = ("verdict", "summary", "comparisons", "embeddings", "total_seconds", "stages")
_OF_A_FIT = ("name", "seed", "fold", "accuracy", "trained")


def measure(options: Options) -> Outcome:
    """Run the cases, or those that `--only` names."""
    metrics: list[Metric] = []
    details: dict[str, Any] = {}
    for name in options.only or tuple(CORPUS_RUNS):
        case = CORPUS_RUNS[name]
        run = _run(name, case, options)
        details[name] = {
            "command": " ".join(["python run_pipeline.py", *arguments_of(case, options, None)]),
            "environment": run.metrics["environment"],
            "peak_mib": run.peak_mib,
            "results": [{key: row[key] for key in _OF_A_FIT} for row in run.metrics["results"]],
            **{key: run.metrics[key] for key in _KEPT},
        }
        metrics += _metrics(name, run.metrics, run.seconds)
        print(
            f"{name}, {run.seconds:.0f} s: {run.metrics['verdict']['sentence']}", file=sys.stderr, flush=True
        )
    return Outcome(metrics, details)


def _run(name: str, case: CorpusRun, options: Options) -> MeasuredRun:
    """Return a run of its own, or the finished one that `--run` names."""
    if name in options.runs:
        folders = [options.folder.resolve()] if case.files else []
        run = read_run(options.runs[name], folders)
        check_same_run(f"--run {name}={options.runs[name]}", run, arguments_of(case, options, None))
        return run
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as folder:
        slices = Path(folder).resolve()
        given = arguments_of(case, options, slices)
        return run_pipeline(given, [options.folder.resolve(), slices] if case.files else [])


def arguments_of(case: CorpusRun, options: Options, folder: Path | None) -> list[str]:
    """Return the arguments of `run_pipeline.py`; with `CORPORA/` for the files where `folder` is None."""
    paths = {
        name: f"CORPORA/{name}" if folder is None else str(write_slice(options, name, folder).resolve())
        for name in case.files
    }
    given = shlex.split(case.arguments)
    given = [paths.get(word[1:-1], word) for word in given]
    return given + (["--seeds", str(options.seeds)] if options.seeds else [])


def _metrics(name: str, found: dict[str, Any], spent: float) -> list[Metric]:
    verdict = found["verdict"]
    metrics = [seconds(f"seconds_{name}", [spent], f"wall seconds of the run, {name}", case=name)]
    for row in found["summary"]:
        what = f"test accuracy of {row['name']}, {name} (mean of seeds)"
        metrics.append(
            Metric(
                f"accuracy_{name}_{row['name']}",
                100 * row["accuracy"],
                "%",
                "higher",
                0.5,
                what,
                "unit",
                case=name,
            )
        )
    if verdict["decision"] not in (None, "withheld"):
        both = next(
            one for one in found["comparisons"] if (one["a"], one["b"]) == (verdict["a"], verdict["b"])
        )
        what = f"{verdict['a']} less {verdict['b']}, {name}"
        metrics.append(
            Metric(
                f"difference_{name}",
                100 * both["difference"],
                "points",
                "higher",
                1.0,
                what,
                "unit",
                case=name,
            )
        )
    return metrics
