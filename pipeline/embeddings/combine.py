"""Sources laid on a vocabulary: found by the cascade, joined side by side, scaled, filled, shuffled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.core.values import PADDING_ROW, Bool, Float32, Int8, Vocabulary
from pipeline.embeddings.cascade import EXACT, SUBWORD, UNKNOWN, Resolution, resolve
from pipeline.embeddings.request import WordVectors
from pipeline.text.vocabulary import rows_of


@dataclass(frozen=True, eq=False)
class Laid:
    """Vectors in the order of a vocabulary, and the step of the cascade that found each row's."""

    vectors: Float32  # (V, D); rows without a vector are zero until they are filled
    steps: Int8  # (V,), numbers into STEPS

    @property
    def covered(self) -> Bool:
        """Which rows have a vector; bool (V,)."""
        covered: Bool = self.steps != UNKNOWN
        return covered


def find(types: pl.Series, found: WordVectors, *, cascade: bool = True) -> Resolution:
    """Return which of the source's words stands for each of `types`, words built from subwords last.

    Without `cascade` only the word itself does.
    """
    n_own = len(found.words) - found.from_subwords
    resolution = resolve(types, found.words[:n_own], cascade=cascade)
    built = rows_of(types, found.words[n_own:])
    # Made of pieces for the word itself: that goes before the vector of another form of it.
    taken = (built >= 0) & (resolution.steps != EXACT)
    resolution.places[taken], resolution.steps[taken] = built[taken] + n_own, SUBWORD
    return resolution


def add_subword_vectors(
    found: WordVectors,
    types: pl.Series,
    subwords: Callable[[pl.Series], Float32] | None,
    *,
    of_pieces: bool = False,
) -> WordVectors:
    """Return `found` with vectors from character n-grams for those of `types` that no other step finds.

    `subwords` gives float32 (W, D); a row that is zero or not finite means that it has none for the word. With
    `of_pieces`, the pieces of a tokenizer, it is asked for every word that `found` does not hold as it is.
    """
    if subwords is None:
        return found
    missing = types.filter(pl.Series(find(types, found, cascade=not of_pieces).places < 0))
    vectors = subwords(missing)  # (W', D)
    usable = np.isfinite(vectors).all(axis=1) & vectors.any(axis=1)
    words = missing.filter(pl.Series(usable)).alias(found.words.name)
    return replace(
        found,
        words=pl.concat([found.words, words]),
        vectors=np.concatenate([found.vectors, vectors[usable]]),
        from_subwords=len(words),
    )


def add_words(vocabulary: Vocabulary, words: pl.Series) -> Vocabulary:
    """Return the vocabulary with a row, of count 0, for each of `words` after its own."""
    if len(words) == 0:
        return vocabulary
    tokens = pl.concat([vocabulary.tokens, words.alias(vocabulary.tokens.name)])
    counts = np.concatenate([vocabulary.counts, np.zeros(len(words), dtype=np.int64)])
    return replace(vocabulary, tokens=tokens, counts=counts)


def lay(found: WordVectors, resolution: Resolution) -> Laid:
    """Return the vectors in the order of the resolved types, below the rows for padding and unknown."""
    covered = resolution.places >= 0
    vectors = np.zeros((2 + len(covered), found.vectors.shape[1]), dtype=np.float32)  # (V, D)
    vectors[2:][covered] = found.vectors[resolution.places[covered]]
    return Laid(vectors, np.concatenate([np.full(2, UNKNOWN, dtype=np.int8), resolution.steps]))


def join(parts: Sequence[Laid]) -> Laid:
    """Return the parts' vectors side by side, each part scaled to unit mean norm over its covered rows.

    A row that one part covers is covered; the other parts give it what they hold for unknown words, so parts
    are filled before they are joined. Its step is the first that any part found it by.
    """
    if len(parts) == 1:
        return parts[0]
    vectors = np.concatenate([_to_unit_mean_norm(part) for part in parts], axis=1)  # (V, sum of D)
    return Laid(vectors, np.min([part.steps for part in parts], axis=0))


def _to_unit_mean_norm(part: Laid) -> Float32:
    norm = float(np.linalg.norm(part.vectors[part.covered], axis=1).mean()) if part.covered.any() else 0.0
    return part.vectors / np.float32(norm) if norm else part.vectors


def scale(laid: Laid, standard_deviation: float) -> Laid:
    """Return vectors whose covered rows, centred or not, have this standard deviation; 0 changes nothing."""
    spread = float(laid.vectors[laid.covered].std()) if laid.covered.any() else 0.0
    if not standard_deviation or not spread:
        return laid
    return replace(laid, vectors=laid.vectors * np.float32(standard_deviation / spread))


def fill_uncovered(laid: Laid, generator: np.random.Generator) -> Laid:
    """Give every row without a vector the same one, drawn to the mean and variance of the covered rows.

    Not zeros: a zero vector would be a signal of its own, shorter than any word's.
    """
    vectors = laid.vectors
    known = vectors[laid.covered] if laid.covered.any() else np.zeros((1, vectors.shape[1]), np.float32)
    noise = generator.standard_normal(vectors.shape[1])
    unknown = (known.mean(axis=0) + known.std(axis=0) * noise).astype(np.float32)  # (D,)
    filled = np.where(laid.covered[:, None], vectors, unknown)
    filled[PADDING_ROW] = 0.0
    return replace(laid, vectors=filled.astype(np.float32))


def shuffle_rows(laid: Laid, generator: np.random.Generator) -> Laid:
    """Return the covered rows permuted among themselves: the same vectors, on other words.

    Scale, distribution and coverage stay; what is lost is the meaning of a word's vector.
    """
    covered = np.flatnonzero(laid.covered)
    vectors = laid.vectors.copy()
    vectors[covered] = laid.vectors[generator.permutation(covered)]
    return replace(laid, vectors=vectors)
