"""Answers to validation documents as models are chosen by them: no threshold was chosen on a document it decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.core.values import Float32, Int32
from pipeline.tasks.multilabel.answers import LabelAnswers
from pipeline.tasks.multilabel.thresholds import given_crossed
from pipeline.tasks.multilabel.training import answers_of


def judged_answers(labels: Int32, probabilities: Float32, metric: str) -> LabelAnswers:
    """Return the answers to N documents, each by thresholds of the others; (N, C) both."""
    answers = answers_of(np.arange(len(labels), dtype=np.int64), labels, probabilities)
    return replace(answers, said=given_crossed(labels, answers.probabilities, metric))
