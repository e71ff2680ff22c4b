"""Documents of unequal length in one array: choose some of them."""

from __future__ import annotations

import numpy as np

from pipeline.core.ragged import places_of
from pipeline.core.values import IndexedCorpus, Int32, Int64, TokenizedCorpus


def select(tokenized: TokenizedCorpus, documents: Int64) -> TokenizedCorpus:
    """Return the tokens of `documents` (positions, int64) in that order; `types` is shared."""
    positions, offsets = places_of(tokenized.offsets, documents)
    return TokenizedCorpus(tokenized.token_types[positions], offsets, tokenized.types)


def alone(tokenized: TokenizedCorpus, document: int) -> TokenizedCorpus:
    """Return one document as if it were the whole corpus: `types` are its own."""
    return own_types(tokenized, np.array([document], dtype=np.int64))


def own_types(tokenized: TokenizedCorpus, documents: Int64) -> TokenizedCorpus:
    """Return `documents` (positions, int64) as if they were the whole corpus: `types` are theirs."""
    chosen = select(tokenized, documents)
    own, token_types = np.unique(chosen.token_types, return_inverse=True)  # (T',), (M',)
    return TokenizedCorpus(token_types.astype(np.int32), chosen.offsets, tokenized.types.gather(own))


def take(indexed: IndexedCorpus, documents: Int64) -> IndexedCorpus:
    """Return `documents` (positions, int64) in that order."""
    positions, offsets = places_of(indexed.offsets, documents)
    return IndexedCorpus(indexed.indices[positions], offsets)


def split(indexed: IndexedCorpus) -> list[Int32]:
    """Return the rows of each document."""
    return np.split(indexed.indices, indexed.offsets[1:-1])
