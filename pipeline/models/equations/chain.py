"""A linear chain of tags: every tag of a sentence depends on its word and on the tag before it.

N sentences, T timesteps, C tags; padding stands on the right. All sums of exponentials are taken in log space, and no
sentence depends on another or on its padding, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.core.values import Int32
from pipeline.models.equations.values import Array, Lengths

CHAIN = "chain"  # the layer's name
TRANSITIONS = f"{CHAIN}/transitions"  # what the weight is called that holds them


def with_ends(scores: Array, lengths: Lengths, start: Array, end: Array) -> Array:
    """Return scores (N, T, C) with what a sentence's first and last tag are worth by their place, (C,) each."""
    found = scores.copy()
    found[:, 0] += start
    found[np.arange(len(found)), lengths - 1] += end
    return found


def path_scores(scores: Array, transitions: Array, lengths: Lengths, tags: Int32) -> Array:
    """Return the score of one path a sentence: the sum of its tags' scores and of its transitions; (N,).

    Parameters
    ----------
    scores : float array, shape (N, T, C)
        Of each tag at each place.
    transitions : float array, shape (C, C)
        What tag j is worth behind tag i, whatever the words are: row i, column j.
    lengths : int array, shape (N,)
        Real timesteps, 1 at least.
    tags : int32 array, shape (N, T)
        The path; what stands in the padding is a tag, and of no meaning.
    """
    real = np.arange(scores.shape[1]) < lengths[:, None]  # (N, T)
    of_tags = np.take_along_axis(scores, tags[:, :, None].astype(np.int64), axis=2)[:, :, 0]  # (N, T)
    of_steps = transitions[tags[:, :-1], tags[:, 1:]]  # (N, T - 1)
    total = np.zeros(len(scores), scores.dtype)
    for t in range(scores.shape[1]):  # one after the other: padding changes no bit of the sum
        total += np.where(real[:, t], of_tags[:, t], 0)
        if t:
            total += np.where(real[:, t], of_steps[:, t - 1], 0)
    return total


def log_partition(scores: Array, transitions: Array, lengths: Lengths) -> Array:
    """Return ln of the sum of exp(score) over all paths of each sentence; (N,). Parameters as of `path_scores`.

    Notes
    -----
    The forward algorithm [1]_, with the potentials of a conditional random field [2]_:

        a_1(j) = s_1(j),    a_t(j) = s_t(j) + ln sum over i of exp(a_(t-1)(i) + A(i, j)),    ln Z = ln sum exp(a_L(j))

    References
    ----------
    .. [1] Rabiner (1989), A tutorial on hidden Markov models, Proceedings of the IEEE 77(2), III.A.
    .. [2] Lafferty, McCallum, Pereira (2001), Conditional random fields, ICML, section 3.
    """
    before = _before(scores, transitions, _log_sum)  # (N, T, C)
    rows = np.arange(len(scores))
    return _log_sum((before + scores)[rows, lengths - 1])


def marginals(scores: Array, transitions: Array, lengths: Lengths) -> Array:
    """Return the share of each tag at each place, over all paths of a sentence; (N, T, C), 0 in the padding.

    Parameters are those of `path_scores`.

    Notes
    -----
    Forwards and backwards (Rabiner 1989, III.A): p_t(j) = exp(a_t(j) + b_t(j) - ln Z), where b_t(j) is what all ways
    from tag j at t to the end are worth. Each place is divided by its own sum, so that rounding leaves shares of 1.
    """
    real = (np.arange(scores.shape[1]) < lengths[:, None])[:, :, None]  # (N, T, 1)
    before = _before(scores, transitions, _log_sum)  # (N, T, C)
    turned = _turned(scores, lengths)
    after = _turned(_before(turned, transitions.T, _log_sum), lengths)  # (N, T, C)
    logs = before + scores + after
    powers = np.exp(logs - logs.max(axis=2, keepdims=True))
    shares: Array = np.where(real, powers / powers.sum(axis=2, keepdims=True), 0).astype(scores.dtype)
    return shares


def best_paths(scores: Array, transitions: Array, lengths: Lengths) -> Int32:
    """Return the path of the highest score of each sentence; int32 (N, T), 0 in the padding.

    Parameters are those of `path_scores`. Of equal tags the first is taken.

    Notes
    -----
    Viterbi (1967), Error bounds for convolutional codes and an asymptotically optimum decoding algorithm.
    """
    n, timesteps, _ = scores.shape
    best = _before(scores, transitions, _largest) + scores  # (N, T, C), of the best way to each tag
    paths = np.zeros((n, timesteps), dtype=np.int32)
    rows = np.arange(n)
    following = np.zeros(n, dtype=np.int64)
    for t in range(timesteps - 1, -1, -1):
        onwards = best[:, t] + np.where((t < lengths - 1)[:, None], transitions[:, following].T, 0)  # (N, C)
        found = onwards.argmax(axis=1)
        following = np.where(t < lengths, found, following)
        paths[rows, t] = np.where(t < lengths, found, 0)
    return paths


def _before(scores: Array, transitions: Array, over: Callable[[Array], Array]) -> Array:
    """Return what the ways to each tag at each place are worth, its own score left out; (N, T, C), 0 at the first.

    `over` makes one number of those of the C tags before, the last axis.
    """
    ways = np.zeros_like(scores)
    for t in range(1, scores.shape[1]):
        so_far = ways[:, t - 1] + scores[:, t - 1]  # (N, C)
        ways[:, t] = over(so_far[:, None, :] + transitions.T)  # (N, C of this tag, C of the tag before)
    return ways


def _log_sum(logs: Array) -> Array:
    """Return ln of the sum of exp over the last axis, none of which overflows."""
    largest = logs.max(axis=-1)
    summed: Array = largest + np.log(np.exp(logs - largest[..., None]).sum(axis=-1))
    return summed


def _largest(values: Array) -> Array:
    largest: Array = values.max(axis=-1)
    return largest


def _turned(sequences: Array, lengths: Lengths) -> Array:
    """Return sequences (N, T, C) with their real timesteps in reverse order; turned twice is as before."""
    place, ends = np.arange(sequences.shape[1]), lengths[:, None]
    source = np.where(place < ends, ends - 1 - place, place)  # (N, T)
    return np.take_along_axis(sequences, source[:, :, None], axis=1)
