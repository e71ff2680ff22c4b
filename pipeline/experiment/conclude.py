"""The last stages of a run: scores, receipts, the report, and what decorates it."""

from __future__ import annotations

import hashlib
import traceback
from collections import defaultdict
from dataclasses import fields
from pathlib import Path
from typing import cast

from pipeline.core.console import Console
from pipeline.core.files import plain, write_json
from pipeline.core.fits import INCOMPLETE, WORDS, Fit, FitResult, Row
from pipeline.core.values import Corpus, TokenizedCorpus
from pipeline.core.warned import Warned, warning
from pipeline.evaluation.scoring import Scored, score_run
from pipeline.experiment.data import ReadCorpus
from pipeline.experiment.fit_loop import failure
from pipeline.experiment.plan import kinds_for_verdict
from pipeline.experiment.planned_run import PlannedRun, now
from pipeline.experiment.reuse import Look, count_verdict, settings_hash
from pipeline.experiment.tuning import describe_families, describe_space
from pipeline.experiment.word_jobs import Explain
from pipeline.interpret.contributions.documents import documents_shown, shown_of_first_fold
from pipeline.interpret.contributions.of_run import word_contributions
from pipeline.interpret.probes import in_order
from pipeline.models.table import PlannedModel
from pipeline.run_folder.details.documents import ChosenDocuments
from pipeline.run_folder.details.fitting import FitCost, Fits, FittedModel, ModelCosts
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.journal import END, REUSE
from pipeline.run_folder.metrics import check_metrics
from pipeline.run_folder.metrics.rows import Kind
from pipeline.run_folder.models import bytes_to_predict
from pipeline.run_folder.receipts import RECEIPTS, make_receipts


def count_this_verdict(run: PlannedRun) -> None:
    """Count the run among those that looked at the same test documents, once, if it compares something."""
    folder, fitted = run.folder, {key.name for key in run.folder.done()}
    kinds = {kind for name, kind in kinds_for_verdict(run.planned).items() if name in fitted}
    if folder.reuse is not None or "network" not in kinds or len(kinds) == 1:
        return
    name = hashlib.sha256(f"{folder.path.resolve()} {run.about.started}".encode()).hexdigest()
    look = Look(name, now(), run.about.tests, settings_hash(run.config, run.about.corpus))
    reuse, why_not = count_verdict(look, run.about.tested)
    folder.tell(REUSE, plain(reuse))
    folder.note(why_not)


def conclude(
    run: PlannedRun,
    read: ReadCorpus,
    tokenized: TokenizedCorpus | None,
    console: Console,
    explain: Explain,
) -> None:
    """Score the run from its files and draw the report; only then add what decorates it, and draw it again.

    Whatever happens to what decorates (see `decorate`), metrics.json and a report of all scores stand by then.
    The journal goes last, and only when nothing is missing: while it is there, the run can go on, and a fit that
    failed is tried again.
    """
    from pipeline.report import draw_report

    folder = run.folder
    with console.stage("Scoring"):
        folder.tell(END, {"state": folder.state})
        scored = write_and_score(run)
    for finding in scored.findings:
        console.warn(finding)
    with console.stage("Drawing the report"):
        draw_report(folder.path)
    folder.reported = True
    try:
        whole = decorate(run, scored, read, tokenized, console, explain)
    except Exception as error:
        console.log(traceback.format_exc())
        what = f"{type(error).__name__}: {str(error).strip() or 'no message'}"
        told = f"texts or word contributions could not be added to the report ({what})"
        again = f"`python -m pipeline report {folder.path}` tries again"
        console.warn(warning("report-without-texts", f"{told}; {again}"))
        return
    close_if_whole(folder, whole)


def close_if_whole(folder: RunFolder, whole: bool) -> None:
    """Have a folder say that its run is over, where nothing is left that the same command could still do."""
    if whole and folder.state == "done" and not folder.failed:
        folder.close()


def write_and_score(run: PlannedRun, ended: str | None = None) -> Scored:
    """Write what only the run knows, score the folder from its files, and write the scores."""
    leak = run.about.corpus.duplicates.warning
    run.folder.note(Warned(leak) if leak else None)
    take_outside(run)
    count_this_verdict(run)
    for name, value in _known_by_the_run(run).items():
        run.folder.write_detail(name, value)
    run.write_status(ended)
    scored = score_run(run.folder.path)
    write_scores(run.folder.path, scored)
    return scored


def decorate(
    run: PlannedRun,
    scored: Scored,
    read: ReadCorpus,
    tokenized: TokenizedCorpus | None,
    console: Console,
    explain: Explain,
) -> bool:
    """Add to a run folder what the report shows beside the scores, and draw the report again.

    That is the texts of the documents it speaks of and what each of their words adds, which loads models and takes
    long. `tokenized` holds all documents of the corpus; None where the run did not come so far.

    Returns whether that is all of it: what words add is left out where the run's time was over before.
    """
    from pipeline.report import draw_report

    folder, chosen = run.folder, scored.chosen_documents
    shown = documents_shown(scored.metrics, chosen, read.loaded.corpus, read.corpora)
    folder.write_detail("documents_shown", shown)
    contributions = _contributions(run, chosen, read.corpora[0], tokenized, explain)
    with console.stage("Adding texts and words to the report"):
        if contributions:
            folder.write_detail("contributions", contributions)
        folder.write_detail("receipts", make_receipts(folder.path))
        draw_report(folder.path)
    if contributions is None:
        console.say(
            "Out of time: the report does not say what each word adds; the same command, with --out"
            f" {folder.path}, adds it"
        )
    return contributions is not None


