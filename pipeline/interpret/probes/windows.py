"""Documents whose end is as it was, and whose other words are those of other documents."""

from __future__ import annotations

import numpy as np

from pipeline.core.values import UNKNOWN_ROW, IndexedCorpus, Int32, Int64
from pipeline.models.networks.batches import places


def replace_beyond(indexed: IndexedCorpus, k: int, generator: np.random.Generator) -> IndexedCorpus:
    """Return documents whose tokens before the last `k` were drawn from the other documents.

    Each token is drawn by itself, from the tokens that stand as far from the end in other documents: lengths and what
    words stand where stay as they are on average, what this document says there is gone. Where no other document
    reaches so far, the token comes from a place at random that two reach. A document that is alone gets the unknown
    row.
    """
    of_document, from_end = places(indexed)
    beyond = np.flatnonzero(from_end >= k)  # (B,)
    if not len(beyond):
        return indexed
    indices = indexed.indices.copy()
    indices[beyond] = _drawn_from_others(indexed, of_document[beyond], from_end[beyond], generator)
    return IndexedCorpus(indices, indexed.offsets)


def _drawn_from_others(
    indexed: IndexedCorpus, of_document: Int64, from_end: Int64, generator: np.random.Generator
) -> Int32:
    """Return for each of B places a token of another document, as far from the end; int32 (B,)."""
    if indexed.n_docs < 2:
        return np.full(len(of_document), UNKNOWN_ROW, dtype=np.int32)
    lengths = np.diff(indexed.offsets)
    longest_first = np.argsort(-lengths, kind="stable")  # (N,)
    rank = np.empty(indexed.n_docs, dtype=np.int64)
    rank[longest_first] = np.arange(indexed.n_docs)
    reach = int(lengths[longest_first[1]])  # as far as two documents go
    from_end = np.where(from_end < reach, from_end, generator.integers(reach, size=len(from_end)))
    # the documents that are long enough are the first of longest_first; this one is among them and is left out
    n_long_enough = np.searchsorted(-lengths[longest_first], -from_end, side="left")  # (B,), 2 or more
    donor = generator.integers(n_long_enough - 1)
    donor += donor >= rank[of_document]
    drawn: Int32 = indexed.indices[indexed.offsets[longest_first[donor] + 1] - 1 - from_end]
    return drawn
