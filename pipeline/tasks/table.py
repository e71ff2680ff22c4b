"""The tasks there are, by name, and the metrics of all of them."""

from __future__ import annotations

from typing import cast

from pipeline.core.wording import FIRST_METRIC
from pipeline.settings.tables import Config
from pipeline.tasks.answers import Answers, Predictions
from pipeline.tasks.classification.answers import answers_of, from_columns, judged_predictions, to_columns
from pipeline.tasks.classification.by_name import scores_by_name
from pipeline.tasks.classification.metrics import METRICS as METRICS_OF_CLASSES
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
from pipeline.tasks.metric import Metric, shared
from pipeline.tasks.multilabel import columns as label_columns
from pipeline.tasks.multilabel import training as of_labels
from pipeline.tasks.multilabel.answers import LabelAnswers
from pipeline.tasks.multilabel.by_label import scores_by_label
from pipeline.tasks.multilabel.judged import judged_answers
from pipeline.tasks.multilabel.metrics import METRICS as OF_LABELS
from pipeline.tasks.multilabel.targets import distinct_sets, known_names, label_sets, names_in_sets
from pipeline.tasks.multilabel.thresholds import choose_thresholds
from pipeline.tasks.tag import columns as tag_columns
from pipeline.tasks.tag.metrics import METRICS as OF_TAGS
from pipeline.tasks.tag.metrics import metric_of_tags
from pipeline.tasks.task import DocumentTask, Task

CLASSIFY: DocumentTask[Predictions] = DocumentTask(
    name="classify",
    metrics=METRICS_OF_CLASSES,
    deciding=lambda names: FIRST_METRIC,
    columns=to_columns,
    from_columns=from_columns,
    by_name=scores_by_name,
    names=class_names,
    warnings=look_alikes,
    targets=label_numbers,
    unknown=known_labels,
    chance=chance_loss,
    answers=answers_of,
    output=output_of,
    loss="cross-entropy",
    losses=cross_entropies,
    right=right_answers,
    judged=judged_predictions,
)
TAG = Task(
    name="tag",
    metrics=OF_TAGS,
    deciding=metric_of_tags,
    columns=tag_columns.to_columns,
    from_columns=tag_columns.from_columns,
    by_name=lambda answers: scores_by_name(answers.single),
)
MULTILABEL: DocumentTask[LabelAnswers] = DocumentTask(
    name="multilabel",
    metrics=OF_LABELS,
    deciding=lambda names: "micro-f1",
    columns=label_columns.to_columns,
    from_columns=label_columns.from_columns,
    by_name=scores_by_label,
    names=names_in_sets,
    warnings=look_alikes,
    targets=label_sets,
    unknown=known_names,
    chance=of_labels.chance_loss,
    answers=of_labels.answers_of,
    output=of_labels.output_of,
    loss="binary-cross-entropy",
    losses=of_labels.cross_entropies,
    right=of_labels.right_answers,
    sets=distinct_sets,
    thresholds=choose_thresholds,
    judged=judged_answers,
)
GENERATE = Task(
    name="generate",
    metrics=OF_TEXT,
    deciding=lambda names: "bits-per-byte",
    columns=language_columns.to_columns,
    from_columns=language_columns.from_columns,
    by_name=lambda answers: scores_by_name(answers.single),
)

# Tasks that ask something of whole documents.
OF_CLASSES, OF_LABEL_SETS = (cast(DocumentTask[Answers], task) for task in (CLASSIFY, MULTILABEL))
DOCUMENT_TASKS = {task.name: task for task in (OF_CLASSES, OF_LABEL_SETS)}
# What a run holds are answers of its own task, so each may be asked for its metrics as if there were one kind.
TASKS: dict[str, Task[Answers]] = {
    CLASSIFY.name: cast(Task[Answers], CLASSIFY),
    TAG.name: cast(Task[Answers], TAG),
    MULTILABEL.name: cast(Task[Answers], MULTILABEL),
    GENERATE.name: cast(Task[Answers], GENERATE),
}
# A name stands for the metric of whatever task answers are of.
METRICS: dict[str, Metric[Answers]] = shared({name: task.metrics for name, task in TASKS.items()})


def task_of(config: Config) -> Task[Answers]:
    """Return the task of a run; where its settings leave it open, documents have classes."""
    return TASKS[config.run.task if config.run.task in TASKS else CLASSIFY.name]


def document_task(config: Config) -> DocumentTask[Answers]:
    """Return the task of a run that asks something of whole documents."""
    return DOCUMENT_TASKS.get(config.run.task, OF_CLASSES)
