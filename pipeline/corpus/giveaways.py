"""Tokens of the training documents whose presence alone all but tells the label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from pipeline.core.values import Bool, Float64, Int32, Int64, TokenizedCorpus
from pipeline.text.ragged import select

OTHER_LABELS_LEFT = 0.1  # of the share that other labels have in all training documents
COVERAGE = 0.1  # of the class's training documents that hold the token
Z = 1.959963984540054  # two-sided 95 %


@dataclass(frozen=True, eq=False)
class Giveaways:
    """G tokens that give a label away, those in most documents of their class first."""

    types: Int32  # (G,) numbers into `TokenizedCorpus.types`
    labels: Int32  # (G,)
    documents: Int64  # (G,) training documents that hold the token
    precision: Float64  # (G,) share of them that carry the label
    coverage: Float64  # (G,) share of the label's training documents that hold the token


def find_giveaways(train: TokenizedCorpus, labels: Int32) -> Giveaways:
    """Return the tokens that give a label away.

    Parameters
    ----------
    train : TokenizedCorpus
        The n training documents.
    labels : int32 array, shape (n,)

    Notes
    -----
    A token gives a label away if it stands in 10 % or more of the label's training documents, and if among the
    documents that hold it the share of other labels is, at the upper end of its 95 % Wilson interval [1]_, a
    tenth or less of their share among all training documents. With two classes of equal size that is 95 % of one
    label or more, for certain, and takes 73 documents that hold the token; where the label is rare it takes 35, so that
    a smaller class has none. No correction for the number of tokens: the rule asks for so many documents that chance
    does not reach it.

    The rule cannot tell a leak (a header, a signature, a template) from a word that is what the class is about.

    References
    ----------
    .. [1] Wilson (1927), Journal of the American Statistical Association 22(158), 209-212.
    """
    of_class = np.bincount(labels)  # (C,)
    held = _documents_by_token_and_label(train, labels)  # (T, C)
    documents, with_label = held.sum(axis=1), held.max(axis=1).toarray().ravel()  # (T,) each
    label = held.argmax(axis=1).ravel()  # (T,) the most frequent one
    coverage = with_label / of_class[label]
    others_overall = 1 - of_class[label] / len(labels)
    others_here = wilson_upper(documents - with_label, np.maximum(documents, 1))
    gives_away = (coverage >= COVERAGE) & (others_here <= OTHER_LABELS_LEFT * others_overall)
    chosen = np.flatnonzero(gives_away)
    chosen = chosen[np.lexsort((chosen, -coverage[chosen]))]  # (G,)
    return Giveaways(
        chosen.astype(np.int32),
        label[chosen].astype(np.int32),
        documents[chosen],
        with_label[chosen] / documents[chosen],
        coverage[chosen],
    )


def _documents_by_token_and_label(train: TokenizedCorpus, labels: Int32) -> sparse.csr_array:
    """Return how many documents of each label hold each token; sparse int64 (T, C)."""
    n_types = max(len(train.types), 1)
    document_of = np.repeat(np.arange(train.n_docs, dtype=np.int64), np.diff(train.offsets))  # (M,)
    every = np.sort(document_of * n_types + train.token_types)  # (M,)
    # a token once a document; several times faster than np.unique
    held = every[np.diff(every, prepend=-1) > 0]
    cells = (held % n_types, labels[held // n_types])
    shape = (n_types, int(labels.max(initial=0)) + 1)
    return sparse.csr_array((np.ones(len(held), dtype=np.int64), cells), shape=shape)


def hold_any(tokenized: TokenizedCorpus, documents: Int64, types: Int32) -> Bool:
    """Return which of `documents` (positions, n) hold one of the token `types`; bool (n,)."""
    wanted = np.zeros(len(tokenized.types), dtype=bool)
    wanted[types] = True
    chosen = select(tokenized, documents)
    found = np.concatenate([[0], np.cumsum(wanted[chosen.token_types])])  # (M' + 1,)
    return found[chosen.offsets[1:]] > found[chosen.offsets[:-1]]


def wilson_upper(successes: Int64, trials: Int64) -> Float64:
    """Return the upper end of the 95 % Wilson interval of a share.

    >>> wilson_upper(np.array([0]), np.array([73])).round(3)
    array([0.05])
    """
    share = successes / trials
    middle = share + Z**2 / (2 * trials)
    half = Z * np.sqrt(share * (1 - share) / trials + Z**2 / (4 * trials**2))
    return (middle + half) / (1 + Z**2 / trials)
