"""The table of embedding sources, and how what was asked for becomes one matrix on the vocabulary."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.files import Json
from pipeline.core.names import AskedSource, check_names, display_name, parse_name
from pipeline.core.values import Bool, EmbeddingMatrix, IndexedCorpus, Int8, TokenizedCorpus, Vocabulary
from pipeline.core.warned import Warned
from pipeline.embeddings import combine, fasttext, from_file, learned, packages, random, word2vec
from pipeline.embeddings.cascade import Resolution
from pipeline.embeddings.coverage import low_coverage_notes
from pipeline.embeddings.request import EmbeddingRequest, Source, WordVectors
from pipeline.text.vocabulary import encode_known, rows_of

SOURCES: dict[str, Source] = {
    "word2vec": Source(word2vec.train_word2vec),
    "fasttext": Source(fasttext.train_fasttext),
    "learned": Source(learned.start_learned, tuned=True, scaled=False, cascade=False),
    "random": Source(random.draw_random, cascade=False),
}


@dataclass(frozen=True, eq=False)
class Embedded:
    """A source laid on a vocabulary: row i of the matrix belongs to row i of `vocabulary`."""

    vocabulary: Vocabulary
    matrix: EmbeddingMatrix
    tuned: bool
    seconds: float  # making it took so long; for vectors kept from an earlier run, in that run
    settings: dict[str, Json]
    notes: tuple[Warned, ...]
    steps: Int8  # (V,), numbers into cascade.STEPS: how each row's vector was found
    training: str = "frozen"  # an entry of names.TRAINING
    shuffled: bool = False  # covered rows were permuted among themselves
    parts: tuple[str, ...] = ()  # the names of the sources that stand side by side; one alone is itself
    files: tuple[dict[str, Json], ...] = ()  # facts of each vector file or package that was read
    cached: bool = False  # some vectors were kept from an earlier run
    file_words: pl.Series | None = None  # distinct words that were read; None if any part was made here

    @property
    def source(self) -> str:
        """The source's name, as results have it."""
        return self.matrix.source


def parse_source(asked: str) -> AskedSource:
    """Return what a text of `--embeddings` asks for, such as `word2vec+vectors/glove.txt:tuned`.

    Raises
    ------
    PipelineError
        If a source or mode is unknown, the package that a source needs is not installed, or a folder holds no
        vectors.

    >>> parse_source("word2vec:tuned").tuned, parse_source("learned").training
    (True, 'tuned')
    """
    known = [*SOURCES, *packages.PACKAGES]
    source = parse_name(asked, known)
    for part in source.parts:
        if part in packages.PACKAGES:
            packages.package_folder(part)
        elif part not in SOURCES:
            from_file.find_file(Path(os.path.expanduser(part)))
    if source.training:
        return source
    tuned = any(source_of(part).tuned for part in source.parts)
    return replace(source, training="tuned" if tuned else "frozen")


def parse_sources(asked: tuple[str, ...]) -> list[AskedSource]:
    """Return what all texts of `--embeddings` ask for.

    Raises
    ------
    PipelineError
        As `parse_source`; if two would have one name in the results; if a file is seen to hold no vectors.
    """
    sources = [parse_source(text) for text in asked]
    known = [*SOURCES, *packages.PACKAGES]
    check_names(sources, known)
    for part in dict.fromkeys(part for source in sources for part in source.parts):
        if part not in known:
            from_file.check_file(part)
    return sources


def source_of(part: str) -> Source:
    """Return the entry of the table for one part: a source's name, a package's name, or a file's path."""
    if part in SOURCES:
        return SOURCES[part]
    if part in packages.PACKAGES:
        return Source(partial(packages.read_package, part))
    return Source(partial(from_file.read_file, part))


def embed(asked: str, request: EmbeddingRequest) -> Embedded:
    """Return a source laid on the vocabulary, with rows for corpus words that only the source knows.

    Rows without a vector share the unknown row's: the mean of the covered vectors plus noise of their spread.
    """
    start = time.perf_counter()
    source = parse_source(asked)
    entries = [source_of(part) for part in source.parts]
    found = [entry.vectors(request) for entry in entries]
    vocabulary, resolutions = _resolve(request, entries, found)
    generator = np.random.default_rng(request.seed)
    laid = combine.join(
        [
            combine.fill_uncovered(combine.lay(one, resolution), generator)
            for one, resolution in zip(found, resolutions, strict=True)
        ]
    )
    if len(entries) > 1 or entries[0].scaled:
        laid = combine.scale(laid, request.embeddings.scale)
    if source.shuffled:
        laid = combine.shuffle_rows(laid, np.random.default_rng([request.seed, 3]))
    names = tuple(display_name(part, [*SOURCES, *packages.PACKAGES]) for part in source.parts)
    notes = [note for one in found for note in one.notes]
    for name, one, resolution in zip(names, found, resolutions, strict=True):
        notes += low_coverage_notes(name, one, resolution, vocabulary)
    return Embedded(
        vocabulary,
        EmbeddingMatrix(laid.vectors, laid.covered, source.name),
        source.tuned,
        time.perf_counter() - start + sum(one.seconds for one in found if one.cached),
        _settings(names, found),
        tuple(notes),
        laid.steps,
        source.training,
        source.shuffled,
        names,
        tuple(one.file for one in found if one.file is not None),
        any(one.cached for one in found),
        _file_words(found),
    )


def _resolve(
    request: EmbeddingRequest, entries: list[Source], found: list[WordVectors]
) -> tuple[Vocabulary, list[Resolution]]:
    """Return the vocabulary with the rows that any source brings, and how each finds rows 2 .. V - 1."""
    vocabulary = request.vocabulary
    outside = request.corpus_types.filter(pl.Series(rows_of(request.corpus_types, vocabulary.tokens) < 0))
    types = pl.concat([vocabulary.tokens.slice(2), outside.alias(vocabulary.tokens.name)])
    whole = [
        combine.find(types, one, cascade=entry.cascade) for entry, one in zip(entries, found, strict=True)
    ]
    brought: Bool = np.logical_or.reduce([one.places >= 0 for one in whole])
    brought[: len(vocabulary) - 2] = True
    kept = [Resolution(one.places[brought], one.steps[brought]) for one in whole]
    added = types.filter(pl.Series(brought)).slice(len(vocabulary) - 2)
    return combine.add_words(vocabulary, added), kept


def _file_words(found: list[WordVectors]) -> pl.Series | None:
    """Return the distinct words that stand in the files of all parts, words put together from subwords left out."""
    if any(one.file is None for one in found):
        return None
    words = [one.words[: len(one.words) - one.from_subwords] for one in found]
    return pl.concat([one.alias("word") for one in words]).unique(maintain_order=True)


def _settings(names: tuple[str, ...], found: list[WordVectors]) -> dict[str, Json]:
    """Return a source's settings; those of several by their names."""
    if len(found) == 1:
        return found[0].settings
    return {name: one.settings for name, one in zip(names, found, strict=True)}


def encode_covered(tokenized: TokenizedCorpus, embedded: Embedded) -> IndexedCorpus:
    """Return the documents as rows; every word without a vector reads as the unknown row."""
    return encode_known(tokenized, embedded.vocabulary, embedded.matrix.covered)
