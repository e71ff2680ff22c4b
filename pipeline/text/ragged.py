"""Documents of unequal length in one array: choose some of them, walk over their spans."""

from __future__ import annotations

import numpy as np

from pipeline.core.values import IndexedCorpus, Int32, Int64, TokenizedCorpus


def select(tokenized: TokenizedCorpus, documents: Int64) -> TokenizedCorpus:
    """Return the tokens of `documents` (positions, int64) in that order; `types` is shared."""
    lengths = np.diff(tokenized.offsets)[documents]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)  # (n + 1,)
    token_types = tokenized.token_types[span_positions(tokenized.offsets[documents], lengths)]
    return TokenizedCorpus(token_types, offsets, tokenized.types)


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
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    shift = np.repeat(starts - (ends - lengths), lengths)  # (total,)
    return shift + np.arange(total, dtype=np.int64)


def take(indexed: IndexedCorpus, documents: Int64) -> IndexedCorpus:
    """Return `documents` (positions, int64) in that order."""
    lengths = np.diff(indexed.offsets)[documents]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return IndexedCorpus(indexed.indices[span_positions(indexed.offsets[documents], lengths)], offsets)


def split(indexed: IndexedCorpus) -> list[Int32]:
    """Return the rows of each document."""
    return np.split(indexed.indices, indexed.offsets[1:-1])
