"""The command line: options become a `Config`, errors an exit status, everything else is done elsewhere.

What is imported here is imported for `--help` too, so stages are imported inside the commands.
"""

from __future__ import annotations

import functools
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.models import Debug
from pipeline.cli.models import app as of_models
from pipeline.cli.predicting import app as of_predicting
from pipeline.cli.statuses import FAULT, Found, exit_statuses, stop
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.noise import filtered_stderr, quiet_tensorflow
from pipeline.core.version import __version__
from pipeline.settings.options import keys_with_options, parameter_name, parameters, resolved, told
from pipeline.settings.tables import TABLES, Config

EPILOG = "Every other setting: --set or --config. The run folder's config.toml lists them all."


def _commands(help: str | None = None) -> typer.Typer:
    """Return an empty set of commands with plain texts: rich's panels cost time and break in narrow logs."""
    return typer.Typer(help=help, rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


app = _commands("Does an embedding + recurrent network beat bag of words on your labelled text?")
inspect = _commands("Look at a corpus, or at word vectors for it, before anything is trained.")
app.add_typer(inspect, name="inspect")
app.add_typer(of_models)
app.add_typer(of_predicting)
script = _commands()


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"embedseq {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
]

Resume = Annotated[
    bool,
    typer.Option("--resume", help="Go on with the run in --out DIR; fail if there is none to go on with."),
]


@app.callback()
def _root(version: Version = False) -> None:
    pass


