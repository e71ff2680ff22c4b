"""The table of targets: what a saved model can be exported to, one line a target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.export.onnx_file import export_onnx
from pipeline.models.saved import SavedModel, load_model

# Of each target what writes it: (model, out) > what was written and checked, in words.
TARGETS: dict[str, Callable[[SavedModel, Path], str]] = {
    "onnx": export_onnx,
}


def export(run: Path, name: str, to: str, out: Path) -> str:
    """Export a model of a run; return what was written and checked, in words.

    Raises
    ------
    PipelineError
        If there is no such model or target, or the export is refused.
    """
    if to not in TARGETS:
        raise PipelineError("--to", f'there is no target "{to}"', did_you_mean(to, TARGETS))
    return TARGETS[to](load_model(run, name), out)
