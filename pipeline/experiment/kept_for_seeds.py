"""What more trainings of a run's networks need, in files until it is known which network is trained more often."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.core.values import IndexedCorpus
from pipeline.models.table import PlannedModel
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import Config

# Of one fold and source, `fit_networks.Prepared`: to choose on, and to fit on (the same object without --refit).
Documents = tuple[Any, Any]


@dataclass
class KeptForSeeds:
    """What more trainings of the networks need, until it is known which network is trained more often.

    Word vectors that were trained on several threads cannot be made again. They lie in array files, with the
    documents as networks see them, and are read from there: all folds of a large corpus would not fit into memory.
    """

    folder: Path
    settings: dict[tuple[int, str], Config] = field(
        default_factory=dict
    )  # by fold, model: with those of --tune
    why_not: str = ""  # why nothing can be added
    _documents: dict[tuple[int, str], Documents] = field(default_factory=dict)
    _files: int = 0

    def documents(self, fold: int, source: str, found: Documents) -> None:
        """Keep what the networks of a source read in one fold; a full disk ends no run."""
        if self.why_not:
            return
        first, last = found
        try:
            kept = self._in_files(first)
            self._documents[fold, source] = kept, (kept if last is first else self._in_files(last))
        except OSError as error:  # NumPy's own, of a file that was cut short, has no strerror
            self.why_not = f"{self.folder} cannot be written ({error.strerror or error})"
            self._let_go()

    def _let_go(self) -> None:
        """Forget what was kept and delete its files: they are of no use, and the run needs the room on the disk."""
        self._documents.clear()
        for path in self.folder.glob("*.npy"):
            path.unlink(missing_ok=True)

    def again(self, fold: int, source: str) -> Documents:
        """Return what was kept; its arrays are read from their files where they are used."""
        return self._documents[fold, source]

    def _in_files(self, prepared: Any) -> Any:
        """Return documents laid out for networks with their large arrays in files."""
        embedded, seen = prepared.embedded, prepared.documents
        matrix = replace(embedded.matrix, vectors=self._in_a_file(embedded.matrix.vectors))
        indexed = IndexedCorpus(self._in_a_file(seen.indexed.indices), seen.indexed.offsets)
        return replace(
            prepared,
            embedded=replace(embedded, matrix=matrix, file_words=None),
            documents=replace(seen, indexed=indexed),
        )

    def _in_a_file(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Write an array and return it as its file holds it."""
        path, self._files = self.folder / f"{self._files}.npy", self._files + 1
        np.save(path, array, allow_pickle=False)
        mapped: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped


@contextmanager
def kept_for_seeds(config: Config, planned: Sequence[PlannedModel]) -> Iterator[KeptForSeeds | None]:
    """Give a place for what more trainings need while the block runs; None where none can be wanted."""
    kinds = {model.kind for model in planned}
    if config.run.seeds != AUTO or "network" not in kinds or len(kinds) == 1:
        yield None
        return
    try:
        # On Windows a file that is still mapped cannot be deleted; what is left is the system's to clear.
        place = tempfile.TemporaryDirectory(prefix="embedseq-", ignore_cleanup_errors=True)
    except OSError as error:
        yield KeptForSeeds(Path(), why_not=f"there is no folder for temporary files ({error.strerror})")
        return
    with place as folder:
        yield KeptForSeeds(Path(folder))