def _with_settings(
    *names: str, without: tuple[str, ...] = (), with_argument: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of settings, --config and --set, and its exit statuses.

    Parameters
    ----------
    names : str
        Tables, such as "corpus", or keys, such as "run.seed". A setting of such a table that gets an option one day is
        an option of the command.
    without : tuple of str
        Keys of the tables that the command has no use for.
    with_argument : bool
        Whether the corpus is the command's argument; else it is named by --corpus.

    Returns
    -------
    function
        A decorator. The command under it takes the settings, a console, and what it asks for beside settings.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [*signature(command, eval_str=True).parameters.values()][2:]

        @functools.wraps(command)
        def from_options(**params: object) -> None:
            console = Console()
            with exit_statuses(console, bool(params[parameter_name("run.debug")])):
                command(resolved(params), console, **{one.name: params[one.name] for one in own})

        made = parameters(keys_with_options(names, without), with_argument)
        from_options.__signature__ = Signature([*made, *own])  # type: ignore[attr-defined] # read by typer
        return from_options

    return decorate


@script.command(short_help="Train every model on CORPUS and write a report.", epilog=EPILOG)
@app.command(short_help="Train every model on CORPUS and write a report.", epilog=EPILOG)
@_with_settings(*TABLES)
def run(
    settings: Config,
    console: Console,
    *,
    resume: Resume = False,
    as_json: Annotated[
        bool, told("--json", "Print advice and verdict as JSON; all else goes to standard error.")
    ] = False,
    version: Version = False,
) -> None:
    """Compare embedding + recurrent networks with bag of words on CORPUS, and write a report. A run that was
    stopped goes on where the same command names its folder with --out."""
    from pipeline.commands.run import run_experiment
    from pipeline.commands.unfinished import check_all_is_done
    from pipeline.report import summarise

    if as_json:
        console.turn_to(sys.stderr)
    folder = run_experiment(settings, console, _command(), resume=resume)
    if not settings.run.shard:
        console.say(summarise(folder))
    if as_json and not settings.run.shard:
        from pipeline.report import as_json as written

        print(written(folder))
    check_all_is_done(folder)


@app.command(short_help="Say what a run on CORPUS will take: minutes, memory, disk.")
@_with_settings(*TABLES)
def plan(
    settings: Config,
    console: Console,
    *,
    nodes: Annotated[int, told("--nodes N", "On so many machines like this one. Default: 1.")] = 1,
    as_json: Annotated[bool, told("--json", "Print it as JSON.")] = False,
) -> None:
    """Say what `run` with the same options will take, after at most a minute of measuring on CORPUS and this machine:
    minutes, memory and disk of each model and of the run, on these cores and on N machines."""
    from pipeline.commands.plan import as_json as written
    from pipeline.commands.plan import describe, plan_run

    if nodes < 1:
        raise PipelineError(
            "number-out-of-range", "--nodes", f"{nodes} is no number of machines", "give 1 or more"
        )
    found = plan_run(settings, Console(sys.stderr), nodes)
    console.say(written(found) if as_json else describe(found))


@inspect.command("corpus", short_help="Show how CORPUS is read and split.")
@_with_settings("corpus", "run.task", "run.seed", "run.debug")
def inspect_corpus(settings: Config, console: Console) -> None:
    """Show how CORPUS is read and split: every record used or accounted for, duplicates, what was assumed."""
    from pipeline.corpus.by_settings import read_asked, split_asked
    from pipeline.corpus.describe import describe_corpus
    from pipeline.corpus.duplicates import find_duplicates
    from pipeline.corpus.task_of import with_task

    settings = with_task(settings)
    loaded = read_asked(settings, console)
    duplicates = find_duplicates(loaded.corpus)
    corpora = split_asked(settings, loaded, duplicates)
    console.say(describe_corpus(loaded, duplicates, corpora[0]))


@inspect.command("embeddings", short_help="Show how well word vectors fit CORPUS.")
@_with_settings(
    *("corpus", "run.seed", "run.cache", "run.debug"), without=("corpus.folds",), with_argument=False
)
def inspect_embeddings(
    settings: Config,
    console: Console,
    *,
    file: Annotated[
        str, told("FILE", "A vector file, an installed package of vectors, or a source such as word2vec.")
    ],
) -> None:
    """Show how well the vectors of FILE fit the corpus, before any network is trained on them."""
    from pipeline.commands.inspect_embeddings import describe_fit

    console.say(describe_fit(file, settings, Console(sys.stderr)))  # the audit alone on standard output


RunFolder = Annotated[Path, told("RUN", "A run folder, such as reports/bbc-news-...")]


@app.command(short_help="Draw a run's report again, or finish that of a run that was killed.")
def report(run_folder: RunFolder, debug: Debug = False) -> None:
    """Draw the report of a run again, from its saved predictions. Of a run that was killed what had finished is
    scored first."""
    console = Console()
    with exit_statuses(console, debug):
        from pipeline.report import draw_report
        from pipeline.run_folder.lock import RunLock
        from pipeline.run_folder.stopped import holds

        found = holds(run_folder)
        if found not in ("a finished run", "a run that can go on"):
            raise PipelineError(
                "not-a-finished-run",
                str(run_folder),
                "there is no metrics.json in it",
                "give the folder of a finished run",
            )
        with RunLock.take(run_folder, console.say):
            if found == "a finished run":
                draw_report(run_folder)
            else:
                from pipeline.commands.unfinished import finish

                finish(run_folder, console)
        console.say(f"Report: {run_folder / 'report.html'}")


@app.command("merge", short_help="Join the shards of a run, and write its report.")
def merge_shards(
    shards: Annotated[list[Path], told("SHARD...", "The folders that `run --shard 1/N` to `N/N` wrote.")],
    *,
    out: Annotated[Path, told("--out DIR", "A new folder for the run.")],
    corpus: Annotated[list[str] | None, told("--corpus FILE", "Where the corpus lies, if elsewhere.")] = None,
    debug: Debug = False,
) -> None:
    """Join the folders of all shards of a run, do what takes them all (seeds that are added), score and report. The
    shards stay as they are; what is missing, damaged or of another run is refused by name."""
    console = Console()
    with exit_statuses(console, debug):
        from pipeline.commands.merge import merge
        from pipeline.commands.unfinished import check_all_is_done
        from pipeline.report import summarise

        console.say(summarise(merge(shards, out, corpus, console, _command())))
        check_all_is_done(out)


@app.command(short_help="Check a finished run's scores, models and report.")
def verify(run_folder: RunFolder, debug: Debug = False) -> None:
    """Compute every score again from the saved predictions, draw the report again, ask each saved model the golden
    texts again, and compare."""
    console = Console()
    with exit_statuses(console, debug):
        from pipeline.commands.verify import describe
        from pipeline.commands.verify import verify as check

        verified = check(run_folder)
        if verified.differences:
            raise Found(describe(verified))
        console.say(describe(verified))


@app.command(short_help="Three controls on CORPUS: shuffled labels, a leak canary, A/A.")
@_with_settings(
    *("corpus", "run.seed", "run.cache", "run.debug"), without=("corpus.unlabelled", "corpus.folds")
)
def selftest(
    settings: Config,
    console: Console,
    *,
    kill: Annotated[
        int,
        told(
            "--kill N", "Instead: kill small runs N times, and at each step; do they go on to the same end?"
        ),
    ] = 0,
) -> None:
    """Ask on CORPUS what has a known answer: can labels that say nothing be learned, does a word of test documents
    reach what is learned, is a model told apart from itself? With --kill: does a run survive that?"""
    from pipeline.commands.selftest import describe, describe_kills
    from pipeline.commands.selftest import selftest as find
    from pipeline.commands.selftest_kill import kill_runs

    if kill < 0:
        raise PipelineError(
            "number-out-of-range", "--kill", f"{kill} is no number of kills", "give 1 or more"
        )
    told_on = Console(sys.stderr)
    findings = kill_runs(settings, told_on, kill) if kill else find(settings, told_on)
    words = describe_kills(findings) if kill else describe(findings)
    if not all(finding.passed for finding in findings):
        raise Found(words)
    console.say(words)


@app.command(short_help="A worked example: every number of a network on your words.")
def explain(
    text: Annotated[str, told("TEXT", 'One word or more, in quotes, such as "dog bites man".')],
    *,
    cell: Annotated[str | None, told("--cell CELL", "rnn, gru or lstm. Default: rnn.")] = None,
    units: Annotated[int | None, told("--units N", "Numbers in the state, 1 to 4. Default: 2.")] = None,
    run_folder: Annotated[
        Path | None, told("--run RUN", "A run folder: show a network that it trained, not a small one.")
    ] = None,
    model: Annotated[
        str | None, told("--model NAME", "Which network of RUN. Default: its first of that cell.")
    ] = None,
    each_word: Annotated[
        bool, told("--each-word", "Answer each word (many to many), not the text after its last one.")
    ] = False,
    out: Annotated[Path | None, told("--out FILE.html", "Write it as a web page too, a new file.")] = None,
    debug: Debug = False,
) -> None:
    """Show all that a recurrent network computes on TEXT, forward and back through time, with the numbers put into the
    equations, and TensorFlow's answers in a closing table. Without --run the network is small enough for a pencil."""
    console = Console()
    with exit_statuses(console, debug):
        from pipeline.core.files import write_whole
        from pipeline.interpret.explain import check_out
        from pipeline.interpret.explain import explain as work_out
        from pipeline.report.page.html_page import write_example_page
        from pipeline.report.page.terminal import write_example

        if out is not None:
            check_out(out)
        quiet_tensorflow()
        with filtered_stderr():
            example = work_out(text, cell=cell, units=units, run=run_folder, model=model, each_word=each_word)
        width = shutil.get_terminal_size((100, 24)).columns
        console.say(write_example(example, width, sys.stdout.encoding))
        if out is not None:
            write_whole(out, write_example_page(example).encode())
            console.say(f"\nPage: {out}")
    if not example.agrees:
        stop(FAULT, example.conclusion)


@app.command("cache", short_help="Show or empty the cache of word vectors.")
def show_cache(
    clear: Annotated[bool, told("--clear", "Remove every entry.")] = False,
    debug: Debug = False,
) -> None:
    """Show where word vectors are kept between runs, and how much they take."""
    console = Console()
    with exit_statuses(console, debug):
        from pipeline.embeddings.kept import default_cache

        cache = default_cache(Config())
        console.say("There is no cache: no home folder." if cache is None else cache.describe(clear=clear))


def settings_of(arguments: Sequence[str]) -> Config:
    """Return the settings of `python run_pipeline.py ARGUMENTS`, which is not run."""
    params = typer.main.get_command(script).make_context("run_pipeline.py", [*arguments]).params
    return resolved(params)


def _command() -> str:
    """Return the command line as it was typed, to be shown in the report."""
    name = Path(sys.argv[0]).name
    start = (
        "python -m pipeline" if name == "__main__.py" else f"python {name}" if name.endswith(".py") else name
    )
    return f"{start} {shlex.join(sys.argv[1:])}".rstrip()


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
