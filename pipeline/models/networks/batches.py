"""Ragged documents to padded batches. Padding exists here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.ragged import span_positions
from pipeline.core.values import PADDING_ROW, IndexedCorpus, Int32, Int64

# batches that are sorted by length together: short enough to stay random, long enough to save padding
_POOL = 50
MAX_TIMESTEPS = 102_400  # in a batch, padding included, which bounds memory: 256 documents of 400 tokens


@dataclass(frozen=True, eq=False)
class Batch:
    """Documents of about equal length, padded on the right with row 0."""

    documents: Int64  # (B,), positions in the corpus
    rows: Int32  # (B, T), T the longest document of the batch
    lengths: Int32  # (B,), real timesteps


@dataclass(frozen=True, eq=False)
class Visible:
    """What a network sees of each document, and how much it does not."""

    indexed: IndexedCorpus
    cut_documents: int
    cut_tokens: int


def visible(indexed: IndexedCorpus, *, max_tokens: int, keep: str) -> Visible:
    """Return the tokens of each document that a network reads.

    Parameters
    ----------
    indexed : IndexedCorpus
        Whole documents.
    max_tokens : int
        Timesteps at most.
    keep : {"first", "last", "first+last", "pieces"}
        Which tokens of a longer document; "first+last" takes half from each end, "pieces" all of them.
    """
    if keep == "pieces":
        return Visible(indexed, 0, 0)
    lengths = np.diff(indexed.offsets)
    kept = np.minimum(lengths, max_tokens)
    head = {"first": kept, "last": np.zeros_like(kept), "first+last": kept - kept // 2}[keep]
    tail = kept - head
    head = np.where(lengths > max_tokens, head, kept)  # a document that fits is one span
    tail = np.where(lengths > max_tokens, tail, 0)
    starts = np.stack([indexed.offsets[:-1], indexed.offsets[1:] - tail], axis=1).ravel()  # (2N,)
    spans = np.stack([head, tail], axis=1).ravel()  # (2N,)
    offsets = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    cut = IndexedCorpus(indexed.indices[span_positions(starts, spans)], offsets)
    return Visible(cut, int((lengths > max_tokens).sum()), int((lengths - kept).sum()))


def shuffle_words(indexed: IndexedCorpus, generator: np.random.Generator, but_last: int = 0) -> IndexedCorpus:
    """Return documents with their tokens but the last few in random order: the same words, no order to learn from."""
    of_document, from_end = places(indexed)  # (M',), (M',)
    drawn = generator.random(len(from_end))
    place = np.where(from_end >= but_last, drawn, np.arange(1, len(from_end) + 1))  # (M',)
    return IndexedCorpus(indexed.indices[np.lexsort((place, of_document))], indexed.offsets)


def words_in_own_order(indexed: IndexedCorpus, seed: int) -> IndexedCorpus:
    """Return documents with the words of each in an order drawn by the seed and by what the document holds alone.

    So it is the same whichever documents are beside it.
    """
    of_document, from_end = places(indexed)  # (M',), (M',)
    place = from_end.astype(np.uint64)
    words = _mixed(_mixed(indexed.indices.astype(np.uint64) + np.uint64(seed << 32)) + place)
    document = np.add.reduceat(words, indexed.offsets[:-1]) if indexed.n_docs else words  # (N,), modulo 2^64
    drawn = _mixed(document[of_document] + _mixed(place))
    return IndexedCorpus(indexed.indices[np.lexsort((drawn, of_document))], indexed.offsets)


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return numbers that look drawn at random, always the same ones of the same.

    Notes
    -----
    Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators, OOPSLA: SplitMix64.
    """
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def places(indexed: IndexedCorpus) -> tuple[Int64, Int64]:
    """Return each token's document, and how many tokens follow it there; int64 (M',) both."""
    lengths = np.diff(indexed.offsets)
    from_end = np.repeat(indexed.offsets[1:], lengths) - 1 - np.arange(len(indexed.indices))
    return np.repeat(np.arange(indexed.n_docs), lengths), from_end


def batches(
    indexed: IndexedCorpus,
    batch_size: int,
    generator: np.random.Generator | None,
    max_timesteps: int = MAX_TIMESTEPS,
) -> Iterator[Batch]:
    """Yield every document once, in batches cut by length.

    With a `generator` the documents are shuffled, sorted by length inside pools of 50 batches, and the batches
    come in random order (training); without one they come shortest first (prediction). A batch of very long
    documents is split so that it holds at most `max_timesteps`, padding included, or one document.
    """
    lengths = np.diff(indexed.offsets)
    groups = (
        _sorted_groups(lengths, batch_size) if generator is None else _pools(lengths, batch_size, generator)
    )
    for group in groups:
        size = max(1, max_timesteps // int(lengths[group].max()))
        for start in range(0, len(group), size):
            yield pad(indexed, group[start : start + size])


def pad(indexed: IndexedCorpus, documents: Int64) -> Batch:
    """Return `documents` as one matrix of rows, padded on the right."""
    starts = indexed.offsets[documents]
    lengths = (indexed.offsets[documents + 1] - starts).astype(np.int32)  # (B,)
    longest = int(lengths.max())
    rows = np.full((len(documents), longest), PADDING_ROW, dtype=np.int32)  # (B, T)
    real = np.arange(longest) < lengths[:, None]  # (B, T)
    rows[real] = indexed.indices[span_positions(starts, lengths.astype(np.int64))]
    return Batch(documents, rows, lengths)


def _sorted_groups(lengths: Int64, batch_size: int) -> list[Int64]:
    order = np.argsort(lengths, kind="stable")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def _pools(lengths: Int64, batch_size: int, generator: np.random.Generator) -> list[Int64]:
    shuffled = generator.permutation(len(lengths))
    size = _POOL * batch_size
    groups = []
    for start in range(0, len(shuffled), size):
        pool = shuffled[start : start + size]
        groups += [pool[group] for group in _sorted_groups(lengths[pool], batch_size)]
    return [groups[place] for place in generator.permutation(len(groups))]
