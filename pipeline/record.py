"""What a run leaves behind: details, metrics and the report, computed from the saved predictions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import evaluation
from pipeline.config import Config, stage_generator
from pipeline.console import Console
from pipeline.corpus import leak_warning
from pipeline.embeddings import Embedded
from pipeline.embeddings.audit import CorpusFacts, audit_fit
from pipeline.embeddings.neighbours import characteristic_words, neighbour_rows
from pipeline.errors import first_places
from pipeline.networks.batches import Visible
from pipeline.outside_predictions import OutsideModel
from pipeline.plan import PlannedModel, kinds_for_verdict
from pipeline.prediction_files import (
    SavedPredictions,
    prediction_path,
    read_run_predictions,
    write_predictions,
)
from pipeline.resources import describe_environment
from pipeline.storage import bytes_to_predict, write_json
from pipeline.tuning import Trial, describe_families, describe_space
from pipeline.values import (
    SPLIT_NAMES,
    TEST,
    Bool,
    Corpus,
    Dropped,
    Duplicates,
    Float32,
    Int32,
    LoadedCorpus,
    Predictions,
    TokenizedCorpus,
)

SCHEMA_VERSION = 1
CURVE_FOLDER = Path("details", "learning_curve")  # its predictions stand apart: they enter no other table
ROWS_SHOWN = 20  # first records of each ledger entry that metrics.json names


FitKey = tuple[str, int, int]  # name, seed, fold


@dataclass(frozen=True)
class Fit:
    """One fitted model: what it cost and whether it trained. Its scores come from its predictions."""

    name: str
    seed: int
    fold: int
    fit_seconds: float
    predict_documents_per_second: float
    peak_rss_mib: float
    parameters: int | None  # None: the model was fitted elsewhere
    validation_accuracy: float | None
    why_not: str | None
    warnings: tuple[str, ...]
    at_once: int = 1  # fits that ran side by side, at most
    prepare_seconds: float = 0.0  # to count the n-grams, or to make the vectors, that it was given
    latency_ms: tuple[float, ...] = ()  # of single test documents, from tokens to probabilities

    @property
    def key(self) -> FitKey:
        """Which fit it is."""
        return self.name, self.seed, self.fold


@dataclass(frozen=True)
class Choice:
    """A setting that validation chose, and what was tried."""

    name: str
    fold: int
    what: str
    chosen: float
    tried: tuple[Any, ...]


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
            for seed in range(self.config.run.seeds if model.seeded else 1)
        ]

    def label(self, name: str, seed: int, fold: int) -> str:
        """Return a fit's name with its seed and fold where there are several."""
        seeded = any(model.name == name and model.seeded for model in self.planned)
        of_seed = f" seed {seed}" if self.config.run.seeds > 1 and seeded else ""
        return name + of_seed + (f" fold {fold}" if len(self.folds) > 1 else "")


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
        """Keep a fitted network: its history and, for a tuned embedding, its neighbours after training."""
        self.record.histories.append(
            {
                "name": fit.name,
                "seed": fit.seed,
                "fold": fit.fold,
                "best_epoch": fitted.best_epoch,
                "stopped": fitted.stopped,
                "epochs": [asdict(epoch) for epoch in fitted.epochs],
            }
        )
        if table is not None and self.number == 0:
            source = next(model.source for model in self.record.planned if model.name == fit.name)
            self._neighbours(fit.name, source or "", table)
        self._fit(fit)

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
        self.record.neighbours.append({"source": title, "words": rows})

    def _fit(self, fit: Fit) -> None:
        self.record.fits.append(fit)
        self.record.write_status()


def describe_tokens(tokenized: TokenizedCorpus, corpus: Corpus) -> dict[str, Any]:
    """Return counts of tokens; `unknown_tokens` is the share that no training document holds, by split."""
    lengths = np.diff(tokenized.offsets)
    part_of_token = np.repeat(corpus.split, lengths)  # (M,)
    seen = np.zeros(len(tokenized.types), dtype=bool)
    seen[tokenized.token_types[part_of_token == 0]] = True
    unseen = ~seen[tokenized.token_types]  # (M,)
    return {
        "documents": tokenized.n_docs,
        "tokens": len(tokenized.token_types),
        "types": len(tokenized.types),
        "length": {
            "median": float(np.median(lengths)),
            "mean": float(lengths.mean()),
            "p95": float(np.percentile(lengths, 95)),
            "max": int(lengths.max()),
        },
        "empty_documents": {
            name: int((lengths[corpus.split == part] == 0).sum()) for part, name in SPLIT_NAMES.items()
        },
        "unknown_tokens": {name: _share(unseen, part_of_token == part) for part, name in SPLIT_NAMES.items()},
    }


