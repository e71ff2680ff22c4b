"""`TextClassifier`: a model of a run as scikit-learn has estimators, on raw strings."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from inspect import Parameter, Signature
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, check_is_fitted, column_or_1d

from pipeline.api.documents import Texts, as_texts
from pipeline.api.errors import InvalidInput, as_invalid_input
from pipeline.api.estimator import Estimator, keywords_but
from pipeline.api.fitting import fit_model
from pipeline.api.keywords import parameters, with_keywords
from pipeline.api.model import Explanation, Model
from pipeline.core.values import LABEL_KINDS, Bool, Float32, Int32
from pipeline.models.saved import load_model

Labels = NDArray[np.generic]
KEYWORDS = keywords_but()


class TextClassifier(ClassifierMixin, Estimator):
    """One model of a run, fitted on texts as a run fits it, with what turns raw text into its answers.

    It is an estimator of scikit-learn: `cross_val_score`, `GridSearchCV`, `Pipeline` and `CalibratedClassifierCV` take
    it. Validation documents, which choose strengths and epochs, are split off inside `fit`, from its documents alone.

    Parameters
    ----------
    model : str
        As a run names it: `tfidf`, `nbsvm`, `lstm:max@word2vec`. A network without a source reads the one that
        `embeddings auto` stands for.
    **settings
        Options of a run by their names, `seed=3`, and every other setting with its table before it,
        `networks__units=64`; docs/reference/configuration.md has them all.

    Attributes
    ----------
    classes_ : array, shape (C,)
        The labels, ascending, as they were given.
    notes_ : tuple of str
        What was found on the way, as sentences.

    Examples
    --------
    >>> texts = ["good film", "so good", "good plot", "bad film", "so bad", "bad plot"] * 3
    >>> labels = ["+", "+", "+", "-", "-", "-"] * 3
    >>> TextClassifier("tfidf").fit(texts, labels).predict(["a good one", "a bad one"]).tolist()
    ['+', '-']
    """

    keywords = KEYWORDS
    classes_: Labels
    notes_: tuple[str, ...]

    def __init__(self, model: str = "lstm:max@word2vec", **settings: object) -> None:
        super().__init__(model, **settings)

    def __sklearn_tags__(self) -> object:
        """Return what scikit-learn is told: the input is one text a document."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def fit(self, X: Texts, y: ArrayLike, **others: object) -> TextClassifier:
        """Fit the model on N texts and their labels, and return the estimator.

        Documents without text are left out, as a run leaves them out. Documents have no weights: a run has none either,
        and a weight that is passed over would change nothing without a word.

        Raises
        ------
        PipelineError
            For settings that are none, texts that are none, fewer than two classes, or a class with fewer than two
            different texts; it is a `ValueError` too.
        """
        _check_no_others(others)
        with as_invalid_input():
            config = self._config()
            classes, labels, sets = self._encode(y)
            texts = as_texts(X, "X")
            if len(texts) != len(labels):
                what = f"there are {len(labels):,} labels for {len(texts):,} texts"
                raise InvalidInput("one-label-a-text", "y", what, "give one label a text")
            written = (texts.str.strip_chars().str.len_bytes() > 0).to_numpy()
            names = tuple(map(str, classes.tolist()))
            kept = texts.filter(pl.Series(written))
            fitted = fit_model(kept, labels[written], names, config, _kind_of(classes), sets)
        self.classes_, self.notes_ = classes, fitted.notes
        left_out = len(texts) - int(written.sum())
        if left_out:
            self.notes_ = (f"{left_out:,} documents without text left out", *self.notes_)
        if fitted.why_not is not None:
            warnings.warn(f"{fitted.name} did not train: {fitted.why_not}", ConvergenceWarning, stacklevel=2)
        self._take(fitted)
        return self

    def _encode(self, y: ArrayLike) -> tuple[Labels, Int32, Bool | None]:
        """Return the classes, and the place of each document's among them; nothing of sets of labels."""
        return *_encoded(y), None

    def predict_proba(self, X: Texts) -> Float32:
        """Return each text's probabilities; float32 (N, C), a column for each of `classes_`."""
        check_is_fitted(self)
        return self._model.saved.answer(as_texts(X, "X"))

    def predict(self, X: Texts) -> Labels:
        """Return the likeliest label of each text, (N,)."""
        places = self.predict_proba(X).argmax(axis=1)
        answered: Labels = self.classes_[places]
        return answered

    def explain(self, text: str) -> Explanation:
        """Return what each word of a text adds to the answer; see `Model.explain`."""
        check_is_fitted(self)
        return self._model.explain(text)

    def _load(self, place: Path, name: str) -> None:
        self._model = Model(load_model(place, name))


def _check_no_others(others: Mapping[str, object]) -> None:
    """Raise InvalidInput for weights of documents, TypeError for what else `fit` does not take."""
    weights = others.get("sample_weight")
    unknown = [name for name in others if name != "sample_weight"]
    if unknown:
        raise TypeError(f"TextClassifier.fit() got an unexpected keyword argument {unknown[0]!r}")
    if weights is not None:
        fix = 'leave it out, or weigh classes: TextClassifier(..., run__class_weights="balanced")'
        raise InvalidInput("no-sample-weights", "sample_weight", "documents have no weights in a run", fix)


def _kind_of(classes: Labels) -> str:
    """Return what labels are, by the name of `LABEL_KINDS`; "str" where they are none of these."""
    kinds = {type(label).__name__ for label in classes.tolist()}
    return next(iter(kinds)) if len(kinds) == 1 and kinds <= {*LABEL_KINDS} else "str"


def _encoded(y: ArrayLike) -> tuple[Labels, Int32]:
    """Return the classes (C,), and the place among them of each document's label, int32 (N,)."""
    if y is None:
        what = "it requires y to be passed, but the target y is None"
        raise InvalidInput("one-label-a-text", "y", what, "give one label a text")
    labels = column_or_1d(y, warn=True)
    assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    classes, places = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        only = f"one class, {classes.tolist()[0]!r}" if len(classes) else "no documents"
        raise InvalidInput("one-class", "y", f"there is {only}", "give documents of two classes or more")
    return classes, places.astype(np.int32)


TextClassifier.__signature__ = Signature(  # what `help` and editors show
    [
        Parameter("model", Parameter.POSITIONAL_OR_KEYWORD, default="lstm:max@word2vec", annotation=str),
        *parameters(KEYWORDS),
    ]
)
TextClassifier.__doc__ = with_keywords(TextClassifier.__doc__, KEYWORDS)
