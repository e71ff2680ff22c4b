"""The command line: options become a `Config`, errors an exit status, everything else is done elsewhere.

What is imported here is imported for `--help` too, so stages are imported inside the commands.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from pipeline import __version__
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.noise import filtered_stderr, quiet_tensorflow
from pipeline.settings.reading import load_config
from pipeline.settings.tables import (
    EXTRA_PROBES,
    FIRST_SEEDS,
    METRIC_NAMES,
    MOST_SEEDS,
    OPTIONS,
    Config,
    default,
)

FAULT, MISTAKE, DIFFERENCE, INTERRUPTED = 1, 2, 3, 130

EPILOG = "Every other setting: --set or --config. The run folder's config.toml lists them all."


def _commands(help: str | None = None) -> typer.Typer:
    """Return an empty set of commands with plain texts: rich's panels cost time and break in narrow logs."""
    return typer.Typer(help=help, rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


app = _commands("Does an embedding + recurrent network beat bag of words on your labelled text?")
inspect = _commands("Look at a corpus, or at word vectors for it, before anything is trained.")
app.add_typer(inspect, name="inspect")
script = _commands()


def _option(key: str, help: str, metavar: str | None = None) -> Any:
    """Return the option of a dotted key, its help ending with the default that `Config` holds."""
    value = default(key)
    if value not in (None, ()) and not isinstance(value, bool):
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
        help = f"{help} Default: {shown}."
    if OPTIONS[key] == "CORPUS":
        return typer.Argument(help=help, metavar="CORPUS", show_default=False)
    return typer.Option(OPTIONS[key], help=help, metavar=metavar, show_default=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"embedseq {__version__}")
        raise typer.Exit


CorpusArgument = Annotated[
    str | None,
    _option(
        "corpus.path", "A labelled file or folder, or the name of a built-in corpus: bbc-news, word-order."
    ),
]
CorpusOption = Annotated[
    str | None,
    typer.Option(
        "--corpus",
        help=f"A labelled file or folder, or a built-in corpus. Default: {default('corpus.path')}.",
        metavar="CORPUS",
        show_default=False,
    ),
]
Test = Annotated[
    str | None, _option("corpus.test", "The test documents; without it some of CORPUS are held out.", "PATH")
]
Validation = Annotated[
    str | None,
    _option("corpus.validation", "The validation documents; else some training documents.", "PATH"),
]
Unlabelled = Annotated[
    str | None, _option("corpus.unlabelled", "More text, without labels, for word2vec and fasttext.", "PATH")
]
Text = Annotated[
    str | None, _option("corpus.text", "The column with the text; found by itself if absent.", "COLUMN")
]
Label = Annotated[
    str | None, _option("corpus.label", "The column with the label; found by itself if absent.", "COLUMN")
]
TestSize = Annotated[
    float | None,
    _option("corpus.test_size", "The share of documents held out where there is no --test.", "SHARE"),
]
Folds = Annotated[
    int | None,
    _option("corpus.folds", "Cross-validation in K parts, every document tested once; 0: one split.", "K"),
]
Seed = Annotated[
    int | None, _option("run.seed", "The number that the split and all random choices start from.", "N")
]
Models = Annotated[
    str | None,
    _option(
        "run.models",
        "Models, separated by commas: majority, bow, tfidf, nbsvm, mean, ann, rnn, gru, lstm, bilstm.",
        "LIST",
    ),
]
Embeddings = Annotated[
    str | None,
    _option(
        "run.embeddings",
        "Embeddings, separated by commas: word2vec, fasttext, learned, random, glove-6b-50d, or a vector "
        "file; A+B side by side; then :frozen, :tuned, :frozen-then-tuned, :shuffled-rows. auto: word2vec, "
        "tuned where training documents have fewer than 50 tokens on average.",
        "LIST",
    ),
]
Seeds = Annotated[
    str | None,
    _option(
        "run.seeds",
        f"How often each network is trained; the split stays the same. auto: {FIRST_SEEDS} times, then up to "
        f"{MOST_SEEDS} for the network of the verdict, while seeds make up more than half of the chance in it.",
        "N",
    ),
]
Metric = Annotated[
    str | None,
    _option(
        "run.metric",
        f"What models are chosen, compared and judged by: {', '.join(METRIC_NAMES)}.",
        "NAME",
    ),
]
Rope = Annotated[
    float | None,
    _option(
        "run.rope",
        "Differences in the metric up to this size count as equal; 0.01 is one point (0.01 nats of log loss).",
        "SHARE",
    ),
]
MaxTokens = Annotated[
    int | None, _option("networks.max_tokens", "Tokens of a document that a recurrent network reads.", "N")
]
Refit = Annotated[
    bool, _option("run.refit", "Train again on training + validation documents with what validation chose.")
]
Tune = Annotated[
    int | None,
    _option(
        "run.tune",
        "Random trials of each model's settings, as many for each, the best chosen on validation documents.",
        "N",
    ),
]
Compare = Annotated[
    list[str] | None,
    _option(
        "run.compare",
        "Predictions of another model for the same test documents: columns document, predicted; may be repeated.",
        "PREDICTIONS",
    ),
]
LearningCurve = Annotated[
    bool,
    _option("run.learning_curve", "Train on fewer documents too, and show where the two families cross."),
]
Out = Annotated[
    str | None, _option("run.out", "A new folder for the run; reports/CORPUS-TIME if absent.", "DIR")
]
ProtocolFile = Annotated[
    str | None,
    _option(
        "run.protocol",
        "The plan of this run: a new file (TOML or .json), written before anything is fitted; or one that is there: "
        "the report and verify then say whether the run kept to it.",
        "FILE",
    ),
]
Quick = Annotated[
    bool, _option("run.quick", "A first answer on a sample, with smaller networks, in about a minute.")
]
Deterministic = Annotated[
    bool, _option("run.deterministic", "The same numbers each time on the same machine; slower.")
]
NoCache = Annotated[
    bool, _option("run.cache", "Train and read word vectors anew, and keep none for the next run.")
]
NoProbes = Annotated[
    bool,
    _option(
        "run.probes",
        "Do not look at what networks remember and what words add to answers; saves some seconds.",
    ),
]
Probes = Annotated[
    str | None,
    _option(
        "run.extra_probes",
        f"More probes, which train networks of their own: {', '.join(EXTRA_PROBES)}.",
        "LIST",
    ),
]
Debug = Annotated[
    bool, _option("run.debug", "Show the traceback of an error, and all that TensorFlow writes.")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="A TOML file with any of the settings.", metavar="FILE")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Any setting, such as networks.units=64; may be repeated. Options win.",
        metavar="KEY=VALUE",
    ),
]
Version = Annotated[
    bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
]


