"""Word vectors kept between runs, under a key of all that they depend on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.files import file_hash
from pipeline.core.store import Cache, Entry, add_array, default_folder
from pipeline.core.values import TokenizedCorpus
from pipeline.core.version import __version__
from pipeline.embeddings.request import EmbeddingRequest, WordVectors
from pipeline.settings.tables import Config

# raise it when vectors made from the same key would be others, or the file's layout changes
CACHE_VERSION = 2


def default_cache(config: Config) -> Cache | None:
    """Return the cache of this user, or None with `--no-cache` or where there is no folder for it."""
    folder = default_folder() if config.run.cache else None
    return Cache(folder, round(config.run.cache_gib * 2**30)) if folder else None


def cached_vectors(
    cache: Cache | None,
    key: Mapping[str, object] | Callable[[], Mapping[str, object]],
    make: Callable[[], WordVectors],
) -> WordVectors:
    """Return the vectors kept under `key`; if there are none, make them and keep them.

    Parameters
    ----------
    cache : Cache or None
        None: nothing is read or written.
    key : mapping, or function that returns one
        All that the vectors depend on, in values that JSON knows; see `training_key` and `reading_key`.
        Versions (of the cache, this package's code, gensim) are added here. A function is called only where
        there is a cache; if it cannot read a file, `make` is left to say so.
    make : function
        Called only if no entry can be used.

    Returns
    -------
    WordVectors
        With `seconds`, how long making them took when they were made, and `cached`: whether that was in an
        earlier run. If they could not be kept, a note says why, the first time.
    """
    full = _full_key(key) if cache else None
    if cache is None or full is None:
        return _made(make)
    entry = cache.find(full)
    if entry is not None:
        return _restored(entry)
    made = _made(make)
    problem = cache.keep(full, _packed(made))
    if problem is None or problem in cache.told:
        return made
    cache.told.add(problem)
    return replace(made, notes=(*made.notes, problem))


def training_key(source: str, request: EmbeddingRequest, settings: object) -> dict[str, object]:
    """Return the key of vectors trained here: the tokens in their order, the settings (a dataclass), the seed.

    Training without `--deterministic` uses several threads and gives other numbers each time, so the two
    kinds of run share no entry.
    """
    return {
        "trained": source,
        "settings": settings,
        "train": tokens_hash(request.train),
        "unlabelled": None if request.unlabelled is None else tokens_hash(request.unlabelled),
        "seed": request.seed,
        "deterministic": request.deterministic,
    }


def reading_key(path: str | Path, wanted: pl.Series | None, **settings: object) -> dict[str, object]:
    """Return the key of vectors read from a file: its content, the words asked for (None: all), any settings."""
    return {
        "file": file_hash(path),
        "wanted": None if wanted is None else words_hash(wanted),
        "settings": settings,
    }


def tokens_hash(tokenized: TokenizedCorpus) -> str:
    """Return the SHA-256 of a corpus: its tokens in their order, where documents end, its dictionary.

    The dictionary counts with its order, since words of equal frequency are numbered by it.
    """
    digest = hashlib.sha256()
    for part in (tokenized.token_types, tokenized.offsets):
        add_array(digest, part)
    digest.update(words_hash(tokenized.types).encode())
    return digest.hexdigest()


def words_hash(words: pl.Series) -> str:
    """Return the SHA-256 of a string Series; the order counts."""
    digest = hashlib.sha256()
    add_array(digest, words.str.len_bytes().to_numpy())  # the lengths tell ["ab"] from ["a", "b"]
    digest.update((words.str.join("")[0] or "").encode())
    return digest.hexdigest()


def _full_key(key: Mapping[str, object] | Callable[[], Mapping[str, object]]) -> dict[str, object] | None:
    """Return the key with the versions of the programs; None if it depends on a file that cannot be read."""
    try:
        parts = key() if callable(key) else key
    except OSError:
        return None
    versions = {"cache": CACHE_VERSION, "embedseq": __version__, "code": _code(), "gensim": _gensim_version()}
    return {"versions": versions, **parts}


def _made(make: Callable[[], WordVectors]) -> WordVectors:
    start = time.perf_counter()
    made = make()
    return replace(made, seconds=time.perf_counter() - start)


def _packed(made: WordVectors) -> Entry:
    """Return the vectors as arrays (the words as JSON in bytes), every other field as a fact."""
    words = json.dumps(made.words.to_list(), ensure_ascii=False).encode()
    arrays: dict[str, np.ndarray] = {"words": np.frombuffer(words, np.uint8), "vectors": made.vectors}
    names = {item.name for item in fields(made)} - {*arrays, "cached"}
    return Entry(arrays, {name: getattr(made, name) for name in names})


def _restored(entry: Entry) -> WordVectors:
    words = pl.Series("token", json.loads(entry.arrays["words"].tobytes()), dtype=pl.String)
    facts = {**entry.facts, **{name: tuple(entry.facts[name]) for name in ("notes", "sample")}}
    return WordVectors(words=words, vectors=entry.arrays["vectors"], cached=True, **facts)


def _gensim_version() -> str:
    return version("gensim")


@lru_cache(maxsize=1)
def _code() -> str:
    """Return the SHA-256 of the code that makes vectors: whoever changes it must not meet what it made before."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
