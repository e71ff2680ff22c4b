"""What an unknown word costs: it is spelled, letter by letter, by a model of rare words.

A model of words says `<unk>` for a word that it does not know, and has not said which. To compare it with models of
characters, which say every letter, the word is spelled after that: by a Kneser-Ney model of the letters of those
training words that were too rare to be known. A letter that it does not know is one of all characters of Unicode, each
as likely. So every model gives shares to the same texts, and these sum to 1 or less over all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.values import Bool, Float64, TokenizedCorpus
from pipeline.models.baselines.language.kneser_ney import KneserNey, fit_kneser_ney
from pipeline.models.baselines.language.symbols import UNKNOWN, Streams, Symbols, learn_symbols, write_streams
from pipeline.text.letters import letters_of
from pipeline.text.vocabulary import rows_in

UNKNOWN_LETTER = math.log2(0x110000)  # bits
ORDER = 5


@dataclass(frozen=True, eq=False)
class Speller:
    """A model of the letters of rare words."""

    letters: Symbols
    model: KneserNey

    def bits(self, words: pl.Series) -> Float64:
        """Return what each word costs, its end among it; (W,)."""
        streams = write_streams(letters_of(_each_alone(words)), self.letters)
        return bits_of_documents(-self.model.log2(streams), streams) + UNKNOWN_LETTER * unknown_in(streams)


def learn_speller(train: TokenizedCorpus, symbols: Symbols) -> Speller:
    """Return the model of the training words that are no symbols; of all words where each is one."""
    words = train.types.gather(np.unique(train.token_types))
    rare = words.filter(pl.Series(~known(words, symbols)))
    own = letters_of(_each_alone(rare if len(rare) else words))
    letters = learn_symbols(own)
    return Speller(letters, fit_kneser_ney(write_streams(own, letters), len(letters), ORDER))


def known(words: pl.Series, symbols: Symbols) -> Bool:
    """Return which words are symbols; bool (W,)."""
    found: Bool = rows_in(words, symbols) > UNKNOWN
    return found


def bits_of_documents(bits: Float64, streams: Streams) -> Float64:
    """Return the bits of each document, from those of all that is said; (N,)."""
    ends = np.concatenate([[0.0], np.cumsum(bits)])[streams.offsets - np.arange(streams.n_docs + 1)]
    found: Float64 = np.diff(ends)
    return found


def unknown_in(streams: Streams) -> Float64:
    """Return how many unknown symbols each document has; (N,)."""
    ends = np.concatenate([[0], np.cumsum(streams.symbols == UNKNOWN)])[streams.offsets]
    return np.diff(ends).astype(np.float64)


def _each_alone(words: pl.Series) -> TokenizedCorpus:
    """Return words as documents of one token."""
    n = len(words)
    return TokenizedCorpus(np.arange(n, dtype=np.int32), np.arange(n + 1, dtype=np.int64), words)
