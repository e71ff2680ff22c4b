"""What a run finds while it lasts, and the files it leaves; scores are computed from those (`scoring`)."""

from __future__ import annotations

import hashlib
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.config import Config, first_seeds
from pipeline.console import Console, quiet
from pipeline.documents_shown import documents_shown, shown_of_first_fold
from pipeline.embeddings import Embedded
from pipeline.embeddings.audit import CorpusFacts, audit_fit
from pipeline.embeddings.neighbours import characteristic_words, neighbour_rows
from pipeline.journal import Journal
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
from pipeline.tuning import Score, Trial, describe_families, describe_space
from pipeline.values import Corpus, Duplicates, Float32, Int32, LoadedCorpus, TokenizedCorpus
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
    validation_documents: int | None = None  # that chose
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
            "ended": None if self.state == "running" else ended or _now(),
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
            started=_now(),
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


def count_this_verdict(kept: Kept) -> None:
    """Count the run among those that looked at the same test documents, once, if it compares something."""
    fitted = {fit.name for fit in kept.fits}
    kinds = {kind for name, kind in kinds_for_verdict(kept.planned).items() if name in fitted}
    if kept.reuse is not None or "network" not in kinds or len(kinds) == 1:
        return
    run = hashlib.sha256(f"{kept.run.resolve()} {kept.about.started}".encode()).hexdigest()
    look = Look(run, _now(), kept.about.tests, settings_hash(kept.config, kept.about.corpus))
    reuse, why_not = count_verdict(look, kept.about.tested)
    kept.take("reuse", asdict(reuse))
    kept.note(why_not)


def conclude(record: Record, console: Console, total_seconds: float) -> None:
    """Score the run from its files and draw the report; only then add what decorates it, and draw it again.

    Whatever happens to what decorates (see `decorate`), metrics.json and a report of all scores stand by then.
    The journal goes last: while it is there, `python -m pipeline report RUN` finishes the folder.
    """
    from pipeline.report import draw_report

    with console.stage("Scoring"):
        record.take("end", {"state": record.state, "total_seconds": total_seconds})
        scored = write_and_score(record)
    with console.stage("Drawing the report"):
        draw_report(record.run)
    record.reported = True
    tokenized = record.facts.tokenized if record.facts else None
    try:
        decorate(record, scored, record.loaded.corpus, record.folds, tokenized, console)
    except Exception as error:
        console.log(traceback.format_exc())
        what = f"{type(error).__name__}: {str(error).strip() or 'no message'}"
        console.warn(
            f"texts or word contributions could not be added to the report ({what});"
            f" `python -m pipeline report {record.run}` tries again"
        )
        return
    if record.journal:
        record.journal.remove()


def write_and_score(kept: Kept, ended: str | None = None) -> Scored:
    """Write what only the run knows, score the folder from its files, and write the scores."""
    kept.note(kept.about.corpus["duplicates"]["warning"] or "")
    take_outside(kept)
    count_this_verdict(kept)
    for name, value in _known_by_the_run(kept).items():
        write_json(kept.run / "details" / f"{name}.json", value)
    kept.write_status(ended)
    scored = score_run(kept.run)
    write_scores(kept.run, scored)
    return scored


def decorate(
    kept: Kept,
    scored: Scored,
    corpus: Corpus,
    folds: Sequence[Corpus],
    tokenized: TokenizedCorpus | None,
    console: Console,
) -> None:
    """Add to a run folder what the report shows beside the scores, and draw the report again.

    That is the texts of the documents it speaks of and what each of their words adds, which loads models and takes
    long. `tokenized` holds all documents of the corpus; None where the run did not come so far.
    """
    from pipeline.report import draw_report

    chosen = scored.details["chosen_documents"]
    shown = documents_shown(scored.metrics, chosen, corpus, folds)
    write_json(kept.run / "details" / "documents_shown.json", shown)
    contributions = _contributions(kept, chosen, folds[0], tokenized, console)
    with console.stage("Adding texts and words to the report"):
        if contributions:
            write_json(kept.run / "details" / "contributions.json", contributions)
        write_json(kept.run / RECEIPTS, make_receipts(kept.run))
        draw_report(kept.run)


