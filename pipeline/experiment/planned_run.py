"""A run: its settings, the models that it fits, and the folder that holds what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.core.fits import FitKey, FitResult, Result, Row
from pipeline.core.resources import describe_environment
from pipeline.corpus.facts import describe_loaded
from pipeline.experiment.data import ReadCorpus
from pipeline.experiment.outside import OutsideModel
from pipeline.experiment.reuse import hash_of_tests
from pipeline.models.table import PlannedModel
from pipeline.run_folder.fits import fit_label
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.metrics.corpus import CorpusRead
from pipeline.run_folder.metrics.rows import value_as
from pipeline.settings.tables import Config, first_seeds


@dataclass(frozen=True)
class OutsideFile:
    """A file of predictions that were made elsewhere."""

    name: str
    file: str
    hard: bool  # only its answers are known, not their probabilities


@dataclass(frozen=True)
class About:
    """What is known of a run when it begins."""

    command: str
    folder: str  # as it was given
    started: str  # UTC, ISO 8601
    folds: int
    corpus: CorpusRead
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    environment: Row
    tests: str  # sha256 of the test documents and their labels
    tested: int  # how many there are
    outside: tuple[OutsideFile, ...] = ()


@dataclass(frozen=True, eq=False)
class PlannedRun:
    """A run without its corpus: enough to write its files and to score them."""

    config: Config
    about: About
    planned: tuple[PlannedModel, ...]  # those made elsewhere too
    folder: RunFolder

    @classmethod
    def begin(
        cls,
        path: Path,
        config: Config,
        command: str,
        read: ReadCorpus,
        planned: tuple[PlannedModel, ...],
        outside: Sequence[OutsideModel] = (),
    ) -> PlannedRun:
        """Return a run that begins: its folder says that it is running, and holds the predictions made elsewhere."""
        loaded, folds = read.loaded, read.corpora
        models = planned + tuple(PlannedModel(model.name, "outside", "outside") for model in outside)
        tests, tested = hash_of_tests([replace(fold, texts=loaded.corpus.texts) for fold in folds])
        about = About(
            command=command,
            folder=path.as_posix(),
            started=now(),
            folds=len(folds),
            corpus=corpus_of(read, config),
            assumptions=tuple(loaded.assumptions),
            warnings=tuple(loaded.warnings),
            environment=describe_environment(command, None),
            tests=tests,
            tested=tested,
            outside=tuple(OutsideFile(model.name, model.file, model.hard) for model in outside),
        )
        begin = {"about": about, "planned": models}
        run = cls(
            config, about, models, RunFolder.create(path, loaded.corpus.label_names, loaded.hash, begin)
        )
        run.write_status()
        for model in outside:
            for fold, predictions in enumerate(model.folds):
                run.folder.write_predictions(FitKey(model.name, 0, fold), predictions)
        return run

    @classmethod
    def killed(cls, path: Path) -> PlannedRun:
        """Return a run that was ended from outside, as far as it had come.

        Raises
        ------
        PipelineError
            If the run is still going on, or a file of the folder is damaged.
        """
        folder, begin = RunFolder.open(path)
        about, planned = value_as(About, begin["about"]), value_as(tuple[PlannedModel, ...], begin["planned"])
        run = cls(folder.settings(), about, planned, folder)
        run.put_in_order()
        return run

    @property
    def fitted_here(self) -> tuple[PlannedModel, ...]:
        """The models that the run fits itself."""
        return tuple(model for model in self.planned if model.kind != "outside")

    def keep(self, result: Result) -> None:
        """Give a result to the folder, which says what has finished."""
        self.folder.keep(result)
        if isinstance(result, FitResult):
            self.write_status()

    def put_in_order(self) -> None:
        """Put what was found in the order of fits that run one after the other."""
        self.folder.put_in_order((model.name, model.source) for model in self.planned)

    def end(self, state: str) -> None:
        """Set how the run ended, in its folder too: "done", "interrupted", "failed" or "killed"."""
        self.folder.tell("end", {"state": state, "total_seconds": self.folder.total_seconds})
        self.write_status()

    def write_status(self, ended: str | None = None) -> None:
        """Say in the folder what has finished so far, and when it ended: now, where nothing else is given."""
        state = self.folder.state
        status = {
            "state": state,
            "finished": [self.label(key) for key in self.folder.fits],
            "planned": [self.label(key) for key in self.planned_fits()],
            "started": self.about.started,
            "ended": None if state == "running" else ended or now(),
        }
        self.folder.write_detail("status", status)

    def planned_fits(self) -> list[FitKey]:
        """Return every fit that the run is to make: on each fold, one a seed where training has chance in it."""
        return [
            FitKey(model.name, seed, fold)
            for fold in range(self.about.folds)
            for model in self.planned
            for seed in range(self.seeds_of(model) if model.seeded else 1)
        ]

    def seeds_of(self, model: PlannedModel) -> int:
        """Return how often a model with chance in its training is trained on each fold, as far as is decided."""
        return first_seeds(self.config) + self.folder.added_seeds.get(model.name, 0)

    def label(self, key: FitKey) -> str:
        """Return a fit's name with its seed and fold where there are several."""
        seeded = any(model.name == key.name and model.seeded for model in self.planned)
        n_seeds = first_seeds(self.config) if seeded else 1
        return fit_label(*key, n_seeds=n_seeds, n_folds=self.about.folds)


def corpus_of(read: ReadCorpus, config: Config) -> CorpusRead:
    """Return what was read and how it was split, as metrics.json has it."""
    return value_as(CorpusRead, describe_loaded(read.loaded, read.duplicates, read.corpora, config))


def now() -> str:
    """Return the time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
