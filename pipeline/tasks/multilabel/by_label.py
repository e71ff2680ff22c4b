"""Answers of several labels > how well each label is given."""

from __future__ import annotations

import numpy as np

from pipeline.core.values import Float64
from pipeline.tasks.multilabel.answers import LabelAnswers
from pipeline.tasks.multilabel.metrics import counts_by_label
from pipeline.tasks.task import NameScores


def scores_by_label(answers: LabelAnswers) -> NameScores:
    """Return precision, recall and F1 of each label: yes or no to it alone. Labels do not take each other's place."""
    hits, there, given = counts_by_label(answers.labels, answers.said)
    return NameScores(_share(hits, given), _share(hits, there), _share(2 * hits, there + given), there)


def _share(part: np.ndarray, whole: np.ndarray) -> Float64:
    share: Float64 = np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
    return share
