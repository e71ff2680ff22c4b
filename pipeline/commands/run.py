"""The order of the stages: corpus, tokens, indices, embeddings, models, predictions, evaluation, report."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pipeline import __version__
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.noise import quiet
from pipeline.core.seeds import stage_generator
from pipeline.core.values import TRAIN, Corpus, TokenizedCorpus
from pipeline.corpus.duplicates import unlabelled_warning
from pipeline.corpus.facts import describe_tokens
from pipeline.corpus.splits import join_groups
from pipeline.embeddings.audit.fit import CorpusFacts
from pipeline.experiment.conclude import conclude
from pipeline.experiment.data import ReadCorpus, Split, read_and_split, tokenize_all
from pipeline.experiment.document_facts import describe_test_documents
from pipeline.experiment.executors import executor_of
from pipeline.experiment.fit_loop import FitLoop
from pipeline.experiment.how_many import describe_work, fits_at_once, this_machine
from pipeline.experiment.learning_curve import fit_smaller_sets, smaller_folds
from pipeline.experiment.more_seeds import add_seeds
from pipeline.experiment.outside import check_names, read_outside
from pipeline.experiment.plan import (
    check_settings,
    left_out,
    own_source,
    plan_models,
    question_of,
    unused_sources,
)
from pipeline.experiment.planned_run import PlannedRun, corpus_of
from pipeline.experiment.shared import shared_files
from pipeline.models.table import PlannedModel
from pipeline.run_folder.folder import LOG
from pipeline.run_folder.metrics.corpus import CorpusRead
from pipeline.run_folder.protocol import LaidDown, breaches, plan_of, read_protocol, write_protocol
from pipeline.run_folder.reading import CONFIG
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import Config, save_config, with_values
from pipeline.text.tokenizer import tokenize

_COUNTED_DOCUMENTS = 2_000  # whose tokens tell long documents from short ones


def run_experiment(config: Config, console: Console, command: str) -> Path:
    """Run every stage and return the run folder.

    Parameters
    ----------
    config : Config
        The resolved settings.
    console : Console
        Told about every stage.
    command : str
        What the person typed, for the report.

    Raises
    ------
    PipelineError
        For a mistake in the user's files or settings.
    KeyboardInterrupt
        After the folder was written with what had finished.
    """
    started = time.perf_counter()
    planned = plan_models(config.run.models, config.run.embeddings)
    check_settings(planned, config.networks)
    check_out(config.run.out)
    check_protocol(config.run.protocol)
    check_names(config.run.compare, {model.name for model in planned})
    read = read_and_split(config, console)
    config, told = settle_sources(config, planned, read.corpora[0])
    for sentence in told:
        console.say(sentence)
    loaded = replace(read.loaded, assumptions=(*read.loaded.assumptions, *told))
    read = replace(read, loaded=loaded)
    planned = plan_models(config.run.models, config.run.embeddings)
    check_names(config.run.compare, {model.name for model in planned})
    outside = tuple(read_outside(path, read.corpora) for path in config.run.compare)
    smaller = folds_of_curve(config, read)
    corpus = corpus_of(read, config)
    laid_down = lay_down(config, planned, corpus) if config.run.protocol else None
    path = _make_run_folder(config, loaded.name)
    console.log_to(path / LOG)
    run = PlannedRun.begin(path, config, command, read, planned, outside)
    if laid_down is not None:
        run.folder.write_detail("protocol", laid_down)
        for breach in breaches(laid_down.content, config, corpus, __version__):
            console.warn(f"this run does not keep to {laid_down.file}: {breach}")
    fit_and_score(run, read, console, started, smaller)
    return path


def settle_sources(
    config: Config, planned: tuple[PlannedModel, ...], corpus: Corpus
) -> tuple[Config, tuple[str, ...]]:
    """Return the settings with the source that "auto" stands for in this corpus, and a sentence that says so.

    There is no sentence where the person named the sources, or no network reads one: other models read the vectors
    as they are. Up to 2,000 training documents are counted.
    """
    if config.run.embeddings != (AUTO,) or not any(model.seeded for model in planned):
        return config, ()
    train = corpus.positions(TRAIN)
    some = train[:: -(-len(train) // _COUNTED_DOCUMENTS)]
    tokenized = tokenize(corpus.texts.gather(some), config.tokenizer)
    mean_tokens = len(tokenized.token_types) / len(some)
    source = own_source(mean_tokens)
    told = f"embedding source {source}, by the {mean_tokens:.0f} tokens of a training document"
    return with_values(config, {"run.embeddings": (source,)}), (told,)


def fit_and_score(
    run: PlannedRun, read: ReadCorpus, console: Console, started: float, smaller: Sequence[Split] = ()
) -> None:
    """Fit every planned model on every fold, and write what follows into the run folder, however the run ends.

    After Ctrl-C what had finished is scored, and so it is when a file turns out to be damaged after that. A mistake
    that shows before anything was fitted takes the files away that were written, so that the corrected command
    can use the folder. After any other error the journal stays, and `python -m pipeline report` scores what had
    finished.

    Parameters
    ----------
    started : when the run began, by `time.perf_counter`
    smaller : the sets of --learning-curve
    """
    folder = run.folder
    folder.stages = console.stage_seconds  # as it grows
    try:
        tokenized = fit_all(run, read, console, smaller)
        folder.state = "done"
        conclude(run, read, tokenized, console, time.perf_counter() - started)
    except KeyboardInterrupt:
        if not folder.reported:  # else the run had ended, and what decorates its report was being made
            folder.state = "interrupted"
            conclude(run, read, None, console, time.perf_counter() - started)
        raise
    except PipelineError:
        scored = folder.state == "done"
        _end_failed(run)
        if not folder.done():
            console.log_to(Path(os.devnull))
            folder.take_back()
        elif not scored:
            with contextlib.suppress(PipelineError, OSError):  # the first mistake is the one to be told
                conclude(run, read, None, console, time.perf_counter() - started)
                console.warn(f"the run ends here; what had finished stands in {folder.path}")
        raise
    except BaseException:
        _end_failed(run)
        raise


def _end_failed(run: PlannedRun) -> None:
    """Say in the folder that the run failed; a full disk that ended it is not to hide why by another error."""
    with contextlib.suppress(OSError):
        run.end("failed")


def fit_all(run: PlannedRun, read: ReadCorpus, console: Console, smaller: Sequence[Split]) -> TokenizedCorpus:
    """Fit every planned model on every fold, and on the smaller sets; return the tokens of all documents."""
    config, folder, loaded = run.config, run.folder, read.loaded
    for source in unused_sources(run.fitted_here, config.run.embeddings):
        folder.note(f"embedding source {source} was asked for, but no model of this run reads it")
    for text in left_out(config.run.models, config.run.embeddings):
        folder.note(text)
    data = tokenize_all(config, console, loaded, run.fitted_here)
    folder.tell("tokens", describe_tokens(data.tokenized, read.corpora[0]))
    with console.stage("Looking at the test documents"):
        groups = join_groups(read.duplicates.groups, loaded.together)  # (N,)
        warned = describe_test_documents(folder, data.tokenized, read.corpora, groups)
    if loaded.unlabelled is not None and data.unlabelled is not None:
        tested = np.unique(np.concatenate([fold.test for fold in read.folds]))
        warned.append(unlabelled_warning(loaded.unlabelled, loaded.corpus.texts.gather(tested)) or "")
    for text in filter(None, warned):
        console.warn(text)
        folder.note(text)
    at_once = fits_at_once(describe_work(data, read.folds), this_machine(), config.run.side_by_side)
    facts = CorpusFacts(data.tokenized, read.corpora[0], config.tokenizer)
    debug = config.run.debug
    try:
        with shared_files() as files, executor_of(data, files, at_once, run.keep) as executor, quiet(debug):
            loop = FitLoop(data, config, facts, executor, files, folder, run.keep)
            loop.fit_folds(read.folds)
            if config.run.seeds == AUTO:
                add_seeds(run, loop)
            if smaller:
                fit_smaller_sets(run, loop, read.folds[0], smaller)
    finally:
        run.put_in_order()
    return data.tokenized


def check_out(out: str | None) -> None:
    """Refuse an output folder that holds something, before anything is read."""
    if out is None:
        return
    path = Path(out)
    if path.is_file():
        raise PipelineError("--out", f"{out} is a file; a folder is expected", "name a new folder")
    with _usable(out, "read"):
        full = path.is_dir() and any(path.iterdir())
    if full:
        raise PipelineError("--out", f"the folder {out} is not empty", "name a new folder, or empty this one")


def check_protocol(file: str | None) -> None:
    """Refuse a protocol that no run can be held to, before anything is read."""
    if file is not None and Path(file).exists():
        read_protocol(Path(file))


def lay_down(config: Config, planned: tuple[PlannedModel, ...], corpus: CorpusRead) -> LaidDown:
    """Return the protocol of a run: written now where its file is absent, else the one in the file."""
    path = Path(str(config.run.protocol))
    if not path.exists():
        question = question_of(planned, config.run.metric, config.run.rope)
        written = datetime.now(UTC).isoformat(timespec="seconds")
        protocol = plan_of(config, corpus, question, written)
        with contextlib.suppress(FileExistsError):  # another run has just written it: this one follows
            write_protocol(path, protocol)
            return LaidDown(str(path), "written", protocol)
    return LaidDown(str(path), "followed", read_protocol(path))


def _make_run_folder(config: Config, name: str) -> Path:
    """Return the run folder, made and claimed: its `config.toml` is new, so no other run can have it too."""
    if config.run.out:
        run = Path(config.run.out)
        with _usable(run, "made"):
            run.mkdir(parents=True, exist_ok=True)
    else:
        run = _new_folder(name)
    check_out(str(run))
    try:
        with _usable(run, "written"), (run / CONFIG).open("x", encoding="utf-8") as file:
            file.write(save_config(config))
    except FileExistsError:
        fix = "name a new folder, or empty this one"
        raise PipelineError("--out", f"another run has begun to write into {run}", fix) from None
    return run


def _new_folder(name: str) -> Path:
    """Make `reports/<corpus>-<time>`, with a number more where two runs begin in one second."""
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    run, number = Path("reports") / f"{name}-{stamp}", 1
    while True:
        with contextlib.suppress(FileExistsError), _usable(run, "made"):
            run.mkdir(parents=True)
            return run
        number += 1
        run = run.with_name(f"{name}-{stamp}-{number}")


@contextlib.contextmanager
def _usable(folder: str | Path, done: str) -> Iterator[None]:
    """Refuse an output folder with which the block cannot do what is to be `done`; one that is there is no mistake."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        what = f"{folder} cannot be {done}: {error.strerror}"
        raise PipelineError("--out", what, "name another folder") from None


def folds_of_curve(config: Config, read: ReadCorpus) -> list[Split]:
    """Return the first fold with fewer training documents, for --learning-curve; none where it was not asked for."""
    if not config.run.learning_curve:
        return []
    generator = stage_generator(config.run.seed, "learning curve")
    return smaller_folds(read.folds[0], read.corpora[0], config.run.learning_curve_sizes, generator)
