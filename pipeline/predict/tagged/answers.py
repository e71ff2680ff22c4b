"""Sentences > tags and spans, each with how sure it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl

from pipeline.core.files import Json
from pipeline.core.values import Float32, Int32
from pipeline.interpret.contributions.places import blank_out, place_tokens
from pipeline.models.saved import SavedTagger
from pipeline.predict.tagged.sentences import Sentences
from pipeline.tasks.tag.schemes import OUTSIDE, TagSet
from pipeline.tasks.tag.spans import spans_of
from pipeline.text.tokenizer import HTML_BREAK
from pipeline.text.unicode import one_form

PLACES = 6  # decimals of a share in a file


@dataclass(frozen=True)
class Span:
    """A span that was found in one sentence.

    Attributes
    ----------
    type : such as PER
    start, end : its words, from 0; `end` is behind the last one
    text : its words
    confidence : the share of the tag of its least sure word
    characters : where it stands in a raw text; None in a sentence that came as words
    """

    type: str
    start: int
    end: int
    text: str
    confidence: float
    characters: tuple[int, int] | None = None

    def as_json(self) -> dict[str, Json]:
        """Return it as an object of JSON."""
        own: dict[str, Json] = {"type": self.type, "start": self.start, "end": self.end, "text": self.text}
        own["confidence"] = round(self.confidence, PLACES)
        if self.characters is not None:
            own |= {"start_character": self.characters[0], "end_character": self.characters[1]}
        return own


@dataclass(frozen=True, eq=False)
class Answered:
    """The answers to some sentences; of the words of broken ones there are none.

    Attributes
    ----------
    tags : int32 (M,), a place among the model's tags, -1 for a word that is not answered
    confidence : float32 (M,), the share of that tag
    """

    model: SavedTagger
    sentences: Sentences
    tags: Int32
    confidence: Float32

    @cached_property
    def names(self) -> list[str | None]:
        """The tag of each word, (M,)."""
        names = [*self.model.label_names, None]
        return [names[tag] for tag in self.tags.tolist()]

    def spans(self) -> Iterator[list[Span]]:
        """Yield the spans of each sentence."""
        of, tagset = self.sentences, self.model.tagset
        by_sentence: list[list[Span]] = [[] for _ in range(of.n)]
        if tagset.scheme != "plain":  # tags of words alone make no spans of several
            names = TagSet(
                (*tagset.names, OUTSIDE), tagset.scheme
            )  # the last one for words that are not answered
            tags = np.where(self.tags < 0, len(tagset.names), self.tags).astype(np.int32)
            found = spans_of(names, tags, of.offsets)
            sentence_of = np.searchsorted(of.offsets, found.starts, side="right") - 1
            for place, start, end, kind in zip(
                sentence_of.tolist(),
                found.starts.tolist(),
                found.ends.tolist(),
                found.types.tolist(),
                strict=True,
            ):
                first, sure = int(of.offsets[place]), float(self.confidence[start:end].min())
                text = " ".join(of.words[start:end])
                by_sentence[place].append(
                    Span(names.type_names[kind], start - first, end - first, text, sure)
                )
        yield from self._placed(by_sentence)

    def _placed(self, by_sentence: Sequence[list[Span]]) -> Iterator[list[Span]]:
        """Yield the spans of raw texts with their places there, as far as the words are found in the text."""
        if self.sentences.beside is None:
            yield from by_sentence
            return
        tokenizer = self.model.tokenizer
        forms = one_form(pl.Series(self.sentences.beside[1], dtype=pl.String), tokenizer).to_list()
        bounds = pairwise(self.sentences.offsets.tolist())
        for spans, form, (start, end) in zip(by_sentence, forms, bounds, strict=True):
            text = blank_out(HTML_BREAK, form) if tokenizer.html_breaks else form
            words = self.sentences.words[start:end]
            places = place_tokens(text, words, lowercase=False) if spans else None
            yield spans if places is None else [_at(span, form, places) for span in spans]


def _at(span: Span, text: str, places: Sequence[tuple[int, int]]) -> Span:
    start, end = places[span.start][0], places[span.end - 1][1]
    return Span(span.type, span.start, span.end, text[start:end], span.confidence, (start, end))


def answer(model: SavedTagger, sentences: Sentences) -> Answered:
    """Return the tags of all words of sentences that are not broken."""
    words, places = sentences.to_answer()
    tagged = model.tag(words)
    tags = np.full(len(sentences.words), -1, dtype=np.int32)
    confidence = np.zeros(len(sentences.words), dtype=np.float32)
    tags[places] = tagged.best
    confidence[places] = tagged.shares[np.arange(len(tagged.best)), tagged.best]
    return Answered(model, sentences, tags, confidence)
