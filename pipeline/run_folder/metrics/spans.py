"""Rows of metrics.json about words with tags: what a tagger finds."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.run_folder.metrics.rows import Count, Row, Share, ShareInterval


@dataclass(frozen=True)
class SpansOfType(Row):
    """The spans of one type."""

    type: str
    precision: Share
    recall: Share
    f1: Share
    there: Count


@dataclass(frozen=True)
class SpansOfRun(Row):
    """What one training finds; with folds all of a seed."""

    seed: Count
    f1: Share
    wrong: Count
    token_accuracy: Share
    words_wrong: Count


@dataclass(frozen=True)
class SpanScores(Row):
    """`spans`: one entry a model that tags words."""

    name: str
    """the model, as in `results`"""
    f1: Share
    """of all spans, as the official scorer of CoNLL counts them, with its 95 % interval by sentences; the mean over
    seeds, as all of these"""
    f1_ci95: ShareInterval
    precision: Share
    """share of the spans that it says which are there, and share of those there that it says"""
    recall: Share
    token_accuracy: Share
    """share of the words that have the right tag, with its 95 % interval by sentences"""
    token_accuracy_ci95: ShareInterval
    sentences_right: Share
    """share of the sentences that have no wrong tag"""
    invalid: float
    """sentences with a tag that cannot follow the one before"""
    runs: tuple[SpansOfRun, ...]
    """each training: its `f1`, and how many spans it missed or invented (`wrong`); its `token_accuracy`, and how many
    words have a wrong tag (`words_wrong`)"""
    types: tuple[SpansOfType, ...]
    """an entry a type that is there: `precision`, `recall`, `f1`, and how many spans are `there`; of the first seed"""
