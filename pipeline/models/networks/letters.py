"""The letters of words, and a convolution over them: what a word looks like, beside its vector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.values import Int32, Int64, TokenizedCorpus
from pipeline.models.networks.keras_types import Tensor

PADDING, UNKNOWN, EDGE, FIRST = 0, 1, 2, 3  # numbers of letters; the alphabet's own begin at FIRST
LETTER_DIM, FILTERS, WIDTH = 30, 50, 3  # numbers of a letter, of a word; letters that a filter sees at once
_LONGEST = 24  # letters; of a longer word the first and the last of them are read
_LEAST_WORDS = 2  # training words in which a letter stands; others are unknown


@dataclass(frozen=True, eq=False)
class Spelling:
    """How the words of a corpus are spelled, each distinct word once."""

    letters: Int32  # (W, L): EDGE, the word's letters, EDGE, padding
    words: Int32  # (M,), which of them stands at each place

    def batch(self, places: Int64) -> tuple[Int32, Int32]:
        """Return the letters of the words at some places, and which of these words stands at each.

        Parameters
        ----------
        places : int64 array, shape (B, T)

        Returns
        -------
        int32 array (U, L'), int32 array (B, T)
            As many letters as the longest of them has.
        """
        distinct, which = np.unique(self.words[places], return_inverse=True)  # (U,), (B, T)
        letters = self.letters[distinct]  # (U, L)
        longest = int((letters != PADDING).sum(axis=1).max())
        return letters[:, :longest], which.reshape(places.shape).astype(np.int32)


def alphabet_of(train: TokenizedCorpus) -> str:
    """Return the letters of the training words, in their order; those that stand in one word alone are left out."""
    words = train.types.gather(np.unique(train.token_types))
    letters = pl.DataFrame({"letter": words.str.split("").list.unique()}).explode("letter")
    counts = (
        letters.group_by("letter").len().filter((pl.col("len") >= _LEAST_WORDS) & (pl.col("letter") != ""))
    )
    return "".join(sorted(counts["letter"].to_list()))


def spell(tokenized: TokenizedCorpus, alphabet: str) -> Spelling:
    """Return the letters of a corpus' words, as they are written.

    >>> words = TokenizedCorpus(np.array([1, 0], np.int32), np.array([0, 2]), pl.Series(["ab", "ax"]))
    >>> spell(words, "ab").letters.tolist()
    [[2, 3, 4, 2], [2, 3, 1, 2]]
    """
    half = _LONGEST // 2
    types = tokenized.types
    shortened = types.str.head(half) + types.str.tail(half)
    read = types.zip_with(types.str.len_chars() <= _LONGEST, shortened)
    lengths = read.str.len_chars().to_numpy().astype(np.int64)  # (W,)
    codes = np.frombuffer("".join(read).encode("utf-32-le"), dtype="<u4")
    known = np.frombuffer(alphabet.encode("utf-32-le"), dtype="<u4")
    letters = np.full((len(types), int(lengths.max(initial=0)) + 2), PADDING, dtype=np.int32)  # (W, L)
    steps = np.arange(letters.shape[1])
    letters[(steps > 0) & (steps <= lengths[:, None])] = _numbers(codes, known)
    letters[:, 0] = EDGE
    letters[np.arange(len(types)), lengths + 1] = EDGE
    return Spelling(letters, tokenized.token_types)


def _numbers(codes: np.ndarray, known: np.ndarray) -> Int32:
    """Return the number of each letter among the known ones, which ascend."""
    if not len(known):
        return np.full(len(codes), UNKNOWN, dtype=np.int32)
    place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.where(known[place] == codes, place + FIRST, UNKNOWN).astype(np.int32)


def letter_vectors(n_letters: int, letters: Tensor, spelled: Tensor) -> Tensor:
    """Return what the layers over letters make of each word; (B, T, FILTERS).

    Parameters
    ----------
    n_letters : int
        In the alphabet.
    letters : int32 tensor, shape (U, L)
        Of the distinct words of a batch.
    spelled : int32 tensor, shape (B, T)
        Which of them stands at each place.

    Notes
    -----
    Each filter sees `WIDTH` letters, and its largest number in the word is read (dos Santos, Zadrozny 2014, Learning
    character-level representations for part-of-speech tagging, ICML, section 2.1.2). Letters begin as in Ma, Hovy
    (2016), arXiv:1603.01354, section 4.1.
    """
    import keras

    reach = math.sqrt(3 / LETTER_DIM)
    table = keras.layers.Embedding(
        n_letters + FIRST,
        LETTER_DIM,
        embeddings_initializer=keras.initializers.RandomUniform(-reach, reach),
        name="letters",
    )
    real = keras.layers.Lambda(_is_real, output_shape=(None, 1))(letters)  # (U, L, 1)
    embedded = keras.layers.Multiply()([table(letters), real])  # (U, L, E): padding is as what lies beyond
    found = keras.layers.Conv1D(FILTERS, WIDTH, padding="same", name="spelling")(embedded)  # (U, L, F)
    read = keras.layers.Lambda(_largest, output_shape=(FILTERS,))([found, real])  # (U, F)
    return keras.layers.Lambda(_at, output_shape=(None, FILTERS))([read, spelled])


def _is_real(letters: Tensor) -> Tensor:
    import tensorflow as tf

    return tf.cast(letters != PADDING, "float32")[:, :, None]


def _largest(inputs: Sequence[Tensor]) -> Tensor:
    """Return each filter's largest number over the letters that are real; (U, F)."""
    import tensorflow as tf

    found, real = inputs
    return tf.reduce_max(tf.where(real > 0, found, found.dtype.min), axis=1)


def _at(inputs: Sequence[Tensor]) -> Tensor:
    """Return the distinct words' rows where the words stand; (B, T, F)."""
    import tensorflow as tf

    read, spelled = inputs
    return tf.gather(read, spelled)
