"""What was read or trained once, kept on disk under a key of all that it depends on: one file an entry.

The file is named by the SHA-256 of the key and holds arrays, the key itself and a checksum (safetensors with
JSON in its header; nothing in it can be executed). An entry that is broken, or not the one asked for, is as
good as absent: it is made again. Nothing that goes wrong here ends a run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipeline import __version__
from pipeline.config import Config
from pipeline.values import TokenizedCorpus

if TYPE_CHECKING:  # `pipeline.embeddings` imports this module
    from pipeline.embeddings.request import EmbeddingRequest, WordVectors

CACHE_VERSION = (
    1  # raise it when vectors made from the same key would be others, or the file's layout changes
)
FOLDER_VARIABLE = "EMBEDSEQ_CACHE"
_ENTRY_NAME = re.compile(r"[0-9a-f]{64}\.safetensors")
_UNFINISHED = ".unfinished-"
_ABANDONED_SECONDS = 86_400.0  # an unfinished entry as old as this was left by a run that was killed


@dataclass(frozen=True, eq=False)
class Entry:
    """What is kept under one key: arrays, and facts about them that JSON can hold."""

    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Kept:
    """A file of the cache."""

    path: Path
    bytes: int
    used: float  # seconds since the epoch


@dataclass(frozen=True, eq=False)
class Cache:
    """A folder of entries that together stay within `most_bytes`; the least recently used make room.

    Entries that this cache has read or written are in use: they are not removed for others.
    """

    folder: Path
    most_bytes: int
    in_use: set[Path] = field(default_factory=set, init=False)
    told: set[str] = field(default_factory=set, init=False)  # why entries were not kept, each said once

    def find(self, key: Mapping[str, object]) -> Entry | None:
        """Return the whole entry of this key, or None if there is none that can be trusted."""
        path = self._path(key)
        entry = _read(path, key)
        if entry is not None:
            self.in_use.add(path)
            _mark_used(path)
        return entry

    def keep(self, key: Mapping[str, object], entry: Entry) -> str | None:
        """Write an entry, or return in words why it was not kept."""
        path = self._path(key)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._remove_abandoned()
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=_UNFINISHED) as unfinished:
                written = Path(unfinished) / path.name
                _write(written, key, entry)
                if not self._make_room(path, written.stat().st_size):
                    return _too_large(written.stat().st_size, self.most_bytes)
                _put(written, path)
        except OSError as error:
            return (
                f"cache: {self.folder} cannot be written ({error.strerror or error}); nothing is kept there"
            )
        self.in_use.add(path)
        return None

    def entries(self) -> list[Kept]:
        """Return the entries, least recently used first; other files in the folder are left alone."""
        found = []
        for path in self.folder.glob("*.safetensors"):
            if _ENTRY_NAME.fullmatch(path.name):
                try:
                    facts = path.stat()
                except OSError:  # another run has just removed it
                    continue
                found.append(Kept(path, facts.st_size, facts.st_mtime))
        return sorted(found, key=lambda kept: kept.used)

    def describe(self, *, clear: bool = False) -> str:
        """Return in words what the folder holds, or with `clear` remove it and say so."""
        kept = [entry for entry in self.entries() if not clear or _removed(entry.path)]
        size = sum(entry.bytes for entry in kept) / 2**20
        entries = f"{len(kept)} {'entry' if len(kept) == 1 else 'entries'}, {size:.1f} MiB"
        return f"Removed from {self.folder}: {entries}" if clear else f"{self.folder}: {entries}"

    def _path(self, key: Mapping[str, object]) -> Path:
        return self.folder / f"{hashlib.sha256(_canonical(key).encode()).hexdigest()}.safetensors"

    def _make_room(self, path: Path, n_bytes: int) -> bool:
        """Remove the least recently used entries until `n_bytes` fit; remove none if they cannot fit."""
        others = [kept for kept in self.entries() if kept.path != path]
        removable = [kept for kept in others if kept.path not in self.in_use]
        too_many = n_bytes + sum(kept.bytes for kept in others) - self.most_bytes
        if too_many > sum(kept.bytes for kept in removable):
            return False
        for kept in removable:
            if too_many <= 0:
                break
            if _removed(kept.path):
                too_many -= kept.bytes
        return too_many <= 0

    def _remove_abandoned(self) -> None:
        for folder in self.folder.glob(f"{_UNFINISHED}*"):
            try:
                age = time.time() - folder.stat().st_mtime
            except OSError:
                continue
            if age > _ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def default_cache(config: Config) -> Cache | None:
    """Return the cache of this user, or None with `--no-cache` or where there is no folder for it."""
    folder = default_folder() if config.run.cache else None
    return Cache(folder, round(config.run.cache_gib * 2**30)) if folder else None


def default_folder() -> Path | None:
    """Return the folder that EMBEDSEQ_CACHE names, else `embedseq` in the user's cache folder.

    None where the user has no home folder (some containers).
    """
    named = os.environ.get(FOLDER_VARIABLE)
    try:
        return Path(named).expanduser() if named else _user_cache_folder() / "embedseq"
    except RuntimeError:
        return None


def _user_cache_folder() -> Path:
    """Return where this platform keeps what programs can make again."""
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if os.path.isabs(named) else Path.home() / ".cache"  # XDG: a relative path is ignored


# --- word vectors ----------------------------------------------------------------------------------------


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
        _add_array(digest, part)
    digest.update(words_hash(tokenized.types).encode())
    return digest.hexdigest()


def words_hash(words: pl.Series) -> str:
    """Return the SHA-256 of a string Series; the order counts."""
    digest = hashlib.sha256()
    _add_array(digest, words.str.len_bytes().to_numpy())  # the lengths tell ["ab"] from ["a", "b"]
    digest.update((words.str.join("")[0] or "").encode())
    return digest.hexdigest()


def file_hash(path: str | Path) -> str:
    """Return the SHA-256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    from pipeline.embeddings.request import WordVectors

    words = pl.Series("token", json.loads(entry.arrays["words"].tobytes()), dtype=pl.String)
    facts: dict[str, Any] = {**entry.facts, "notes": tuple(entry.facts["notes"])}
    return WordVectors(words=words, vectors=entry.arrays["vectors"], cached=True, **facts)


