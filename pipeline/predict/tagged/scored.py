"""Answers and the tags that stand there already > how many spans were found, and how many tags are right."""

from __future__ import annotations

import numpy as np

from pipeline.core.clean import plural
from pipeline.core.ragged import places_of
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
        of = answered.sentences
        if of.right is None:
            return
        lacking = np.array([tag is None for tag in of.right], dtype=np.bool_)
        tagged = [
            place
            for place in of.whole.tolist()
            if not lacking[of.offsets[place] : of.offsets[place + 1]].any()
        ]
        places, offsets = places_of(of.offsets, np.array(tagged, dtype=np.int64))
        if not len(places):
            return
        names, right = self._as_the_model(
            answered, [str(of.right[place]) for place in places.tolist()], offsets
        )
        said = answered.tags[places]
        answers = TagAnswers(
            np.arange(len(tagged), dtype=np.int64),
            offsets,
            right,
            said,
            np.eye(len(names), dtype=np.float32)[said],
            names,
            hard=True,
        )
        counts = counts_by_sentence(answers)
        self._spans |= answers.tagset.scheme != "plain"
        self._hits += int(counts.hits.sum())
        self._predicted += int(counts.predicted.sum())
        self._there += int(counts.there.sum())
        self._words += len(places)
        self._right += int((right == said).sum())
        self._sentences += len(tagged)

    def _as_the_model(
        self, answered: Answered, written: list[str], offsets: np.ndarray
    ) -> tuple[tuple[str, ...], np.ndarray]:
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

    def words(self) -> str:
        """Return the scores as a line for a person; empty where nothing was counted."""
        if not self._words:
            return ""
        accuracy = f"{100 * self._right / self._words:.1f} % of {plural(self._words, 'tag')} right"
        both = self._predicted + self._there
        f1 = f"span F1 {100 * 2 * self._hits / both:.1f} %, " if self._spans and both else ""
        return f"Scores on {plural(self._sentences, 'sentence')} with an answer and tags: {f1}{accuracy}."
