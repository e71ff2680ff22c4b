"""What a person is told after Ctrl-C, and when the time is over."""

from __future__ import annotations

from contextlib import suppress

from pipeline.commands.unfinished import how_far
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json
from pipeline.experiment.planned_run import PlannedRun
from pipeline.run_folder.journal import JOURNAL
from pipeline.run_folder.reading import STATUS


def what_was_finished(console: Console) -> str:
    """Return one line for Ctrl-C: what was finished, the folder that holds it, and how the run goes on."""
    if console.log_path is None:
        return "Interrupted before anything was written."
    folder = console.log_path.parent
    finished: list[str] = []
    with suppress(PipelineError, KeyError, TypeError):
        finished = read_json(folder / STATUS)["finished"]
    console.log("interrupted")
    there = f"Interrupted. Finished: {', '.join(finished) or 'no model'}; what there is stands in {folder}"
    return (
        f"{there}; the same command, with --out {folder}, goes on" if (folder / JOURNAL).is_file() else there
    )


def out_of_time(run: PlannedRun) -> str:
    """Return one line for `--minutes`: how far the run came, and how it goes on."""
    goes_on = f"the same command, with --out {run.folder.path}, goes on"
    told = f"Out of time: {how_far(run)}; {goes_on}"
    if run.folder.done():
        return told
    return f"{told}. Word vectors and linear models that had not ended begin anew then: give more --minutes"
