"""Questions to a tagger, and its answers: words or raw texts in, a tag for each word and spans out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Self

import polars as pl
from pydantic import ConfigDict, FailFast, Field, model_validator

from pipeline.models.saved import SavedTagger
from pipeline.predict.tagged.answers import answer
from pipeline.predict.tagged.sentences import Sentences, offsets_of
from pipeline.serve.answers import Answer
from pipeline.serve.questions import Asked


class TagQuestion(Asked):
    """The body of `POST /predict`, where a tagger answers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    texts: Annotated[
        list[str] | None,
        FailFast(),
        Field(description="Raw texts, one string each: each is one sentence, and is cut into words."),
    ] = None
    tokens: Annotated[
        list[list[str]] | None,
        FailFast(),
        Field(description="Or sentences that are cut already: a list of words each."),
    ] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.texts is None) == (self.tokens is None):
            raise ValueError("texts or tokens")
        return self

    def sizes(self) -> list[tuple[str, int]]:
        """Return the place and the characters of each sentence."""
        texts = [(f"texts[{place}]", len(text)) for place, text in enumerate(self.texts or ())]
        words = enumerate(self.tokens or ())
        return texts + [(f"tokens[{place}]", sum(len(word) + 1 for word in own)) for place, own in words]


@dataclass(frozen=True, eq=False)
class TagAnswerer:
    """What a tagger says of the sentences of questions."""

    model: SavedTagger

    def __call__(self, questions: Sequence[TagQuestion]) -> list[list[Answer]]:
        """Return the answers to each question's sentences; all of raw texts go through the model at once."""
        texts = pl.Series([text for question in questions for text in question.texts or ()], dtype=pl.String)
        cut = self.model.tokenize(texts)
        raw = Sentences(
            cut.types.gather(cut.token_types).to_list(),
            cut.offsets,
            {},
            beside=(pl.DataFrame(), self.model.read(texts).to_list()),
        )
        given = [words for question in questions for words in question.tokens or ()]
        words = Sentences([word for own in given for word in own], offsets_of([*map(len, given)]), {})
        of_texts, of_tokens = (self._of(one) for one in (raw, words))
        return [
            [next(of_tokens if question.texts is None else of_texts) for _ in question.sizes()]
            for question in questions
        ]

    def _of(self, sentences: Sentences) -> Iterator[Answer]:
        """Yield the answer to each sentence, as JSON has it."""
        answered, offsets = answer(self.model, sentences), sentences.offsets.tolist()
        for place, spans in enumerate(answered.spans()):
            own = slice(offsets[place], offsets[place + 1])
            yield {
                "tokens": list(sentences.words[own]),
                "tags": [str(name) for name in answered.names[own]],
                "confidence": [float(share) for share in answered.confidence[own]],
                "spans": [span.as_json() for span in spans],
            }