def conclude(record: Record, console: Console, total_seconds: float) -> None:
    """Score the saved predictions, write metrics and details, and draw the report."""
    from pipeline.report import draw_report

    with console.stage("Scoring and drawing the report"):
        record.note(_leak_warning(record) or "")
        save_outside(record)
        saved = _predictions_to_score(record)
        _write_details(record, saved)
        timing = _timing(record, console, total_seconds)
        write_json(record.run / "metrics.json", _metrics(record, saved, timing))
        record.write_status()
        draw_report(record.run)


def save_outside(record: Record) -> None:
    """Save the predictions that were made elsewhere as those of a fit on each fold, without what a fit costs."""
    for model in record.outside:
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
    unknown = float("nan")
    return Fit(
        name=name,
        seed=0,
        fold=fold,
        fit_seconds=unknown,
        predict_documents_per_second=unknown,
        peak_rss_mib=unknown,
        parameters=None,
        validation_accuracy=None,
        why_not=None,
        warnings=(),
    )


def _leak_warning(record: Record) -> str | None:
    return leak_warning(record.duplicates, len(record.folds[0].positions(TEST)))


def _predictions_to_score(record: Record) -> list[SavedPredictions]:
    """Return the predictions that the report speaks of, and note which are left out."""
    saved, unrecorded = recorded_predictions(
        read_run_predictions(record.run), {fit.key for fit in record.fits}
    )
    if unrecorded:
        names = first_places([record.label(*fit_of(entry)) for entry in unrecorded])
        record.note(f"stopped before the fit was recorded: the predictions of {names} are left out")
    if record.state == "done":
        return saved
    whole, left_out = predictions_of_whole_folds(saved)
    if left_out:
        names = first_places([record.label(*fit_of(entry)) for entry in left_out])
        folds = sorted({entry.fold for entry in whole})
        record.note(
            f"the run did not end, so that only {_folds_in_words(folds)} of {len(record.folds)} can be compared"
            f" on the same test documents: the predictions of {names} are left out"
        )
    return whole


def _folds_in_words(folds: list[int]) -> str:
    return f"fold{'' if len(folds) == 1 else 's'} {', '.join(map(str, folds))}"


def fit_of(entry: SavedPredictions) -> FitKey:
    """Return which fit made these predictions."""
    return entry.name, entry.seed, entry.fold


def recorded_predictions(
    saved: Iterable[SavedPredictions], recorded: Collection[FitKey]
) -> tuple[list[SavedPredictions], list[SavedPredictions]]:
    """Return the predictions whose fit was recorded, and the others.

    A stop between the two leaves a file without a fit: nothing says whether that model trained.
    """
    kept: list[SavedPredictions] = []
    others: list[SavedPredictions] = []
    for entry in saved:
        (kept if fit_of(entry) in recorded else others).append(entry)
    return kept, others


def predictions_of_whole_folds(
    saved: Iterable[SavedPredictions],
) -> tuple[list[SavedPredictions], list[SavedPredictions]]:
    """Return the predictions of the folds that every model and seed finished, and the others.

    What is kept answers the same documents, so that models can be compared. Where no fold is whole, the one
    with the most fits is kept.
    """
    saved = list(saved)
    by_fold: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for entry in saved:
        by_fold[entry.fold].add((entry.name, entry.seed))
    every_fit = {(entry.name, entry.seed) for entry in saved}
    whole = {fold for fold, fits in by_fold.items() if fits == every_fit}
    if not whole:
        whole = set(sorted(by_fold, key=lambda fold: (-len(by_fold[fold]), fold))[:1])
    kept = [entry for entry in saved if entry.fold in whole]
    return kept, [entry for entry in saved if entry.fold not in whole]


