"""What every saved model is and does, and what each word adds to an answer, in one number for every model."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import polars as pl

from pipeline.core.values import AS_IT_IS, Bool, Float32, Float64, TokenizedCorpus, Writing
from pipeline.corpus.mending import as_read
from pipeline.settings.tables import TokenizerSettings
from pipeline.tasks.answers import Answers
from pipeline.tasks.task import DocumentTask
from pipeline.text.tokenizer import tokenize

Places = Sequence[Sequence[int]] | None  # of each document the tokens that are asked for; None: all


T_co = TypeVar("T_co", covariant=True)  # what a model answers: an entry of the table of tasks


class Common(NamedTuple, Generic[T_co]):
    """The fields of `SavedOf`: what a model has in common with those of every other kind."""

    name: str
    task: T_co
    label_names: tuple[str, ...]
    tokenizer: TokenizerSettings


@dataclass(frozen=True, eq=False)
class SavedOf(ABC, Generic[T_co]):
    """What a model of any task is: all that turns raw text into its answers."""

    name: str  # as the run names it, such as "tfidf" or "lstm:max@word2vec"
    task: T_co  # what its answers are answers to
    label_names: tuple[str, ...]  # (C,), in the order of its answers
    tokenizer: TokenizerSettings  # how it cuts text into tokens
    writing: Writing = field(default=AS_IT_IS, kw_only=True)  # how texts of its corpus are written

    @property
    @abstractmethod
    def words(self) -> pl.Series:
        """The tokens that it has learned something of; all others say nothing to it."""

    def read(self, texts: pl.Series) -> pl.Series:
        """Return texts that are written as those of its corpus, read as those were."""
        return as_read(texts, self.writing)

    def tokenize(self, texts: pl.Series) -> TokenizedCorpus:
        """Return the tokens of such texts."""
        return tokenize(self.read(texts), self.tokenizer)

    @abstractmethod
    def rows(self, texts: pl.Series) -> tuple[Float32, Sequence[int]]:
        """Return each single answer to texts, float32 (R, C), and how many of them each text has."""


Saved = SavedOf[object]


@dataclass(frozen=True, eq=False)
class SavedModel(SavedOf[DocumentTask[Answers]]):
    """A model that answers whole documents: a class for each, or any of several labels."""

    # from which probability on a label is given, (C,); None: one half, or the most probable class is the answer
    thresholds: Float32 | None = field(default=None, kw_only=True)

    @property
    def gives_labels(self) -> bool:
        """Whether it gives any number of labels to a document, and not one class."""
        return self.task.thresholds is not None

    def given(self, probabilities: Float32) -> Bool:
        """Return which labels are given by probabilities (N, C); bool (N, C). Of classes it is one a document."""
        if self.gives_labels:
            least = np.float32(0.5) if self.thresholds is None else self.thresholds
            given: Bool = probabilities >= least
        else:
            given = np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None]
        return given

    @property
    @abstractmethod
    def method(self) -> str | None:
        """How contributions are found: "weights" (exact), "occlusion", or None: it cannot say what a word adds."""

    def answer(self, texts: pl.Series) -> Float32:
        """Return each text's distribution over the classes; float32 (N, C), 0 for classes never trained."""
        return self.answer_tokens(self.tokenize(texts))

    def rows(self, texts: pl.Series) -> tuple[Float32, Sequence[int]]:
        """Return `answer`, one row a text."""
        return self.answer(texts), [1] * len(texts)

    @abstractmethod
    def answer_tokens(self, tokenized: TokenizedCorpus) -> Float32:
        """Return the same of texts that its `tokenizer` has cut already."""

    @abstractmethod
    def contributions(
        self, tokenized: TokenizedCorpus, places: Places = None, most_work: float = math.inf
    ) -> list[Contributions]:
        """Return what each token adds to the answer to its document.

        Parameters
        ----------
        tokenized : TokenizedCorpus
            N documents, whole, cut into tokens by `tokenizer`.
        places : sequence of N sequences of int, optional
            Which tokens of each document are asked for; what else comes free is returned too. All by default.
        most_work : float
            Timesteps times weights at most: of a network the first documents that this allows are looked at.

        Raises
        ------
        ValueError
            If there is no `method`.
        """


@dataclass(frozen=True, eq=False)
class Contributions:
    """One model's answer to one document, taken apart.

    Attributes
    ----------
    predicted : the class of the highest probability
    probability : its probability
    score : its logit less the mean of the other classes' logits; the log-odds where there are two classes, and of the
        likeliest of several labels
    base : the score without any word, so that `score` is `base` and the sum of `words`; None where it is not
    words : float64 array (T,)
        What each token adds to the score; NaN for one that the model does not read, or that was not asked for.
    """

    predicted: int
    probability: float
    score: float
    base: float | None
    words: Float64


def alone(predicted: int, n_labels: int) -> Float64:
    """Return the weight of each label's logit in the score of one label, which is its own; float64 (C,)."""
    return np.eye(n_labels)[predicted]  # type: ignore[no-any-return]


def contrast(predicted: int, n_classes: int) -> Float64:
    """Return the weight of each class's logit in the score; float64 (C,), zeros where there is one class.

    >>> contrast(1, 3).tolist(), contrast(0, 2).tolist()
    ([-0.5, 1.0, -0.5], [1.0, -1.0])
    """
    weights = np.zeros(n_classes)
    if n_classes > 1:
        weights -= 1 / (n_classes - 1)
        weights[predicted] = 1.0
    return weights
