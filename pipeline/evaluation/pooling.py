"""Saved predictions > one pooled run for each model and seed, folds together: every document tested once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.errors import first_places
from pipeline.core.values import Bool, Float64, Int32, Int64
from pipeline.core.wording import FIRST_METRIC
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Answers, Predictions
from pipeline.tasks.table import METRICS


@dataclass(frozen=True, eq=False)
class PooledRun:
    """All that one model predicted with one seed, over its folds; documents ascending.

    Documents of one group (copies, twins) are one unit: what chance may leave out or draw twice is the group.
    """

    name: str
    seed: int
    folds: int
    predictions: Answers
    fold_of: Int32  # (N,), the fold that tested each document
    groups: Int64  # (N,), documents with the same number are one unit

    @property
    def right(self) -> Bool:
        """Whether every answer to a document is right; bool (N,)."""
        single = self.predictions.single
        wrong = single.predicted != single.labels  # (M,)
        found: Bool = np.bincount(self.predictions.document_of, wrong, len(self.groups)) == 0
        return found

    @property
    def single(self) -> SingleRun:
        """The same with each single answer alone, in the units of its document."""
        of = self.predictions.document_of  # (M,)
        return SingleRun(
            self.name, self.seed, self.folds, self.predictions.single, self.fold_of[of], self.groups[of]
        )

    def unit_scores(self, metric: str = FIRST_METRIC, chosen: Bool | slice = slice(None)) -> Float64:
        """Return what each chosen document adds to a metric of the chosen documents; float64 (n,), mean the metric.

        Log loss is as it is: less is better.
        """
        return METRICS[metric].influence(self.predictions.only(chosen))

    def __str__(self) -> str:
        return f"{self.name} (seed {self.seed})"


@dataclass(frozen=True, eq=False)
class SingleRun(PooledRun):
    """The single answers of a run: of a classifier one a document, of a tagger one a word."""

    predictions: Predictions

    @property
    def right(self) -> Bool:
        """Whether each answer is right; bool (M,)."""
        return self.predictions.predicted == self.predictions.labels


def n_single(n_docs: int | None, run: PooledRun) -> int | None:
    """Return about how many single answers a whole corpus of so many documents asks for, by those of a run."""
    return None if n_docs is None else round(n_docs * len(run.predictions.document_of) / len(run.groups))


def pool_single(saved: Iterable[SavedPredictions]) -> dict[str, list[SingleRun]]:
    """Return what `pool_folds` does, with each single answer alone."""
    return {name: [run.single for run in runs] for name, runs in pool_folds(saved).items()}


def pool_folds(saved: Iterable[SavedPredictions]) -> dict[str, list[PooledRun]]:
    """Return for each model, in the order first met, one pooled run a seed; seeds ascending.

    Raises
    ------
    ValueError
        If the files are of different corpora or labels, if one model and seed tests a document twice, or if
        two seeds of a model were tested on different documents.
    """
    saved = list(saved)
    for entry in saved[1:]:
        _check_same_corpus(saved[0], entry)
    fits: dict[str, dict[int, list[SavedPredictions]]] = defaultdict(lambda: defaultdict(list))
    for entry in saved:
        fits[entry.name][entry.seed].append(entry)
    pooled = {name: [_pool(seeds[seed]) for seed in sorted(seeds)] for name, seeds in fits.items()}
    for runs in pooled.values():
        for run in runs[1:]:
            check_same_documents(runs[0], run)
    return pooled


def _check_same_corpus(first: SavedPredictions, other: SavedPredictions) -> None:
    if first.label_names != other.label_names:
        raise ValueError(f"{first.name} and {other.name} do not have the same labels in the same order")
    if first.corpus_hash != other.corpus_hash:
        raise ValueError(f"{first.name} and {other.name} were tested on different corpora")


def _pool(folds: Sequence[SavedPredictions]) -> PooledRun:
    together = folds[0].predictions.joined([entry.predictions for entry in folds])
    order = np.argsort(together.documents, kind="stable")
    documents = together.documents[order]  # (N,)
    name, seed = folds[0].name, folds[0].seed
    twice = documents[1:][documents[1:] == documents[:-1]]
    if len(twice):
        places = first_places(np.unique(twice).tolist())
        raise ValueError(f"{name} (seed {seed}) has more than one prediction for documents {places}")
    sizes = [len(entry.predictions.documents) for entry in folds]
    fold_of = np.repeat(np.array([entry.fold for entry in folds], dtype=np.int32), sizes)[order]  # (N,)
    return PooledRun(name, seed, len(folds), together.only(order), fold_of, _groups(folds[0], documents))


def _groups(entry: SavedPredictions, documents: Int64) -> Int64:
    """Return which documents are one unit; each is alone where nothing is known of them; int64 (N,)."""
    alone = np.arange(len(documents), dtype=np.int64)
    return alone if entry.units is None else entry.units.of(documents)


def check_same_documents(a: PooledRun, b: PooledRun) -> None:
    """Raise a ValueError that names documents tested by one run only, or labelled differently."""
    only_one = np.setxor1d(a.predictions.documents, b.predictions.documents)
    if len(only_one):
        raise ValueError(f"only one of {a} and {b} was tested on documents {first_places(only_one.tolist())}")
    other_label = a.predictions.documents[a.predictions.differs(b.predictions)]
    if len(other_label):
        raise ValueError(
            f"{a} and {b} have different labels for documents {first_places(other_label.tolist())}"
        )
