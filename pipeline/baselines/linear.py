"""Bag of words and TF-IDF with logistic regression, its strength chosen on validation documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config import BaselineSettings
from pipeline.values import Float32, Int32

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MANY_CLASSES = "The number of unique classes is greater than"  # scikit-learn's words
_TOLERANCE = 1e-5  # of the gradient; scikit-learn's 1e-4 stops before weak regularisation has its effect
_ONE_VERSUS_REST = 6_000_000  # weights above which one problem for all classes needs too much memory


@dataclass(frozen=True)
class Baseline:
    """An entry of the table: the scikit-learn pipeline, and which strengths are tried."""

    pipeline: Callable[[BaselineSettings, int], Any]  # (settings, number of weights) > Pipeline
    strengths: Callable[[BaselineSettings], tuple[float, ...]]


@dataclass(frozen=True)
class Tried:
    """One strength tried, and its score on validation documents (log loss in nats)."""

    value: float
    validation_log_loss: float
    validation_accuracy: float


@dataclass(frozen=True, eq=False)
class FittedBaseline:
    """A fitted pipeline for classes `classes` out of `n_classes`."""

    pipeline: Any
    n_classes: int
    warnings: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """How many weights were fitted."""
        classifier = self.pipeline[-1]
        if hasattr(classifier, "estimators_"):
            return sum(one.coef_.size + one.intercept_.size for one in classifier.estimators_)
        if hasattr(classifier, "coef_"):
            return int(classifier.coef_.size + classifier.intercept_.size)
        return int(classifier.class_prior_.size)

    def predict_probabilities(self, counts: csr_array) -> Float32:
        """Return each document's distribution over all classes; float32 (N, C), 0 for classes never trained."""
        found = self.pipeline.predict_proba(counts)
        probabilities = np.zeros((counts.shape[0], self.n_classes), dtype=np.float32)
        probabilities[:, self.pipeline.classes_] = found
        return probabilities


def choose_strength(
    name: str,
    train: tuple[csr_array, Int32],
    validation: tuple[csr_array, Int32],
    settings: BaselineSettings,
    on_trial: Callable[[Tried], None] = lambda tried: None,
) -> tuple[float, tuple[Tried, ...]]:
    """Return the regularisation strength with the lowest log loss on validation documents, and all that were tried.

    Parameters
    ----------
    name : str
        An entry of `BASELINES`.
    train, validation : (csr_array (N, F), int32 array (N,))
        n-gram counts and labels.
    settings : BaselineSettings
        The strengths to try (scikit-learn's C), weakest weights first: each fit starts from the one before.
    on_trial : callable
        Told about each strength tried.
    """
    strengths = BASELINES[name].strengths(settings)
    if not strengths:
        return 1.0, ()
    counts, labels = train
    pipeline = BASELINES[name].pipeline(settings, _n_weights(counts, labels))
    weighted = pipeline[:-1].fit_transform(counts)
    judged = pipeline[:-1].transform(validation[0])
    tried = []
    for strength in sorted(strengths):
        with _one_thread(), _without_class_warning():
            classifier = _with_strength(pipeline[-1], strength).fit(weighted, labels)
        tried.append(_judge(strength, classifier, judged, validation[1]))
        on_trial(tried[-1])
    best = min(tried, key=lambda trial: trial.validation_log_loss)
    return best.value, tuple(tried)


def fit_baseline(
    name: str,
    counts: csr_array,
    labels: Int32,
    *,
    n_classes: int,
    strength: float,
    settings: BaselineSettings,
) -> FittedBaseline:
    """Return the baseline fitted to training documents with the strength that validation chose."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    pipeline = BASELINES[name].pipeline(settings, _n_weights(counts, labels))
    _with_strength(pipeline[-1], strength)
    with warnings.catch_warnings(record=True) as caught, _one_thread():
        warnings.filterwarnings("ignore", MANY_CLASSES)
        warnings.simplefilter("always", ConvergenceWarning)
        pipeline.fit(counts, labels)
    cut_short = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    told = f"logistic regression stopped after {settings.max_iter} iterations: raise baselines.max_iter"
    return FittedBaseline(pipeline, n_classes, (told,) if cut_short else ())


def _one_thread() -> Any:
    """Return a context in which BLAS uses one thread.

    L-BFGS multiplies short dense vectors between sparse products: waking threads for those made a fit on 5,000
    questions up to thirty times slower on two busy cores.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


@contextmanager
def _without_class_warning() -> Iterator[None]:
    """Leave out scikit-learn's remark on corpora with many classes: these are classes."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", MANY_CLASSES)
        yield


def _n_weights(counts: csr_array, labels: Int32) -> int:
    return int(counts.shape[1]) * len(np.unique(labels))


def _with_strength(classifier: Any, strength: float) -> Any:
    parameters = classifier.get_params()
    name = next((name for name in ("C", "estimator__C") if name in parameters), None)
    return classifier.set_params(**{name: strength}) if name else classifier


def _judge(strength: float, classifier: Any, weighted: Any, labels: Int32) -> Tried:
    probabilities = classifier.predict_proba(weighted)  # (N, C seen)
    column = np.searchsorted(classifier.classes_, labels)
    column = np.minimum(column, len(classifier.classes_) - 1)
    picked = probabilities[np.arange(len(labels)), column]
    picked = np.where(classifier.classes_[column] == labels, picked, 0.0)
    accuracy = float((classifier.classes_[probabilities.argmax(axis=1)] == labels).mean())
    return Tried(strength, float(-np.log(np.maximum(picked, 1e-12)).mean()), accuracy)


def _logistic_regression(settings: BaselineSettings, n_weights: int) -> Any:
    """Return multinomial logistic regression, or one problem a class where its weights would not fit in memory."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    if n_weights > _ONE_VERSUS_REST:
        return OneVsRestClassifier(LogisticRegression(solver="liblinear", max_iter=settings.max_iter))
    return LogisticRegression(max_iter=settings.max_iter, tol=_TOLERANCE, warm_start=True)


def _bow(settings: BaselineSettings, n_weights: int) -> Any:
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import Binarizer, MaxAbsScaler

    weights = Binarizer() if settings.bow_binary else MaxAbsScaler()
    return Pipeline([("weights", weights), ("classifier", _logistic_regression(settings, n_weights))])


def _tfidf(settings: BaselineSettings, n_weights: int) -> Any:
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.pipeline import Pipeline

    weights = TfidfTransformer(sublinear_tf=settings.sublinear_tf)
    return Pipeline([("weights", weights), ("classifier", _logistic_regression(settings, n_weights))])


def _majority(settings: BaselineSettings, n_weights: int) -> Any:
    from sklearn.dummy import DummyClassifier
    from sklearn.pipeline import Pipeline

    return Pipeline([("weights", "passthrough"), ("classifier", DummyClassifier(strategy="prior"))])


BASELINES: dict[str, Baseline] = {
    "majority": Baseline(_majority, lambda settings: ()),
    "bow": Baseline(_bow, lambda settings: settings.bow_strengths),
    "tfidf": Baseline(_tfidf, lambda settings: settings.tfidf_strengths),
}
