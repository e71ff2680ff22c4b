"""Saved predictions > the test documents that the report lets a reader browse, and every model's answers to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

import numpy as np

from pipeline.evaluation.hard_documents import Answers, average_answers, rank_documents
from pipeline.evaluation.pooling import SingleRun, pool_single
from pipeline.run_folder.details.documents import AnsweringModel, ChosenDocument, ChosenDocuments
from pipeline.run_folder.metrics.rows import Kind
from pipeline.run_folder.predictions import SavedPredictions

MOST = 300  # documents
RANDOM = "random"


def choose_documents(
    saved: Sequence[SavedPredictions],
    kinds: Mapping[str, Kind],
    trained: Mapping[str, bool],
    generator: np.random.Generator,
    most: int = MOST,
) -> ChosenDocuments | None:
    """Return what `details/chosen_documents.json` holds: which documents, why, and each model's answer.

    Parameters
    ----------
    saved : sequence of SavedPredictions
        All models on the same documents.
    kinds : mapping of model name to "network", "baseline", "control" or "outside"
        The models whose answers are kept, in this order; a model that is absent is left out.
    trained : mapping of model name to whether its training worked; models that are absent count as trained
    generator : numpy.random.Generator
        Draws the random sample.
    most : int
        Documents at most.

    Returns
    -------
    ChosenDocuments, or None without a model

    Notes
    -----
    The lists of `find_hard_documents`, without its limit, and the test documents in random order take turns: each
    adds its next document, or its name where another list had that one before, until there are `most`. So the
    first n documents are the choice for `most` = n, and those of "random" are a simple random sample of the test
    documents. Controls and models that did not train choose nothing. A model's answer is the class of the
    highest probability, averaged over its seeds.
    """
    found = pool_single(saved)
    pooled = {name: found[name] for name in kinds if name in found}
    if not pooled:
        return None
    deciding = [name for name in pooled if kinds[name] != "control" and trained.get(name, True)]
    answers = average_answers(pooled)
    orders = _orders(pooled, deciding, kinds)
    orders[RANDOM] = generator.permutation(len(answers.documents)).tolist()
    why = _take_turns(orders, most)
    fold_of = next(iter(pooled.values()))[0].fold_of
    models = (
        AnsweringModel(
            name=name,
            kind=kinds[name],
            seeds=len(runs),
            probabilities=not runs[0].predictions.hard,
            decides=name in deciding,
        )
        for name, runs in pooled.items()
    )
    documents = (_document(answers, place, int(fold_of[place]), names) for place, names in why.items())
    label_names = tuple(saved[0].single_names)
    return ChosenDocuments(label_names, len(answers.documents), tuple(models), tuple(documents))


def _orders(
    pooled: Mapping[str, Sequence[SingleRun]], deciding: Sequence[str], kinds: Mapping[str, Kind]
) -> dict[str, list[int]]:
    """Return the places of each list's documents, in its order."""
    if not deciding:
        return {}
    answers = average_answers({name: pooled[name] for name in deciding})
    ranks = rank_documents(answers, [kinds[name] for name in deciding])
    ordered = {name: np.argsort(rank, kind="stable") for name, rank in ranks.items()}  # NaN sorts last
    return {
        name: [int(place) for place in order if np.isfinite(ranks[name][place])]
        for name, order in ordered.items()
    }


def _take_turns(orders: Mapping[str, Sequence[int]], most: int) -> dict[int, list[str]]:
    """Return the lists that named each place, places in the order they were chosen.

    >>> _take_turns({"wrong": [7], "random": [3, 7, 5]}, most=3)
    {7: ['wrong', 'random'], 3: ['random'], 5: ['random']}
    """
    why: dict[int, list[str]] = {}
    left: dict[str, Iterator[int]] = {name: iter(order) for name, order in orders.items()}
    for name in cycle(orders):
        if not left or len(why) >= most:
            break
        if name not in left:
            continue
        place = next(left[name], None)
        if place is None:
            del left[name]
        else:
            why.setdefault(place, []).append(name)
    return why


def _document(answers: Answers, place: int, fold: int, why: list[str]) -> ChosenDocument:
    confidence = np.where(answers.hard[:, 0], np.nan, answers.confidence[:, place])  # (M,)
    return ChosenDocument(
        document=int(answers.documents[place]),
        fold=fold,
        label=int(answers.labels[place]),
        why=tuple(why),
        predicted=tuple(answers.predicted[:, place].tolist()),
        probability=tuple(float(value) if np.isfinite(value) else None for value in confidence),
    )
