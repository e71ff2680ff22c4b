"""Saved predictions > documents that every model gets wrong, that one alone gets right, and sure mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from pipeline.core.values import Bool, Float64, Int64
from pipeline.evaluation.pooling import SingleRun, pool_single
from pipeline.run_folder.metrics.documents import GivenAnswer, HardDocuments, ListedDocument
from pipeline.run_folder.predictions import SavedPredictions

SHOWN = 10  # documents of a list


@dataclass(frozen=True, eq=False)
class Answers:
    """One answer of each of M models to each of N documents: the probabilities averaged over its seeds."""

    names: tuple[str, ...]  # (M,)
    documents: Int64  # (N,)
    labels: Int64  # (N,)
    predicted: Int64  # (M, N)
    confidence: Float64  # (M, N) probability of the predicted class
    of_label: Float64  # (M, N) probability of the label
    hard: (
        Bool  # (M, 1) whether only the answers are known: the probabilities are 1 and 0 then, and say nothing
    )

    @property
    def right(self) -> Bool:
        """Which answers are right; bool (M, N)."""
        return self.predicted == self.labels


def find_hard_documents(
    saved: Sequence[SavedPredictions],
    kinds: Mapping[str, str],
    trained: Mapping[str, bool] = MappingProxyType({}),
) -> HardDocuments | None:
    """Return `hard_documents` of metrics.json; None without a model that is no control and trained.

    Parameters
    ----------
    saved : sequence of SavedPredictions
        All models on the same documents.
    kinds : mapping of model name to "network", "baseline", "control" or "outside"
        Controls are left out: `majority` is right on a whole class for no reason of the document's.
    trained : mapping of model name to whether its training worked; models that are absent count as trained
        A model that did not train is left out as well: with its mistakes nothing is learned of the documents.

    Notes
    -----
    A model's answer to a document is the class of the highest probability, averaged over its seeds. The lists:

    - `all wrong`: every model is wrong; the lowest mean probability of the label first (labels to look at).
    - `only one right`: exactly one of three models or more is right; that model's highest probability first, last
      where it is not known.
    - `only networks right`, `only baselines right`: all of one kind are right and all of the other wrong; the
      largest gap between the mean probabilities of the label first.
    - `sure mistakes`: some model whose probabilities are known is wrong; the highest one of a wrong answer first.

    Equal ones come by document number; where it is the probability of the one model that is right that is not
    known, the document comes last.
    """
    pooled = {
        name: runs
        for name, runs in pool_single(saved).items()
        if kinds.get(name) != "control" and trained.get(name, True)
    }
    if not pooled:
        return None
    answers, label_names = average_answers(pooled), saved[0].single_names
    found = rank_documents(answers, [kinds.get(name, "") for name in answers.names])
    wrong = ~answers.right
    shared = wrong.astype(np.int64) @ wrong.T.astype(np.int64)  # (M, M)
    return HardDocuments(
        models=answers.names,
        documents=len(answers.documents),
        counts={name: int(np.isfinite(rank).sum()) for name, rank in found.items()},
        wrong=tuple(map(tuple, shared.tolist())),
        lists={
            name: tuple(_row(answers, place, label_names) for place in _first(rank))
            for name, rank in found.items()
        },
    )


def average_answers(pooled: Mapping[str, Sequence[SingleRun]]) -> Answers:
    """Return one answer a model and document; models in the order of `pooled`."""
    first = next(iter(pooled.values()))[0].predictions
    n_docs = len(first.documents)
    predicted, confidence, of_label = [], [], []
    for runs in pooled.values():
        every = np.stack([run.predictions.probabilities for run in runs]).astype(np.float64)  # (S, N, C)
        mean = every.mean(axis=0)  # (N, C)
        predicted.append(mean.argmax(axis=1))
        confidence.append(mean.max(axis=1))
        of_label.append(mean[np.arange(n_docs), first.labels])
    return Answers(
        tuple(pooled),
        first.documents,
        first.labels.astype(np.int64),
        np.stack(predicted),
        np.stack(confidence),
        np.stack(of_label),
        np.array([[runs[0].predictions.hard] for runs in pooled.values()]),  # (M, 1)
    )


def rank_documents(answers: Answers, kinds: Sequence[str]) -> dict[str, Float64]:
    """Return each list as a rank for every document, lowest first, NaN for one that is not in the list.

    `kinds` are those of the models; which lists there are, and their order: see `find_hard_documents`.
    """
    right, of_label, known = answers.right, answers.of_label, ~answers.hard
    n_right = right.sum(axis=0)  # (N,)
    sure = np.where(~right & known, answers.confidence, 0.0).max(axis=0)  # (N,) highest of the wrong answers
    found = {
        "all wrong": _where(n_right == 0, of_label.mean(axis=0)),
        "only one right": _where(
            (n_right == 1) & (len(right) > 2), -np.where(right & known, of_label, 0.0).max(axis=0)
        ),
        "sure mistakes": _where(sure > 0, -sure),
    }
    networks, baselines = (np.array([kind == wanted for kind in kinds]) for wanted in ("network", "baseline"))
    if networks.any() and baselines.any():
        gap = of_label[networks].mean(axis=0) - of_label[baselines].mean(axis=0)  # (N,)
        by_networks = right[networks].all(axis=0) & ~right[baselines].any(axis=0)
        by_baselines = right[baselines].all(axis=0) & ~right[networks].any(axis=0)
        found["only networks right"] = _where(by_networks, -gap)
        found["only baselines right"] = _where(by_baselines, gap)
    return found


def _where(listed: Bool, rank: Float64) -> Float64:
    return np.where(listed, rank, np.nan)


def _first(rank: Float64) -> list[int]:
    """Return the places of the lowest ranks; documents ascend, so equal ones come by number."""
    order = np.argsort(rank, kind="stable")[:SHOWN]  # NaN sorts last
    return [int(place) for place in order if np.isfinite(rank[place])]


def _row(answers: Answers, place: int, label_names: Sequence[str]) -> ListedDocument:
    given = (
        GivenAnswer(
            name,
            label_names[answers.predicted[model, place]],
            None if answers.hard[model, 0] else float(answers.confidence[model, place]),
        )
        for model, name in enumerate(answers.names)
    )
    label = label_names[answers.labels[place]]
    return ListedDocument(int(answers.documents[place]), label, tuple(given))
