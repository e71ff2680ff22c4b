"""Streams of symbols > the n-grams in them, as numbers that grow from order to order.

An n-gram of order k is the (k - 1)-gram that it begins with and one more symbol. The first has a number already, its
place among the distinct ones, so that place * V + symbol is one 64-bit integer whatever the order: no n-gram is too
long for it. Sorting these integers brings equal n-grams together, as in `pipeline/text/ngrams.py`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial

import numpy as np

from pipeline.core.resources import in_two_threads
from pipeline.core.values import Bool, Int32, Int64
from pipeline.models.baselines.language.symbols import BEGIN, Streams

_PLACES = 2_000_000  # that are sorted at a time, in each of two threads


@dataclass(frozen=True, eq=False)
class OrderCounts:
    """The distinct n-grams of one order, F of them, in the order of their keys.

    Attributes
    ----------
    keys : place of the first k - 1 symbols among the (k - 1)-grams, times V, plus the last symbol; ascending
    seen : how often each stands in the training documents
    continued : before how many distinct symbols each stands; where it begins a document, how often it is seen
    """

    keys: Int64  # (F,)
    seen: Int32  # (F,)
    continued: Int32 | None  # (F,); None of the longest, of which nothing longer tells


def count_orders(train: Streams, n_symbols: int, highest: int) -> tuple[OrderCounts, ...]:
    """Return the n-grams of orders 1 to `highest`.

    Parameters
    ----------
    train : Streams
        Training documents and nothing else; no n-gram reaches from one into the next.
    n_symbols : V
    highest : at least 1

    Notes
    -----
    What stands before an n-gram is told by the n-grams that are longer by one: each distinct one adds 1 to the n-gram
    that it ends with. Nothing stands before the begin of a document, so n-grams that start there keep the number of
    times that they are seen (Heafield et al. 2013, P13-2121, section 3.2, "adjusted counts").
    """
    symbols = train.symbols
    left = _symbols_left(train)  # (S,), from each place to its document's end
    ids = symbols  # (S,), the place of the k-gram that starts at each symbol
    keys = np.arange(n_symbols, dtype=np.int64)
    seen = np.bincount(symbols, minlength=n_symbols).astype(np.int32)
    begins: Bool = keys == BEGIN  # (F,)
    found: list[OrderCounts] = []
    for order in range(2, highest + 1):
        count = partial(_count_piece, symbols, ids, left, n_symbols, order)
        pieces = in_two_threads(count, _pieces(seen))
        longer = np.zeros(len(symbols), dtype=np.int32)
        continued = np.zeros(len(keys), dtype=np.int32)
        n_before = 0
        for piece in pieces:
            longer[piece.starts] = piece.which + n_before
            continued += np.bincount(ids[piece.ones + 1], minlength=len(keys)).astype(np.int32)
            n_before += len(piece.keys)
        found.append(OrderCounts(keys, seen, np.where(begins, seen, continued)))
        keys = np.concatenate([piece.keys for piece in pieces])
        seen = np.concatenate([piece.seen for piece in pieces])
        ids, begins = longer, begins[keys // n_symbols]
        del pieces
    return (*found, OrderCounts(keys, seen, None))


def _symbols_left(train: Streams) -> Int32:
    """Return how many symbols there are from each place to its document's end, itself included; (S,)."""
    ends = np.repeat(train.offsets[1:].astype(np.int32), np.diff(train.offsets))
    ends -= np.arange(len(ends), dtype=np.int32)
    return ends


def _pieces(seen: Int32) -> list[tuple[int, int]]:
    """Return runs of n-grams that stand at about two million places: what begins with them is sorted together."""
    before = np.cumsum(seen, dtype=np.int64)  # (F,)
    cuts = np.searchsorted(before, np.arange(_PLACES, before.max(initial=0), _PLACES)) + 1
    inner = np.unique(cuts[cuts < len(seen)]).tolist()
    return list(itertools.pairwise([0, *inner, len(seen)]))


@dataclass(frozen=True, eq=False)
class _Piece:
    """The n-grams that begin with some shorter ones; P places, F' distinct n-grams."""

    starts: Int32  # (P,), where they stand
    which: Int32  # (P,), which of `keys` it is
    keys: Int64  # (F',), ascending
    seen: Int32  # (F',)
    ones: Int32  # (F',), a place where each stands


def _count_piece(
    symbols: Int32, ids: Int32, left: Int32, n_symbols: int, order: int, run: tuple[int, int]
) -> _Piece:
    """Sort the n-grams of an order whose first symbols are one of a run of shorter n-grams."""
    first, end = run
    starts = np.flatnonzero((left >= order) & (ids >= first) & (ids < end)).astype(np.int32)  # (P,)
    keys = ids[starts].astype(np.int64) * n_symbols + symbols[starts + (order - 1)]
    by_key = np.argsort(keys)
    keys = keys[by_key]
    new = np.diff(keys, prepend=-1) > 0
    distinct = np.flatnonzero(new)
    which = np.empty(len(keys), dtype=np.int32)
    which[by_key] = np.cumsum(new, dtype=np.int32) - 1
    seen = np.diff(distinct, append=len(keys)).astype(np.int32)
    return _Piece(starts, which, keys[distinct], seen, starts[by_key[distinct]])
