"""What a run finds while it lasts, and the files it leaves; scores are computed from those (`scoring`)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.config import Config, first_seeds
from pipeline.console import Console, quiet
from pipeline.corpus import leak_warning
from pipeline.documents_shown import documents_shown, shown_of_first_fold
from pipeline.embeddings import Embedded
from pipeline.embeddings.audit import CorpusFacts, audit_fit
from pipeline.embeddings.neighbours import characteristic_words, neighbour_rows
from pipeline.ledger import describe_loaded, describe_tokens
from pipeline.metrics_schema import check_metrics
from pipeline.networks.batches import Visible
from pipeline.networks.far_off import SecondTraining
from pipeline.outside_predictions import OutsideModel
from pipeline.plan import PlannedModel, kinds_for_verdict
from pipeline.prediction_files import prediction_path, write_predictions
from pipeline.receipts import RECEIPTS, make_receipts
from pipeline.resources import describe_environment
from pipeline.reuse import Look, Reuse, count_verdict, hash_of_tests, settings_hash
from pipeline.scoring import FitKey, Scored, fit_label, score_run
from pipeline.storage import bytes_to_predict, plain, write_json
from pipeline.tuning import Trial, describe_families, describe_space
from pipeline.values import TEST, TRAIN, Corpus, Duplicates, Float32, Int32, LoadedCorpus, TokenizedCorpus
from pipeline.word_contributions import word_contributions


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


@dataclass
class Record:
    """Gathers what the stages found; `conclude` writes it."""

    run: Path
    config: Config
    command: str
    loaded: LoadedCorpus
    duplicates: Duplicates
    folds: list[Corpus]
    planned: tuple[PlannedModel, ...]  # those of `outside` too
    started: str
    outside: tuple[OutsideModel, ...] = ()
    state: str = "running"
    fits: list[Fit] = field(default_factory=list)
    choices: list[dict[str, Any]] = field(default_factory=list)
    trials: dict[tuple[str, str, int], list[Trial]] = field(default_factory=dict)  # by name, model, fold
    histories: list[dict[str, Any]] = field(default_factory=list)
    embeddings: list[dict[str, Any]] = field(default_factory=list)
    audits: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)  # by the source's parts
    facts: CorpusFacts | None = None
    neighbours: list[dict[str, Any]] = field(default_factory=list)
    sources: dict[str, tuple[Embedded, list[tuple[str, str]]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    token_facts: dict[str, Any] = field(default_factory=dict)
    curve: dict[str, Any] = field(default_factory=dict)  # the sets of --learning-curve
    probes: list[dict[str, Any]] = field(default_factory=list)  # of each network's first fit
    reuse: Reuse | None = None  # how many verdicts there were on the same test documents
    added_seeds: dict[str, int] = field(default_factory=dict)  # by model: trainings beyond the first ones

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
        record = cls(run, config, command, loaded, duplicates, folds, models, _now(), outside)
        record.write_status()
        return record

    def note(self, text: str) -> None:
        """Keep something that the reader should know, once; an empty text says nothing."""
        if text and text not in self.notes:
            self.notes.append(text)

    def tokens(self, tokenized: TokenizedCorpus) -> None:
        """Keep the counts of tokens, and the tokens for audits of the embedding sources."""
        self.token_facts |= describe_tokens(tokenized, self.folds[0])
        self.facts = CorpusFacts(tokenized, self.folds[0], self.config.tokenizer)

    def fold(self, number: int) -> FoldRecord:
        """Return the part of the record that one fold fills."""
        return FoldRecord(self, number)

    def end(self, state: str) -> None:
        """Set how the run ended, in its folder too: "done", "interrupted" or "failed"."""
        self.state = state
        self.write_status()

    def write_status(self) -> None:
        """Say in the folder what has finished so far."""
        status = {
            "state": self.state,
            "finished": [self.label(fit.name, fit.seed, fit.fold) for fit in self.fits],
            "planned": [self.label(*fit) for fit in self.planned_fits()],
            "started": self.started,
            "ended": None if self.state == "running" else _now(),
        }
        write_json(self.run / "details" / "status.json", status)

    def planned_fits(self) -> list[FitKey]:
        """Return every fit that the run is to make: on each fold, one a seed where training has chance in it."""
        return [
            (model.name, seed, fold)
            for fold in range(len(self.folds))
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
        return fit_label(name, seed, fold, n_seeds=n_seeds, n_folds=len(self.folds))


@dataclass(frozen=True)
class FoldRecord:
    """Where one fold writes what it found."""

    record: Record
    number: int

    def baseline(self, fit: Fit, choice: Choice | None) -> None:
        """Keep a fitted baseline."""
        if choice:
            self.record.choices.append(asdict(choice))
        self._fit(fit)

    def trial(self, planned: PlannedModel, trial: Trial) -> None:
        """Keep a trial of a model's settings."""
        self.record.trials.setdefault((planned.name, planned.model, self.number), []).append(trial)

    def network(self, fit: Fit, fitted: Any, table: Float32 | None) -> None:
        """Keep a fitted network: its history and, for a tuned embedding, its neighbours after training.

        A fit of the same seed and fold that was kept before makes room.
        """
        history = {
            "name": fit.name,
            "seed": fit.seed,
            "fold": fit.fold,
            "batch_size": fitted.settings.batch_size,
            "learning_rate": fitted.settings.learning_rate,
            "budget": asdict(fitted.budget),
            "best_updates": fitted.best_updates,
            "stopped": fitted.stopped,
            "evaluations": [asdict(one) for one in fitted.history],
        }
        _keep(self.record.histories, history, ("name", "seed", "fold"))
        if table is not None and self.number == 0:
            source = next(model.source for model in self.record.planned if model.name == fit.name)
            self._neighbours(fit.name, source or "", table)
        self._fit(fit)

    def first_training(self, fit: Fit) -> None:
        """Keep what a fit was like whose second training came to nothing: the rest of it stays as it was kept."""
        self._fit(fit)

    def probes(self, found: dict[str, Any]) -> None:
        """Keep what the probes found in a network, instead of what they found in an earlier training of it."""
        _keep(self.record.probes, found, ("name",))

    def source(self, found: SourceRecord, train: TokenizedCorpus, labels: Int32) -> None:
        """Keep what a source covers, and its neighbours."""
        for text in found.embedded.notes:
            self.record.note(text)
        if self.number:
            return
        self.record.embeddings.append(_describe_source(found))
        self.record.token_facts["vocabulary"] = found.embedded.vocabulary.n_learned - 2
        if found.documents is not None:
            self.record.token_facts |= {
                "cut_documents": found.documents.cut_documents,
                "cut_tokens": found.documents.cut_tokens,
                "max_tokens": self.record.config.networks.max_tokens,
                "keep": self.record.config.networks.keep,
            }
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
        record.audits[embedded.parts] = audit | {"shuffled": embedded.shuffled}

    def _neighbours(self, title: str, source: str, trained: Float32 | None) -> None:
        """Keep the neighbours of characteristic words, of a trained table (V, D) with those before training."""
        embedded, words = self.record.sources[source]
        rows = neighbour_rows(words, embedded.vocabulary, embedded.matrix, trained)
        _keep(self.record.neighbours, {"source": title, "words": rows}, ("source",))

    def _fit(self, fit: Fit) -> None:
        places = [place for place, known in enumerate(self.record.fits) if known.key == fit.key]
        if places:
            self.record.fits[places[0]] = fit
        else:
            self.record.fits.append(fit)
        self.record.write_status()


