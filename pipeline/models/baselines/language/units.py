"""What a language model says one after the other, words or characters: documents as its symbols, and what is beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float64, Int64, TokenizedCorpus
from pipeline.models.baselines.language.spelling import (
    UNKNOWN_LETTER,
    Speller,
    bits_of_documents,
    known,
    learn_speller,
    unknown_in,
)
from pipeline.models.baselines.language.symbols import Streams, Symbols, learn_symbols, write_streams
from pipeline.text.letters import bytes_of, letters_of

WORDS, CHARACTERS = "words", "characters"


@dataclass(frozen=True, eq=False)
class Charged:
    """What a model's answers to N documents cost.

    Attributes
    ----------
    bits : of each document, with what its unknown symbols cost
    bytes : of each document in UTF-8, and one for its end
    symbols : that are said, the end among them; `unknown` of these
    spelled : bits of unknown symbols, among `bits`
    """

    bits: Float64
    bytes: Int64
    symbols: Int64
    unknown: Int64
    spelled: Float64


@dataclass(frozen=True, eq=False)
class Units:
    """Words or characters, learned from training documents."""

    symbols: Symbols
    speller: Speller | None  # of unknown words; None of characters

    @property
    def of_words(self) -> bool:
        """Whether a symbol is a word."""
        return self.speller is not None

    def write(self, tokenized: TokenizedCorpus) -> Streams:
        """Return documents of words as symbols."""
        return write_streams(tokenized if self.of_words else letters_of(tokenized), self.symbols)

    def charge(self, tokenized: TokenizedCorpus, log2: Callable[[Streams], Float64]) -> Charged:
        """Return what documents cost, by the logarithms to base 2 that a model gives to what they say."""
        streams = self.write(tokenized)
        unknown = unknown_in(streams)
        spelled = self._spelled(tokenized) if self.speller else UNKNOWN_LETTER * unknown
        return Charged(
            bits_of_documents(-log2(streams), streams) + spelled,
            bytes_of(tokenized),
            np.diff(streams.offsets) - 1,
            unknown.astype(np.int64),
            spelled,
        )

    def _spelled(self, tokenized: TokenizedCorpus) -> Float64:
        """Return what the unknown words of each document cost; (N,)."""
        assert self.speller is not None, "words are spelled"
        strange = np.flatnonzero(~known(tokenized.types, self.symbols))
        cost = np.zeros(len(tokenized.types))  # (T,)
        cost[strange] = self.speller.bits(tokenized.types.gather(strange))
        ends = np.concatenate([[0.0], np.cumsum(cost[tokenized.token_types])])[tokenized.offsets]
        found: Float64 = np.diff(ends)
        return found


def learn_words(train: TokenizedCorpus, *, min_count: int, max_size: int = 0) -> Units:
    """Return words as units; those that stand fewer times in training documents are unknown."""
    symbols = learn_symbols(train, min_count=min_count, max_size=max_size)
    return Units(symbols, learn_speller(train, symbols))


def learn_characters(train: TokenizedCorpus) -> Units:
    """Return characters as units; one that stands there once is unknown, so that a model knows of such."""
    return Units(learn_symbols(letters_of(train), min_count=2), None)