@app.callback()
def _root(version: Version = False) -> None:
    pass


@script.command(short_help="Train every model on CORPUS and write a report.", epilog=EPILOG)
@app.command(short_help="Train every model on CORPUS and write a report.", epilog=EPILOG)
def run(
    context: typer.Context,
    *,
    corpus: CorpusArgument = None,
    test: Test = None,
    validation: Validation = None,
    unlabelled: Unlabelled = None,
    text: Text = None,
    label: Label = None,
    models: Models = None,
    embeddings: Embeddings = None,
    seeds: Seeds = None,
    folds: Folds = None,
    seed: Seed = None,
    test_size: TestSize = None,
    metric: Metric = None,
    rope: Rope = None,
    max_tokens: MaxTokens = None,
    refit: Refit = False,
    tune: Tune = None,
    compare: Compare = None,
    learning_curve: LearningCurve = False,
    config: ConfigFile = None,
    set_: Set = None,
    out: Out = None,
    protocol: ProtocolFile = None,
    quick: Quick = False,
    deterministic: Deterministic = False,
    no_cache: NoCache = False,
    no_probes: NoProbes = False,
    probes: Probes = None,
    debug: Debug = False,
    version: Version = False,
) -> None:
    """Compare embedding + recurrent networks with bag of words on CORPUS, and write a report."""
    console = Console()
    with _exit_statuses(console, debug):
        settings = load_config(config, set_ or (), _given(context.params))
        _run(settings, console)


