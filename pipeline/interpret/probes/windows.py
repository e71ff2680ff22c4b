"""Documents whose end is as it was: what lies beyond the last k tokens is dropped, shuffled or replaced."""

from __future__ import annotations

import numpy as np

from pipeline.core.values import UNKNOWN_ROW, IndexedCorpus, Int32, Int64
from pipeline.models.networks.batches import visible


def last_tokens(indexed: IndexedCorpus, k: int) -> IndexedCorpus:
    """Return the last `k` tokens of each document, all of a shorter one.

    Raises
    ------
    ValueError
        If `k` is below 1: a document has at least one token.
    """
    if k < 1:
        raise ValueError(f"k is {k}; a document has at least one token")
    return visible(indexed, max_tokens=k, keep="last").indexed


def shuffle_beyond(indexed: IndexedCorpus, k: int, generator: np.random.Generator) -> IndexedCorpus:
    """Return documents whose tokens before the last `k` are in random order: the same words, order gone.

    With `k` = 0 the whole of each document is shuffled.
    """
    of_document, from_end = _places(indexed)  # (M',), (M',)
    place = np.where(from_end >= k, generator.random(len(from_end)), np.arange(1, len(from_end) + 1))  # (M',)
    return IndexedCorpus(indexed.indices[np.lexsort((place, of_document))], indexed.offsets)


def replace_beyond(indexed: IndexedCorpus, k: int, generator: np.random.Generator) -> IndexedCorpus:
    """Return documents whose tokens before the last `k` were drawn from the other documents.

    Each token is drawn by itself, from the tokens that stand as far from the end in other documents: lengths and what
    words stand where stay as they are on average, what this document says there is gone. Where no other document
    reaches so far, the token comes from a place at random that two reach. A document that is alone gets the unknown
    row.
    """
    of_document, from_end = _places(indexed)
    beyond = np.flatnonzero(from_end >= k)  # (B,)
    if not len(beyond):
        return indexed
    indices = indexed.indices.copy()
    indices[beyond] = _drawn_from_others(indexed, of_document[beyond], from_end[beyond], generator)
    return IndexedCorpus(indices, indexed.offsets)


def _places(indexed: IndexedCorpus) -> tuple[Int64, Int64]:
    """Return each token's document, and how many tokens follow it there; int64 (M',) both."""
    lengths = np.diff(indexed.offsets)
    from_end = np.repeat(indexed.offsets[1:], lengths) - 1 - np.arange(len(indexed.indices))
    return np.repeat(np.arange(indexed.n_docs), lengths), from_end


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
