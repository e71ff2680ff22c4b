"""A run: its settings, the models that it fits, and the folder that holds what was found."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.files import file_hash, write_whole
from pipeline.core.fits import FitKey, FitResult, JobKey, Result, Row
from pipeline.core.resources import describe_environment
from pipeline.corpus.facts import describe_loaded
from pipeline.experiment.data import ReadCorpus
from pipeline.experiment.outside import OutsideModel
from pipeline.experiment.reuse import hash_of_tests
from pipeline.models.table import PlannedModel
from pipeline.run_folder.fits import fit_label
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.journal import END
from pipeline.run_folder.lock import RunLock
from pipeline.run_folder.metrics.corpus import CorpusRead
from pipeline.run_folder.metrics.rows import value_as
from pipeline.run_folder.names import CONFIG
from pipeline.run_folder.stopped import StoppedRun
from pipeline.settings.setting import Value
from pipeline.settings.tables import (
    SETTINGS,
    Config,
    deciding,
    first_seeds,
    get,
    save_config,
    to_toml,
    with_values,
)


@dataclass(frozen=True)
class OutsideFile:
    """A file of predictions that were made elsewhere."""

    name: str
    file: str
    hard: bool  # only its answers are known, not their probabilities
    sha256: str


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
    host: str = ""


@dataclass(frozen=True, eq=False)
class AskedRun:
    """A run as it is asked for, before anything of it is written.

    Attributes
    ----------
    command : what the person typed
    planned : the models that it fits
    outside : the models that were fitted elsewhere
    began : when the command began, by `time.perf_counter`
    """

    config: Config
    command: str
    read: ReadCorpus
    planned: tuple[PlannedModel, ...]
    began: float
    outside: tuple[OutsideModel, ...] = ()

    @property
    def models(self) -> tuple[PlannedModel, ...]:
        """All models, those made elsewhere too."""
        made = (PlannedModel(model.name, "outside", "outside") for model in self.outside)
        return (*self.planned, *made)

    def about(self, path: Path) -> About:
        """Return what is known of the run when it begins in a folder."""
        loaded, folds = self.read.loaded, self.read.corpora
        tests, tested = hash_of_tests([replace(fold, texts=loaded.corpus.texts) for fold in folds])
        return About(
            command=self.command,
            folder=path.as_posix(),
            started=now(),
            folds=len(folds),
            corpus=corpus_of(self.read, self.config),
            assumptions=tuple(loaded.assumptions),
            warnings=tuple(loaded.warnings),
            environment=describe_environment(self.command, None),
            tests=tests,
            tested=tested,
            outside=tuple(
                OutsideFile(model.name, model.file, model.hard, file_hash(model.file))
                for model in self.outside
            ),
            host=socket.gethostname(),
        )


@dataclass(frozen=True, eq=False)
class PlannedRun:
    """A run without its corpus: enough to write its files and to score them."""

    config: Config
    about: About
    planned: tuple[PlannedModel, ...]  # those made elsewhere too
    folder: RunFolder

    @classmethod
    def begin(
        cls, path: Path, asked: AskedRun, lock: RunLock | None = None, texts: dict[str, str] | None = None
    ) -> PlannedRun:
        """Return a run that begins: its folder says that it is running, and holds the predictions made elsewhere.

        Parameters
        ----------
        lock : what keeps other processes out of the folder
        texts : more files to be written there, by their path within it
        """
        about = asked.about(path)
        texts = {CONFIG: save_config(asked.config)} | (texts or {})
        models = asked.models
        begin = {"about": about, "planned": models, "texts": texts}
        loaded = asked.read.loaded
        names, corpus_hash = loaded.corpus.label_names, loaded.hash
        folder = RunFolder.create(path, names, corpus_hash, begin, began=asked.began, lock=lock)
        for name, text in texts.items():
            write_whole(path / name, text.encode())
        return cls(asked.config, about, models, folder)._started(asked)

    @classmethod
    def stopped(cls, stopped: StoppedRun) -> PlannedRun:
        """Return a run that was stopped, as far as it had come."""
        begin, folder = stopped.begin, RunFolder.of(stopped)
        about, planned = value_as(About, begin["about"]), value_as(tuple[PlannedModel, ...], begin["planned"])
        run = cls(folder.settings(), about, planned, folder)
        run.put_in_order()
        return run

    @classmethod
    def going_on(
        cls, stopped: StoppedRun, then: PlannedRun, asked: AskedRun, lock: RunLock | None = None
    ) -> PlannedRun:
        """Return a run that goes on, with its own beginning and the settings that are asked for now.

        Raises
        ------
        PipelineError
            If something that answers depend on is not what it was; each difference is named.
        """
        path, loaded = stopped.path, asked.read.loaded
        now_about = asked.about(path)
        found = [*_other_settings(then.config, asked.config), *_other_data(then, now_about)]
        found += _other_options(then, asked.config, now_about)
        if found:
            what = f"it holds a run that cannot go on as another: {'; '.join(found)}"
            raise PipelineError(
                "resumed-with-other-settings",
                str(path),
                what,
                "ask for what that run was asked for, or name a new folder",
            )
        config = save_config(asked.config)
        resumed = {"time": now(), "command": asked.command, "host": socket.gethostname()}
        folder = RunFolder.going_on(
            stopped,
            loaded.corpus.label_names,
            loaded.hash,
            resumed | {"texts": {CONFIG: config}},
            began=asked.began,
            lock=lock,
        )
        write_whole(path / CONFIG, config.encode())
        about = replace(then.about, folder=path.as_posix())
        return cls(asked.config, about, then.planned, folder)._started(asked)

    def _started(self, asked: AskedRun) -> PlannedRun:
        """Write what each part of a run begins with."""
        self.write_status()
        for model in asked.outside:
            for fold, predictions in enumerate(model.folds):
                self.folder.write_predictions(FitKey(model.name, 0, fold), predictions)
        return self

    @property
    def fitted_here(self) -> tuple[PlannedModel, ...]:
        """The models that the run fits itself."""
        return tuple(model for model in self.planned if model.kind != "outside")

    def keep(self, result: Result, job: JobKey) -> None:
        """Give what a job gave to the folder, which says what has finished."""
        self.folder.keep(result, job)
        if isinstance(result, FitResult):
            self.write_status()

    def put_in_order(self) -> None:
        """Put what was found in the order of fits that run one after the other."""
        self.folder.put_in_order((model.name, model.source) for model in self.planned)

    def end(self, state: str) -> None:
        """Set how the run ended, in its folder too: "done", "incomplete", "shard", "interrupted" and so on."""
        self.folder.tell(END, {"state": state})
        self.write_status()

    def write_status(self, ended: str | None = None) -> None:
        """Say in the folder what has finished so far, and when it ended: now, where nothing else is given."""
        state = self.folder.state
        status = {
            "state": state,
            "shard": self.config.run.shard or None,
            "finished": [self.label(key) for key in self.folder.fits],
            "planned": [self.label(key) for key in self.planned_fits()],
            "started": self.about.started,
            "resumed": self.folder.resumed,
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
        trained = max((key.seed + 1 for key in self.folder.fits if key.name == model.name), default=0)
        return max(trained, first_seeds(self.config) + self.folder.added_seeds.get(model.name, 0))

    def label(self, key: FitKey) -> str:
        """Return a fit's name with its seed and fold where there are several."""
        seeded = any(model.name == key.name and model.seeded for model in self.planned)
        n_seeds = first_seeds(self.config) if seeded else 1
        return fit_label(*key, n_seeds=n_seeds, n_folds=self.about.folds)


