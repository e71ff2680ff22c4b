"""Sentences with tags that a program made, as the table that readers of tagged files return."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.corpus.tagged.table import TaggedTable

OTHER = "other"  # the tag of words that nothing is asked of
Tagged = tuple[tuple[str, str], ...]  # a sentence: each word with its tag


def as_table(name: str, sentences: Sequence[Tagged], told: str) -> TaggedTable:
    """Return sentences as a table whose column of tags is `tag`; `told` says what can be reached on them."""
    lengths = [len(sentence) for sentence in sentences]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return TaggedTable(
        file=name,
        words=[word for sentence in sentences for word, _ in sentence],
        columns={"tag": [tag for sentence in sentences for _, tag in sentence]},
        offsets=offsets,
        lines=np.arange(1, len(sentences) + 1, dtype=np.int64),
        sections=np.zeros(len(sentences), dtype=np.int64),
        usual="tag",
        word_column="word",
        assumptions=(f"{name}: made in memory; {told}",),
    )


def reach(right: float) -> str:
    """Return what a share of right words is called: `93.1 of 100 words`."""
    return f"{100 * right:.1f} of 100 words"
