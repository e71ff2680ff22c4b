"""Linear models: scikit-learn pipelines over n-gram counts or averaged vectors, and the majority class."""

from pipeline.baselines.linear import (
    BASELINES,
    Baseline,
    FittedBaseline,
    Tried,
    choose_strength,
    fit_baseline,
)

__all__ = ["BASELINES", "Baseline", "FittedBaseline", "Tried", "choose_strength", "fit_baseline"]
