"""What the service says of its model: where it comes from, how often it is right, what runs it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pipeline
from pipeline.core.errors import PipelineError
from pipeline.models.saved import SavedModel, load_model
from pipeline.run_folder.models import FORMAT_VERSION, saved_names
from pipeline.run_folder.reading import METRICS, read_run
from pipeline.serve.limits import Limits

LIBRARIES = ("numpy", "polars", "starlette", "uvicorn")


@dataclass(frozen=True)
class Measured:
    """How often the model was right on test documents, and the 95 % interval of that."""

    value: float
    ci95: tuple[float, float]
    documents: int


@dataclass(frozen=True)
class Facts:
    """The content of `/metadata`."""

    model: str
    labels: tuple[str, ...]
    accuracy: Measured | None
    """as the run measured it; null where its metrics.json is not there"""
    words: str | None
    """how words are explained: `weights`, `occlusion`, or null: not at all"""
    run: str
    versions: Mapping[str, str]
    format_version: int
    limits: Limits


def load_asked(run: Path, name: str | None) -> SavedModel:
    """Return the model of this name; without one the first that the run saved.

    Raises
    ------
    PipelineError
        If there is none, or it cannot be read.
    """
    names = saved_names(run)
    if not names:
        fix = "give the folder of a run that trained a model, such as reports/NAME"
        raise PipelineError(str(run), "there is no saved model in it", fix)
    return load_model(run, name or names[0])


def gather(run: Path, model: SavedModel, limits: Limits) -> Facts:
    """Return what is known of a run's model."""
    versions = {name: version(name) for name in LIBRARIES}
    return Facts(
        model.name,
        model.label_names,
        _measured(run, model.name),
        model.method,
        run.resolve().name,
        {"embedseq": pipeline.__version__, "python": platform.python_version(), **versions},
        FORMAT_VERSION,
        limits,
    )


def _measured(run: Path, name: str) -> Measured | None:
    if not (run / METRICS).exists():
        return None
    metrics = read_run(run).metrics
    rows = [row for row in metrics.summary if row.name == name]
    return Measured(rows[0].accuracy, rows[0].accuracy_ci95, metrics.corpus.tested) if rows else None
