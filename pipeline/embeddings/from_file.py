"""A vector file as a source: the rows that the corpus needs, and subword vectors where the file has them."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import polars as pl

from pipeline.core.files import Json, file_hash
from pipeline.core.warned import warning, within
from pipeline.embeddings.cascade import candidates
from pipeline.embeddings.combine import add_subword_vectors
from pipeline.embeddings.files.folders import find_file
from pipeline.embeddings.files.packing import Content, find_content
from pipeline.embeddings.files.reading import VectorFile, read_vector_file
from pipeline.embeddings.files.sniffing import sniff
from pipeline.embeddings.files.vocabularies import vocabulary_beside
from pipeline.embeddings.kept import cached_vectors, reading_key
from pipeline.embeddings.request import EmbeddingRequest, WordVectors
from pipeline.text.vocabulary import rows_of

_NOT_FACTS = ("words", "vectors", "subwords", "of_pieces", "sample")


def check_file(path: str) -> None:
    """Raise PipelineError if the beginning of a file shows that it holds no vectors, or is a pickle.

    Takes no time, so a run that names such a file ends before anything is trained.
    """
    sniff(_content(path))


def _content(path: str) -> Content:
    return find_content(find_file(Path(os.path.expanduser(path))))


def read_file(path: str, request: EmbeddingRequest) -> WordVectors:
    """Return the vectors of the corpus's words in any form that the cascade tries, float32 (W, D).

    Raises
    ------
    PipelineError
        If the file is no vector file, or a damaged one.
    """
    path, types = os.path.expanduser(path), request.types

    def read() -> WordVectors:
        file = read_vector_file(path, candidates(types), request.embeddings.language)
        facts = {one.name: getattr(file, one.name) for one in fields(file) if one.name not in _NOT_FACTS}
        settings: dict[str, Json] = {"format": file.format, "dimension": file.dimension}
        found = WordVectors(
            file.words, file.vectors, settings, tuple(file.notes), file=facts, sample=file.sample
        )
        return _with_subwords(found, types, file)

    found = cached_vectors(request.cache, partial(_key, path, types, request.embeddings.language), read)
    name = Path(path).name  # what names the file stays out of the cache, which knows it by its content
    notes = tuple(within(name, note) for note in found.notes)
    return replace(found, notes=notes, file={"path": path, **(found.file or {})})


def _with_subwords(found: WordVectors, types: pl.Series, file: VectorFile) -> WordVectors:
    """Return the vectors with those of n-grams or of a tokenizer's pieces; of pieces a note says how many."""
    if file.subwords is None:
        return found
    built = add_subword_vectors(found, types, file.subwords, of_pieces=file.of_pieces)
    if not file.of_pieces:
        return built
    whole = int((rows_of(types, found.words) >= 0).sum())
    left = len(types) - whole - built.from_subwords
    what = (
        f"words with the row of one token: {whole:,}; with the mean of their pieces: {built.from_subwords:,}"
    )
    return replace(
        built, notes=(*built.notes, warning("words-from-pieces", f"{what}; with no vector: {left:,}"))
    )


def _key(path: str, types: pl.Series, language: str) -> dict[str, object]:
    """Return what the vectors depend on: the file, the words asked for, and a vocabulary beside the file."""
    content = _content(path)
    beside = vocabulary_beside(content)
    wanted = types.sort()  # folds and seeds ask for the same words in another order
    vocabulary = file_hash(beside) if beside else None
    return reading_key(content.path, wanted, vocabulary=vocabulary, language=language)
