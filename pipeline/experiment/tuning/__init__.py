"""`--tune N`: the same number of random settings for every model, the best on validation documents chosen."""

from pipeline.experiment.tuning.describe import describe_families, describe_space
from pipeline.experiment.tuning.expected import expected_best
from pipeline.experiment.tuning.space import fixed_by_name, search_space
from pipeline.experiment.tuning.trials import choose, draw_trials, in_order

__all__ = [
    "choose",
    "describe_families",
    "describe_space",
    "draw_trials",
    "expected_best",
    "fixed_by_name",
    "in_order",
    "search_space",
]