def _run(config: Config, console: Console) -> None:
    from pipeline.commands.run import run_experiment
    from pipeline.report import summarise

    folder = run_experiment(config, console, _command())
    console.say(summarise(folder))


@inspect.command("corpus", short_help="Show how CORPUS is read and split.")
def inspect_corpus(
    context: typer.Context,
    *,
    corpus: CorpusArgument = None,
    test: Test = None,
    validation: Validation = None,
    unlabelled: Unlabelled = None,
    text: Text = None,
    label: Label = None,
    folds: Folds = None,
    seed: Seed = None,
    test_size: TestSize = None,
    config: ConfigFile = None,
    set_: Set = None,
    debug: Debug = False,
) -> None:
    """Show how CORPUS is read and split: every record used or accounted for, duplicates, what was assumed."""
    console = Console()
    with _exit_statuses(console, debug):
        settings = load_config(config, set_ or (), _given(context.params))
        console.say(_description(settings))


def _description(config: Config) -> str:
    from pipeline.corpus import describe_corpus, find_duplicates, read_asked, split_asked

    loaded = read_asked(config)
    duplicates = find_duplicates(loaded.corpus)
    corpora = split_asked(config, loaded, duplicates)
    return describe_corpus(loaded, duplicates, corpora[0])


@inspect.command("embeddings", short_help="Show how well word vectors fit CORPUS.")
def inspect_embeddings(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A vector file, an installed package of vectors, or a source such as word2vec.",
        ),
    ],
    *,
    corpus: CorpusOption = None,
    test: Test = None,
    validation: Validation = None,
    unlabelled: Unlabelled = None,
    text: Text = None,
    label: Label = None,
    seed: Seed = None,
    test_size: TestSize = None,
    config: ConfigFile = None,
    set_: Set = None,
    no_cache: NoCache = False,
    debug: Debug = False,
) -> None:
    """Show how well the vectors of FILE fit the corpus, before any network is trained on them."""
    console = Console()
    with _exit_statuses(console, debug):
        from pipeline.commands.inspect_embeddings import describe_fit

        settings = load_config(config, set_ or (), _given(context.params))
        console.say(describe_fit(file, settings, Console(sys.stderr)))  # the audit alone on standard output


@app.command(short_help="Draw a run's report again, or finish that of a run that was killed.")
def report(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder, such as reports/bbc-news-...")
    ],
    debug: Debug = False,
) -> None:
    """Draw the report of a run again, from its saved predictions. Of a run that was killed what had finished is
    scored first."""
    console = Console()
    with _exit_statuses(console, debug):
        from pipeline.run_folder.journal import JOURNAL

        if (run_folder / JOURNAL).is_file():
            from pipeline.commands.unfinished import finish

            finish(run_folder, console)
        elif not (run_folder / "metrics.json").is_file():
            raise PipelineError(
                str(run_folder), "there is no metrics.json in it", "give the folder of a finished run"
            )
        else:
            from pipeline.report import draw_report

            draw_report(run_folder)
        console.say(f"Report: {run_folder / 'report.html'}")


@app.command(short_help="Check a finished run's scores and report.")
def verify(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder, such as reports/bbc-news-...")
    ],
    debug: Debug = False,
) -> None:
    """Compute every score again from the saved predictions, draw the report again, and compare both."""
    console = Console()
    with _exit_statuses(console, debug):
        from pipeline.commands.verify import describe
        from pipeline.commands.verify import verify as check

        verified = check(run_folder)
        if verified.differences:
            raise Found(describe(verified))
        console.say(describe(verified))


