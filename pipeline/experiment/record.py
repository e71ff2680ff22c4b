"""What a run finds while it lasts, and the files it leaves; scores are computed from those (`scoring`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.core.files import write_json
from pipeline.core.resources import describe_environment
from pipeline.core.values import Corpus, Duplicates, Float32, Int32, LoadedCorpus, TokenizedCorpus
from pipeline.corpus.facts import describe_loaded, describe_tokens
from pipeline.embeddings.audit.fit import CorpusFacts, audit_fit
from pipeline.embeddings.audit.neighbours import characteristic_words, neighbour_rows
from pipeline.embeddings.table import Embedded
from pipeline.experiment.outside import OutsideModel
from pipeline.experiment.reuse import Reuse, hash_of_tests
from pipeline.experiment.tuning import Score, Trial
from pipeline.models.networks.batches import Visible
from pipeline.models.networks.far_off import SecondTraining
from pipeline.models.table import PlannedModel
from pipeline.run_folder.fits import FitKey, fit_label
from pipeline.run_folder.journal import Journal
from pipeline.run_folder.predictions import prediction_path, write_predictions
from pipeline.settings.tables import Config, first_seeds


@dataclass(frozen=True)
class Fit:
    """One fitted model: what it cost and whether it trained. Its scores come from its predictions."""

    name: str
    seed: int
    fold: int
    fit_seconds: float | None  # None, and so are the next two: the model was fitted elsewhere
    predict_documents_per_second: float | None
    peak_rss_mib: float | None
    parameters: int | None  # None: the model was fitted elsewhere
    validation_accuracy: float | None
    why_not: str | None
    warnings: tuple[str, ...]
    at_once: int = 1  # fits that ran side by side, at most
    prepare_seconds: float = 0.0  # to count the n-grams, or to make the vectors, that it was given
    latency_ms: tuple[float, ...] = ()  # of single test documents, from tokens to probabilities
    validation_score: float | None = None  # by run.metric: what models are chosen by
    validation_loss: float | None = None  # of a network, in nats: the lowest, whose weights are kept
    validation_error: float | None = None  # the standard error of that score, by the chance of documents
    settings_tried: int = 1  # before this one was chosen; trials of --tune are counted apart
    looks: int | None = None  # of a network: how often its training was judged on validation documents
    head: str | None = None  # of a network: what it read its states by, and
    vectors: str | None = None  # whether its vectors were "frozen", "tuned" or "frozen-then-tuned"
    again: SecondTraining | None = None  # the seed stood far from the others, and was trained a second time

    @property
    def key(self) -> FitKey:
        """Which fit it is."""
        return self.name, self.seed, self.fold


@dataclass(frozen=True)
class Choice:
    """A setting that validation chose, and what was tried.

    `beta`, `power` and `min_df` were chosen with it; None where there was none to choose. `settings_tried`
    counts each combination.
    """

    name: str
    fold: int
    what: str
    chosen: float
    tried: tuple[Any, ...]
    beta: float | None = None
    power: float | None = None
    min_df: int | None = None
    settings_tried: int = 0


@dataclass(frozen=True, eq=False)
class SourceRecord:
    """An embedding source as one fold used it; `documents` as networks see them, None where none reads it."""

    source: str
    embedded: Embedded
    documents: Visible | None


@dataclass(frozen=True)
class OutsideFile:
    """A file of predictions that were made elsewhere."""

    name: str
    file: str
    hard: bool  # only its answers are known, not their probabilities


@dataclass(frozen=True)
class About:
    """What is known of a run when its record begins."""

    command: str
    folder: str  # as it was given
    started: str  # UTC, ISO 8601
    folds: int
    corpus: dict[str, Any]  # as metrics.json has it
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    environment: dict[str, Any]
    tests: str  # sha256 of the test documents and their labels
    tested: int  # how many there are
    outside: tuple[OutsideFile, ...] = ()


@dataclass
class Kept:
    """What a run has found so far, without its corpus: enough to write its files and to score them.

    All of it comes in as rows by `take`, while the run lasts and when its journal is read again. What has to
    outlive a kill is therefore a row: a new kind is an entry of `_TAKES`.
    """

    run: Path
    config: Config
    about: About
    planned: tuple[PlannedModel, ...]  # those made elsewhere too
    state: str = "running"
    total_seconds: float = 0.0
    fits: list[Fit] = field(default_factory=list)
    choices: list[dict[str, Any]] = field(default_factory=list)
    trials: dict[tuple[str, str, int], list[Trial]] = field(default_factory=dict)  # by name, model, fold
    histories: list[dict[str, Any]] = field(default_factory=list)
    embeddings: list[dict[str, Any]] = field(default_factory=list)
    audits: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)  # by the source's parts
    neighbours: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    token_facts: dict[str, Any] = field(default_factory=dict)
    curve: dict[str, Any] = field(default_factory=dict)  # the sets of --learning-curve
    probes: list[dict[str, Any]] = field(default_factory=list)  # of each network's first fit
    reuse: Reuse | None = None  # how many verdicts there were on the same test documents
    added_seeds: dict[str, int] = field(default_factory=dict)  # by model: trainings beyond the first ones
    stages: list[tuple[str, float]] = field(default_factory=list)  # title, seconds
    gpu: str | None = None

    def take(self, kind: str, row: Any) -> None:
        """Take in one row of a kind."""
        _TAKES[kind](self, row)

    def note(self, text: str) -> None:
        """Keep something that the reader should know, once; an empty text says nothing."""
        if text and text not in self.notes:
            self.take("note", text)

    def end(self, state: str) -> None:
        """Set how the run ended, in its folder too: "done", "interrupted", "failed" or "killed"."""
        self.take("end", {"state": state, "total_seconds": self.total_seconds})
        self.write_status()

    def write_status(self, ended: str | None = None) -> None:
        """Say in the folder what has finished so far, and when it ended: now, where nothing else is given."""
        status = {
            "state": self.state,
            "finished": [self.label(*fit.key) for fit in self.fits],
            "planned": [self.label(*fit) for fit in self.planned_fits()],
            "started": self.about.started,
            "ended": None if self.state == "running" else ended or now(),
        }
        write_json(self.run / "details" / "status.json", status)

    def planned_fits(self) -> list[FitKey]:
        """Return every fit that the run is to make: on each fold, one a seed where training has chance in it."""
        return [
            (model.name, seed, fold)
            for fold in range(self.about.folds)
            for model in self.planned
            for seed in range(self.seeds_of(model) if model.seeded else 1)
        ]

    def seeds_of(self, model: PlannedModel) -> int:
        """Return how often a model with chance in its training is trained on each fold, as far as is decided."""
        return first_seeds(self.config) + self.added_seeds.get(model.name, 0)

    def label(self, name: str, seed: int, fold: int) -> str:
        """Return a fit's name with its seed and fold where there are several."""
        seeded = any(model.name == name and model.seeded for model in self.planned)
        n_seeds = first_seeds(self.config) if seeded else 1
        return fit_label(name, seed, fold, n_seeds=n_seeds, n_folds=self.about.folds)