def corpus_of(read: ReadCorpus, config: Config) -> CorpusRead:
    """Return what was read and how it was split, as metrics.json has it."""
    return value_as(CorpusRead, describe_loaded(read.loaded, read.duplicates, read.corpora, config))


# --- is it the same run? ----------------------------------------------------------------------------------


def differences(first: PlannedRun, other: PlannedRun) -> list[str]:
    """Return in words what two shards were asked for that differs, of what answers depend on."""
    config = with_values(other.config, {"run.shard": first.config.run.shard})
    documents = _other_documents(first.about, other.about)
    return [*_other_settings(first.config, config), *documents, *_other_options(first, config, other.about)]


def _other_options(then: PlannedRun, config: Config, now: About) -> list[str]:
    """Return in words what was asked of the corpus otherwise, where its documents are others for it."""
    if then.about.corpus.hash == now.corpus.hash:
        return []
    keys = [key for key, known in SETTINGS.items() if key.startswith("corpus.") and not known.decides]
    return _told([(key, get(then.config, key), get(config, key)) for key in keys])


def _other_settings(then: Config, now: Config) -> list[str]:
    """Return in words each setting that is not what it was, of those that answers depend on.

    Probes decide no answer. Those that were not asked for are not in the folder, and would be missing.
    """
    keys = [key for key in deciding(then) if key != "run.compare"]  # files are known by what is in them
    keys += ["run.shard"]  # decides no answer, but which of them there are
    keys += ["run.probes"] if now.run.probes and not then.run.probes else []
    keys += ["run.extra_probes"] if {*now.run.extra_probes} - {*then.run.extra_probes} else []
    return _told([(key, get(then, key), get(now, key)) for key in keys])


def _told(values: Iterable[tuple[str, Value, Value]]) -> list[str]:
    return [f"{key} was {_shown(old)} and is {_shown(new)}" for key, old, new in values if old != new]


def _shown(value: Value) -> str:
    return "not given" if value is None else to_toml(value)


def _other_data(then: PlannedRun, now: About) -> list[str]:
    """Return in words each file that is not what it was: documents, split, predictions made elsewhere, vectors."""
    hashes = []
    for row in then.folder.embeddings:
        for file in (one for one in row["files"] if "path" in one):  # else it is an installed package's
            path = Path(os.path.expanduser(file["path"]))
            hashes.append((file["path"], file["sha256"], file_hash(path) if path.is_file() else None))
    return [*_other_documents(then.about, now), *_changed(hashes)]


def _other_documents(then: About, now: About) -> list[str]:
    """Return in words which of the documents, their split and predictions made elsewhere are not what they were."""
    was, corpus = then.corpus, now.corpus
    hashes = [(what, getattr(was, key), getattr(corpus, key)) for what, key in _HASHED]
    ours, theirs = ({file.name: file.sha256 for file in one.outside} for one in (then, now))
    hashes += [(f"--compare {name}", ours.get(name), theirs.get(name)) for name in {**ours, **theirs}]
    return _changed(hashes)


def _changed(hashes: Iterable[tuple[str, str | None, str | None]]) -> list[str]:
    return [
        f"{what} had sha256 {_short(old)} and has {_short(new)}"
        for what, old, new in dict.fromkeys(hashes)
        if old != new
    ]


_HASHED = (
    ("the corpus", "hash"),
    ("its split into training, validation and test documents", "split_hash"),
    ("the unlabelled text", "unlabelled_hash"),
)


def _short(sha256: str | None) -> str:
    return "none" if sha256 is None else sha256[:12]


def now() -> str:
    """Return the time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
