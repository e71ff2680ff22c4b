"""Saved predictions > scores, intervals, paired comparisons, verdict: one scorer for every model."""

from pipeline.evaluation.budgets import describe_budgets
from pipeline.evaluation.calibration import calibrate
from pipeline.evaluation.chosen_documents import choose_documents
from pipeline.evaluation.claims import Against, Claim, claim_of, decide_against
from pipeline.evaluation.comparisons import compare, withhold
from pipeline.evaluation.contamination import describe_contamination
from pipeline.evaluation.contrasts import find_causes, find_gains
from pipeline.evaluation.costs import find_costs
from pipeline.evaluation.crossing import find_learning_curve
from pipeline.evaluation.hard_documents import find_hard_documents
from pipeline.evaluation.pairs import (
    ChosenNetwork,
    baselines_of,
    best_baseline,
    best_network,
    by_loss_where_level,
    choose_network,
    merits_to_choose_by,
    outside_pairs,
    planned_pairs,
)
from pipeline.evaluation.seeds import SeedsAsked, SeedsFound, find_seeds, first_seeds_only
from pipeline.evaluation.slices import slice_scores
from pipeline.evaluation.stray_classes import stray_class_warnings
from pipeline.evaluation.summary import MeanScores, summarise
from pipeline.evaluation.verdict import ask, decide_verdict, no_verdict
from pipeline.tasks.classification.metrics import METRICS, SKEWED
from pipeline.tasks.classification.scores import CalibrationBins, Scores, score

__all__ = [
    "METRICS",
    "SKEWED",
    "Against",
    "CalibrationBins",
    "ChosenNetwork",
    "Claim",
    "MeanScores",
    "Scores",
    "SeedsAsked",
    "SeedsFound",
    "ask",
    "baselines_of",
    "best_baseline",
    "best_network",
    "by_loss_where_level",
    "calibrate",
    "choose_documents",
    "choose_network",
    "claim_of",
    "compare",
    "decide_against",
    "decide_verdict",
    "describe_budgets",
    "describe_contamination",
    "find_causes",
    "find_costs",
    "find_gains",
    "find_hard_documents",
    "find_learning_curve",
    "find_seeds",
    "first_seeds_only",
    "merits_to_choose_by",
    "no_verdict",
    "outside_pairs",
    "planned_pairs",
    "score",
    "slice_scores",
    "stray_class_warnings",
    "summarise",
    "withhold",
]
