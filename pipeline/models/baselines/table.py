"""Linear models over n-gram counts or averaged vectors; validation documents choose their strength."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from pipeline.core.values import Float32, Float64, Int32, Int64
from pipeline.models.search_space import LogUniform, OneOf, Space, Uniform
from pipeline.settings.tables import BaselineSettings

_Number = TypeVar("_Number", int, float)
Grade = Callable[
    [Int32, Int32], tuple[float, float]
]  # (labels, answers), (N,) each > a score, its standard error
Features = Any  # of N documents: n-gram counts, csr_array (N, F), or averaged vectors, float32 (N, D)

MANY_CLASSES = "The number of unique classes is greater than"  # scikit-learn's words
_TOLERANCE = 1e-5  # of the gradient; scikit-learn's 1e-4 stops before weak regularisation has its effect
_NOTHING_IN_A_ROW = 2  # strengths that bring neither a lower log loss nor a higher score: no further one
_PARAMETERS = {
    "strength": ("C", "estimator__C"),
    "power": ("power",),
    "beta": ("beta",),
}  # scikit-learn's names
_SHORT_DOCUMENT = 50  # tokens
_FEW_DOCUMENTS = 100  # fewer training documents than this: every n-gram is rare, so those seen once count
_MOST_TO_KEEP = (
    10_000_000  # tokens times classes; with more, weights of n-grams seen once would need too much memory
)
_ONE_VERSUS_REST = 6_000_000  # weights above which one problem for all classes needs too much memory


@dataclass(frozen=True)
class Problem:
    """What a classifier is built for: the size of its training documents, and how classes are weighed."""

    n_features: int
    n_classes: int  # classes that have a training document
    class_weight: str | None = None  # "balanced", or None: every document counts the same


@dataclass(frozen=True)
class NgramRange:
    """Which n-grams a model counts; `prefix` starts the names of its settings, for errors.

    `min_dfs` are the least numbers of documents that validation chooses from, ascending; the first is counted.
    """

    shortest: int
    longest: int
    min_dfs: tuple[int, ...]
    prefix: str = field(default="baselines.", compare=False)


@dataclass(frozen=True)
class TextSize:
    """How much text the training documents are, and how many classes a model tells apart."""

    n_docs: int
    n_tokens: int
    n_classes: int

    @property
    def short(self) -> bool:
        """Whether a document is a sentence or a phrase rather than an article."""
        return self.n_tokens < _SHORT_DOCUMENT * self.n_docs


def _shared_ngrams(settings: BaselineSettings, size: TextSize) -> NgramRange:
    return NgramRange(settings.ngram_min, settings.ngram_max, _min_dfs(settings.min_df, size))


def _min_dfs(asked: int, size: TextSize) -> tuple[int, ...]:
    """Return the least numbers of documents of an n-gram to choose from (decision 0020).

    Where documents are short, n-grams seen once are most of them, and may be worth much or be in the way. Where they
    are long, they are many and gain nothing.

    >>> phrases, articles = TextSize(10_000, 30_000, 2), TextSize(1_000, 400_000, 2)
    >>> _min_dfs(0, phrases), _min_dfs(0, articles), _min_dfs(3, phrases)
    ((1, 2), (2,), (3,))
    """
    if size.n_docs < _FEW_DOCUMENTS:
        return (1,)
    if asked:
        return (asked,)
    return (1, 2) if size.short and size.n_tokens * size.n_classes <= _MOST_TO_KEEP else (2,)


@dataclass(frozen=True)
class Baseline:
    """An entry of the table: the scikit-learn pipeline, which strengths are tried, what it reads."""

    pipeline: Callable[[BaselineSettings, Problem], Any]  # > Pipeline
    strengths: Callable[[BaselineSettings], tuple[float, ...]]
    # None: it reads averaged vectors
    ngrams: Callable[[BaselineSettings, TextSize], NgramRange] | None = _shared_ngrams
    # powers of the ratio, each tried with the strengths, and shares of a weight that is its own, which need no fit of
    # their own; (): the model has no such setting
    powers: Callable[[BaselineSettings], tuple[float, ...]] = lambda settings: ()
    betas: Callable[[BaselineSettings], tuple[float, ...]] = lambda settings: ()
    space: Space = field(default_factory=dict)  # what --tune draws


@dataclass(frozen=True)
class Tried:
    """One strength tried, and its score on validation documents (log loss in nats).

    `beta` is the best of those that were tried with it, and `power` the one it was fitted with; None where the model
    has none. `min_df` is the least number of training documents of the n-grams it was fitted on; None where it reads
    no n-grams, or all that were counted. `validation_score` and `standard_error` are those of the metric of answers
    that the run is judged by; None where that is accuracy, or log loss.
    """

    value: float
    validation_log_loss: float
    validation_accuracy: float
    beta: float | None = None
    power: float | None = None
    min_df: int | None = None
    validation_score: float | None = None
    standard_error: float | None = None

    @property
    def merit(self) -> float:
        """The score by the metric of answers that the run is judged by: accuracy where there is no other."""
        return self.validation_accuracy if self.validation_score is None else self.validation_score

    def error_of_merit(self, n_validation: int) -> float:
        """The standard error of `merit`; that of an accuracy a is sqrt(a (1 - a) / n_validation)."""
        if self.standard_error is not None:
            return self.standard_error
        return float(np.sqrt(self.merit * (1 - self.merit) / n_validation))


@dataclass(frozen=True, eq=False)
class Chosen:
    """What validation documents chose, every strength tried, and the pipeline fitted with the one chosen.

    `pipeline` is None where nothing was tried, `cut_short` whether its fit ended before it converged. `beta` and
    `power` are None where the model has none, `min_df` where there was none to choose.
    """

    strength: float
    beta: float | None = None
    power: float | None = None
    min_df: int | None = None
    tried: tuple[Tried, ...] = ()
    pipeline: Any = None
    cut_short: bool = False
    trial: Tried | None = None  # the one that was chosen
    settings_tried: int = 0  # strengths with each power and least number of documents, times betas


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
    columns: Mapping[int, Int64] = MappingProxyType({}),
    metric: str = "accuracy",
    grade: Grade | None = None,
) -> Chosen:
    """Return the settings that do best on validation documents, and the fit with them.

    Parameters
    ----------
    name : str
        An entry of `BASELINES`.
    train, validation : (features, int32 array (N,))
        n-gram counts, csr_array (N, F), or averaged vectors, float32 (N, D); and labels.
    settings : BaselineSettings
        The strengths to try (scikit-learn's C), weakest weights first: each fit starts from the one before. After two
        in a row that bring nothing, no further one is tried.
    on_trial : callable
        Told about each strength tried.
    class_weight : "balanced" or None
        Balanced: classes count the same, in the fit and in the log loss that chooses, however many documents
        each has. The weights are those of the training documents.
    columns : dict of int to int64 array
        Least number of documents > which columns of the features hold such n-grams: one of these is chosen. Empty:
        all columns.
    metric : str
        What the run is judged by: see `best_trial`.
    grade : callable, optional
        Gives a trial its score by `metric`, where that is another metric of answers than accuracy.

    Returns
    -------
    Chosen
        Strength 1.0 where the model has none; the middle of each setting without validation documents. Then nothing
        is tried. The pipeline reads the chosen columns alone.
    """
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    entry = BASELINES[name]
    strengths, betas, powers = (sorted(of(settings)) for of in (entry.strengths, entry.betas, entry.powers))
    if not strengths:
        return Chosen(1.0)
    if not len(validation[1]):
        beta, power = (_middle(values) if values else None for values in (betas, powers))
        return Chosen(_middle(strengths), beta, power, _middle(sorted(columns)) if columns else None)
    each_power: Sequence[float | None] = powers or (None,)
    importance = _importance(train[1], validation[1], class_weight)
    tried: list[Tried] = []
    kept: dict[
        Tried, tuple[Any, bool]
    ] = {}  # what may still be chosen, as fitted, and whether it was cut short
    for min_df, (features, read) in _with_columns(train[0], validation[0], columns):
        pipeline = entry.pipeline(settings, _problem(features, train[1], class_weight))
        weights, classifier = pipeline[:-1], pipeline[-1]
        weighted = weights.fit_transform(_single(features))
        judged = weights.transform(_single(read)), validation[1]
        for power in each_power:
            first, own = len(tried), _with(clone(classifier), power=power)
            for strength in strengths:
                cut_short = _fit(_with(own, strength=strength), weighted, train[1])
                asked = Tried(strength, np.inf, 0.0, None, power, min_df)
                trial = _judge(asked, betas, own, judged, importance, grade)
                tried.append(trial)
                on_trial(trial)
                if not any(_is_beaten(trial, by) for by in kept):
                    kept = {old: fit for old, fit in kept.items() if not _is_beaten(old, trial)}
                    steps = [*weights.steps, (pipeline.steps[-1][0], deepcopy(own))]
                    kept[trial] = Pipeline(steps), cut_short
                if _is_past_the_best(tried[first:]):
                    break
    best = best_trial(tuple(kept), len(validation[1]), metric)
    return Chosen(
        best.value,
        best.beta,
        best.power,
        best.min_df,
        tuple(tried),
        *kept[best],
        trial=best,
        settings_tried=len(tried) * max(len(betas), 1),
    )


def best_trial(tried: Sequence[Tried], n_validation: int, metric: str = "accuracy") -> Tried:
    """Return the trial that validation documents choose: the one place that says by what (decision 0020).

    Of scores a standard error apart, counted from the highest, none is known to be better: among those trials the log
    loss, which moves with every document, decides. The score is accuracy, or the metric of answers that the run is
    judged by; with `metric` "log-loss" log loss decides alone.

    >>> weak, strong = Tried(10.0, 0.60, 0.85), Tried(1.0, 0.45, 0.83)
    >>> best_trial([weak, strong], 100).value, best_trial([weak, strong], 10_000).value  # 3.6 and 0.4 points
    (1.0, 10.0)
    """
    highest = max(tried, key=lambda trial: trial.merit)
    least = 0.0 if metric == "log-loss" else highest.merit - highest.error_of_merit(n_validation)
    return min(
        (trial for trial in tried if trial.merit >= least),
        key=lambda trial: trial.validation_log_loss,
    )


def _is_beaten(trial: Tried, other: Tried) -> bool:
    """Return whether `other` has no lower score and no higher log loss, so that `trial` cannot be the best."""
    return other.merit >= trial.merit and other.validation_log_loss <= trial.validation_log_loss


def _is_past_the_best(tried: Sequence[Tried]) -> bool:
    """Return whether the last strengths, ever weaker regularisation, brought nothing.

    >>> trials = [Tried(1.0, 0.5, 0.8), Tried(3.0, 0.4, 0.8), Tried(10.0, 0.45, 0.8), Tried(30.0, 0.41, 0.8)]
    >>> _is_past_the_best(trials[:3]), _is_past_the_best(trials)
    (False, True)
    >>> _is_past_the_best([*trials[:3], Tried(30.0, 0.6, 0.9)])  # the score still grows
    False
    """
    losses = [trial.validation_log_loss for trial in tried]
    scores = [trial.merit for trial in tried]
    latest = max(losses.index(min(losses)), scores.index(max(scores)))
    return len(tried) - 1 - latest >= _NOTHING_IN_A_ROW


def _with_columns(
    train: Features, validation: Features, columns: Mapping[int, Int64]
) -> Iterator[tuple[int | None, tuple[Features, Features]]]:
    """Yield each least number of documents with the features of its columns; all columns if there is none."""
    for min_df, kept in sorted(columns.items()):
        yield min_df, (train[:, kept], validation[:, kept])
    if not columns:
        yield None, (train, validation)


def _middle(values: Sequence[_Number]) -> _Number:
    """Return the middle value, the upper of two."""
    return sorted(values)[len(values) // 2]


def fit_baseline(
    name: str,
    features: Features,
    labels: Int32,
    *,
    n_classes: int,
    strength: float,
    settings: BaselineSettings,
    class_weight: str | None = None,
    beta: float | None = None,
    power: float | None = None,
) -> FittedBaseline:
    """Return the model fitted to training documents with what validation chose.

    Parameters are those of `choose_strength`; `n_classes` counts the corpus's classes. `beta` and `power` are those
    of `Chosen`; without them a model that has them takes the middle of the settings. Where all training documents
    have one class the answer is always that class.
    """
    pipeline = BASELINES[name].pipeline(settings, _problem(features, labels, class_weight))
    _with(pipeline[-1], strength=strength, beta=beta, power=power)
    cut_short = _fit(pipeline, _single(features), labels)
    return as_fitted(Chosen(strength, pipeline=pipeline, cut_short=cut_short), n_classes, settings)


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


def _with(classifier: Any, **values: float | None) -> Any:
    """Return the classifier with those of `values` that are given and that it has."""
    parameters = classifier.get_params()
    for name, value in values.items():
        known = next((key for key in _PARAMETERS[name] if key in parameters), None)
        if value is not None and known:
            classifier.set_params(**{known: value})
    return classifier


def _judge(
    trial: Tried,
    betas: Sequence[float],
    classifier: Any,
    judged: tuple[Any, Int32],
    importance: Float64,
    grade: Grade | None,
) -> Tried:
    """Return the trial with the fitted classifier's scores, and the best beta, which the classifier then has."""
    if not betas or not hasattr(classifier, "interpolate"):  # of one class there is nothing to interpolate
        return _score(trial, classifier, judged, importance, grade)
    every = [
        _score(replace(trial, beta=beta), classifier.interpolate(beta), judged, importance, grade)
        for beta in betas
    ]
    best = min(every, key=lambda one: one.validation_log_loss)
    classifier.interpolate(best.beta)
    return best


def _score(
    trial: Tried, classifier: Any, judged: tuple[Any, Int32], importance: Float64, grade: Grade | None
) -> Tried:
    """Return the trial with the classifier's scores on validation documents (features, labels)."""
    weighted, labels = judged
    probabilities = classifier.predict_proba(weighted)  # (N, C seen)
    column = np.searchsorted(classifier.classes_, labels)
    column = np.minimum(column, len(classifier.classes_) - 1)
    picked = probabilities[np.arange(len(labels)), column]
    picked = np.where(classifier.classes_[column] == labels, picked, 0.0)
    answers = classifier.classes_[probabilities.argmax(axis=1)]  # (N,)
    accuracy = float((answers == labels).mean())
    losses = -np.log(np.maximum(picked, 1e-12))  # (N,)
    loss = float(np.average(losses, weights=importance))
    scored, error = grade(labels, answers) if grade else (None, None)
    return replace(
        trial,
        validation_log_loss=loss,
        validation_accuracy=accuracy,
        validation_score=scored,
        standard_error=error,
    )


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

    from pipeline.models.baselines.estimators import NaiveBayesLogistic

    classifier = NaiveBayesLogistic(
        alpha=settings.nbsvm_alpha,
        beta=_middle(settings.nbsvm_betas),
        power=_middle(settings.nbsvm_powers),
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


def _nbsvm_ngrams(settings: BaselineSettings, size: TextSize) -> NgramRange:
    """Return 1-2-grams for sentences and 1-3-grams for documents (decision 0010)."""
    longest = settings.nbsvm_ngram_max or (2 if size.short else 3)
    return NgramRange(1, longest, _min_dfs(settings.nbsvm_min_df, size), "baselines.nbsvm_")


_YES_OR_NO = OneOf((True, False))
_NGRAMS: Space = {
    "baselines.ngram_max": OneOf((1, 2, 3)),
    "baselines.min_df": OneOf((0, 2, 3, 5)),
}

# The code of the linear models of the table in `core`.
BASELINES: dict[str, Baseline] = {
    "majority": Baseline(_majority, lambda settings: ()),
    "bow": Baseline(
        _bow,
        lambda settings: settings.bow_strengths,
        space={
            **_NGRAMS,
            "baselines.bow_binary": _YES_OR_NO,
            "baselines.bow_strengths": LogUniform(0.001, 30),
        },
    ),
    "tfidf": Baseline(
        _tfidf,
        lambda settings: settings.tfidf_strengths,
        space={
            **_NGRAMS,
            "baselines.sublinear_tf": _YES_OR_NO,
            "baselines.tfidf_strengths": LogUniform(0.1, 300),
        },
    ),
    "nbsvm": Baseline(
        _nbsvm,
        lambda settings: settings.nbsvm_strengths,
        _nbsvm_ngrams,
        lambda settings: settings.nbsvm_powers,
        lambda settings: settings.nbsvm_betas,
        space={
            "baselines.nbsvm_ngram_max": OneOf((0, 1, 2, 3)),
            "baselines.nbsvm_min_df": OneOf((0, 2, 3, 5)),
            "baselines.nbsvm_alpha": LogUniform(0.1, 3),
            "baselines.nbsvm_betas": Uniform(0.25, 1.0),
            "baselines.nbsvm_powers": Uniform(0.0, 1.0),
            "baselines.nbsvm_strengths": LogUniform(0.01, 100),
        },
    ),
    "mean": Baseline(
        _mean,
        lambda settings: settings.mean_strengths,
        None,
        space={"baselines.mean_strengths": LogUniform(0.001, 30)},
    ),
}
