"""The tasks there are, by name."""

from __future__ import annotations

from pipeline.tasks.classification.answers import answers_of, from_columns, to_columns
from pipeline.tasks.classification.metrics import METRICS
from pipeline.tasks.classification.scores import score
from pipeline.tasks.classification.targets import (
    chance_loss,
    class_names,
    known_labels,
    label_numbers,
    look_alikes,
)
from pipeline.tasks.classification.training import cross_entropies, output_of, right_answers
from pipeline.tasks.task import Task

CLASSIFY = Task(
    name="classify",
    metrics=METRICS,
    names=class_names,
    warnings=look_alikes,
    targets=label_numbers,
    unknown=known_labels,
    chance=chance_loss,
    answers=answers_of,
    columns=to_columns,
    from_columns=from_columns,
    score=score,
    output=output_of,
    loss="cross-entropy",
    losses=cross_entropies,
    right=right_answers,
)
TASKS = {CLASSIFY.name: CLASSIFY}
