"""The words of a text that speak for and against the answer to it, and where they stand in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from pipeline.core.files import Json
from pipeline.core.values import TokenizedCorpus
from pipeline.interpret.contributions.places import blank_out, place_tokens
from pipeline.models.saved import Contributions, SavedModel
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import HTML_BREAK, tokenize
from pipeline.text.unicode import one_form

MOST_WORK = 2e10  # timesteps times weights of a question: some seconds

Explanation = dict[str, Json]


def explain(model: SavedModel, texts: Sequence[str]) -> list[Explanation]:
    """Return what each word of the texts adds to the answers, or why that cannot be said."""
    if model.method is None:
        return [{"why_not": f"{model.name} cannot say what a word adds"} for _ in texts]
    documents = model.read(pl.Series(texts, dtype=pl.String))
    tokenized = tokenize(documents, model.tokenizer)
    found = model.contributions(tokenized, None, MOST_WORK)
    read = one_form(documents, model.tokenizer).to_list()
    explained = [
        _written(model, *document)
        for document in zip(found, read, tokens_of(tokenized), strict=False)  # the first ones, or all
    ]
    too_long: Explanation = {"why_not": "that would take too long: ask for fewer or shorter texts"}
    return explained + [too_long for _ in texts[len(explained) :]]


def tokens_of(tokenized: TokenizedCorpus) -> list[list[str]]:
    """Return the tokens of each document."""
    flat = tokenized.types.gather(tokenized.token_types).to_list()
    return [flat[start:end] for start, end in pairwise(tokenized.offsets.tolist())]


def _written(model: SavedModel, found: Contributions, text: str, tokens: Sequence[str]) -> Explanation:
    """Return one text's explanation; `start` and `end` count the characters of `text`, null where they do not fit."""
    spans: Sequence[tuple[int, int] | tuple[None, None]]
    spans = _spans(text, tokens, model.tokenizer) or [(None, None)] * len(tokens)
    weights = (None if math.isnan(weight) else weight for weight in found.words.tolist())
    return {
        "label": model.label_names[found.predicted],
        "method": model.method,
        "text": text,
        "words": [
            {"word": token, "weight": weight, "start": start, "end": end}
            for token, weight, (start, end) in zip(tokens, weights, spans, strict=False)  # none: one weight
        ],
    }


def _spans(text: str, tokens: Sequence[str], settings: TokenizerSettings) -> list[tuple[int, int]] | None:
    blank = blank_out(HTML_BREAK, text) if settings.html_breaks else text
    return place_tokens(blank, tokens, lowercase=settings.lowercase)
