"""The metrics of tagging: F1 of spans, share of words with the right tag. Sentences are the units of chance.

Both are ratios of sums over sentences: their influence values follow from the gradient of the ratio, since sentences
are drawn and not words or spans.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.core.values import Float64
from pipeline.tasks.metric import Metric, Slope, by_slope
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.tasks.tag.schemes import TagSet
from pipeline.tasks.tag.scores import counts_by_sentence, words_right

Counts = Callable[[TagAnswers], Float64]


def _spans(answers: TagAnswers) -> Float64:
    """Return twice the spans that were found, and those said and there, of each sentence; float64 (N, 2)."""
    counts = counts_by_sentence(answers)
    return np.stack([2.0 * counts.hits, counts.predicted + counts.there], axis=1)


def _words(answers: TagAnswers) -> Float64:
    """Return the words whose tag is right, and all of them, of each sentence; float64 (N, 2)."""
    return np.stack([words_right(answers), np.diff(answers.offsets)], axis=1).astype(np.float64)


def _ratio(counts: Counts) -> Callable[[TagAnswers], float]:
    """Return the metric that is the ratio of two sums over sentences; 0 where there is nothing to count."""

    def value(answers: TagAnswers) -> float:
        part, whole = counts(answers).sum(axis=0)
        return float(part / whole) if whole else 0.0

    return value


def _slope(counts: Counts) -> Slope[TagAnswers]:
    """Return how such a ratio changes with its two sums."""

    def gradient(answers: TagAnswers) -> Float64:
        part, whole = counts(answers).sum(axis=0)
        return np.array([1.0 / whole, -part / whole**2]) if whole else np.zeros(2)

    def scores(answers: TagAnswers, gradient: Float64) -> Float64:
        found: Float64 = len(answers.documents) * (counts(answers) @ gradient)  # (N,)
        return found

    return Slope(gradient, scores)


def _of_counts(name: str, words: str, counts: Counts) -> Metric[TagAnswers]:
    value, slope = _ratio(counts), _slope(counts)
    return Metric(name, words, True, value, by_slope(value, slope), slope)


SPAN_F1, TOKEN_ACCURACY = "span-f1", "token-accuracy"
METRICS = {
    metric.name: metric
    for metric in (
        _of_counts(SPAN_F1, "span F1", _spans),
        _of_counts(TOKEN_ACCURACY, "token accuracy", _words),
    )
}


def metric_of_tags(names: tuple[str, ...]) -> str:
    """Return what taggers are judged by where nothing is asked for: words, where tags make no spans.

    >>> metric_of_tags(("B-NP", "I-NP", "O")), metric_of_tags(("NN", "VB"))
    ('span-f1', 'token-accuracy')
    """
    return TOKEN_ACCURACY if TagSet.of(names).scheme == "plain" else SPAN_F1
