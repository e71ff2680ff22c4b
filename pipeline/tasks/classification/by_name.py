"""Predictions > how well each class is given."""

from __future__ import annotations

from pipeline.tasks.answers import Predictions
from pipeline.tasks.classification.scores import score
from pipeline.tasks.task import NameScores


def scores_by_name(predictions: Predictions) -> NameScores:
    """Return precision, recall and F1 of each class, and which is taken for which."""
    found = score(predictions)
    return NameScores(found.precision, found.recall, found.f1, found.support, found.confusion)
