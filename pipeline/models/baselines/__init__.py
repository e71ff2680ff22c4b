"""Linear models: scikit-learn pipelines over n-gram counts or averaged vectors, and the majority class."""

from pipeline.models.baselines.choice import Chosen, Tried, as_fitted, choose_strength
from pipeline.models.baselines.fitting import FittedBaseline, fit_baseline
from pipeline.models.baselines.table import BASELINES, Baseline

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
