"""`python -m benchmarks NAME --corpora CORPORA`, or `python -m benchmarks table`."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.corpora_cases import CORPUS_RUNS, REPEATED_RUNS, CorpusRun
from benchmarks.imdb import TEST, TRAIN, UNLABELLED
from benchmarks.linear_corpora import LINEAR_CORPORA, LinearCorpus
from benchmarks.quality_cases import IMDB_QUALITY, QUALITY, Case
from benchmarks.results_file import RESULTS, Outcome, check_mergeable, write_result
from benchmarks.sides import Options, run_command
from benchmarks.table import write_table
from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.core.resources import describe_environment


@dataclass(frozen=True)
class Scenario:
    """An entry of the table. Its name is permanent: what it measures never changes under the same name."""

    module: str  # has measure(Options) -> Outcome
    title: str
    documents: int | None = None  # at full size
    files: tuple[str, ...] = ()  # in the folder of the corpora
    peers: tuple[str, ...] = ()  # packages that the product itself does not need
    peer_script: bool = False  # they are used by a script in peers/ alone, which another Python may run
    cases: Mapping[str, Case] | Mapping[str, CorpusRun] | Mapping[str, LinearCorpus] = field(
        default_factory=dict
    )  # measured and written one at a time

    def files_of(self, options: Options) -> tuple[str, ...]:
        """The files that the chosen cases read, or the scenario's own."""
        chosen = [case for name, case in self.cases.items() if not options.only or name in options.only]
        return tuple(dict.fromkeys([*self.files, *(file for case in chosen for file in case.files)]))


