"""The table of embedding sources, and how a source is laid on the vocabulary."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.embeddings import learned, random, word2vec
from pipeline.embeddings.request import EmbeddingRequest, WordVectors
from pipeline.errors import PipelineError, did_you_mean
from pipeline.indices import rows_of
from pipeline.values import (
    PADDING_ROW,
    UNKNOWN_ROW,
    Bool,
    EmbeddingMatrix,
    Float32,
    Vocabulary,
)

MODES = ("frozen", "tuned")


@dataclass(frozen=True, eq=False)
class Embedded:
    """A source laid on a vocabulary: row i of the matrix belongs to row i of `vocabulary`."""

    vocabulary: Vocabulary
    matrix: EmbeddingMatrix
    tuned: bool
    seconds: float
    settings: dict[str, object]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """An entry of the table: how to make the vectors, whether they are tuned unless told, and their scaling."""

    vectors: Callable[[EmbeddingRequest], WordVectors]
    tuned: bool = False
    scaled: bool = True  # covered rows are brought to one standard deviation, see `[embeddings] scale`


SOURCES: dict[str, Source] = {
    "word2vec": Source(word2vec.train_word2vec),
    "learned": Source(learned.start_learned, tuned=True, scaled=False),
    "random": Source(random.draw_random),
}


def parse_source(name: str) -> tuple[str, bool]:
    """Return the source's name and whether its vectors are tuned.

    Raises
    ------
    PipelineError
        If the source or the mode is unknown.

    >>> parse_source("word2vec:tuned")
    ('word2vec', True)
    """
    source, _, mode = name.partition(":")
    if source not in SOURCES:
        raise PipelineError("--embeddings", f'there is no source "{source}"', did_you_mean(source, SOURCES))
    if mode and mode not in MODES:
        raise PipelineError("--embeddings", f'"{name}" has no mode "{mode}"', did_you_mean(mode, MODES))
    return source, SOURCES[source].tuned if not mode else mode == "tuned"


def embed(name: str, request: EmbeddingRequest) -> Embedded:
    """Return the source `name` laid on the vocabulary, with rows for corpus words that only the source knows.

    Rows without a vector share the unknown row's: the mean of the covered vectors plus noise of their spread.
    """
    source_name, tuned = parse_source(name)
    source = SOURCES[source_name]
    start = time.perf_counter()
    found = source.vectors(request)
    vocabulary = _with_source_rows(request.vocabulary, found.words, request.corpus_types)
    vectors, covered = _lay(found, vocabulary)
    if source.scaled:
        vectors = _scale(vectors, covered, request.embeddings.scale)
    generator = np.random.default_rng(request.seed)
    vectors = _fill_uncovered(vectors, covered, generator)
    seconds = time.perf_counter() - start
    matrix = EmbeddingMatrix(vectors, covered, name)
    return Embedded(vocabulary, matrix, tuned, seconds, found.settings, found.notes)


def _with_source_rows(vocabulary: Vocabulary, words: pl.Series, corpus_types: pl.Series) -> Vocabulary:
    """Add a row for each word of the corpus that the source knows and the training documents do not hold."""
    outside = corpus_types.filter(pl.Series(rows_of(corpus_types, vocabulary.tokens) < 0))
    brought = outside.filter(pl.Series(rows_of(outside, words) >= 0)) if len(outside) else outside
    if len(brought) == 0:
        return vocabulary
    tokens = pl.concat([vocabulary.tokens, brought.alias(vocabulary.tokens.name)])
    counts = np.concatenate([vocabulary.counts, np.zeros(len(brought), dtype=np.int64)])
    return replace(vocabulary, tokens=tokens, counts=counts)


def _lay(found: WordVectors, vocabulary: Vocabulary) -> tuple[Float32, Bool]:
    """Return vectors (V, D) in vocabulary order and which rows have one; the others are zero."""
    places = rows_of(vocabulary.tokens, found.words)  # (V,)
    covered = places >= 0
    covered[: UNKNOWN_ROW + 1] = False
    vectors = np.zeros((len(vocabulary), found.vectors.shape[1]), dtype=np.float32)
    vectors[covered] = found.vectors[places[covered]]
    return vectors, covered


def _scale(vectors: Float32, covered: Bool, scale: float) -> Float32:
    """Return vectors whose covered rows, centred or not, have the standard deviation `scale`; 0 changes nothing."""
    spread = float(vectors[covered].std()) if covered.any() else 0.0
    return vectors * np.float32(scale / spread) if scale and spread else vectors


def _fill_uncovered(vectors: Float32, covered: Bool, generator: np.random.Generator) -> Float32:
    """Give every row without a vector the same one, drawn to the mean and spread of the covered rows."""
    known = vectors[covered] if covered.any() else np.zeros((1, vectors.shape[1]), np.float32)
    noise = generator.standard_normal(vectors.shape[1])
    unknown = (known.mean(axis=0) + known.std(axis=0) * noise).astype(np.float32)  # (D,)
    filled = np.where(covered[:, None], vectors, unknown)
    filled[PADDING_ROW] = 0.0
    return filled.astype(np.float32)
