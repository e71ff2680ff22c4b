"""The report of a run that was stopped: score what is there, and draw it. The run can go on after that.

The journal holds all that the run had found. Predictions and models are in the folder; of a model whose fit was
not recorded they are left out. Texts of documents and what their words add need the corpus, which is read again.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.core.clean import plural
from pipeline.core.console import Console
from pipeline.core.errors import NotDone, PipelineError, first_places
from pipeline.core.fits import INCOMPLETE, FitKey, JobKey
from pipeline.core.warned import Warned, warning
from pipeline.corpus.facts import split_hash
from pipeline.corpus.readers.places import FROM_STANDARD_INPUT
from pipeline.corpus.sources import names_of
from pipeline.evaluation.scoring import Scored
from pipeline.experiment.conclude import close_if_whole, decorate, write_and_score
from pipeline.experiment.data import read_and_split
from pipeline.experiment.here import here
from pipeline.experiment.planned_run import PlannedRun
from pipeline.experiment.word_jobs import explain_with
from pipeline.interpret.probes import probes_of
from pipeline.report import draw_report
from pipeline.run_folder.folder import LOG, RunFolder
from pipeline.run_folder.journal import JOURNAL, read_journal
from pipeline.run_folder.names import CURVE_FOLDER
from pipeline.run_folder.stopped import StoppedRun
from pipeline.text.tokenizer import tokenize


def finish(run: Path, console: Console) -> None:
    """Write metrics.json and the report of a run that was ended from outside, as far as it had come.

    Parameters
    ----------
    run : Path
        A run folder with a journal, which this process holds. It may be called again, whenever an earlier call was
        ended.
    console : Console
        Told about every stage.

    Raises
    ------
    PipelineError
        If a file of the folder is damaged that nothing can be told without.
    """
    stopped = StoppedRun.read(run)
    killed = PlannedRun.stopped(stopped)
    if (run / LOG).is_file():
        console.log_to(run / LOG)
    if stopped.damage:
        console.warn(stopped.damage)
    with console.stage("Scoring"):
        for text in missing(killed):
            killed.folder.note(text)
        scored = write_and_score(killed, killed.folder.ended)
    with console.stage("Drawing the report"):
        draw_report(run)
    close_if_whole(killed.folder, _decorate(killed, scored, console))


def missing(run: PlannedRun) -> list[Warned]:
    """Return sentences that say how the run ended and what of it is missing; none for one that ended by itself."""
    folder, own = run.folder, {model.name for model in run.fitted_here}
    if folder.state in ("done", INCOMPLETE):  # what could not be done is told by itself
        return []
    absent = [run.label(key) for key in run.planned_fits() if key.name in own and key not in folder.done()]
    parts = [f"the fits of {first_places(absent)}"] if absent else []
    unprobed = [
        model.name
        for model in run.fitted_here
        if model.seeded and FitKey(model.name, 0, 0) in folder.done() and lacks_probes(run, model.name)
    ]
    if run.config.run.probes and unprobed:
        parts.append(f"the probes of {first_places(unprobed)}")
    if run.config.run.learning_curve and not curve_is_whole(run):
        parts.append("fits of the learning curve")
    what = f"missing: {'; '.join(parts)}" if parts else "nothing is missing"
    told = (
        f"the run {ENDINGS[folder.state]} before its report was written; `python -m pipeline report` wrote it"
    )
    return [warning("run-ended-early", f"{told}; {what}")]


def not_done(run: Path) -> str:
    """Return in words which jobs of a run that has ended could not be done; empty where all were, or it was stopped."""
    failed: list[JobKey] = []
    for folder in (run, run / CURVE_FOLDER):
        if (folder / JOURNAL).is_file():
            lines = read_journal(folder, None if folder == run else {"texts": {}}).lines
            failed += RunFolder.of(StoppedRun(folder, lines, None)).failed
    if not failed:
        return ""
    jobs = first_places([key.in_words for key in failed])
    return f"could not be done: {jobs}; the same command, with --out {run}, tries again"


def check_all_is_done(run: Path) -> None:
    """Raise `NotDone` if jobs of a run that has ended could not be done."""
    said = not_done(run)
    if said:
        raise NotDone(said)


def lacks_probes(run: PlannedRun, network: str) -> bool:
    """Return whether a probe that was asked for has not looked at a network."""
    entry = run.folder.probes.get(network, {"probes": {}})
    return not {*probes_of(run.config.run.extra_probes)} <= {*entry["probes"]}


ENDINGS = {
    "killed": "was killed",
    "interrupted": "was interrupted",
    "failed": "failed",
    "out of time": "ran out of time",
    INCOMPLETE: "ended, but not all of it could be done",
    "shard": "was a shard, and is done",
    "merged": "was merged from shards",
}


def curve_is_whole(run: PlannedRun) -> bool:
    """Return whether there are predictions of every fit of every smaller set, on which each has one seed."""
    curve = run.folder.for_curve()
    sets = [one.set for one in run.folder.curve.sets if one.set] if run.folder.curve else []  # 0 is the whole
    return bool(sets) and all(
        curve.has_predictions(FitKey(model.name, 0, number)) for number in sets for model in run.fitted_here
    )


def _decorate(run: PlannedRun, scored: Scored, console: Console) -> bool:
    """Add texts and words to the report, if the corpus can be read as the run read it; say why not otherwise.

    Returns whether that is all that can be done: a corpus that is elsewhere may be found at the next call.
    """
    if {*names_of(run.config.corpus.path)} & {*FROM_STANDARD_INPUT}:
        told = "the report has no texts of documents: the corpus came through standard input, which is read only once"
        console.warn(warning("report-without-texts", told))
        return True
    try:
        read = read_and_split(run.config, console)
    except PipelineError as error:
        told = f"the report has no texts of documents, since the corpus cannot be read ({error})"
        console.warn(
            warning("report-without-texts", f"{told}; `python -m pipeline report` adds them where it can")
        )
        return False
    then = run.about.corpus.hash, run.about.corpus.split_hash
    if (read.loaded.hash, split_hash(read.corpora)) != then:
        named = first_places(names_of(run.config.corpus.path))
        told = f"the report has no texts of documents: {named} is no longer the corpus that the run read"
        console.warn(warning("report-without-texts", told))
        return True
    with console.stage("Tokenising"):
        tokenized = tokenize(read.loaded.corpus.texts, run.config.tokenizer)
    return decorate(run, scored, read, tokenized, console, explain_with(run, console, here))


def what_is_there(run: PlannedRun) -> str:
    """Return in words how far a run had come that was stopped."""
    state = ENDINGS.get(run.folder.state, "its fits had ended")
    return f"{how_far(run)}, begun {run.about.started}; it {state}"


def how_far(run: PlannedRun) -> str:
    """Return in words how many fits of a run are there; those that were made elsewhere are not counted."""
    names = {model.name for model in run.fitted_here}
    fits = [key for key in run.planned_fits() if key.name in names]
    there = sum(key in run.folder.fits for key in fits)
    return f"{there} of {plural(len(fits), 'fit')} are there"


def out_of_time(run: PlannedRun) -> str:
    """Return one line for `--minutes`: how far the run came, and how it goes on."""
    goes_on = f"the same command, with --out {run.folder.path}, goes on"
    told = f"Out of time: {how_far(run)}; {goes_on}"
    if run.folder.done():
        return told
    return f"{told}. Word vectors and linear models that had not ended begin anew then: give more --minutes"
