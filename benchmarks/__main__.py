"""`python -m benchmarks NAME --corpora CORPORA`, or `python -m benchmarks table`."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.imdb import TEST, TRAIN, UNLABELLED
from benchmarks.results_file import RESULTS, Outcome, write_result
from benchmarks.sides import Options
from benchmarks.table import write_table
from pipeline.errors import PipelineError
from pipeline.resources import describe_environment


@dataclass(frozen=True)
class Scenario:
    """An entry of the table. Its name is permanent: what it measures never changes under the same name."""

    module: str  # has measure(Options) -> Outcome
    title: str
    documents: int | None = None  # at full size
    files: tuple[str, ...] = ()  # in the folder of the corpora
    peers: tuple[str, ...] = ()  # packages that the product itself does not need


SCENARIOS = {
    "indices": Scenario(
        "indices", "text to indices, 50,000 IMDB reviews", 50_000, (TRAIN, TEST), ("tokenizers",)
    ),
    "ngrams": Scenario("ngrams", "1-2-gram counts of 50,000 IMDB reviews", 50_000, (TRAIN, TEST)),
    "vector_file": Scenario("vector_file", "the rows of 50,000 words from a text file of 400,000 x 300"),
    "word2vec_overhead": Scenario(
        "word2vec_overhead", "word2vec on IMDB's training reviews, against gensim alone", 25_000, (TRAIN,)
    ),
    "lstm_epoch": Scenario("lstm_epoch", "an epoch of an LSTM on IMDB", 25_000, (TRAIN, TEST)),
    "tuned_step": Scenario("tuned_step", "a training step of an LSTM with a tuned table of 30,000 x 300"),
    "help": Scenario("help_text", "run_pipeline.py --help"),
    "default_run": Scenario("default_run", "the default run, on bbc-news"),
    "side_by_side": Scenario("side_by_side", "fits one after the other, and two at once"),
    "imdb_quality": Scenario(
        "imdb_quality", "accuracy on IMDB's official split", 25_000, (TRAIN, TEST, UNLABELLED)
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one scenario, or draw the table again; return the exit status."""
    given = _parser().parse_args(arguments)
    try:
        if given.name == "table":
            print(f"written: {write_table()}")
            return 0
        path = _run(given)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"written: {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name:14}{scenario.title}" for name, scenario in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Measure one scenario:\n{names}\n  {'table':14}write results/README.md from all results",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=[*SCENARIOS, "table"], metavar="NAME")
    parser.add_argument("--corpora", type=Path, help="the folder with the corpora's Parquet files")
    parser.add_argument(
        "--out", type=Path, help="where the result goes; benchmarks/results/NAME.json if absent"
    )
    parser.add_argument("--documents", type=_count, help="a slice of each corpus, to see that it works")
    parser.add_argument("--repeats", type=_count, help="rounds; each scenario has its own number")
    parser.add_argument("--seeds", type=_count, default=1, help="imdb_quality: seeds of a network (1)")
    parser.add_argument(
        "--only", help="imdb_quality: cases, separated by commas (tfidf,lstm,lstm_unlabelled)"
    )
    parser.add_argument(
        "--run",
        action="append",
        default=[],
        metavar="CASE=RUN",
        help="imdb_quality: take a case from a finished run's folder instead of running it",
    )
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _run(given: argparse.Namespace) -> Path:
    scenario = SCENARIOS[given.name]
    options = Options(
        given.corpora,
        given.documents,
        given.repeats,
        given.seeds,
        tuple(given.only.split(",")) if given.only else (),
        {case: Path(folder) for case, _, folder in (entry.partition("=") for entry in given.run)},
    )
    _check(given.name, scenario, options)
    head = _head(given.name, scenario, options)
    outcome: Outcome = importlib.import_module(f"benchmarks.{scenario.module}").measure(options)
    path: Path = given.out or RESULTS / f"{given.name}.json"
    write_result(path, head, outcome)
    for metric in outcome.metrics:
        print(f"{metric.id}: {metric.value:.4g} {metric.unit}")
    return path


def _check(name: str, scenario: Scenario, options: Options) -> None:
    """Raise PipelineError if a peer package, the folder or a file is missing."""
    for package in scenario.peers:
        if find_spec(package) is None:
            what = f"the peer package {package} is not installed"
            raise PipelineError(f"benchmarks {name}", what, f"run `pip install {package}`")
    if scenario.files and options.corpora is None:
        what = f"{name} reads {', '.join(scenario.files)}"
        raise PipelineError("--corpora", what, "name the folder that holds them (data/README.md)")
    for file in scenario.files:
        if not (options.folder / file).is_file():
            what = f"the folder holds no {file}"
            raise PipelineError(
                f"--corpora {options.folder}", what, "see data/README.md for where it comes from"
            )


def _head(name: str, scenario: Scenario, options: Options) -> dict[str, Any]:
    """Return what stands above the metrics: what was run, on what data and machine."""
    documents = scenario.documents if options.documents is None else options.documents
    return {
        "scenario": name,
        "title": scenario.title,
        "documents": documents,
        "full_size": options.documents is None,
        "data": {file: _checksum(options.folder / file) for file in scenario.files},
        "environment": {
            **describe_environment(_command(name, scenario, options), gpu=None),
            "peers": {package: version(package) for package in scenario.peers},
        },
    }


def _command(name: str, scenario: Scenario, options: Options) -> str:
    """Return the command that repeats this result, without the paths of this machine."""
    parts = ["python -m benchmarks", name]
    parts += ["--corpora CORPORA"] if scenario.files else []
    parts += [f"--documents {options.documents}"] if options.documents else []
    parts += [f"--repeats {options.repeats}"] if options.repeats else []
    parts += [f"--seeds {options.seeds}"] if options.seeds > 1 else []
    parts += [f"--only {','.join(options.only)}"] if options.only else []
    return " ".join(parts)


def _checksum(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


if __name__ == "__main__":
    sys.exit(main())
