"""Questions > answers: the model's distribution of each text, its label, what is new in it, the words that decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.files import Json
from pipeline.core.values import Float32
from pipeline.models.saved import SavedModel
from pipeline.predict.answers import surest
from pipeline.predict.unlike import Usual, describe_unlike
from pipeline.serve.questions import Question
from pipeline.serve.words import explain

Answer = dict[str, Json]  # what is said of one text


@dataclass(frozen=True, eq=False)
class Answerer:
    """What a model says of the texts of questions.

    Attributes
    ----------
    model : of any kind
    usual : what the documents of its run are like
    """

    model: SavedModel
    usual: Usual

    def __call__(self, questions: Sequence[Question]) -> list[list[Answer]]:
        """Return the answers to each question's texts; all texts go through the model at once."""
        texts = pl.Series([text for question in questions for text in question.texts], dtype=pl.String)
        tokenized = self.model.tokenize(texts)
        shares = self.model.answer_tokens(tokenized)  # (N, C)
        unlike = describe_unlike(tokenized, self.model.words, self.usual)
        found = zip(shares, unlike, strict=True)
        return [[*self._of(question, found)] for question in questions]

    def _of(self, question: Question, found: Iterator[tuple[Float32, str]]) -> Iterator[Answer]:
        """Yield the answers to a question's texts, of which what was found comes next."""
        words = explain(self.model, question.texts) if question.explain else None
        for place, _ in enumerate(question.texts):
            shares, unlike = next(found)
            answer = self._written(shares, question.top) | {"unlike_training": unlike or None}
            yield answer if words is None else answer | {"explanation": words[place]}

    def _written(self, shares: Float32, top: int | None) -> Answer:
        """Return one text's distribution (C,) in words: all labels in the model's order, or the first of the best."""
        places = range(len(shares)) if top is None else np.argsort(-shares, kind="stable")[:top]
        probabilities: Json = {self.model.label_names[place]: float(shares[place]) for place in places}
        if self.model.gives_labels:
            given = self.model.given(shares[None])  # (1, C)
            names: Json = [self.model.label_names[place] for place in np.flatnonzero(given[0]).tolist()]
            confidence = float(surest(shares[None], given)[0])
            return {"labels": names, "probabilities": probabilities, "confidence": confidence}
        best = int(shares.argmax())
        label = self.model.label_names[best]
        return {"label": label, "probabilities": probabilities, "confidence": float(shares[best])}
