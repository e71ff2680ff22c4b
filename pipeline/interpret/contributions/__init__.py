"""What each word of a document adds to a model's answer: exact for linear models, by occlusion for networks."""

from pipeline.interpret.contributions.contrast import Contributions, contrast
from pipeline.interpret.contributions.linear import LinearModel, find_occurrences, of_averages, of_ngrams
from pipeline.interpret.contributions.occlusion import occlude
from pipeline.interpret.contributions.places import blank_out, place_tokens

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
