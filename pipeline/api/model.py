"""A trained model, asked from Python: labels, probabilities, and what each word adds to an answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from html import escape
from numbers import Integral
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.api.documents import Texts, as_texts
from pipeline.api.errors import InvalidInput, as_invalid_input
from pipeline.api.tagger import Tagger
from pipeline.core.values import LABEL_KINDS, Float32
from pipeline.models.saved import SavedModel, SavedTagger, load_saved

Label = str | int | float  # bool too
Labels = NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Explanation:
    """One text and its answer, word by word.

    Attributes
    ----------
    predicted : str, or as labels were given to `TextClassifier`
        The label of the highest probability.
    probability : float
    words : polars.DataFrame (T, 2)
        `word`, and what it `adds` for `predicted`, in logits against the mean of the other labels; null for a word
        that the model does not read.
    base : float or None
        The score without any word: with the words' it makes up the score of the answer. None for networks, whose
        words are exchanged one at a time: two that say the same share nothing; and of a text without words.
    """

    predicted: Label
    probability: float
    words: pl.DataFrame
    base: float | None

    def __str__(self) -> str:
        """Return the answer, and the words with what they add, most first."""
        most = self.words.drop_nulls().sort(pl.col("adds").abs(), descending=True, maintain_order=True)
        lines = [f"{adds:+8.2f}  {word}" for word, adds in most.iter_rows()]
        return "\n".join([f"{self.predicted}  {self.probability:.1%}", *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(word)}</td><td>{'' if adds is None else f'{adds:+.2f}'}</td></tr>"
            for word, adds in self.words.iter_rows()
        )
        head = f"<b>{escape(str(self.predicted))}</b> {self.probability:.1%}"
        return f"<p>{head}</p><table><tr><th>word</th><th>adds</th></tr>{rows}</table>"


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model; it answers in NumPy, without TensorFlow.

    Attributes
    ----------
    name : str
        As the run names it, such as `lstm:max@word2vec`.
    classes_ : array, shape (C,)
        The labels, in the order of the columns of `predict_proba`: str, or numbers as `TextClassifier` was given.

    Notes
    -----
    A pickle of it, as joblib makes one for its processes, holds where the model lies and not the model: it is loaded
    again from there.
    """

    saved: SavedModel = field(repr=False)
    reload: Callable[[], object] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The model as the run names it."""
        return self.saved.name

    @property
    def classes_(self) -> Labels:
        """The labels, (C,)."""
        kind = self.saved.writing.labels
        labels = [LABEL_KINDS[kind](name) for name in self.saved.label_names]
        return np.array(labels, dtype=object if kind == "str" else None)

    def __reduce__(self) -> tuple[Callable[[], object], tuple[()]]:
        """Return what loads it again."""
        if self.reload is None:
            raise InvalidInput(
                "model-in-no-folder", self.name, "it lies in no folder to load it from again", "save it first"
            )
        return self.reload, ()

    def __copy__(self) -> Model:
        """Return itself: nothing of it changes."""
        return self

    def __deepcopy__(self, memo: object) -> Model:
        """Return itself: nothing of it changes."""
        return self

    def __repr__(self) -> str:
        """Return its name and labels."""
        return f"Model({self.name!r}, classes_={list(self.saved.label_names)})"

    def predict_proba(self, texts: Texts) -> Float32:
        """Return each text's probabilities; float32 (N, C), a column for each of `classes_`.

        A text has the same answer, to the last bit, whatever stands beside it.

        Parameters
        ----------
        texts : N strings
            A list, an array, or a column of Polars or pandas.

        Raises
        ------
        PipelineError
            If `texts` is a single text, or holds something that is none.
        """
        return self.saved.answer(as_texts(texts))

    def predict(self, texts: Texts) -> Labels:
        """Return the likeliest label of each text; array of the kind of `classes_`, shape (N,).

        A model that gives several labels returns a list with a tuple of them for each text.
        """
        probabilities = self.predict_proba(texts)
        if self.saved.gives_labels:
            names = self.classes_.tolist()
            given = self.saved.given(probabilities)
            return [tuple(names[place] for place in np.flatnonzero(row).tolist()) for row in given]  # type: ignore[return-value]
        answered: Labels = self.classes_[probabilities.argmax(axis=1)]
        return answered

    def explain(self, text: str) -> Explanation:
        """Return what each word of a text adds to the answer.

        Raises
        ------
        PipelineError
            If the model cannot tell: it gives every text the same answer, or reads its words shuffled.
        """
        if self.saved.method is None:
            raise InvalidInput(
                "no-word-contributions",
                self.name,
                "it cannot say what a word adds to its answer",
                "ask another model",
            )
        documents = as_texts([text], "text")
        tokenized = self.saved.tokenize(documents)
        words = tokenized.types.gather(tokenized.token_types).alias("word")
        if words.is_empty():
            (probabilities,) = self.saved.answer(documents)  # (C,)
            nothing = pl.DataFrame([words, pl.Series("adds", [], dtype=pl.Float64)])
            return Explanation(self.predict([text]).tolist()[0], float(probabilities.max()), nothing, None)
        (found,) = self.saved.contributions(tokenized)
        adds = pl.Series("adds", found.words, dtype=pl.Float64).fill_nan(None)
        predicted = self.classes_.tolist()[found.predicted]
        return Explanation(predicted, found.probability, pl.DataFrame([words, adds]), found.base)


def load_model(
    place: str | os.PathLike[str],
    name: str | None = None,
    *,
    seed: int | None = None,
    fold: int | None = None,
    ensemble: bool = False,
) -> Model | Tagger:
    """Return a model that a run, `save` of an estimator or `export` wrote; of a run on words with tags a `Tagger`.

    Parameters
    ----------
    place : path
        A run folder, a model's own in its `models/`, or a bundle.
    name : str, optional
        Which model, such as `lstm:max@word2vec`; needed where there are several.
    seed, fold : int, optional
        Which training, from 0; the first unless told.
    ensemble : bool
        All seeds as one model, whose probabilities are the mean of theirs.

    Raises
    ------
    PipelineError
        If there is no such model or training, or a file of it is missing, damaged or of another version.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pipeline import TextClassifier
    >>> fitted = TextClassifier("tfidf").fit(["good film", "so good", "bad film", "so bad"], ["+", "+", "-", "-"])
    >>> with TemporaryDirectory() as folder:
    ...     fitted.save(folder)
    ...     load_model(folder).predict(["a good one"]).tolist()
    ['+']
    """
    _check_arguments(place, name, seed, fold)
    again = partial(
        load_model,
        os.path.abspath(place),
        name,
        seed=seed,
        fold=fold,
        ensemble=ensemble,
    )
    with as_invalid_input() if ensemble and seed is not None else nullcontext():
        saved = load_saved(Path(place), name, seed=seed, fold=fold, ensemble=ensemble)
    if isinstance(saved, SavedTagger):
        return Tagger(saved, again)
    assert isinstance(saved, SavedModel)
    return Model(saved, again)


def _check_arguments(place: object, name: object, seed: object, fold: object) -> None:
    """Raise InvalidInput where an argument is of another type than it has to be."""
    if not isinstance(place, str | os.PathLike):
        what = f"{place!r} is no path"
        raise InvalidInput(
            "wrong-argument", "place", what, "give a run folder, a model's own folder or a bundle"
        )
    if not isinstance(name, str | None):
        raise InvalidInput(
            "wrong-argument", "name", f"{name!r} is no name of a model", 'give one such as "tfidf"'
        )
    for argument, value in (("seed", seed), ("fold", fold)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, Integral)):
            raise InvalidInput(
                "number-out-of-range",
                argument,
                f"{value!r} is no number of one",
                "give a whole number from 0 on",
            )
