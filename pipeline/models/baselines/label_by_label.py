"""Linear models of several labels a document: one problem a label, and the set of labels that is most frequent.

This module imports scikit-learn when it is loaded, so other modules load it inside functions.
"""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from pipeline.core.values import Float32, Float64, Int32
from pipeline.models.baselines.sklearn_types import Classifier, Features

_HALF_A_DOCUMENT = 0.5  # that has a label which all or none has, so that no logit is infinite


class Linear(Classifier, Protocol):
    """A classifier of two classes with weights."""

    coef_: Float32  # (1, F)
    intercept_: Float32  # (1,)


@runtime_checkable
class Interpolated(Protocol):
    """One whose weights may be drawn to their mean without a fit."""

    def interpolate(self, beta: float) -> object: ...


class LabelByLabel(ClassifierMixin, BaseEstimator):
    """A classifier of two classes for each label, fitted to all documents.

    Parameters
    ----------
    estimator : classifier with `coef_` and `intercept_`
        Fitted once a label. With `warm_start` each fit begins from the last one of its label.

    Attributes
    ----------
    classes_ : int64 array (C,)
        The labels' places.
    coef_, intercept_ : float arrays (C, F) and (C,)
        A label that no document has, or each, has no weights, and the frequency of half a document in its intercept.
    """

    def __init__(self, estimator: Linear) -> None:
        self.estimator = estimator

    def fit(self, X: Features, Y: Int32) -> Self:
        """Fit to documents and what is right of each label; int (N, C)."""
        earlier = getattr(self, "_of_labels", [None] * Y.shape[1])
        self.classes_ = np.arange(Y.shape[1])
        self._of_labels = [self._fitted(X, Y[:, label], earlier[label]) for label in self.classes_]
        self._constant = [_logit_of(Y[:, label]) for label in self.classes_]
        self._n_features = X.shape[1]
        return self._gathered()

    def _fitted(self, X: Features, y: Int32, earlier: Linear | None) -> Linear | None:
        if not 0 < y.sum() < len(y):
            return None
        own = clone(self.estimator) if earlier is None else earlier.set_params(**self.estimator.get_params())
        return own.fit(X, y)

    def _gathered(self) -> Self:
        nothing = np.zeros(self._n_features, dtype=np.float32)
        self.coef_ = np.stack(
            [nothing if one is None else one.coef_[0].astype(np.float32) for one in self._of_labels]
        )  # (C, F)
        self.intercept_ = np.array(
            [
                constant if one is None else one.intercept_[0]
                for one, constant in zip(self._of_labels, self._constant, strict=True)
            ],
            dtype=np.float32,
        )
        return self

    def interpolate(self, beta: float) -> Self:
        """Give each weight another share of its own, as `NaiveBayesLogistic.interpolate`; others stay as they are."""
        for one in self._of_labels:
            if isinstance(one, Interpolated):
                one.interpolate(beta)
        return self._gathered()

    def predict_proba(self, X: Features) -> Float64:
        """Return how likely each label is; float array (N, C)."""
        from scipy.special import expit

        if hasattr(self.estimator, "beta"):  # it reads whether a feature is there, not how large it is
            from pipeline.models.baselines.estimators import _binary

            X = _binary(X)
        shares: Float64 = expit(X @ self.coef_.T + self.intercept_)
        return shares

    def predict(self, X: Features) -> Int32:
        """Return 1 for each label that is likelier than not; int32 (N, C)."""
        return (self.predict_proba(X) > 0.5).astype(np.int32)


class MostFrequentSet(ClassifierMixin, BaseEstimator):
    """Says of every document the set of labels that most training documents have, whatever a document holds.

    Attributes
    ----------
    classes_ : int64 array (C,)
    class_prior_ : float64 array (C,)
        Each label's frequency, which is its probability.
    thresholds_ : float32 array (C,)
        With them the labels of the set are given, and no others.
    """

    def fit(self, X: Features, Y: Int32) -> Self:
        """Fit to what is right of each label; int (N, C)."""
        self.classes_ = np.arange(Y.shape[1])
        self.class_prior_ = Y.mean(axis=0)
        sets, counts = np.unique(Y, axis=0, return_counts=True)
        most = sets[int(counts.argmax())] > 0  # (C,)
        self.thresholds_: Float32 = np.where(most, 0.0, 2.0).astype(np.float32)
        return self

    def predict_proba(self, X: Features) -> Float64:
        """Return the frequencies, for each document; float64 (N, C)."""
        return np.tile(self.class_prior_, (X.shape[0], 1))

    def predict(self, X: Features) -> Int32:
        """Return the set for each document; int32 (N, C)."""
        return (self.predict_proba(X) >= self.thresholds_).astype(np.int32)


def _logit_of(y: Int32) -> float:
    """Return the logit of the share of documents that have a label, half a document added to both sides."""
    there = float(y.sum()) + _HALF_A_DOCUMENT
    return float(np.log(there / (len(y) + 2 * _HALF_A_DOCUMENT - there)))
