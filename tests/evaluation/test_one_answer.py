"""A model that answers every test document alike is named, with what it is right on."""

from __future__ import annotations

import numpy as np

from pipeline.evaluation.one_answer import one_answer_warnings
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Predictions

LABELS = (1, 1, 1, 0)


def saved(
    name: str, answers: tuple[int, ...], seed: int = 0, fold: int = 0, labels: tuple[int, ...] = LABELS
) -> SavedPredictions:
    probabilities = np.full((len(answers), 2), 0.1, dtype=np.float32)
    probabilities[np.arange(len(answers)), answers] = 0.9
    documents = np.arange(len(answers), dtype=np.int64) + 10 * fold
    predictions = Predictions(documents, np.array(labels, dtype=np.int32), probabilities)
    return SavedPredictions(name, seed, fold, "h", ("rare", "usual"), predictions)


def test_a_model_that_always_says_one_class_is_named_with_what_it_is_right_on() -> None:
    assert one_answer_warnings([saved("tfidf", (1, 1, 1, 0)), saved("lstm@random", (1, 1, 1, 1))]) == [
        'lstm@random always answers "usual", whatever a document says: right on 3 of 4 answers, and never on another'
        " class [always-one-answer]"
    ]


def test_some_trainings_of_several_are_counted() -> None:
    entries = [saved("rnn", (1, 1, 1, 1), 0), saved("rnn", (1, 0, 1, 0), 1), saved("rnn", (0, 0, 0, 0), 2)]
    assert one_answer_warnings(entries) == [
        'rnn: 2 of 3 trainings answer "rare" or "usual" to every test document, whatever it says [always-one-answer]'
    ]


def test_folds_are_trainings_too() -> None:
    entries = [saved("bow", (1, 1, 1, 1), fold=fold) for fold in range(3)]
    assert one_answer_warnings(entries) == [
        'bow always answers "usual", whatever a document says: right on 9 of 12 answers, and never on another class'
        " [always-one-answer]"
    ]


def test_majority_does_so_by_definition() -> None:
    assert one_answer_warnings([saved("majority", (1, 1, 1, 1))]) == []


def test_where_all_test_documents_are_of_one_class_nothing_is_said() -> None:
    assert one_answer_warnings([saved("bow", (1, 1, 1, 1), labels=(1, 1, 1, 1))]) == []
