"""The last stages of a run: scores, receipts, the report, and what decorates it."""

from __future__ import annotations

import hashlib
import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.core.console import Console
from pipeline.core.files import plain, write_json
from pipeline.core.noise import quiet
from pipeline.core.values import Corpus, TokenizedCorpus
from pipeline.evaluation.scoring import Scored, score_run
from pipeline.experiment.plan import kinds_for_verdict
from pipeline.experiment.record import Fit, Kept, Record, now
from pipeline.experiment.reuse import Look, count_verdict, settings_hash
from pipeline.experiment.tuning import describe_families, describe_space
from pipeline.interpret.contributions.documents import documents_shown, shown_of_first_fold
from pipeline.interpret.contributions.of_run import word_contributions
from pipeline.models.table import PlannedModel
from pipeline.run_folder.metrics import check_metrics
from pipeline.run_folder.models import bytes_to_predict
from pipeline.run_folder.receipts import RECEIPTS, make_receipts


def count_this_verdict(kept: Kept) -> None:
    """Count the run among those that looked at the same test documents, once, if it compares something."""
    fitted = {fit.name for fit in kept.fits}
    kinds = {kind for name, kind in kinds_for_verdict(kept.planned).items() if name in fitted}
    if kept.reuse is not None or "network" not in kinds or len(kinds) == 1:
        return
    run = hashlib.sha256(f"{kept.run.resolve()} {kept.about.started}".encode()).hexdigest()
    look = Look(run, now(), kept.about.tests, settings_hash(kept.config, kept.about.corpus))
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
