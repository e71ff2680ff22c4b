"""Rows of metrics.json about documents with several labels: what a model gives."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.run_folder.metrics.rows import Count, Row, Share, ShareInterval


@dataclass(frozen=True)
class LabelScore(Row):
    """One label."""

    label: str
    precision: Share
    recall: Share
    f1: Share
    there: Count


@dataclass(frozen=True)
class LabelsOfRun(Row):
    """What one training gives; with folds all of a seed."""

    seed: Count
    micro_f1: Share
    wrong: Count


@dataclass(frozen=True)
class LabelScores(Row):
    """`labels`: one entry a model that gives several labels to a document."""

    name: str
    """the model, as in `results`"""
    micro_f1: Share
    """F1 of all labels of all test documents, with its 95 % interval by documents; the mean over seeds, as all of
    these"""
    micro_f1_ci95: ShareInterval
    macro_f1: Share
    """the mean F1 of the labels that a test document has, or that were given to one"""
    macro_f1_ci95: ShareInterval
    precision: Share
    """share of the labels given that are right, and share of the right ones that are given"""
    recall: Share
    precision_at_1: Share | None
    """share of the likeliest one, three and five labels that is right; null where only labels are known"""
    precision_at_3: Share | None
    precision_at_5: Share | None
    subset_accuracy: Share
    """share of the documents that get exactly their labels"""
    hamming_loss: Share
    """share of all answers, one a document and label, that are wrong"""
    given: float
    """labels a document, as the model gives them"""
    runs: tuple[LabelsOfRun, ...]
    """each training: its `micro_f1`, and how many labels it missed or invented (`wrong`)"""
    labels: tuple[LabelScore, ...]
    """an entry a label that a test document has, or that was given: `precision`, `recall`, `f1`, and how many test
    documents have it (`there`); of the first seed"""
