"""This project's own scikit-learn estimator: `NaiveBayesLogistic` (nbsvm).

It works wherever scikit-learn's do: pipelines, `cross_val_score`, `GridSearchCV`. This module imports
scikit-learn when it is loaded, so other modules load it inside functions.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.sparse import csr_array, issparse
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from pipeline.core.values import Float64
from pipeline.models.baselines.sklearn_types import Features

_FLOATS = (np.float64, np.float32)  # kept as they come: float32 counts are fitted in float32


class NaiveBayesLogistic(ClassifierMixin, BaseEstimator):
    """Logistic regression on binary features times naive-Bayes log-count ratios, one problem a class.

    A feature is there (above 0) or not: how large it is plays no part.

    Parameters
    ----------
    C : float
        Inverse strength of the L2 penalty, as in `LogisticRegression`.
    alpha : float
        Added to every count before the ratio is taken (Laplace smoothing); above 0.
    beta : float
        Share, from 0 to 1, of each weight that is its own; the rest is the mean size of all weights, which
        is naive Bayes. 1: logistic regression alone.
    power : float
        Each ratio's size is raised to this power, from 0 to 1: 1 as published, 0 plain logistic regression on
        binary features (with `beta` 1).
    class_weight : "balanced", dict of class to weight, or None
        As in `LogisticRegression`; both the ratios and the regression weigh a document by it.
    tol, max_iter : float, int
        When the regression stops.
    solver : str
        Of `LogisticRegression`: "lbfgs", or "liblinear", which is faster where documents are short and penalises the
        intercept too.
    warm_start : bool
        Start from the solution of the last call of `fit`, on the same features and classes.

    Attributes
    ----------
    classes_ : array, shape (K,)
        The classes of the training documents.
    coef_ : float array, shape (P, F), in the dtype of the training documents
        Weights of the binary features, the ratio multiplied in. P problems: 1 for two classes (it speaks
        for the second), else K; 0 where all documents have one class.
    intercept_ : float array, shape (P,)
    n_iter_ : int array, shape (P,)
        Iterations that each problem took.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Notes
    -----
    With f_i the features of document i, p = alpha + the sum of f_i over documents of the class, and q the same
    over all others, the ratio is r = log((p / |p|_1) / (q / |q|_1)), and the regression finds weights w of
    f * r [1]_. The penalty is on w: a feature of a telling ratio is cheap. What predicts is

        coef_ = r * ((1 - beta) * mean(|w|) + beta * w),

    so that a feature that was too rare to get a weight still speaks by its ratio (equation 4 there). Wang and
    Manning fit a linear SVM; logistic regression gives probabilities. `power` is not theirs: with it r stands for
    sign(r) |r|^power. A feature seen once has a large ratio by chance; on phrases of a few words, where most are seen
    once, a smaller power trusts them less.

    With more than two classes each has its own ratio, against all others together, and its own problem; the
    probabilities of the problems are divided by their sum.

    References
    ----------
    .. [1] Wang, Manning (2012), Baselines and Bigrams, ACL, section 2.

    Examples
    --------
    >>> good, bad, film = [1, 0, 1], [0, 1, 1], [0, 0, 1]
    >>> fitted = NaiveBayesLogistic().fit([good, bad, good, bad], ["+", "-", "+", "-"])
    >>> fitted.predict([[2, 0, 0], [0, 3, 5]]).tolist(), fitted.predict_proba([film]).round(2).tolist()
    (['+', '-'], [[0.5, 0.5]])
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        alpha: float = 1.0,
        beta: float = 0.75,
        power: float = 1.0,
        class_weight: object = None,
        tol: float = 1e-5,
        max_iter: int = 200,
        warm_start: bool = False,
        solver: str = "lbfgs",
    ) -> None:
        self.C = C
        self.alpha = alpha
        self.beta = beta
        self.power = power
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.solver = solver

    def fit(self, X: Features, y: Features, sample_weight: Float64 | None = None) -> Self:
        """Fit to documents.

        Parameters
        ----------
        X : array or sparse matrix, shape (N, F)
            Counts, or anything that is above 0 where a feature is there.
        y : array, shape (N,)
        sample_weight : array, shape (N,), optional
            From 0; a document of weight 0 counts as absent.

        Raises
        ------
        ValueError
            If `alpha` is not above 0, `beta` or `power` not from 0 to 1, or the shapes do not match.
        """
        if self.alpha <= 0:
            raise ValueError(f"alpha is {self.alpha}; it has to be above 0")
        _check_share("beta", self.beta)
        _check_share("power", self.power)
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=_FLOATS)
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)  # (N,)
        if not weights.all():  # a document of weight 0 is no document: its class may not be one either
            X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        earlier = getattr(self, "_solution", None) if self.warm_start else None  # (P, F), (P,)
        self.classes_, number = np.unique(y, return_inverse=True)
        balance = compute_class_weight(self.class_weight, classes=self.classes_, y=y, sample_weight=weights)
        weights = weights * balance[number]
        n_classes = len(self.classes_)
        positive = (
            range(n_classes) if n_classes > 2 else range(1, n_classes)
        )  # what each problem tells from the rest
        features = _binary(X)
        total = weights @ features  # (F,)
        self.coef_ = np.zeros((len(positive), X.shape[1]), dtype=X.dtype)  # (P, F)
        self.intercept_ = np.zeros(len(positive), dtype=X.dtype)
        self.n_iter_ = np.zeros(len(positive), dtype=np.int32)
        self._own = np.zeros_like(self.coef_)  # (P, F) w, before the ratio
        self._ratio = np.zeros_like(self.coef_)  # (P, F) r
        for place, of_class in enumerate(positive):
            inside = number == of_class  # (N,)
            ratio = _log_count_ratio((weights * inside) @ features, total, self.alpha)
            ratio = (np.sign(ratio) * np.abs(ratio) ** self.power).astype(X.dtype)  # (F,)
            model = self._regression()
            if earlier is not None and earlier[0].shape == self._own.shape:
                model.coef_, model.intercept_ = earlier[0][[place]], earlier[1][[place]]
            model.fit(_times(features, ratio), inside, sample_weight=weights)
            self._own[place], self._ratio[place] = model.coef_[0], ratio
            self.intercept_[place] = model.intercept_[0]
            self.n_iter_[place] = model.n_iter_[0]
        if self.warm_start:
            self._solution = (self._own, self.intercept_)
        return self.interpolate(self.beta)

    def interpolate(self, beta: float) -> Self:
        """Give each weight another share of its own, `beta`, without fitting again; as `fit` with it would.

        Raises
        ------
        ValueError
            If `beta` is not from 0 to 1.
        """
        check_is_fitted(self)
        _check_share("beta", beta)
        self.beta = beta
        if len(self._own):
            means = np.abs(self._own).mean(axis=1, keepdims=True)  # (P, 1)
            self.coef_ = self._ratio * ((1 - beta) * means + beta * self._own)  # (P, F)
        return self

    def decision_function(self, X: Features) -> Float64:
        """Return the logits of each problem: float array (N,) for two classes, else (N, K)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=_FLOATS, reset=False)
        if not len(self.coef_):
            return np.zeros(X.shape[0], dtype=X.dtype)
        logits: Float64 = _binary(X) @ self.coef_.T + self.intercept_  # (N, P)
        return logits[:, 0] if len(self.coef_) == 1 else logits

    def predict_proba(self, X: Features) -> Float64:
        """Return each document's distribution over `classes_`; float array (N, K), rows sum to 1."""
        logits = self.decision_function(X)
        if len(self.classes_) == 1:
            return np.ones((len(logits), 1), dtype=logits.dtype)
        if logits.ndim == 1:
            shares: Float64 = expit(np.stack([-logits, logits], axis=1))  # (N, 2)
            return shares
        # The largest is scaled to 1 first, so that no row of very negative logits sums to 0. -log(1 + exp(-x)).
        logs = -np.logaddexp(0, -logits)  # (N, K)
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return shares

    def predict(self, X: Features) -> Features:
        """Return the most probable class of each document; array (N,) of the labels given to `fit`."""
        logits = self.decision_function(X)
        if len(self.classes_) == 1:
            return np.repeat(self.classes_, len(logits))
        chosen = (logits > 0).astype(np.intp) if logits.ndim == 1 else logits.argmax(axis=1)
        return self.classes_[chosen]

    def _regression(self) -> LogisticRegression:
        warm = self.warm_start and self.solver != "liblinear"  # which begins anew each time
        return LogisticRegression(
            C=self.C, tol=self.tol, max_iter=self.max_iter, warm_start=warm, solver=self.solver
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.poor_score = True  # on real numbers: all it sees of them is their sign
        return tags


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}; it has to be from 0 to 1")


def _binary(X: Features) -> Features:
    """Return 1 where X is above 0, else 0, in the dtype of X, which is left as it is."""
    if not issparse(X):
        return (X > 0).astype(X.dtype)
    if not X.has_canonical_format:  # a feature may stand in several entries, which add up
        X = X.copy()
        X.sum_duplicates()
    return csr_array(((X.data > 0).astype(X.dtype), X.indices, X.indptr), shape=X.shape)


def _log_count_ratio(inside: Float64, total: Float64, alpha: float) -> Float64:
    """Return log((p / |p|) / (q / |q|)), p the smoothed counts `inside` a class, q outside; float64 (F,)."""
    p = np.asarray(inside, dtype=np.float64) + alpha
    q = np.maximum(np.asarray(total, dtype=np.float64) - inside, 0.0) + alpha  # rounding may fall below 0
    ratio: Float64 = np.log(p / p.sum()) - np.log(q / q.sum())
    return ratio


def _times(features: Features, ratio: Float64) -> Features:
    """Return features times one number a column; a sparse result shares the places of the given one."""
    if not issparse(features):
        return features * ratio
    data = features.data * ratio[features.indices]
    return csr_array((data, features.indices, features.indptr), shape=features.shape)
