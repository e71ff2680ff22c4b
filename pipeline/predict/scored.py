"""Scores of answers to documents whose labels stand in the input, counted as they go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import first_places
from pipeline.core.values import Float64, Int64
from pipeline.predict.answers import Answered


class Scored:
    """How many documents of each class got which answer; (C, C), and what could not be counted."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = pl.Series(labels, dtype=pl.String)
        self._counts: Int64 = np.zeros((len(labels), len(labels)), dtype=np.int64)
        self._unknown: Counter[str] = Counter()
        self.seen = False

    def count(self, answered: Answered) -> None:
        """Count some answers; documents without an answer or without a label are left out."""
        labels = answered.documents.labels
        if labels is None:
            return
        self.seen = True
        there = answered.given & labels.is_not_null() & (labels.fill_null("").str.strip_chars() != "")
        known = there & labels.is_in(self._labels.implode()).fill_null(False)
        self._unknown.update(labels.filter(there & ~known).to_list())
        right = labels.filter(known).replace_strict(
            self._labels, pl.Series(range(len(self._labels)), dtype=pl.Int64), return_dtype=pl.Int64
        )
        answers = answered.probabilities.argmax(axis=1)[known.to_numpy()]
        np.add.at(self._counts, (right.to_numpy(), answers), 1)

    def words(self) -> str:
        """Return the scores as lines for a person; empty where the input has no labels."""
        n_docs = int(self._counts.sum())
        told = []
        if self._unknown:
            names = first_places([f'"{name}"' for name, _ in self._unknown.most_common()])
            number = plural(self._unknown.total(), "document")
            told.append(f"Not scored: {number} with labels that the model does not know ({names}).")
        if n_docs:
            accuracy = np.trace(self._counts) / n_docs
            told.insert(
                0,
                f"Scores on {plural(n_docs, 'document')} with an answer and a label: accuracy {100 * accuracy:.1f} %,"
                f" macro F1 {100 * self._macro_f1():.1f} %.",
            )
        return "\n".join(told)

    def _macro_f1(self) -> float:
        """Return the mean F1 of the classes that are a label or an answer."""
        right = np.diag(self._counts)
        either: Float64 = (self._counts.sum(axis=0) + self._counts.sum(axis=1)).astype(np.float64)  # (C,)
        met = either > 0
        return float(np.mean(2 * right[met] / either[met]))
