"""Linear models: weight times feature value, the product of an n-gram split evenly over the words it covers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.core.values import Float64, Int64
from pipeline.interpret.contributions.contrast import Contributions, contrast


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A fitted linear model as its files hold it: F features, K classes, P problems (1 for two classes, else K)."""

    features: str  # an entry of FEATURES, or "mean": averaged vectors
    coefficients: Any  # float array (P, F)
    intercepts: Any  # float array (P,)
    classes: Any  # int array (K,): the class of each problem, or of the two sides of one
    one_versus_rest: bool = False  # probabilities: logistic functions divided by their sum, else softmax
    learned: Mapping[str, Any] = field(default_factory=dict)  # idf, scale, mean: float arrays (F,)
    options: Mapping[str, Any] = field(default_factory=dict)  # bow_binary, sublinear_tf

    def answer(self, logits: Float64) -> tuple[int, float]:
        """Return the place in `classes` of the most probable one, and its probability, from (P,) logits."""
        every = np.array([-logits[0], logits[0]]) / 2 if len(logits) == 1 else logits  # (K,)
        if self.one_versus_rest:
            logs = -np.logaddexp(0, -every)
            shares = np.exp(logs - logs.max())
        else:
            shares = np.exp(every - every.max())
        place = int(shares.argmax())
        return place, float(shares[place] / shares.sum())

    def weigh(self, predicted: int, numbers: Any) -> Any:
        """Return the contrast of `numbers` (P, ...), one a problem, for the class at a place in `classes`."""
        weights = contrast(predicted, len(self.classes))  # (K,)
        return weights[1:] @ numbers if len(numbers) == 1 else weights @ numbers


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Where a document of T tokens holds n-grams that a model knows: one entry for each time one stands there."""

    columns: Int64  # (O,), which n-gram
    starts: Int64  # (O,), its first token
    sizes: Int64  # (O,), its tokens
    n_tokens: int  # T


def find_occurrences(digits: Int64, keys: Int64, base: int, shortest: int, longest: int) -> Occurrences:
    """Return the n-grams of one document.

    Parameters
    ----------
    digits : int64 array (T,)
        Each token's place in the model's list of tokens, from 1; 0 for a token that is not there.
    keys : int64 array (F,), ascending
        The n-grams, `NgramVocabulary.keys`; `base` is one more than the number of tokens in the list.
    shortest, longest : int
        Tokens of an n-gram.
    """
    columns, starts, sizes = [], [], []
    key = np.zeros(len(digits) + 1, dtype=np.int64)
    inside = np.ones(len(digits) + 1, dtype=bool)
    for n in range(1, min(longest, len(digits)) + 1):
        last = digits[n - 1 :]  # (T - n + 1,)
        key = key[: len(last)] * base + last
        inside = inside[: len(last)] & (last > 0)
        if n < shortest or not len(keys):
            continue
        wanted = key * base ** (longest - n)
        column = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        start = np.flatnonzero(inside & (keys[column] == wanted))
        columns.append(column[start])
        starts.append(start)
        sizes.append(np.full(len(start), n, dtype=np.int64))
    return Occurrences(_joined(columns), _joined(starts), _joined(sizes), len(digits))


def _joined(parts: Sequence[Int64]) -> Int64:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts]).astype(np.int64)


def of_ngrams(model: LinearModel, found: Occurrences) -> Contributions:
    """Return what each token adds to the answer of a model of n-gram counts; exact.

    Notes
    -----
    With x_f the value of n-gram f in the document, c_f how often it stands there, n_f its tokens and w_f the
    contrast of its weights, each of its tokens at each of its places gets w_f x_f / (c_f n_f). All tokens
    together get the sum of w_f x_f, which is the score less the contrast of the intercepts.
    """
    columns, which, counts = np.unique(found.columns, return_inverse=True, return_counts=True)  # (U,)
    values = FEATURES[model.features](model, columns, counts.astype(np.float64))  # (U,)
    weights = np.asarray(model.coefficients)[:, columns].astype(np.float64)  # (P, U)
    predicted, probability, score, base = _scored(model, weights @ values)
    share = model.weigh(predicted, weights) * values / counts  # (U,), of one occurrence
    words = np.zeros(found.n_tokens)
    for offset in range(int(found.sizes.max(initial=0))):
        covers = found.sizes > offset
        np.add.at(words, found.starts[covers] + offset, share[which[covers]] / found.sizes[covers])
    return Contributions(int(model.classes[predicted]), probability, score, base, words)


def of_averages(model: LinearModel, vectors: Any) -> Contributions:
    """Return what each token adds to the answer of a model of averaged vectors, float array (T, D); exact.

    Notes
    -----
    The features are the average vector less `mean`, divided by `scale`, those of training documents. So token t
    adds the contrast of the weights times (vector_t - mean) / scale / T: how it differs from an average word.
    """
    scaled = (np.asarray(vectors, dtype=np.float64) - model.learned["mean"]) / model.learned[
        "scale"
    ]  # (T, D)
    by_problem = np.asarray(model.coefficients, dtype=np.float64) @ scaled.T / len(scaled)  # (P, T)
    predicted, probability, score, base = _scored(model, by_problem.sum(axis=1))
    words = model.weigh(predicted, by_problem)  # (T,)
    return Contributions(int(model.classes[predicted]), probability, score, base, words)


def _scored(model: LinearModel, sums: Float64) -> tuple[int, float, float, float]:
    """Return predicted place, probability, score and base from the logits (P,) without their intercepts."""
    intercepts = np.asarray(model.intercepts, dtype=np.float64)
    predicted, probability = model.answer(sums + intercepts)
    base = float(model.weigh(predicted, intercepts))
    return predicted, probability, float(model.weigh(predicted, sums)) + base, base


def _presence(model: LinearModel, columns: Int64, counts: Float64) -> Float64:
    return np.ones_like(counts)


def _bow(model: LinearModel, columns: Int64, counts: Float64) -> Float64:
    if model.options["bow_binary"]:
        return np.ones_like(counts)
    return counts / model.learned["scale"][columns]


def _tfidf(model: LinearModel, columns: Int64, counts: Float64) -> Float64:
    """Return 1 + ln(count), or the count, times idf, the document at length 1."""
    weights = (1 + np.log(counts)) if model.options["sublinear_tf"] else counts
    weighted = weights * model.learned["idf"][columns]
    length = np.sqrt(np.sum(weighted**2))
    return weighted / length if length else weighted


# What a model of counts multiplies its weights with: (model, columns (U,), counts (U,)) > values (U,)
FEATURES: dict[str, Callable[[LinearModel, Int64, Float64], Float64]] = {
    "bow": _bow,
    "tfidf": _tfidf,
    "nbsvm": _presence,
}
