"""What taggers say of sentences, as values: their answers, and what validation sentences think of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from pipeline.core.fits import FitKey
from pipeline.core.ragged import places_of
from pipeline.core.values import Float32, Int32, Int64, TokenizedCorpus
from pipeline.experiment.data import RunData
from pipeline.models.equations.sentences import Tagged
from pipeline.models.golden import golden_sentences, unsettled
from pipeline.models.save import Particulars, tagger_tokenizer
from pipeline.tasks.table import METRICS
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.text.ragged import own_types


@dataclass(frozen=True, eq=False)
class Golden:
    """A tagger's answers to the words of the golden texts, (M, C); the texts it cannot be held to; words of each."""

    shares: Float32
    left_out: tuple[int, ...]
    words: tuple[int, ...]


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


def golden_of(data: RunData, answer: Callable[[TokenizedCorpus], Tagged], tolerance: float) -> Golden:
    """Return what a tagger answers to the golden texts; what its rounding decides among them is left out."""
    asked = golden_sentences(tagger_tokenizer(data.config))
    lengths = np.diff(asked.offsets)
    words = own_types(asked, np.flatnonzero(lengths))
    together = answer(words).shares.astype(np.float32)
    alone = [answer(own_types(words, np.array([place]))).shares for place in range(len(words.offsets) - 1)]
    left_out = unsettled(together, np.concatenate(alone), tolerance, asked.offsets)
    return Golden(together, left_out, tuple(lengths.tolist()))


def particulars_of(data: RunData, key: FitKey, golden: Golden, *, on_gpu: bool = False) -> Particulars:
    """Return what is told of a fit beside what it learned."""
    known = key, data.label_names, data.config, golden.shares, on_gpu, golden.left_out
    return Particulars(*known, data.writing, golden.words)


def _places(data: RunData, sentences: Int64) -> tuple[Int64, Int64]:
    words = data.corpus.words
    assert words is not None, "a corpus of tagged words has them"
    return places_of(words.offsets, sentences)
