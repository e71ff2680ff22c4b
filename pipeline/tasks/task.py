"""A task: everything that depends on what is asked of a document, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import polars as pl

from pipeline.core.values import Bool, Float32, Float64, Int32, Int64
from pipeline.core.warned import Warned
from pipeline.tasks.answers import Answers
from pipeline.tasks.metric import A, Metric
from pipeline.tasks.output import Loss, Output

A_co = TypeVar("A_co", bound=Answers, covariant=True)


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
    by_name : answers > how well each name is given
    """

    name: str
    metrics: Mapping[str, Metric[A]]
    deciding: Callable[[tuple[str, ...]], str]
    columns: Callable[[A, Sequence[str]], pl.DataFrame]
    from_columns: Callable[[pl.DataFrame, bool], tuple[A, tuple[str, ...]]]
    by_name: Callable[[A], NameScores]


@dataclass(frozen=True, eq=False)
class NameScores:
    """How well each of C names is given: three float64 (C,), how often it is right, int64 (C,).

    `confusion` says how often one was given where another is right, (C, C); None where answers are not exclusive.
    """

    precision: Float64
    recall: Float64
    f1: Float64
    support: Int64
    confusion: Int64 | None = None


class Answering(Protocol[A_co]):
    """(documents, what is right, outputs (N, C), thresholds (C,)) > the answers of a model to documents."""

    def __call__(
        self, documents: Int64, labels: Int32, outputs: Float32, thresholds: Float32 | None = None
    ) -> A_co: ...


@dataclass(frozen=True)
class DocumentTask(Task[A]):
    """A task that asks something of whole documents: N documents, C names that an answer may have.

    What is right is a name a document, int32 (N,), or yes or no to each name, int32 (N, C).

    Attributes
    ----------
    names : (labels of the training documents, their file) > the names that an answer may have, in order
    warnings : names > what a reader should know of them
    targets : (labels, names) > what is right for each document
    unknown : (label, names) > in words, which names there are instead
    chance : (targets, weight of each document, C) > the loss of answering with the frequencies alone, in nats
    answers : (documents, targets, outputs (N, C), thresholds) > the answers of a model to documents
    output : C > the last layer of a network, and what makes answers of it
    loss : what a network is trained by
    losses : (answers (N, C), targets) > each document's loss, (N,); what training and strengths are chosen by
    right : (answers (N, C), targets) > whether each answer is right, or what share of it, (N,)
    sets : (labels, names) > the sets of names that occur, (S, C), and which each document has, (N,); None: names are
        not in sets
    thresholds : (targets, answers (N, C), metric) of validation documents > from which probability on names are given;
        None: the likeliest is
    judged : the same > the answers to them that models are chosen by
    """

    names: Callable[[pl.Series, str], tuple[str, ...]]
    warnings: Callable[[tuple[str, ...]], tuple[Warned, ...]]
    targets: Callable[[pl.Series, tuple[str, ...]], Int32]
    unknown: Callable[[str, tuple[str, ...]], str]
    chance: Callable[[Int32, Float64, int], float]
    answers: Answering[A]
    output: Callable[[int], Output]
    loss: Loss
    losses: Callable[[Float32 | Float64, Int32], Float32 | Float64]
    right: Callable[[Float32 | Float64, Int32], Bool | Float64]
    judged: Callable[[Int32, Float32, str], A]
    sets: Callable[[pl.Series, tuple[str, ...]], tuple[Bool, Int32]] | None = None
    thresholds: Callable[[Int32, Float32, str], Float32] | None = None