@lru_cache(maxsize=1)
def _gensim_version() -> str:
    return version("gensim")


@lru_cache(maxsize=1)
def _code() -> str:
    """Return the SHA-256 of the code that makes vectors: whoever changes it must not meet what it made before."""
    files = sorted((Path(__file__).parent / "embeddings").rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


# --- one file --------------------------------------------------------------------------------------------


def _read(path: Path, key: Mapping[str, object]) -> Entry | None:
    """Return the entry in a file if it is whole, unchanged, and made from this very key."""
    from safetensors import safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if header.get("sha256") != _checksum(header.get("entry", ""), arrays):
            return None
        described = json.loads(header["entry"])
    except Exception:  # whatever a broken file provokes, the answer is to make the entry again
        return None
    return Entry(arrays, described["facts"]) if described["key"] == json.loads(_canonical(key)) else None


def _write(path: Path, key: Mapping[str, object], entry: Entry) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    arrays = {name: np.ascontiguousarray(array) for name, array in entry.arrays.items()}
    text = _canonical({"key": key, "facts": entry.facts})
    try:
        save_file(arrays, path, metadata={"entry": text, "sha256": _checksum(text, arrays)})
    except SafetensorError as error:  # a full disk comes as this, without an error number
        raise OSError(str(error)) from error


def _put(written: Path, path: Path) -> None:
    """Move a finished entry to its place in one step: a reader meets the old file, none, or the new one."""
    os.chmod(written, 0o644)
    try:
        os.replace(written, path)
    except PermissionError:
        if not path.exists():
            raise
        # Windows: another process is reading the same entry, so it stands there already


def _removed(path: Path) -> bool:
    """Remove a file and return whether it is gone; on Windows one that is being read stays."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _mark_used(path: Path) -> None:
    try:
        os.utime(path)
    except OSError:
        return  # a folder that may only be read: its entries can still be used


def _checksum(text: str, arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        digest.update(name.encode())
        _add_array(digest, arrays[name])
    return digest.hexdigest()


def _add_array(digest: Any, array: np.ndarray) -> None:
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8))


def _canonical(value: object) -> str:
    """Return `value` as JSON that is the same for equal values.

    >>> _canonical({"b": (1, 2.0), "a": None})
    '{"a":null,"b":[1,2.0]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_as_json)


def _as_json(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be kept in the cache")


def _too_large(n_bytes: int, most_bytes: int) -> str:
    return (
        f"cache: vectors of {n_bytes / 2**20:,.1f} MiB do not fit into run.cache_gib = "
        f"{most_bytes / 2**30:g} beside those in use; they are not kept"
    )
