"""Linear models: scikit-learn pipelines over n-gram counts or averaged vectors, and the majority class."""

from pipeline.models.baselines.table import (
    BASELINES,
    Baseline,
    Chosen,
    FittedBaseline,
    Tried,
    as_fitted,
    choose_strength,
    fit_baseline,
)

__all__ = [
    "BASELINES",
    "Baseline",
    "Chosen",
    "FittedBaseline",
    "Tried",
    "as_fitted",
    "choose_strength",
    "fit_baseline",
]
