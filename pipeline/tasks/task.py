"""A task: everything that depends on what is asked of a document, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

import polars as pl

from pipeline.core.values import Bool, Float32, Float64, Int32, Int64
from pipeline.core.warned import Warned
from pipeline.tasks.answers import Predictions
from pipeline.tasks.classification.scores import Scores
from pipeline.tasks.metric import A, Metric
from pipeline.tasks.output import Loss, Output


@dataclass(frozen=True)
class Task(Generic[A]):
    """An entry of `TASKS`. C names that an answer may have.

    Attributes
    ----------
    name : str
    metrics : what `--metric` may ask for
    deciding : names of the answers > the metric that models are judged by where none is asked for
    columns : (answers, names) > the columns of a file of answers
    from_columns : (columns, hard) > answers and names; ValueError says what is wrong
    """

    name: str
    metrics: Mapping[str, Metric[A]]
    deciding: Callable[[tuple[str, ...]], str]
    columns: Callable[[A, Sequence[str]], pl.DataFrame]
    from_columns: Callable[[pl.DataFrame, bool], tuple[A, tuple[str, ...]]]


@dataclass(frozen=True)
class OneAnswer(Task[Predictions]):
    """A task of one answer a document. N documents, C names that an answer may have.

    Attributes
    ----------
    names : (labels of the training documents, their file) > the names that an answer may have, in order
    warnings : names > what a reader should know of them
    targets : (labels, names) > what is right for each document, int32 (N,)
    unknown : (label, names) > in words, which names there are instead
    chance : (targets, weight of each document, C) > the loss of answering with the frequencies alone, in nats
    answers : (documents, targets, outputs (N, C)) > the answers of a model to documents
    score : answers > every score
    output : C > the last layer of a network, and what makes answers of it
    loss : what a network is trained by
    losses : (answers (N, C), targets) > each document's loss, (N,); what training and strengths are chosen by
    right : (answers (N, C), targets) > whether each answer is right, (N,)
    """

    names: Callable[[pl.Series, str], tuple[str, ...]]
    warnings: Callable[[tuple[str, ...]], tuple[Warned, ...]]
    targets: Callable[[pl.Series, tuple[str, ...]], Int32]
    unknown: Callable[[str, tuple[str, ...]], str]
    chance: Callable[[Int32, Float64, int], float]
    answers: Callable[[Int64, Int32, Float32], Predictions]
    score: Callable[[Predictions], Scores]
    output: Callable[[int], Output]
    loss: Loss
    losses: Callable[[Float32 | Float64, Int32], Float32 | Float64]
    right: Callable[[Float32 | Float64, Int32], Bool]
