"""Repeated documents: counted, and numbered so that a split keeps them on one side."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.core.values import TEST, Corpus, Duplicates, Int64
from pipeline.core.warned import Warned, warning
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.unicode import one_form


def find_duplicates(corpus: Corpus) -> Duplicates:
    """Return how many documents repeat another, exactly or but for case and runs of blanks.

    Notes
    -----
    Texts are compared by a 64-bit hash: among a million texts two that differ collide with a chance of 3e-8.
    Documents without text repeat nothing.
    """
    normalised = normalise(corpus.texts)
    blank = (normalised.str.len_bytes() == 0).to_numpy()
    groups = group_numbers(normalised, blank)
    in_test = corpus.split == TEST
    elsewhere = np.isin(groups, groups[~in_test])
    n_labels = _labels_in_group(groups, corpus.distinct_answers.astype(np.int64))
    return Duplicates(
        exact=_repeats(group_numbers(corpus.texts, blank)),
        normalised=_repeats(groups),
        across_splits=int((in_test & elsewhere).sum()),
        conflicting_labels=int((n_labels[groups] > 1).sum()),
        groups=groups,
    )


def leak_warning(duplicates: Duplicates, n_test: int) -> Warned | None:
    """Return a sentence on test documents that training or validation have too; None where there are none.

    Parameters
    ----------
    duplicates : Duplicates
        Of the corpus with its final split.
    n_test : int
        How many documents the test part has.
    """
    seen = duplicates.across_splits
    if seen == 0:
        return None
    stand, right = (
        ("stands", "a right answer on it is") if seen == 1 else ("stand", "right answers on them are")
    )
    return warning(
        "test-documents-seen",
        f"{seen:,} of {n_test:,} test documents also {stand} among the training or validation documents: "
        f"{right} no evidence",
    )


def unlabelled_warning(unlabelled: pl.Series, tested: pl.Series) -> Warned | None:
    """Return a sentence on test documents that the unlabelled text holds too; None where it holds none."""
    texts = normalise(tested)
    seen = int(np.isin(texts.filter(texts != "").hash(), normalise(unlabelled).hash()).sum())
    if seen == 0:
        return None
    stand, them, their = ("stands", "it", "its label") if seen == 1 else ("stand", "them", "their labels")
    return warning(
        "test-documents-in-unlabelled",
        f"{seen:,} of {len(tested):,} test documents also {stand} in the unlabelled text: "
        f"what was learned from it has read {them}, without {their}",
    )


def normalise(texts: pl.Series) -> pl.Series:
    """Return texts in one Unicode form and in lower case, with runs of blanks as one blank, none at the ends.

    >>> normalise(pl.Series([" Good \\n film"])).to_list()
    ['good film']
    """
    return (
        one_form(texts, TokenizerSettings())
        .str.to_lowercase()
        .str.replace_all(r"\s\s+|[^\S ]", " ")
        .str.strip_chars()
    )


def group_numbers(texts: pl.Series, apart: np.ndarray) -> Int64:
    """Return numbers from 0, equal for equal texts; documents in `apart` get their own; int64 (N,)."""
    hashes = texts.hash().to_numpy()
    numbers = np.unique(hashes, return_inverse=True)[1].astype(np.int64)
    numbers[apart] = len(texts) + np.arange(int(apart.sum()))
    return np.unique(numbers, return_inverse=True)[1].astype(np.int64)


def _repeats(groups: Int64) -> int:
    return len(groups) - (int(groups.max()) + 1 if len(groups) else 0)


def _labels_in_group(groups: Int64, labels: Int64) -> Int64:
    """Return the number of distinct labels in each group; int64, shape (number of groups,)."""
    n_labels = int(labels.max(initial=0)) + 1
    pairs = np.unique(groups * n_labels + labels)
    return np.bincount(pairs // n_labels).astype(np.int64)
