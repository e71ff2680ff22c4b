"""A source laid on a vocabulary, in a file: what every fit of one split that reads the source reads.

Word vectors that were trained on several threads cannot be made again, so that what is fitted later, in another process
or after the run was stopped, reads the same file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.files import unfinished
from pipeline.core.store import Entry, read_entry, write_entry
from pipeline.core.values import EmbeddingMatrix, Vocabulary
from pipeline.embeddings.table import Embedded

_MAY_BE_MAPPED = os.name == "posix"  # on Windows a mapped file cannot be deleted, and these go with the run
_FACTS = ("tuned", "seconds", "settings", "notes", "training", "shuffled", "parts", "files", "cached")


def write_embedded(path: Path, key: Mapping[str, object], embedded: Embedded) -> None:
    """Write a source as one split uses it; at any moment there is the whole file or none.

    Parameters
    ----------
    key : mapping
        What the file is of, in values that JSON knows: `read_embedded` asks for the same.
    """
    vocabulary, matrix = embedded.vocabulary, embedded.matrix
    arrays = {
        "words": _as_bytes(vocabulary.tokens),
        "counts": vocabulary.counts,
        "vectors": matrix.vectors,
        "covered": matrix.covered,
        "steps": embedded.steps,
    }
    if embedded.file_words is not None:
        arrays["file_words"] = _as_bytes(embedded.file_words)
    facts = {name: getattr(embedded, name) for name in _FACTS}
    facts |= {"source": matrix.source, "n_learned": vocabulary.n_learned, "column": vocabulary.tokens.name}
    with unfinished(path) as file:
        write_entry(file, key, Entry(arrays, facts))


def read_embedded(path: Path, key: Mapping[str, object]) -> Embedded | None:
    """Return the source in a file, mapped into memory; None where the file is absent, damaged, or of another key."""
    found = read_entry(path, mapped=_MAY_BE_MAPPED)
    if found is None or found[0] != key:
        return None
    arrays, facts = found[1].arrays, dict(found[1].facts)
    words = _as_words(facts.pop("column"), arrays["words"])
    vocabulary = Vocabulary(words, arrays["counts"], facts.pop("n_learned"))
    matrix = EmbeddingMatrix(arrays["vectors"], arrays["covered"], facts.pop("source"))
    tuples = {name: tuple(facts[name]) for name in ("notes", "parts", "files")}
    file_words = _as_words("word", arrays["file_words"]) if "file_words" in arrays else None
    rest = facts | tuples | {"steps": arrays["steps"], "file_words": file_words}
    return Embedded(vocabulary, matrix, **rest)


def _as_bytes(words: pl.Series) -> np.ndarray:
    return np.frombuffer(json.dumps(words.to_list(), ensure_ascii=False).encode(), np.uint8)


def _as_words(name: str, text: np.ndarray) -> pl.Series:
    return pl.Series(name, json.loads(text.tobytes()), dtype=pl.String)
