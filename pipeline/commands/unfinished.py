"""Finish a run folder whose run was ended from outside: score what is there, and draw its report.

The journal holds all that the run had found. Predictions and models are in the folder; of a model whose fit was
not recorded they are left out. Texts of documents and what their words add need the corpus, which is read again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError, first_places
from pipeline.corpus.facts import split_hash
from pipeline.evaluation.scoring import Scored
from pipeline.experiment.conclude import decorate, write_and_score
from pipeline.experiment.data import read_and_split
from pipeline.experiment.executors import put_in_order
from pipeline.experiment.record import About, Kept, OutsideFile
from pipeline.models.table import PlannedModel
from pipeline.report import draw_report
from pipeline.run_folder.journal import BEGIN, JOURNAL, STAGE, Line, read_journal, writer_is_alive
from pipeline.run_folder.predictions import prediction_path
from pipeline.run_folder.reading import CURVE_FOLDER
from pipeline.settings.reading import load_config
from pipeline.settings.tables import first_seeds
from pipeline.text.tokenizer import tokenize

KILLED = "killed"


def finish(run: Path, console: Console) -> None:
    """Write metrics.json and the report of a run that was ended from outside, as far as it had come.

    Parameters
    ----------
    run : Path
        A run folder with a journal. It may be called again, whenever an earlier call was ended.
    console : Console
        Told about every stage.

    Raises
    ------
    PipelineError
        If the run is still going on, or a file of the folder is damaged.
    """
    lines = list(read_journal(run))
    if not lines or lines[0].kind != BEGIN:
        what = f"{JOURNAL} does not begin as a run's journal does"
        raise PipelineError(str(run), what, "run again")
    if writer_is_alive(lines[0]):
        what = f"the run is still going on, in process {lines[0].row['process']}"
        raise PipelineError(str(run), what, "wait until it has ended")
    if (run / "log.txt").is_file():
        console.log_to(run / "log.txt")
    for pattern in ("*.part", ".*.tmp"):  # what was being written
        for path in run.rglob(pattern):
            path.unlink(missing_ok=True)
    kept = kept_in(run, lines)
    with console.stage("Scoring"):
        for text in missing(kept):
            kept.note(text)
        scored = write_and_score(kept, _time(lines[-1]))
    with console.stage("Drawing the report"):
        draw_report(run)
    if _decorate(kept, scored, console):
        (run / JOURNAL).unlink()


def kept_in(run: Path, lines: list[Line]) -> Kept:
    """Return what a journal's lines hold, in the order of fits that run one after the other."""
    begin = lines[0].row
    about = About(**begin["about"])
    about = replace(about, outside=tuple(OutsideFile(**file) for file in begin["about"]["outside"]))
    planned = tuple(PlannedModel(**model) for model in begin["planned"])
    kept = Kept(run, load_config(run / "config.toml"), about, planned, state=KILLED)
    for line in lines[1:]:
        if line.kind == STAGE:
            kept.stages.append(tuple(line.row))
        else:
            kept.take(line.kind, line.row)
    if not kept.total_seconds:
        kept.total_seconds = lines[-1].at - lines[0].at
    _drop_unrecorded(kept)
    put_in_order(kept)
    return kept


def _drop_unrecorded(kept: Kept) -> None:
    """Take out what was told of a fit before the fit itself: a kill came in between."""
    fits, folds = {fit.key for fit in kept.fits}, {(fit.name, fit.fold) for fit in kept.fits}
    kept.histories = [one for one in kept.histories if (one["name"], one["seed"], one["fold"]) in fits]
    kept.choices = [one for one in kept.choices if (one["name"], one["fold"]) in folds]


def missing(kept: Kept) -> list[str]:
    """Return sentences that say how the run ended and what of it is missing; none for one that ended by itself."""
    if kept.state == "done":
        return []
    finished = {fit.key for fit in kept.fits}
    own = [key for key in kept.planned_fits() if key[0] not in {file.name for file in kept.about.outside}]
    absent = [kept.label(*key) for key in own if key not in finished]
    parts = [f"the fits of {first_places(absent)}"] if absent else []
    probed = {one["name"] for one in kept.probes}
    unprobed = [
        model.name
        for model in kept.planned
        if model.seeded and (model.name, 0, 0) in finished and model.name not in probed
    ]
    if kept.config.run.probes and unprobed:
        parts.append(f"the probes of {first_places(unprobed)}")
    if kept.config.run.learning_curve and not _curve_is_whole(kept):
        parts.append("fits of the learning curve")
    ended = "the run was killed" if kept.state == KILLED else f"the run {_ENDINGS[kept.state]}"
    what = f"missing: {'; '.join(parts)}" if parts else "nothing is missing"
    return [f"{ended} before its report was written; `python -m pipeline report` wrote it; {what}"]


_ENDINGS = {"interrupted": "was interrupted", "failed": "failed"}


def _curve_is_whole(kept: Kept) -> bool:
    """Return whether there are predictions of every fit of every smaller set."""
    sets = [one["set"] for one in kept.curve.get("sets") or () if one["set"]]  # 0 is the whole
    models = [model for model in kept.planned if model.kind != "outside"]
    return bool(sets) and all(
        prediction_path(kept.run / CURVE_FOLDER, model.name, seed, number).is_file()
        for number in sets
        for model in models
        for seed in range(first_seeds(kept.config) if model.seeded else 1)
    )


def _decorate(kept: Kept, scored: Scored, console: Console) -> bool:
    """Add texts and words to the report, if the corpus can be read as the run read it; say why not otherwise.

    Returns whether that is all that can be done: a corpus that is elsewhere may be found at the next call.
    """
    try:
        loaded, _, folds = read_and_split(kept.config, console)
    except PipelineError as error:
        console.warn(
            f"the report has no texts of documents, since the corpus cannot be read ({error});"
            " `python -m pipeline report` adds them where it can"
        )
        return False
    corpora = [fold.corpus for fold in folds]
    then = kept.about.corpus["hash"], kept.about.corpus["split_hash"]
    if (loaded.hash, split_hash(corpora)) != then:
        console.warn(
            f"the report has no texts of documents: {kept.config.corpus.path} is no longer the corpus that the run read"
        )
        return True
    with console.stage("Tokenising"):
        tokenized = tokenize(loaded.corpus.texts, kept.config.tokenizer)
    decorate(kept, scored, loaded.corpus, corpora, tokenized, console)
    return True


def _time(line: Line) -> str:
    return datetime.fromtimestamp(line.at, UTC).isoformat(timespec="seconds")