def _metrics(record: Record, saved: list[SavedPredictions], timing: dict[str, Any]) -> dict[str, Any]:
    scored = {fit_of(entry) for entry in saved}
    fits = [fit for fit in record.fits if fit.key in scored]
    names = {fit.name for fit in fits}
    kinds = {model.name: model.kind for model in record.planned if model.name in names}
    validation = _validation_accuracy(fits)
    trained = {fit.name: True for fit in fits} | {fit.name: False for fit in fits if fit.why_not}
    verdict_kinds = {name: kind for name, kind in kinds_for_verdict(record.planned).items() if name in kinds}
    own = {name: kind for name, kind in kinds.items() if kind != "outside"}
    pairs = evaluation.planned_pairs(own, validation) + evaluation.outside_pairs(verdict_kinds, validation)
    comparisons = evaluation.compare(saved, pairs, record.config.run.rope)
    verdict = evaluation.decide_verdict(
        verdict_kinds, validation, trained, comparisons, saved, rope=record.config.run.rope
    )
    summary = evaluation.summarise(saved, stage_generator(record.config.run.seed, "bootstrap"))
    return {
        "schema_version": SCHEMA_VERSION,
        "corpus": describe_loaded(record) | {"tested": _documents_tested(saved)},
        "results": [_result(entry, record) for entry in saved],
        "summary": [_of_kind(row, kinds[row["name"]]) for row in summary],
        "comparisons": comparisons,
        "verdict": verdict,
        "embeddings": record.embeddings,
        **evaluation.find_costs(
            saved, costs_of_models(record), kinds, validation, trained, record.config.run.rope
        ),
        "learning_curve": _learning_curve(record, saved, verdict_kinds, validation),
        "gains": evaluation.find_gains([row for row in comparisons if row["a"] in own], validation, trained),
        "tuning": describe_families(record.trials, record.config),
        "probes": {},
        **timing,
        "environment": describe_environment(record.command, _gpu()),
        "warnings": [*record.loaded.warnings, *record.notes],
        "config": asdict(record.config),
    }


def _learning_curve(
    record: Record, saved: list[SavedPredictions], kinds: dict[str, str], validation: dict[str, float]
) -> dict[str, Any]:
    settings = record.config.run
    generator = stage_generator(settings.seed, "learning curve bands")
    curve = read_run_predictions(record.run / CURVE_FOLDER)
    return evaluation.find_learning_curve(
        saved, curve, record.curve, kinds, validation, settings.rope, generator
    )


