"""From a number for each word and tag to answers: shares and the best sequence, tag by tag or along a chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Bool, Float64, Int32, Int64
from pipeline.models.equations.chain import best_paths, log_partition, marginals, path_scores
from pipeline.models.equations.output import softmax
from pipeline.models.equations.values import Array

_GROUP = 128  # sentences whose ways are followed at once


@dataclass(frozen=True, eq=False)
class Tagged:
    """What a tagger says of M words; C tags."""

    shares: Array  # (M, C): how sure it is of each tag of each word
    best: Int32  # (M,): the best sequence, which need not be the likeliest tag of each word


def tag_words(scores: Array, offsets: Int64, transitions: Array | None) -> Tagged:
    """Return shares and best sequences.

    Parameters
    ----------
    scores : float array, shape (M, C)
        Of each tag of each word, one sentence after the other.
    offsets : int64 array, shape (N + 1,)
        Sentence i has the words offsets[i] to offsets[i + 1], one at least.
    transitions : float array, shape (C, C), optional
        What a tag is worth behind another: shares are marginals then, and the sequence is the best path. Without them
        each word stands alone.
    """
    if transitions is None:
        return Tagged(softmax(scores), scores.argmax(axis=1).astype(np.int32))
    shares, best = np.zeros_like(scores), np.zeros(len(scores), dtype=np.int32)
    for group in _groups(offsets):
        given = scores[group.words], transitions, group.lengths
        shares[group.words[group.real]] = marginals(*given)[group.real]
        best[group.words[group.real]] = best_paths(*given)[group.real]
    return Tagged(shares, best)


def sequence_losses(scores: Array, offsets: Int64, transitions: Array | None, tags: Int32) -> Float64:
    """Return -ln p(tags) of each sentence in nats, float64 (N,); `tags` (M,) is right, the rest as for `tag_words`."""
    scores = scores.astype(np.float64)
    if transitions is None:
        shifted = scores - scores.max(axis=1, keepdims=True)
        each = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(tags)), tags]  # (M,)
        return np.add.reduceat(each, offsets[:-1])
    losses = np.zeros(len(offsets) - 1)
    for group in _groups(offsets):
        given = scores[group.words], transitions.astype(np.float64), group.lengths
        losses[group.sentences] = log_partition(*given) - path_scores(*given, tags[group.words])
    return losses


@dataclass(frozen=True, eq=False)
class _Group:
    """Sentences of about equal length, side by side."""

    sentences: Int64  # (B,)
    words: Int64  # (B, T), places of their words; any word stands in the padding
    lengths: Int64  # (B,)

    @property
    def real(self) -> Bool:
        """Which places are no padding; bool (B, T)."""
        return np.arange(self.words.shape[1]) < self.lengths[:, None]


def _groups(offsets: Int64) -> Iterator[_Group]:
    """Yield all sentences, the shortest first."""
    lengths = np.diff(offsets)
    order = np.argsort(lengths, kind="stable")
    for start in range(0, len(order), _GROUP):
        chosen = order[start : start + _GROUP]
        steps = np.arange(lengths[chosen].max())
        words = offsets[chosen][:, None] + np.minimum(steps, lengths[chosen][:, None] - 1)
        yield _Group(chosen, words, lengths[chosen])
