"""Interpolated modified Kneser-Ney: how probable each symbol is after those before it.

With a(h w) the adjusted count of an n-gram of order k, a history h of k - 1 symbols and h' the same without its first:

    p_k(w | h) = max(a(h w) - D(a(h w)), 0) / sum_v a(h v)  +  g(h) p_(k-1)(w | h')
    g(h)       = (D1 n1(h) + D2 n2(h) + D3 n3(h)) / sum_v a(h v)

n1, n2 and n3 count the symbols that follow h once, twice, and three times or more. Of the longest n-grams, and of those
that begin a document, a is how often they are seen; of others, before how many distinct symbols they stand. Below the
unigrams all symbols that can be said are equal. A history that was never seen leaves p to the shorter one. So p is
above 0 for every symbol, and sums to 1 over them for every history.

References
----------
.. [1] Chen, Goodman (1998), An Empirical Study of Smoothing Techniques for Language Modeling, TR-10-98, section 3.
.. [2] Kneser, Ney (1995), Improved backing-off for m-gram language modeling, ICASSP, pages 181-184.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Bool, Float64, Int32, Int64, require
from pipeline.models.baselines.language.counts import OrderCounts, count_orders
from pipeline.models.baselines.language.symbols import BEGIN, Streams

# where counts of counts tell none, as in a corpus of a few lines
USUAL_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclass(frozen=True, eq=False)
class Level:
    """What one order knows; F n-grams, H histories (the n-grams of the order below).

    Attributes
    ----------
    keys : as in `OrderCounts`
    counts : a of each n-gram
    discounts : what is taken from counts of 1, of 2, and of 3 or more
    totals : the sum of the counts of what follows each history
    lower : g, what each history leaves to the order below
    """

    keys: Int64  # (F,)
    counts: Int32  # (F,)
    discounts: Float64  # (3,)
    totals: Float64  # (H,)
    lower: Float64  # (H,)


@dataclass(frozen=True, eq=False)
class KneserNey:
    """A language model of V symbols; `levels[k - 1]` is order k."""

    n_symbols: int
    levels: tuple[Level, ...]
    unigrams: Float64  # (V,), p_1; 0 for the begin, which is never said

    @property
    def order(self) -> int:
        """The length of the longest n-grams."""
        return len(self.levels)

    @property
    def parameters(self) -> int:
        """How many n-grams it has counted."""
        return sum(len(level.keys) for level in self.levels)

    def log2(self, streams: Streams) -> Float64:
        """Return the logarithm to base 2 of the probability of each symbol that is said, (S - N,), ends among them."""
        said = streams.said
        place = said - np.repeat(
            streams.offsets[:-1], np.diff(streams.offsets) - 1
        )  # (S - N,), in the document
        found: Float64 = np.log2(self._all(streams.symbols, said, place))
        return found

    def _all(self, symbols: Int32, said: Int64, place: Int64) -> Float64:
        """Return the probability of each symbol that is said; `place` is how many symbols stand before it."""
        shares = self.unigrams[symbols[said]]  # (S - N,)
        ids = symbols.astype(np.int64)  # (S,), of the k-gram that ends at each place; -1 for none
        for order, level in enumerate(self.levels[1:], start=2):
            history = np.where(place >= order - 1, ids[said - 1], -1)  # (S - N,)
            known = history >= 0
            keys: Int64 = history[known] * np.int64(self.n_symbols) + symbols[said[known]]
            at, there = _find(level.keys, keys)
            shares[known] = _mixed(level, history[known], at, there, shares[known])
            ids = np.full(len(symbols), -1, dtype=np.int64)
            ids[said[known]] = np.where(there, at, -1)
        return shares

    def next_symbol(self, history: Sequence[int]) -> Float64:
        """Return the probability of every symbol after the last ones of a document, which begins with BEGIN; (V,)."""
        require(len(history) > 0, "a document begins with BEGIN")
        shares = self.unigrams.copy()
        for order, level in enumerate(self.levels[1:], start=2):
            place = self._place(list(history[-(order - 1) :])) if len(history) >= order - 1 else -1
            if place < 0:
                break
            first, last = np.searchsorted(level.keys, [place * self.n_symbols, (place + 1) * self.n_symbols])
            if first == last:
                break
            counts = level.counts[first:last]
            own = (counts - _discount(level, counts)) / level.totals[place]
            shares *= level.lower[place]
            shares[level.keys[first:last] - place * self.n_symbols] += own
        return shares

    def _place(self, ngram: Sequence[int]) -> int:
        """Return the place of an n-gram among those of its order, -1 if it was never seen."""
        place = ngram[0]
        for symbol, level in zip(ngram[1:], self.levels[1:], strict=False):
            key = place * self.n_symbols + symbol
            place = int(np.searchsorted(level.keys, key))
            if place == len(level.keys) or level.keys[place] != key:
                return -1
        return place


def fit_kneser_ney(train: Streams, n_symbols: int, order: int) -> KneserNey:
    """Return the model of this order of the training documents, and nothing else."""
    return smoothed(count_orders(train, n_symbols, order), n_symbols, order)


def smoothed(counted: Sequence[OrderCounts], n_symbols: int, order: int) -> KneserNey:
    """Return the model of an order up to the highest that was counted: counting is what takes time."""
    require(1 <= order <= len(counted), f"orders 1 to {len(counted)} were counted, not {order}")
    ngrams = []
    for k, own in enumerate(counted[:order], start=1):
        counts = own.seen if k == order else own.continued
        assert counts is not None, "there is a longer n-gram"
        if k == 1:
            counts = np.where(own.keys == BEGIN, 0, counts).astype(np.int32)
        ngrams.append((own.keys, counts))
    return of_counts(ngrams, n_symbols)


def of_counts(ngrams: Sequence[tuple[Int64, Int32]], n_symbols: int) -> KneserNey:
    """Return the model of the keys and adjusted counts of each order: what a saved model holds."""
    histories = [1, *(len(keys) for keys, _ in ngrams)]
    levels = tuple(
        _level(keys, counts, n_symbols, n) for (keys, counts), n in zip(ngrams, histories, strict=False)
    )
    return KneserNey(n_symbols, levels, _unigrams(levels[0], n_symbols))


def _level(keys: Int64, counts: Int32, n_symbols: int, n_histories: int) -> Level:
    discounts = discounts_of(counts)
    history = keys // n_symbols  # (F,)
    totals: Float64 = np.bincount(history, counts, n_histories).astype(np.float64)  # (H,)
    taken = np.zeros(n_histories)  # (H,)
    for n, discount in enumerate(discounts, start=1):
        some = history[counts == n if n < len(discounts) else counts >= n]
        taken += discount * np.bincount(some, minlength=n_histories)
    lower = np.divide(taken, totals, out=np.ones(n_histories), where=totals > 0)
    return Level(keys, counts, discounts, totals, lower)


def _unigrams(level: Level, n_symbols: int) -> Float64:
    """Return p_1; float64 (V,)."""
    total = float(level.totals[0])
    taken = level.counts - _discount(level, level.counts)  # (V,)
    own = taken / total if total else np.zeros(n_symbols)
    shares: Float64 = own + level.lower[0] / (n_symbols - 1)
    shares[BEGIN] = 0.0
    return shares


def discounts_of(counts: Int32) -> Float64:
    """Return what is taken from counts of 1, of 2, and of 3 or more; float64 (3,).

    With n_i the number of n-grams that are counted i times and Y = n1 / (n1 + 2 n2), i - (i + 1) Y n_(i+1) / n_i is
    taken from a count of i, of 3 from all larger ones too [1]_. Where a count does not occur, or this is below 0, as in
    a corpus of a few lines, 0.5, 1 and 1.5 are taken.
    """
    n = np.bincount(np.minimum(counts, 5), minlength=6)[:5].astype(float)  # n[i] are counted i times
    if not n[1:].all():
        return np.array(USUAL_DISCOUNTS)
    y = n[1] / (n[1] + 2 * n[2])
    i = np.arange(1, 4)
    found: Float64 = i - (i + 1) * y * n[2:5] / n[1:4]
    return found if (found >= 0).all() else np.array(USUAL_DISCOUNTS)


def _discount(level: Level, counts: Int32) -> Float64:
    """Return what is taken from each count; 0 from none."""
    found: Float64 = np.concatenate([[0.0], level.discounts])[np.minimum(counts, 3)]
    return found


def _mixed(level: Level, history: Int64, at: Int64, there: Bool, below: Float64) -> Float64:
    """Return the probabilities of an order from those below; `at` are n-grams, those that are `there`."""
    totals = level.totals[history]
    counts = np.where(there, level.counts[np.where(there, at, 0)], 0)
    own = counts - _discount(level, counts)
    shares: Float64 = np.divide(own, totals, out=np.zeros(len(totals)), where=totals > 0)
    return shares + level.lower[history] * below


def _find(keys: Int64, wanted: Int64) -> tuple[Int64, Bool]:
    """Return where each wanted number stands in ascending keys, and whether it does.

    They are looked up in their order: random places of a table of millions take ten times as long.
    """
    order = np.argsort(wanted)
    at = np.empty(len(wanted), dtype=np.int64)
    at[order] = np.searchsorted(keys, wanted[order])
    if not len(keys):
        return at, np.zeros(len(wanted), dtype=np.bool_)
    return at, keys.take(at, mode="clip") == wanted
