"""The file in which a training keeps where it stands."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.core.files import Json
from pipeline.core.store import read_entry, write_entry
from pipeline.core.warned import Warned, warning
from pipeline.models.networks.training_state import TrainingState

FILE = "training.safetensors"
_LEAST_TIMES = 50  # so many times what a save takes pass before the next: it costs 2 % of a training at most


@dataclass(eq=False)
class SavePoint:
    """A folder of one training's own, from which it goes on after it was killed.

    Attributes
    ----------
    folder : Path
        Made where it is not there.
    seconds : float
        Least time between two saves, or 50 times what the last one took, if that is longer; 0 saves after every
        update, whatever it takes.
    warn : callable
        Told in a sentence what went wrong; nothing that goes wrong here ends a training.
    saves, spent : int, float
        How often was saved, and the seconds that it took.

    Notes
    -----
    One file, an `Entry` with a checksum over every byte that counts, takes the place of the one before in one step
    once it is on the disk: whoever is killed at any moment leaves the old one or the new one.
    """

    folder: Path
    seconds: float = 60.0
    warn: Callable[[Warned], None] = lambda sentence: None
    saves: int = field(default=0, init=False)
    spent: float = field(default=0.0, init=False)
    _training: Mapping[str, Json] = field(default_factory=dict, init=False)
    _last_seconds: float = field(default=0.0, init=False)
    _last_end: float = field(default_factory=time.perf_counter, init=False)
    _warned: set[str] = field(default_factory=set, init=False)

    def open(self, training: Mapping[str, Json]) -> None:
        """Say which training begins now, by its `fingerprint`; what is loaded and saved is of it alone."""
        self._training, self._last_end = training, time.perf_counter()

    def load(self) -> TrainingState | None:
        """Return where the training stands, None where nothing was saved.

        A file that is damaged, or of another training, is set aside under another name.
        """
        if not os.path.exists(self._path):  # False too where the folder may not be read
            return None
        found = read_entry(self._path)
        if found is None:
            self._set_aside("is damaged")
            return None
        key, entry = found
        wanted = json.loads(json.dumps(self._training))
        others = sorted(part for part in key.keys() | wanted.keys() if key.get(part) != wanted.get(part))
        if others:
            self._set_aside(f"is of another training ({', '.join(others)})")
            return None
        return TrainingState.from_entry(entry)

    def save_if_due(self, state: Callable[[], TrainingState]) -> None:
        """Save the state, which is asked for only if it is time for that."""
        start = time.perf_counter()
        if self.seconds and start - self._last_end < max(self.seconds, _LEAST_TIMES * self._last_seconds):
            return
        self.save(state())
        self._last_end = time.perf_counter()
        self._last_seconds = self._last_end - start
        self.spent += self._last_seconds

    def save(self, state: TrainingState) -> None:
        """Put the state in the place of the one before; where that cannot be done, that one stays."""
        unfinished = self._path.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_entry(unfinished, self._training, state.as_entry())
            _wait_for_disk(unfinished)
            os.replace(unfinished, self._path)
            _wait_for_disk(self.folder)
            self.saves += 1
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)  # it would take the room that is missing
            told = f"{self.folder} cannot be written ({error.strerror or error}): this training goes on"
            later = "but a later start would begin it where it was saved last"
            self._warn_once(warning("training-not-saved", f"{told}, {later}"))

    def clear(self) -> None:
        """Remove what was saved, once what the training gave is kept elsewhere."""
        with suppress(OSError):
            for path in (self._path.with_suffix(".part"), self._path):
                path.unlink(missing_ok=True)
            self.folder.rmdir()  # stays where something was set aside

    @property
    def _path(self) -> Path:
        return self.folder / FILE

    def _set_aside(self, why: str) -> None:
        aside = self._path.with_name(f"{FILE}.damaged")
        try:
            os.replace(self._path, aside)
            what = f"it is now {aside.name}"
        except OSError as error:
            what = f"it cannot be renamed ({error.strerror})"
        told = f"{self._path} {why}: {what}, and this training begins anew"
        self.warn(warning("training-begins-anew", told))

    def _warn_once(self, sentence: Warned) -> None:
        if sentence not in self._warned:
            self._warned.add(sentence)
            self.warn(sentence)


def _wait_for_disk(path: Path) -> None:
    """Return once a file's content, or a folder's list of names, is on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows gives no handle to a folder
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
