"""Fit a linear model with given settings, and answer with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pipeline.core.resources import one_blas_thread
from pipeline.core.values import Float32, Int32
from pipeline.core.warned import Warned, warning
from pipeline.models.baselines.features import Weights
from pipeline.models.baselines.sklearn_types import Classifier, Estimator, Features, Pipeline
from pipeline.models.baselines.table import BASELINES, Problem
from pipeline.settings.tables import BaselineSettings

_E = TypeVar("_E", bound=Estimator)

MANY_CLASSES = "The number of unique classes is greater than"  # scikit-learn's words
# scikit-learn's names
_PARAMETERS = {"strength": ("C", "estimator__C"), "power": ("power", "estimator__power"), "beta": ("beta",)}


@dataclass(frozen=True, eq=False)
class FittedBaseline:
    """A fitted pipeline for classes `classes` out of `n_classes`."""

    pipeline: Pipeline
    n_classes: int
    warnings: tuple[Warned, ...] = ()

    @property
    def weights(self) -> dict[str, Weights]:
        """`coefficients` (P, F) and `intercepts` (P,) of P problems, 1 for two classes; else `class_prior` (K,)."""
        classifier = self.pipeline[-1]
        if self.probabilities == "prior":
            return {"class_prior": getattr(classifier, "class_prior_", np.ones(len(classifier.classes_)))}
        problems = getattr(classifier, "estimators_", [classifier])
        intercepts = np.concatenate([one.intercept_ for one in problems])
        return {"coefficients": np.vstack([one.coef_ for one in problems]), "intercepts": intercepts}

    @property
    def thresholds(self) -> Float32 | None:
        """From which probability on a label is given, where that belongs to the model itself; (C,)."""
        found: Float32 | None = getattr(self.pipeline[-1], "thresholds_", None)
        return found

    @property
    def parameters(self) -> int:
        """How many weights were fitted."""
        return sum(array.size for array in self.weights.values())

    @property
    def probabilities(self) -> str:
        """How probabilities come from the classes' logits.

        "softmax" (two classes have one logit, and its logistic function), "one-versus-rest" (each class's
        logistic function, divided by their sum), "each" (each label's logistic function) or "prior" (the same for
        every document).
        """
        classifier = self.pipeline[-1]
        if hasattr(classifier, "class_prior_") or len(classifier.classes_) == 1:
            return "prior"
        if type(classifier).__name__ == "LabelByLabel":
            return "each"
        separate = hasattr(classifier, "estimators_") or type(classifier).__name__ == "NaiveBayesLogistic"
        return "one-versus-rest" if separate and len(classifier.classes_) > 2 else "softmax"

    def predict_probabilities(self, features: Features) -> Float32:
        """Return each document's distribution over all classes; float32 (N, C), 0 for classes never trained."""
        return of_all_classes(self.pipeline, single(features), self.n_classes).astype(np.float32, copy=False)


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
    pipeline = BASELINES[name].pipeline(settings, problem_of(features, labels, class_weight))
    with_values(pipeline[-1], strength=strength, beta=beta, power=power)
    cut_short = fit_estimator(pipeline, single(features), labels)
    return fitted_baseline(pipeline, cut_short, n_classes, settings)


def fitted_baseline(
    pipeline: Pipeline, cut_short: bool, n_classes: int, settings: BaselineSettings
) -> FittedBaseline:
    """Return a fitted pipeline as the model of a corpus of `n_classes`, with a warning where its fit was cut short."""
    told = f"logistic regression stopped after {settings.max_iter} iterations: raise baselines.max_iter"
    return FittedBaseline(
        pipeline, n_classes, (warning("linear-model-cut-short", told),) if cut_short else ()
    )


def of_all_classes(classifier: Classifier, features: Features, n_classes: int) -> Weights:
    """Return a fitted classifier's distributions over all C classes; (N, C), 0 for classes never trained."""
    found = classifier.predict_proba(features)
    probabilities = np.zeros((len(found), n_classes), dtype=found.dtype)
    probabilities[:, classifier.classes_] = found
    return probabilities


def single(features: Features) -> Features:
    """Return features in single precision: half the memory, and L-BFGS spends its time on reading them."""
    return features.astype(np.float32, copy=False)


def fit_estimator(estimator: Estimator, features: Features, labels: Int32) -> bool:
    """Fit an estimator, with BLAS on one thread; return whether it ended before it converged."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(record=True) as caught, one_blas_thread():
        warnings.filterwarnings("ignore", MANY_CLASSES)
        warnings.simplefilter("always", ConvergenceWarning)
        estimator.fit(features, labels)
    return any(issubclass(warning.category, ConvergenceWarning) for warning in caught)


def problem_of(features: Features, labels: Int32, class_weight: str | None) -> Problem:
    several = labels.ndim == 2
    n_classes = labels.shape[1] if several else len(np.unique(labels))
    return Problem(int(features.shape[1]), n_classes, class_weight, several)


def with_values(classifier: _E, **values: float | None) -> _E:
    """Return the classifier with those of `values` that are given and that it has."""
    parameters = classifier.get_params()
    for name, value in values.items():
        known = next((key for key in _PARAMETERS[name] if key in parameters), None)
        if value is not None and known:
            classifier.set_params(**{known: value})
    return classifier