def _contributions(
    run: PlannedRun,
    chosen: ChosenDocuments | None,
    first: Corpus,
    tokenized: TokenizedCorpus | None,
    explain: Explain,
) -> Row | None:
    """Return what each word of the chosen documents adds; None where there was no time to find out.

    Nothing for a run that did not end, or with --no-probes.
    """
    folder, config = run.folder, run.config
    whole = folder.done() >= set(run.planned_fits())
    ended = folder.state in ("done", INCOMPLETE) or (folder.state == "killed" and whole)
    if not ended or not config.run.probes or tokenized is None or chosen is None:
        return {}
    names = {model.name for model in chosen.models}
    planned = [model for model in run.planned if model.name in names]
    shown = shown_of_first_fold(chosen, first, tokenized)
    explained = explain(planned, shown)
    return None if explained is None else word_contributions(explained, shown, config.tokenizer)


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


def take_outside(run: PlannedRun) -> None:
    """Take in the fits that were made elsewhere, without what a fit costs, behind all others.

    A run that is stopped while its report is drawn comes here again: what is recorded stays so.
    """
    recorded = {key.name for key in run.folder.done()}
    for model in run.about.outside:
        if model.name in recorded:
            continue
        known = (
            "labels alone, so there is no log loss and no ECE" if model.hard else "labels and probabilities"
        )
        told = f"{model.name} was not trained here: its predictions are those of {model.file} ({known})"
        run.folder.note(warning("trained-elsewhere", told))
        for fold in range(run.about.folds):
            run.folder.keep(FitResult(Fit(model.name, 0, fold)))


def costs_of_models(run: PlannedRun) -> list[ModelCosts]:
    """Return what each model that was fitted here took: seconds and memory of its fits, latency, size of its files."""
    elsewhere = {model.name for model in run.about.outside}
    fits: dict[str, list[Fit]] = defaultdict(list)
    for fit in run.folder.fits.values():
        if fit.name not in elsewhere:
            fits[fit.name].append(fit)
    costs = [field.name for field in fields(FitCost)]
    return [
        ModelCosts(
            name=name,
            fits=tuple(FitCost(**{key: getattr(fit, key) for key in costs}) for fit in found),
            latency_ms=next((fit.latency_ms for fit in found if fit.latency_ms), ()),
            size_bytes=bytes_to_predict(run.folder.path, name),
        )
        for name, found in fits.items()
    ]


def _known_by_the_run(run: PlannedRun) -> Row:
    """Return files of `details/` by name: what cannot be computed from the others once the run is over."""
    folder, about = run.folder, run.about
    details = {
        "fits": Fits(fitted_models(run.planned), tuple(folder.fits.values())),
        "run": {
            "state": folder.state,
            "folder": about.folder,
            "folds": about.folds,
            "corpus": about.corpus,
            "reuse": folder.reuse,
            "embeddings": folder.embeddings,
            "tuning": describe_families(folder.trials, run.config),
            "assumptions": about.assumptions,
            "warnings": [
                *about.warnings,
                *folder.notes,
                *(failure(key, why) for key, why in folder.failed.items() if key.kind != WORDS),
            ],
            "stages": [{"stage": title, "seconds": seconds} for title, seconds in folder.stages],
            "total_seconds": folder.total_seconds,
            "environment": about.environment | {"gpu": folder.gpu},
        },
        "histories": list(folder.courses.values()),
        "choices": list(folder.choices.values()),
        "neighbours": list(folder.neighbours.values()),
        "audit": list(folder.audits.values()),
        "fit_costs": costs_of_models(run),
        "tokens": folder.token_facts,
    }
    if run.config.run.tune:
        models = [model.model for model in run.planned]
        details["tuning"] = describe_space(models, run.config, about.corpus.splits.train)
    if run.config.run.probes:
        details["probes"] = [in_order(entry) for entry in folder.probes.values()]
    if folder.curve:
        details["curve_sets"] = folder.curve
    return details


def fitted_models(planned: tuple[PlannedModel, ...]) -> tuple[FittedModel, ...]:
    """Return what is kept of each model of a run."""
    kinds = kinds_for_verdict(planned)
    return tuple(
        FittedModel(
            name=model.name,
            kind=cast(Kind, model.kind),
            verdict_kind=cast(Kind, kinds[model.name]),
            model=model.model,
            head=model.head or None,
            embedding=model.source,
            seeded=model.seeded,
        )
        for model in planned
    )
