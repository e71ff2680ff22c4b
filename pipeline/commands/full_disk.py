"""What a person is told of a disk that is full."""

from __future__ import annotations

import errno
import os

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.run_folder.journal import JOURNAL

# How a full disk is told, whatever the error: polars has a class of its own.
_FULL = [os.strerror(getattr(errno, name)) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)]


def full_disk(console: Console, error: Exception) -> PipelineError | None:
    """Return the mistake of a disk without room, with what of a run can be kept; None for any other error."""
    told = next((text for text in _FULL if text in str(error)), None)
    if told is None:
        return None
    run = None if console.log_path is None else console.log_path.parent
    fix = "make room, and give the command again"
    if run is not None and (run / JOURNAL).is_file():
        goes_on = f"the same command, with --out {run}, then goes on"
        fix = f"make room; {goes_on}, and `python -m pipeline report {run}` scores what had finished"
    return PipelineError("disk-full", str(getattr(error, "filename", None) or run or "disk"), told, fix)
