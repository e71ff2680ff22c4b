"""What a person is told after Ctrl-C."""

from __future__ import annotations

from contextlib import suppress

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json
from pipeline.core.warned import Warned, warning
from pipeline.run_folder.journal import JOURNAL
from pipeline.run_folder.names import STATUS


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


def ends_here(then: str) -> Warned:
    """Return the warning that a run ends by a mistake, with what can be done then."""
    return warning("run-ends-here", f"the run ends here; {then}")
