"""What a service takes and gives by the kind of its model: an entry a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pipeline.core.files import Json
from pipeline.models.saved import Saved, SavedModel, SavedTagger
from pipeline.predict.unlike import Usual
from pipeline.serve.answers import Answer, Answerer
from pipeline.serve.questions import EXAMPLE, Asked, Question
from pipeline.serve.schemas import ANSWER, TAGGED
from pipeline.serve.tags import TagAnswerer, TagQuestion

Answers = Callable[[Sequence[Asked]], list[list[Answer]]]  # an answer to each sentence of each question


@dataclass(frozen=True)
class Kind:
    """An entry.

    Attributes
    ----------
    question : what a body has to be
    example : one such, as JSON
    summary : what is answered, in words
    answer : the schema of one answer
    page, script : of the page to try it
    """

    question: type[Asked]
    example: str
    summary: str
    answer: Mapping[str, Json]
    page: str
    script: str


OF_DOCUMENTS = Kind(
    Question,
    EXAMPLE,
    "The label of each text, and how probable every label is.",
    ANSWER,
    "try.html.j2",
    "page.js",
)
OF_WORDS = Kind(
    TagQuestion,
    '{"tokens": [["Ida", "sings"]]}',
    "The tag of each word of each text or list of words, and the spans that they make.",
    TAGGED,
    "try-tags.html.j2",
    "tags.js",
)


def kind_of(model: Saved) -> Kind:
    """Return what a service of a model takes and gives."""
    return OF_WORDS if isinstance(model, SavedTagger) else OF_DOCUMENTS


def answerer_of(model: Saved, usual: Usual) -> Answers:
    """Return what answers questions with a model."""
    if isinstance(model, SavedTagger):
        return cast(Answers, TagAnswerer(model))
    assert isinstance(model, SavedModel)
    return cast(Answers, Answerer(model, usual))  # each is asked questions of its own kind alone
