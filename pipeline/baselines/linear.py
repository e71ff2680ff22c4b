"""Linear models over n-gram counts or averaged vectors; validation documents choose their strength."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pipeline.config import BaselineSettings
from pipeline.values import Float32, Float64, Int32

Features = Any  # of N documents: n-gram counts, csr_array (N, F), or averaged vectors, float32 (N, D)

MANY_CLASSES = "The number of unique classes is greater than"  # scikit-learn's words
_TOLERANCE = 1e-5  # of the gradient; scikit-learn's 1e-4 stops before weak regularisation has its effect
_SHORT_DOCUMENT = 50  # tokens
_ONE_VERSUS_REST = 6_000_000  # weights above which one problem for all classes needs too much memory


@dataclass(frozen=True)
class Problem:
    """What a classifier is built for: the size of its training documents, and how classes are weighed."""

    n_features: int
    n_classes: int  # classes that have a training document
    class_weight: str | None = None  # "balanced", or None: every document counts the same


@dataclass(frozen=True)
class NgramRange:
    """Which n-grams a model counts; `prefix` starts the names of its settings, for errors."""

    shortest: int
    longest: int
    min_df: int
    prefix: str = field(default="baselines.", compare=False)


def _shared_ngrams(settings: BaselineSettings, mean_tokens: float) -> NgramRange:
    return NgramRange(settings.ngram_min, settings.ngram_max, settings.min_df)


@dataclass(frozen=True)
class Baseline:
    """An entry of the table: the scikit-learn pipeline, which strengths are tried, what it reads."""

    pipeline: Callable[[BaselineSettings, Problem], Any]  # > Pipeline
    strengths: Callable[[BaselineSettings], tuple[float, ...]]
    # (settings, mean number of tokens of a training document); None: it reads averaged vectors
    ngrams: Callable[[BaselineSettings, float], NgramRange] | None = _shared_ngrams


@dataclass(frozen=True)
class Tried:
    """One strength tried, and its score on validation documents (log loss in nats)."""

    value: float
    validation_log_loss: float
    validation_accuracy: float


@dataclass(frozen=True, eq=False)
class Chosen:
    """The strength that validation documents chose, every one tried, and the pipeline fitted with the one chosen.

    `pipeline` is None where nothing was tried, `cut_short` whether its fit ended before it converged.
    """

    strength: float
    tried: tuple[Tried, ...] = ()
    pipeline: Any = None
    cut_short: bool = False


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

    @property
    def probabilities(self) -> str:
        """How probabilities come from the classes' logits.

        "softmax" (two classes have one logit, and its logistic function), "one-versus-rest" (each class's
        logistic function, divided by their sum) or "prior" (the same for every document).
        """
        classifier = self.pipeline[-1]
        if not hasattr(classifier, "coef_") and not hasattr(classifier, "estimators_"):
            return "prior"
        separate = hasattr(classifier, "estimators_") or type(classifier).__name__ == "NaiveBayesLogistic"
        return "one-versus-rest" if separate and len(classifier.classes_) > 2 else "softmax"

    def predict_probabilities(self, features: Features) -> Float32:
        """Return each document's distribution over all classes; float32 (N, C), 0 for classes never trained."""
        found = self.pipeline.predict_proba(_single(features))
        probabilities = np.zeros((features.shape[0], self.n_classes), dtype=np.float32)
        probabilities[:, self.pipeline.classes_] = found
        return probabilities


