"""Documents > answers: one table of columns beside the rows, whatever the input and the output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.clean import clean
from pipeline.core.values import Bool, Float32, TokenizedCorpus
from pipeline.models.saved import SavedModel
from pipeline.predict.columns import Documents
from pipeline.predict.unlike import Usual, describe_unlike
from pipeline.tasks.multilabel.columns import as_lists
from pipeline.text.ragged import alone

PREDICTED, CONFIDENCE, UNLIKE, REASON = "predicted", "confidence", "unlike training", "reason"
FOR, AGAINST = "words for", "words against"
NOT_SURE = "not sure enough"
WORDS_SHOWN = 5
NO_WORDS = ""


@dataclass(frozen=True)
class Wanted:
    """What is asked of answers beside the answer.

    Attributes
    ----------
    top : how many labels, most probable first; None: the probability of each label
    explain : whether the words that speak for and against the answer are named
    least_confidence : below it no answer is given
    """

    top: int | None = None
    explain: bool = False
    least_confidence: float | None = None


@dataclass(frozen=True, eq=False)
class Answered:
    """The answers to some documents: their columns, and the probabilities that they come from."""

    documents: Documents
    columns: pl.DataFrame  # (N, ..), see `answer_columns`
    probabilities: Float32  # (N, C)
    given: pl.Series  # boolean (N,): whether an answer is given
    names: Bool  # (N, C), which labels are given


def answer_columns(labels: Sequence[str], wanted: Wanted) -> list[str]:
    """Return the names of the columns that answers add."""
    shares = [f"p({label})" for label in labels]
    if wanted.top is not None:
        places = range(1, min(wanted.top, len(labels)) + 1)
        shares = [name for place in places for name in (f"top {place}", f"p(top {place})")]
    explained = [FOR, AGAINST] if wanted.explain else []
    return [PREDICTED, *shares, CONFIDENCE, UNLIKE, *explained, REASON]


def answer(model: SavedModel, documents: Documents, wanted: Wanted, usual: Usual) -> Answered:
    """Return the answers to documents; of a broken row, or where the model is not sure enough, the reason alone."""
    tokenized = model.tokenize(documents.texts)
    probabilities = model.answer_tokens(tokenized)  # (N, C)
    given_names = model.given(probabilities)  # (N, C)
    confidence = (
        surest(probabilities, given_names) if model.gives_labels else probabilities.max(axis=1)
    )  # (N,)
    reasons: list[str | None] = [None] * len(confidence)
    if wanted.least_confidence is not None:
        for place in np.flatnonzero(confidence < np.float32(wanted.least_confidence)).tolist():
            reasons[place] = NOT_SURE
    for place, why in documents.broken.items():
        reasons[place] = why
    reason = pl.Series(REASON, reasons, dtype=pl.String)
    broken = pl.Series(np.isin(np.arange(len(reasons)), list(documents.broken)))
    given = reason.is_null()
    labels = pl.Series(model.label_names, dtype=pl.String)
    if model.gives_labels:
        predicted = pl.Series(as_lists(given_names, model.label_names), dtype=pl.String)
    else:
        predicted = labels.gather(probabilities.argmax(axis=1))
    predicted = predicted.set(~given, None).alias(PREDICTED)
    shares = _shares(probabilities, labels, wanted)
    beside = [pl.Series(CONFIDENCE, confidence), describe_unlike(tokenized, model.words, usual)]
    if wanted.explain:
        beside += _explained(model, tokenized)
    known = [column.set(broken, None) for column in (*shares, *beside)]
    table = pl.DataFrame([predicted, *known, reason])
    return Answered(documents, table, probabilities, given, given_names)


def surest(probabilities: Float32, given: Bool) -> Float32:
    """Return how sure the least sure answer to each document is, of one a label; float32 (N,).

    >>> surest(np.array([[0.9, 0.25]]), np.array([[True, False]])).tolist()
    [0.75]
    """
    sure: Float32 = np.where(given, probabilities, 1 - probabilities).min(axis=1)
    return sure


def _shares(probabilities: Float32, labels: pl.Series, wanted: Wanted) -> list[pl.Series]:
    """Return a column of probabilities for each label, or the most probable labels with theirs."""
    if wanted.top is None:
        return [
            pl.Series(f"p({label})", np.ascontiguousarray(probabilities[:, place]))
            for place, label in enumerate(labels)
        ]
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, : wanted.top]  # (N, K)
    columns = []
    for place in range(order.shape[1]):
        own = order[:, place]
        columns += [
            labels.gather(own).alias(f"top {place + 1}"),
            pl.Series(f"p(top {place + 1})", probabilities[np.arange(len(own)), own]),
        ]
    return columns


def _explained(model: SavedModel, tokenized: TokenizedCorpus) -> list[pl.Series]:
    """Return the words that speak most for each answer, and most against it; empty where a model cannot say."""
    columns: tuple[list[str], list[str]] = ([], [])
    for document in range(len(tokenized.offsets) - 1):
        own = alone(tokenized, document)
        for column, words in zip(columns, _for_and_against(model, own), strict=True):
            column.append(words)
    return [pl.Series(name, own, dtype=pl.String) for name, own in zip((FOR, AGAINST), columns, strict=True)]


def _for_and_against(model: SavedModel, document: TokenizedCorpus) -> tuple[str, str]:
    if model.method is None or not len(document.token_types):
        return NO_WORDS, NO_WORDS
    (found,) = model.contributions(document)
    words = document.types.gather(document.token_types).to_list()
    scores: dict[str, float] = {}
    for word, score in zip(words, found.words.tolist(), strict=True):
        if not math.isnan(score):  # a word that the model does not read has none
            scores[word] = scores.get(word, 0.0) + score
    ordered = sorted(scores.items(), key=lambda pair: -pair[1])
    speaking_for = [pair for pair in ordered if pair[1] > 0][:WORDS_SHOWN]
    against = [pair for pair in reversed(ordered) if pair[1] < 0][:WORDS_SHOWN]
    return _said(speaking_for), _said(against)


def _said(words: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{clean(word)} {score:+.2f}" for word, score in words)
