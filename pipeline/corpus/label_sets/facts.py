"""What is known of the sets of labels of a corpus: how many labels a document has, and which go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Corpus

PAIRS = 20  # of labels
FEWEST_TOGETHER = 5  # documents with both labels, for a pair to be shown


@dataclass(frozen=True)
class Pair:
    """Two labels that documents have together, how many do, and how many would if the two had nothing to do with it."""

    a: str
    b: str
    together: int
    expected: float


@dataclass(frozen=True)
class LabelSetFacts:
    """Of the sets of all documents.

    Attributes
    ----------
    cardinality : labels of a document, on average
    most : of one document
    empty : documents without a label
    distinct : different sets
    sizes : how many documents have 0, 1, 2 .. labels
    pairs : those of which most documents more than expected have both, most first
    """

    cardinality: float
    most: int
    empty: int
    distinct: int
    sizes: tuple[int, ...]
    pairs: tuple[Pair, ...]


def facts_of_sets(corpus: Corpus) -> LabelSetFacts | None:
    """Return what is known of the sets of a corpus; None where documents have one class each."""
    if corpus.sets is None:
        return None
    sizes = corpus.sets.sum(axis=1)[corpus.labels]  # (N,)
    return LabelSetFacts(
        cardinality=float(sizes.mean()),
        most=int(sizes.max()),
        empty=int((sizes == 0).sum()),
        distinct=len(corpus.sets),
        sizes=tuple(np.bincount(sizes).tolist()),
        pairs=_pairs(corpus),
    )


def _pairs(corpus: Corpus) -> tuple[Pair, ...]:
    assert corpus.sets is not None, "documents have sets of labels"
    counts = np.bincount(corpus.labels, minlength=len(corpus.sets)).astype(np.float64)  # (S,)
    given = corpus.sets.astype(np.float64)  # (S, C)
    together = given.T @ (counts[:, None] * given)  # (C, C)
    of_each = together.diagonal()
    expected = np.outer(of_each, of_each) / counts.sum()
    more = np.triu(together - expected, k=1)
    more[together < FEWEST_TOGETHER] = 0.0
    order = np.argsort(-more, axis=None, kind="stable")[:PAIRS]
    names = corpus.label_names
    return tuple(
        Pair(names[a], names[b], int(together[a, b]), float(expected[a, b]))
        for a, b in zip(*np.unravel_index(order, more.shape), strict=True)
        if more[a, b] > 0
    )