def count_this_verdict(record: Record) -> None:
    """Count the run among those that looked at the same test documents, once, if it compares something."""
    fitted = {fit.name for fit in record.fits}
    kinds = {kind for name, kind in kinds_for_verdict(record.planned).items() if name in fitted}
    if record.reuse is not None or "network" not in kinds or len(kinds) == 1:
        return
    tests, n_docs = hash_of_tests([replace(fold, texts=record.loaded.corpus.texts) for fold in record.folds])
    corpus = describe_loaded(record.loaded, record.duplicates, record.folds, record.config)
    run = hashlib.sha256(f"{record.run.resolve()} {record.started}".encode()).hexdigest()
    look = Look(run, _now(), tests, settings_hash(record.config, corpus))
    record.reuse, why_not = count_verdict(look, n_docs)
    record.note(why_not)


def _keep(entries: list[dict[str, Any]], new: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Put an entry in the place of one that is the same in `keys`, or at the end."""
    for place, known in enumerate(entries):
        if all(known[key] == new[key] for key in keys):
            entries[place] = new
            return
    entries.append(new)


def conclude(record: Record, console: Console, total_seconds: float) -> None:
    """Write what only the run knows, score the folder from its files, and draw the report."""
    from pipeline.report import draw_report

    with console.stage("Scoring"):
        record.note(leak_warning(record.duplicates, len(record.folds[0].positions(TEST))) or "")
        save_outside(record)
        count_this_verdict(record)
        for name, value in _known_by_the_run(record, console, total_seconds).items():
            write_json(record.run / "details" / f"{name}.json", value)
        record.write_status()
        scored = score_run(record.run)
        chosen = scored.details["chosen_documents"]
        shown = documents_shown(scored.metrics, chosen, record.loaded.corpus, record.folds)
        write_json(record.run / "details" / "documents_shown.json", shown)
    contributions = _contributions(record, chosen, console)
    with console.stage("Drawing the report"):
        if contributions:
            write_json(record.run / "details" / "contributions.json", contributions)
        write_scores(record.run, scored)
        draw_report(record.run)


def _contributions(record: Record, chosen: Mapping[str, Any], console: Console) -> dict[str, Any]:
    """Return what each word of the chosen documents adds; nothing for a run that did not end, or with --no-probes."""
    if record.state != "done" or not record.config.run.probes or record.facts is None or not chosen:
        return {}
    names = {model["name"] for model in chosen["models"]}
    planned = [model for model in record.planned if model.name in names]
    shown = shown_of_first_fold(chosen, record.folds[0], record.facts.tokenized)
    with console.stage("Word contributions", len(planned), "models") as stage, quiet(record.config.run.debug):
        return word_contributions(record.run, planned, shown, record.config.tokenizer, stage.advance)


def write_scores(run: Path, scored: Scored) -> None:
    """Write metrics.json, the details that derive from predictions, and the receipts of all other files.

    Raises
    ------
    ValueError
        If metrics.json would not be what its schema says.
    """
    check_metrics(plain(scored.metrics))
    write_json(run / RECEIPTS, make_receipts(run))
    for path, value in scored.files.items():
        write_json(run / path, value)


def save_outside(record: Record) -> None:
    """Save the predictions that were made elsewhere as those of a fit on each fold, without what a fit costs.

    A run that is stopped while its report is drawn comes here again: what is recorded stays so.
    """
    recorded = {fit.name for fit in record.fits}
    for model in record.outside:
        if model.name in recorded:
            continue
        known = (
            "labels alone, so there is no log loss and no ECE" if model.hard else "labels and probabilities"
        )
        record.note(f"{model.name} was not trained here: its predictions are those of {model.file} ({known})")
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
            record.fits.append(fit_made_elsewhere(model.name, fold))


def fit_made_elsewhere(name: str, fold: int) -> Fit:
    """Return what is known of a fit that was not made here: nothing but its predictions."""
    return Fit(
        name=name,
        seed=0,
        fold=fold,
        fit_seconds=None,
        predict_documents_per_second=None,
        peak_rss_mib=None,
        parameters=None,
        validation_accuracy=None,
        why_not=None,
        warnings=(),
    )


def costs_of_models(record: Record) -> list[dict[str, Any]]:
    """Return what each model that was fitted here took: seconds and memory of its fits, latency, size of its files."""
    elsewhere = {model.name for model in record.outside}
    fits: dict[str, list[Fit]] = defaultdict(list)
    for fit in record.fits:
        if fit.name not in elsewhere:
            fits[fit.name].append(fit)
    kept = ("seed", "fold", "prepare_seconds", "fit_seconds", "peak_rss_mib")
    return [
        {
            "name": name,
            "fits": [{key: getattr(fit, key) for key in kept} for fit in found],
            "latency_ms": next((fit.latency_ms for fit in found if fit.latency_ms), ()),
            "size_bytes": bytes_to_predict(record.run, name),
        }
        for name, found in fits.items()
    ]


def _known_by_the_run(record: Record, console: Console, total_seconds: float) -> dict[str, Any]:
    """Return files of `details/` by name: what cannot be computed from the others once the run is over."""
    details = {
        "fits": {
            "models": [_describe_model(model, record) for model in record.planned],
            "fits": [asdict(fit) for fit in record.fits],
        },
        "run": {
            "state": record.state,
            "folder": record.run.as_posix(),
            "folds": len(record.folds),
            "corpus": describe_loaded(record.loaded, record.duplicates, record.folds, record.config),
            "reuse": None if record.reuse is None else record.reuse.row,
            "embeddings": record.embeddings,
            "tuning": describe_families(record.trials, record.config),
            "assumptions": list(record.loaded.assumptions),
            "warnings": [*record.loaded.warnings, *record.notes],
            "stages": [{"stage": title, "seconds": seconds} for title, seconds in console.stage_seconds],
            "total_seconds": total_seconds,
            "environment": describe_environment(record.command, _gpu()),
        },
        "histories": record.histories,
        "choices": record.choices,
        "neighbours": record.neighbours,
        "audit": list(record.audits.values()),
        "fit_costs": costs_of_models(record),
        "tokens": record.token_facts,
    }
    if record.config.run.tune:
        details["tuning"] = _tuning(record)
    if record.config.run.probes:
        details["probes"] = record.probes
    if record.curve:
        details["curve_sets"] = record.curve
    return details


def _describe_model(planned: PlannedModel, record: Record) -> dict[str, Any]:
    return {
        "name": planned.name,
        "kind": planned.kind,
        "verdict_kind": kinds_for_verdict(record.planned)[planned.name],
        "model": planned.model,
        "head": planned.head or None,
        "embedding": planned.source,
        "seeded": planned.seeded,
    }


def _tuning(record: Record) -> dict[str, Any]:
    """Return the search space of each model; what was tried stands in metrics.json."""
    models = [planned.model for planned in record.planned]
    n_train = len(record.folds[0].positions(TRAIN))
    return {"trials": record.config.run.tune, "space": describe_space(models, record.config, n_train)}


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
