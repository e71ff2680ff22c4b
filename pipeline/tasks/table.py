"""The tasks there are, by name, and the metrics of all of them."""

from __future__ import annotations

from typing import cast

from pipeline.core.wording import FIRST_METRIC
from pipeline.settings.tables import Config
from pipeline.tasks.answers import Answers
from pipeline.tasks.classification.answers import answers_of, from_columns, to_columns
from pipeline.tasks.classification.metrics import METRICS as OF_CLASSES
from pipeline.tasks.classification.scores import score
from pipeline.tasks.classification.targets import (
    chance_loss,
    class_names,
    known_labels,
    label_numbers,
    look_alikes,
)
from pipeline.tasks.classification.training import cross_entropies, output_of, right_answers
from pipeline.tasks.generate import columns as language_columns
from pipeline.tasks.generate.metrics import METRICS as OF_TEXT
from pipeline.tasks.metric import Metric
from pipeline.tasks.tag import columns as tag_columns
from pipeline.tasks.tag.metrics import METRICS as OF_TAGS
from pipeline.tasks.tag.metrics import metric_of_tags
from pipeline.tasks.task import OneAnswer, Task

CLASSIFY = OneAnswer(
    name="classify",
    metrics=OF_CLASSES,
    deciding=lambda names: FIRST_METRIC,
    columns=to_columns,
    from_columns=from_columns,
    names=class_names,
    warnings=look_alikes,
    targets=label_numbers,
    unknown=known_labels,
    chance=chance_loss,
    answers=answers_of,
    score=score,
    output=output_of,
    loss="cross-entropy",
    losses=cross_entropies,
    right=right_answers,
)
TAG = Task(
    name="tag",
    metrics=OF_TAGS,
    deciding=metric_of_tags,
    columns=tag_columns.to_columns,
    from_columns=tag_columns.from_columns,
)
GENERATE = Task(
    name="generate",
    metrics=OF_TEXT,
    deciding=lambda names: "bits-per-byte",
    columns=language_columns.to_columns,
    from_columns=language_columns.from_columns,
)

ONE_ANSWER = {CLASSIFY.name: CLASSIFY}  # tasks of one answer a document
# What a run holds are answers of its own task, so each may be asked for its metrics as if there were one kind.
TASKS: dict[str, Task[Answers]] = {
    CLASSIFY.name: cast(Task[Answers], CLASSIFY),
    TAG.name: cast(Task[Answers], TAG),
    GENERATE.name: cast(Task[Answers], GENERATE),
}
# No two tasks have a metric of one name, so that a metric alone tells what it is of.
METRICS: dict[str, Metric[Answers]] = {
    name: metric for task in TASKS.values() for name, metric in task.metrics.items()
}


def task_of(config: Config) -> Task[Answers]:
    """Return the task of a run; where its settings leave it open, documents have classes."""
    return TASKS[config.run.task if config.run.task in TASKS else CLASSIFY.name]
