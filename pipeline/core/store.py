"""What was read or trained once, kept on disk under a key of all that it depends on: one file an entry.

The file is named by the SHA-256 of the key and holds arrays, the key itself and a checksum (safetensors with
JSON in its header; nothing in it can be executed). An entry that is broken, or not the one asked for, is as
good as absent: it is made again. Nothing that goes wrong here ends a run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

from pipeline.core.warned import Warned, warning

FOLDER_VARIABLE = "EMBEDSEQ_CACHE"
_ENTRY_NAMES = "[0-9a-f]" * 64 + ".safetensors"
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
        found = read_entry(path)
        if found is None or found[0] != json.loads(_canonical(key)):
            return None
        self.in_use.add(path)
        with suppress(OSError):  # a folder that may only be read: its entries can still be used
            os.utime(path)
        return found[1]

    def keep(self, key: Mapping[str, object], entry: Entry) -> Warned | None:
        """Write an entry, or return in words why it was not kept."""
        path = self._path(key)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._remove_abandoned()
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=_UNFINISHED) as unfinished:
                written = Path(unfinished) / path.name
                write_entry(written, key, entry)
                if not self._make_room(path, written.stat().st_size):
                    return _too_large(written.stat().st_size, self.most_bytes)
                _put(written, path)
        except OSError as error:
            told = (
                f"cache: {self.folder} cannot be written ({error.strerror or error}); nothing is kept there"
            )
            return warning("cache-not-written", told)
        self.in_use.add(path)
        return None

    def entries(self) -> list[Kept]:
        """Return the entries, least recently used first; other files in the folder are left alone."""
        found = []
        for path in self.folder.glob(_ENTRY_NAMES):
            with suppress(OSError):  # another run has just removed it
                found.append(Kept(path, path.stat().st_size, path.stat().st_mtime))
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
            if too_many > 0 and _removed(kept.path):
                too_many -= kept.bytes
        return too_many <= 0

    def _remove_abandoned(self) -> None:
        for folder in self.folder.glob(f"{_UNFINISHED}*"):
            with suppress(OSError):  # another run has just removed it
                if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)


def default_folder() -> Path | None:
    """Return the folder that EMBEDSEQ_CACHE names, else `embedseq` in the user's cache folder.

    None where the user has no home folder (some containers).
    """
    named = os.environ.get(FOLDER_VARIABLE)
    try:
        if named:
            return Path(named).expanduser()
        # on Windows without a folder for the author and one named Cache
        return user_cache_path("embedseq", appauthor=False, opinion=False)
    except RuntimeError:
        return None


# --- one file --------------------------------------------------------------------------------------------


def read_entry(path: Path, *, mapped: bool = False) -> tuple[Mapping[str, object], Entry] | None:
    """Return the key of the entry in a file, and the entry; None if a byte of it is not as it was written.

    Parameters
    ----------
    mapped : bool
        Whether its arrays are the file itself, mapped into memory: all processes that read it share one copy, none may
        write. The file is not to be changed in place meanwhile; it may be replaced or deleted.
    """
    from safetensors import safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            arrays = {} if mapped else {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if mapped:
            arrays = _mapped(path)
        if header.get("sha256") != _checksum(header.get("entry", ""), arrays):
            return None
        described = json.loads(header["entry"])
        return described["key"], Entry(arrays, described["facts"])
    except Exception:  # whatever a broken file provokes, the answer is to make the entry again
        return None


# Types of arrays, as a header of safetensors names them (its README, "Format").
_TYPES = {
    **{"BOOL": "?", "I8": "<i1", "U8": "<u1", "I16": "<i2", "U16": "<u2", "I32": "<i4", "U32": "<u4"},
    **{"I64": "<i8", "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8"},
}


def _mapped(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file as parts of the file: the header says where each one begins and ends."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    data = np.memmap(path, np.uint8, "r")[8 + length :]
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            flat = data[begin:end].view(_TYPES[entry["dtype"]])
            arrays[name] = np.asarray(flat).reshape(entry["shape"])
    return arrays


def write_entry(path: Path, key: Mapping[str, object], entry: Entry) -> None:
    """Write an entry and its key; an array without axes is read as one of shape (1,).

    Raises
    ------
    OSError
        If the file cannot be written whole.
    """
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


def _checksum(text: str, arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        digest.update(name.encode())
        add_array(digest, arrays[name])
    return digest.hexdigest()


def add_array(digest: hashlib._Hash, array: np.ndarray) -> None:
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


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


def _too_large(n_bytes: int, most_bytes: int) -> Warned:
    return warning(
        "too-large-for-the-cache",
        f"cache: vectors of {n_bytes / 2**20:,.1f} MiB do not fit into run.cache_gib = "
        f"{most_bytes / 2**30:g} beside those in use; they are not kept",
    )
