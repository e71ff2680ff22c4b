"""The report of a run drawn again, or that of a run that was killed drawn for the first time."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.report import draw_report
from pipeline.run_folder.lock import RunLock
from pipeline.run_folder.stopped import holds


def draw_again(run_folder: Path, console: Console) -> None:
    """Draw the report of a run; of one that was killed what had finished is scored first.

    Raises
    ------
    PipelineError
        If the folder is no run's, or one that never got as far.
    """
    found = holds(run_folder)
    if found not in ("a finished run", "a run that can go on"):
        what, fix = "there is no metrics.json in it", "give the folder of a finished run"
        raise PipelineError(str(run_folder), what, fix)
    with RunLock.take(run_folder, console.say):
        if found == "a finished run":
            draw_report(run_folder)
        else:
            from pipeline.commands.unfinished import finish  # what fits models takes a second to load

            finish(run_folder, console)