@app.command(short_help="Three controls on CORPUS: shuffled labels, a leak canary, A/A.")
def selftest(
    context: typer.Context,
    *,
    corpus: CorpusArgument = None,
    test: Test = None,
    validation: Validation = None,
    text: Text = None,
    label: Label = None,
    seed: Seed = None,
    test_size: TestSize = None,
    config: ConfigFile = None,
    set_: Set = None,
    no_cache: NoCache = False,
    debug: Debug = False,
) -> None:
    """Ask on CORPUS what has a known answer: can labels that say nothing be learned, does a word of test documents
    reach what is learned, is a model told apart from itself?"""
    console = Console()
    with _exit_statuses(console, debug):
        from pipeline.commands.selftest import describe
        from pipeline.commands.selftest import selftest as find

        findings = find(load_config(config, set_ or (), _given(context.params)), Console(sys.stderr))
        if not all(finding.passed for finding in findings):
            raise Found(describe(findings))
        console.say(describe(findings))


@app.command(short_help="A worked example: every number of a network on your words.")
def explain(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help='One word or more, in quotes, such as "dog bites man".')
    ],
    *,
    cell: Annotated[
        str | None,
        typer.Option("--cell", help="rnn, gru or lstm. Default: rnn.", metavar="CELL", show_default=False),
    ] = None,
    units: Annotated[
        int | None,
        typer.Option(
            "--units", help="Numbers in the state, 1 to 4. Default: 2.", metavar="N", show_default=False
        ),
    ] = None,
    run_folder: Annotated[
        Path | None,
        typer.Option(
            "--run", help="A run folder: show a network that it trained, not a small one.", metavar="RUN"
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="Which network of RUN. Default: its first of that cell.", metavar="NAME"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write it as a web page too, a new file.", metavar="FILE.html"),
    ] = None,
    debug: Debug = False,
) -> None:
    """Show all that a recurrent network computes on TEXT, forward and back through time, with the numbers put into the
    equations and TensorFlow's answers beside them. Without --run the network is small enough for a pencil."""
    console = Console()
    with _exit_statuses(console, debug):
        from pipeline.interpret.explain import check_out, write_text
        from pipeline.interpret.explain import explain as work_out

        if out is not None:
            check_out(out)
        quiet_tensorflow()
        with filtered_stderr():
            worked = work_out(text, cell=cell, units=units, run=run_folder, model=model)
        width = shutil.get_terminal_size((100, 24)).columns
        console.say(write_text(worked, width, sys.stdout.encoding))
        if out is not None:
            from pipeline.core.files import write_whole
            from pipeline.interpret.explain import write_page

            write_whole(out, write_page(worked).encode())
            console.say(f"\nPage: {out}")
    if not worked.agrees:
        _stop(FAULT, worked.conclusion)


@app.command("cache", short_help="Show or empty the cache of word vectors.")
def show_cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove every entry.")] = False,
    debug: Debug = False,
) -> None:
    """Show where word vectors are kept between runs, and how much they take."""
    console = Console()
    with _exit_statuses(console, debug):
        from pipeline.embeddings.kept import default_cache

        cache = default_cache(Config())
        console.say("There is no cache: no home folder." if cache is None else cache.describe(clear=clear))


def settings_of(arguments: Sequence[str]) -> Config:
    """Return the settings of `python run_pipeline.py ARGUMENTS`, which is not run."""
    params = typer.main.get_command(script).make_context("run_pipeline.py", [*arguments]).params
    return load_config(params["config"], params["set_"] or (), _given(params))