def choose_strength(
    name: str,
    train: tuple[Features, Int32],
    validation: tuple[Features, Int32],
    settings: BaselineSettings,
    on_trial: Callable[[Tried], None] = lambda tried: None,
    *,
    class_weight: str | None = None,
) -> Chosen:
    """Return the regularisation strength with the lowest log loss on validation documents, and the fit with it.

    Parameters
    ----------
    name : str
        An entry of `BASELINES`.
    train, validation : (features, int32 array (N,))
        n-gram counts, csr_array (N, F), or averaged vectors, float32 (N, D); and labels.
    settings : BaselineSettings
        The strengths to try (scikit-learn's C), weakest weights first: each fit starts from the one before.
    on_trial : callable
        Told about each strength tried.
    class_weight : "balanced" or None
        Balanced: classes count the same, in the fit and in the log loss that chooses, however many documents
        each has. The weights are those of the training documents.

    Returns
    -------
    Chosen
        Strength 1.0 where the model has none; the middle one without validation documents. Then nothing is tried.
    """
    from sklearn.pipeline import Pipeline

    strengths = sorted(BASELINES[name].strengths(settings))
    if not strengths:
        return Chosen(1.0)
    features, labels = train
    if not len(validation[1]):
        return Chosen(strengths[len(strengths) // 2])
    pipeline = BASELINES[name].pipeline(settings, _problem(features, labels, class_weight))
    weights, classifier = pipeline[:-1], pipeline[-1]
    weighted = weights.fit_transform(_single(features))
    judged = weights.transform(_single(validation[0]))
    importance = _importance(labels, validation[1], class_weight)
    tried: list[Tried] = []
    best = Chosen(1.0)
    for strength in strengths:
        cut_short = _fit(_with_strength(classifier, strength), weighted, labels)
        tried.append(_judge(strength, classifier, judged, validation[1], importance))
        on_trial(tried[-1])
        if min(tried, key=lambda trial: trial.validation_log_loss) is tried[-1]:
            best = Chosen(
                strength,
                (),
                Pipeline([*weights.steps, (pipeline.steps[-1][0], deepcopy(classifier))]),
                cut_short,
            )
    return replace(best, tried=tuple(tried))


def fit_baseline(
    name: str,
    features: Features,
    labels: Int32,
    *,
    n_classes: int,
    strength: float,
    settings: BaselineSettings,
    class_weight: str | None = None,
) -> FittedBaseline:
    """Return the model fitted to training documents with the strength that validation chose.

    Parameters are those of `choose_strength`; `n_classes` counts the corpus's classes. Where all training
    documents have one class the answer is always that class.
    """
    pipeline = BASELINES[name].pipeline(settings, _problem(features, labels, class_weight))
    _with_strength(pipeline[-1], strength)
    return as_fitted(
        Chosen(strength, pipeline=pipeline, cut_short=_fit(pipeline, _single(features), labels)),
        n_classes,
        settings,
    )


def as_fitted(chosen: Chosen, n_classes: int, settings: BaselineSettings) -> FittedBaseline:
    """Return the fit that `choose_strength` made on the way as the model itself, for a corpus of `n_classes`."""
    told = f"logistic regression stopped after {settings.max_iter} iterations: raise baselines.max_iter"
    return FittedBaseline(chosen.pipeline, n_classes, (told,) if chosen.cut_short else ())


def _single(features: Features) -> Features:
    """Return features in single precision: half the memory, and L-BFGS spends its time on reading them."""
    return features.astype(np.float32, copy=False)


def _fit(estimator: Any, features: Features, labels: Int32) -> bool:
    """Fit an estimator, with BLAS on one thread; return whether it ended before it converged."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(record=True) as caught, _one_thread():
        warnings.filterwarnings("ignore", MANY_CLASSES)
        warnings.simplefilter("always", ConvergenceWarning)
        estimator.fit(features, labels)
    return any(issubclass(warning.category, ConvergenceWarning) for warning in caught)


def _one_thread() -> Any:
    """Return a context in which BLAS uses one thread.

    L-BFGS multiplies short dense vectors between sparse products: waking threads for those made a fit on 5,000
    questions up to thirty times slower on two busy cores.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _problem(features: Features, labels: Int32, class_weight: str | None) -> Problem:
    return Problem(int(features.shape[1]), len(np.unique(labels)), class_weight)


def _importance(train: Int32, validation: Int32, class_weight: str | None) -> Float64:
    """Return what each validation document counts: all the same, or by its class in training; float64 (N,)."""
    if class_weight is None:
        return np.ones(len(validation))
    in_train = np.bincount(train, minlength=int(validation.max(initial=0)) + 1)
    return 1.0 / np.maximum(in_train, 1)[validation]


def _with_strength(classifier: Any, strength: float) -> Any:
    parameters = classifier.get_params()
    name = next((name for name in ("C", "estimator__C") if name in parameters), None)
    return classifier.set_params(**{name: strength}) if name else classifier


def _judge(strength: float, classifier: Any, weighted: Any, labels: Int32, importance: Float64) -> Tried:
    probabilities = classifier.predict_proba(weighted)  # (N, C seen)
    column = np.searchsorted(classifier.classes_, labels)
    column = np.minimum(column, len(classifier.classes_) - 1)
    picked = probabilities[np.arange(len(labels)), column]
    picked = np.where(classifier.classes_[column] == labels, picked, 0.0)
    accuracy = float((classifier.classes_[probabilities.argmax(axis=1)] == labels).mean())
    losses = -np.log(np.maximum(picked, 1e-12))  # (N,)
    return Tried(strength, float(np.average(losses, weights=importance)), accuracy)


def _logistic_regression(settings: BaselineSettings, problem: Problem) -> Any:
    """Return multinomial logistic regression, or one problem a class where its weights would not fit in memory."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    if problem.n_classes < 2:
        return _one_answer()
    shared: dict[str, Any] = {"max_iter": settings.max_iter, "class_weight": problem.class_weight}
    if problem.n_features * problem.n_classes > _ONE_VERSUS_REST:
        return OneVsRestClassifier(LogisticRegression(solver="liblinear", **shared))
    return LogisticRegression(tol=_TOLERANCE, warm_start=True, **shared)


def _one_answer() -> Any:
    """Return a classifier that answers with the class frequencies."""
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _bow(settings: BaselineSettings, problem: Problem) -> Any:
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import Binarizer, MaxAbsScaler

    weights = Binarizer() if settings.bow_binary else MaxAbsScaler()
    return Pipeline([("weights", weights), ("classifier", _logistic_regression(settings, problem))])


def _tfidf(settings: BaselineSettings, problem: Problem) -> Any:
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.pipeline import Pipeline

    weights = TfidfTransformer(sublinear_tf=settings.sublinear_tf)
    return Pipeline([("weights", weights), ("classifier", _logistic_regression(settings, problem))])


def _nbsvm(settings: BaselineSettings, problem: Problem) -> Any:
    from sklearn.pipeline import Pipeline

    from pipeline.baselines.estimators import NaiveBayesLogistic

    classifier = NaiveBayesLogistic(
        alpha=settings.nbsvm_alpha,
        beta=settings.nbsvm_beta,
        class_weight=problem.class_weight,
        tol=_TOLERANCE,
        max_iter=settings.max_iter,
        warm_start=True,
    )
    return Pipeline([("weights", "passthrough"), ("classifier", classifier)])


def _mean(settings: BaselineSettings, problem: Problem) -> Any:
    """Return logistic regression on averages of vectors, each dimension brought to mean 0 and deviation 1."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    return Pipeline([("weights", StandardScaler()), ("classifier", _logistic_regression(settings, problem))])


def _majority(settings: BaselineSettings, problem: Problem) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline([("weights", "passthrough"), ("classifier", _one_answer())])


def _nbsvm_ngrams(settings: BaselineSettings, mean_tokens: float) -> NgramRange:
    """Return 1-2-grams, those seen once included, for sentences, and 1-3-grams for documents (decision 0010)."""
    short = mean_tokens < _SHORT_DOCUMENT
    longest = settings.nbsvm_ngram_max or (2 if short else 3)
    return NgramRange(1, longest, settings.nbsvm_min_df or (1 if short else 2), "baselines.nbsvm_")


BASELINES: dict[str, Baseline] = {
    "majority": Baseline(_majority, lambda settings: ()),
    "bow": Baseline(_bow, lambda settings: settings.bow_strengths),
    "tfidf": Baseline(_tfidf, lambda settings: settings.tfidf_strengths),
    "nbsvm": Baseline(_nbsvm, lambda settings: settings.nbsvm_strengths, _nbsvm_ngrams),
    "mean": Baseline(_mean, lambda settings: settings.mean_strengths, None),
}
