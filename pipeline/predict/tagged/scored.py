"""Answers and the tags that stand there already > how many spans were found, and how many tags are right."""

from __future__ import annotations

import numpy as np

from pipeline.core.clean import plural
from pipeline.core.ragged import places_of
from pipeline.core.values import Int32, Int64
from pipeline.predict.tagged.answers import Answered
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.tasks.tag.schemes import Scheme, find_scheme
from pipeline.tasks.tag.scores import counts_by_sentence
from pipeline.tasks.tag.spans import rewritten


class Scored:
    """What is counted of sentences whose words all have a tag already; sentences without an answer are left out."""

    def __init__(self) -> None:
        self._hits = self._predicted = self._there = 0
        self._words = self._right = self._sentences = 0
        self._spans = False

    def count(self, answered: Answered) -> None:
        """Count some answers."""
        answers = as_answers(answered)
        if answers is None:
            return
        counts = counts_by_sentence(answers)
        self._spans |= answers.tagset.scheme != "plain"
        self._hits += int(counts.hits.sum())
        self._predicted += int(counts.predicted.sum())
        self._there += int(counts.there.sum())
        self._words += len(answers.labels)
        self._right += int((answers.labels == answers.predicted).sum())
        self._sentences += len(answers.documents)

    def words(self) -> str:
        """Return the scores as a line for a person; empty where nothing was counted."""
        if not self._words:
            return ""
        accuracy = f"{100 * self._right / self._words:.1f} % of {plural(self._words, 'tag')} right"
        both = self._predicted + self._there
        f1 = f"span F1 {100 * 2 * self._hits / both:.1f} %, " if self._spans and both else ""
        return f"Scores on {plural(self._sentences, 'sentence')} with an answer and tags: {f1}{accuracy}."


def as_answers(answered: Answered) -> TagAnswers | None:
    """Return answers with the tags that stand there already, tags of the model first; None where none can be scored."""
    of = answered.sentences
    if of.right is None:
        return None
    lacking = np.array([tag is None for tag in of.right], dtype=np.bool_)
    bounds = zip(of.offsets[of.whole], of.offsets[of.whole + 1], strict=True)
    tagged = of.whole[[not lacking[start:end].any() for start, end in bounds]]
    places, offsets = places_of(of.offsets, tagged)
    if not len(places):
        return None
    names, right = _as_the_model(answered, [str(of.right[place]) for place in places.tolist()], offsets)
    said = answered.tags[places]
    certain = np.eye(len(names), dtype=np.float32)[said]  # (M, C)
    return TagAnswers(tagged, offsets, right, said, certain, names, hard=True)


def _as_the_model(answered: Answered, written: list[str], offsets: Int64) -> tuple[tuple[str, ...], Int32]:
    """Return the names of all tags, those of the model first, and what is right in the scheme of the model."""
    found = tuple(sorted({*written}))
    numbers = {tag: number for number, tag in enumerate(found)}
    tags = np.array([numbers[tag] for tag in written], dtype=np.int32)
    scheme: Scheme = answered.model.tagset.scheme
    tagset = find_scheme(found, tags, offsets)
    if scheme != "plain" and tagset.scheme != "plain":
        tagset, tags = rewritten(tagset, tags, offsets, scheme)
    own = answered.model.label_names
    names = (*own, *(name for name in tagset.names if name not in own))
    place_of = np.array([names.index(name) for name in tagset.names], dtype=np.int32)
    return names, place_of[tags]
