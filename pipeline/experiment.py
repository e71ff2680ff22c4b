"""The order of the stages: corpus, tokens, indices, embeddings, models, predictions, evaluation, report."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipeline.config import Config, save_config, stage_generator
from pipeline.console import Console, filtered_stderr, quiet_tensorflow
from pipeline.corpus import find_duplicates, read_corpus, split_corpus
from pipeline.corpus.sample import sample_corpus
from pipeline.errors import PipelineError
from pipeline.fit_baselines import run_baselines
from pipeline.fit_networks import run_networks
from pipeline.material import Fold, Material
from pipeline.plan import PlannedModel, plan_models, unused_sources
from pipeline.record import Record, conclude
from pipeline.storage import write_whole
from pipeline.tokenizer import tokenize
from pipeline.values import Duplicates, LoadedCorpus

QUICK_DOCUMENTS = 2_000


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
    check_out(config.run.out)
    loaded, duplicates, folds = read_and_split(config, console)
    run = _make_run_folder(config, loaded.name)
    console.log_to(run / "log.txt")
    write_whole(run / "config.toml", save_config(config).encode())
    record = Record.begin(run, config, command, loaded, duplicates, [fold.corpus for fold in folds], planned)
    for source in unused_sources(planned, config.run.embeddings):
        record.note(f"embedding source {source} was asked for, but no model of this run reads it")
    with _ended(record, console, started):
        material = tokenize_all(config, console, run, loaded, planned)
        record.tokens(material.tokenized)
        with _quiet(config):
            for fold in folds:
                run_fold(material, fold, record)
    return run


@contextlib.contextmanager
def _ended(record: Record, console: Console, started: float) -> Iterator[None]:
    """Write metrics and report when the block ends; the folder says how it ended, whatever happens.

    After Ctrl-C what had finished is scored. A mistake in the settings that shows only now takes the folder
    away, so that the corrected command can use it.
    """
    try:
        yield
        record.end("done")
    except KeyboardInterrupt:
        record.end("interrupted")
        conclude(record, console, time.perf_counter() - started)
        raise
    except PipelineError:
        record.end("failed")
        if not record.fits:
            _take_away(record.run, console)
        raise
    except BaseException:
        record.end("failed")
        raise
    conclude(record, console, time.perf_counter() - started)


def _take_away(run: Path, console: Console) -> None:
    """Remove a run folder in which nothing has finished; it was new or empty when the run began."""
    console.log_to(Path(os.devnull))
    shutil.rmtree(run, ignore_errors=True)


def check_out(out: str | None) -> None:
    """Refuse an output folder that holds something."""
    if out is None:
        return
    path = Path(out)
    if path.is_file():
        raise PipelineError("--out", f"{out} is a file; a folder is expected", "name a new folder")
    if path.is_dir() and any(path.iterdir()):
        raise PipelineError("--out", f"the folder {out} is not empty", "name a new folder, or empty this one")


@contextlib.contextmanager
def _quiet(config: Config) -> Iterator[None]:
    """Keep TensorFlow's chatter from the terminal, unless --debug asks for all of it."""
    if config.run.debug:
        yield
        return
    quiet_tensorflow()
    with filtered_stderr():
        yield


def read_and_split(config: Config, console: Console) -> tuple[LoadedCorpus, Duplicates, list[Fold]]:
    """Return the corpus that the settings name, its duplicates, and every fold's split."""
    wanted = config.corpus
    with console.stage(f"Reading {wanted.path}"):
        loaded = read_corpus(
            wanted.path,
            test=wanted.test,
            validation=wanted.validation,
            unlabelled=wanted.unlabelled,
            text_column=wanted.text,
            label_column=wanted.label,
        )
        if config.run.quick:
            loaded = sample_corpus(loaded, QUICK_DOCUMENTS, stage_generator(config.run.seed, "quick sample"))
        duplicates = find_duplicates(loaded.corpus)
        corpora = split_corpus(
            loaded,
            duplicates.groups,
            test_size=wanted.test_size,
            validation_size=wanted.validation_size,
            folds=wanted.folds,
            generator=stage_generator(config.run.seed, "split"),
        )
    folds = [Fold.of(number, corpus) for number, corpus in enumerate(corpora)]
    if wanted.folds == 0:  # where a split was made or completed, duplicates are counted against it
        duplicates = find_duplicates(corpora[0])
    return loaded, duplicates, folds


def _make_run_folder(config: Config, name: str) -> Path:
    if config.run.out:
        run = Path(config.run.out)
    else:
        stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
        run = Path("reports") / f"{name}-{stamp}"
        number = 2
        while run.exists():
            run, number = Path("reports") / f"{name}-{stamp}-{number}", number + 1
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PipelineError(
            "--out", f"{run} cannot be made: {error.strerror}", "name another folder"
        ) from None
    return run


def tokenize_all(
    config: Config, console: Console, run: Path, loaded: LoadedCorpus, planned: tuple[PlannedModel, ...]
) -> Material:
    """Return what all folds share, with the tokens of every document and, for embeddings, of unlabelled text."""
    with console.stage("Tokenising"):
        tokenized = tokenize(loaded.corpus.texts, config.tokenizer)
        unlabelled = None
        if loaded.unlabelled is not None and any(model.source for model in planned):
            unlabelled = tokenize(loaded.unlabelled, config.tokenizer)
    return Material(config, console, run, loaded, tokenized, unlabelled, planned)


# --- one fold --------------------------------------------------------------------------------------------


def run_fold(material: Material, fold: Fold, record: Record) -> None:
    """Fit every planned model on one split and save its predictions of the test documents."""
    parts = record.fold(fold.number)
    final = fold.refitted() if material.config.run.refit else fold
    run_baselines(material, fold, final, parts)
    for source in dict.fromkeys(model.source for model in material.planned if model.source):
        run_networks(material, source, fold, final, parts)
