"""Scores of several labels a document, on rows of the input that have labels: as lists, or with `;` between."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipeline.core.clean import plural
from pipeline.core.errors import first_places
from pipeline.corpus.label_sets.cells import of_lists, of_words, sign_between
from pipeline.predict.answers import Answered
from pipeline.tasks.classification.scores import macro_f1


class ScoredSets:
    """How often each label was right, given, and both; (C,), and the labels that the model does not know."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._places = {label: place for place, label in enumerate(labels)}
        self._hits, self._there, self._given = (np.zeros(len(labels), dtype=np.int64) for _ in range(3))
        self._unknown: Counter[str] = Counter()
        self._documents = 0
        self.seen = False

    def count(self, answered: Answered) -> None:
        """Count some answers; documents without an answer or without a cell of labels are left out."""
        cells = answered.documents.labels
        if cells is None:
            return
        self.seen = True
        filled = [cell for cell in cells.to_list() if cell and cell.strip()]
        lists = any(cell.lstrip().startswith(("[", "{")) for cell in filled)
        sets = of_lists(cells) if lists else of_words(cells, sign_between(filled) or ";")
        for place, cell in enumerate(sets.cells.to_list()):
            if cell is None or not answered.given[place]:
                continue
            self._documents += 1
            right = np.zeros(len(self._places), dtype=np.bool_)
            for name in json.loads(cell):
                if name in self._places:
                    right[self._places[name]] = True
                else:
                    self._unknown[name] += 1
            given = answered.names[place]
            self._hits += right & given
            self._there += right
            self._given += given

    def words(self) -> str:
        """Return the scores as lines for a person; empty where the input has no labels."""
        if not self._documents:
            return ""
        unknown = self._unknown.total()
        both = int(self._there.sum() + self._given.sum()) + unknown
        micro = 2 * int(self._hits.sum()) / both if both else 0.0
        met = (self._there + self._given).any()
        macro = float(macro_f1(self._hits, self._there, self._given)) if met else 0.0
        told = [
            f"Scores on {plural(self._documents, 'document')} with an answer and labels: micro F1 {100 * micro:.1f},"
            f" macro F1 {100 * macro:.1f}."
        ]
        if unknown:
            names = first_places([f'"{name}"' for name, _ in self._unknown.most_common()])
            told.append(f"The model does not know {names}: {plural(unknown, 'label')} counted as missed.")
        return "\n".join(told)
