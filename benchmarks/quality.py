"""`quality` and `imdb_quality`: test accuracy by the product's own command, beside what papers report.

A case (`quality_cases.py`) is one run of `run_pipeline.py`; its accuracy is the mean over seeds. Test documents
choose nothing: which model counts, and its settings, stand in the table before the run.
"""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.imdb import UNLABELLED, write_slice
from benchmarks.pipeline_run import MeasuredRun, read_run, run_pipeline
from benchmarks.quality_cases import CORPORA, IMDB_QUALITY, QUALITY, Case
from benchmarks.results_file import Metric, Outcome, seconds
from benchmarks.sides import Options
from pipeline import cli
from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.corpus.sources import names_of

_FILES = ("corpus.path", "corpus.test", "corpus.validation", "corpus.unlabelled")  # compared without folders
_LISTS = ("run.models", "run.embeddings")
_WITHOUT_EFFECT = {"run.out", "run.cache", "run.cache_gib", "run.debug", "run.side_by_side", "run.tune_fixed"}

Rows = Sequence[Mapping[str, Any]]


def measure(options: Options) -> Outcome:
    """Run the cases of `quality`, or those that `--only` names."""
    return measure_cases(QUALITY, options)


def measure_imdb(options: Options) -> Outcome:
    """Run the cases of `imdb_quality`, or those that `--only` names."""
    return measure_cases(IMDB_QUALITY, options)


def measure_cases(cases: Mapping[str, Case], options: Options) -> Outcome:
    """Return accuracy and seconds of each case, and each case's own results and environment as details."""
    metrics: list[Metric] = []
    details: dict[str, Any] = {}
    for name in options.only or tuple(cases):
        case = cases[name]
        run = _run(name, case, options)
        metrics += _metrics(name, case, run, options)
        spread_over, values = spread(_rows(run, case, name))
        details[name] = {
            "command": " ".join(["python run_pipeline.py", *arguments_of(case, options, None)]),
            "finished_run": _command_without_folders(run) if name in options.runs else None,
            "environment": run.metrics["environment"],
            "spread_over": spread_over,
            "accuracies": values,
            "peak_mib": run.peak_mib,
            **{key: run.metrics[key] for key in ("results", "summary", "timing")},
        }
        print(f"{name}: {metrics[-2].value:.2f} % in {run.seconds:.0f} s", file=sys.stderr, flush=True)
    return Outcome(metrics, details)


def spread(rows: Rows) -> tuple[str | None, tuple[float, ...]]:
    """Return over what a model's accuracies vary, "seeds" or "folds" (None for a single fit), and each in percent.

    With several seeds of several folds, a seed's figure is the mean over its folds.

    >>> spread([{"seed": 0, "fold": 1, "accuracy": 0.5}, {"seed": 0, "fold": 2, "accuracy": 0.75}])
    ('folds', (50.0, 75.0))
    """
    by_seed: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        by_seed[row["seed"]].append(100 * row["accuracy"])
    if len(by_seed) > 1:
        return "seeds", tuple(fmean(folds) for folds in by_seed.values())
    each = tuple(value for folds in by_seed.values() for value in folds)
    return ("folds" if len(each) > 1 else None), each


def _rows(run: MeasuredRun, case: Case, name: str) -> list[dict[str, Any]]:
    rows = [row for row in run.metrics["results"] if row["name"] == case.model]
    if not rows:
        fitted = sorted({row["name"] for row in run.metrics["results"]})
        raise PipelineError(
            "no-such-model", f"case {name}", f"its run has no {case.model}", did_you_mean(case.model, fitted)
        )
    return rows


def _run(name: str, case: Case, options: Options) -> MeasuredRun:
    if name in options.runs:
        run = read_run(options.runs[name], [options.folder.resolve()])
        check_same_run(f"--run {name}={options.runs[name]}", run, arguments_of(case, options, None))
        return run
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as folder:
        slices = Path(folder).resolve()
        return run_pipeline(arguments_of(case, options, slices), [options.folder.resolve(), slices])


def check_same_run(where: str, run: MeasuredRun, arguments: Sequence[str]) -> None:
    """Raise PipelineError if a finished run read other files, or had other settings, than `arguments` ask for.

    It may have had more models and sources, and may lie elsewhere: neither changes what counts. What "auto" was asked
    for stands there as the one source that it turned out to be.
    """
    theirs, ours = (
        dict(_flat(config)) for config in (run.metrics["config"], asdict(cli.settings_of(arguments)))
    )
    for key in sorted(ours.keys() - _WITHOUT_EFFECT):
        there, here = theirs.get(key), ours[key]
        if key in _FILES:
            there, here = (value and _file_names(value) for value in (there, here))
        more = key in _LISTS and (
            set(here) <= set(there or ()) or (here == ["auto"] and len(there or ()) == 1)
        )
        if there != here and not more:
            what = f"{key} is {json.dumps(there)} in that run, {json.dumps(here)} in the case"
            raise PipelineError(
                "not-a-finished-run", where, what, f"run `python run_pipeline.py {' '.join(arguments)}`"
            )


def _command_without_folders(run: MeasuredRun) -> str:
    """Return the command of a run; its files are in CORPORA, wherever they were."""
    command: str = run.metrics["environment"]["command"].partition(" --out")[0]
    for named in (run.metrics["config"]["corpus"][key.partition(".")[2]] for key in _FILES):
        for path in names_of(named) if named else ():
            command = command.replace(path, f"CORPORA/{Path(path).name}")
    return command


def _file_names(named: str | list[str]) -> str:
    """Return the names of the files that a setting names, without their folders."""
    return ", ".join(Path(name).name for name in names_of(named))


def _flat(config: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield dotted keys and values as JSON has them."""
    for table, settings in json.loads(json.dumps(config)).items():
        yield from ((f"{table}.{key}", value) for key, value in settings.items())


def arguments_of(case: Case, options: Options, folder: Path | None) -> list[str]:
    """Return the arguments of `run_pipeline.py`; with `CORPORA/` for the files where `folder` is None."""

    def given(option: str, name: str | None) -> list[str]:
        if name is None:
            return []
        path = f"CORPORA/{name}" if folder is None else str(write_slice(options, name, folder).resolve())
        return [*shlex.split(option), path]

    corpus = CORPORA[case.corpus]
    return [
        *given("", corpus.train),
        *given("--validation", corpus.validation),
        *given("--test", corpus.test),
        *given("--unlabelled", UNLABELLED if case.unlabelled else None),
        *shlex.split(case.arguments),
        *("--seeds", str(options.seeds or case.seeds)),
    ]


def _metrics(name: str, case: Case, run: MeasuredRun, options: Options) -> list[Metric]:
    _, values = spread(_rows(run, case, name))
    entry = next(row for row in run.metrics["summary"] if row["name"] == case.model)
    unlabelled = " --unlabelled" if case.unlabelled else ""
    shown = f"{case.arguments}{unlabelled} --seeds {options.seeds or case.seeds}"
    what = f"test accuracy on {CORPORA[case.corpus].title} (mean of seeds), `{shown}`"
    return [
        Metric(
            f"accuracy_{name}",
            100 * entry["accuracy"],
            "%",
            "higher",
            0.5,
            what,
            "unit",
            case.target,
            values,
            case=name,
        ),
        seconds(f"seconds_{name}", [run.seconds], f"wall seconds of that run, {name}", case=name),
    ]
