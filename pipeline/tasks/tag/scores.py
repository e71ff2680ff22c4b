"""Tags of words > how many spans are found: precision, recall and F1 as the official scorer counts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Bool, Int64
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.tasks.tag.schemes import cannot_follow
from pipeline.tasks.tag.spans import Spans, spans_of


@dataclass(frozen=True, eq=False)
class SpanCounts:
    """How many spans were found; arrays of one shape, a place for each sentence or for each type."""

    hits: Int64  # right: beginning, end and type
    predicted: Int64
    there: Int64  # that are to be found

    @property
    def wrong(self) -> int:
        """How many were missed, and how many are not there, together."""
        return int(self.predicted.sum() + self.there.sum() - 2 * self.hits.sum())

    @property
    def f1(self) -> float:
        """F1 of all of them together; 0 where there is no span at all."""
        both = int(self.predicted.sum() + self.there.sum())
        return 2.0 * int(self.hits.sum()) / both if both else 0.0


@dataclass(frozen=True, eq=False)
class TagScores:
    """What a tagger's answers are worth; rates are fractions of 1.

    Attributes
    ----------
    n_sentences, n_words : how many were tagged
    accuracy : share of the words whose tag is right
    sentences_right : share of the sentences of which every tag is right
    precision, recall, f1 : of the spans; a span is right if its beginning, its end and its type are
    by_type : the same counts by type, (K,), types as in `TagSet.type_names`
    invalid : sentences in which a tag cannot follow the one before
    """

    n_sentences: int
    n_words: int
    accuracy: float
    sentences_right: float
    precision: float
    recall: float
    f1: float
    by_type: SpanCounts
    invalid: int

    @property
    def words_wrong(self) -> int:
        """How many words have a wrong tag."""
        return round((1 - self.accuracy) * self.n_words)


def score(answers: TagAnswers) -> TagScores:
    """Return the scores of one set of answers.

    Raises
    ------
    ValueError
        If there is no word.
    """
    if len(answers.labels) == 0:
        raise ValueError("no words to score")
    by_type = counts_by_type(answers)
    hits, predicted, there = (int(found.sum()) for found in (by_type.hits, by_type.predicted, by_type.there))
    return TagScores(
        n_sentences=len(answers.documents),
        n_words=len(answers.labels),
        accuracy=float((answers.predicted == answers.labels).mean()),
        sentences_right=float(all_right(answers).mean()),
        precision=hits / predicted if predicted else 0.0,
        recall=hits / there if there else 0.0,
        f1=by_type.f1,
        by_type=by_type,
        invalid=int(invalid_sentences(answers).sum()),
    )


def counts_by_sentence(answers: TagAnswers) -> SpanCounts:
    """Return the spans of each sentence, (N,)."""
    predicted, there = _both(answers)
    right, of = _is_hit(predicted, there, len(answers.labels)), answers.document_of

    def count(starts: Int64) -> Int64:
        return np.bincount(of[starts], minlength=len(answers.documents)).astype(np.int64)

    return SpanCounts(count(predicted.starts[right]), count(predicted.starts), count(there.starts))


def counts_by_type(answers: TagAnswers) -> SpanCounts:
    """Return the spans of each type, (K,)."""
    predicted, there = _both(answers)
    right = _is_hit(predicted, there, len(answers.labels))
    hits, said, wanted = (
        np.bincount(types, minlength=len(answers.tagset.type_names)).astype(np.int64)
        for types in (predicted.types[right], predicted.types, there.types)
    )
    return SpanCounts(hits, said, wanted)


def _both(answers: TagAnswers) -> tuple[Spans, Spans]:
    """Return the spans that were predicted, and those that are there."""
    predicted, there = (
        spans_of(answers.tagset, tags, answers.offsets) for tags in (answers.predicted, answers.labels)
    )
    return predicted, there


def _is_hit(predicted: Spans, there: Spans, n_words: int) -> Bool:
    """Return which of the predicted spans are there with the same beginning, end and type; bool (L,)."""
    at = there.begins(n_words)[predicted.starts]  # (L,)
    if not len(there):
        return at >= 0
    found: Bool = (at >= 0) & (there.ends[at] == predicted.ends) & (there.types[at] == predicted.types)
    return found


def words_right(answers: TagAnswers) -> Int64:
    """Return how many words of each sentence have the right tag; int64 (N,)."""
    right = answers.predicted == answers.labels
    return np.bincount(answers.document_of, right, len(answers.documents)).astype(np.int64)


def all_right(answers: TagAnswers) -> Bool:
    """Return of which sentences every tag is right; bool (N,)."""
    found: Bool = words_right(answers) == np.diff(answers.offsets)
    return found


def invalid_sentences(answers: TagAnswers) -> Bool:
    """Return in which sentences a predicted tag cannot follow the one before; bool (N,)."""
    wrong = cannot_follow(answers.tagset, answers.predicted, answers.offsets)
    found: Bool = np.bincount(answers.document_of, wrong, len(answers.documents)) > 0
    return found
