"""Fits of the linear taggers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float64, Int32
from pipeline.core.warned import warning
from pipeline.models.baselines.fitting import fit_estimator
from pipeline.models.baselines.tagging.attributes import WINDOW, WORD_ALONE
from pipeline.models.baselines.tagging.features import FeatureSpace
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.models.baselines.tagging.tagger import LinearTagger
from pipeline.models.baselines.tagging.weights import SparseWeights

_LEAST = 2  # words at which a feature of a window stands in training: most of the others are chance
_TOLERANCE = 1e-4  # of the gradient
_MOST_ITERATIONS = 200


@dataclass(frozen=True)
class Penalty:
    """How strongly large weights are held back: `absolute` times their sum of sizes, `square` times that of squares."""

    absolute: float = 0.0
    square: float = 0.0


def window_features(train: Sentences) -> FeatureSpace:
    """Return what training sentences have in a window of two words around each word."""
    return FeatureSpace.learn(train, WINDOW, _LEAST)


def fit_most_frequent(train: Sentences, tags: Int32, n_tags: int, penalty: Penalty) -> LinearTagger:
    """Return the tagger that gives each word its most frequent tag in training.

    A word that training does not have is likely a rare one: it gets the tags of the words that stand there once, of
    all words if there are none. These tags, counted together as one, are added to the counts of each known word, so
    that no tag is impossible.
    """
    space = FeatureSpace.learn(train, WORD_ALONE, least=1)
    words = space.columns(train)[:, 0]  # (M,)
    counts = np.zeros((space.n_features, n_tags))
    np.add.at(counts, (words, tags), 1)
    once = counts.sum(axis=1) == 1
    unseen = counts[once].sum(axis=0) + 1 if once.any() else counts.sum(axis=0) + 1  # (C,)
    unseen /= unseen.sum()
    shares = (counts + unseen) / (counts.sum(axis=1, keepdims=True) + 1)  # (F, C)
    base = np.log(unseen)
    return LinearTagger(space, SparseWeights.dense(np.log(shares) - base), base.astype(np.float32))


def fit_window(train: Sentences, tags: Int32, n_tags: int, penalty: Penalty) -> LinearTagger:
    """Return multinomial logistic regression of each word's tag on its window; the tags beside it play no part."""
    from sklearn.linear_model import LogisticRegression

    space = window_features(train)
    classifier = LogisticRegression(C=1 / penalty.square, tol=_TOLERANCE, max_iter=_MOST_ITERATIONS)
    cut_short = fit_estimator(classifier, space.matrix(train), tags)
    known = classifier.classes_
    weights, intercepts = (
        np.zeros((space.n_features, n_tags), np.float32),
        np.full(n_tags, _NEVER, np.float32),
    )
    binary = len(known) == 2
    weights[:, known] = _both_sides(classifier.coef_, binary).T
    intercepts[known] = _both_sides(classifier.intercept_[:, None], binary)[:, 0]
    told = f"logistic regression stopped after {_MOST_ITERATIONS} iterations"
    warnings = (warning("linear-model-cut-short", told),) if cut_short else ()
    return LinearTagger(space, SparseWeights.dense(weights), intercepts, warnings=warnings)


_NEVER = -1e4  # of a tag that no training word has


def _both_sides(problems: Float64, binary: bool) -> Float64:
    """Return a row a class: of two classes scikit-learn has one, the second's over the first."""
    return np.concatenate([-problems / 2, problems / 2]) if binary else problems
