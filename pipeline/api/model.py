"""A trained model, asked from Python: labels, probabilities, and what each word adds to an answer."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.api.documents import Texts, as_texts
from pipeline.api.errors import InvalidInput
from pipeline.core.values import Float32
from pipeline.models.saved import SavedModel
from pipeline.models.saved import load_model as load_saved
from pipeline.text.tokenizer import tokenize

Labels = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Explanation:
    """One text and its answer, word by word.

    Attributes
    ----------
    predicted : str
        The label of the highest probability.
    probability : float
    words : polars.DataFrame (T, 2)
        `word`, and what it `adds` for `predicted`, in logits against the mean of the other labels; null for a word
        that the model does not read.
    base : float or None
        The score without any word: with the words' it makes up the score of the answer. None for networks, whose
        words are exchanged one at a time: two that say the same share nothing; and of a text without words.
    """

    predicted: str
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
        head = f"<b>{escape(self.predicted)}</b> {self.probability:.1%}"
        return f"<p>{head}</p><table><tr><th>word</th><th>adds</th></tr>{rows}</table>"


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model; it answers in NumPy, without TensorFlow.

    Attributes
    ----------
    name : str
        As the run names it, such as `lstm:max@word2vec`.
    classes_ : array of str, shape (C,)
        The labels, in the order of the columns of `predict_proba`.
    """

    saved: SavedModel = field(repr=False)

    @property
    def name(self) -> str:
        """The model as the run names it."""
        return self.saved.name

    @property
    def classes_(self) -> Labels:
        """The labels, (C,)."""
        return np.array(self.saved.label_names, dtype=object)

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
        """Return the likeliest label of each text; array of str, shape (N,)."""
        answered: Labels = self.classes_[self.predict_proba(texts).argmax(axis=1)]
        return answered

    def explain(self, text: str) -> Explanation:
        """Return what each word of a text adds to the answer.

        Raises
        ------
        PipelineError
            If the model cannot tell: it gives every text the same answer, or reads its words shuffled.
        """
        if self.saved.method is None:
            raise InvalidInput(self.name, "it cannot say what a word adds to its answer", "ask another model")
        documents = as_texts([text], "text")
        tokenized = tokenize(documents, self.saved.tokenizer)
        words = tokenized.types.gather(tokenized.token_types).alias("word")
        if words.is_empty():
            (probabilities,) = self.saved.answer(documents)  # (C,)
            nothing = pl.DataFrame([words, pl.Series("adds", [], dtype=pl.Float64)])
            return Explanation(self.predict([text])[0], float(probabilities.max()), nothing, None)
        (found,) = self.saved.contributions(tokenized)
        adds = pl.Series("adds", found.words, dtype=pl.Float64).fill_nan(None)
        predicted = self.saved.label_names[found.predicted]
        return Explanation(predicted, found.probability, pl.DataFrame([words, adds]), found.base)


def load_model(
    place: str | os.PathLike[str],
    name: str | None = None,
    *,
    seed: int | None = None,
    fold: int | None = None,
    ensemble: bool = False,
) -> Model:
    """Return a model that a run, `TextClassifier.save` or `export` wrote.

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
    return Model(load_saved(Path(place), name, seed=seed, fold=fold, ensemble=ensemble))
