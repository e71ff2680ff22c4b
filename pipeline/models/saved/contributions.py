"""What each word adds to an answer, in one number for every model, and how a network is asked for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float32, Float64, Int32, Int64
from pipeline.settings.tables import TokenizerSettings


@dataclass(frozen=True, eq=False)
class Contributions:
    """One model's answer to one document, taken apart.

    Attributes
    ----------
    predicted : the class of the highest probability
    probability : its probability
    score : its logit less the mean of the other classes' logits; the log-odds where there are two classes
    base : the score without any word, so that `score` is `base` and the sum of `words`; None where it is not
    words : float64 array (T,)
        What each token adds to the score; NaN for one that the model does not read, or that was not asked for.
    """

    predicted: int
    probability: float
    score: float
    base: float | None
    words: Float64


def contrast(predicted: int, n_classes: int) -> Float64:
    """Return the weight of each class's logit in the score; float64 (C,), zeros where there is one class.

    >>> contrast(1, 3).tolist(), contrast(0, 2).tolist()
    ([-0.5, 1.0, -0.5], [1.0, -1.0])
    """
    weights = np.zeros(n_classes)
    if n_classes > 1:
        weights -= 1 / (n_classes - 1)
        weights[predicted] = 1.0
    return weights


Common = tuple[str, tuple[str, ...], TokenizerSettings]  # of every saved model: name, label names, tokenizer
Places = Sequence[Sequence[int]] | None  # of each document the tokens that are asked for; None: all
Logits = Callable[[Int32, Int32], Float32]  # (rows (B, T), lengths (B,)) > logits (B, C)


def occlude(logits: Logits, rows: Int32, places: Int64, nothing: int, max_timesteps: int) -> Contributions:
    """Return what each word adds to a network's answer to one document.

    Parameters
    ----------
    logits : callable
        From vocabulary rows (B, T) and lengths (B,) to logits (B, C).
    rows : int32 array (T,)
        The document as the network reads it.
    places : int64 array (P,)
        The words that are asked for.
    nothing : int
        The row that takes their place, one at a time.
    max_timesteps : int
        In one call, which bounds memory.

    Returns
    -------
    Contributions
        `words` (T,): NaN where it was not asked. Without a base: what single words add does not make up the score.

    Notes
    -----
    Word t gets S(x) - S(x with row `nothing` in its place), S the score. So one of two words that say the same gets 0
    where each alone is enough. Zeiler, Fergus (2014,
    arXiv:1311.2901, section 4.2) cover parts of a picture in this way; Li, Monroe, Jurafsky (2016,
    arXiv:1612.08220) erase words.
    """
    versions = np.repeat(rows[None, :], len(places) + 1, axis=0)  # (P + 1, T), the first as it is
    versions[np.arange(1, len(versions)), places] = nothing
    size = max(1, max_timesteps // len(rows))
    parts = [versions[start : start + size] for start in range(0, len(versions), size)]
    found = np.concatenate([logits(part, np.full(len(part), len(rows), dtype=np.int32)) for part in parts])
    found = found.astype(np.float64)  # (P + 1, C)
    predicted = int(found[0].argmax())
    scores = found @ contrast(predicted, found.shape[1])  # (P + 1,)
    shares = np.exp(found[0] - found[0].max())
    words = np.full(len(rows), np.nan)
    words[places] = scores[0] - scores[1:]
    return Contributions(predicted, float(shares[predicted] / shares.sum()), float(scores[0]), None, words)
