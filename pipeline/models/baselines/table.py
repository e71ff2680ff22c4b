"""The table of linear models: their pipelines, which n-grams they count, which strengths are tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pipeline.models.baselines.features import Weigh, presence, presence_or_counts, tfidf
from pipeline.models.baselines.sklearn_types import Classifier, Pipeline
from pipeline.models.search_space import LogUniform, OneOf, Space, Uniform
from pipeline.settings.tables import BaselineSettings

_Number = TypeVar("_Number", int, float)
_TOLERANCE = 1e-5  # of the gradient; scikit-learn's 1e-4 stops before weak regularisation has its effect
_LABELS_TOLERANCE = 1e-4  # liblinear's own measure, for one problem a label
_SHORT_DOCUMENT = 50  # tokens
_FEW_DOCUMENTS = 100  # fewer training documents than this: every n-gram is rare, so those seen once count
# tokens times classes; with more, weights of n-grams seen once would need too much memory
_MOST_TO_KEEP = 10_000_000
ONE_VERSUS_REST = 6_000_000  # weights above which one problem for all classes needs too much memory


@dataclass(frozen=True)
class Problem:
    """What a classifier is built for: the size of its training documents, and how classes are weighed."""

    n_features: int
    n_classes: int  # classes that have a training document
    class_weight: str | None = None  # "balanced", or None: every document counts the same
    several: bool = False  # labels a document: one problem a label


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


def middle(values: Sequence[_Number]) -> _Number:
    """Return the middle value, the upper of two."""
    return sorted(values)[len(values) // 2]


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

    pipeline: Callable[[BaselineSettings, Problem], Pipeline]
    strengths: Callable[[BaselineSettings], tuple[float, ...]]
    # None: it reads averaged vectors
    ngrams: Callable[[BaselineSettings, TextSize], NgramRange] | None = _shared_ngrams
    # powers of the ratio, each tried with the strengths, and shares of a weight that is its own, which need no fit of
    # their own; (): the model has no such setting
    powers: Callable[[BaselineSettings], tuple[float, ...]] = lambda settings: ()
    betas: Callable[[BaselineSettings], tuple[float, ...]] = lambda settings: ()
    space: Space = field(default_factory=dict)  # what --tune draws
    weigh: Weigh = presence  # what the pipeline's first step makes of n-gram counts, for a saved model


def pipeline_of(weights: object, classifier: Classifier) -> Pipeline:
    """Return a step that weighs features ("passthrough": leaves them as they are), then a classifier."""
    from sklearn.pipeline import Pipeline as SklearnPipeline

    pipeline: Pipeline = SklearnPipeline([("weights", weights), ("classifier", classifier)])
    return pipeline


def _logistic_regression(settings: BaselineSettings, problem: Problem) -> Classifier:
    """Return multinomial logistic regression, or one problem a class where its weights would not fit in memory."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    if problem.several:
        from pipeline.models.baselines.label_by_label import LabelByLabel

        return LabelByLabel(LogisticRegression(solver="liblinear", max_iter=settings.max_iter))
    if problem.n_classes < 2:
        return _one_answer()
    shared: dict[str, object] = {"max_iter": settings.max_iter, "class_weight": problem.class_weight}
    classifier: Classifier = LogisticRegression(tol=_TOLERANCE, warm_start=True, **shared)
    if problem.n_features * problem.n_classes > ONE_VERSUS_REST:
        classifier = OneVsRestClassifier(LogisticRegression(solver="liblinear", **shared))
    return classifier


def _one_answer() -> Classifier:
    """Return a classifier that answers with the class frequencies."""
    from sklearn.dummy import DummyClassifier

    classifier: Classifier = DummyClassifier(strategy="prior")
    return classifier


def _majority(settings: BaselineSettings, problem: Problem) -> Pipeline:
    from pipeline.models.baselines.label_by_label import MostFrequentSet

    return pipeline_of("passthrough", MostFrequentSet() if problem.several else _one_answer())


def _bow(settings: BaselineSettings, problem: Problem) -> Pipeline:
    from sklearn.preprocessing import Binarizer, MaxAbsScaler

    weights = Binarizer() if settings.bow_binary else MaxAbsScaler()
    return pipeline_of(weights, _logistic_regression(settings, problem))


def _tfidf(settings: BaselineSettings, problem: Problem) -> Pipeline:
    from sklearn.feature_extraction.text import TfidfTransformer

    weights = TfidfTransformer(sublinear_tf=settings.sublinear_tf)
    return pipeline_of(weights, _logistic_regression(settings, problem))


def _nbsvm(settings: BaselineSettings, problem: Problem) -> Pipeline:
    from pipeline.models.baselines.estimators import NaiveBayesLogistic
    from pipeline.models.baselines.label_by_label import LabelByLabel

    one = NaiveBayesLogistic(
        alpha=settings.nbsvm_alpha,
        beta=middle(settings.nbsvm_betas),
        power=middle(settings.nbsvm_powers),
        class_weight=problem.class_weight,
        tol=_LABELS_TOLERANCE if problem.several else _TOLERANCE,
        max_iter=settings.max_iter,
        warm_start=True,
        solver="liblinear" if problem.several else "lbfgs",
    )
    return pipeline_of("passthrough", LabelByLabel(one) if problem.several else one)


def _mean(settings: BaselineSettings, problem: Problem) -> Pipeline:
    """Return logistic regression on averages of vectors, each dimension brought to mean 0 and deviation 1."""
    from sklearn.preprocessing import StandardScaler

    return pipeline_of(StandardScaler(), _logistic_regression(settings, problem))


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
        weigh=presence_or_counts,
        space={
            **_NGRAMS,
            "baselines.bow_binary": _YES_OR_NO,
            "baselines.bow_strengths": LogUniform(0.001, 30),
        },
    ),
    "tfidf": Baseline(
        _tfidf,
        lambda settings: settings.tfidf_strengths,
        weigh=tfidf,
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
