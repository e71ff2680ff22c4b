"""`same_decision`: one split, disjoint sets of training seeds, one whole run each: is the decision the same?

A run differs from the next by `run.training_seed` alone: other initial weights, another order of batches, and word
vectors trained anew. Test documents, baselines and settings are the same.
"""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.corpora_cases import REPEATED_RUNS
from benchmarks.corpus_runs import arguments_of
from benchmarks.pipeline_run import run_pipeline
from benchmarks.results_file import Metric, Outcome
from benchmarks.sides import Options

SETS = 8


def measure(options: Options) -> Outcome:
    """Run each case, or those that `--only` names, with `--repeats` sets of training seeds (8 if absent)."""
    metrics: list[Metric] = []
    details: dict[str, Any] = {}
    for name in options.only or tuple(REPEATED_RUNS):
        verdicts = [_verdict(name, number, options) for number in range(1, (options.repeats or SETS) + 1)]
        details[name] = {"environment": verdicts[0].pop("environment"), "verdicts": verdicts}
        decision, most = Counter(found["decision"] for found in verdicts).most_common(1)[0]
        what = f"sets of training seeds, of {len(verdicts)}, that say {decision}, {name}"
        metrics.append(
            Metric(f"same_{name}", most, "sets", "higher", 0.0, what, "unit", target=8.0, case=name)
        )
    return Outcome(metrics, details)


def _verdict(name: str, number: int, options: Options) -> dict[str, Any]:
    case = REPEATED_RUNS[name]
    own = shlex.split(f"--no-cache --set run.training_seed={number}")
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as folder:
        slices = Path(folder).resolve()
        folders = [options.folder.resolve(), slices] if case.files else []
        found = run_pipeline([*arguments_of(case, options, slices), *own], folders).metrics
    verdict = found["verdict"]
    print(f"{name}, set {number}: {verdict['sentence']}", file=sys.stderr, flush=True)
    seeds = [row for row in found["results"] if row["name"] == verdict["a"]]
    return {
        "training_seed": number,
        "a": verdict["a"],
        "b": verdict["b"],
        "decision": verdict["decision"],
        "sentence": verdict["sentence"],
        "accuracies": [row["accuracy"] for row in seeds],
        "environment": found["environment"],
    }
