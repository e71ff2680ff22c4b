"""What more trainings of a run's networks need, in files until it is known which network is trained more often."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.config import AUTO, Config
from pipeline.plan import PlannedModel

# Of one fold and source, as `fit_networks` lays them out: to choose on, and to fit on (the same without --refit).
Documents = tuple[Any, Any]


@dataclass
class KeptForSeeds:
    """What more trainings of the networks need, until it is known which network is trained more often.

    Word vectors that were trained on several threads cannot be made again. They lie in files, with the documents as
    networks see them: all folds of a large corpus would not fit into memory.
    """

    folder: Path
    settings: dict[tuple[int, str], Config] = field(
        default_factory=dict
    )  # by fold, model: with those of --tune
    why_not: str = ""  # why nothing can be added
    _numbers: dict[tuple[int, str], int] = field(default_factory=dict)

    def documents(self, fold: int, source: str, found: Documents) -> None:
        """Keep what the networks of a source read in one fold; a full disk ends no run."""
        try:
            with self._path(fold, source).open("wb") as file:
                pickle.dump(found, file)
        except OSError as error:
            self.why_not = f"{self.folder} cannot be written ({error.strerror})"

    def again(self, fold: int, source: str) -> Documents:
        """Return what was kept."""
        with self._path(fold, source).open("rb") as file:
            found: Documents = pickle.load(file)  # written by this process, in a folder of its own
        return found

    def _path(self, fold: int, source: str) -> Path:
        """Return the file of one fold and source; its name is a number, since a source's may be too long for one."""
        number = self._numbers.setdefault((fold, source), len(self._numbers))
        return self.folder / f"{number}.pickle"


@contextmanager
def kept_for_seeds(config: Config, planned: Sequence[PlannedModel]) -> Iterator[KeptForSeeds | None]:
    """Give a place for what more trainings need while the block runs; None where none can be wanted."""
    kinds = {model.kind for model in planned}
    if config.run.seeds != AUTO or "network" not in kinds or len(kinds) == 1:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="embedseq-") as folder:
        yield KeptForSeeds(Path(folder))
