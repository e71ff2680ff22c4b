"""Parts of documents with several labels: by the algorithm as it was published, and as splits and folds of a corpus."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.core.reading import Reading
from pipeline.core.values import TEST, TRAIN, UNASSIGNED, VALIDATION, Corpus, Int64, Ledger, LoadedCorpus
from pipeline.corpus.iterative import spread
from pipeline.corpus.loading import corpus_hash
from pipeline.corpus.splits import split_corpus


def as_published(labels: list[set[int]], shares: list[float], order: list[int]) -> list[int]:
    """Return the part of each document by algorithm 1 of Sechidis et al. (2011), line by line; ties in order."""
    n_labels = 1 + max((label for own in labels for label in own), default=-1)
    left = set(order)
    c = [share * len(labels) for share in shares]
    of = [[share * sum(label in own for own in labels) for share in shares] for label in range(n_labels)]
    part = [-1] * len(labels)

    def give(document: int, most: list[float]) -> None:
        best = [one for one in range(len(shares)) if most[one] == max(most)]
        chosen = max(best, key=lambda one: (c[one], -one))
        part[document] = chosen
        left.discard(document)
        for label in labels[document]:
            of[label][chosen] -= 1
        c[chosen] -= 1

    while True:
        remaining = {
            label: [document for document in order if document in left and label in labels[document]]
            for label in range(n_labels)
        }
        there = {label: found for label, found in remaining.items() if found}
        if not there:
            break
        label = min(there, key=lambda one: (len(there[one]), one))
        for document in there[label]:
            give(document, of[label])
    for document in order:
        if document in left:
            give(document, c)
    return part


@pytest.mark.parametrize("seed", range(8))
def test_parts_are_those_of_the_algorithm(seed: int) -> None:
    generator = np.random.default_rng(seed)
    given = generator.random((60, 5)) < generator.uniform(0.05, 0.6, 5)
    shares = np.array([0.25, 0.125, 0.625])  # binary fractions: sums are exact
    found = spread(given.astype(np.int64), np.ones(60, dtype=np.int64), shares, np.random.default_rng(seed))
    order = np.random.default_rng(seed).permutation(60).tolist()
    labels = [{*np.flatnonzero(row).tolist()} for row in given]
    assert found.tolist() == as_published(labels, shares.tolist(), order)


def loaded(given: np.ndarray, texts: list[str]) -> LoadedCorpus:
    sets, which = np.unique(given, axis=0, return_inverse=True)
    n_docs = len(texts)
    names = tuple(f"label {number}" for number in range(given.shape[1]))
    corpus = Corpus(
        pl.Series(texts),
        which.reshape(-1).astype(np.int32),
        names,
        np.arange(n_docs, dtype=np.int64),
        np.full(n_docs, UNASSIGNED, dtype=np.int8),
        sets=sets,
    )
    return LoadedCorpus(
        "labels", corpus, Ledger(n_docs, n_docs), None, (), (), corpus_hash(corpus), Reading((), ())
    )


def halves_of(given: np.ndarray, groups: Int64, folds: int = 0) -> list[Corpus]:
    return split_corpus(
        loaded(given, [f"text {number}" for number in range(len(given))]),
        groups,
        test_size=0.2,
        validation_size=0.1,
        folds=folds,
        generator=np.random.default_rng(3),
    )


def test_each_label_has_its_share_in_each_part() -> None:
    generator = np.random.default_rng(0)
    given = generator.random((2_000, 12)) < np.array([0.5] * 4 + [0.1] * 4 + [0.01] * 4)
    (corpus,) = halves_of(given, np.arange(2_000))
    for part, share in ((TEST, 0.2), (VALIDATION, 0.08), (TRAIN, 0.72)):
        inside = corpus.split == part
        assert inside.sum() == pytest.approx(share * 2_000, abs=12)
        assert given[inside].sum(axis=0) == pytest.approx(share * given.sum(axis=0), rel=0.05, abs=1.5)


def test_copies_stay_on_one_side() -> None:
    generator = np.random.default_rng(1)
    given = generator.random((600, 4)) < 0.3
    groups = np.repeat(np.arange(200), 3)
    (corpus,) = halves_of(given, groups)
    for group in range(200):
        assert len({*corpus.split[groups == group].tolist()}) == 1


def test_every_document_is_tested_in_one_fold_and_each_label_in_all() -> None:
    generator = np.random.default_rng(2)
    given = generator.random((500, 6)) < np.array([0.4, 0.4, 0.1, 0.1, 0.03, 0.03])
    folds = halves_of(given, np.arange(500), folds=5)
    tested = np.stack([corpus.split == TEST for corpus in folds])
    assert (tested.sum(axis=0) == 1).all()
    for inside in tested:
        assert given[inside].sum(axis=0) == pytest.approx(given.sum(axis=0) / 5, abs=2)
    assert all((corpus.split == VALIDATION).sum() == pytest.approx(40, abs=4) for corpus in folds)
