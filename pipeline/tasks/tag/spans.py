"""Tags > spans, and spans > tags, by the rules of the official scorer of CoNLL-2000 and CoNLL-2003.

A word belongs to the span of the word before it if it says so (I or E), if that span can go on (its letter is B or
I), and if both are of one type. Every other word that is not outside begins a span, an I that follows nothing among
them. So each sequence of tags has spans, whether or not its tags may follow each other.

References
----------
.. [1] Tjong Kim Sang, Buchholz (2000), Introduction to the CoNLL-2000 Shared Task: Chunking, sec. 3 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Bool, Int32, Int64
from pipeline.tasks.tag.schemes import OUTSIDE, Scheme, TagSet


@dataclass(frozen=True, eq=False)
class Spans:
    """The spans of sentences, in their order; L of them."""

    starts: Int64  # (L,), places among all words
    ends: Int64  # (L,), behind the last word
    types: Int32  # (L,), places in `TagSet.type_names`

    def __len__(self) -> int:
        return len(self.starts)

    def begins(self, n_words: int) -> Int64:
        """Return the span that begins at each word, -1 where none does; int64 (M,)."""
        found = np.full(n_words, -1, dtype=np.int64)
        found[self.starts] = np.arange(len(self.starts))
        return found


def spans_of(tagset: TagSet, tags: Int32, offsets: Int64) -> Spans:
    """Return the spans that the words' tags (M,) make in sentences with these offsets (N + 1,).

    >>> found = spans_of(TagSet(("B-X", "I-X", "O"), "IOB2"), np.array([1, 1, 2, 0, 0]), np.array([0, 5]))
    >>> found.starts.tolist(), found.ends.tolist()
    ([0, 3, 4], [2, 4, 5])
    """
    inside = tagset.types[tags] >= 0  # (M,)
    begins = inside & ~goes_on(tagset, tags, offsets)
    starts = np.flatnonzero(begins)
    next_start = np.append(starts[1:], len(tags))
    outside = np.append(np.flatnonzero(~inside), len(tags))
    next_outside = outside[np.searchsorted(outside, starts)]
    ends = np.minimum(next_start, next_outside)
    return Spans(starts.astype(np.int64), ends.astype(np.int64), tagset.types[tags[starts]])


def goes_on(tagset: TagSet, tags: Int32, offsets: Int64) -> Bool:
    """Return which words belong to the span of the word before; bool (M,)."""
    letters, types = tagset.letters[tags], tagset.types[tags]  # (M,) each
    found = np.zeros(len(tags), dtype=np.bool_)
    can_go_on = np.isin(letters[:-1], ["B", "I"]) & (types[:-1] == types[1:])
    found[1:] = np.isin(letters[1:], ["I", "E"]) & can_go_on
    found[offsets[:-1][offsets[:-1] < len(tags)]] = False
    return found


def rewritten(tagset: TagSet, tags: Int32, offsets: Int64, scheme: Scheme) -> tuple[TagSet, Int32]:
    """Return the same spans in another scheme, or in the same one without tags that cannot follow each other.

    Parameters
    ----------
    tagset, tags, offsets : as in `spans_of`
    scheme : IOB2 or BIOES

    >>> iob1 = TagSet(("I-X", "O"), "IOB1")
    >>> tagset, tags = rewritten(iob1, np.array([1, 0, 0], dtype=np.int32), np.array([0, 3]), "BIOES")
    >>> [tagset.names[tag] for tag in tags]
    ['O', 'B-X', 'E-X']
    """
    spans = spans_of(tagset, tags, offsets)
    letters = np.where(tagset.types[tags] < 0, OUTSIDE, "I")  # (M,)
    if scheme == "BIOES":
        letters[spans.ends - 1] = "E"
    letters[spans.starts] = "B"
    if scheme == "BIOES":
        letters[spans.starts[spans.ends - spans.starts == 1]] = "S"
    types = tagset.types[tags].astype(np.int64)
    written = np.char.add(letters, _suffixes(tagset)[types])  # (M,)
    names, found = np.unique(written, return_inverse=True)
    return TagSet(tuple(names.tolist()), scheme), found.astype(np.int32)


def _suffixes(tagset: TagSet) -> np.ndarray:
    """Return what stands behind the letter by type, (K + 1,); nothing behind that of the last, which is outside."""
    return np.array([*(f"-{name}" if name else "" for name in tagset.type_names), ""])
