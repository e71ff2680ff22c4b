"""What each word of a document adds to a model's answer: exact for linear models, by occlusion for networks."""

from pipeline.contributions.contrast import Contributions, contrast
from pipeline.contributions.linear import LinearModel, find_occurrences, of_averages, of_ngrams
from pipeline.contributions.occlusion import occlude
from pipeline.contributions.places import blank_out, place_tokens

__all__ = [
    "Contributions",
    "LinearModel",
    "blank_out",
    "contrast",
    "find_occurrences",
    "occlude",
    "of_averages",
    "of_ngrams",
    "place_tokens",
]