def _of_kind(row: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a row of `summary` with the model's kind; the name of a file says nothing about a model in it."""
    return row | {"kind": kind} | ({"model": kind, "embedding": None} if kind == "outside" else {})


def describe_loaded(record: Record) -> dict[str, Any]:
    """Return what is known of the corpus before a model is fitted: row ledger, classes, splits, duplicates."""
    loaded, first = record.loaded, record.folds[0]
    counts = np.bincount(loaded.corpus.labels, minlength=len(loaded.corpus.label_names))
    return {
        "name": loaded.name,
        "rows_read": loaded.ledger.rows_read,
        "documents": loaded.ledger.documents,
        "dropped": describe_dropped(loaded.ledger.dropped, _named_files(record.config)),
        "classes": dict(zip(loaded.corpus.label_names, counts.tolist(), strict=True)),
        "splits": {name: len(first.positions(part)) for part, name in SPLIT_NAMES.items()},
        "folds": record.config.corpus.folds,
        "duplicates": {
            name: getattr(record.duplicates, name)
            for name in ("exact", "normalised", "across_splits", "conflicting_labels")
        }
        | {"warning": _leak_warning(record)},
        "hash": loaded.hash,
    }


def _documents_tested(saved: Iterable[SavedPredictions]) -> int:
    """Return how many documents each model answers, its folds together."""
    by_fold = {entry.fold: len(entry.predictions.documents) for entry in saved}
    return sum(by_fold.values())


def _named_files(config: Config) -> set[str]:
    """Return the paths that the user gave: files of records, or folders of documents."""
    given = (config.corpus.path, config.corpus.test, config.corpus.validation)
    return {str(path) for path in given if path}


def describe_dropped(entries: Iterable[Dropped], named_files: Collection[str]) -> list[dict[str, Any]]:
    """Return `dropped` of metrics.json: one row a reason and file.

    In a folder corpus each file is a document and has an entry of its own; those are one row a reason, which
    names the first files. Such a file has no lines, one record, and was not named by the user.
    """
    alike: dict[tuple[str, str | None], list[Dropped]] = defaultdict(list)
    for entry in entries:
        in_folder = not entry.lines and len(entry.rows) == 1 and entry.file not in named_files
        alike[entry.reason, None if in_folder else entry.file].append(entry)
    return [_dropped_row(reason, together) for (reason, _), together in alike.items()]


def _dropped_row(reason: str, entries: list[Dropped]) -> dict[str, Any]:
    return {
        "reason": reason,
        "count": sum(len(entry.rows) for entry in entries),
        "file": first_places(list(dict.fromkeys(entry.file for entry in entries))),
        "rows": [row for entry in entries for row in entry.rows][:ROWS_SHOWN],
        "lines": [line for entry in entries for line in entry.lines][:ROWS_SHOWN],
    }


def _result(entry: SavedPredictions, record: Record) -> dict[str, Any]:
    """Return one row of `results`: scores from the predictions, the rest from the fit."""
    fit = next(fit for fit in record.fits if fit.key == fit_of(entry))
    planned = next(model for model in record.planned if model.name == entry.name)
    scores = evaluation.score(entry.predictions)
    return {
        "name": entry.name,
        "kind": planned.kind,
        "model": planned.model,
        "head": planned.head or None,
        "embedding": planned.source,
        "seed": entry.seed,
        "fold": entry.fold,
        "trained": fit.why_not is None,
        "why_not": fit.why_not,
        "warnings": fit.warnings,
        "accuracy": scores.accuracy,
        "macro_f1": scores.macro_f1,
        "log_loss": scores.log_loss,
        "ece": scores.ece,
        "parameters": fit.parameters,
        "validation_accuracy": fit.validation_accuracy,
    }


def _validation_accuracy(fits: Iterable[Fit]) -> dict[str, float]:
    """Return each model's mean accuracy on validation documents: what choices are made by."""
    found = defaultdict(list)
    for fit in fits:
        found[fit.name].append(fit.validation_accuracy if fit.validation_accuracy is not None else np.nan)
    return {name: float(np.nan_to_num(np.mean(values))) for name, values in found.items()}


def _fitted_here(record: Record) -> list[Fit]:
    elsewhere = {model.name for model in record.outside}
    return [fit for fit in record.fits if fit.name not in elsewhere]


def _timing(record: Record, console: Console, total_seconds: float) -> dict[str, Any]:
    kept = ("name", "seed", "fold", "fit_seconds", "predict_documents_per_second", "peak_rss_mib", "at_once")
    """Return the keys of metrics.json that differ from run to run: `timing`, `stages`, `total_seconds`."""
    return {
        "timing": [{name: getattr(fit, name) for name in kept} for fit in _fitted_here(record)],
        "stages": [{"stage": title, "seconds": seconds} for title, seconds in console.stage_seconds],
        "total_seconds": total_seconds,
    }


def costs_of_models(record: Record) -> list[dict[str, Any]]:
    """Return what each model that was fitted here took: seconds and memory of its fits, latency, size of its files."""
    fits: dict[str, list[Fit]] = defaultdict(list)
    for fit in _fitted_here(record):
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


def _write_details(record: Record, saved: list[SavedPredictions]) -> None:
    details = {
        "histories": record.histories,
        "choices": record.choices,
        "neighbours": record.neighbours,
        "audit": list(record.audits.values()),
        "fit_costs": costs_of_models(record),
        "tokens": record.token_facts,
        "assumptions": {
            "assumptions": list(record.loaded.assumptions),
            "warnings": [*record.loaded.warnings, *record.notes],
        },
        "scores": {"label_names": record.loaded.corpus.label_names, "models": _detailed_scores(saved)},
    }
    if record.config.run.tune:
        details["tuning"] = _tuning(record)
    if record.curve:
        details["curve_sets"] = record.curve
    for name, value in details.items():
        write_json(record.run / "details" / f"{name}.json", value)


def _tuning(record: Record) -> dict[str, Any]:
    """Return the search space of each model; what was tried stands in metrics.json."""
    models = [planned.model for planned in record.planned]
    return {"trials": record.config.run.tune, "space": describe_space(models, record.config)}


def _detailed_scores(saved: Iterable[SavedPredictions]) -> list[dict[str, Any]]:
    """Return per-class scores, confusion and calibration of each model, its runs taken together."""
    runs: dict[str, list[SavedPredictions]] = defaultdict(list)
    for entry in saved:
        runs[entry.name].append(entry)
    return [_detailed(name, entries) for name, entries in runs.items()]


def _detailed(name: str, entries: list[SavedPredictions]) -> dict[str, Any]:
    together = Predictions.joined([entry.predictions for entry in entries])
    scores, n_seeds = evaluation.score(together), len({entry.seed for entry in entries})
    bins = scores.calibration
    return {
        "name": name,
        "runs": len(entries),
        "per_class": [
            {
                "label": label,
                "precision": precision,
                "recall": recall,
                "f1": f1,
                "support": support // n_seeds,
            }
            for label, precision, recall, f1, support in zip(
                entries[0].label_names,
                scores.precision,
                scores.recall,
                scores.f1,
                scores.support,
                strict=True,
            )
        ],
        "confusion": scores.confusion,
        "calibration": [
            {"lo": lo, "hi": hi, "count": count, "confidence": confidence, "accuracy": accuracy}
            for lo, hi, count, confidence, accuracy in zip(
                bins.edges[:-1], bins.edges[1:], bins.counts, bins.confidence, bins.accuracy, strict=True
            )
        ],
    }


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


def _share(flags: Bool, chosen: Bool) -> float | None:
    return float(flags[chosen].mean()) if chosen.any() else None


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
