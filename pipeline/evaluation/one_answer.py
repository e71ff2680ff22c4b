"""Saved predictions > a warning for each model that gives every test document the same answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.core.clean import cell_text
from pipeline.core.warned import Warned, warning
from pipeline.evaluation.stray_classes import stray_class_warnings
from pipeline.run_folder.predictions import SavedPredictions

MAJORITY = "majority"  # which answers so by its definition


def findings_of_answers(saved: Iterable[SavedPredictions]) -> list[Warned]:
    """Return what the answers of models tell about them, as sentences."""
    saved = list(saved)
    return [*one_answer_warnings(saved), *stray_class_warnings(saved)]


def one_answer_warnings(saved: Iterable[SavedPredictions]) -> list[Warned]:
    """Return a sentence for each model of which a training answers every test document alike.

    Such a model may look good where one class is frequent. Where all test documents are of one class, nothing can be
    said: to answer so may be right.
    """
    by_model: dict[str, list[SavedPredictions]] = defaultdict(list)
    for entry in saved:
        by_model[entry.name].append(entry)
    found = [_one_answer(name, entries) for name, entries in by_model.items() if name != MAJORITY]
    return [warning("always-one-answer", text) for text in found if text]


def _one_answer(name: str, entries: Sequence[SavedPredictions]) -> str:
    alike = [entry for entry in entries if _answers_alike(entry)]
    answers = {_answer(entry) for entry in alike}
    if not alike:
        return ""
    if len(alike) < len(entries) or len(answers) > 1:
        classes = " or ".join(f'"{cell_text(answer)}"' for answer in sorted(answers))
        trainings = f"{len(alike)} of {len(entries)} trainings"
        return f"{name}: {trainings} answer {classes} to every test document, whatever it says"
    right = sum(
        int((entry.predictions.single.predicted == entry.predictions.single.labels).sum()) for entry in alike
    )
    tested = sum(len(entry.predictions.single.documents) for entry in alike)
    return (
        f'{name} always answers "{cell_text(*answers)}", whatever a document says: right on {right:,} of {tested:,} '
        "answers, and never on another class"
    )


def _answers_alike(entry: SavedPredictions) -> bool:
    labels, predicted = entry.predictions.single.labels, entry.predictions.single.predicted
    return len(np.unique(predicted)) == 1 and len(np.unique(labels)) > 1


def _answer(entry: SavedPredictions) -> str:
    return entry.single_names[int(entry.predictions.single.predicted[0])]
