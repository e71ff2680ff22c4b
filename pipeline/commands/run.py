"""The order of the stages: corpus, tokens, indices, embeddings, models, predictions, evaluation, report."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pipeline import __version__
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.files import Json, write_json
from pipeline.core.noise import quiet
from pipeline.core.seeds import stage_generator
from pipeline.core.values import TRAIN, Corpus
from pipeline.corpus.duplicates import unlabelled_warning
from pipeline.corpus.facts import describe_loaded
from pipeline.corpus.splits import join_groups
from pipeline.experiment.conclude import conclude
from pipeline.experiment.data import Fold, Material, read_and_split, tokenize_all
from pipeline.experiment.document_facts import describe_test_documents
from pipeline.experiment.executors import Fits, all_ended, fits_of
from pipeline.experiment.fit_linear import run_baselines
from pipeline.experiment.fit_networks import run_networks
from pipeline.experiment.kept_for_seeds import KeptForSeeds, kept_for_seeds
from pipeline.experiment.learning_curve import CurveRecord, draw_of, settings_of_draw, smaller_folds
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
from pipeline.experiment.record import Record
from pipeline.models.table import PlannedModel
from pipeline.run_folder.journal import JOURNAL
from pipeline.run_folder.predictions import prediction_path
from pipeline.run_folder.protocol import COPY as PROTOCOL
from pipeline.run_folder.protocol import LaidDown, breaches, plan_of, read_protocol, write_protocol
from pipeline.run_folder.reading import CURVE_FOLDER
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import Config, deciding, save_config, with_values
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
    loaded, duplicates, folds = read_and_split(config, console)
    config, told = settle_sources(config, planned, folds[0].corpus)
    for sentence in told:
        console.say(sentence)
    loaded = replace(loaded, assumptions=(*loaded.assumptions, *told))
    planned = plan_models(config.run.models, config.run.embeddings)
    check_names(config.run.compare, {model.name for model in planned})
    corpora = [fold.corpus for fold in folds]
    outside = tuple(read_outside(path, corpora) for path in config.run.compare)
    smaller = folds_of_curve(config, folds[0])
    corpus = describe_loaded(loaded, duplicates, corpora, config)
    laid_down = lay_down(config, planned, corpus) if config.run.protocol else None
    run = _make_run_folder(config, loaded.name)
    console.log_to(run / "log.txt")
    record = Record.begin(run, config, command, loaded, duplicates, corpora, planned, outside)
    if laid_down is not None:
        write_json(run / PROTOCOL, laid_down.row)
        for breach in breaches(laid_down.protocol, config, corpus, __version__):
            console.warn(f"this run does not keep to {laid_down.file}: {breach}")
    fit_and_score(record, folds, console, started, smaller)
    return run


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
    record: Record, folds: list[Fold], console: Console, started: float, smaller: list[Fold] | None = None
) -> None:
    """Fit every planned model on every fold, and write what follows into the record's run folder.

    `smaller` are the sets of --learning-curve.
    """
    config, loaded = record.config, record.loaded
    record.stages = console.stage_seconds  # as it grows
    planned = tuple(model for model in record.planned if model.kind != "outside")
    for source in unused_sources(planned, config.run.embeddings):
        record.note(f"embedding source {source} was asked for, but no model of this run reads it")
    for text in left_out(config.run.models, config.run.embeddings):
        record.note(text)
    with _ended(record, console, started):
        material = tokenize_all(config, console, record.run, loaded, planned)
        record.tokens(material.tokenized)
        with console.stage("Looking at the test documents"):
            groups = join_groups(record.duplicates.groups, loaded.together)  # (N,)
            warned = describe_test_documents(record.run, material.tokenized, folds, groups)
        for text in warned:
            console.warn(text)
            record.note(text)
        if loaded.unlabelled is not None and material.unlabelled is not None:
            tested = np.unique(np.concatenate([fold.test for fold in folds]))
            told = unlabelled_warning(loaded.unlabelled, loaded.corpus.texts.gather(tested))
            if told:
                console.warn(told)
                record.note(told)
        fits = fits_of(material, record, folds)
        with quiet(config.run.debug), kept_for_seeds(config, planned) as kept, all_ended(fits):
            for fold in folds:
                run_fold(material, fold, record, fits, kept)
            if kept is not None:
                add_seeds(material, folds, record, fits, kept)
        if smaller:
            run_learning_curve(material, folds[0], smaller, record)


@contextlib.contextmanager
def _ended(record: Record, console: Console, started: float) -> Iterator[None]:
    """Write metrics and report when the block ends; the folder says how it ended, whatever happens.

    After Ctrl-C what had finished is scored, and so it is when a file turns out to be damaged after that. A mistake
    that shows before anything was fitted takes the files away that were written, so that the corrected command
    can use the folder. After any other error the journal stays, and `python -m pipeline report` scores what had
    finished.
    """
    try:
        yield
        record.state = "done"
        conclude(record, console, time.perf_counter() - started)
    except KeyboardInterrupt:
        if not record.reported:  # else the run had ended, and what decorates its report was being made
            record.state = "interrupted"
            conclude(record, console, time.perf_counter() - started)
        raise
    except PipelineError:
        scored = record.state == "done"
        _end_failed(record)
        if not record.fits:
            _take_back(record, console)
        elif not scored:
            with contextlib.suppress(PipelineError, OSError):  # the first mistake is the one to be told
                conclude(record, console, time.perf_counter() - started)
                console.warn(f"the run ends here; what had finished stands in {record.run}")
        raise
    except BaseException:
        _end_failed(record)
        raise


def _end_failed(record: Record) -> None:
    """Say in the folder that the run failed; a full disk that ended it is not to hide why by another error."""
    with contextlib.suppress(OSError):
        record.end("failed")


def _take_back(record: Record, console: Console) -> None:
    """Remove what a run wrote before anything was fitted, and the folders that are empty then."""
    run, folds = record.run, range(record.about.folds)
    console.log_to(Path(os.devnull))
    for name in (
        "details/documents.parquet",
        "details/giveaways.json",
        PROTOCOL,
        "details/status.json",
        JOURNAL,
        "log.txt",
        "config.toml",
    ):
        (run / name).unlink(missing_ok=True)
    for model in record.outside:
        for fold in folds:
            prediction_path(run, model.name, 0, fold).unlink(missing_ok=True)
    for folder in (run / "predictions", run / "details", run):
        with contextlib.suppress(OSError):  # somebody else's file is in it, or it is not there
            folder.rmdir()


def check_out(out: str | None) -> None:
    """Refuse an output folder that holds something, before anything is read."""
    if out is None:
        return
    path = Path(out)
    if path.is_file():
        raise PipelineError("--out", f"{out} is a file; a folder is expected", "name a new folder")
    try:
        full = path.is_dir() and any(path.iterdir())
    except OSError as error:
        raise PipelineError(
            "--out", f"{out} cannot be read: {error.strerror}", "name another folder"
        ) from None
    if full:
        raise PipelineError("--out", f"the folder {out} is not empty", "name a new folder, or empty this one")


def check_protocol(file: str | None) -> None:
    """Refuse a protocol that no run can be held to, before anything is read."""
    if file is not None and Path(file).exists():
        read_protocol(Path(file))


def lay_down(config: Config, planned: tuple[PlannedModel, ...], corpus: dict[str, Json]) -> LaidDown:
    """Return the protocol of a run: written now where its file is absent, else the one in the file."""
    path = Path(str(config.run.protocol))
    if not path.exists():
        question = question_of(planned, str(deciding(config).get("run.metric", "accuracy")), config.run.rope)
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
        _make(run, exist_ok=True)
    else:
        run = _new_folder(name)
    check_out(str(run))
    try:
        with (run / "config.toml").open("x", encoding="utf-8") as file:
            file.write(save_config(config))
    except FileExistsError:
        fix = "name a new folder, or empty this one"
        raise PipelineError("--out", f"another run has begun to write into {run}", fix) from None
    except OSError as error:
        raise PipelineError(
            "--out", f"{run} cannot be written: {error.strerror}", "name another folder"
        ) from None
    return run


def _new_folder(name: str) -> Path:
    """Make `reports/<corpus>-<time>`, with a number more where two runs begin in one second."""
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    for number in itertools.count(1):
        run = Path("reports") / (f"{name}-{stamp}" + (f"-{number}" if number > 1 else ""))
        try:
            _make(run, exist_ok=False)
        except FileExistsError:
            continue
        return run
    raise AssertionError


def _make(run: Path, *, exist_ok: bool) -> None:
    try:
        run.mkdir(parents=True, exist_ok=exist_ok)
    except FileExistsError:
        raise
    except OSError as error:
        raise PipelineError(
            "--out", f"{run} cannot be made: {error.strerror}", "name another folder"
        ) from None


# --- one fold --------------------------------------------------------------------------------------------


def run_fold(
    material: Material, fold: Fold, record: Record, fits: Fits, kept: KeptForSeeds | None = None
) -> None:
    """Fit every planned model on one split and save its predictions of the test documents.

    `kept` is given what more trainings of networks would need.
    """
    parts, fold = record.fold(fold.number), fold.without_texts()
    refit = material.config.run.refit
    final = fold.refitted() if refit else fold
    if any(model.source is None for model in material.planned):
        fits.run(run_baselines, fold.number, fold, final, refit)
    for source in dict.fromkeys(model.source for model in material.planned if model.source):
        run_networks(material, source, fold, final, refit, parts, fits, kept)


# --- smaller sets of one fold ----------------------------------------------------------------------------


def folds_of_curve(config: Config, fold: Fold) -> list[Fold]:
    """Return the first fold with fewer training documents, for --learning-curve; none where it was not asked for."""
    if not config.run.learning_curve:
        return []
    generator = stage_generator(config.run.seed, "learning curve")
    return smaller_folds(fold, config.run.learning_curve_sizes, generator)


def run_learning_curve(material: Material, whole: Fold, smaller: list[Fold], record: Record) -> None:
    """Fit every planned model on each smaller set and save its predictions apart from those of the run."""
    apart = replace(material, run=material.run / CURVE_FOLDER)
    curve = CurveRecord.beside(record, apart, whole, smaller)
    fits = fits_of(apart, curve, smaller)
    with quiet(material.config.run.debug), all_ended(fits):
        for fold in smaller:
            n_docs = f"{len(fold.train):,} of {len(whole.train):,} training documents"
            material.console.say(f"Learning curve, set {fold.number} of {len(smaller)}: {n_docs}")
            own = settings_of_draw(material.config, draw_of(fold.number))
            run_fold(replace(apart, config=own), fold, curve, fits)
