"""`MultilabelClassifier`: lists of labels or a matrix, as scikit-learn's estimators take them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from pipeline import MultilabelClassifier, PipelineError, load_model

KINDS = {
    "oil paint": ["art"],
    "a bank loan": ["money"],
    "paint for a bank": ["art", "money"],
    "nothing here": [],
}
TEXTS = [f"{kind} of the {place}" for place in range(10) for kind in KINDS]
LABELS = [labels for _ in range(10) for labels in KINDS.values()]
MATRIX = np.array([[name in row for name in ("art", "money")] for row in LABELS], dtype=np.int64)


@pytest.fixture(scope="module")
def fitted() -> MultilabelClassifier:
    return MultilabelClassifier("tfidf").fit(TEXTS, LABELS)


def test_lists_of_labels_come_back_as_tuples(fitted: MultilabelClassifier) -> None:
    assert fitted.classes_.tolist() == ["art", "money"]
    assert fitted.predict(["the paint of a bank", "here", "a loan"]) == [("art", "money"), (), ("money",)]
    assert fitted.predict_proba(["paint"]).shape == (1, 2)
    assert fitted.score(TEXTS, LABELS) == 1.0


def test_a_matrix_comes_back_as_a_matrix() -> None:
    fitted = MultilabelClassifier("nbsvm").fit(TEXTS, MATRIX)
    assert fitted.predict(["the paint of a bank", "here"]).tolist() == [[1, 1], [0, 0]]
    assert cross_val_score(MultilabelClassifier("tfidf"), TEXTS, MATRIX, cv=2).tolist() == [1.0, 1.0]


def test_a_saved_model_gives_the_same_labels(fitted: MultilabelClassifier, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    texts = ["the paint of a bank", "here", "a loan"]
    assert loaded.predict(texts) == [("art", "money"), (), ("money",)]
    assert np.array_equal(loaded.predict_proba(texts), fitted.predict_proba(texts))


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        (["art"] * 40, "document 0 has 'art', and no list of labels"),
        ([[]] * 40, "no document has a label"),
        ([["art"]] * 40, "all documents have the same labels"),
        (LABELS[:39], "there are 39 labels for 40 texts"),
        (np.full((40, 2), 0.5), "it is an array, and no matrix of 0 and 1"),
        (None, "NoneType holds no lists of labels"),
    ],
)
def test_labels_that_are_no_lists_are_refused(labels: object, what: str) -> None:
    with pytest.raises(PipelineError, match=what):
        MultilabelClassifier("tfidf").fit(TEXTS, labels)
