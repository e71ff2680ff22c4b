"""Seeds that are added to the network of the verdict, while they make up more than half of the chance in it."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline.config import AUTO, Config, first_seeds
from pipeline.evaluation import SeedsFound
from pipeline.fit_networks import Prepared, run_network
from pipeline.material import Fold, Material
from pipeline.plan import PlannedModel, kinds_for_verdict
from pipeline.prediction_files import read_run_predictions
from pipeline.record import Record
from pipeline.scoring import find_seeds
from pipeline.side_by_side import Fits

Documents = tuple[Prepared, Prepared]  # to choose on, and to fit on: the same one without --refit


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


def add_seeds(
    material: Material, folds: Sequence[Fold], record: Record, fits: Fits, kept: KeptForSeeds
) -> None:
    """Train the network of the verdict more often, once on every fold at a time, until its seeds are enough.

    Which network that is, validation documents have chosen with the first seeds; how often it is trained, the share of
    the variance says (`evaluation.find_seeds`). Nothing here reads a clock: the same run stops at the same number.
    """
    by_name = {model.name: model for model in material.planned}
    while True:
        fits.wait_for_all()
        found = seeds_so_far(record)
        if not found.more or found.network is None:
            return
        if kept.why_not:
            record.note(f"seeds that would narrow the interval are not added: {kept.why_not}")
            return
        planned, seed = by_name[found.network], found.steps[-1].seeds
        if seed == first_seeds(material.config):
            material.console.say(told(found))
        record.added_seeds[planned.name] = seed + 1 - first_seeds(material.config)
        for fold in folds:
            settings = kept.settings[fold.number, planned.name]
            documents = kept.again(fold.number, planned.source or "")
            fits.run(run_network, fold.number, settings, planned, seed, *documents, material.config.run.refit)


def seeds_so_far(record: Record) -> SeedsFound:
    """Return whether the seeds whose predictions the run folder holds are enough."""
    kinds = kinds_for_verdict(record.planned)
    return find_seeds(
        read_run_predictions(record.run), kinds, [asdict(fit) for fit in record.fits], record.config
    )


def told(found: SeedsFound) -> str:
    """Return what a person is told before seeds are added."""
    last, asked = found.steps[-1], found.asked
    return (
        f"After {last.seeds} seeds, seeds make up {last.share:.0%} of the chance in {found.network} minus"
        f" {last.against}: it is trained again, {asked.most} times at most"
    )
