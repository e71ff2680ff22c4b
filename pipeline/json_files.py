"""JSON files of a run folder, read with an error that names the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError

REWRITE = "restore the file as the run wrote it, or run again"


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises
    ------
    PipelineError
        If it cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        where, what = f"{path}:{error.lineno}:{error.colno}", f"this is not JSON ({error.msg})"
    except UnicodeDecodeError as error:
        where, what = str(path), f"byte {error.start} is not UTF-8"
    except (ValueError, RecursionError):  # a number of thousands of digits, lists within lists within lists
        where, what = str(path), "this is no JSON that can be read"
    except OSError as error:
        where, what = str(path), f"it cannot be read ({error.strerror})"
    raise PipelineError(where, what, REWRITE)


def read_json_if_there(path: Path) -> Any:
    """Return the content of a JSON file; None where there is none."""
    return read_json(path) if path.exists() else None