def _contributions(
    kept: Kept,
    chosen: Mapping[str, Any],
    first: Corpus,
    tokenized: TokenizedCorpus | None,
    console: Console,
) -> dict[str, Any]:
    """Return what each word of the chosen documents adds; nothing for a run that did not end, or with --no-probes."""
    whole = {fit.key for fit in kept.fits} >= set(kept.planned_fits())
    ended = kept.state == "done" or (kept.state == "killed" and whole)
    if not ended or not kept.config.run.probes or tokenized is None or not chosen:
        return {}
    names = {model["name"] for model in chosen["models"]}
    planned = [model for model in kept.planned if model.name in names]
    shown = shown_of_first_fold(chosen, first, tokenized)
    with console.stage("Word contributions", len(planned), "models") as stage, quiet(kept.config.run.debug):
        return word_contributions(kept.run, planned, shown, kept.config.tokenizer, stage.advance)


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


def take_outside(kept: Kept) -> None:
    """Take in the fits that were made elsewhere, without what a fit costs, behind all others.

    A run that is stopped while its report is drawn comes here again: what is recorded stays so.
    """
    recorded = {fit.name for fit in kept.fits}
    for model in kept.about.outside:
        if model.name in recorded:
            continue
        known = (
            "labels alone, so there is no log loss and no ECE" if model.hard else "labels and probabilities"
        )
        kept.note(f"{model.name} was not trained here: its predictions are those of {model.file} ({known})")
        for fold in range(kept.about.folds):
            kept.take("fit", asdict(fit_made_elsewhere(model.name, fold)))


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


def costs_of_models(kept: Kept) -> list[dict[str, Any]]:
    """Return what each model that was fitted here took: seconds and memory of its fits, latency, size of its files."""
    elsewhere = {model.name for model in kept.about.outside}
    fits: dict[str, list[Fit]] = defaultdict(list)
    for fit in kept.fits:
        if fit.name not in elsewhere:
            fits[fit.name].append(fit)
    costs = ("seed", "fold", "prepare_seconds", "fit_seconds", "peak_rss_mib")
    return [
        {
            "name": name,
            "fits": [{key: getattr(fit, key) for key in costs} for fit in found],
            "latency_ms": next((fit.latency_ms for fit in found if fit.latency_ms), ()),
            "size_bytes": bytes_to_predict(kept.run, name),
        }
        for name, found in fits.items()
    ]


def _known_by_the_run(kept: Kept) -> dict[str, Any]:
    """Return files of `details/` by name: what cannot be computed from the others once the run is over."""
    details = {
        "fits": {
            "models": [_describe_model(model, kept) for model in kept.planned],
            "fits": [asdict(fit) for fit in kept.fits],
        },
        "run": {
            "state": kept.state,
            "folder": kept.about.folder,
            "folds": kept.about.folds,
            "corpus": kept.about.corpus,
            "reuse": None if kept.reuse is None else kept.reuse.row,
            "embeddings": kept.embeddings,
            "tuning": describe_families(kept.trials, kept.config),
            "assumptions": kept.about.assumptions,
            "warnings": [*kept.about.warnings, *kept.notes],
            "stages": [{"stage": title, "seconds": seconds} for title, seconds in kept.stages],
            "total_seconds": kept.total_seconds,
            "environment": kept.about.environment | {"gpu": kept.gpu},
        },
        "histories": kept.histories,
        "choices": kept.choices,
        "neighbours": kept.neighbours,
        "audit": list(kept.audits.values()),
        "fit_costs": costs_of_models(kept),
        "tokens": kept.token_facts,
    }
    if kept.config.run.tune:
        details["tuning"] = _tuning(kept)
    if kept.config.run.probes:
        details["probes"] = kept.probes
    if kept.curve:
        details["curve_sets"] = kept.curve
    return details


def _describe_model(planned: PlannedModel, kept: Kept) -> dict[str, Any]:
    return {
        "name": planned.name,
        "kind": planned.kind,
        "verdict_kind": kinds_for_verdict(kept.planned)[planned.name],
        "model": planned.model,
        "head": planned.head or None,
        "embedding": planned.source,
        "seeded": planned.seeded,
    }


def _tuning(kept: Kept) -> dict[str, Any]:
    """Return the search space of each model; what was tried stands in metrics.json."""
    models = [planned.model for planned in kept.planned]
    n_train = kept.about.corpus["splits"]["train"]
    return {"trials": kept.config.run.tune, "space": describe_space(models, kept.config, n_train)}


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
