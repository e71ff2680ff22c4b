"""`MultilabelClassifier`: a model of a run for documents with several labels, as scikit-learn has estimators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from inspect import Parameter, Signature

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.api.classifier import Labels, TextClassifier
from pipeline.api.documents import Texts, as_texts
from pipeline.api.errors import InvalidInput
from pipeline.api.estimator import keywords_but
from pipeline.api.keywords import parameters, with_keywords
from pipeline.core.values import Bool, Int32
from pipeline.corpus.task_of import with_task
from pipeline.settings.tables import Config, with_values
from pipeline.tasks.table import MULTILABEL

FIX = 'give a list of labels for each text, such as [["art", "war"], []], or a matrix of 0 and 1'
KEYWORDS = keywords_but("run.class_weights")
Given = list[tuple[object, ...]] | NDArray[np.int64]


class MultilabelClassifier(TextClassifier):
    """One model of a run for documents with any number of labels, fitted on texts as a run fits it.

    From which probability on a label is given is chosen on validation documents, which are split off inside `fit`.

    Parameters
    ----------
    model : str
        As a run names it: `tfidf`, `nbsvm`, `lstm:max@word2vec`.
    **settings
        As of `TextClassifier`.

    Attributes
    ----------
    classes_ : array, shape (C,)
        The labels, ascending; the numbers of the columns where a matrix was given.
    notes_ : tuple of str
        What was found on the way, as sentences.

    Examples
    --------
    >>> kinds = {"oil paint": ["art"], "bank loan": ["money"], "paint a bank": ["art", "money"], "nothing here": []}
    >>> texts = [f"{kind} {place}" for place in range(10) for kind in kinds]
    >>> fitted = MultilabelClassifier("tfidf").fit(texts, [*kinds.values()] * 10)
    >>> fitted.predict(["the paint of a bank", "here"])
    [('art', 'money'), ()]
    """

    keywords = KEYWORDS

    def _config(self) -> Config:
        config = super()._config()
        return with_task(with_values(config, {"run.task": MULTILABEL.name}))

    def _encode(self, y: ArrayLike | Iterable[Iterable[object]]) -> tuple[Labels, Int32, Bool | None]:
        """Return the labels, which set each document has, and the sets."""
        matrix = _matrix_of(y)
        self._as_matrix = matrix is not None
        classes, given = (np.arange(matrix.shape[1]), matrix) if matrix is not None else _from_lists(y)
        if not given.any():
            raise InvalidInput("one-class", "y", "no document has a label", "give documents with labels")
        sets, which = np.unique(given, axis=0, return_inverse=True)
        if len(sets) == 1:
            what = "all documents have the same labels"
            raise InvalidInput("one-class", "y", what, "give documents with other labels too")
        return classes, which.reshape(-1).astype(np.int32), sets

    def predict(self, X: Texts) -> Given:  # type: ignore[override]
        """Return the labels of each text: a tuple each, or a matrix of 0 and 1, (N, C), where `fit` was given one."""
        given = self._model.saved.given(self.predict_proba(as_texts(X, "X")))
        if self._as_matrix:
            return given.astype(np.int64)
        names = self.classes_.tolist()
        return [tuple(names[place] for place in np.flatnonzero(row).tolist()) for row in given]

    def score(self, X: Texts, y: ArrayLike, sample_weight: object = None) -> float:
        """Return the micro F1 of the labels of texts.

        Raises
        ------
        InvalidInput
            If there is not one set of labels for each text, or documents are weighed.
        """
        if sample_weight is not None:
            raise InvalidInput(
                "no-sample-weights", "sample_weight", "documents have no weights", "leave it out"
            )
        said, right = [set(one) for one in self._names(self.predict(X))], [set(one) for one in self._names(y)]
        if len(said) != len(right):
            what = f"there are {len(right):,} sets of labels for {len(said):,} texts"
            raise InvalidInput("one-label-a-text", "y", what, "give one set of labels a text")
        hits = sum(len(one & other) for one, other in zip(said, right, strict=True))
        both = sum(map(len, said)) + sum(map(len, right))
        return 2 * hits / both if both else 0.0

    def _names(self, y: ArrayLike | Iterable[Iterable[object]]) -> Sequence[Iterable[object]]:
        matrix = _matrix_of(y)
        if matrix is not None:
            return [np.flatnonzero(row).tolist() for row in matrix]
        return [*y]  # type: ignore[misc]


def _matrix_of(y: object) -> Bool | None:
    """Return a matrix of 0 and 1, bool (N, C); None where lists are given."""
    dense = y.toarray() if hasattr(y, "toarray") else y
    if isinstance(dense, np.ndarray) and dense.dtype != object:
        if dense.ndim != 2 or not np.isin(dense, (0, 1)).all():
            raise InvalidInput("one-label-a-text", "y", "it is an array, and no matrix of 0 and 1", FIX)
        return dense.astype(np.bool_)
    return None


def _from_lists(y: object) -> tuple[Labels, Bool]:
    """Return the labels of some lists, ascending, and which each has; (C,) and bool (N, C)."""
    if y is None or isinstance(y, str | bytes) or not isinstance(y, Iterable):
        raise InvalidInput("one-label-a-text", "y", f"{type(y).__name__} holds no lists of labels", FIX)
    rows = [*y]
    for place, row in enumerate(rows):
        if isinstance(row, str | bytes) or not isinstance(row, Iterable):
            raise InvalidInput(
                "one-label-a-text", "y", f"document {place} has {row!r}, and no list of labels", FIX
            )
    lists = [[*row] for row in rows]
    try:
        names = sorted({name for row in lists for name in row})
    except TypeError as error:
        raise InvalidInput("one-label-a-text", "y", f"labels cannot be ordered ({error})", FIX) from None
    places = {name: place for place, name in enumerate(names)}
    given = np.zeros((len(lists), len(names)), dtype=np.bool_)
    for place, row in enumerate(lists):
        given[place, [places[name] for name in row]] = True
    kind = object if any(isinstance(name, str) for name in names) else None
    return np.array(names, dtype=kind), given


MultilabelClassifier.__signature__ = Signature(  # what `help` and editors show
    [
        Parameter("model", Parameter.POSITIONAL_OR_KEYWORD, default="lstm:max@word2vec", annotation=str),
        *parameters(KEYWORDS),
    ]
)
MultilabelClassifier.__doc__ = with_keywords(MultilabelClassifier.__doc__, KEYWORDS)
