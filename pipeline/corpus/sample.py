"""A sample of a corpus, for a first answer or to try something out: `--limit`, `--quick`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from pipeline.core.reading import Reading
from pipeline.core.values import (
    TEST,
    TRAIN,
    UNASSIGNED,
    VALIDATION,
    Corpus,
    Dropped,
    Int64,
    Ledger,
    LoadedCorpus,
)
from pipeline.core.warned import warning
from pipeline.corpus.loading import classes_by_size, corpus_hash

REASON = "not in the sample"
FEWEST, ENOUGH = (
    3,
    10,
)  # documents of a class: one each to train, validate and test; what is kept where there is room
_SPLITS = {"": UNASSIGNED, "validation": VALIDATION, "test": TEST}  # by `PartRead.part`
_FILES = {UNASSIGNED: "CORPUS", TRAIN: "CORPUS", VALIDATION: "--validation", TEST: "--test"}


def sample_corpus(
    loaded: LoadedCorpus, most: int, generator: np.random.Generator, asked: str = "--quick"
) -> LoadedCorpus:
    """Return at most `most` documents of each part (test apart from the rest), classes in proportion.

    Every class keeps ten documents where there is room for as many of each, and three at least, or all that it has:
    of many classes more than `most` are drawn. Documents that must stay together stay so: they are drawn as one, up to
    a group more. What is left out goes to the ledger. Of unlabelled texts, `most` are drawn as well.

    Parameters
    ----------
    loaded : LoadedCorpus
    most : int
    generator : numpy Generator
    asked : str
        The option that asked for it, for the warning.
    """
    is_test = loaded.corpus.split == TEST
    sample = loaded
    if max(int(is_test.sum()), int((~is_test).sum())) > most:
        parts = [_draw(loaded, np.flatnonzero(part), most, generator) for part in (is_test, ~is_test)]
        sample = _keep(loaded, np.sort(np.concatenate(parts)))
    unlabelled = _draw_texts(loaded.unlabelled, most, generator)
    drawn = [
        f"{len(new)} of {len(old)} {things}"
        for things, new, old in (
            ("documents", sample.corpus.texts, loaded.corpus.texts),
            ("unlabelled texts", unlabelled, loaded.unlabelled),
        )
        if new is not None and old is not None and len(new) < len(old)
    ]
    if not drawn:
        return loaded
    told = f"{asked}: {' and '.join(drawn)} were drawn; the figures are a first look"
    return replace(sample, unlabelled=unlabelled, warnings=(*loaded.warnings, warning("sample-drawn", told)))


def _keep(loaded: LoadedCorpus, kept: Int64) -> LoadedCorpus:
    """Return the corpus with the documents `kept` alone, the others in the ledger."""
    corpus = loaded.corpus
    left_out = np.setdiff1d(np.arange(len(corpus.texts)), kept)
    left_from = ((file, left_out[corpus.split[left_out] == part]) for part, file in _FILES.items())
    dropped = tuple(
        Dropped(REASON, file, tuple(corpus.records[rows].tolist()), ())
        for file, rows in left_from
        if len(rows)
    )
    ledger = Ledger(loaded.ledger.rows_read, len(kept), loaded.ledger.dropped + dropped)
    sample = corpus.only(kept)
    return replace(
        loaded,
        corpus=sample,
        ledger=ledger,
        hash=corpus_hash(sample),
        reading=_reading_of(loaded.reading, corpus, sample),
        together=None if loaded.together is None else loaded.together[kept],
    )


def _reading_of(reading: Reading, whole: Corpus, sample: Corpus) -> Reading:
    """Return how the corpus was read, with the sample's numbers."""
    parts = []
    for part in reading.parts:
        split = _SPLITS[part.part]
        drawn, n_docs = int((sample.split == split).sum()), int((whole.split == split).sum())
        rest = ((REASON, n_docs - drawn),) if drawn < n_docs else ()
        parts.append(replace(part, used=drawn, left_out=(*part.left_out, *rest)))
    return replace(reading, parts=tuple(parts), classes=classes_by_size(sample))


def _draw_texts(texts: pl.Series | None, most: int, generator: np.random.Generator) -> pl.Series | None:
    """Return `most` of the texts in their order, or all of them."""
    if texts is None or len(texts) <= most:
        return texts
    return texts.gather(np.sort(generator.choice(len(texts), most, replace=False)))


def _draw(loaded: LoadedCorpus, positions: Int64, most: int, generator: np.random.Generator) -> Int64:
    """Return the drawn ones of `positions`: the first of a random order, within each class."""
    if len(positions) <= most:
        return positions
    if loaded.together is not None:
        return _draw_groups(loaded.together[positions], positions, most, generator)
    _, labels = np.unique(loaded.corpus.strata[positions], return_inverse=True)
    drawn = [
        generator.permutation(positions[labels == place])[:size]
        for place, size in enumerate(sizes_of_classes(np.bincount(labels), most).tolist())
    ]
    return np.concatenate(drawn)


def sizes_of_classes(counts: Int64, most: int) -> Int64:
    """Return how many documents of each class make a sample of `most`; int64 (C,).

    >>> sizes_of_classes(np.array([80, 80, 80]), 100).tolist(), sizes_of_classes(np.array([900, 100, 4]), 50).tolist()
    ([34, 33, 33], [36, 10, 4])
    """
    floors = np.minimum(counts, np.clip(most // len(counts), FEWEST, ENOUGH))
    sizes, small = floors.astype(np.float64), np.zeros(len(counts), dtype=bool)
    while not small.all():
        room = max(most - floors[small].sum(), 0)
        sizes[~small] = room * counts[~small] / counts[~small].sum()
        under = ~small & (sizes < floors)
        if not under.any():
            break
        sizes[under] = floors[under]
        small |= under
    whole: Int64 = np.floor(sizes).astype(np.int64)
    left = max(most - int(whole.sum()), 0)
    whole[np.argsort(whole - sizes, kind="stable")[:left]] += 1  # to those of which most was cut off
    return whole


def _draw_groups(groups: Int64, positions: Int64, most: int, generator: np.random.Generator) -> Int64:
    """Draw whole groups until `most` documents are reached."""
    distinct, group_of = np.unique(groups, return_inverse=True)
    rank = generator.permutation(len(distinct))[group_of]  # (n,)
    order = np.argsort(rank, kind="stable")
    drawn: Int64 = positions[rank <= rank[order[most - 1]]]
    return drawn
