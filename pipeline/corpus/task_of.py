"""What is asked of a corpus: as the settings say, else by the kind of its files."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.core.models import MODELS, OF_DOCUMENTS, OF_WORDS
from pipeline.core.tasks import TASKS
from pipeline.core.wording import FIRST_METRIC
from pipeline.corpus.built_in.table import BUILT_IN, TASK_OF
from pipeline.corpus.label_sets.kinds import has_label_sets
from pipeline.corpus.sources import names_of
from pipeline.corpus.tagged.kinds import is_tagged
from pipeline.settings.setting import AUTO, Value
from pipeline.settings.tables import SETTINGS, Config, get, with_values
from pipeline.tasks.table import TASKS as CODE


def with_task(config: Config) -> Config:
    """Return the settings with the task, and with its own models and metric where none were asked for.

    Raises
    ------
    PipelineError
        If a setting is given that the task has no use for, or a model or metric of another task.
    """
    name = name_of_task(config)
    facts, default = TASKS[name], Config()
    for key, why in facts.not_for.items():
        if get(config, key) != get(default, key):
            option = SETTINGS[key].flag or key
            raise PipelineError(
                "option-of-another-task",
                option,
                f"this {why}, and {facts.words} is asked for",
                "leave it out",
            )
    values: dict[str, Value] = {"run.task": name}
    if config.run.models == default.run.models:
        values["run.models"] = facts.models
    if config.run.metric == FIRST_METRIC:
        values["run.metric"] = facts.metric
    if facts.source and config.run.embeddings == default.run.embeddings:
        values["run.embeddings"] = (facts.source,)
    settled = with_values(config, values)
    _check_metric(settled)
    _check_models(settled)
    return settled


def with_metric(config: Config, asked: Config, names: tuple[str, ...]) -> Config:
    """Return settings `with_task` with the metric that suits the answers a corpus has, where none was asked for."""
    if asked.run.metric != FIRST_METRIC:
        return config
    return with_values(config, {"run.metric": CODE[config.run.task].deciding(names)})


def name_of_task(config: Config) -> str:
    """Return what is asked: as the settings say, else by the first file."""
    if config.run.task != AUTO:
        return config.run.task
    names = names_of(config.corpus.path)
    if names and str(names[0]) in TASK_OF:
        return TASK_OF[str(names[0])]
    paths = [Path(name).expanduser() for name in names if name not in BUILT_IN]
    files = [path for path in paths if path.is_file()]
    if files and is_tagged(files[0]):
        return "tag"
    return "multilabel" if files and has_label_sets(files[0], config.corpus.label) else "classify"


def _check_metric(config: Config) -> None:
    metric, known = config.run.metric, CODE[config.run.task].metrics
    if metric not in known:
        what = f"{TASKS[config.run.task].words} is not judged by it"
        raise PipelineError("unknown-choice", f"--metric {metric}", what, did_you_mean(metric, known))


def _check_models(config: Config) -> None:
    for asked in config.run.models:
        model, _, head = asked.partition(":")
        if model not in MODELS:
            continue  # refused by name where models are planned
        able = [name for name, entry in MODELS.items() if config.run.task in entry.tasks]
        if model not in able:
            what = f'"{model}" gives no {TASKS[config.run.task].words.removeprefix("a ")}'
            raise PipelineError(
                "option-of-another-task", "--models", what, f"ask for some of {', '.join(able)}"
            )
        heads = TASKS[config.run.task].heads
        if head in OF_WORDS + OF_DOCUMENTS and head not in heads:
            what = f'"{asked}" has a head that gives no {TASKS[config.run.task].words.removeprefix("a ")}'
            raise PipelineError(
                "option-of-another-task", "--models", what, f"use {model}, or a head of {', '.join(heads)}"
            )
