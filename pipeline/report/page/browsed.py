"""What stands around the documents to browse: the bar above them, and the first of each kind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """A part of the bar over the documents: how many of them, in words, and its `tone`: all, some or none right."""

    documents: int
    short: str
    says: str
    tone: str


@dataclass(frozen=True)
class GivenAnswer:
    """What a model said of a document that stands there without script; `sure` is empty where it is not known."""

    model: str
    predicted: str
    sure: str
    right: bool


@dataclass(frozen=True)
class FirstDocument:
    """The first document of its kind."""

    why: str
    number: int
    label: str
    text: str
    answers: tuple[GivenAnswer, ...]