def _keep(entries: list[dict[str, Any]], new: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Put an entry in the place of one that is the same in `keys`, or at the end."""
    for place, known in enumerate(entries):
        if all(known[key] == new[key] for key in keys):
            entries[place] = new
            return
    entries.append(new)


def _take_fit(kept: Kept, row: Mapping[str, Any]) -> None:
    """Put a fit in the place of one of the same model, seed and fold, or at the end."""
    again = None if row["again"] is None else SecondTraining(**row["again"])
    fit = Fit(**{**row, "again": again})
    places = [place for place, known in enumerate(kept.fits) if known.key == fit.key]
    if places:
        kept.fits[places[0]] = fit
    else:
        kept.fits.append(fit)


def _take_reuse(kept: Kept, row: Mapping[str, Any]) -> None:
    kept.reuse = Reuse(**row)


def _take_trial(kept: Kept, row: Mapping[str, Any]) -> None:
    trial = Trial(row["number"], dict(row["settings"]), Score(**row["score"]), row["seconds"])
    kept.trials.setdefault((row["name"], row["model"], row["fold"]), []).append(trial)


def _take_audit(kept: Kept, row: Mapping[str, Any]) -> None:
    kept.audits[tuple(row["parts"])] = row["audit"]


def _take_curve(kept: Kept, row: dict[str, Any]) -> None:
    kept.curve = row


def _take_gpu(kept: Kept, row: str) -> None:
    kept.gpu = row


def _take_end(kept: Kept, row: Mapping[str, Any]) -> None:
    kept.state, kept.total_seconds = row["state"], row["total_seconds"]


_TAKES: dict[str, Callable[[Any, Any], None]] = {
    "fit": _take_fit,
    "choice": lambda kept, row: kept.choices.append(row),
    "trial": _take_trial,
    "history": lambda kept, row: _keep(kept.histories, row, ("name", "seed", "fold")),
    "embedding": lambda kept, row: kept.embeddings.append(row),
    "audit": _take_audit,
    "neighbours": lambda kept, row: _keep(kept.neighbours, row, ("source",)),
    "note": lambda kept, row: kept.notes.append(row),
    "tokens": lambda kept, row: kept.token_facts.update(row),
    "curve": _take_curve,
    "probes": lambda kept, row: _keep(kept.probes, row, ("name",)),
    "reuse": _take_reuse,
    "added seeds": lambda kept, row: kept.added_seeds.update(row),
    "gpu": _take_gpu,
    "end": _take_end,
}


@dataclass(kw_only=True)
class Record(Kept):
    """What the stages of a run that is going on tell: kept, and written to the run folder's journal at once."""

    loaded: LoadedCorpus
    duplicates: Duplicates
    folds: list[Corpus]
    outside: tuple[OutsideModel, ...] = ()
    facts: CorpusFacts | None = None
    sources: dict[str, tuple[Embedded, list[tuple[str, str]]]] = field(default_factory=dict)
    journal: Journal | None = None  # None: nothing of it would be read again
    reported: bool = False  # scores and a report of them stand in the folder

    @classmethod
    def begin(
        cls,
        run: Path,
        config: Config,
        command: str,
        loaded: LoadedCorpus,
        duplicates: Duplicates,
        folds: list[Corpus],
        planned: tuple[PlannedModel, ...],
        outside: tuple[OutsideModel, ...] = (),
    ) -> Record:
        """Start the record of a run and say in its folder that it is running."""
        models = planned + tuple(PlannedModel(model.name, "outside", "outside") for model in outside)
        tests, tested = hash_of_tests([replace(fold, texts=loaded.corpus.texts) for fold in folds])
        about = About(
            command=command,
            folder=run.as_posix(),
            started=now(),
            folds=len(folds),
            corpus=describe_loaded(loaded, duplicates, folds, config),
            assumptions=tuple(loaded.assumptions),
            warnings=tuple(loaded.warnings),
            environment=describe_environment(command, None),
            tests=tests,
            tested=tested,
            outside=tuple(OutsideFile(model.name, model.file, model.hard) for model in outside),
        )
        journal = Journal.begin(run, {"about": asdict(about), "planned": [asdict(model) for model in models]})
        record = cls(
            run,
            config,
            about,
            models,
            loaded=loaded,
            duplicates=duplicates,
            folds=folds,
            outside=outside,
            journal=journal,
        )
        record.write_status()
        write_outside(record)
        return record

    def take(self, kind: str, row: Any) -> None:
        """Take in one row of a kind, and write it to the journal."""
        super().take(kind, row)
        if self.journal:
            self.journal.write(kind, row, self.stages)

    def tokens(self, tokenized: TokenizedCorpus) -> None:
        """Keep the counts of tokens, and the tokens for audits of the embedding sources."""
        self.take("tokens", describe_tokens(tokenized, self.folds[0]))
        self.facts = CorpusFacts(tokenized, self.folds[0], self.config.tokenizer)

    def fold(self, number: int) -> FoldRecord:
        """Return the part of the record that one fold fills."""
        return FoldRecord(self, number)


@dataclass(frozen=True)
class FoldRecord:
    """Where one fold writes what it found."""

    record: Record
    number: int

    def baseline(self, fit: Fit, choice: Choice | None) -> None:
        """Keep a fitted baseline."""
        if choice:
            self.record.take("choice", asdict(choice))
        self._fit(fit)

    def trial(self, planned: PlannedModel, trial: Trial) -> None:
        """Keep a trial of a model's settings."""
        of = {"name": planned.name, "model": planned.model, "fold": self.number}
        self.record.take("trial", of | asdict(trial))

    def network(self, fit: Fit, fitted: Any, table: Float32 | None) -> None:
        """Keep a fitted network: its history and, for a tuned embedding, its neighbours after training.

        A fit of the same seed and fold that was kept before makes room.
        """
        self.record.take(
            "history",
            {
                "name": fit.name,
                "seed": fit.seed,
                "fold": fit.fold,
                "batch_size": fitted.settings.batch_size,
                "learning_rate": fitted.settings.learning_rate,
                "budget": asdict(fitted.budget),
                "best_updates": fitted.best_updates,
                "stopped": fitted.stopped,
                "evaluations": [asdict(one) for one in fitted.history],
            },
        )
        if self.record.gpu is None and (gpu := _gpu()):
            self.record.take("gpu", gpu)
        if table is not None and self.number == 0:
            source = next(model.source for model in self.record.planned if model.name == fit.name)
            self._neighbours(fit.name, source or "", table)
        self._fit(fit)

    def first_training(self, fit: Fit) -> None:
        """Keep what a fit was like whose second training came to nothing: the rest of it stays as it was kept."""
        self._fit(fit)

    def probes(self, found: dict[str, Any]) -> None:
        """Keep what the probes found in a network, instead of what they found in an earlier training of it."""
        self.record.take("probes", found)

    def source(self, found: SourceRecord, train: TokenizedCorpus, labels: Int32) -> None:
        """Keep what a source covers, and its neighbours."""
        for text in found.embedded.notes:
            self.record.note(text)
        if self.number:
            return
        self.record.take("embedding", _describe_source(found))
        self.record.take("tokens", {"vocabulary": found.embedded.vocabulary.n_learned - 2})
        if found.documents is not None:
            read = {
                "cut_documents": found.documents.cut_documents,
                "cut_tokens": found.documents.cut_tokens,
                "max_tokens": self.record.config.networks.max_tokens,
                "keep": self.record.config.networks.keep,
            }
            self.record.take("tokens", read)
        words = characteristic_words(train, labels, self.record.loaded.corpus.label_names)
        self.record.sources[found.source] = (found.embedded, words)
        if not found.embedded.tuned:
            self._neighbours(found.source, found.source, None)
        self._audit(found.embedded)

    def _audit(self, embedded: Embedded) -> None:
        """Audit a source once, whatever modes it is read in; with its rows in their own order if it can be."""
        record = self.record
        known = record.audits.get(embedded.parts)
        if record.facts is None or (known is not None and (embedded.shuffled or not known["shuffled"])):
            return
        name = embedded.source if embedded.shuffled else "+".join(embedded.parts)
        audit = audit_fit(embedded, record.facts, name)
        record.take("audit", {"parts": embedded.parts, "audit": audit | {"shuffled": embedded.shuffled}})

    def _neighbours(self, title: str, source: str, trained: Float32 | None) -> None:
        """Keep the neighbours of characteristic words, of a trained table (V, D) with those before training."""
        embedded, words = self.record.sources[source]
        rows = neighbour_rows(words, embedded.vocabulary, embedded.matrix, trained)
        self.record.take("neighbours", {"source": title, "words": rows})

    def _fit(self, fit: Fit) -> None:
        self.record.take("fit", asdict(fit))
        self.record.write_status()


def write_outside(record: Record) -> None:
    """Write the predictions that were made elsewhere as those of a fit on each fold."""
    for model in record.outside:
        for fold, predictions in enumerate(model.folds):
            write_predictions(
                prediction_path(record.run, model.name, 0, fold),
                predictions,
                record.loaded.corpus.label_names,
                name=model.name,
                seed=0,
                fold=fold,
                corpus_hash=record.loaded.hash,
            )


def _describe_source(found: SourceRecord) -> dict[str, Any]:
    """Return a row of `embeddings`: which training types and tokens have a vector."""
    vocabulary, covered = found.embedded.vocabulary, found.embedded.matrix.covered
    learned = slice(2, vocabulary.n_learned)
    counts = vocabulary.counts[learned]
    return {
        "source": found.source,
        "dimension": int(found.embedded.matrix.vectors.shape[1]),
        "rows": len(vocabulary),
        "type_coverage": float(covered[learned].mean()),
        "token_coverage": float(counts[covered[learned]].sum() / counts.sum()),
        "rows_from_source": vocabulary.rows_from_source,
        "training": found.embedded.training,
        "files": list(found.embedded.files),
        "seconds": found.embedded.seconds,
        "cached": found.embedded.cached,
        "settings": found.embedded.settings,
        "note": "; ".join(found.embedded.notes) or None,
    }


def _gpu() -> str | None:
    """Return the GPU's name where TensorFlow, already loaded, sees one."""
    import sys

    if "tensorflow" not in sys.modules:
        return None
    tensorflow = sys.modules["tensorflow"]
    devices = tensorflow.config.list_physical_devices("GPU")
    if not devices:
        return None
    return str(
        tensorflow.config.experimental.get_device_details(devices[0]).get("device_name", devices[0].name)
    )


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
