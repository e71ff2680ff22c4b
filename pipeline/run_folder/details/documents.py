"""Rows of details/ about answers to documents: by class, one by one, word by word."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.run_folder.metrics.rows import Count, Counts, Detail, Kind, Number, Share, Texts


@dataclass(frozen=True)
class ClassScore(Detail):
    """A model's scores on one class."""

    label: str
    precision: Share
    recall: Share
    f1: Share
    support: Count


@dataclass(frozen=True)
class Bin(Detail):
    """Answers whose probability lies between two bounds; the means are None where there are none."""

    lo: Share
    hi: Share
    count: Count
    confidence: Number
    accuracy: Number


@dataclass(frozen=True)
class ModelScores(Detail):
    """A model's scores by class, its confusion and its calibration, all runs together."""

    name: str
    runs: Count
    per_class: tuple[ClassScore, ...]
    confusion: tuple[Counts, ...]
    calibration: tuple[Bin, ...]


@dataclass(frozen=True)
class ClassScores(Detail):
    """details/scores.json."""

    label_names: Texts
    models: tuple[ModelScores, ...]


@dataclass(frozen=True)
class ShownDocument(Detail):
    """The start of a text that the report shows: an entry of details/documents_shown.json."""

    part: str
    document: Count
    text: str
    cut: bool


@dataclass(frozen=True)
class AnsweringModel(Detail):
    """A model whose answers to single documents are kept."""

    name: str
    kind: Kind
    seeds: Count
    probabilities: bool
    decides: bool


@dataclass(frozen=True)
class ChosenDocument(Detail):
    """A document that can be browsed, with an answer of each model."""

    document: Count
    fold: Count
    label: Count
    why: Texts
    predicted: Counts
    probability: tuple[Number, ...]


@dataclass(frozen=True)
class ChosenDocuments(Detail):
    """details/chosen_documents.json."""

    label_names: Texts
    tested: Count
    models: tuple[AnsweringModel, ...]
    documents: tuple[ChosenDocument, ...]


@dataclass(frozen=True)
class ExplainedModel(Detail):
    """How a model's contributions were made, and of how many documents."""

    name: str
    method: str | None
    why_not: str | None
    documents: Count


@dataclass(frozen=True)
class WordContributions(Detail):
    """What each word adds to one model's answer, in whole numbers of `unit` with commas between."""

    predicted: Count
    probability: float
    score: Number
    base: Number
    unit: Number
    words: str


@dataclass(frozen=True)
class ExplainedDocument(Detail):
    """A document with its words, and what each adds."""

    document: Count
    text: str
    spans: str
    models: dict[str, WordContributions]
    tokens: Count | None = None


@dataclass(frozen=True)
class Contributions(Detail):
    """details/contributions.json."""

    models: tuple[ExplainedModel, ...]
    documents: tuple[ExplainedDocument, ...]
    characters: Count | None = None
