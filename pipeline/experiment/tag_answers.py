"""What taggers say of sentences, as values: their answers, and what validation sentences think of them."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from pipeline.core.ragged import places_of
from pipeline.core.values import Float32, Int32, Int64
from pipeline.experiment.data import RunData
from pipeline.tasks.table import METRICS
from pipeline.tasks.tag.answers import TagAnswers


class Judged(TypedDict):
    """What a fit says of its validation sentences; None without any."""

    validation_accuracy: float | None
    validation_score: float | None
    validation_error: float | None


def tags_of(data: RunData, sentences: Int64) -> Int32:
    """Return the tags of the words of some sentences, one after the other."""
    places, _ = _places(data, sentences)
    return data.corpus.labels[places]


def answers_to(data: RunData, sentences: Int64, shares: Float32, best: Int32) -> TagAnswers:
    """Return a tagger's answers to some sentences: shares (M, C) and the best sequence (M,) of their words."""
    places, offsets = _places(data, sentences)
    return TagAnswers(
        documents=data.corpus.records[sentences],
        offsets=offsets,
        labels=data.corpus.labels[places],
        predicted=best.astype(np.int32),
        probabilities=shares.astype(np.float32),
        names=data.label_names,
    )


def judged(data: RunData, answers: TagAnswers | None) -> Judged:
    """Return what validation sentences think: the share of words that are right, and the score by `run.metric`."""
    if answers is None:
        return Judged(validation_accuracy=None, validation_score=None, validation_error=None)
    metric = METRICS[data.config.run.metric]
    error = metric.influence(answers).std() / np.sqrt(len(answers.documents))
    return Judged(
        validation_accuracy=float((answers.predicted == answers.labels).mean()),
        validation_score=metric.value(answers),
        validation_error=float(error),
    )


def _places(data: RunData, sentences: Int64) -> tuple[Int64, Int64]:
    words = data.corpus.words
    assert words is not None, "a corpus of tagged words has them"
    return places_of(words.offsets, sentences)
