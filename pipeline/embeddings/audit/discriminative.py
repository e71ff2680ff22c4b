"""Which words tell the classes apart: coefficients of a quick TF-IDF logistic regression on single words."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from pipeline.core.resources import one_blas_thread
from pipeline.core.values import Float64, Int32, Int64, TokenizedCorpus
from pipeline.text.ngrams import learn_ngrams
from pipeline.text.ragged import select

_MOST_DOCUMENTS = 20_000  # evenly spread training documents: enough for a ranking, bounded in time
_MOST_WEIGHTS = 2_000_000  # words x classes, the most frequent words first: bounded in memory
_ITERATIONS = 50


@dataclass(frozen=True, eq=False)
class WordWeights:
    """Words of the training documents with the coefficient of largest size, and the class it belongs to."""

    words: pl.Series  # string (F,)
    coefficients: Float64  # (F,), negative where the word speaks against the class
    classes: Int64  # (F,)


def weigh_words(train: TokenizedCorpus, train_labels: Int32) -> WordWeights:
    """Return each word's coefficient in a TF-IDF logistic regression on training documents.

    Parameters
    ----------
    train : TokenizedCorpus
        Training documents and nothing else.
    train_labels : int32 array, shape (N,)
        Their labels. With one class only there is nothing to tell apart, and the result is empty.

    Notes
    -----
    Words of two documents or more (of one, in a corpus without any), C = 1. Good for an order of the words, not
    for a score: nothing is chosen on validation documents.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    some = np.unique(np.linspace(0, train.n_docs - 1, min(train.n_docs, _MOST_DOCUMENTS)).astype(np.int64))
    labels = train_labels[some]
    if len(np.unique(labels)) < 2:
        return WordWeights(pl.Series([], dtype=pl.String), np.zeros(0), np.zeros(0, dtype=np.int64))
    words_of = partial(learn_ngrams, select(train, some), ngram_max=1)
    ngrams, counts = words_of(min_df=2)
    if not len(ngrams.keys):
        ngrams, counts = words_of(min_df=1)
    most = max(_MOST_WEIGHTS // len(np.unique(labels)), 1)
    kept = np.sort(np.argsort(-ngrams.document_counts, kind="stable")[:most])
    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(counts)[:, kept]
    coefficients, classes = _coefficients(weighted, labels)  # (C, F), (C,)
    strongest = np.abs(coefficients).argmax(axis=0)  # (F,)
    words = pl.Series(ngrams.terms(kept), dtype=pl.String)
    return WordWeights(words, coefficients[strongest, np.arange(len(kept))], classes[strongest])


def _coefficients(weighted: object, labels: Int32) -> tuple[Float64, Int64]:
    """Return coefficients (C, F) and the classes of their rows; of two classes each keeps what speaks for it."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings(), one_blas_thread():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the order of the words settles early
        classifier = LogisticRegression(max_iter=_ITERATIONS).fit(weighted, labels)
    classes = classifier.classes_.astype(np.int64)
    if len(classes) > 2:
        return classifier.coef_, classes
    for_second = classifier.coef_[0]  # (F,)
    return np.stack([np.maximum(-for_second, 0), np.maximum(for_second, 0)]), classes
