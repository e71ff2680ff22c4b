"""The metrics of tagging: F1 of spans, share of words with the right tag. Sentences are the units of chance.

Both are ratios of sums over sentences: their influence values follow from the gradient of the ratio, since sentences
are drawn and not words or spans.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.values import Float64
from pipeline.tasks.metric import ratio_metric
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.tasks.tag.schemes import TagSet
from pipeline.tasks.tag.scores import counts_by_sentence, words_right


def _spans(answers: TagAnswers) -> Float64:
    """Return twice the spans that were found, and those said and there, of each sentence; float64 (N, 2)."""
    counts = counts_by_sentence(answers)
    return np.stack([2.0 * counts.hits, counts.predicted + counts.there], axis=1)


def _words(answers: TagAnswers) -> Float64:
    """Return the words whose tag is right, and all of them, of each sentence; float64 (N, 2)."""
    return np.stack([words_right(answers), np.diff(answers.offsets)], axis=1).astype(np.float64)


SPAN_F1, TOKEN_ACCURACY = "span-f1", "token-accuracy"
METRICS = {
    metric.name: metric
    for metric in (
        ratio_metric(SPAN_F1, "span F1", _spans),
        ratio_metric(TOKEN_ACCURACY, "token accuracy", _words),
    )
}


def metric_of_tags(names: tuple[str, ...]) -> str:
    """Return what taggers are judged by where nothing is asked for: words, where tags make no spans.

    >>> metric_of_tags(("B-NP", "I-NP", "O")), metric_of_tags(("NN", "VB"))
    ('span-f1', 'token-accuracy')
    """
    return TOKEN_ACCURACY if TagSet.of(names).scheme == "plain" else SPAN_F1
