"""The order of the stages: corpus, tokens, indices, embeddings, models, predictions, evaluation, report."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.commands.interrupted import ends_here
from pipeline.commands.laid_down import check_protocol, lay_down
from pipeline.commands.out_folder import check_out, out_folder
from pipeline.commands.unfinished import out_of_time, what_is_there
from pipeline.core.clean import plural
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.files import json_text
from pipeline.core.fits import INCOMPLETE
from pipeline.core.noise import quiet
from pipeline.core.resources import memory_mib
from pipeline.core.seeds import stage_generator
from pipeline.core.stopping import GRACE_SECONDS, INTERRUPTED, OUT_OF_TIME, StoppedAtOnce, stoppable
from pipeline.core.values import TRAIN, Corpus, TokenizedCorpus
from pipeline.core.version import __version__
from pipeline.core.warned import warning
from pipeline.corpus.by_settings import with_answers
from pipeline.corpus.duplicates import unlabelled_warning
from pipeline.corpus.facts import describe_tokens
from pipeline.corpus.splits import join_groups
from pipeline.corpus.task_of import with_metric, with_task
from pipeline.embeddings.audit.fit import CorpusFacts
from pipeline.experiment.conclude import conclude
from pipeline.experiment.data import (
    ReadCorpus,
    Split,
    read_and_split,
    settle_tokenizer,
    tokenize_all,
)
from pipeline.experiment.document_facts import describe_test_documents
from pipeline.experiment.executors import Executors, check_executor, executor_of
from pipeline.experiment.fit_loop import FitLoop
from pipeline.experiment.fits_of_task import fits_of
from pipeline.experiment.forecast import Cluster, forecast_unmeasured, usual_seconds
from pipeline.experiment.how_many import (
    choose_at_once,
    this_machine,
)
from pipeline.experiment.job_graph import run_jobs
from pipeline.experiment.learning_curve import loop_of_smaller_sets, smaller_folds
from pipeline.experiment.more_seeds import add_seed
from pipeline.experiment.outside import OutsideModel, check_names
from pipeline.experiment.plan import (
    check_settings,
    left_out,
    own_source,
    plan_models,
    unused_sources,
)
from pipeline.experiment.planned_run import AskedRun, PlannedRun
from pipeline.experiment.shards import Shard, take_share
from pipeline.experiment.time_left import TimeLeft
from pipeline.experiment.time_limit import seconds_to_fit
from pipeline.experiment.word_jobs import Explain, explain_with
from pipeline.models.table import PlannedModel
from pipeline.run_folder.folder import LOG
from pipeline.run_folder.joined import SHARD
from pipeline.run_folder.lock import RunLock
from pipeline.run_folder.names import detail_file
from pipeline.run_folder.protocol import breaches
from pipeline.run_folder.stopped import StoppedRun, holds, vanished
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import Config, first_seeds, with_values
from pipeline.text.tokenizer import tokenize

_COUNTED_DOCUMENTS = 2_000  # whose tokens tell long documents from short ones
_STOPS = {
    INTERRUPTED: "Stopping as soon as nothing is lost by it; Ctrl-C again ends at once",
    OUT_OF_TIME: "The time is over: stopping as soon as nothing is lost by it",
}


def run_experiment(
    config: Config,
    console: Console,
    command: str,
    executors: Executors = executor_of,
    *,
    resume: bool = False,
) -> Path:
    """Run every stage and return the run folder; in the folder of a run that was stopped, those that it lacks.

    Parameters
    ----------
    config : Config
        The resolved settings.
    console : Console
        Told about every stage.
    command : str
        What the person typed, for the report.
    executors : callable
        Makes the place where fits run.
    resume : bool
        Whether there has to be a run to go on with.

    Raises
    ------
    PipelineError
        For a mistake in the user's files or settings, or a folder that another process holds.
    KeyboardInterrupt
        After the folder was written with what had finished; after a second Ctrl-C at once.
    """
    began = time.perf_counter()
    config, asked_for = with_task(config), config
    planned = plan_models(config.run.models, config.run.embeddings, config.run.task)
    check_settings(planned, config.networks)
    check_executor(config.run.executor)
    if config.run.shard:
        Shard.parse(config.run.shard)
    check_out(config.run.out, resume)
    check_protocol(config.run.protocol)
    check_names(config.run.compare, {model.name for model in planned})
    read = read_and_split(config, console)
    config = with_metric(config, asked_for, read.loaded.corpus.label_names)
    config, cut = settle_tokenizer(with_answers(config, read.loaded.reading), read.loaded)
    config, chosen = settle_sources(config, planned, read.corpora[0])
    told = (*cut, *chosen)
    for sentence in told:
        console.say(sentence)
    loaded = replace(read.loaded, assumptions=(*read.loaded.assumptions, *told))
    read = replace(read, loaded=loaded)
    planned = plan_models(config.run.models, config.run.embeddings, config.run.task)
    check_names(config.run.compare, {model.name for model in planned})
    outside = models_elsewhere(config, read, console)
    smaller = folds_of_curve(config, read)
    asked = AskedRun(config, command, read, planned, began, outside)
    path = out_folder(config.run.out, loaded.name)
    with RunLock.take(path, console.say) as lock:
        run = begin_or_go_on(path, asked, lock, console, resume)
        deadline = time_to_stop(asked)
        fit_and_score(run, read, console, smaller, executors, deadline)
    return path


def models_elsewhere(config: Config, read: ReadCorpus, console: Console) -> tuple[OutsideModel, ...]:
    """Return the models that --compare names; answers about records that are not tested are told."""
    models = tuple(fits_of(config).outside(path, read, config) for path in config.run.compare)
    for model in models:
        if model.passed_over:
            rows = f"{plural(model.passed_over, 'row')} about records that are not tested"
            console.warn(warning("rows-passed-over", f"--compare {model.file}: {rows} passed over"))
    return models


def time_to_stop(asked: AskedRun) -> float | None:
    """Return when a run under --minutes asks its fits to stop, by `time.perf_counter`; None without a limit."""
    minutes = asked.config.run.minutes
    if not minutes:
        return None
    if asked.config.run.shard:
        return asked.began + 60.0 * minutes - GRACE_SECONDS  # nothing is scored
    seeds = first_seeds(asked.config)
    fits = sum(seeds if model.seeded else 1 for model in asked.models)
    tested = sum(len(fold.test) for fold in asked.read.folds)
    return asked.began + seconds_to_fit(minutes, fits * tested)


def begin_or_go_on(path: Path, asked: AskedRun, lock: RunLock, console: Console, resume: bool) -> PlannedRun:
    """Return the run of a folder that this process holds: a new one, or the one that was stopped there.

    Raises
    ------
    PipelineError
        If the folder holds something else, or a run of other settings or documents.
    """
    check_out(str(path), resume, held=True)
    if holds(path) == "a run that can go on":
        stopped = StoppedRun.read(path)
        if stopped.damage:
            console.warn(stopped.damage)
        then = PlannedRun.stopped(stopped)
        run = PlannedRun.going_on(stopped, then, asked, lock)
        console.log_to(path / LOG)
        console.say(f"Goes on in {path}: {what_is_there(then)}")
        return run
    laid_down = lay_down(asked) if asked.config.run.protocol else None
    texts = {} if laid_down is None else {detail_file("protocol"): json_text(laid_down)}
    run = PlannedRun.begin(path, asked, lock, texts)
    console.log_to(path / LOG)
    if laid_down is not None:
        for breach in breaches(laid_down.content, asked.config, run.about.corpus, __version__):
            console.warn(
                warning("protocol-not-kept", f"this run does not keep to {laid_down.file}: {breach}")
            )
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
    run: PlannedRun,
    read: ReadCorpus,
    console: Console,
    smaller: Sequence[Split] = (),
    executors: Executors = executor_of,
    deadline: float | None = None,
) -> None:
    """Fit every planned model on every fold, and write what follows into the run folder, however the run ends.

    After Ctrl-C, or at the deadline, what had finished is scored, and so it is when a file turns out to be damaged
    after that; a second Ctrl-C leaves the scores to `python -m pipeline report`. A mistake that shows before any job
    has ended takes the files away that were written, so that the corrected command can use the folder. However it
    ends before its report is whole, the journal stays: the same command goes on, and `report` scores what had
    finished.

    Parameters
    ----------
    smaller : the sets of --learning-curve
    executors : makes the place where fits run
    deadline : when no more is to be fitted, by `time.perf_counter`
    """
    folder = run.folder
    folder.ended_stages = console.stage_seconds  # as it grows
    try:
        fitted = fit_all(run, read, console, smaller, executors, deadline)
        why = fitted.stopped
        folder.state = why or (INCOMPLETE if fitted.lacks_jobs else "done")
        tell = partial(_tell_stop, console)
        explain = explain_with(run, console, executors, fitted.at_once, tell, deadline)
        _conclude(run, read, fitted.tokenized, console, explain)
        if why == OUT_OF_TIME:
            console.say(out_of_time(run))
        elif why:
            raise KeyboardInterrupt
    except StoppedAtOnce:
        run.end(INTERRUPTED)
        raise
    except KeyboardInterrupt:
        if folder.state == "running":
            folder.state = INTERRUPTED
            _conclude_without_words(run, read, console)
        elif (
            not folder.reported
        ):  # every fit is there: the same command, or `report`, has only the report to make
            run.end(INTERRUPTED)
        raise
    except PipelineError:
        _end_by_mistake(run, read, console)
        raise
    except BaseException as error:
        _end_failed(run)
        if not folder.path.is_dir():  # of which any of its files may have been the first to tell
            raise vanished(folder.path) from error
        raise


def _end_by_mistake(run: PlannedRun, read: ReadCorpus, console: Console) -> None:
    """Score what had finished; take back what was written where no job has ended."""
    folder, scored = run.folder, run.folder.state in ("done", INCOMPLETE)
    _end_failed(run)
    if not folder.done() and not folder.jobs:
        console.log_to(Path(os.devnull))
        folder.take_back()
    elif not folder.done():
        console.warn(ends_here(f"the same command, with --out {folder.path}, goes on"))
    elif not scored:
        with contextlib.suppress(PipelineError, OSError):  # the first mistake is the one to be told
            _conclude_without_words(run, read, console)
            console.warn(ends_here(f"what had finished stands in {folder.path}"))


def _tell_stop(console: Console, why: str) -> None:
    console.say(_STOPS[why])


def _conclude_without_words(run: PlannedRun, read: ReadCorpus, console: Console) -> None:
    """Score a run that ended early."""
    _conclude(run, read, None, console, lambda planned, shown: None)


def _conclude(
    run: PlannedRun, read: ReadCorpus, tokenized: TokenizedCorpus | None, console: Console, explain: Explain
) -> None:
    """Score a run and draw its report; the folder of a shard says how it ended, and is left to `merge`."""
    if not run.config.run.shard:
        conclude(run, read, tokenized, console, explain)
        return
    ended = run.folder.state in ("done", INCOMPLETE)  # `merge` tries again what could not be done
    run.end(SHARD if ended else run.folder.state)
    if run.folder.state == SHARD:
        console.say(
            f"Shard {run.config.run.shard} is done: {plural(len(run.folder.fits), 'fit')} in {run.folder.path};"
            " `python -m pipeline merge` joins it with the others"
        )


def _end_failed(run: PlannedRun) -> None:
    """Say in the folder that the run failed; a full disk that ended it is not to hide why by another error."""
    with contextlib.suppress(OSError, PipelineError):
        run.end("failed")


@dataclass(frozen=True, eq=False)
class Fitted:
    """How the fits of a run ended.

    Attributes
    ----------
    tokenized : all documents of the corpus
    stopped : why fits were stopped; None where all ended
    at_once : how many ran side by side, at most
    lacks_jobs : whether some could not be done
    """

    tokenized: TokenizedCorpus
    stopped: str | None
    at_once: int
    lacks_jobs: bool


def fit_all(
    run: PlannedRun,
    read: ReadCorpus,
    console: Console,
    smaller: Sequence[Split],
    executors: Executors,
    deadline: float | None,
) -> Fitted:
    """Fit every planned model on every fold, and on the smaller sets."""
    config, folder, loaded = run.config, run.folder, read.loaded
    sources = config.run.embeddings
    for text in (*unused_sources(run.fitted_here, sources), *left_out(config.run.models, sources)):
        folder.note(text)
    data = tokenize_all(config, console, loaded, run.fitted_here)
    data = replace(data, own_cache=folder.unfinished / "vectors_of_unlabelled_text")
    with console.stage("Looking at the test documents"):
        groups = join_groups(read.duplicates.groups, loaded.together)  # (N,)
        warned = describe_test_documents(folder, data.tokenized, read.corpora, groups)
    if loaded.unlabelled is not None and data.unlabelled is not None:
        tested = np.unique(np.concatenate([fold.test for fold in read.folds]))
        warned += filter(None, [unlabelled_warning(loaded.unlabelled, loaded.corpus.texts.gather(tested))])
    for text in warned:
        console.warn(text)
        folder.note(text)
    folder.tell("tokens", describe_tokens(data.tokenized, read.corpora[0]))
    facts = CorpusFacts(data.tokenized, read.corpora[0], config.tokenizer)
    adds = config.run.seeds == AUTO and not config.run.shard  # that takes all of the run: `merge` does it
    more = partial(add_seed, run, console) if adds else lambda: False
    loop = FitLoop(data, read.folds, run.folder, run.keep, facts, lambda fold: config, config, more)
    loops = [loop]
    if smaller:
        loops.append(loop_of_smaller_sets(run, loop, read.folds[0], smaller))
    if config.run.shard:
        console.say(take_share(loops, Shard.parse(config.run.shard)))
    machine = this_machine(config.run.max_memory)
    at_once = choose_at_once(data, read.folds, [job.mib for job in loop.first_trainings()], machine)
    try:
        with (
            executors(data, at_once) as executor,
            quiet(config.run.debug),
            stoppable(partial(_tell_stop, console), deadline) as stop,
        ):
            jobs, cluster = loop.planned_jobs, Cluster(executor.at_once, machine.room_mib, memory_mib())
            folder.write_detail("forecast", forecast_unmeasured(data, jobs(), cluster, console.stage_seconds))
            with TimeLeft(console, usual_seconds(data, jobs()), executor.at_once) as left:
                run_jobs(loops, executor, left)
    finally:
        run.put_in_order()
    return Fitted(data.tokenized, stop.why, at_once, lacks_jobs=any(loop.failed for loop in loops))


def folds_of_curve(config: Config, read: ReadCorpus) -> list[Split]:
    """Return the first fold with fewer training documents, for --learning-curve; none where it was not asked for."""
    if not config.run.learning_curve:
        return []
    generator = stage_generator(config.run.seed, "learning curve")
    return smaller_folds(read.folds[0], read.corpora[0], config.run.learning_curve_sizes, generator)
