"""Rows of metrics.json about which test documents models have right: slices, hard documents, contamination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.run_folder.metrics.rows import (
    Count,
    Counts,
    Difference,
    DifferenceInterval,
    Row,
    Share,
    ShareInterval,
    Texts,
)

By = Literal["length", "unknown words", "word frequency", "class"]
Without = Literal["all", "without near-duplicates", "without giveaways"]


@dataclass(frozen=True)
class ModelScore(Row):
    """A model's accuracy on some of the test documents, the mean over its seeds."""

    name: str
    accuracy: Share
    ci95: ShareInterval


@dataclass(frozen=True)
class Group(Row):
    """Some of the test documents: those of a class, or those whose measure is from `lo` to `hi`."""

    label: str | None
    """the class, or the lowest and highest value (`lo`, `hi`) of the measure; the others are `null`"""
    lo: float | None
    hi: float | None
    documents: Count
    """how many test documents"""
    models: tuple[ModelScore, ...]
    """`name`, `accuracy` (mean over seeds), `ci95`"""
    difference: Difference | None
    """a minus b on these documents; `null` where one of them was not run"""
    ci95: DifferenceInterval | None


@dataclass(frozen=True)
class Slice(Row):
    """`slices`: one entry a way of grouping the test documents."""

    by: By
    a: str | None
    b: str | None
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class GivenAnswer(Row):
    """A model's answer to a document."""

    name: str
    predicted: str
    probability: Share | None


@dataclass(frozen=True)
class ListedDocument(Row):
    """A document of a list, with every model's answer."""

    document: Count
    label: str
    answers: tuple[GivenAnswer, ...]


@dataclass(frozen=True)
class HardDocuments(Row):
    """`hard_documents`: which documents every model gets wrong, one alone right, or surely wrong."""

    models: Texts
    """which models, and how many test documents"""
    documents: Count
    counts: dict[str, Count]
    """documents of each list: `all wrong`, `only one right` (of three models or more), `only networks right` and `only
    baselines right` (all of one kind right, all of the other wrong), `sure mistakes` (some model whose probabilities
    are known is wrong)"""
    wrong: tuple[Counts, ...]
    """a row and a column a model: documents that both get wrong"""
    lists: dict[str, tuple[ListedDocument, ...]]
    """up to ten of each: `document`, `label`, `answers` (`name`, `predicted`, `probability`: `null` where only answers
    are known). Order: lowest mean probability of the label; that model's probability; largest gap between the kinds'
    mean probabilities of the label (twice); highest probability of a wrong answer"""


@dataclass(frozen=True)
class NearDuplicate(Row):
    """A test document with the training or validation document that it nearly repeats."""

    document: Count
    near_duplicate_of: Count
    near_duplicate_in: str
    similarity: Share
    same_label: bool


@dataclass(frozen=True)
class NearDuplicates(Row):
    """Test documents that are nearly the same as a training or validation document."""

    documents: Count
    identical: Count
    same_label: Count
    pairs: tuple[NearDuplicate, ...]


@dataclass(frozen=True)
class Giveaway(Row):
    """A token that all but tells a label."""

    fold: Count
    token: str
    label: str
    documents: Count
    precision: Share
    coverage: Share


@dataclass(frozen=True)
class Giveaways(Row):
    """Test documents with a token that all but tells a label."""

    documents: Count
    tokens: tuple[Giveaway, ...]


@dataclass(frozen=True)
class ScoresOn(Row):
    """The models' accuracies on all test documents, or without some."""

    of: Without
    documents: Count
    models: tuple[ModelScore, ...]
    difference: Difference | None
    ci95: DifferenceInterval | None


@dataclass(frozen=True)
class Contamination(Row):
    """`contamination`: the scores again without documents that are no fair test."""

    documents: Count
    """test documents; the models of the verdict (`a`, `b`)"""
    near_duplicates: NearDuplicates
    """`documents` that share 80 % of their runs of three tokens with a training or validation document; of those,
    `identical` ones (all runs shared) and ones with the `same_label`; `pairs`: ten, those that differ first"""
    giveaways: Giveaways
    """test `documents` that hold a token which all but tells a label, and up to 20 such `tokens` of the first fold, as
    in `details/giveaways.json`"""
    a: str | None
    """network and baseline of the verdict"""
    b: str | None
    scores: tuple[ScoresOn, ...]
    """`of` (`all`, `without near-duplicates`, `without giveaways`), `documents`, `models` (`name`, `accuracy`, `ci95`),
    `difference` and its `ci95`. No model is fitted again"""
