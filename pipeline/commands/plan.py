"""`plan`: what a run would take, after at most a minute of measuring on the corpus and the machine."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from pipeline.commands.out_folder import check_out
from pipeline.commands.run import models_elsewhere, settle_sources
from pipeline.core.clean import plural
from pipeline.core.console import Console
from pipeline.core.files import plain
from pipeline.core.resources import memory_mib, usable_cores
from pipeline.corpus.task_of import with_task
from pipeline.embeddings.audit.fit import CorpusFacts
from pipeline.experiment.calibrate import Calibration
from pipeline.experiment.data import read_and_split, settle_tokenizer, tokenize_all
from pipeline.experiment.executors import check_executor
from pipeline.experiment.fit_loop import FitLoop
from pipeline.experiment.forecast import Cluster, every_job, forecast
from pipeline.experiment.how_many import describe_work, fits_at_once, this_machine
from pipeline.experiment.outside import check_names
from pipeline.experiment.plan import check_settings, plan_models
from pipeline.experiment.rates import machine_speed, usual_rates
from pipeline.experiment.shards import Shard, take_share
from pipeline.run_folder.details.forecast import Forecast, ForecastRow, Seconds
from pipeline.run_folder.folder import RunFolder
from pipeline.settings.tables import Config, first_seeds


def plan_run(config: Config, console: Console, nodes: int = 1) -> Forecast:
    """Return what a run with these settings takes on `nodes` machines like this one.

    Raises
    ------
    PipelineError
        For a mistake in the user's files or settings.
    """
    start = time.perf_counter()
    config = with_task(config)
    planned = plan_models(config.run.models, config.run.embeddings, config.run.task)
    check_settings(planned, config.networks)
    check_executor(config.run.executor)
    shard = Shard.parse(config.run.shard) if config.run.shard else None
    check_out(config.run.out, resume=False)
    check_names(config.run.compare, {model.name for model in planned})
    read = read_and_split(config, console)
    models_elsewhere(config, read, console)
    config, _ = settle_tokenizer(config, read.loaded)
    config, _ = settle_sources(config, planned, read.corpora[0])
    planned = plan_models(config.run.models, config.run.embeddings, config.run.task)
    data = tokenize_all(config, console, read.loaded, planned)
    before = time.perf_counter() - start
    own_mib, machine = memory_mib(), this_machine(config.run.max_memory)
    facts = CorpusFacts(data.tokenized, read.corpora[0], config.tokenizer)
    with tempfile.TemporaryDirectory(prefix="embedseq-") as folder:
        own = RunFolder(path=Path(folder))
        own.unfinished.mkdir(parents=True, exist_ok=True)
        loop = FitLoop(
            data, read.folds, own, lambda result, job: None, facts, lambda fold: config, config, None
        )
        if shard is not None:
            console.say(take_share([loop], shard))
        jobs = [job for job in every_job(loop.planned_jobs(), first_seeds(config)) if loop.is_mine(job)]
        work = describe_work(data, read.folds, [job.mib for job in jobs])
        at_once = fits_at_once(work, machine, config.run.side_by_side)
        if nodes > 1:
            at_once = max(at_once, machine.cores)
        share = max(1, usable_cores() // at_once)
        rates = Calibration(data, usual_rates(jobs, machine_speed()), share).measure(jobs)
    cluster = Cluster(at_once, machine.room_mib, own_mib, nodes)
    return forecast(data, jobs, rates, cluster, before)


def as_json(found: Forecast) -> str:
    """Return a forecast as JSON."""
    return json.dumps(plain(found), indent=2)


def describe(found: Forecast) -> str:
    """Return a forecast as lines: a row for each model and source, the run, and what cannot be known."""
    head = ("", "jobs", "a job, min", "least, min", "usual, min", "at most, min", "memory, MiB", "disk, MiB")
    lines = [head]
    for row in found.rows:
        name = row.name if row.measured else f"{row.name} *"
        lines.append(
            (
                name,
                f"{row.fits}",
                _one_job(row),
                *_minutes(row.seconds),
                f"{row.peak_mib:,.0f}",
                f"{row.disk_mib:,.1f}",
            )
        )
    where = f"the run, {plural(found.nodes, 'node')}, {found.at_once} at once"
    memory = f"{found.peak_mib:,.0f}"
    lines.append((where, "", "", *_minutes(found.seconds), memory, f"{found.disk_mib:,.1f}"))
    lines.append(("what has to follow each other", "", "", *_minutes(found.critical_seconds), "", ""))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    table = ["  ".join(_padded(line, widths)).rstrip() for line in lines]
    starred = (
        [] if all(row.measured for row in found.rows) else ["* not measured in the time there was: estimated"]
    )
    return "\n".join(
        [*table, "", *starred, "What this cannot know:", *(f"- {text}" for text in found.unknown)]
    )


def _one_job(row: ForecastRow) -> str:
    return f"{row.seconds.usual / max(row.fits, 1) / 60:.1f}"


def _minutes(seconds: Seconds) -> tuple[str, str, str]:
    least, usual, most = (f"{one / 60:.1f}" for one in (seconds.least, seconds.usual, seconds.most))
    return least, usual, most


def _padded(line: tuple[str, ...], widths: list[int]) -> list[str]:
    name, *figures = line
    right = (text.rjust(width) for text, width in zip(figures, widths[1:], strict=True))
    return [name.ljust(widths[0]), *right]
