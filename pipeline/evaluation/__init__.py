"""Saved predictions > scores, intervals, paired comparisons, verdict: one scorer for every model."""

from pipeline.evaluation.calibration import calibrate
from pipeline.evaluation.causes import find_causes
from pipeline.evaluation.choice import best_baseline, best_network
from pipeline.evaluation.chosen_documents import choose_documents
from pipeline.evaluation.comparisons import compare, planned_pairs, withhold
from pipeline.evaluation.contamination import describe_contamination
from pipeline.evaluation.costs import find_costs
from pipeline.evaluation.crossing import find_learning_curve
from pipeline.evaluation.gains import find_gains
from pipeline.evaluation.hard_documents import find_hard_documents
from pipeline.evaluation.outside import outside_pairs
from pipeline.evaluation.scores import CalibrationBins, Scores, score
from pipeline.evaluation.seeds import SeedsAsked, SeedsFound, Share, find_seeds, first_seeds_only
from pipeline.evaluation.slices import slice_scores
from pipeline.evaluation.stray_classes import stray_class_warnings
from pipeline.evaluation.summary import summarise
from pipeline.evaluation.verdict import decide_verdict

__all__ = [
    "CalibrationBins",
    "Scores",
    "SeedsAsked",
    "SeedsFound",
    "Share",
    "best_baseline",
    "best_network",
    "calibrate",
    "choose_documents",
    "compare",
    "decide_verdict",
    "describe_contamination",
    "find_causes",
    "find_costs",
    "find_gains",
    "find_hard_documents",
    "find_learning_curve",
    "find_seeds",
    "first_seeds_only",
    "outside_pairs",
    "planned_pairs",
    "score",
    "slice_scores",
    "stray_class_warnings",
    "summarise",
    "withhold",
]
