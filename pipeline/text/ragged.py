"""Documents of unequal length in one array: choose some of them, walk over their spans."""

from __future__ import annotations

import numpy as np

from pipeline.core.values import IndexedCorpus, Int32, Int64, TokenizedCorpus


def select(tokenized: TokenizedCorpus, documents: Int64) -> TokenizedCorpus:
    """Return the tokens of `documents` (positions, int64) in that order; `types` is shared."""
    positions, offsets = _spans_of(tokenized.offsets, documents)
    return TokenizedCorpus(tokenized.token_types[positions], offsets, tokenized.types)


def alone(tokenized: TokenizedCorpus, document: int) -> TokenizedCorpus:
    """Return one document as if it were the whole corpus: `types` are its own."""
    return own_types(tokenized, np.array([document], dtype=np.int64))


def own_types(tokenized: TokenizedCorpus, documents: Int64) -> TokenizedCorpus:
    """Return `documents` (positions, int64) as if they were the whole corpus: `types` are theirs."""
    chosen = select(tokenized, documents)
    own, token_types = np.unique(chosen.token_types, return_inverse=True)  # (T',), (M',)
    return TokenizedCorpus(token_types.astype(np.int32), chosen.offsets, tokenized.types.gather(own))


def span_positions(starts: Int64, lengths: Int64) -> Int64:
    """Return the flat positions of spans, one after the other; int64, shape (lengths.sum(),).

    >>> span_positions(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    shift = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)  # (total,)
    return shift + np.arange(len(shift), dtype=np.int64)


def take(indexed: IndexedCorpus, documents: Int64) -> IndexedCorpus:
    """Return `documents` (positions, int64) in that order."""
    positions, offsets = _spans_of(indexed.offsets, documents)
    return IndexedCorpus(indexed.indices[positions], offsets)


def _spans_of(offsets: Int64, documents: Int64) -> tuple[Int64, Int64]:
    """Return the flat positions of the chosen documents' spans, and the offsets (n + 1,) that these then have."""
    lengths = np.diff(offsets)[documents]
    new_offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return span_positions(offsets[documents], lengths), new_offsets


def split(indexed: IndexedCorpus) -> list[Int32]:
    """Return the rows of each document."""
    return np.split(indexed.indices, indexed.offsets[1:-1])