SCENARIOS = {
    "indices": Scenario(
        "indices", "text to indices, 50,000 IMDB reviews", 50_000, (TRAIN, TEST), ("tokenizers",)
    ),
    "ngrams": Scenario("ngrams", "1-2-gram counts of 50,000 IMDB reviews", 50_000, (TRAIN, TEST)),
    "kneser_ney": Scenario(
        "kneser_ney", "Kneser-Ney of orders 1 to 5 on 18 million tokens", 75_000, (UNLABELLED, TRAIN)
    ),
    "vector_file": Scenario("vector_file", "the rows of 50,000 words from a text file of 400,000 x 300"),
    "word2vec_overhead": Scenario(
        "word2vec_overhead", "word2vec on IMDB's training reviews, against gensim alone", 25_000, (TRAIN,)
    ),
    "lstm_epoch": Scenario("lstm_epoch", "an epoch of an LSTM on IMDB", 25_000, (TRAIN, TEST)),
    "tuned_step": Scenario("tuned_step", "a training step of an LSTM with a tuned table of 30,000 x 300"),
    "help": Scenario("help_text", "run_pipeline.py --help"),
    "default_run": Scenario("default_run", "the default run, on bbc-news"),
    "side_by_side": Scenario("side_by_side", "fits one after the other, and two at once"),
    "predict_speed": Scenario(
        "predict_speed",
        "answering IMDB's test reviews, against fastText and Keras",
        25_000,
        (TRAIN, TEST),
        ("fasttext-numpy2-wheel",),
        peer_script=True,
    ),
    "ray_nodes": Scenario("ray_nodes", "ten folds on four Ray nodes of one core, and on one"),
    "imdb_quality": Scenario(
        "imdb_quality", "accuracy on IMDB's official split, default settings", 25_000, cases=IMDB_QUALITY
    ),
    "quality": Scenario("quality", "accuracy beside published figures, four corpora", cases=QUALITY),
    "lstm_step": Scenario(
        "lstm_step",
        "a training step of an LSTM, against PyTorch and its matrix products alone",
        peers=("torch",),
        peer_script=True,
    ),
    "imdb_whole": Scenario(
        "imdb_whole", "bow, tfidf, rnn and lstm on IMDB, against a script by hand", 25_000, (TRAIN, TEST)
    ),
    "fasttext": Scenario(
        "fasttext_bigrams",
        "tfidf on IMDB, against fastText with bigrams",
        25_000,
        (TRAIN, TEST),
        ("fasttext-numpy2-wheel",),
        peer_script=True,
    ),
    "statistics": Scenario("statistics_simulated", "how often a comparison is right, simulated"),
    "choice_in_folds": Scenario(
        "choice_in_folds", "the bias of an answer whose network folds choose, simulated"
    ),
    "statistics_references": Scenario(
        "statistics_references",
        "the statistics, against other implementations on fixed arrays",
        peers=("mlxtend", "baycomp", "statsmodels"),
    ),
    "corpora": Scenario("corpus_runs", "whole runs on public corpora, and their verdicts", cases=CORPUS_RUNS),
    "linear_shapes": Scenario(
        "linear_shapes",
        "the linear models on corpora of many shapes, beside plain scikit-learn",
        cases=LINEAR_CORPORA,
    ),
    "same_decision": Scenario(
        "same_decision", "the same decision from other training seeds", cases=REPEATED_RUNS
    ),
    "imdb_memory": Scenario("imdb_memory", "peak memory on IMDB", 25_000, (TRAIN, TEST)),
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
    parser.add_argument(
        "--seeds", type=_count, help="quality, corpora: seeds, instead of each case's own number"
    )
    parser.add_argument("--only", help="quality, corpora: cases, separated by commas (imdb_nbsvm,mr_nbsvm)")
    parser.add_argument(
        "--run",
        action="append",
        default=[],
        metavar="CASE=RUN",
        help="quality, corpora: take a case from a finished run's folder instead of running it",
    )
    parser.add_argument(
        "--peer-python",
        type=Path,
        metavar="PYTHON",
        help="lstm_step, fasttext: the Python that has the peer package, if it is not this one",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number from 1')
    return int(text)


def _run(given: argparse.Namespace) -> Path:
    scenario = SCENARIOS[given.name]
    runs = {case: Path(folder) for case, _, folder in (entry.partition("=") for entry in given.run)}
    only = tuple(given.only.split(",")) if given.only else ()
    options = Options(
        given.corpora, given.documents, given.repeats, given.seeds, only, runs, given.peer_python
    )
    peers = _check(given.name, scenario, options)
    path: Path = given.out or RESULTS / f"{given.name}.json"
    for part in _parts(scenario, options):
        head = _head(given.name, scenario, part, peers)
        if scenario.cases:
            check_mergeable(path, head)
        outcome: Outcome = importlib.import_module(f"benchmarks.{scenario.module}").measure(part)
        for case in scenario.cases.keys() & outcome.details.keys():
            outcome.details[case]["environment"]["command"] = head["environment"]["command"]
        write_result(path, head, outcome, merge=bool(scenario.cases))
        for metric in outcome.metrics:
            print(f"{metric.id}: {metric.value:.4g} {metric.unit}", flush=True)
    return path


def _parts(scenario: Scenario, options: Options) -> Iterator[Options]:
    """Yield the options of each case, in the table's order; without cases, the options as they are."""
    if not scenario.cases:
        yield options
    for name in scenario.cases:
        if not options.only or name in options.only:
            yield replace(options, only=(name,))


def _check(name: str, scenario: Scenario, options: Options) -> dict[str, str]:
    """Return the peers' versions; PipelineError if an option, a peer package, the folder or a file is wrong."""
    for option, names in (("--only", options.only), ("--run", options.runs)):
        for case in names:
            if case not in scenario.cases:
                fix = did_you_mean(case, scenario.cases) if scenario.cases else f"{name} has no cases"
                raise PipelineError("unknown-choice", option, f'there is no case "{case}"', fix)
    for case, folder in options.runs.items():
        if folder == Path():
            raise PipelineError(
                "unknown-choice", "--run", f'"{case}" names no run', f"give {case}=RUN, RUN a run folder"
            )
        if options.only and case not in options.only:
            raise PipelineError(
                "option-needs-another", "--run", f'"{case}" is not among the cases of --only', "add it there"
            )
    if options.peer_python and not scenario.peer_script:
        raise PipelineError(
            "options-exclude-each-other", "--peer-python", f"{name} uses this Python alone", "leave it out"
        )
    peers = _peer_versions(scenario, options)
    for package, found in peers.items():
        if found is None:
            what = f"the peer package {package} is not installed"
            other = ", or name a Python that has it with --peer-python" if scenario.peer_script else ""
            raise PipelineError(
                "package-missing", f"benchmarks {name}", what, f"run `pip install {package}`{other}"
            )
    files = scenario.files_of(options)
    if files and options.corpora is None:
        what = f"{name} reads {', '.join(files)}"
        raise PipelineError(
            "no-such-file", "--corpora", what, "name the folder that holds them (data/README.md)"
        )
    for file in files:
        if not (options.folder / file).is_file():
            what = f"the folder holds no {file}"
            raise PipelineError(
                "no-such-file",
                f"--corpora {options.folder}",
                what,
                "see data/README.md for where it comes from",
            )
    return {package: str(found) for package, found in peers.items()}


_ASK_VERSIONS = """
import importlib.metadata, json, sys
def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
print(json.dumps({package: version(package) for package in sys.argv[1:]}))
"""


def _peer_versions(scenario: Scenario, options: Options) -> dict[str, str | None]:
    """Return each peer package's version, None where it is absent, as the Python that runs it sees them."""
    if not scenario.peers:
        return {}
    python = str(options.peer_python or sys.executable)
    try:
        done = run_command([python, "-c", _ASK_VERSIONS, *scenario.peers])
    except OSError as error:
        raise PipelineError(
            "cannot-be-read", f"--peer-python {python}", f"{error.strerror}", "name a Python"
        ) from None
    versions: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
    return versions


def _head(name: str, scenario: Scenario, options: Options, peers: Mapping[str, str]) -> dict[str, Any]:
    """Return what stands above the metrics: what was run, on what data and machine."""
    documents = scenario.documents if options.documents is None else options.documents
    return {
        "scenario": name,
        "title": scenario.title,
        "documents": documents,
        "full_size": options.documents is None,
        "data": {file: _checksum(options.folder / file) for file in scenario.files_of(options)},
        "environment": {
            **describe_environment(_command(name, scenario, options), gpu=None),
            "peers": peers,
        },
    }


def _command(name: str, scenario: Scenario, options: Options) -> str:
    """Return the command that repeats this result, without the paths of this machine."""
    parts = ["python -m benchmarks", name]
    parts += ["--corpora CORPORA"] if scenario.files_of(options) else []
    parts += [f"--documents {options.documents}"] if options.documents else []
    parts += [f"--repeats {options.repeats}"] if options.repeats else []
    parts += [f"--seeds {options.seeds}"] if options.seeds else []
    parts += [f"--only {','.join(options.only)}"] if options.only else []
    return " ".join(parts)


def _checksum(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


if __name__ == "__main__":
    sys.exit(main())
