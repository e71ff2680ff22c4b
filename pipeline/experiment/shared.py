"""Values that several fits read: in files that every process maps, instead of a copy with each job.

Word vectors that were trained on several threads cannot be made again, so that what later trainings read stays here
until nothing refers to it. The files are for the processes of one run alone, and go with it: plain arrays, read
without pickle. What is not a large array goes to a worker with the job, as the rest of a job does.
"""

from __future__ import annotations

import io
import os
import pickle
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Generic, TypeVar, cast

import numpy as np
import psutil

T = TypeVar("T")
_PREFIX = "embedseq-fits-"  # then the number of the process: see `_clear_after_the_dead`
_LEAST_BYTES = 2**16  # of an array that gets a file of its own


@dataclass(frozen=True, eq=False)
class Shared(Generic[T]):
    """A value that fits read: its large arrays lie in a folder; where there was no room for one, the value itself.

    `rest` is the value without these arrays, as this process wrote it; it is never read from a file.
    """

    folder: Path | None
    value: T | None = None
    rest: bytes = b""

    def get(self) -> T:
        """Return the value; its large arrays are read from their files where they are used."""
        if self.folder is None:
            return cast(T, self.value)
        return cast(T, _Reader(io.BytesIO(self.rest), self.folder).load())


@dataclass
class SharedFiles:
    """A folder for values that fits read."""

    folder: Path
    why_not: str = ""  # why nothing more is written: a full disk ends no run
    _values: int = field(default=0)

    def put(self, value: T) -> Shared[T]:
        """Return a value as jobs hold it; its files go when nothing in this process refers to that any more."""
        if self.why_not:
            return Shared(None, value)
        folder, self._values = self.folder / str(self._values), self._values + 1
        try:
            folder.mkdir()
            rest = io.BytesIO()
            _Writer(rest, folder).dump(value)
        except OSError as error:  # NumPy's own, of a file that was cut short, has no strerror
            self.why_not = f"{self.folder} cannot be written ({error.strerror or error})"
            shutil.rmtree(folder, ignore_errors=True)
            return Shared(None, value)
        shared: Shared[T] = Shared(folder, rest=rest.getvalue())
        weakref.finalize(shared, shutil.rmtree, folder, ignore_errors=True)
        return shared


@contextmanager
def shared_files() -> Iterator[SharedFiles]:
    """Give a folder for what fits share while the block runs."""
    try:
        # On Windows a file that is still mapped cannot be deleted; what is left is the system's to clear.
        _clear_after_the_dead()
        prefix = f"{_PREFIX}{os.getpid()}-"
        place = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
    except OSError as error:
        yield SharedFiles(Path(), why_not=f"there is no folder for temporary files ({error.strerror})")
        return
    with place as folder:
        yield SharedFiles(Path(folder))


def _clear_after_the_dead() -> None:
    """Remove the folders of processes that were killed: the words of a corpus are not to lie about for ever."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX).split("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(folder, ignore_errors=True)  # another person's cannot be removed, and stays


class _Writer(pickle.Pickler):
    """Writes a value, and each large array in it to a file of its own."""

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        super().__init__(file)
        self._folder, self._arrays = folder, 0

    def persistent_id(self, value: Any) -> str | None:
        """Return the name of the file that an array is written to; None for what is part of the pickle."""
        if not isinstance(value, np.ndarray) or value.nbytes < _LEAST_BYTES or value.dtype.hasobject:
            return None
        name, self._arrays = f"{self._arrays}.npy", self._arrays + 1
        np.save(self._folder / name, value, allow_pickle=False)
        return name


class _Reader(pickle.Unpickler):
    """Reads what `_Writer` wrote."""

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        super().__init__(file)
        self._folder = folder

    def persistent_load(self, name: str) -> np.ndarray:
        """Return an array as its file holds it."""
        return np.asarray(np.load(self._folder / name, mmap_mode="r", allow_pickle=False))
