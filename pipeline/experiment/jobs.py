"""One thing to fit, as a value that any process can take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pipeline.core.files import unfinished
from pipeline.core.fits import FitKey, JobKey, Result
from pipeline.core.store import Entry, write_entry
from pipeline.embeddings.on_disk import read_embedded, write_embedded
from pipeline.embeddings.table import Embedded
from pipeline.experiment.data import RunData, Split
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import Config


@dataclass(frozen=True)
class VectorFiles:
    """Where the vectors of one source for one split lie: for the documents that choose, and for a refit."""

    choose_on: Path
    fit_on: Path | None  # None: there is no refit

    @property
    def paths(self) -> tuple[Path, ...]:
        """Both, in this order."""
        return tuple(path for path in (self.choose_on, self.fit_on) if path is not None)

    def write(self, embedded: tuple[Embedded, ...]) -> None:
        """Write what a source made for this split."""
        for path, one in zip(self.paths, embedded, strict=True):
            write_embedded(path, {"of": path.name}, one)

    def read(self, *, refit: bool) -> Embedded | None:
        """Return the vectors for a refit or those before it; None where the file is absent or damaged."""
        path = self.paths[-1 if refit else 0]
        return read_embedded(path, {"of": path.name})


@dataclass(frozen=True)
class RunFiles:
    """Files of a run, by their path in a folder."""

    folder: Path
    names: tuple[str, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where they lie."""
        return tuple(self.folder / name for name in self.names)


@dataclass(frozen=True, eq=False)
class Job:
    """What to fit, with which settings, on which documents.

    Attributes
    ----------
    key : which job of the run it is
    fit : the function that fits; it yields each result as soon as it has it, and writes no file
    models : what is fitted: one model, or several that read the same n-grams; of a source those that read it
    fold : the documents that choose
    settings : those of this fit
    refit : whether what was chosen is fitted again, on validation documents too
    vectors : where the vectors that it reads, or makes, lie; None where it reads none
    needs : the job that has to end before this one can begin
    files : what else it reads: the network that probes look at, which its training writes, or a saved model
    place : the folder in which a training saves how far it is; None: one that is killed begins anew
    words : what it reads, counted as often as it is read: tells long jobs from short ones
    mib : the memory that a process needs which does it and nothing else
    beside : how many jobs like it can run at once, where all others wait for these: they share the cores; 0: others run
        beside it
    """

    key: JobKey
    fit: Callable[[RunData, Job], Iterator[Made]]
    models: tuple[PlannedModel, ...]
    fold: Split
    settings: Config
    refit: bool
    vectors: VectorFiles | None = None
    needs: JobKey | None = None
    files: RunFiles | None = None
    place: Path | None = None
    words: int = 0
    mib: float = 0.0
    beside: int = 0

    @property
    def model(self) -> PlannedModel:
        """The model that is fitted, of a job that fits one."""
        (model,) = self.models
        return model

    @property
    def seed(self) -> int:
        """The random numbers of a network, as the run counts them."""
        return self.key.seed

    @property
    def fit_key(self) -> FitKey:
        """Which fit of the run it makes, of a job that fits one model."""
        return FitKey(self.model.name, self.key.seed, self.fold.number)

    @cached_property
    def final(self) -> Split:
        """The documents that are learned from in the end."""
        return self.fold.refitted() if self.refit else self.fold

    def data(self, data: RunData) -> RunData:
        """Return what all fits read, with the settings of this one."""
        return replace(data, config=self.settings)


@dataclass(frozen=True, eq=False)
class VectorsMade:
    """The vectors of a source, in the order of `VectorFiles.paths`."""

    embedded: tuple[Embedded, ...]


@dataclass(frozen=True, eq=False)
class NetworkTrained:
    """A network that other jobs look at."""

    entry: Entry


Made = Result | VectorsMade | NetworkTrained  # what a job gives


def key_of_trained(path: Path) -> dict[str, str]:
    """Return what the file of a trained network says that it is of."""
    return {"of": path.name}


def stored(job: Job, made: Made) -> Result | None:
    """Return a result as the run takes it; what later jobs read is written where the job says, and is none itself."""
    if isinstance(made, VectorsMade):
        assert job.vectors is not None, "a job that makes vectors says where they go"
        job.vectors.write(made.embedded)
        return None
    if isinstance(made, NetworkTrained):
        assert job.files is not None, "a job whose network is looked at says where it goes"
        (path,) = job.files.paths
        with unfinished(path) as file:
            write_entry(file, key_of_trained(path), made.entry)
        return None
    return made
