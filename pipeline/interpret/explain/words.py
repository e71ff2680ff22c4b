"""A text as the words that a network reads."""

from __future__ import annotations

import polars as pl

from pipeline.core.clean import clean, clip
from pipeline.core.errors import PipelineError
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import tokenize

MOST_WORDS = 12  # for a pencil
MOST_WORDS_OF_A_RUN = 100  # each word has a Jacobian; an lstm's of 128 units is 0.5 MiB


def words_of(text: str, settings: TokenizerSettings, most: int, fix: str) -> tuple[str, ...]:
    """Return the tokens of a text.

    Raises
    ------
    PipelineError
        If it is not UTF-8, has no letter and no digit, or more than `most` tokens.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):  # bytes that the shell could not decode
        raise PipelineError(
            "text-not-utf-8", "TEXT", "it is not UTF-8", "type it anew, or set the terminal to UTF-8"
        )
    shown = clip(clean(text), 60)
    tokenized = tokenize(pl.Series([text]), settings)
    tokens = tuple(tokenized.types.gather(tokenized.token_types).to_list())
    if not any(character.isalnum() for character in text):
        raise PipelineError(
            "text-without-words",
            "TEXT",
            f'"{shown}" has no word',
            'give one word or more, such as "dog bites man"',
        )
    if len(tokens) > most:
        raise PipelineError(
            "text-too-long", "TEXT", f'"{shown}" has {len(tokens)} words; {most} is the limit', fix
        )
    return tokens