def _given(params: Mapping[str, object]) -> dict[str, object]:
    """Return the settings that the command line names: dotted key to value."""
    keys = {
        "corpus" if option == "CORPUS" else option[2:].replace("-", "_"): key
        for key, option in OPTIONS.items()
    }
    return {
        keys[name]: not name.startswith("no_") if value is True else value
        for name, value in params.items()
        if name in keys and value is not None and value is not False and value not in ([], ())
    }


def _command() -> str:
    """Return the command line as it was typed, to be shown in the report."""
    name = Path(sys.argv[0]).name
    start = (
        "python -m pipeline" if name == "__main__.py" else f"python {name}" if name.endswith(".py") else name
    )
    return f"{start} {shlex.join(sys.argv[1:])}".rstrip()


class Found(Exception):
    """What `verify` or `selftest` found, in words: exit status 3."""


@contextmanager
def _exit_statuses(console: Console, debug: bool) -> Iterator[None]:
    """Turn what a command raises into words on standard error and an exit status."""
    try:
        yield
    except PipelineError as error:
        _stop(MISTAKE, str(error), error if debug else None)
    except Found as found:
        _stop(DIFFERENCE, str(found))
    except KeyboardInterrupt:
        _stop(INTERRUPTED, _what_was_finished(console))
    except Exception as error:
        if any(text in str(error) for text in _FULL):
            _stop(MISTAKE, str(_full_disk(console, error)), error if debug else None)
        _stop(FAULT, _fault(console, error), error if debug else None)


# How a full disk is told, whatever the error: polars has a class of its own.
_FULL = [os.strerror(getattr(errno, name)) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)]


def _full_disk(console: Console, error: Exception) -> PipelineError:
    """Return the mistake of a disk without room, with what of a run can be kept."""
    from pipeline.run_folder.journal import JOURNAL

    run = None if console.log_path is None else console.log_path.parent
    fix = "make room, and run again"
    if run is not None and (run / JOURNAL).is_file():
        fix = f"make room; `python -m pipeline report {run}` then scores what had finished"
    where = getattr(error, "filename", None) or run or "disk"
    return PipelineError(str(where), next(text for text in _FULL if text in str(error)), fix)


def _stop(status: int, words: str, shown: Exception | None = None) -> NoReturn:
    """Say why on standard error, with the traceback of `shown`, and end the command with this status."""
    if shown is not None:
        traceback.print_exception(shown)
    print(words, file=sys.stderr)
    raise typer.Exit(status) from None


def _fault(console: Console, error: Exception) -> str:
    """Log the traceback; return one line that says what failed and where the log is."""
    with suppress(OSError):  # the disk of the log may be what failed
        console.log(traceback.format_exc())
    what = str(error).strip().split("\n")[0] or "no message"
    log = f"the log is {console.log_path}" if console.log_path else "no log was begun"
    fault = f"a fault of this program, {type(error).__name__}: {what}"
    return f"embedseq: {fault}; {log}, and --debug shows the traceback"


def _what_was_finished(console: Console) -> str:
    """Return one line for Ctrl-C: what was finished, and the folder that holds it."""
    if console.log_path is None:
        return "Interrupted before anything was written."
    folder = console.log_path.parent
    try:
        finished = json.loads((folder / "details" / "status.json").read_text(encoding="utf-8"))["finished"]
    except (OSError, ValueError, KeyError, TypeError):
        finished = []
    console.log("interrupted")
    return f"Interrupted. Finished: {', '.join(finished) or 'no model'}; what there is stands in {folder}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `python -m pipeline` with these arguments (the process's own when absent), and exit."""
    _start(app, "python -m pipeline", arguments)


def run_main(arguments: Sequence[str] | None = None) -> None:
    """Run `python run_pipeline.py` with these arguments, and exit."""
    _start(script, "python run_pipeline.py", arguments)


def _start(commands: typer.Typer, name: str, arguments: Sequence[str] | None) -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a character gets its code instead
            stream.reconfigure(errors="backslashreplace")
    commands(args=None if arguments is None else list(arguments), prog_name=name)
